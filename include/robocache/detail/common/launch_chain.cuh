// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <robocache/arch.cuh>
#include <robocache/detail/launch.cuh>

namespace robocache::detail {

/// True where the code that a device runs is known to wait for launches before it: code for compute capability 9.0 or
/// newer. Which of several the driver takes is known if all of them are, or if one is for the device itself.
ROBOCACHE_HIDDEN inline bool has_early_launches([[maybe_unused]] int compute_capability) noexcept {
#if defined(__CUDA_ARCH_LIST__)
  constexpr int compiled[] = {__CUDA_ARCH_LIST__};
  bool all_wait = true;
  for (int one : compiled) {
    if (one >= arch::sm90 * 10 && one == compute_capability * 10) { return true; }
    all_wait = all_wait && one >= arch::sm90 * 10;
  }
  return all_wait;
#else
  return false;
#endif
}

/// The launches of one call. The first one waits for all that was enqueued before; each of the others begins while the
/// one before it ends, where the chip can: its kernel may read the call's inputs at once, and calls
/// `wait_for_launch_before` before it touches what another one of the call writes.
///
/// Functions that launch are templates, if only of the type of the chain: the kernels of an inline function would be
/// compiled by each file that includes it, called or not.
class ROBOCACHE_HIDDEN launch_chain {
 public:
  launch_chain(device_properties const& device, cudaStream_t cuda_stream)
      : device_(device), cuda_stream_(cuda_stream), overlaps_(has_early_launches(device.compute_capability)) {}

  device_properties const& device() const noexcept { return device_; }

  /// @param shared_bytes  of dynamic shared memory
  template <class Params>
  status launch(void (*kernel)(Params), Params const& params, dim3 grid, int threads, int shared_bytes = 0) {
    bool const early = overlaps_ && begun_;
    begun_ = true;
    return detail::launch(kernel, params, grid, threads, shared_bytes, cuda_stream_, early);
  }

  /// For a launch of another kind, which waits for earlier ones.
  cudaStream_t stream() noexcept {
    begun_ = true;
    return cuda_stream_;
  }

 private:
  device_properties device_;
  cudaStream_t cuda_stream_;
  bool overlaps_;
  bool begun_ = false;
};

}  // namespace robocache::detail
