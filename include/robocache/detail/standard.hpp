// SPDX-License-Identifier: Apache-2.0
#pragma once

// The parts of the standard library that device/ and the views that callers fill in use, except for mathematics, which
// is in math.hpp. NVRTC, which compiles kernels at run time, has no standard headers: there the same names come from
// the toolkit's libcu++, and `std` inside this namespace is `cuda::std`.
#if defined(__CUDACC_RTC__)

#include <cuda/std/cstddef>
#include <cuda/std/cstdint>
#include <cuda/std/cstring>
#include <cuda/std/limits>
#include <cuda/std/type_traits>

namespace robocache {
namespace std = ::cuda::std;
}

#else

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#endif
