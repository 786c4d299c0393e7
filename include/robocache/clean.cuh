// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include <robocache/cleaning.hpp>
#include <robocache/detail/config.hpp>
#include <robocache/scratch.hpp>
#include <robocache/series.hpp>
#include <robocache/status.hpp>

namespace robocache {

/// Drops the rows of a series that `resample` and `fuse` assume it does not have: stamps that are not finite,
/// values that are NaN, masked rows, steps back in time, duplicates; and mends the signs of quaternions. The result
/// is a packed series, `timeline::ragged(out.stamps, out.offsets, batch, source.when.total())`: a gap where rows were
/// dropped then obeys `max_gap`. docs/semantics.md, Cleaning, says which step drops which row.
///
/// @code
/// rc::clean_options options;
/// options.nan = rc::nan_rule::all;
/// std::int64_t const bytes = rc::clean_scratch(source, options);
/// if (rc::status s = rc::clean(source, out, options, memory, cuda_stream); !s.ok()) { std::puts(s.message()); }
/// @endcode
///
/// @tparam Value  `float`, `__half`, `__nv_bfloat16`, `std::uint8_t`, `std::int32_t`, `std::int64_t`; moved unchanged,
///                but for signs
/// @tparam Stamp  `float`, `double`, `std::int64_t`
///
/// @param source       any timeline but windows; values on the device; less than 2^31 rows in all, padding included
/// @param out          has room for all of them. How many are left is `offsets[B]`, on the device
/// @param memory       `clean_scratch(source, options)` bytes
/// @param cuda_stream  all work is enqueued here and nowhere else
///
/// One sequence of launches, nothing is read back. Offsets and lengths are clamped; rows that no trajectory owns are
/// left out and not counted. Asynchronous, capturable, nothing allocated. The bits do not depend on the launch, and are
/// those of `host::clean`.
///
/// @return success, or what is wrong with which argument; then nothing was enqueued. An empty batch is success.
template <class Value, class Stamp>
ROBOCACHE_HIDDEN status clean(series<Value, Stamp> const& source, clean_output<Value, Stamp> const& out,
                              clean_options const& options, scratch const& memory, cudaStream_t cuda_stream);

/// Bytes of scratch that `clean` takes; 0 where it would refuse the call.
template <class Value, class Stamp>
std::int64_t clean_scratch(series<Value, Stamp> const& source, clean_options const& options);

}  // namespace robocache

#include <robocache/detail/clean/launch.cuh>
