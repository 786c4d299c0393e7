# SPDX-License-Identifier: Apache-2.0
# Makes the archive of the build in BUILD with CPack, and unpacks it as UNPACKED, without its topmost folder's name.
file(REMOVE_RECURSE "${UNPACKED}" "${UNPACKED}.made")
execute_process(COMMAND "${CPACK}" --config "${BUILD}/CPackConfig.cmake" -C "${CONFIG}" -B "${UNPACKED}.made"
                COMMAND_ERROR_IS_FATAL ANY)
file(GLOB archives "${UNPACKED}.made/robocache-*.tar.gz")
list(LENGTH archives count)
if(NOT count EQUAL 1)
  message(FATAL_ERROR "found ${count} archives, want one: ${archives}")
endif()
cmake_path(GET archives FILENAME name)
string(REGEX REPLACE "\\.tar\\.gz$" "" name "${name}")
file(ARCHIVE_EXTRACT INPUT "${archives}" DESTINATION "${UNPACKED}.made")
file(RENAME "${UNPACKED}.made/${name}" "${UNPACKED}")
message(STATUS "${name}")
