// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <robocache/detail/launch.cuh>
#include <robocache/detail/policy_input/check.hpp>
#include <robocache/detail/policy_input/plan.hpp>
#include <robocache/detail/policy_input/policy.cuh>
#include <robocache/detail/policy_input/windows_kernel.cuh>
#include <robocache/detail/policy_input/windows_params.hpp>

namespace robocache::detail {

/// Collects fusions of windows with the same anchors, as far as `policy_input_windows_kernel` makes them, and launches
/// them.
template <class Stamp>
class ROBOCACHE_HIDDEN window_launch {
 public:
  window_launch(fusion_list<Stamp> const& list, int multiprocessors, cudaStream_t cuda_stream)
      : list_(list), multiprocessors_(multiprocessors), cuda_stream_(cuda_stream) {
    clear();
  }

  /// Adds fusion `own` if it belongs here and there is room for it.
  bool add(std::int64_t own) {
    timeline<Stamp> const& target = list_.fusions[own].target;
    if (params_.fusions == 0) { windows_ = target; }
    counts const before = now();
    bool const fits = params_.fusions < window_fusions && has_place(own) && add_streams(own);
    if (fits) {
      own_[before.fusions] = own;
    } else {
      restore(before);
    }
    return fits;
  }

  /// Launches what was added, if anything was. A grid has room for all of it. What has too few rows for that goes to
  /// the other kernel.
  /// @param dry     nothing is launched
  /// @param others  launches by that kernel
  template <class Launches>
  status launch_all(bool dry, Launches& others) {
    if (params_.rows < fewest_window_rows) {
      status s;
      for (int f = 0; f < params_.fusions && s.ok(); ++f) { s = others.add(own_[f]); }
      clear();
      return s;
    }
    return dry ? status{} : launch_rows();
  }

 private:
  status launch_rows() {
    params_.anchors = windows_.starts;
    params_.trajectory = windows_.trajectory;
    params_.has_masks = false;
    for (int f = 0; f < params_.fusions; ++f) {
      bool const has = params_.fusion[f].valid != nullptr || params_.fusion[f].all_valid != nullptr;
      params_.has_masks = params_.has_masks || has;
    }
    cut_tiles();
    constexpr int warps = window_threads / 32;
    int const stage = std::min(params_.clocks, window_clocks_together) * guessed_stamps * int{sizeof(Stamp)};
    int const made = params_.tile_rows * 9 * int{sizeof(float)};
    params_.together = window_clocks_together;
    params_.room = (std::max(stage, made) + 15) / 16 * 16;
    window_memory<Stamp>::lay_out(params_);
    dim3 const grid((params_.tiles + warps - 1) / warps);
    status const s = launch(policy_input_windows_kernel<Stamp>, params_, grid, window_threads,
                            warps * params_.warp_bytes, cuda_stream_);
    clear();
    return s;
  }

  struct counts {
    int fusions, streams, clocks, references, rows;
  };
  counts now() const { return {params_.fusions, params_.streams, params_.clocks, params_.references, params_.rows}; }
  void restore(counts const& to) {
    params_.fusions = to.fusions;
    params_.streams = to.streams;
    params_.clocks = to.clocks;
    params_.references = to.references;
    params_.rows = to.rows;
    // Those that stay may have got rows of a fusion that did not fit.
    for (int c = 0; c < to.clocks; ++c) { params_.clock[c].end_row = std::min(params_.clock[c].end_row, to.rows); }
    for (int s = 0; s < to.streams; ++s) { params_.stream[s].end_row = std::min(params_.stream[s].end_row, to.rows); }
  }
  void clear() { restore({}); }

  /// Whether these windows are those of the fusions that were added.
  bool are_mine(timeline<Stamp> const& target) const {
    return params_.fusions > 0 && target.starts == windows_.starts && target.trajectory == windows_.trajectory &&
           target.batch == windows_.batch;
  }

  /// That the fusion's targets are windows like those before, and not too many.
  bool has_place(std::int64_t own) const {
    policy_fusion<Stamp> const& fusion = list_.fusions[own];
    timeline<Stamp> const& target = fusion.target;
    return target.kind == timeline_kind::windows && !target.packed() && target.lengths == nullptr &&
           target.starts != nullptr && fusion.ages == nullptr && (params_.fusions == 0 || are_mine(target)) &&
           (params_.rows + target.length) * target.batch <= INT32_MAX;
  }

