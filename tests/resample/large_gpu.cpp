// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include <robocache/robocache.hpp>

#include "support/catch.hpp"
#include "support/device_memory.hpp"
#include "support/device_space.hpp"
#include "support/problem.hpp"
#include "support/skip.hpp"

// More than 2^31 elements and more than 2^32 bytes, in values, in results and in targets. Expected results are known
// without an oracle: a few rows are read back, among them those on both sides of each power of two.
using namespace test;
using namespace robocache::compiled;

TEST_CASE("Large: results of more than 2^32 bytes and 2^31 elements", "[large]") {
  constexpr std::int64_t channels = 1024;
  constexpr std::int64_t length = two_to_31 / channels + 5;
  device_memory const results(length * channels * 4);
  device_memory const values(2 * channels * 4);
  if (!results.usable() || !values.usable()) {
    skip("large results: the device has no 9 GiB to give");
    return;
  }
  std::vector<float> rows(2 * channels, 0.0f);
  for (std::int64_t c = 0; c < channels; ++c) { rows[std::size_t(channels + c)] = float(c); }
  device_space::write(values.as<void>(), rows.data(), rows.size() * 4);
  // Target k is at k / 2^22 between a row of zeros and the row 0, 1, 2, ...
  auto const target = timeline<double>::uniform(0, 1.0 / 4194304, 1, length);
  any_series const source{values.as<void>(), dtype::float32, timeline<double>::uniform(0, 1, 1, 2), channels};
  any_output const out{results.as<void>(), dtype::float32};
  resample(place::device, source, target, out, resample_options<double>{}, device_space::stream());
  for (std::int64_t row : {std::int64_t(0), std::int64_t(1), two_to_31 / channels / 2 - 1, two_to_31 / channels / 2,
                           two_to_31 / channels - 1, two_to_31 / channels, length - 1}) {
    for (std::int64_t c : {0, 1, 777, 1023}) {
      CAPTURE(row, c);
      CHECK(fetch(results.as<float>() + row * channels + c) == float(double(row) / 4194304) * float(c));
    }
  }
}

TEST_CASE("Large: values of more than 2^32 elements", "[large]") {
  constexpr std::int64_t channels = 4;
  constexpr std::int64_t length = two_to_32 / channels + 3;
  device_memory const values(length * channels);
  device_memory const results(8 * channels);
  device_memory const stamps(8 * 8);
  if (!values.usable() || !results.usable() || !stamps.usable()) {
    skip("large values: the device has no 5 GiB to give");
    return;
  }
  check_cuda(cudaMemsetAsync(values.as<void>(), 1, std::size_t(length * channels), device_space::stream()), "memset");
  std::vector<std::int64_t> const rows{
      0, two_to_31 / channels - 1, two_to_31 / channels, two_to_32 / channels - 1, two_to_32 / channels, length - 1};
  for (std::size_t k = 0; k < rows.size(); ++k) {
    put(values.as<std::uint8_t>() + rows[k] * channels + 1, std::uint8_t(100 + k));
  }
  device_space::write(stamps.as<void>(), rows.data(), rows.size() * 8);
  auto const count = std::int64_t(rows.size());
  any_series const source{values.as<void>(), dtype::uint8, timeline<std::int64_t>::uniform(0, 1, 1, length), channels};
  any_output const out{results.as<void>(), dtype::uint8};
  resample_options<std::int64_t> options;
  options.method = interpolation::previous;
  resample(place::device, source, timeline<std::int64_t>::dense(stamps.as<std::int64_t>(), 1, count), out, options,
           device_space::stream());
  for (std::int64_t k = 0; k < count; ++k) {
    CAPTURE(k);
    CHECK(int(fetch(results.as<std::uint8_t>() + k * channels + 1)) == 100 + k);
    CHECK(int(fetch(results.as<std::uint8_t>() + k * channels + 2)) == 1);
  }
}

