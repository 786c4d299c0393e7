// SPDX-License-Identifier: Apache-2.0
// From a cloud to what a policy takes: farthest points, and the neighbours of each, without the host reading anything
// in between; and a kernel of one's own that draws rows without replacement by the library's permutation.

#include <cstdint>
#include <cstdio>
#include <random>
#include <set>
#include <vector>

#include <robocache/device/permutation.cuh>
#include <robocache/neighbours.cuh>
#include <robocache/sample_farthest.cuh>

#include "device_memory.hpp"

namespace rc = robocache;

constexpr std::int64_t points = 20'000, samples = 256, k = 8, batch_rows = 64;

/// One row of a data set for each thread: every row once an epoch, and no list of them anywhere.
__global__ void draw_rows(std::int64_t rows, std::uint64_t seed, std::int64_t epoch, std::int64_t* drawn) {
  rc::device::permutation const order = rc::device::make_permutation(rows, seed, epoch);
  drawn[threadIdx.x] = rc::device::permuted(order, threadIdx.x);
}

int main() {
  if (!example::has_device()) { return 0; }
  example::stream const cuda_stream = example::make_stream();
  std::mt19937 random(1);
  std::uniform_real_distribution<float> unit(0.0f, 1.0f);
  std::vector<float> all(3 * points);
  for (float& x : all) { x = unit(random); }
  auto const xyz = example::to_device(all);
  auto const clouds = rc::point_clouds::dense(xyz.get(), 1, points);

  auto const indices = example::device_allocate<std::int64_t>(samples);
  auto const sampled = example::device_allocate<float>(3 * samples);
  auto const near = example::device_allocate<std::int64_t>(samples * k);
  auto const drawn = example::device_allocate<std::int64_t>(batch_rows);
  std::int64_t const bytes = rc::sample_farthest_scratch(clouds, samples);
  auto const memory = example::device_allocate<char>(bytes);
  rc::sample_output const out{indices.get(), nullptr, sampled.get()};
  example::check(rc::sample_farthest(clouds, samples, out, {}, {memory.get(), bytes}, cuda_stream.get()));
  auto const queries = rc::point_clouds::dense(sampled.get(), 1, samples);
  example::check(rc::nearest_neighbours(queries, clouds, k, {near.get()}, cuda_stream.get()));
  draw_rows<<<1, batch_rows, 0, cuda_stream.get()>>>(1'000'000, 42, 3, drawn.get());

  auto const found = example::to_host(indices, samples);
  auto const neighbours = example::to_host(near, samples * k);
  auto const rows = example::to_host(drawn, batch_rows);
  bool right = std::set<std::int64_t>(found.begin(), found.end()).size() == samples &&
               std::set<std::int64_t>(rows.begin(), rows.end()).size() == batch_rows;
  for (std::int64_t i = 0; i < samples; ++i) { right = right && neighbours[i * k] == found[i]; }  // itself
  std::printf("%lld of %lld points, their neighbours, and %lld rows: %s\n", static_cast<long long>(samples),
              static_cast<long long>(points), static_cast<long long>(batch_rows), right ? "as expected" : "WRONG");
  return right ? 0 : 1;
}
