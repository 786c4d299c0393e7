// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <robocache/dtype.hpp>
#include <robocache/options.hpp>
#include <robocache/series.hpp>
#include <robocache/timeline.hpp>

#include "support/requirement.hpp"

namespace robocache::bench {

/// A stream of a fuse_case.
struct stream_case {
  std::int64_t length = 0;  ///< samples of each trajectory; of a store: samples per second
  std::int64_t channels = 0;
  dtype value = dtype::bfloat16;
  interpolation method = interpolation::linear;
};

/// Where the streams and targets of a fuse_case come from.
enum class recording : std::uint8_t {
  batch,  ///< dense `[B, S, D]`, all streams over the same span, targets evenly over it
  store,  ///< episodes of many lengths, packed; targets are windows around random anchors
};

/// One line of the table: a fusion of streams to `batch` times `target_length` rows.
struct fuse_case {
  std::int64_t batch = 0;
  std::vector<stream_case> streams;
  std::int64_t target_length = 0;
  requirement required{};
  requirement also{};

  dtype result = dtype::bfloat16;
  stamp_dtype stamp = stamp_dtype::float32;
  recording from = recording::batch;
  std::int64_t episodes = 10'000;  ///< of a store
  std::int64_t seconds = 0;        ///< that each of them takes; 0: 5 to 20
  value_place place = value_place::device;
  bool mask = false;
  bool all_valid = false;
  bool affine = false;      ///< every stream has a scale and a shift
  bool one_by_one = false;  ///< calls are also timed one at a time
  bool hot = false;         ///< one set of buffers, so that what fits stays in L2; else they rotate
};

/// "fuse/bf16/B:256/100x512+200x128+300x64/T:128/cold": samples x channels of each stream, with what differs from the
/// others; "100Hz x 14" of a store; what differs from the plain case is named before the last part.
std::string name_of(fuse_case const& one);

/// All cases.
std::vector<fuse_case> all_fuse_cases();

/// Eight streams of one robot, at this moment; the host time of one call is measured on it.
fuse_case one_robot();

}  // namespace robocache::bench
