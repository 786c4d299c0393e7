// SPDX-License-Identifier: Apache-2.0
#pragma once

// Catch2 under one name: version 3 where its headers are found, else the single header of version 2.
#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_test_macros.hpp>
#else
#include <catch2/catch.hpp>
#endif

// Under nvcc, version 3 puts "nv_diagnostic push" and "pop" around each assertion. Where they are in a member function
// that is defined in its class, cudafe++ of CUDA 13.0 never finishes: .cu files do without.
#ifdef __CUDACC__
#undef CATCH_INTERNAL_START_WARNINGS_SUPPRESSION
#undef CATCH_INTERNAL_STOP_WARNINGS_SUPPRESSION
#undef CATCH_INTERNAL_SUPPRESS_UNUSED_VARIABLE_WARNINGS
#define CATCH_INTERNAL_START_WARNINGS_SUPPRESSION
#define CATCH_INTERNAL_STOP_WARNINGS_SUPPRESSION
#define CATCH_INTERNAL_SUPPRESS_UNUSED_VARIABLE_WARNINGS
#endif
