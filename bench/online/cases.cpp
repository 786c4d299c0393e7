// SPDX-License-Identifier: Apache-2.0
#include "online/cases.hpp"

namespace robocache::bench {

std::string name_of(online_case const& one) {
  std::string const name = "online/B:" + std::to_string(one.batch);
  switch (one.does) {
    case tick::append: return name + "/append/hot";
    case tick::append_pinned: return name + "/append/pinned/hot";
    case tick::fuse: return name + (one.batch == 1 ? "/fuse/hot" : "/fuse/cold");
    case tick::both: return name + "/append+fuse/hot";
  }
  return name;
}

std::vector<online_case> all_online_cases() {
  return {{1, tick::append, {yardstick::microseconds, 2.0}},
          {1, tick::append_pinned},
          {1, tick::fuse},
          {1, tick::both},
          {4096, tick::append},
          {4096, tick::fuse, {yardstick::over_in_turn, 1.10}},
          {4096, tick::both}};
}

}  // namespace robocache::bench
