// SPDX-License-Identifier: Apache-2.0
#include <robocache/robocache.hpp>

#include "support/append/append.hpp"
#include "support/device_call.hpp"
#include "support/device_space.hpp"

namespace test {

using robocache::compiled::any_append_streams;
using robocache::compiled::place;

template <class Stamp>
append_outcome<Stamp> append(append_problem<Stamp> const& p) {
  auto o = run_append<device_space>(
      p, [](auto const* streams, std::int64_t count, std::int64_t batch, std::uint8_t const* resets) {
        return finished([&] {
          robocache::compiled::append(place::device, any_append_streams(streams, count), batch, resets,
                                      device_space::stream());
        });
      });
  o.trouble += difference(o, append_on_host(p));
  return o;
}

status append_views(robocache::append_stream<float> const* streams, std::int64_t count, std::int64_t batch) {
  return finished([&] {
    robocache::compiled::append(place::device, any_append_streams(streams, count), batch, nullptr,
                                device_space::stream());
  });
}

template append_outcome<float> append(append_problem<float> const&);
template append_outcome<double> append(append_problem<double> const&);
template append_outcome<std::int64_t> append(append_problem<std::int64_t> const&);

}  // namespace test
