// SPDX-License-Identifier: Apache-2.0
// One occupancy map from the scans of a whole drive, on as many GPUs as there are: each adds its share of the scans to
// its own map, and one all-reduce merges the maps. The maximum of bytes that are 0 or 1 is their OR: exact, and the
// same in whatever order NCCL takes the ranks. So the map has the same bits for every number of GPUs and every split.
// (Counts would work with ncclSum, for the same reason; sums of floats would not.)

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include <robocache/host.hpp>
#include <robocache/voxelize.cuh>

#include "device_memory.hpp"
#include "ranks.hpp"
#include "scans.cuh"

namespace rc = robocache;

using occupancy = std::vector<std::uint8_t>;  // [z, y, x]

__global__ void make_scan(std::int64_t scan, float* points) {
  std::int64_t const i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < example::points_a_scan) { example::make_point(scan, i, points + 3 * i); }
}

rc::voxel_options adding() {
  rc::voxel_options options;
  options.accumulate = true;
  return options;
}

rc::voxel_output<float> into(std::uint8_t* map) {
  rc::voxel_output<float> out;
  out.occupied = map;  // bytes, unless told otherwise
  return out;
}

/// What a GPU holds: its own scans' map, and after the reduction the whole map.
struct map_part {
  example::rank gpu;
  example::device_array<std::uint8_t> cells;
  example::device_array<float> points;  // of the current scan

  explicit map_part(example::rank&& one) : gpu(std::move(one)) {
    example::check(cudaSetDevice(gpu.device));
    cells = example::device_allocate<std::uint8_t>(example::street.total());
    points = example::device_allocate<float>(3 * example::points_a_scan);
  }

  void clear() const {
    example::check(cudaSetDevice(gpu.device));
    example::check(cudaMemsetAsync(cells.get(), 0, example::street.total(), gpu.cuda_stream.get()));
  }

  /// Enqueues one scan. Occupancy needs no scratch.
  void add(std::int64_t scan) const {
    example::check(cudaSetDevice(gpu.device));
    constexpr unsigned threads = 256, blocks = (example::points_a_scan + threads - 1) / threads;
    make_scan<<<blocks, threads, 0, gpu.cuda_stream.get()>>>(scan, points.get());
    example::check(cudaGetLastError());
    auto const cloud = rc::point_clouds::dense(points.get(), 1, example::points_a_scan);
    example::check(rc::voxelize(cloud, example::street, into(cells.get()), adding(), {}, gpu.cuda_stream.get()));
  }
};

void wait_for(std::vector<map_part> const& parts) {
  for (auto const& part : parts) { example::check(cudaStreamSynchronize(part.gpu.cuda_stream.get())); }
}

struct times {
  double adding, reducing;  // milliseconds
};

/// Leaves the map of all scans on every rank. Rank r adds scans `first[r]` to `first[r + 1]`.
times build_map(std::vector<map_part> const& parts, std::vector<std::int64_t> const& first) {
  auto const begun = std::chrono::steady_clock::now();
  for (auto const& part : parts) { part.clear(); }
  // Scan by scan over the ranks rather than rank by rank, so that all GPUs have work from the start.
  for (std::int64_t i = 0; i < example::scans; ++i) {
    for (std::size_t r = 0; r < parts.size(); ++r) {
      if (first[r] + i < first[r + 1]) { parts[r].add(first[r] + i); }
    }
  }
  wait_for(parts);
  auto const added = std::chrono::steady_clock::now();
  example::check(ncclGroupStart());
  for (auto const& [gpu, cells, points] : parts) {
    example::check(ncclAllReduce(cells.get(), cells.get(), example::street.total(), ncclUint8, ncclMax,
                                 gpu.communicator.get(), gpu.cuda_stream.get()));
  }
  example::check(ncclGroupEnd());
  wait_for(parts);
  std::chrono::duration<double, std::milli> const adding = added - begun;
  std::chrono::duration<double, std::milli> const reducing = std::chrono::steady_clock::now() - added;
  return {adding.count(), reducing.count()};
}

