// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace robocache::bench {

/// The ways to the same result that are timed beside a case.
enum class rival_kind : std::uint8_t {
  naive,    ///< as one would first write it: one thread per element, or per point
  apart,    ///< a fusion's streams, each resampled in a separate graph; the times are added up
  gather,   ///< what a call reads of pinned host memory, copied by a kernel that knows where it is: the link's rate
  in_turn,  ///< several calls one after the other in one graph: a fusion's resamples, a batch's clouds
};

inline constexpr rival_kind rival_kinds[] = {rival_kind::naive, rival_kind::apart, rival_kind::gather,
                                             rival_kind::in_turn};

constexpr char const* name_of(rival_kind kind) {
  switch (kind) {
    case rival_kind::naive: return "naive";
    case rival_kind::apart: return "apart";
    case rival_kind::gather: return "gather";
    case rival_kind::in_turn: return "in_turn";
  }
  return "";
}

/// What a figure is compared with.
enum class yardstick : std::uint8_t {
  none,            ///< measured for information
  over_copy,       ///< time over the time of a copy of as many bytes
  microseconds,    ///< time
  over_naive,      ///< time over that of `rival_kind::naive`
  over_reference,  ///< time over that of the plain case, extra bytes allowed for
  over_apart,      ///< time over that of the streams' resamples, `rival_kind::apart`
  over_gather,     ///< time over that of `rival_kind::gather`
  over_in_turn,    ///< the same in one graph, `rival_kind::in_turn`: with hot caches, a separate one would have them to
                   ///< itself
};

/// What must be reached, and what would be good.
struct requirement {
  yardstick measure = yardstick::none;
  double must = 0.0;
  double goal = 0.0;     ///< 0: none
  double goal_us = 0.0;  ///< a goal that is a time, whatever the measure; 0: none
};

}  // namespace robocache::bench
