// SPDX-License-Identifier: Apache-2.0
// The ceiling of what a GPU reads of pinned host memory: a kernel that knows where each run of bytes is, and copies it.
// nvcc -O2 -shared -Xcompiler -fPIC -arch=native gather.cu -o libgather.so

#include <cuda_runtime.h>

#include <cstdint>

namespace {

constexpr int block = 256;

/// Both multiples of 16 bytes.
struct run {
  std::int64_t from, bytes;  // in the host's memory
  std::int64_t to;           // on the device
};

__global__ void __launch_bounds__(block) gather(run const* runs) {
  run const one = runs[blockIdx.x];
  auto const* const from = reinterpret_cast<int4 const*>(one.from);
  auto* const to = reinterpret_cast<int4*>(one.to);
  for (std::int64_t i = threadIdx.x; i < one.bytes / 16; i += block) { __stcs(to + i, __ldcs(from + i)); }
}

}  // namespace

extern "C" int gather_runs(void const* runs, std::int64_t count, void* cuda_stream) {
  gather<<<static_cast<unsigned>(count), block, 0, static_cast<cudaStream_t>(cuda_stream)>>>(
      static_cast<run const*>(runs));
  return static_cast<int>(cudaGetLastError());
}
