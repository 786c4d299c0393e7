// SPDX-License-Identifier: Apache-2.0
#include "points/unproject_cases.hpp"

namespace robocache::bench {

std::string name_of(unproject_case const& one) {
  std::string name = one.becomes == unprojection::crop      ? "crop_points"
                     : one.becomes == unprojection::samples ? "observation"
                                                            : "unproject";
  name += "/B:" + std::to_string(one.batch) + "/V:" + std::to_string(one.views) + "/480x640";
  if (one.becomes == unprojection::dense) { name += "/dense"; }
  if (one.kind == depth_kind::ray) { name += "/ray"; }
  if (one.kept == crop_part::half) { name += "/half"; }
  if (one.kept == crop_part::tenth) { name += "/tenth"; }
  if (one.becomes == unprojection::samples) { name += "/K:" + std::to_string(observation_samples); }
  if (one.channels > 0) {
    name += (one.order == channel_order::last ? "/colour:" : "/colour_first:") + std::to_string(one.channels);
  }
  return name + "/cold";
}

std::vector<unproject_case> all_unproject_cases() {
  std::vector<unproject_case> cases(1);
  cases.back().required = {yardstick::over_copy, 1.4, 1.15};
  cases.emplace_back().kept = crop_part::half;
  cases.emplace_back().channels = 3;
  cases.emplace_back().channels = 3;
  cases.back().order = channel_order::first;
  cases.emplace_back().kind = depth_kind::ray;
  cases.emplace_back().becomes = unprojection::dense;
  cases.emplace_back().becomes = unprojection::crop;
  cases.emplace_back().becomes = unprojection::crop;
  cases.back().kept = crop_part::half;
  cases.push_back(small_unprojection());
  for (std::int64_t batch : {1, 32}) {
    cases.emplace_back().becomes = unprojection::samples;
    cases.back().batch = batch;
    cases.back().kept = crop_part::tenth;
  }
  return cases;
}

unproject_case small_unprojection() {
  unproject_case one;
  one.batch = 1;
  one.kept = crop_part::half;
  return one;
}

}  // namespace robocache::bench
