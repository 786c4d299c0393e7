// SPDX-License-Identifier: Apache-2.0
#include "support/append/append.hpp"

#include "simt/device.hpp"
#include "simt/simt.hpp"
#include "support/host_space.hpp"

#include <robocache/append.cuh>

namespace test {

template <class Stamp>
append_outcome<Stamp> append(append_problem<Stamp> const& p) {
  auto o = run_append<host_space>(
      p, [](auto const* streams, std::int64_t count, std::int64_t batch, std::uint8_t const* resets) {
        return robocache::append(streams, count, batch, resets, nullptr);
      });
  o.trouble += difference(o, append_on_host(p));
  return o;
}

status append_views(robocache::append_stream<float> const* streams, std::int64_t count, std::int64_t batch) {
  return robocache::append(streams, count, batch, nullptr, nullptr);
}

template append_outcome<float> append(append_problem<float> const&);
template append_outcome<double> append(append_problem<double> const&);
template append_outcome<std::int64_t> append(append_problem<std::int64_t> const&);

}  // namespace test
