// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "fuse/cases.hpp"
#include "fuse/inputs.hpp"
#include "support/counting.hpp"

namespace robocache::bench {

/// The timelines of a fuse_case on the host, and their sizes.
template <class Stamp>
struct host_fusion {
  std::vector<stored_timeline<Stamp>> sources;
  stored_timeline<Stamp> target;
  std::int64_t rows = 0;                    ///< of the result
  std::int64_t channels = 0;                ///< of a row
  std::vector<std::int64_t> first_channel;  ///< of each stream
  std::vector<std::int64_t> stream_bytes;   ///< the fewest for each stream
  std::int64_t bytes = 0;                   ///< the fewest in all
  std::uint64_t checksum = 0;

  explicit host_fusion(fuse_case const& one) {
    if (one.from == recording::store) {
      sources = make_store<Stamp>(one);
      target = make_windows<Stamp>(one, 0);
    } else {
      spans span;
      sources = make_batch<Stamp>(one, span);
      target = make_target<Stamp>({one.batch, 0, one.target_length}, span);
    }
    rows = target.view.total();
    require_sound(target.view, sources[0].view.batch, "targets of " + name_of(one));
    bytes = target.bytes();
    checksum = sum_of_words(target.stamps) + sum_of_words(target.starts) + sum_of_words(target.deltas) +
               sum_of_words(target.trajectory);
    for (std::size_t i = 0; i < sources.size(); ++i) {
      require_sound(sources[i].view, sources[i].view.batch, "stream " + std::to_string(i) + " of " + name_of(one));
      checksum += sum_of_words(sources[i].stamps);
      first_channel.push_back(channels);
      channels += one.streams[i].channels;
      stream_bytes.push_back(bytes_of(one, one.streams[i], sources[i]));
      bytes += stream_bytes.back();
    }
    checksum %= checksum_bound;
    auto const streams = static_cast<std::int64_t>(sources.size());
    bytes += rows * ((one.mask ? streams : 0) + (one.all_valid ? 1 : 0));
    bytes += one.affine ? 2 * channels * static_cast<std::int64_t>(sizeof(float)) : 0;
  }

 private:
  /// Source rows, their stamps and the stream's part of the results. Of a store the stamps of what is read are read,
  /// and the offsets of each episode that has a window.
  std::int64_t bytes_of(fuse_case const& one, stream_case const& stream, stored_timeline<Stamp> const& source) const {
    resample_options<Stamp> options;
    options.method = stream.method;
    std::int64_t const touched = touched_rows(source.view, target.view, options);
    std::int64_t const moved = stream.channels * (touched * static_cast<std::int64_t>(size_of(stream.value)) +
                                                  rows * static_cast<std::int64_t>(size_of(one.result)));
    if (one.from == recording::batch) { return moved + source.bytes(); }
    std::set<std::int64_t> const read(target.trajectory.begin(), target.trajectory.end());
    return moved + touched * static_cast<std::int64_t>(sizeof(Stamp)) +
           static_cast<std::int64_t>(read.size() * 2 * sizeof(std::int64_t));
  }
};

}  // namespace robocache::bench
