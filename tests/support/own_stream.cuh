// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include "device_space.hpp"

namespace test {

/// Keeps a stream busy for about `milliseconds`.
static __global__ void delay(long long milliseconds) {
  long long begin = 0;
  long long now = 0;
  asm volatile("mov.u64 %0, %globaltimer;" : "=l"(begin));
  do {
    __nanosleep(10'000);
    asm volatile("mov.u64 %0, %globaltimer;" : "=l"(now));
  } while (now - begin < milliseconds * 1'000'000);
}

/// A stream that no default stream waits for.
class own_stream {
 public:
  own_stream() { check_cuda(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate"); }
  ~own_stream() { cudaStreamDestroy(stream_); }
  own_stream(own_stream const&) = delete;
  own_stream& operator=(own_stream const&) = delete;
  operator cudaStream_t() const { return stream_; }  // NOLINT: it stands for one
  bool busy() const { return cudaStreamQuery(stream_) == cudaErrorNotReady; }
  void wait() const { check_cuda(cudaStreamSynchronize(stream_), "cudaStreamSynchronize"); }

 private:
  cudaStream_t stream_{};
};

}  // namespace test