TEST_CASE("Large: more than 2^31 targets, with their mask", "[large]") {
  constexpr std::int64_t batch = 4;
  constexpr std::int64_t length = two_to_31 / batch + 37;
  constexpr std::int64_t step = std::int64_t(1) << 26;
  device_memory const results(batch * length);
  device_memory const valid(batch * length);
  device_memory const values(8);
  if (!results.usable() || !valid.usable() || !values.usable()) {
    skip("many targets: the device has no 5 GiB to give");
    return;
  }
  check_cuda(cudaMemsetAsync(results.as<void>(), poison, batch * length, device_space::stream()), "memset");
  check_cuda(cudaMemsetAsync(valid.as<void>(), poison, batch * length, device_space::stream()), "memset");
  for (std::uint8_t i = 0; i < 8; ++i) { put(values.as<std::uint8_t>() + i, i); }
  // Target k is at k, sample i at i * 2^26: the last eighth of the targets is beyond the last sample.
  auto const when = timeline<std::int64_t>::uniform(0, step, batch, 8);
  any_series const source{values.as<void>(), dtype::uint8, when, 1, 0};
  any_output const out{results.as<void>(), dtype::uint8, valid.as<std::uint8_t>()};
  resample_options<std::int64_t> options;
  options.method = interpolation::nearest;
  resample(place::device, source, timeline<std::int64_t>::uniform(0, 1, batch, length), out, options,
           device_space::stream());
  for (std::int64_t row : {std::int64_t(0), step / 2, step / 2 + 1, 7 * step, 7 * step + 1, length - 1, length,
                           2 * length + 3 * step, two_to_31 - 1, two_to_31, batch * length - 1}) {
    CAPTURE(row);
    std::int64_t const k = row % length;
    std::int64_t const nearest = std::min<std::int64_t>((k + step / 2 - 1) / step, 7);
    CHECK(int(fetch(results.as<std::uint8_t>() + row)) == nearest);
    CHECK(int(fetch(valid.as<std::uint8_t>() + row)) == (k <= 7 * step ? 1 : 0));
  }
}

TEST_CASE("Large: a fusion of more than 2^31 elements", "[large]") {
  constexpr std::int64_t half = 512;
  constexpr std::int64_t channels = 2 * half;
  constexpr std::int64_t length = two_to_31 / channels + 5;
  device_memory const results(length * channels * 2);
  device_memory const valid(length * 2);
  device_memory const values(2 * half * 4);
  if (!results.usable() || !valid.usable() || !values.usable()) {
    skip("large fusion: the device has no 5 GiB to give");
    return;
  }
  std::vector<float> rows(2 * half, 0.0f);
  for (std::int64_t c = 0; c < half; ++c) { rows[std::size_t(half + c)] = float(c); }
  device_space::write(values.as<void>(), rows.data(), rows.size() * 4);
  // Target k is at k / 2^22 between a row of zeros and the row 0, 1, 2, ...; the second stream ends at 1 / 4.
  auto const target = timeline<double>::uniform(0, 1.0 / 4194304, 1, length);
  auto const stream_with = [&](double period) {
    return robocache::stream<double>{
        robocache::series<float, double>{values.as<float>(), timeline<double>::uniform(0, period, 1, 2), half}};
  };
  robocache::stream<double> const streams[] = {stream_with(1), stream_with(0.25)};
  any_fused_output out{results.as<void>(), dtype::bfloat16};
  out.valid = valid.as<std::uint8_t>();
  fuse(place::device, any_streams(streams, 2), target, out, device_space::stream());
  auto const found = [&](std::int64_t row, std::int64_t c) {
    return decode(dtype::bfloat16, fetch(results.as<std::uint16_t>() + row * channels + c));
  };
  auto const wanted = [](double x) { return decode(dtype::bfloat16, encode(dtype::bfloat16, double(float(x)))); };
  for (std::int64_t row : {std::int64_t(0), std::int64_t(1), two_to_31 / channels / 2 - 1, two_to_31 / channels / 2,
                           two_to_31 / channels - 1, two_to_31 / channels, length - 1}) {
    double const w = double(row) / 4194304;
    for (std::int64_t c : {0, 1, 300, 511}) {
      CAPTURE(row, c);
      CHECK(found(row, c) == wanted(w * double(c)));
      CHECK(found(row, half + c) == wanted(std::min(4 * w, 1.0) * double(c)));
    }
    CHECK(int(fetch(valid.as<std::uint8_t>() + 2 * row)) == 1);
    CHECK(int(fetch(valid.as<std::uint8_t>() + 2 * row + 1)) == (w <= 0.25 ? 1 : 0));
  }
}

