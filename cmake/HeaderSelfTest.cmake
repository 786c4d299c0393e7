# SPDX-License-Identifier: Apache-2.0
# One test for each public header, compiler and standard: the header compiles alone, and twice in a row, with warnings
# as errors. Plain C++ headers and device/ see g++ and clang++ (where it is installed), *.cuh sees nvcc.

find_program(ROBOCACHE_CLANG NAMES clang++ clang++-20 clang++-19 clang++-18 clang++-17 clang++-16 clang++-15 clang++-14)

# Adds the test `header/<compiler>/c++<standard>/<header>`, which runs the given command on a file that includes it.
function(robocache_add_header_test compiler standard header extension)
  string(MAKE_C_IDENTIFIER "${header}" stem)
  set(source "${PROJECT_BINARY_DIR}/header_self_test/${stem}.${extension}")
  file(CONFIGURE OUTPUT "${source}" CONTENT "#include <${header}>\n#include <${header}>\n" @ONLY)
  set(name "header/${compiler}/c++${standard}/${header}")
  add_test(NAME "${name}" COMMAND ${ARGN} -std=c++${standard} "-I${PROJECT_SOURCE_DIR}/include" "${source}")
  set_tests_properties("${name}" PROPERTIES LABELS "host;header")
endfunction()

set(robocache_cxx_compilers ${CMAKE_CXX_COMPILER_ID})
set(robocache_cxx_${CMAKE_CXX_COMPILER_ID} "${CMAKE_CXX_COMPILER}")
if(ROBOCACHE_CLANG AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  list(APPEND robocache_cxx_compilers Clang)
  set(robocache_cxx_Clang "${ROBOCACHE_CLANG}")
endif()
set(robocache_syntax_options -fsyntax-only -Wall -Wextra -Wpedantic -Wshadow -Werror)

file(
  GLOB robocache_headers
  RELATIVE "${PROJECT_SOURCE_DIR}/include"
  CONFIGURE_DEPENDS include/robocache/*.hpp include/robocache/*.cuh include/robocache/device/*.cuh)
foreach(header IN LISTS robocache_headers)
  foreach(standard IN ITEMS 17 20)
    if(header MATCHES "\\.hpp$|/device/")
      # Only device/ may ask for CUDA's headers: the others are for projects that have none.
      set(includes)
      if(header MATCHES "/device/")
        list(TRANSFORM CUDAToolkit_INCLUDE_DIRS PREPEND -isystem OUTPUT_VARIABLE includes)
      endif()
      foreach(compiler IN LISTS robocache_cxx_compilers)
        robocache_add_header_test(${compiler} ${standard} ${header} cpp "${robocache_cxx_${compiler}}"
                                  ${robocache_syntax_options} ${includes})
      endforeach()
    endif()
    if(header MATCHES "\\.cuh$")
      robocache_add_header_test(
        nvcc ${standard} ${header} cu "${CMAKE_CUDA_COMPILER}" -ccbin "${CMAKE_CXX_COMPILER}" -arch=sm_90 -Werror
        all-warnings -Xcompiler=-Wall,-Wextra,-Werror -c -o /dev/null)
    endif()
  endforeach()
endforeach()
