// SPDX-License-Identifier: Apache-2.0
#include "common.hpp"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>
#include <omp.h>
#include <pthread.h>

#include <atomic>
#include <string>
#include <utility>

namespace robocache_torch {

namespace {

// OpenMP's threads do not survive a fork, and waiting for them would never end: a child process continues with one.
std::atomic<bool> is_forked{false};
[[maybe_unused]] int const told_of_forks = pthread_atfork(nullptr, nullptr, [] {
  is_forked = true;
  omp_set_num_threads(1);
});

}  // namespace

// PyTorch may bring its own OpenMP, so that the library's does not know of torch.set_num_threads.
detail::host_threads::host_threads() { omp_set_num_threads(is_forked ? 1 : at::get_num_threads()); }

void detail::refuse(rc::error const& cause) {
  std::string text = cause.what();
  // What the library takes in structures, Python takes as separate arguments.
  constexpr std::pair<char const*, char const*> names[] = {
      {"options.", ""}, {"source.", ""},     {"target.", "targets."},    {"lattice.", "grid."}, {"clouds.", "points."},
      {"out.", ""},     {"when.", "times."}, {"images.values", "depth"}, {"images.", ""}};
  for (auto const& [theirs, ours] : names) {
    std::string const prefix = theirs;
    if (text.rfind(prefix, 0) == 0) {
      text.replace(0, prefix.size(), ours);
      break;
    }
  }
  // Behind the index of a stream or of a fusion. The text has the argument's name, too: `cause.argument()` is a string
  // of the library's ABI, which is another one than that of PyTorch 2.6.
  constexpr std::pair<char const*, char const*> inner_names[] = {{"].options.", "]."},
                                                                 {"].rotation.", "]."},
                                                                 {"].when.", "].times."},
                                                                 {"].target.", "].targets."},
                                                                 {"].out.", "]."}};
  for (auto const& [theirs, ours] : inner_names) {
    auto const at = text.find(theirs);
    if (at < text.find(": ")) { text.replace(at, std::string(theirs).size(), ours); }
  }
  // In Python a format makes a stream a rotation.
  std::string const wanted = "rotation.wanted";
  if (auto const at = text.find(wanted); at != std::string::npos) { text.replace(at, wanted.size(), "source"); }
  if (cause.code() == rc::status_code::cuda_error) { C10_THROW_ERROR(Error, text); }
  C10_THROW_ERROR(ValueError, text);
}

rc::dtype dtype_of(at::ScalarType type, char const* argument) {
  switch (type) {
    case at::kFloat: return rc::dtype::float32;
    case at::kHalf: return rc::dtype::float16;
    case at::kBFloat16: return rc::dtype::bfloat16;
    case at::kByte:
    case at::kBool: return rc::dtype::uint8;
    case at::kInt: return rc::dtype::int32;
    case at::kLong: return rc::dtype::int64;
    default: break;
  }
  C10_THROW_ERROR(TypeError, c10::str(argument, ": found ", type,
                                      ", want float32, float16, bfloat16, or of held values uint8, int32, int64"));
}

void* no_elements() {
  alignas(64) static char place[64];  // whatever the type, and a few of them behind it
  return place;
}

scratch_memory::scratch_memory(std::int64_t bytes, c10::Device device) : bytes_(bytes) {
  if (bytes > 0) { memory_ = at::empty({bytes}, at::TensorOptions().dtype(at::kByte).device(device)); }
}

rc::scratch scratch_memory::view() const { return {bytes_ > 0 ? memory_.mutable_data_ptr() : nullptr, bytes_}; }

rows_view::rows_view(at::Tensor const& given) : tensor(given) {
  auto const last = given.dim() - 1;
  channels = given.size(last);
  if (channels > 1 && given.stride(last) != 1) { tensor = given.contiguous(); }
  row_stride = tensor.stride(last - 1);
  if (given.dim() == 3) { batch_stride = tensor.stride(0); }
}

}  // namespace robocache_torch
