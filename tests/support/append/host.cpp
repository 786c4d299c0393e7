// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>

#include "support/append/append.hpp"

namespace test {

template <class Stamp>
append_outcome<Stamp> append(append_problem<Stamp> const& p) {
  return append_on_host(p);
}

status append_views(robocache::append_stream<float> const* streams, std::int64_t count, std::int64_t batch) {
  return robocache::host::append(streams, count, batch, nullptr);
}

template append_outcome<float> append(append_problem<float> const&);
template append_outcome<double> append(append_problem<double> const&);
template append_outcome<std::int64_t> append(append_problem<std::int64_t> const&);

}  // namespace test
