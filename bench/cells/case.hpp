// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <memory>

#include "cells/cases.hpp"
#include "support/prepared_case.hpp"

namespace robocache::bench {

std::unique_ptr<prepared_case> prepare(voxelize_case const& one, cudaStream_t cuda_stream);

/// The same for the backward pass, and for bounds.
std::unique_ptr<prepared_case> prepare_voxelize_backward(voxelize_case const& one, cudaStream_t cuda_stream);
std::unique_ptr<prepared_case> prepare_find_bounds(voxelize_case const& one, cudaStream_t cuda_stream);

}  // namespace robocache::bench
