// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdio>

#include <robocache/host.hpp>

namespace rc = robocache;

rc::status locate_on_device(rc::timeline<double> const& source, rc::timeline<double> const& target,
                            rc::located const& out);

int main() {
  double const stamps[] = {0.0, 1.0, 2.0};
  double const wanted[] = {1.25};
  std::int64_t rows[2] = {};
  float weight = 0.0F;
  auto const source = rc::timeline<double>::dense(stamps, 1, 3);
  auto const target = rc::timeline<double>::dense(wanted, 1, 1);
  rc::status const done = rc::host::locate(source, target, rc::located{rows, &weight, nullptr}, {});
  std::printf("rows %lld and %lld, weight %g %s\n", static_cast<long long>(rows[0]), static_cast<long long>(rows[1]),
              static_cast<double>(weight), done.message());

  rc::timeline<double> broken = source;
  broken.batch = -1;
  rc::status const refused = locate_on_device(broken, target, rc::located{});
  std::printf("refused: %s\n", refused.message());
  return done.ok() && rows[0] == 1 && rows[1] == 2 && weight == 0.25F && !refused.ok() ? 0 : 1;
}
