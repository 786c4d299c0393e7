# SPDX-License-Identifier: Apache-2.0
# Sets ROBOCACHE_VERSION from the one place that has the version, include/robocache/version.hpp.

set(robocache_version_header "${CMAKE_CURRENT_LIST_DIR}/../include/robocache/version.hpp")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${robocache_version_header}")

set(robocache_version_parts)
foreach(part IN ITEMS MAJOR MINOR PATCH)
  file(STRINGS "${robocache_version_header}" line REGEX "^#define ROBOCACHE_VERSION_${part} [0-9]+$")
  if(NOT line MATCHES "([0-9]+)$")
    message(FATAL_ERROR "${robocache_version_header} does not define ROBOCACHE_VERSION_${part} as a number")
  endif()
  list(APPEND robocache_version_parts ${CMAKE_MATCH_1})
endforeach()
list(JOIN robocache_version_parts "." ROBOCACHE_VERSION)
