// SPDX-License-Identifier: Apache-2.0
#pragma once

// Catch2 under one name: version 3 where its headers are found, else the single header of version 2.
#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_test_macros.hpp>
#else
#include <catch2/catch.hpp>
#endif