  bool add_streams(std::int64_t own) {
    policy_fusion<Stamp> const& fusion = list_.fusions[own];
    std::int64_t const channels =
        fusion.out.channels != 0 ? fusion.out.channels : channels_of(fusion.streams, fusion.count);
    strides const to = strides_of(fusion.out, fusion.target, channels);
    auto const bytes = static_cast<std::int64_t>(size_of(fusion.out.type));
    window_fusion<Stamp>& plan = params_.fusion[params_.fusions++];
    plan.deltas = fusion.target.deltas;
    plan.first_row = params_.rows;
    plan.length = static_cast<int>(fusion.target.length);
    params_.rows += plan.length;
    plan.clocks = 0;
    plan.results = static_cast<char*>(fusion.out.values);
    plan.batch_stride = to.batch * bytes;
    plan.row_stride = to.row * bytes;
    plan.valid = fusion.out.valid;
    plan.valid_stride = fusion.count;
    plan.all_valid = fusion.out.all_valid;
    place_walk places;
    for (std::int64_t i = 0; i < fusion.count; ++i) {
      std::int64_t const place = places.next(fusion.streams[i]);
      if (!add_stream(own, fusion.streams[i], place, static_cast<int>(i))) { return false; }
    }
    bool fits = true;
    status const s = for_each_gap(fusion.streams, fusion.count, channels, [&](std::int64_t place, std::int64_t width) {
      policy_stream<Stamp> gap;  // a stream without samples
      gap.channels = width;
      gap.options.fill = fusion.out.fill;
      fits = fits && add_stream(own, gap, place, -1);
      return status{};
    });
    return s.ok() && fits;
  }

  /// @param mask  the stream's place in the valid mask; -1: it has none
  bool add_stream(std::int64_t own, policy_stream<Stamp> const& one, std::int64_t place, int mask) {
    policy_fusion<Stamp> const& fusion = list_.fusions[own];
    std::int64_t const first = place * static_cast<std::int64_t>(size_of(fusion.out.type));
    if (params_.streams == window_streams || first > INT32_MAX - 4 * most_window_channels ||
        one.derivative != derivative_order::value || one.sin_cos || result_channels(one) > most_window_channels) {
      return false;
    }
    window_stream<Stamp>& plan = params_.stream[params_.streams];
    describe_stream(list_, own, one, plan.of);
    if (plan.of.path == input_path::channels) { return false; }
    window_fusion<Stamp>& mine = params_.fusion[params_.fusions - 1];
    plan.first_row = mine.first_row;
    plan.end_row = mine.first_row + mine.length;
    if (!describe_values(one, fusion.target, plan.first_row, plan.end_row, plan.from)) { return false; }
    mine.clocks |= 1u << plan.from.clock;
    plan.place = static_cast<int>(first);
    plan.of.result_type = fusion.out.type;
    plan.of.mask = mask;
    plan.finishes = one.scale != nullptr || one.shift != nullptr || one.low != nullptr || one.high != nullptr;
    plan.lanes_log2 = 0;
    while ((std::int64_t(1) << plan.lanes_log2) < plan.of.result_channels && plan.lanes_log2 < 5) { ++plan.lanes_log2; }
    plan.of.to = plan.of.frame = -1;
    if (!refer_to(own, one.relative, one, plan.of)) { return false; }
    // One that does the same as a stream of the fusion before only has more rows.
    for (int s = 0; s < params_.streams; ++s) {
      if (params_.stream[s].end_row == plan.first_row && does_the_same(params_.stream[s], plan)) {
        params_.stream[s].end_row = plan.end_row;
        return true;
      }
    }
    ++params_.streams;
    return true;
  }

  static bool does_the_same(window_stream<Stamp> const& a, window_stream<Stamp> const& b) {
    input_stream<Stamp> const& x = a.of;
    input_stream<Stamp> const& y = b.of;
    return are_same(a.from, b.from) && a.place == b.place && x.path == y.path && x.result_type == y.result_type &&
           x.result_channels == y.result_channels && x.mask == y.mask && x.to == y.to && x.frame == y.frame &&
           x.scale == y.scale && x.shift == y.shift && x.affine_stride == y.affine_stride && x.low == y.low &&
           x.high == y.high && std::memcmp(&x.fill, &y.fill, sizeof x.fill) == 0 && x.sign == y.sign &&
           device::are_same(x.layout, y.layout);
  }

  /// What a stream is relative to.
  bool refer_to(std::int64_t own, relative_rules<Stamp> const& relative, policy_stream<Stamp> const& one,
                input_stream<Stamp>& plan) {
    if (!relative.wanted) { return true; }
    bool const itself = relative.to.stream == stream_index::none;
    policy_stream<Stamp> const& to = itself ? one : list_.at(relative.to, own);
    std::int64_t const in = list_.fusion_of(itself ? stream_index{} : relative.to, own);
    if (!refer(to, in, relative.at, plan.to)) { return false; }
    return relative.frame.stream == stream_index::none ||
           refer(list_.at(relative.frame, own), list_.fusion_of(relative.frame, own), relative.at, plan.frame);
  }

