// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

#include <robocache/status.hpp>

#include "support/device_space.hpp"

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
  operator cudaStream_t() const { return stream_; }  // NOLINT: it is one
  bool busy() const { return cudaStreamQuery(stream_) == cudaErrorNotReady; }
  void wait() const { check_cuda(cudaStreamSynchronize(stream_), "cudaStreamSynchronize"); }

 private:
  cudaStream_t stream_{};
};

/// A call captured into a CUDA graph, in the strictest mode: what may synchronise or allocate, anywhere in the process,
/// breaks the capture.
class captured_call {
 public:
  /// @param call  `status(cudaStream_t)`
  template <class Call>
  captured_call(cudaStream_t stream, Call&& call) {
    check_cuda(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), "cudaStreamBeginCapture");
    made_ = call(stream);
    check_cuda(cudaStreamEndCapture(stream, &graph_), "cudaStreamEndCapture");
    check_cuda(cudaGraphGetNodes(graph_, nullptr, &nodes_), "cudaGraphGetNodes");
    check_cuda(cudaGraphInstantiate(&executable_, graph_, 0), "cudaGraphInstantiate");
  }
  ~captured_call() {
    cudaGraphExecDestroy(executable_);
    cudaGraphDestroy(graph_);
  }
  captured_call(captured_call const&) = delete;
  captured_call& operator=(captured_call const&) = delete;

  /// True if the call succeeded and put work into the graph.
  bool made() const { return made_.ok() && nodes_ >= 1; }
  void replay(cudaStream_t stream) const { check_cuda(cudaGraphLaunch(executable_, stream), "cudaGraphLaunch"); }

 private:
  robocache::status made_;
  std::size_t nodes_ = 0;
  cudaGraph_t graph_{};
  cudaGraphExec_t executable_{};
};

}  // namespace test
