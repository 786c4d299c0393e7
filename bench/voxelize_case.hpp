// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <memory>

#include "prepared_case.hpp"
#include "voxelize_cases.hpp"

namespace robocache::bench {

std::unique_ptr<prepared_case> prepare(voxelize_case const& one, cudaStream_t cuda_stream);

/// The same for the way back, and for bounds.
std::unique_ptr<prepared_case> prepare_voxelize_backward(voxelize_case const& one, cudaStream_t cuda_stream);
std::unique_ptr<prepared_case> prepare_find_bounds(voxelize_case const& one, cudaStream_t cuda_stream);

}  // namespace robocache::bench
