// SPDX-License-Identifier: Apache-2.0
#include "fuse/cases.hpp"

namespace robocache::bench {

namespace {

requirement over_apart(double must) { return {yardstick::over_apart, must}; }

std::string name_of(stream_case const& one, fuse_case const& in) {
  std::string name = std::to_string(one.length) + (in.from == recording::store ? "Hz" : "");
  name += "x" + std::to_string(one.channels);
  if (one.value != in.result) { name += std::string(":") + robocache::name_of(one.value); }
  if (one.method != interpolation::linear) { name += std::string(":") + robocache::name_of(one.method); }
  return name;
}

/// Vision, joints and touch of many robots.
fuse_case wide_batch() {
  fuse_case one{256, {{100, 512}, {200, 128}, {300, 64}}, 128, {yardstick::over_copy, 1.20, 1.08}};
  one.also = over_apart(1.0);
  return one;
}

/// Few robots: the number of launches decides.
fuse_case small_batch() {
  fuse_case one{4, {{30, 512}, {100, 64}, {200, 12}}, 50, over_apart(1.0 / 1.5)};
  one.one_by_one = true;
  return one;
}

/// What a training sampler asks for: windows out of a store.
fuse_case training_windows() {
  fuse_case one{4096, {{100, 14}, {100, 7}, {30, 6}}, 32, over_apart(1.0)};
  one.stamp = stamp_dtype::int64;
  one.from = recording::store;
  return one;
}

/// What a training step is fed with, eight batches in one launch: no row of values or results is a whole number of
/// vectors.
fuse_case training_batches() {
  constexpr dtype fp32 = dtype::float32;
  fuse_case one{256, {{100, 242}, {100, 14, fp32}, {100, 7, fp32}}, 250, over_apart(1.0)};
  one.stamp = stamp_dtype::int64;
  one.from = recording::store;
  one.episodes = 200;
  return one;
}

/// Windows of 5 s out of minutes of vision, joints and touch: what a store that outgrows the device is asked for.
fuse_case stored_windows(std::int64_t batch, value_place place, requirement const& required) {
  constexpr dtype fp32 = dtype::float32;
  fuse_case one{batch, {{30, 512}, {100, 14, fp32}, {10, 7, fp32}}, 250, required};
  one.stamp = stamp_dtype::int64;
  one.from = recording::store;
  one.episodes = 200;
  one.seconds = 60;
  one.place = place;
  return one;
}

/// Over the link's rate for what is read: 43 of 50 GB/s, and 38 for few windows.
requirement over_gather(double must, double goal) { return {yardstick::over_gather, must, goal}; }

/// The wide batch with one thing changed. Scales, and a mask for all streams together, do not exist in resampling.
std::vector<fuse_case> variants() {
  fuse_case plain = wide_batch();
  plain.also = {};
  std::vector<fuse_case> cases;
  auto const add = [&](requirement const& required, auto&& change) {
    fuse_case& one = cases.emplace_back(plain);
    one.required = required;
    change(one);
  };
  add(over_apart(1.0), [](auto& c) { c.mask = true; });
  add({}, [](auto& c) { c.all_valid = true; });
  add({}, [](auto& c) { c.affine = true; });
  add(over_apart(1.0), [](auto& c) {
    c.result = dtype::float32;
    for (stream_case& each : c.streams) { each.value = dtype::float32; }
  });
  // A single stream fits in the cache, all together do not.
  add({yardstick::over_in_turn, 1.0}, [](auto& c) { c.hot = true; });
  return cases;
}

}  // namespace

fuse_case one_robot() {
  constexpr dtype fp32 = dtype::float32;
  fuse_case one;
  one.batch = 1;
  one.streams = {{30, 512},
                 {100, 14, fp32},
                 {100, 7, fp32},
                 {333, 6, fp32},
                 {200, 6},
                 {100, 4, fp32, interpolation::slerp},
                 {5, 3, fp32, interpolation::previous},
                 {50, 12}};
  one.target_length = 50;
  one.required = over_apart(1.0);
  one.stamp = stamp_dtype::int64;
  one.one_by_one = true;
  return one;
}

std::string name_of(fuse_case const& one) {
  std::string name = std::string("fuse/") + robocache::name_of(one.result) + "/B:" + std::to_string(one.batch);
  char const* separator = "/";
  for (stream_case const& each : one.streams) {
    name += separator + name_of(each, one);
    separator = "+";
  }
  name += "/T:" + std::to_string(one.target_length);
  if (one.stamp == stamp_dtype::int64) { name += "/stamps:int64"; }
  if (one.from == recording::store) { name += "/windows"; }
  if (one.from == recording::store && one.episodes != fuse_case{}.episodes) {
    name += "/episodes:" + std::to_string(one.episodes);
  }
  if (one.seconds != 0) { name += std::string("/store:") + (one.place == value_place::pinned ? "pinned" : "device"); }
  if (one.mask) { name += "/mask"; }
  if (one.all_valid) { name += "/all_valid"; }
  if (one.affine) { name += "/scale_shift"; }
  return name + (one.hot ? "/hot" : "/cold");
}

std::vector<fuse_case> all_fuse_cases() {
  std::vector<fuse_case> cases = {wide_batch(), small_batch(), training_windows(), training_batches(), one_robot()};
  for (fuse_case const& one : variants()) { cases.push_back(one); }
  cases.push_back(stored_windows(256, value_place::device, {}));
  cases.push_back(stored_windows(32, value_place::pinned, over_gather(50.0 / 38, 50.0 / 43)));
  for (std::int64_t const batch : {256, 1024}) {
    cases.push_back(stored_windows(batch, value_place::pinned, over_gather(50.0 / 43, 50.0 / 48)));
  }
  return cases;
}

}  // namespace robocache::bench
