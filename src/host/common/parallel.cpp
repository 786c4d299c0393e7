// SPDX-License-Identifier: Apache-2.0
#include "host/common/parallel.hpp"

#include <unistd.h>

namespace robocache::host::detail {
namespace {

pid_t const loaded_by = getpid();

}  // namespace

bool is_forked_child() noexcept { return getpid() != loaded_by; }

}  // namespace robocache::host::detail
