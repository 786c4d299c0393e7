# SPDX-License-Identifier: Apache-2.0
# Each public header compiles alone, and twice in a row, with warnings as errors: *.cuh under nvcc, what plain C++ may
# include (*.hpp and device/) under the C++ compiler. One file that includes them all tells the rest: the other
# compilers (clang++, where it is installed) and C++20.

find_program(ROBOCACHE_CLANG NAMES clang++ clang++-20 clang++-19 clang++-18 clang++-17 clang++-16 clang++-15 clang++-14)

# Adds the test `header/<compiler>/c++<standard>/<name>`: the command after these compiles a file that includes `headers`.
function(robocache_add_header_test compiler standard name extension headers)
  string(MAKE_C_IDENTIFIER "${name}" stem)
  set(source "${PROJECT_BINARY_DIR}/header_self_test/${stem}.${extension}")
  list(TRANSFORM headers REPLACE "(.+)" "#include <\\1>\n")
  list(JOIN headers "" content)
  file(CONFIGURE OUTPUT "${source}" CONTENT "${content}" @ONLY)
  set(test "header/${compiler}/c++${standard}/${name}")
  add_test(NAME "${test}" COMMAND ${ARGN} -std=c++${standard} "-I${PROJECT_SOURCE_DIR}/include" "${source}")
  set_tests_properties("${test}" PROPERTIES LABELS "host;header")
endfunction()

file(
  GLOB robocache_headers
  RELATIVE "${PROJECT_SOURCE_DIR}/include"
  CONFIGURE_DEPENDS include/robocache/*.hpp include/robocache/*.cuh include/robocache/device/*.cuh)
# Only device/ may ask for CUDA's headers: the others are for projects that have none.
set(robocache_hpp ${robocache_headers})
list(FILTER robocache_hpp INCLUDE REGEX "\\.hpp$")
set(robocache_device ${robocache_headers})
list(FILTER robocache_device INCLUDE REGEX "/device/")
set(robocache_cuh ${robocache_headers})
list(FILTER robocache_cuh INCLUDE REGEX "\\.cuh$")

set(robocache_check_cxx -fsyntax-only -Wall -Wextra -Wpedantic -Wshadow -Werror)
list(TRANSFORM CUDAToolkit_INCLUDE_DIRS PREPEND -isystem OUTPUT_VARIABLE robocache_cuda_includes)
set(robocache_check_cuda "${CMAKE_CUDA_COMPILER}" -ccbin "${CMAKE_CXX_COMPILER}" -arch=sm_90 -Werror all-warnings
                         -Xcompiler=-Wall,-Wextra,-Werror -c -o /dev/null)

foreach(header IN LISTS robocache_hpp)
  robocache_add_header_test(${CMAKE_CXX_COMPILER_ID} 17 ${header} cpp "${header};${header}" "${CMAKE_CXX_COMPILER}"
                            ${robocache_check_cxx})
endforeach()
foreach(header IN LISTS robocache_device)
  robocache_add_header_test(${CMAKE_CXX_COMPILER_ID} 17 ${header} cpp "${header};${header}" "${CMAKE_CXX_COMPILER}"
                            ${robocache_check_cxx} ${robocache_cuda_includes})
endforeach()
foreach(header IN LISTS robocache_cuh)
  robocache_add_header_test(nvcc 17 ${header} cu "${header};${header}" ${robocache_check_cuda})
endforeach()

set(robocache_cxx_compilers ${CMAKE_CXX_COMPILER_ID})
set(robocache_cxx_${CMAKE_CXX_COMPILER_ID} "${CMAKE_CXX_COMPILER}")
if(ROBOCACHE_CLANG AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  list(APPEND robocache_cxx_compilers Clang)
  set(robocache_cxx_Clang "${ROBOCACHE_CLANG}")
endif()
foreach(standard IN ITEMS 17 20)
  foreach(compiler IN LISTS robocache_cxx_compilers)
    robocache_add_header_test(${compiler} ${standard} all_hpp cpp "${robocache_hpp}" "${robocache_cxx_${compiler}}"
                              ${robocache_check_cxx})
    robocache_add_header_test(${compiler} ${standard} all_device cpp "${robocache_device}" "${robocache_cxx_${compiler}}"
                              ${robocache_check_cxx} ${robocache_cuda_includes})
  endforeach()
endforeach()
robocache_add_header_test(nvcc 20 all_headers cu "${robocache_headers}" ${robocache_check_cuda})