  /// Where a stream's values are, and its clock, which from now on has rows from `first_row` to `end_row`.
  bool describe_values(policy_stream<Stamp> const& one, timeline<Stamp> const& target, int first_row, int end_row,
                       window_values& from) {
    bool const is_slerp = device::is_rotation(one.options.method);
    if (!one.when.stored() || (!device::is_straight(one.options.method) && !is_slerp)) { return false; }
    auto const bytes = static_cast<std::int64_t>(size_of(one.type));
    strides const of = strides_of(one, one.when, one.channels);
    if (!is_short(of.row * bytes)) { return false; }
    from.values = one.values;
    from.batch_stride = of.batch * bytes;
    from.row_stride = static_cast<int>(of.row * bytes);
    from.is_rotation = one.rotation.wanted;
    from.is_slerp = is_slerp;
    from.type = one.type;
    from.layout = one.rotation.source;
    int const clock = clock_of(one, target);
    if (clock < 0) { return false; }
    from.clock = static_cast<std::uint8_t>(clock);
    window_clock<Stamp>& known = params_.clock[clock];
    known.first_row = std::min(known.first_row, first_row);
    known.end_row = std::max(known.end_row, end_row);
    return true;
  }

  /// The clock by which a stream is located for these windows; -1 where there is no room for one more.
  int clock_of(policy_stream<Stamp> const& one, timeline<Stamp> const& target) {
    device::locate_rules<Stamp> rules = device::rules_of(one.options);
    if (!device::is_hold(rules.method)) { rules.method = interpolation::linear; }  // locates as all these do
    for (int c = 0; c < params_.clocks; ++c) {
      window_clock<Stamp> const& known = params_.clock[c];
      if (are_same(known.source, one.when) && are_same(known.rules, rules) && known.latency == one.latency &&
          known.latencies == one.latencies && known.causal == one.options.causal && known.as_of == target.as_of) {
        return c;
      }
    }
    if (params_.clocks == window_clocks) { return -1; }
    params_.clock[params_.clocks] = {one.when,  rules, one.latency, one.latencies, target.as_of, one.options.causal,
                                     INT32_MAX, 0};
    return params_.clocks++;
  }

  static bool are_same(timeline<Stamp> const& a, timeline<Stamp> const& b) {
    return a.kind == b.kind && a.stamps == b.stamps && a.offsets == b.offsets && a.lengths == b.lengths &&
           a.batch == b.batch && a.length == b.length && a.stride == b.stride && a.rows == b.rows;
  }
  static bool are_same(device::locate_rules<Stamp> const& a, device::locate_rules<Stamp> const& b) {
    return a.method == b.method && a.before == b.before && a.after == b.after && a.max_gap == b.max_gap &&
           a.tolerance == b.tolerance;
  }
  static bool are_same(window_values const& a, window_values const& b) {
    return a.clock == b.clock && a.values == b.values && a.row_stride == b.row_stride &&
           a.batch_stride == b.batch_stride && a.type == b.type && a.is_rotation == b.is_rotation &&
           a.is_slerp == b.is_slerp && device::are_same(a.layout, b.layout);
  }
  static bool is_short(std::int64_t bytes) { return std::abs(bytes) <= INT32_MAX; }

  /// The place of a reference, which is added unless it is there.
  /// @param in  the fusion in which it is named
  bool refer(policy_stream<Stamp> const& to, std::int64_t in, Stamp at, std::int8_t& place) {
    timeline<Stamp> const& its = list_.fusions[in].target;
    if (!are_mine(its)) { return false; }
    if (params_.references == window_references) { return false; }
    window_reference<Stamp>& plan = params_.reference[params_.references];
    plan.at = at;
    // No rows of the clock's are asked for here.
    if (!describe_values(to, its, INT32_MAX, 0, plan.from)) { return false; }
    for (int i = 0; i < params_.references; ++i) {
      if (are_same(params_.reference[i].from, plan.from) && params_.reference[i].at == at) {
        place = static_cast<std::int8_t>(i);
        return true;
      }
    }
    place = static_cast<std::int8_t>(params_.references++);
    return true;
  }

  /// Cuts windows into tiles: a warp for each window if there are many, else warps with fewer rows.
  void cut_tiles() {
    std::int64_t values = 0;
    for (int s = 0; s < params_.streams; ++s) { values += params_.stream[s].of.result_channels; }
    std::int64_t const slots = std::int64_t(multiprocessors_) * most_window_warps;
    std::int64_t least = INT64_MAX;
    for (int most = most_window_rows; most >= least_window_rows; most /= 2) {
      int const parts = (params_.rows + most - 1) / most;
      int const rows = (params_.rows + parts - 1) / parts;
      int const each = (params_.rows + rows - 1) / rows;
      std::int64_t const tiles = windows_.batch * each;
      std::int64_t const work = (tiles + slots - 1) / slots * (values_of_locating + rows * values);
      if (work >= least) { continue; }
      least = work;
      params_.tile_rows = rows;
      params_.tiles = static_cast<unsigned>(tiles);
      params_.tiles_each = divisor(static_cast<std::uint32_t>(each));
    }
  }

  fusion_list<Stamp> list_;
  int multiprocessors_;
  cudaStream_t cuda_stream_;
  timeline<Stamp> windows_{};         ///< those of the fusions that were added
  std::int64_t own_[window_fusions];  ///< which these are
  strides to_{};                      ///< of the results of the fusion that is added
  window_params<Stamp> params_;       // what is beyond the counts stays as it is: a launch costs what it fills in
};

}  // namespace robocache::detail
