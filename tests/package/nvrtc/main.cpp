// SPDX-License-Identifier: Apache-2.0
#include <nvrtc.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include "kernels.hpp"

// Each header of device/ alone, with a kernel that calls it, under NVRTC: it has no host and no standard headers. To
// machine code, for which no GPU is needed. The arguments are the folders of includes, the library's first.
namespace {

bool compiles(kernel const& one, std::vector<char const*> const& options) {
  std::string const text = "#include <robocache/device/" + std::string(one.header) +
                           ">\nnamespace rc = robocache;\nnamespace robocache::device {" + one.text + "\n}\n";
  nvrtcProgram program = nullptr;
  if (nvrtcCreateProgram(&program, text.c_str(), one.header, 0, nullptr, nullptr) != NVRTC_SUCCESS) { return false; }
  nvrtcResult const result = nvrtcCompileProgram(program, static_cast<int>(options.size()), options.data());
  std::size_t size = 0;
  nvrtcGetProgramLogSize(program, &size);
  std::string log(size, '\0');
  nvrtcGetProgramLog(program, log.data());
  nvrtcDestroyProgram(&program);
  log.resize(std::min(log.find('\0'), log.size()));
  std::printf("%-16s %s\n%s", one.header, nvrtcGetErrorString(result), log.c_str());
  return result == NVRTC_SUCCESS && log.empty();  // warnings are failures
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::puts("name the folders of includes");
    return 2;
  }
  std::vector<std::string> folders;
  for (int i = 1; i < count; ++i) { folders.push_back("-I" + std::string(arguments[i])); }
  std::vector<char const*> options{"-std=c++17", "-arch=sm_90"};
  for (auto const& folder : folders) { options.push_back(folder.c_str()); }

  bool right = true;
  for (auto const& one : kernels) { right = compiles(one, options) && right; }
  for (auto const& file : std::filesystem::directory_iterator(std::string(arguments[1]) + "/robocache/device")) {
    std::string const name = file.path().filename().string();
    if (std::none_of(std::begin(kernels), std::end(kernels), [&](auto const& one) { return name == one.header; })) {
      std::printf("%-16s has no kernel in kernels.hpp\n", name.c_str());
      right = false;
    }
  }
  return right ? 0 : 1;
}
