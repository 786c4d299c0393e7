// SPDX-License-Identifier: Apache-2.0
#include "support/machine.hpp"

#include <cuda_runtime_api.h>

#include <cstdio>
#include <ctime>
#include <memory>
#include <utility>

#include "support/harness.cuh"

namespace robocache::bench {

namespace {

/// The first line that `nvidia-smi` prints for the first GPU. Empty where there is no such program.
std::string ask_nvidia_smi(std::string const& field) {
  std::string const command = "nvidia-smi --id=0 --format=csv,noheader --query-gpu=" + field + " 2>/dev/null";
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> const pipe(popen(command.c_str(), "r"), pclose);
  char line[256] = "";
  if (pipe == nullptr || std::fgets(line, sizeof line, pipe.get()) == nullptr) { return {}; }
  std::string answer = line;
  return answer.substr(0, answer.find('\n'));
}

std::string version_text(int version) {
  return std::to_string(version / 1000) + '.' + std::to_string(version % 1000 / 10);
}

/// GB/s read and written that the copy kernel reaches on 1 GB when nothing disturbs the chip; 0 where it has not been
/// measured.
double undisturbed_copy(std::string const& chip) {
  if (chip == "NVIDIA H100 80GB HBM3") { return 3030.0; }
  return chip == "NVIDIA H200" ? 4280.0 : 0.0;
}

}  // namespace

machine describe_machine(std::string commit) {
  machine where;
  where.commit = std::move(commit);
  cudaDeviceProp properties{};
  int device = 0, runtime = 0;
  check(cudaGetDevice(&device), "cudaGetDevice");
  check(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties");
  check(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");
  where.chip = properties.name;
  where.cuda = version_text(runtime);
  where.driver = ask_nvidia_smi("driver_version");
  where.expected_gbps = undisturbed_copy(where.chip);
  std::time_t const now = std::time(nullptr);
  char date[40];
  std::strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", std::gmtime(&now));
  where.date = date;
  return where;
}

std::string current_clocks() {
  std::string const sm = ask_nvidia_smi("clocks.sm"), memory = ask_nvidia_smi("clocks.mem");
  return sm.empty() ? "unknown" : sm + " SM, " + memory + " memory";
}

}  // namespace robocache::bench
