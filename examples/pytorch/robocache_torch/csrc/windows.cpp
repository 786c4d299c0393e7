// SPDX-License-Identifier: Apache-2.0
// sample_windows: which windows a batch of a loader has.

#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <cstdint>
#include <tuple>

#include "common.hpp"
#include "windows.hpp"

namespace robocache_torch {
namespace {

/// @param step  one number, on the device that the windows are wanted on, as the plan is
std::tuple<at::Tensor, at::Tensor, at::Tensor> sample_windows(
    at::Tensor const& step, at::Tensor const& offsets, optional_tensor const& trajectory, at::Tensor const& starts,
    optional_tensor const& lasts, optional_tensor const& stamps, at::Tensor const& set_offsets, at::Tensor const& draws,
    std::int64_t num, std::int64_t den, std::int64_t seed, std::int64_t batches, std::int64_t batch, std::int64_t rank,
    std::int64_t ranks) {
  auto const plan = plan_of(offsets, trajectory, starts, lasts, stamps, set_offsets, draws, num, den);
  rc::window_draw const draw{seed, data_of<std::int64_t const>(step), batches, batch, rank, ranks};
  auto const rows = ranks > 0 && batches >= 0 && batch >= 0 ? draw.rows() : 0;
  auto const whole = at::TensorOptions().device(step.device()).dtype(at::kLong);
  at::Tensor const of_trajectory = at::empty({rows}, whole);
  at::Tensor const anchors = at::empty({rows}, whole);
  at::Tensor const padding = at::empty({rows}, whole.dtype(at::kBool));
  run_on(step.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    rc::compiled::sample_windows(
        where, plan, draw,
        {data_of<std::int64_t>(of_trajectory), data_of<std::int64_t>(anchors), data_of<std::uint8_t>(padding)},
        cuda_stream);
  });
  return {of_trajectory, anchors, padding};
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(robocache, library) {
  library.def(
      "sample_windows(Tensor step, Tensor offsets, Tensor? trajectory, Tensor starts, Tensor? lasts, Tensor? stamps, "
      "Tensor set_offsets, Tensor draws, int num, int den, int seed, int batches, int batch, int rank, int ranks) -> "
      "(Tensor trajectory, Tensor anchors, Tensor padding)");
}

TORCH_LIBRARY_IMPL(robocache, CPU, library) { library.impl("sample_windows", sample_windows); }
#ifdef ROBOCACHE_TORCH_CUDA
TORCH_LIBRARY_IMPL(robocache, CUDA, library) { library.impl("sample_windows", sample_windows); }
#endif

}  // namespace robocache_torch