TEST_CASE("Large: a fusion at more than 2^31 targets, with both masks", "[large]") {
  constexpr std::int64_t batch = 4;
  constexpr std::int64_t length = two_to_31 / batch + 37;
  constexpr std::int64_t step = std::int64_t(1) << 26;
  device_memory const results(batch * length * 2);
  device_memory const valid(batch * length);
  device_memory const all_valid(batch * length);
  device_memory const values(8 * 2);
  if (!results.usable() || !valid.usable() || !all_valid.usable() || !values.usable()) {
    skip("a fusion at many targets: the device has no 9 GiB to give");
    return;
  }
  for (std::int64_t i = 0; i < 8; ++i) {
    put(values.as<std::uint16_t>() + i, std::uint16_t(encode(dtype::bfloat16, double(i))));
  }
  // Target k is at k, sample i at i * 2^26: the last eighth of the targets is beyond the last sample.
  robocache::stream<std::int64_t> one;
  one.values = values.as<void>();
  one.type = dtype::bfloat16;
  one.when = timeline<std::int64_t>::uniform(0, step, batch, 8);
  one.channels = 1;
  one.batch_stride = 0;
  one.options.method = interpolation::nearest;
  any_fused_output out{results.as<void>(), dtype::bfloat16, valid.as<std::uint8_t>(), all_valid.as<std::uint8_t>()};
  fuse(place::device, any_streams(&one, 1), timeline<std::int64_t>::uniform(0, 1, batch, length), out,
       device_space::stream());
  for (std::int64_t row : {std::int64_t(0), step / 2, step / 2 + 1, 7 * step, 7 * step + 1, length - 1, length,
                           2 * length + 3 * step, two_to_31 - 1, two_to_31, batch * length - 1}) {
    CAPTURE(row);
    std::int64_t const k = row % length;
    std::int64_t const nearest = std::min<std::int64_t>((k + step / 2 - 1) / step, 7);
    CHECK(decode(dtype::bfloat16, fetch(results.as<std::uint16_t>() + row)) == double(nearest));
    CHECK(int(fetch(valid.as<std::uint8_t>() + row)) == (k <= 7 * step ? 1 : 0));
    CHECK(int(fetch(all_valid.as<std::uint8_t>() + row)) == (k <= 7 * step ? 1 : 0));
  }
}

TEST_CASE("Large: a fusion of a trajectory of 2^31 - 1 samples", "[large]") {
  constexpr std::int64_t samples = two_to_31 - 1;
  constexpr std::int64_t length = 40;
  device_memory const stamps(samples * 4);
  device_memory const values(samples * 2);
  device_memory const small(1024);
  if (!stamps.usable() || !values.usable() || !small.usable()) {
    skip("a fusion of a long trajectory: the device has no 12 GiB to give");
    return;
  }
  check_cuda(cudaMemsetAsync(stamps.as<void>(), 0, samples * 4, device_space::stream()), "memset");
  check_cuda(cudaMemsetAsync(values.as<void>(), 0, samples * 2, device_space::stream()), "memset");
  // All samples are 0 at time 0, except for the last one, which is 4 at time 64.
  put(stamps.as<float>() + samples - 1, 64.0f);
  put(values.as<std::uint16_t>() + samples - 1, std::uint16_t(encode(dtype::bfloat16, 4)));
  auto* const offsets = small.as<std::int64_t>();
  auto* const trajectory = offsets + 2;
  auto* const anchor = reinterpret_cast<float*>(offsets + 3);
  auto* const deltas = anchor + 2;
  auto* const results = deltas + length;
  put(offsets, std::int64_t(0));
  put(offsets + 1, samples);
  put(trajectory, std::int64_t(0));
  put(anchor, 0.0f);
  for (std::int64_t k = 0; k < length; ++k) { put(deltas + k, float(2 * k)); }
  robocache::stream<float> one;
  one.values = values.as<void>();
  one.type = dtype::bfloat16;
  one.when = timeline<float>::ragged(stamps.as<float>(), offsets, 1, samples);
  one.channels = 1;
  any_fused_output const out{results, dtype::float32};
  fuse(place::device, any_streams(&one, 1), timeline<float>::windows(anchor, deltas, 1, length, trajectory), out,
       device_space::stream());
  for (std::int64_t k = 0; k < length; ++k) {
    CAPTURE(k);
    CHECK(fetch(results + k) == std::min(float(2 * k) / 16, 4.0f));
  }
}

TEST_CASE("Large: a fusion with more than 2^31 channels that no stream writes", "[large]") {
  constexpr std::int64_t written = 8;
  constexpr std::int64_t channels = two_to_31 + 64 + written;
  device_memory const results(channels * 2);
  device_memory const small(64);
  if (!results.usable() || !small.usable()) {
    skip("a fusion with a wide gap: the device has no 5 GiB to give");
    return;
  }
  check_cuda(cudaMemsetAsync(results.as<void>(), poison, channels * 2, device_space::stream()), "memset");
  for (std::int64_t c = 0; c < written; ++c) { put(small.as<float>() + c, float(c)); }
  robocache::stream<double> one;
  one.values = small.as<void>();
  one.type = dtype::float32;
  one.when = timeline<double>::uniform(0, 1, 1, 1);
  one.channels = written;
  any_fused_output out{results.as<void>(), dtype::bfloat16};
  out.channels = channels;
  out.fill = 3;
  fuse(place::device, any_streams(&one, 1), timeline<double>::uniform(0, 1, 1, 1), out, device_space::stream());
  for (std::int64_t c : {std::int64_t(0), written - 1, written, two_to_31 / 2 + written - 1, two_to_31 / 2 + written,
                         two_to_31 - 1, two_to_31, two_to_31 + written, channels - 1}) {
    CAPTURE(c);
    CHECK(decode(dtype::bfloat16, fetch(results.as<std::uint16_t>() + c)) == (c < written ? double(c) : 3.0));
  }
}
