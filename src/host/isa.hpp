// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "blend.hpp"

namespace robocache::host::detail {

/// The instruction sets that blending is compiled for, narrowest first.
enum class isa : std::uint8_t { baseline, avx2, avx512 };

/// True where this CPU and its operating system run `set`.
bool runs(isa set) noexcept;

/// Blending compiled for `set`, which must run here.
blend_table const& blend_table_of(isa set) noexcept;

/// Blending with the widest set that runs here, or with the one chosen by `use_isa`.
blend_table const& blend_in_use() noexcept;

/// For tests: all later calls blend with `set`, which must run here.
void use_isa(isa set) noexcept;

}  // namespace robocache::host::detail
