// SPDX-License-Identifier: Apache-2.0
// What robocache_torch.data's disk source is made of.

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <c10/util/Exception.h>
#include <torch/custom_class.h>
#include <torch/library.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common.hpp"
#include "disk_ring.hpp"
#include "windows.hpp"

#ifdef ROBOCACHE_TORCH_CUDA
#include <c10/cuda/CUDAException.h>
#include <cuda_runtime_api.h>
#endif

namespace robocache_torch {
namespace {

using tensors = std::vector<at::Tensor>;

/// Bytes of the host's memory, as many as asked for: PyTorch's own allocator rounds up to a power of two. Pinned, for
/// a GPU.
at::Tensor host_bytes(std::int64_t bytes, c10::Device device) {
#ifdef ROBOCACHE_TORCH_CUDA
  if (device.is_cuda()) {
    c10::cuda::CUDAGuard const current(device);
    void* memory = nullptr;
    C10_CUDA_CHECK(cudaHostAlloc(&memory, static_cast<std::size_t>(bytes), cudaHostAllocPortable));
    // Waits for what the GPU does.
    auto const free = [](void* given) { static_cast<void>(cudaFreeHost(given)); };
    return at::from_blob(memory, {bytes}, free, at::TensorOptions().dtype(at::kByte));
  }
#endif
  if (!device.is_cpu()) { C10_THROW_ERROR(ValueError, c10::str("device: found ", device, ", want cpu or cuda")); }
  return at::empty({bytes}, at::TensorOptions().dtype(at::kByte));
}

/// Lists have an element for each modality; those of slots, one for each modality of each slot.
c10::intrusive_ptr<disk_ring> make(std::vector<std::string> const& names, tensors const& stamps, tensors const& offsets,
                                   tensors const& first_rows, tensors const& places, tensors const& like_stored,
                                   std::vector<std::int64_t> const& reaches, tensors const& slots,
                                   std::vector<std::string> files, std::int64_t threads, c10::Device device) {
  std::vector<stored_modality> modalities;
  for (std::size_t m = 0; m < names.size(); ++m) {
    modalities.push_back({names[m], stamps[m], offsets[m], first_rows[m], places[m], like_stored[m].scalar_type(),
                          reaches[3 * m], reaches[3 * m + 1], reaches[3 * m + 2]});
  }
  std::vector<std::vector<slot_rows>> of_slots;
  for (std::size_t i = 0; i < slots.size(); i += 5) {
    if (i % (5 * names.size()) == 0) { of_slots.emplace_back(); }
    of_slots.back().push_back({slots[i], slots[i + 1], slots[i + 2], slots[i + 3], slots[i + 4]});
  }
  return c10::make_intrusive<disk_ring>(std::move(modalities), std::move(files), of_slots, threads, device);
}

/// What `want_drawn` draws from: see `sample_windows`.
void draw_from(c10::intrusive_ptr<disk_ring> const& ring, at::Tensor const& offsets, optional_tensor const& trajectory,
               at::Tensor const& starts, optional_tensor const& lasts, optional_tensor const& stamps,
               at::Tensor const& set_offsets, at::Tensor const& draws, std::int64_t num, std::int64_t den,
               std::int64_t batches, std::int64_t batch, std::int64_t rank, std::int64_t ranks) {
  tensors kept{offsets, starts, set_offsets, draws};
  for (auto const& one : {trajectory, lasts, stamps}) {
    if (one.has_value()) { kept.push_back(*one); }
  }
  auto const plan = plan_of(offsets, trajectory, starts, lasts, stamps, set_offsets, draws, num, den);
  ring->draw_from({std::move(kept), plan, {0, nullptr, batches, batch, rank, ranks}});
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(robocache, library) {
  library.def("host_bytes(int bytes, Device device) -> Tensor", host_bytes);
  library.def("most_rows(Tensor stamps, Tensor offsets, int span) -> int", most_rows);
  library.class_<disk_ring>("DiskRing")
      .def(torch::init(make))
      .def("want", &disk_ring::want)
      .def("draw_from", draw_from)
      .def("want_drawn", &disk_ring::want_drawn)
      .def("wait", &disk_ring::wait)
      .def("take", &disk_ring::take)
      .def("done", &disk_ring::done)
      .def("bytes_read", &disk_ring::bytes_read)
      .def("close", &disk_ring::close);
}

}  // namespace robocache_torch
