// SPDX-License-Identifier: Apache-2.0
#include <robocache/append.cuh>
#include <robocache/host.hpp>
#include <robocache/robocache.hpp>

#include "dispatch.hpp"

namespace robocache::compiled {

void append(place where, any_append_streams const& streams, std::int64_t batch, std::uint8_t const* resets,
            stream_handle cuda_stream) {
  visit_stamp("streams", streams.type, [&](auto stamp) {
    auto const* const from = static_cast<append_stream<typename decltype(stamp)::type> const*>(streams.first);
    require(where == place::host ? host::append(from, streams.count, batch, resets)
                                 : robocache::append(from, streams.count, batch, resets, cuda_stream));
  });
}

}  // namespace robocache::compiled
