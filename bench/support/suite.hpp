// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime_api.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/prepared_case.hpp"
#include "support/requirement.hpp"

namespace robocache::bench {

/// Brings a case into device memory.
using preparation = std::function<std::unique_ptr<prepared_case>(cudaStream_t cuda_stream)>;

/// A case by its name, prepared when it is to run.
struct listed_case {
  std::string name;
  std::string reference;  ///< the case it is compared with, itself if it is plain
  requirement required{};
  requirement also{};       ///< beside `required`, with the same weight
  bool one_by_one = false;  ///< calls are also timed as in a program that waits for each
  std::string lacking;      ///< what it needs and this machine lacks; empty: it can run
  preparation prepare;
};

/// Brings a case into device memory by the `prepare` of its type.
template <class Case>
preparation preparation_of(Case const& one) {
  return [one](cudaStream_t cuda_stream) { return prepare(one, cuda_stream); };
}

/// A plain case.
template <class Case>
listed_case list_case(Case const& one) {
  listed_case listed;
  listed.name = listed.reference = name_of(one);
  listed.required = one.required;
  listed.prepare = preparation_of(one);
  return listed;
}

/// What one program measures.
struct suite {
  std::string family;   ///< "resample"; its program is bench_resample
  std::string example;  ///< a part of some names, for the usage text
  std::vector<listed_case> cases;
  preparation launch;           ///< of the case on which the host time of a call is measured
  double launch_must_us = 0.0;  ///< what it may be; 0: measured for information
};

/// The whole program, on the command line of options.hpp.
/// @return its exit code
int run_program(suite const& all, int argc, char** argv);

}  // namespace robocache::bench
