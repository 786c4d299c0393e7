// SPDX-License-Identifier: Apache-2.0
#include "support/clean/clean.hpp"

#include <cuda_runtime_api.h>

#include "simt/device.hpp"
#include "simt/simt.hpp"
#include "support/host_space.hpp"

#include <robocache/clean.cuh>

namespace test {
namespace {

using space = host_space;

struct side {
  template <class Source>
  std::int64_t scratch_bytes(Source const& source, clean_options const& options) const {
    return robocache::clean_scratch(source, options);
  }
  template <class Source, class Output>
  status clean(Source const& source, Output const& out, clean_options const& options, scratch const& memory) const {
    return robocache::clean(source, out, options, memory, nullptr);
  }
};

}  // namespace

#include "support/clean/instances.inc"

}  // namespace test
