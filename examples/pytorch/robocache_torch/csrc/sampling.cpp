// SPDX-License-Identifier: Apache-2.0
// sample_farthest, sample_uniform, nearest_neighbours and within_radius.

#include <torch/library.h>

#include <cstdint>
#include <vector>

#include "clouds.hpp"
#include "common.hpp"
#include "layout.hpp"

namespace robocache_torch {
namespace {

/// Indices and counts of samples.
struct samples_of {
  samples_of(at::Tensor const& points, std::int64_t batch, std::int64_t samples)
      : indices(results_of(points).empty(true, {batch, samples}, at::kLong)),
        counts(results_of(points).empty(true, {batch}, at::kLong)) {
    view.indices = data_of<std::int64_t>(indices);
    view.counts = data_of<std::int64_t>(counts);
  }

  at::Tensor indices, counts;
  rc::sample_output view;
};

rc::shortage_rule shortage_of(bool repeats) { return repeats ? rc::shortage_rule::repeat : rc::shortage_rule::missing; }

tensors<2> sample_farthest(at::Tensor const& points, optional_tensor const& lengths, optional_tensor const& offsets,
                           optional_tensor const& starts, std::int64_t start, std::int64_t samples, bool repeats) {
  clouds_of const clouds(points, lengths, offsets);
  samples_of const out(points, clouds.view.batch, samples);
  rc::farthest_options options;
  options.start = start;
  options.starts = data_of<std::int64_t>(starts);
  options.shortage = shortage_of(repeats);
  run_on(points.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    scratch_memory const memory(rc::compiled::sample_farthest_scratch(where, clouds.view, samples), points.device());
    rc::compiled::sample_farthest(where, clouds.view, samples, out.view, options, memory.view(), cuda_stream);
  });
  return {out.indices, out.counts};
}

tensors<2> sample_uniform(at::Tensor const& points, optional_tensor const& lengths, optional_tensor const& offsets,
                          at::Tensor const& seed, optional_tensor const& cloud_ids, std::int64_t samples,
                          bool repeats) {
  clouds_of const clouds(points, lengths, offsets);
  samples_of const out(points, clouds.view.batch, samples);
  rc::uniform_options options;
  options.seed = reinterpret_cast<std::uint64_t const*>(data_of<std::int64_t const>(seed));
  options.cloud_ids = data_of<std::int64_t>(cloud_ids);
  options.shortage = shortage_of(repeats);
  run_on(points.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    rc::compiled::sample_uniform(where, clouds.view, samples, out.view, options, cuda_stream);
  });
  return {out.indices, out.counts};
}

/// Indices, distances and counts of neighbours, a row for each query.
struct neighbours_of {
  neighbours_of(at::Tensor const& queries, clouds_of const& asking, std::int64_t k) {
    results_of const make(queries);
    std::vector<std::int64_t> shape = asking.shape();
    counts = make.empty(true, shape, at::kLong);
    shape.push_back(k);
    indices = make.empty(true, shape, at::kLong);
    distances = make.empty(true, shape, at::kFloat);
    view = {data_of<std::int64_t>(indices), data_of<float>(distances), data_of<std::int64_t>(counts)};
  }

  at::Tensor indices, distances, counts;
  rc::neighbour_output view;
};

tensors<3> nearest_neighbours(at::Tensor const& queries, optional_tensor const& query_lengths,
                              optional_tensor const& query_offsets, at::Tensor const& points,
                              optional_tensor const& lengths, optional_tensor const& offsets, std::int64_t k) {
  clouds_of const asking(queries, query_lengths, query_offsets);
  clouds_of const clouds(points, lengths, offsets);
  neighbours_of const out(queries, asking, k);
  run_on(points.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    rc::compiled::nearest_neighbours(where, asking.view, clouds.view, k, out.view, cuda_stream);
  });
  return {out.indices, out.distances, out.counts};
}

tensors<3> within_radius(at::Tensor const& queries, optional_tensor const& query_lengths,
                         optional_tensor const& query_offsets, at::Tensor const& points, optional_tensor const& lengths,
                         optional_tensor const& offsets, double radius, std::int64_t k) {
  clouds_of const asking(queries, query_lengths, query_offsets);
  clouds_of const clouds(points, lengths, offsets);
  neighbours_of const out(queries, asking, k);
  run_on(points.device(), [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
    rc::compiled::within_radius(where, asking.view, clouds.view, static_cast<float>(real_of(radius)), k, out.view,
                                cuda_stream);
  });
  return {out.indices, out.distances, out.counts};
}

void add_sampling(torch::Library& library) {
  library.impl("sample_farthest", sample_farthest);
  library.impl("sample_uniform", sample_uniform);
  library.impl("nearest_neighbours", nearest_neighbours);
  library.impl("within_radius", within_radius);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(robocache, library) {
  library.def(
      "sample_farthest(Tensor points, Tensor? lengths, Tensor? offsets, Tensor? starts, int start, SymInt samples, "
      "bool repeats) -> (Tensor indices, Tensor counts)");
  library.def(
      "sample_uniform(Tensor points, Tensor? lengths, Tensor? offsets, Tensor seed, Tensor? cloud_ids, "
      "SymInt samples, bool repeats) -> (Tensor indices, Tensor counts)");
  library.def(
      "nearest_neighbours(Tensor queries, Tensor? query_lengths, Tensor? query_offsets, Tensor points, "
      "Tensor? lengths, Tensor? offsets, SymInt k) -> (Tensor indices, Tensor distances, Tensor counts)");
  library.def(
      "within_radius(Tensor queries, Tensor? query_lengths, Tensor? query_offsets, Tensor points, Tensor? lengths, "
      "Tensor? offsets, float radius, SymInt k) -> (Tensor indices, Tensor distances, Tensor counts)");
}

TORCH_LIBRARY_IMPL(robocache, CPU, library) { add_sampling(library); }
#ifdef ROBOCACHE_TORCH_CUDA
TORCH_LIBRARY_IMPL(robocache, CUDA, library) { add_sampling(library); }
#endif

}  // namespace robocache_torch
