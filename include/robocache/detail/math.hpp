// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/standard.hpp>

// Apart from standard.hpp, because <cmath> takes a C++ compiler several times as long as all of that header.
#if defined(__CUDACC_RTC__)
#include <cuda/std/cmath>
#else
#include <cmath>
#endif
