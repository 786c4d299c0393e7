// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <memory>

#include "summarize/cases.hpp"
#include "support/prepared_case.hpp"

namespace robocache::bench {

std::unique_ptr<prepared_case> prepare(summarize_case const& one, cudaStream_t cuda_stream);

/// The same for chunks, in chunks.cu.
std::unique_ptr<prepared_case> prepare_chunks(summarize_case const& one, cudaStream_t cuda_stream);

}  // namespace robocache::bench
