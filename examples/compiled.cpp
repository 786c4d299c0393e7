// SPDX-License-Identifier: Apache-2.0
// The compiled API: plain C++17, any compiler, types known only at run time. On host memory, so it runs everywhere.

#include <cstdint>
#include <cstdio>
#include <vector>

#include <robocache/robocache.hpp>

namespace rc = robocache;

int main() {
  // One trajectory, stamped in seconds, of two channels; 40 Hz wanted.
  std::vector<double> const stamps = {0.00, 0.05, 0.11, 0.14, 0.20};
  std::vector<float> const values = {0, 10, 1, 11, 2, 12, 3, 13, 4, 14};
  constexpr std::int64_t targets = 10;
  std::vector<float> results(targets * 2);
  std::vector<std::uint8_t> valid(targets);

  auto const when = rc::timeline<double>::dense(stamps.data(), 1, 5);
  rc::compiled::any_series const source{values.data(), rc::dtype::float32, when, 2};
  auto const target = rc::timeline<double>::uniform(0.0, 0.025, 1, targets);
  rc::compiled::any_output const out{results.data(), rc::dtype::float32, valid.data()};
  rc::compiled::resample(rc::compiled::place::host, source, target, out, rc::resample_options<double>{});

  for (std::int64_t k = 0; k < targets; ++k) {
    std::printf("%.3f s: %7.4f %7.4f %s\n", 0.025 * static_cast<double>(k), results[2 * k], results[2 * k + 1],
                valid[k] != 0 ? "valid" : "after the last sample");
  }

  // An error comes back as a sentence.
  rc::resample_options<double> wrong;
  wrong.max_gap = -1.0;
  try {
    rc::compiled::resample(rc::compiled::place::host, source, target, out, wrong);
  } catch (rc::error const& failure) { std::printf("refused: %s\n", failure.what()); }
}
