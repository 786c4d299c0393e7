// SPDX-License-Identifier: Apache-2.0
#include "resample/cases.hpp"

namespace robocache::bench {

namespace {

char const* name_of(timeline_kind kind) {
  switch (kind) {
    case timeline_kind::dense: return "dense";
    case timeline_kind::shared: return "shared";
    case timeline_kind::ragged: return "ragged";
    case timeline_kind::uniform: return "uniform";
    case timeline_kind::windows: return "windows";
    case timeline_kind::ring: return "ring";
  }
  return "?";
}

requirement over_copy(double must, double goal) { return {yardstick::over_copy, must, goal}; }
requirement over_plain(double must) { return {yardstick::over_reference, must}; }

/// The shapes that have a requirement of their own, on an H200.
std::vector<resample_case> shapes() {
  return {
      {32, 500, 250, 256, over_copy(1.33, 1.15)},
      {256, 500, 250, 32, over_copy(1.33, 1.15)},
      {64, 4096, 1024, 32, over_copy(1.36, 1.15)},
      {2048, 500, 250, 256, over_copy(1.02, 1.00)},
      {1024, 4096, 1024, 32, over_copy(1.08, 1.03)},
      {4096, 300, 150, 16, over_copy(1.10, 1.05)},
      {4096, 300, 150, 14, over_copy(1.15, 1.08)},
      {4096, 300, 150, 7, over_copy(1.30, 1.12)},
      {1, 500, 250, 256, {yardstick::microseconds, 1.95, 1.6}},
  };
}

/// Everything else that a call may ask for, one thing at a time.
void add_variants(std::vector<resample_case>& cases, resample_case const& shape) {
  resample_case base = shape;
  base.required = over_plain(1.15);
  auto const add = [&](auto&& change) {
    resample_case one = base;
    change(one);
    cases.push_back(one);
  };
  add([](auto& c) { c.stamp = stamp_dtype::int64; });
  add([](auto& c) { c.source = timeline_kind::ragged; });
  add([](auto& c) { c.target = timeline_kind::ragged; });
  add([](auto& c) { c.source = timeline_kind::uniform; });
  add([](auto& c) { c.target = timeline_kind::uniform; });
  add([](auto& c) { c.mask = true; });
  add([](auto& c) { c.method = interpolation::nearest; });
  add([](auto& c) { c.method = interpolation::previous; });
  add([](auto& c) { c.method = interpolation::next; });
  base.required = over_plain(1.30);
  add([](auto& c) { c.method = interpolation::angle; });
  base.required = over_plain(1.35);
  add([](auto& c) { c.method = interpolation::catmull_rom; });
  base.required = over_plain(1.60);
  add([](auto& c) { c.method = interpolation::pchip; });
  add([](auto& c) { c.method = interpolation::akima; });
  base.required = {};
  add([](auto& c) { c.stamp = stamp_dtype::float64; });
  add([](auto& c) { c.source = c.target = timeline_kind::shared; });
  add([](auto& c) { c.target = timeline_kind::windows; });
  add([](auto& c) { c.value = dtype::float32; });
  add([](auto& c) { c.value = dtype::float16; });
}

/// Rotations have four channels; the linear case of the same shape is what slerp is compared with.
void add_rotations(std::vector<resample_case>& cases) {
  for (resample_case one : {resample_case{4096, 300, 150, 4, over_plain(1.35)}, resample_case{32, 500, 250, 4}}) {
    cases.push_back(plain(one));
    one.method = interpolation::slerp;
    cases.push_back(one);
  }
}

/// The backward pass, of a small wide batch and of one that fills the chip. Without a promise the targets are the same.
void add_backward(std::vector<resample_case>& cases) {
  for (resample_case one : {resample_case{32, 500, 250, 256}, resample_case{2048, 500, 250, 256}}) {
    one.way = direction::backward;
    one.required = over_copy(one.batch == 32 ? 1.45 : 1.25, 1.20);
    cases.push_back(one);
    one.required = {};
    one.promises_order = false;
    cases.push_back(one);
  }
}

/// Bytes by a hold method, whose kernels take stamps of any type: rows of vectors, narrow ones, a block with a whole
/// trajectory, and a block with one row.
void add_integers(std::vector<resample_case>& cases) {
  for (resample_case one :
       {resample_case{32, 500, 250, 256}, resample_case{2048, 500, 250, 256}, resample_case{1024, 4096, 1024, 31},
        resample_case{4096, 300, 150, 7}, resample_case{1, 500, 250, 256}}) {
    one.value = dtype::uint8;
    one.method = interpolation::previous;
    for (stamp_dtype stamp : {stamp_dtype::float32, stamp_dtype::float64, stamp_dtype::int64}) {
      one.stamp = stamp;
      cases.push_back(one);
    }
  }
}

}  // namespace

std::string name_of(resample_case const& one) {
  std::string name = one.way == direction::forward ? "resample/" : "resample_backward/";
  name += robocache::name_of(one.value);
  name += "/B:" + std::to_string(one.batch) + "/S:" + std::to_string(one.source_length);
  name += "/T:" + std::to_string(one.target_length) + "/D:" + std::to_string(one.channels);
  if (one.stamp != stamp_dtype::float32) { name += std::string("/stamps:") + name_of(one.stamp); }
  if (one.source != timeline_kind::dense) { name += std::string("/source:") + name_of(one.source); }
  if (one.target != timeline_kind::dense) { name += std::string("/target:") + name_of(one.target); }
  if (one.method != interpolation::linear) { name += std::string("/method:") + robocache::name_of(one.method); }
  if (one.mask) { name += "/mask"; }
  if (!one.promises_order) { name += "/any_order"; }
  return name + (one.hot ? "/hot" : "/cold");
}

resample_case plain(resample_case const& one) {
  resample_case reference{one.batch, one.source_length, one.target_length, one.channels};
  reference.value = one.value;
  reference.way = one.way;
  if (one.value == dtype::uint8) { reference.method = interpolation::previous; }
  return reference;
}

std::vector<resample_case> all_cases() {
  std::vector<resample_case> const base = shapes();
  std::vector<resample_case> cases = base;
  // A small wide batch, one where the search weighs most, and one that fills the chip.
  for (int i : {0, 2, 4}) { add_variants(cases, base[i]); }
  add_rotations(cases);
  add_backward(cases);
  add_integers(cases);
  for (int i : {0, 1, 2, 3}) {
    resample_case one = base[i];
    one.hot = true;
    one.required = {};
    cases.push_back(one);
  }
  return cases;
}

}  // namespace robocache::bench
