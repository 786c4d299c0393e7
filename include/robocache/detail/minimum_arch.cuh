// SPDX-License-Identifier: Apache-2.0
#pragma once

// Included by everything that has device code; not by the plain headers, which files for older chips may include too.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
#error "RoboCache needs compute capability 8.0 or newer: name one, as nvcc -arch=sm_90 or CMAKE_CUDA_ARCHITECTURES=90"
#endif
