# SPDX-License-Identifier: Apache-2.0
# Which CUDA compiler, and which architectures it compiles for.

# Every chip that a release runs on; the compiler at hand may know fewer. A new chip is one number here; policies need a
# line for it only where its best shapes differ.
set(ROBOCACHE_RELEASE_ARCHITECTURES 80 86 87 89 90 100 110 120)

# The numbers after `prefix` in what nvcc prints for `question`, ascending: sm_80 sm_90 gives 80;90.
function(robocache_ask_nvcc question prefix result)
  execute_process(
    COMMAND "${CMAKE_CUDA_COMPILER}" ${question}
    OUTPUT_VARIABLE answer
    COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "${prefix}_[0-9]+" numbers "${answer}")
  list(TRANSFORM numbers REPLACE "${prefix}_" "")
  list(SORT numbers COMPARE NATURAL)
  set(${result} ${numbers} PARENT_SCOPE)
endfunction()

# Machine code for each release architecture that nvcc knows, and the newest PTX for future chips.
function(robocache_release_architectures result)
  robocache_ask_nvcc(--list-gpu-code sm known)
  robocache_ask_nvcc(--list-gpu-arch compute virtual)
  set(chosen)
  foreach(architecture IN LISTS ROBOCACHE_RELEASE_ARCHITECTURES)
    if(architecture IN_LIST known)
      list(APPEND chosen ${architecture}-real)
    endif()
  endforeach()
  list(GET virtual -1 newest)
  set(${result} ${chosen} ${newest}-virtual PARENT_SCOPE)
endfunction()

# The GPU of this machine, or sm_90 and its PTX where there is none.
function(robocache_local_architectures result)
  execute_process(
    COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader
    OUTPUT_VARIABLE answer
    RESULT_VARIABLE failed
    ERROR_QUIET)
  set(found 90)
  if(NOT failed AND answer MATCHES "[0-9]+\\.[0-9]")
    set(found native)
  endif()
  set(${result} ${found} PARENT_SCOPE)
endfunction()

# Sets CMAKE_CUDA_COMPILER and CMAKE_CUDA_ARCHITECTURES where the caller has not. The architectures may be given as
# CMake's own words or as `release`.
macro(robocache_settle_cuda)
  if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
    # The toolkit's installer does not add nvcc to PATH.
    find_program(CMAKE_CUDA_COMPILER nvcc PATHS ENV CUDA_HOME /usr/local/cuda PATH_SUFFIXES bin)
  elseif(NOT CMAKE_CUDA_COMPILER)
    set(CMAKE_CUDA_COMPILER "$ENV{CUDACXX}" CACHE FILEPATH "The CUDA compiler")
  endif()
  if(NOT CMAKE_CUDA_COMPILER)
    message(FATAL_ERROR "No nvcc in PATH, in $CUDA_HOME/bin or in /usr/local/cuda/bin: install the CUDA Toolkit or "
                        "set CMAKE_CUDA_COMPILER")
  endif()
  if(NOT CMAKE_CUDA_ARCHITECTURES AND NOT DEFINED ENV{CUDAARCHS})
    robocache_local_architectures(robocache_architectures)
    set(CMAKE_CUDA_ARCHITECTURES "${robocache_architectures}" CACHE STRING "CUDA architectures, or: release")
    message(STATUS "CUDA architectures: ${CMAKE_CUDA_ARCHITECTURES} (CMAKE_CUDA_ARCHITECTURES=release: all)")
  elseif(CMAKE_CUDA_ARCHITECTURES STREQUAL "release")
    robocache_release_architectures(CMAKE_CUDA_ARCHITECTURES)
    message(STATUS "CUDA architectures: ${CMAKE_CUDA_ARCHITECTURES}")
  endif()
endmacro()
