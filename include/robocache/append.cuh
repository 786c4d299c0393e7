// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/append.hpp>
#include <robocache/detail/config.hpp>
#include <robocache/status.hpp>

namespace robocache {

/// Appends rows to rings, of all streams in one launch: what a robot, or a batch of simulated ones, has sensed since
/// the last call. `timeline::ring` reads them.
///
/// Rows of a trajectory are taken in order. One whose stamp is not finite, or below that of the newest row kept, is
/// refused and counted; one with the same stamp is accepted. Accepted row number j since the reset goes to slot
/// `j % capacity`, where it takes the place of an older one, and `written` grows by all that were accepted.
/// docs/semantics.md, Rings. CPU and GPU leave the same bits.
///
/// @code
/// namespace rc = robocache;
/// rc::append_stream<std::int64_t> force;
/// force.stamps = ring_stamps;  // [B, 256]
/// force.values = ring_values;  // [B, 256, 6]
/// force.written = written;     // [B]
/// force.capacity = 256;
/// force.channels = 6;
/// force.new_stamps = stamps;   // [B, 5]
/// force.new_values = values;   // [B, 5, 6]
/// force.rows = 5;
/// rc::status s = rc::append(&force, 1, batch, restarted, cuda_stream);
/// @endcode
///
/// @tparam Stamp  `float`, `double`, `std::int64_t`: one type for all streams
///
/// @param streams      `[count]`, host memory, copied. No two have a ring's memory in common (not checked)
/// @param count        1 or more. Up to 16 streams are one launch
/// @param batch        B, trajectories of each stream
/// @param resets       optional, `[B]`, on the device or in pinned host memory: trajectories of which it is not 0 begin
///                     anew, in all streams, before rows are appended
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// Memory that is named pinned is read where it is, when the work runs, and stays as it is until then. Asynchronous,
/// capturable, nothing allocated, nothing read back.
///
/// @return success, or what is wrong with which argument; then nothing was enqueued
template <class Stamp>
ROBOCACHE_HIDDEN status append(append_stream<Stamp> const* streams, std::int64_t count, std::int64_t batch,
                               std::uint8_t const* resets, cudaStream_t cuda_stream);

}  // namespace robocache

#include <robocache/detail/append/launch.cuh>
