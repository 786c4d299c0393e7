// SPDX-License-Identifier: Apache-2.0
#pragma once

// No file has this name: a missing file is the one mistake after which every compiler stops without further messages.
#if __cplusplus < 201703L
#include "RoboCache needs C++17 or newer: compile with -std=c++17"
#endif

// `__host__ __device__` where the compiler knows these words, nothing elsewhere: g++ and clang, too, compile the
// building blocks in device/ and the argument checks, for the host side. NOINLINE keeps rare and long code (128-bit
// divisions) out of the kernels' straight line, where every instruction is latency.
#if defined(__CUDACC__)
#define ROBOCACHE_HOST_DEVICE __host__ __device__
#define ROBOCACHE_NOINLINE __noinline__
#else
#define ROBOCACHE_HOST_DEVICE
#define ROBOCACHE_NOINLINE
#endif

// Keeps kernels and launchers out of a shared library's symbol table, so that two libraries built for
// different chips can live in one process without binding to each other's kernels.
#define ROBOCACHE_HIDDEN __attribute__((visibility("hidden")))
