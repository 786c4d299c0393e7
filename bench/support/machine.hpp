// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/record.hpp"

namespace robocache::bench {

/// What the figures depend on beside the code, from the runtime, `nvidia-smi` and the wall clock.
machine describe_machine(std::string commit);

/// The clocks at this moment: "1980 MHz SM, 2619 MHz memory". To be read while the chip is still busy or warm.
std::string current_clocks();

}  // namespace robocache::bench
