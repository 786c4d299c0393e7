// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/arch.cuh>
#include <robocache/detail/backward_check.hpp>
#include <robocache/detail/backward_kernel.cuh>
#include <robocache/detail/backward_times.cuh>
#include <robocache/detail/launch.cuh>
#include <robocache/detail/resample_policy.cuh>
#include <robocache/dtype.hpp>
#include <robocache/resample_backward.cuh>

namespace robocache {
namespace detail {

/// Channels of a vector where everything suits it: 16 bytes of the 2-byte types.
inline constexpr int backward_vector = 8;

/// True if rows of `type` can be read or written in vectors of `backward_vector` channels.
inline bool suits_vectors(typed_rows const& rows, bool packed, std::int64_t channels) {
  return reinterpret_cast<std::uintptr_t>(rows.data) % 16 == 0 && rows.row_stride % backward_vector == 0 &&
         (packed || rows.batch_stride % backward_vector == 0) && channels % backward_vector == 0;
}

/// Launches for the source's values, with `N` channels a vector.
template <int N, class Stamp>
ROBOCACHE_HIDDEN status launch_backward_values(backward_params<Stamp> params, device_properties const& device,
                                               cudaStream_t cuda_stream) {
  constexpr std::int64_t sums = max_threads * sums_at_a_time<N>;
  constexpr std::int64_t most_chunks = 65535;
  // Wide rows are cut evenly: each chunk's sums stay in registers.
  params.vectors_each = params.channels / N;
  std::int64_t chunks = (params.vectors_each + sums - 1) / sums;
  std::int64_t const chunk = (params.vectors_each + chunks - 1) / chunks;
  chunks = (params.vectors_each + chunk - 1) / chunk;
  if (chunks > most_chunks) {
    return refuse(invalid, "source", "channels", "found %lld, want at most %lld",
                  static_cast<long long>(params.channels), static_cast<long long>(most_chunks * sums * N));
  }
  params.chunk = divisor(static_cast<std::uint32_t>(chunk));
  // Where all readers fit on one board, a tile may have several rounds of sums; else each round would look at all
  // targets anew.
  timeline<Stamp> const& target = params.target;
  bool const one_board =
      target.trajectory == nullptr && (params.ascending || (!target.packed() && target.length <= max_threads));
  resample_shape shape = resample_shape_for(device.compute_capability, N);
  shape.vectors = one_board ? 16 : sums_at_a_time<N>;  // large tiles: locating is paid once
  params.tiles = tile_targets(params.source, chunk, shape, device.multiprocessors);
  auto const plain = [](timeline<Stamp> const& when) {
    return when.stamps != nullptr && when.lengths == nullptr && !when.packed();
  };
  params.plain = plain(params.source) && plain(target) && params.tiles.aligned;
  if (params.tiles.tiles > INT32_MAX) {
    return refuse(invalid, "source.when", "length", "found %lld rows, want fewer: %lld blocks are more than a grid has",
                  static_cast<long long>(params.tiles.targets), static_cast<long long>(params.tiles.tiles));
  }
  dim3 const grid(static_cast<unsigned>(params.tiles.tiles), static_cast<unsigned>(chunks));
  return launch(backward_values_kernel<Stamp, N>, params, grid, max_threads, 0, cuda_stream);
}

/// Launches for the target times.
template <class Stamp>
ROBOCACHE_HIDDEN status launch_backward_times(backward_params<Stamp> params, cudaStream_t cuda_stream) {
  constexpr std::int64_t most_blocks = 1 << 20;  // beyond, blocks take several tiles
  params.tiles.targets = params.target.total();
  std::int64_t const tiles = (params.tiles.targets + times_rows - 1) / times_rows;
  return launch(backward_times_kernel<Stamp>, params,
                dim3(static_cast<unsigned>(tiles < most_blocks ? tiles : most_blocks)), max_threads, 0, cuda_stream);
}

}  // namespace detail

template <class Value, class Stamp, class Result>
status resample_backward(series<Value, Stamp> const& source, timeline<Stamp> const& target,
                         result_gradients<Result> const& results, source_gradients<Value> const& out,
                         resample_options<Stamp> const& options, target_order order, cudaStream_t cuda_stream) {
  status s = detail::check_backward(source, target, results, out, options, order);
  bool const has_rows = source.when.batch > 0 && source.when.total() > 0 && out.values != nullptr;
  bool const has_targets = target.batch > 0 && target.total() > 0 && out.targets != nullptr;
  if (!s.ok() || (!has_rows && !has_targets)) { return s; }
  device_properties device;
  if (cudaError_t const error = read_device_properties(device); error != cudaSuccess) {
    return detail::cuda_failure("device", error);
  }

  // Kernels know types as values, and only read what is const here.
  auto const rows = [&](auto* data, detail::strides step, dtype type) {
    return detail::typed_rows{const_cast<void*>(static_cast<void const*>(data)), step.batch, step.row, type};
  };
  detail::backward_params<Stamp> params{};
  params.rules = device::rules_of(options);
  params.ascending = order == target_order::ascending || target.kind == timeline_kind::uniform;
  params.results = rows(results.values, detail::strides_of(results, target, source.channels), dtype_of<Result>::value);
  params.channels = source.channels;
  params.source = source.when;
  params.target = target;
  if (has_rows) {
    params.out = rows(out.values, detail::strides_of(out, source.when, source.channels), dtype_of<Value>::value);
    bool const wide = detail::suits_vectors(params.out, source.when.packed(), source.channels) &&
                      detail::suits_vectors(params.results, target.packed(), source.channels);
    s = wide ? detail::launch_backward_values<detail::backward_vector>(params, device, cuda_stream)
             : detail::launch_backward_values<1>(params, device, cuda_stream);
  }
  if (s.ok() && has_targets) {
    params.out = {out.targets, 0, 1, dtype::float32};
    params.values =
        rows(source.values, detail::strides_of(source, source.when, source.channels), dtype_of<Value>::value);
    s = detail::launch_backward_times(params, cuda_stream);
  }
  return s;
}

}  // namespace robocache
