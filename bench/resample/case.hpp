// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <memory>

#include "resample/cases.hpp"
#include "support/prepared_case.hpp"

namespace robocache::bench {

std::unique_ptr<prepared_case> prepare(resample_case const& one, cudaStream_t cuda_stream);

/// The same for cases that go backward.
std::unique_ptr<prepared_case> prepare_backward(resample_case const& one, cudaStream_t cuda_stream);

}  // namespace robocache::bench
