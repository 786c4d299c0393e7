// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include <robocache/clean.cuh>
#include <robocache/detail/clean/check.hpp>
#include <robocache/detail/clean/jobs.cuh>
#include <robocache/detail/clean/mark.cuh>
#include <robocache/detail/clean/move.cuh>
#include <robocache/detail/clean/params.hpp>
#include <robocache/detail/clean/policy.cuh>
#include <robocache/detail/common/device.cuh>
#include <robocache/detail/common/fill.cuh>
#include <robocache/detail/common/launch_chain.cuh>
#include <robocache/detail/common/memory_cutter.hpp>
#include <robocache/detail/common/radix_sort.cuh>
#include <robocache/detail/common/scratch_check.hpp>
#include <robocache/detail/common/tile_scan.cuh>

namespace robocache {
namespace detail {

struct clean_cut {
  clean_scratch_pieces pieces;
  sort_buffers sorted;
  std::int64_t bytes;
};

/// @param memory  null: only the size is computed
inline clean_cut cut_clean(std::int64_t rows, clean_options const& options, void* memory) {
  memory_cutter cutter(memory);
  clean_cut cut{};
  cut.pieces.orders = cutter.take<std::uint64_t>(rows);
  cut.pieces.owners = cutter.take<std::int32_t>(rows);
  cut.pieces.steps = cutter.take<std::uint8_t>(rows);
  cut.pieces.kept = cutter.take<std::uint32_t>(rows);
  if (options.quaternions > 0) { cut.pieces.turned = cutter.take<std::uint8_t>(rows); }
  cut.pieces.tiles = cutter.take<latest_row>(scan_tiles(rows));
  cut.pieces.counts = cutter.take<std::uint32_t>(2);
  if (options.backward == backward_rule::sort) {
    for (int i = 0; i < 2; ++i) {
      cut.sorted.keys[i] = cutter.take<std::uint64_t>(rows);
      cut.sorted.numbers[i] = cutter.take<std::uint32_t>(rows);
    }
    cut.sorted.counts = cutter.take<std::uint32_t>(digits * sort_tiles(rows));
    cut.sorted.totals = cutter.take<std::uint32_t>(digits);
  }
  cut.bytes = cutter.bytes();
  return cut;
}

/// Lists the rows by trajectory, then by stamp.
/// @param bits  of a `device::stamp_order`
template <class Chain>
ROBOCACHE_HIDDEN status launch_sorting(clean_params& p, clean_cut const& cut, int bits, Chain& chain) {
  sort_buffers buffers = cut.sorted;
  std::uint32_t* sorted = nullptr;
  status s = scan_in_order(list_rows_job{p, buffers.keys[0], buffers.numbers[0]}, p.rows, p.own.tiles, chain);
  if (s.ok()) { s = sort_pairs(buffers, p.rows, p.own.counts, bits, chain, sorted); }
  int owner_bits = 0;
  while ((p.batch - 1) >> owner_bits != 0) { ++owner_bits; }
  if (s.ok() && owner_bits > 0) {
    if (sorted != buffers.numbers[0]) { std::swap(buffers.numbers[0], buffers.numbers[1]); }
    owner_key_params const keys{p, buffers.numbers[0], buffers.keys[0]};
    auto const blocks = static_cast<unsigned>((p.rows + clean_threads - 1) / clean_threads);
    s = chain.launch(clean_owner_key_kernel<clean_threads>, keys, dim3(blocks), clean_threads);
    if (s.ok()) { s = sort_pairs(buffers, p.rows, p.own.counts, owner_bits, chain, sorted); }
  }
  p.own.numbers = sorted;
  return s;
}

template <class Value, class Stamp>
clean_params clean_params_of(series<Value, Stamp> const& source, clean_output<Value, Stamp> const& out,
                             clean_options const& options) {
  strides const step = strides_of(source, source.when, source.channels);
  clean_params p{};
  p.rows = source.when.total();
  p.batch = source.when.batch;
  p.length = source.when.packed() ? 0 : source.when.length;
  p.values = source.values;
  p.type = dtype_of<Value>::value;
  p.channels = source.channels;
  p.batch_stride = step.batch;
  p.row_stride = step.row;
  p.lanes = clean_lanes(source.channels);
  p.options = options;
  if (std::is_integral_v<Value>) { p.options.nan = nan_rule::keep; }
  p.reports = out.reports;
  p.offsets = out.offsets;
  p.source_rows = out.source_rows;
  p.out_values = out.values;
  return p;
}

template <class Value, class Stamp>
ROBOCACHE_HIDDEN status clean(series<Value, Stamp> const& source, clean_output<Value, Stamp> const& out,
                              clean_options const& options, scratch const& memory, cudaStream_t cuda_stream) {
  status s = check_clean(source, out, options);
  if (!s.ok()) { return s; }
  bool const has_rows = source.when.batch > 0 && source.when.total() > 0;
  clean_cut cut{};
  if (has_rows) {
    s = check_scratch(memory, cut_clean(source.when.total(), options, nullptr).bytes, "clean_scratch");
    if (!s.ok()) { return s; }
    cut = cut_clean(source.when.total(), options, memory.memory);
  }
  device_properties device;
  if (status const read = read_device(device); !read.ok()) { return read; }
  launch_chain chain(device, cuda_stream);
  fill_list zeros;
  zeros.add(out.reports, source.when.batch * std::int64_t(sizeof(clean_report)));
  if (!has_rows) {
    zeros.add(out.offsets, (source.when.batch + 1) * std::int64_t(sizeof(std::int64_t)));
    return fill(zeros, chain);
  }
  zeros.add(cut.pieces.counts, 2 * std::int64_t(sizeof(std::uint32_t)));
  stamped_clean_params<Stamp> p{source.when, out.stamps, clean_params_of(source, out, options)};
  clean_params& rest = p.rest;
  rest.own = cut.pieces;
  if (options.duplicates == duplicate_rule::last) {
    zeros.add(cut.pieces.kept, rest.rows * std::int64_t(sizeof(std::uint32_t)));
  }
  s = fill(zeros, chain);
  auto const blocks_of = [](std::int64_t threads) {
    return dim3(static_cast<unsigned>((threads + clean_threads - 1) / clean_threads));
  };
  if (s.ok()) { s = chain.launch(clean_mark_kernel<Stamp>, p, blocks_of(rest.rows), clean_threads); }
  if (s.ok() && options.backward == backward_rule::sort) {
    s = launch_sorting(rest, cut, device::stamp_order_bits<Stamp>, chain);
  }
  if (s.ok()) { s = scan_in_order(step_job{rest}, rest.rows, rest.own.tiles, chain); }
  if (s.ok()) { s = scan_in_order(place_job{rest}, rest.rows, rest.own.tiles, chain); }
  if (s.ok() && options.quaternions > 0) { s = scan_in_order(sign_job{rest}, rest.rows, rest.own.tiles, chain); }
  return s.ok() ? chain.launch(clean_move_kernel<Stamp>, p, blocks_of(rest.rows * rest.lanes), clean_threads) : s;
}

}  // namespace detail

template <class Value, class Stamp>
std::int64_t clean_scratch(series<Value, Stamp> const& source, clean_options const& options) {
  if constexpr (detail::stamps_are_sound<Stamp> && detail::is_value<Value>) {
    if (!detail::check_clean_source(detail::plain(source), options).ok() || source.when.batch == 0) { return 0; }
    return detail::cut_clean(source.when.total(), options, nullptr).bytes;
  } else {
    static_assert(sizeof(detail::stamp_rule<Stamp>) > 0 && sizeof(detail::value_type<Value>) > 0);
    return 0;
  }
}

template <class Value, class Stamp>
status clean(series<Value, Stamp> const& source, clean_output<Value, Stamp> const& out, clean_options const& options,
             scratch const& memory, cudaStream_t cuda_stream) {
  if constexpr (detail::stamps_are_sound<Stamp> && detail::is_value<Value>) {
    return detail::clean(detail::plain(source), detail::plain(out), options, memory, cuda_stream);
  } else {
    static_assert(sizeof(detail::stamp_rule<Stamp>) > 0 && sizeof(detail::value_type<Value>) > 0);
    return {};
  }
}

}  // namespace robocache
