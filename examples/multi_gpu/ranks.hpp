// SPDX-License-Identifier: Apache-2.0
// GPUs that work together through NCCL, all driven by one host thread.
#pragma once

#include <cuda_runtime_api.h>
#include <nccl.h>

#include <memory>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "device_memory.hpp"

namespace example {

inline void check(ncclResult_t code) {
  if (code != ncclSuccess) { throw std::runtime_error(ncclGetErrorString(code)); }
}

struct communicator_destroy {
  void operator()(ncclComm_t communicator) const noexcept { ncclCommDestroy(communicator); }
};

/// One of the GPUs.
struct rank {
  int device;
  stream cuda_stream;
  std::unique_ptr<std::remove_pointer_t<ncclComm_t>, communicator_destroy> communicator;
};

/// A rank on each of the first `count` GPUs.
inline std::vector<rank> make_ranks(int count) {
  std::vector<ncclComm_t> communicators(count);
  check(ncclCommInitAll(communicators.data(), count, nullptr));
  std::vector<rank> ranks(count);
  for (int r = 0; r < count; ++r) {
    ranks[r].device = r;
    ranks[r].communicator.reset(communicators[r]);
    check(cudaSetDevice(r));
    ranks[r].cuda_stream = make_stream();
  }
  return ranks;
}

}  // namespace example
