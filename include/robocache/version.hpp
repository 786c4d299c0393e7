// SPDX-License-Identifier: Apache-2.0
#pragma once

// Read by CMakeLists.txt as well: the version is written here and nowhere else.
#define ROBOCACHE_VERSION_MAJOR 0
#define ROBOCACHE_VERSION_MINOR 1
#define ROBOCACHE_VERSION_PATCH 0

namespace robocache {

inline constexpr int version_major = ROBOCACHE_VERSION_MAJOR;
inline constexpr int version_minor = ROBOCACHE_VERSION_MINOR;
inline constexpr int version_patch = ROBOCACHE_VERSION_PATCH;

}  // namespace robocache
