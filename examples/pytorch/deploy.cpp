// SPDX-License-Identifier: Apache-2.0
// Runs what export.py has made, without Python: deploy PACKAGE OPERATORS TICKS RESULTS [cuda]
//
// OPERATORS is the shared library of `robocache_torch.operators_library()`, whose operators the package calls by name.
// TICKS is what `torch.save` wrote: a list of ticks, each a list of tensors. RESULTS gets the same of what came out.

#include <dlfcn.h>
#include <torch/csrc/inductor/aoti_package/model_package_loader.h>
#include <torch/csrc/jit/serialization/pickle.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

std::vector<char> read_file(char const* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int run(char const* package, char const* ticks, char const* results, c10::Device device) {
  torch::inductor::AOTIModelPackageLoader model{std::string(package)};
  c10::List<c10::List<at::Tensor>> all;
  std::vector<double> us;
  auto const read = torch::jit::pickle_load(read_file(ticks));
  for (c10::IValue const& tick : read.toListRef()) {
    std::vector<at::Tensor> given;
    for (c10::IValue const& tensor : tick.toListRef()) { given.push_back(tensor.toTensor().to(device)); }
    auto const begin = std::chrono::steady_clock::now();
    std::vector<at::Tensor> made = model.run(given);
    made.front() = made.front().cpu();  // the action: it is waited for
    us.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
    for (at::Tensor& tensor : made) { tensor = tensor.cpu().clone(); }
    all.push_back(c10::List<at::Tensor>(made));
  }
  auto const bytes = torch::jit::pickle_save(all);
  std::ofstream(results, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (us.empty()) { return 0; }
  std::sort(us.begin(), us.end());
  std::printf("%zu ticks, p50 %.1f us, p99 %.1f us\n", us.size(), us[us.size() / 2], us[us.size() * 99 / 100]);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: deploy PACKAGE OPERATORS TICKS RESULTS [cuda]\n");
    return 2;
  }
  if (dlopen(argv[2], RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  try {
    return run(argv[1], argv[3], argv[4], c10::Device(argc > 5 ? argv[5] : "cpu"));
  } catch (std::exception const& cause) {
    std::fprintf(stderr, "%s\n", cause.what());
    return 1;
  }
}
