// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/clean/clean.hpp"

namespace test::oracle {

/// What is left of a series, by the six steps of the specification, one after the other over whole lists of rows.
template <class Stamp>
cleaned<Stamp> clean(dirty_series<Stamp> const& p);

}  // namespace test::oracle