/// The same map without a GPU.
occupancy map_on_host() {
  occupancy map(example::street.total());
  std::vector<float> points(3 * example::points_a_scan);
  auto const cloud = rc::point_clouds::dense(points.data(), 1, example::points_a_scan);
  for (std::int64_t scan = 0; scan < example::scans; ++scan) {
    for (std::int64_t i = 0; i < example::points_a_scan; ++i) { example::make_point(scan, i, &points[3 * i]); }
    example::check(rc::host::voxelize(cloud, example::street, into(map.data()), adding()));
  }
  return map;
}

/// Shares as equal as whole scans allow.
std::vector<std::int64_t> even_split(std::int64_t ranks) {
  std::vector<std::int64_t> first(ranks + 1);
  for (std::int64_t r = 0; r <= ranks; ++r) { first[r] = example::scans * r / ranks; }
  return first;
}

/// Rank 0 has no scan at all, and each has more than the one before. For two ranks or more.
std::vector<std::int64_t> uneven_split(std::int64_t ranks) {
  std::vector<std::int64_t> first(ranks + 1);
  for (std::int64_t r = 1; r <= ranks; ++r) { first[r] = example::scans * r * (r - 1) / (ranks * (ranks - 1)); }
  return first;
}

/// FNV-1a, 64 bits.
std::uint64_t checksum(occupancy const& map) {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (std::uint8_t const cell : map) { sum = (sum ^ cell) * 0x100000001b3; }
  return sum;
}

void print(char const* whose, occupancy const& map) {
  std::printf("%s: checksum %016llx, %lld of %lld cells occupied\n", whose,
              static_cast<unsigned long long>(checksum(map)),
              static_cast<long long>(std::count(map.begin(), map.end(), 1)), static_cast<long long>(map.size()));
}

/// Builds the map twice, first to load kernels and connect the ranks, then to measure.
/// @return true where each rank holds what is expected
bool try_split(std::vector<map_part> const& parts, std::vector<std::int64_t> const& first, occupancy const& expected) {
  build_map(parts, first);
  times const took = build_map(parts, first);
  std::printf("ranks %d, scans of each", static_cast<int>(parts.size()));
  for (std::size_t r = 0; r < parts.size(); ++r) { std::printf(" %d", static_cast<int>(first[r + 1] - first[r])); }
  std::printf(": made and added in %.2f ms, reduced in %.2f ms\n", took.adding, took.reducing);
  bool right = true;
  for (auto const& part : parts) {
    auto const map = example::to_host(part.cells, example::street.total());
    bool const same = map == expected;
    right = right && same;
    if (part.gpu.device == 0 || !same) {
      std::printf("  rank %d, ", part.gpu.device);
      print(same ? "as on the host" : "DIFFERENT", map);
    }
  }
  return right;
}

std::vector<map_part> make_parts(int gpus) {
  std::vector<map_part> parts;
  for (auto& one : example::make_ranks(gpus)) { parts.emplace_back(std::move(one)); }
  return parts;
}

/// All GPUs, or as many as `--gpus` says.
int gpus_to_use(int argc, char** argv) {
  int present = 0;
  example::check(cudaGetDeviceCount(&present));
  if (argc == 1) { return present; }
  int const wanted = argc == 3 && std::strcmp(argv[1], "--gpus") == 0 ? std::atoi(argv[2]) : 0;
  if (wanted < 1 || wanted > present) {
    std::fprintf(stderr, "usage: %s [--gpus N], N from 1 to %d here\n", argv[0], present);
    std::exit(2);
  }
  return wanted;
}

int main(int argc, char** argv) {
  if (!example::has_device()) { return 0; }
  int const gpus = gpus_to_use(argc, argv);
  std::printf("%d scans of %d points\n", static_cast<int>(example::scans), static_cast<int>(example::points_a_scan));
  auto const expected = map_on_host();
  print("host", expected);
  bool right = try_split(make_parts(1), even_split(1), expected);
  if (gpus > 1) {
    auto const parts = make_parts(gpus);
    right = try_split(parts, even_split(gpus), expected) && right;
    right = try_split(parts, uneven_split(gpus), expected) && right;
  }
  return right ? 0 : 1;
}
