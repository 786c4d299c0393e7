// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/common/divisor.hpp>
#include <robocache/detail/common/timed/params.hpp>
#include <robocache/detail/common/typed_rows.cuh>
#include <robocache/device/locate.cuh>
#include <robocache/timeline.hpp>

// Parameters of the kernels of `resample_backward` and `fuse_backward`.
namespace robocache::detail {

template <class Stamp>
struct backward_params {
  bool plain;      ///< stored stamps, the same number per trajectory, on both sides, and aligned tiles: the short path
  bool ascending;  ///< targets ascend within each row of their batch
  bool causal;     ///< of a fusion's stream, as are the next two
  Stamp latency;
  float const* scale;  ///< null: values are not scaled
  device::locate_rules<Stamp> rules;
  tiling tiles;               ///< of source rows
  divisor chunk;              ///< vectors of a row that one block handles
  std::int64_t vectors_each;  ///< vectors of a row
  typed_rows results;         ///< gradients that come in
  typed_rows out;             ///< gradients of the source's values, or of the target times
  typed_rows values;          ///< the source's; read for target times only
  std::int64_t channels;
  timeline<Stamp> target;
  timeline<Stamp> source;
};

}  // namespace robocache::detail
