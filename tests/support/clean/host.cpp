// SPDX-License-Identifier: Apache-2.0
#include <robocache/host.hpp>

#include "support/clean/clean.hpp"
#include "support/host_space.hpp"

namespace test {
namespace {

using space = host_space;

struct side {
  template <class Source>
  std::int64_t scratch_bytes(Source const&, clean_options const&) const {
    return 0;
  }
  template <class Source, class Output>
  status clean(Source const& source, Output const& out, clean_options const& options, scratch const&) const {
    return robocache::host::clean(source, out, options);
  }
};

}  // namespace

#include "support/clean/instances.inc"

}  // namespace test
