# SPDX-License-Identifier: Apache-2.0
# The install step: headers, both libraries, and a package that find_package(robocache) finds.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(robocache_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/robocache")

install(
  DIRECTORY include/robocache
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING
  PATTERN "*.hpp"
  PATTERN "*.cuh")
install(
  TARGETS robocache_headers robocache_static robocache_shared
  EXPORT robocacheTargets
  INCLUDES
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(
  EXPORT robocacheTargets
  NAMESPACE robocache::
  DESTINATION "${robocache_package_dir}")

configure_package_config_file(
  cmake/robocacheConfig.cmake.in "${PROJECT_BINARY_DIR}/robocacheConfig.cmake"
  INSTALL_DESTINATION "${robocache_package_dir}"
  NO_SET_AND_CHECK_MACRO)
# While the major number is 0, a minor one may change the API.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/robocacheConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/robocacheConfig.cmake" "${PROJECT_BINARY_DIR}/robocacheConfigVersion.cmake"
        DESTINATION "${robocache_package_dir}")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")

# `cpack` makes one archive of what the install step installs, to be unpacked anywhere.
set(CPACK_GENERATOR TGZ)
set(CPACK_PACKAGE_NAME robocache)
set(CPACK_PACKAGE_VENDOR RoboCache)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
string(TOLOWER "${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}" robocache_system)
set(CPACK_PACKAGE_FILE_NAME
    "robocache-${PROJECT_VERSION}-${robocache_system}-cuda${CUDAToolkit_VERSION_MAJOR}.${CUDAToolkit_VERSION_MINOR}")
include(CPack)
