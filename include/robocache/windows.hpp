// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>

namespace robocache {

/// The windows that a training sampler draws from: which anchors each episode has, and how often each set of episodes
/// is drawn. A window is an anchor in an episode: what `timeline::windows` takes. Nothing is stored for a window.
///
/// Episode e has the windows from `offsets[e]` to `offsets[e + 1]`. The anchor of its window k is
///   - with `stamps`: `stamps[starts[e] + k]`, one of its samples;
///   - without: `starts[e] + floor(k * num / den)`, on a grid of its own;
///   - with `anywhere`, too: a time drawn from that one up to the next one, but not behind `lasts[e]`.
///
/// Pointers are to memory of the side that computes. Stamps are int64, in any unit. Indices that are out of range are
/// never followed: such a window has trajectory -1, which is an empty series.
struct window_plan {
  std::int64_t episodes = 0;
  std::int64_t const* offsets = nullptr;     ///< `[episodes + 1]`, ascending from 0
  std::int64_t const* trajectory = nullptr;  ///< optional `[episodes]`: the number that results have; null: e
  std::int64_t const* starts = nullptr;      ///< `[episodes]`: the first anchor, or the row of the first one
  std::int64_t const* lasts = nullptr;       ///< `[episodes]`, with `anywhere` only: the latest anchor
  std::int64_t const* stamps = nullptr;      ///< optional `[rows]`
  std::int64_t rows = 0;                     ///< of `stamps`
  std::int64_t num = 1;                      ///< the grid's period, `num / den` of the unit; both above 0
  std::int64_t den = 1;
  bool anywhere = false;  ///< not with `stamps`

  std::int64_t sets = 1;                      ///< of episodes, below 2^20
  std::int64_t const* set_offsets = nullptr;  ///< `[sets + 1]`: set s has episodes `set_offsets[s]` to `[s + 1]`
  /// `[sets + 1]`, ascending from 0: of each epoch's windows, `draws[s + 1] - draws[s]` are of set s. As many as it
  /// has, and an epoch has each of its windows once.
  std::int64_t const* draws = nullptr;
};

/// Which of all drawn windows a call gives. Every rank, of any number of ranks, draws from the same sequence of
/// batches.
struct window_draw {
  std::int64_t seed = 0;
  std::int64_t const* step = nullptr;  ///< one number, where the work is done: the first batch, counted over all epochs
  std::int64_t batches = 1;            ///< how many, one after the other
  std::int64_t batch = 1;              ///< windows of a batch, of all ranks together
  std::int64_t rank = 0;
  std::int64_t ranks = 1;  ///< divides `batch`; row i of a rank's part is row `i * ranks + rank` of the batch

  ROBOCACHE_HOST_DEVICE std::int64_t rows() const noexcept { return batches * (batch / ranks); }
};

/// Where windows go, `[rows()]`: batch by batch.
struct window_output {
  std::int64_t* trajectory = nullptr;  ///< -1 where there is no window
  std::int64_t* anchors = nullptr;     ///< 0 there
  std::uint8_t* padding = nullptr;     ///< optional: 1 for rows that fill up the last batch of an epoch, and there
};

}  // namespace robocache
