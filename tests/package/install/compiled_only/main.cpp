// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdio>
#include <vector>

#include <robocache/robocache.hpp>

namespace rc = robocache;

// Two samples a second apart, resampled halfway between and past the end.
int main() {
  std::vector<double> const stamps{0.0, 1.0};
  std::vector<float> const values{10.0F, -4.0F, 20.0F, 4.0F};  // [2, 2]
  std::vector<double> const wanted{0.5, 1.5};
  std::vector<float> results(4, -1.0F);
  std::vector<std::uint8_t> valid(2, 7);

  auto const when = rc::timeline<double>::dense(stamps.data(), 1, 2);
  auto const target = rc::timeline<double>::dense(wanted.data(), 1, 2);
  rc::compiled::any_series const source{values.data(), rc::dtype::float32, when, 2};
  rc::compiled::any_output const out{results.data(), rc::dtype::float32, valid.data()};
  rc::resample_options<double> options;
  rc::compiled::resample(rc::compiled::place::host, source, target, out, options);

  bool const right =
      results == std::vector<float>{15.0F, 0.0F, 20.0F, 4.0F} && valid == std::vector<std::uint8_t>{1, 0};
  std::printf("resampled: %g %g | %g %g, valid: %d %d, CUDA devices: %d\n", results[0], results[1], results[2],
              results[3], valid[0], valid[1], rc::compiled::device_count());

  options.max_gap = -1.0;
  try {
    rc::compiled::resample(rc::compiled::place::host, source, target, out, options);
  } catch (rc::error const& error) {
    std::printf("refused: %s\n", error.what());
    return right && error.argument() == "options.max_gap" ? 0 : 1;
  }
  return 1;
}
