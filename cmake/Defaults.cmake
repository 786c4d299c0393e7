# SPDX-License-Identifier: Apache-2.0
# What every target of this project is compiled with. Nothing here reaches a consumer.

# Warnings, arithmetic as written, and the sanitizers asked for. Every target of src, tests, bench and examples calls
# this once.
function(robocache_defaults target)
  set(warnings -Wall -Wextra -Wshadow -Wnon-virtual-dtor)
  if(ROBOCACHE_WARNINGS_AS_ERRORS)
    list(APPEND warnings -Werror)
    target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:SHELL:-Werror all-warnings>")
  endif()

  # Results are the same bits on every CPU and GPU: no contraction into fused operations.
  set(host_options ${warnings} -ffp-contract=off)
  foreach(sanitizer IN LISTS ROBOCACHE_SANITIZE)
    list(APPEND host_options -fsanitize=${sanitizer})
    target_link_options(${target} PRIVATE -fsanitize=${sanitizer})
  endforeach()
  if(ROBOCACHE_SANITIZE)
    list(APPEND host_options -fno-omit-frame-pointer -fno-sanitize-recover=all)
  endif()
  list(JOIN host_options "," forwarded)
  target_compile_options(
    ${target}
    PRIVATE "$<$<COMPILE_LANGUAGE:CXX>:${host_options};-Wpedantic>"
            # nvcc's own generated code is not pedantic.
            "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=${forwarded}>")
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF CUDA_EXTENSIONS OFF)
endfunction()
