// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdio>

#include <robocache/host.hpp>
#include <robocache/version.hpp>

namespace rc = robocache;

int main() {
  std::int64_t const stamps[] = {0, 1'000'000};
  float const values[] = {10.0F, 20.0F};
  float results[3] = {};
  rc::series<float, std::int64_t> const source{values, rc::timeline<std::int64_t>::dense(stamps, 1, 2), 1};
  auto const target = rc::timeline<std::int64_t>::uniform(0, 500'000, 1, 3);
  rc::status const done = rc::host::resample(source, target, rc::output<float>{results}, {});
  std::printf("robocache %d.%d.%d: %g %g %g %s\n", rc::version_major, rc::version_minor, rc::version_patch, results[0],
              results[1], results[2], done.message());
  return done.ok() && results[0] == 10.0F && results[1] == 15.0F && results[2] == 20.0F ? 0 : 1;
}
