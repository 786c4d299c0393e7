# SPDX-License-Identifier: Apache-2.0
# Each public header compiles alone, and twice in a row, with warnings as errors: *.cuh under nvcc, what plain C++ may
# include (*.hpp and device/) under the C++ compiler. One file that includes them all covers the rest: the other
# compilers (clang++, where it is installed) and C++20.
#
# A test compiles all files of one compiler, each on its own, in one call. nvcc stops at PTX that is not optimised: by
# then it has read all code of a header, in a quarter of the time.

find_program(ROBOCACHE_CLANG NAMES clang++ clang++-20 clang++-19 clang++-18 clang++-17 clang++-16 clang++-15 clang++-14)

# Adds to the list `sources` a file `name` that includes `headers`.
function(robocache_header_probe sources name headers)
  set(source "${PROJECT_BINARY_DIR}/header_self_test/${name}")
  list(TRANSFORM headers REPLACE "(.+)" "#include <\\1>\n")
  list(JOIN headers "" content)
  file(CONFIGURE OUTPUT "${source}" CONTENT "${content}" @ONLY)
  set(${sources} ${${sources}} "${source}" PARENT_SCOPE)
endfunction()

# Adds to the list `sources` a file for each of `headers`, which includes it twice.
function(robocache_header_probes sources extension headers)
  foreach(header IN LISTS headers)
    string(MAKE_C_IDENTIFIER "${header}" stem)
    robocache_header_probe(${sources} "${stem}.${extension}" "${header};${header}")
  endforeach()
  set(${sources} ${${sources}} PARENT_SCOPE)
endfunction()

# Adds the test `header/<name>`: the command after `sources` compiles each of them.
function(robocache_add_header_test name standard sources)
  add_test(NAME "header/${name}" COMMAND ${ARGN} -std=c++${standard} "-I${PROJECT_SOURCE_DIR}/include" ${sources}
           WORKING_DIRECTORY "${PROJECT_BINARY_DIR}/header_self_test")
  set_tests_properties("header/${name}" PROPERTIES LABELS "host;header")
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
set(robocache_alone_hpp)
set(robocache_alone_device)
set(robocache_alone_cuh)
set(robocache_all_hpp)
set(robocache_all_device)
set(robocache_all)
robocache_header_probes(robocache_alone_hpp cpp "${robocache_hpp}")
robocache_header_probes(robocache_alone_device cpp "${robocache_device}")
robocache_header_probes(robocache_alone_cuh cu "${robocache_cuh}")
robocache_header_probe(robocache_all_hpp all_hpp.cpp "${robocache_hpp}")
robocache_header_probe(robocache_all_device all_device.cpp "${robocache_device}")
robocache_header_probe(robocache_all all_headers.cu "${robocache_headers}")

set(robocache_check_cxx -fsyntax-only -Wall -Wextra -Wpedantic -Wshadow -Werror)
list(TRANSFORM CUDAToolkit_INCLUDE_DIRS PREPEND -isystem OUTPUT_VARIABLE robocache_cuda_includes)
set(robocache_check_cuda "${CMAKE_CUDA_COMPILER}" -ccbin "${CMAKE_CXX_COMPILER}" -arch=sm_90 -G
                         -Werror all-warnings)

set(robocache_cxx ${CMAKE_CXX_COMPILER_ID})
robocache_add_header_test(${robocache_cxx}/alone/hpp 17 "${robocache_alone_hpp}" "${CMAKE_CXX_COMPILER}"
                          ${robocache_check_cxx})
robocache_add_header_test(${robocache_cxx}/alone/device 17 "${robocache_alone_device}" "${CMAKE_CXX_COMPILER}"
                          ${robocache_check_cxx} ${robocache_cuda_includes})
robocache_add_header_test(nvcc/alone 17 "${robocache_alone_cuh}" ${robocache_check_cuda} -ptx)

set(robocache_cxx_compilers ${robocache_cxx})
set(robocache_cxx_${robocache_cxx} "${CMAKE_CXX_COMPILER}")
if(ROBOCACHE_CLANG AND NOT robocache_cxx STREQUAL "Clang")
  list(APPEND robocache_cxx_compilers Clang)
  set(robocache_cxx_Clang "${ROBOCACHE_CLANG}")
endif()
foreach(standard IN ITEMS 17 20)
  foreach(compiler IN LISTS robocache_cxx_compilers)
    robocache_add_header_test(${compiler}/c++${standard}/hpp ${standard} "${robocache_all_hpp}"
                              "${robocache_cxx_${compiler}}" ${robocache_check_cxx})
    robocache_add_header_test(${compiler}/c++${standard}/device ${standard} "${robocache_all_device}"
                              "${robocache_cxx_${compiler}}" ${robocache_check_cxx} ${robocache_cuda_includes})
  endforeach()
endforeach()
robocache_add_header_test(nvcc/c++20 20 "${robocache_all}" ${robocache_check_cuda} -Xcompiler=-Wall,-Wextra,-Werror -c
                          -o all_headers.o)
