// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include <robocache/dtype.hpp>

#include "host/common/blend.hpp"

namespace robocache::host::detail {

/// The instruction sets that blending is compiled for, narrowest first.
enum class isa : std::uint8_t { baseline, avx2, avx512 };

/// True where this CPU and its operating system run `set`.
bool runs(isa set) noexcept;

/// Blending compiled for `set`, which must run here.
blend_function blend_function_of(isa set, dtype value, dtype result) noexcept;

/// The fastest blending that runs here for rows of `channels`, or the one that `force_isa` has set.
blend_function best_blend_function(dtype value, dtype result, std::int64_t channels) noexcept;

/// For tests: all later calls blend with `set`, which must run here; with none, they blend with the fastest again.
void force_isa(std::optional<isa> set) noexcept;

}  // namespace robocache::host::detail
