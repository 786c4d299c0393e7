// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <robocache/bounds.cuh>
#include <robocache/voxelize.cuh>
#include <robocache/voxelize_backward.cuh>

#include "support/catch.hpp"
#include "support/cells/backward.hpp"
#include "support/cells/cells.hpp"
#include "support/device_job.cuh"
#include "support/device_space.hpp"
#include "support/own_stream.cuh"

// `voxelize`, `voxelize_backward` and `find_bounds` as a user instantiates them, and what a call does besides its
// results: as package/header_api.cu and resample/contract_gpu.cu for `resample`.
using namespace test;

namespace {

template <class Value, class Result>
std::string voxelize_as_host(voxel_problem p) {
  p.value_type = robocache::dtype_of<Value>::value;
  p.result_type = robocache::dtype_of<Result>::value;
  p.interleaved_at = -1;
  p.options.sums = summation::ordered;
  p.options.accumulate = false;
  p.before = {};
  generator random(43);
  p.draw_features(random, p.channels);
  voxelized const o = run_voxelize<device_space>(
      p,
      [](voxel_arguments const& a) {
        return call_voxelize<Value, Result>(
            a, [](auto const&... arguments) { return robocache::voxelize_scratch(arguments...); });
      },
      [](voxel_arguments const& a) {
        status const s = call_voxelize<Value, Result>(a, [&](auto const&... arguments) {
          return robocache::voxelize(arguments..., a.memory, device_space::stream());
        });
        check_cuda(cudaStreamSynchronize(device_space::stream()), "the call's work");
        return s;
      });
  return o.trouble + difference(p, o, voxelize_on_host(p));
}

template <class Value, class Result>
std::string backward_as_host(voxel_backward_problem p) {
  p.forward.value_type = robocache::dtype_of<Value>::value;
  p.forward.result_type = robocache::dtype_of<Result>::value;
  p.forward.interleaved_at = -1;
  generator random(44);
  p.forward.draw_features(random, p.forward.channels);
  p.draw_incoming(random);
  using gradients = robocache::voxel_gradients<Result>;
  feature_gradients const o = run_voxelize_backward<device_space>(
      p,
      [](voxel_backward_arguments const& a) {
        voxel_arguments const& f = a.forward;
        return robocache::voxelize_backward_scratch(f.clouds, f.features_of<Value>(), f.lattice,
                                                    a.gradients<gradients, Result>());
      },
      [](voxel_backward_arguments const& a) {
        status const s = call_voxelize_backward<Value, Result>(a, [&](auto const&... arguments) {
          return robocache::voxelize_backward(arguments..., a.forward.memory, device_space::stream());
        });
        check_cuda(cudaStreamSynchronize(device_space::stream()), "the call's work");
        return s;
      });
  return o.trouble + difference(p, o, voxelize_backward_on_host(p));
}

/// The bits of numbers that are not floats.
std::vector<std::int32_t> integers(device_floats const& from, cudaStream_t stream) {
  auto const floats = from.read(stream);
  std::vector<std::int32_t> numbers(floats.size());
  std::memcpy(numbers.data(), floats.data(), floats.size() * 4);
  return numbers;
}

std::int32_t* as_integers(device_floats const& memory) { return reinterpret_cast<std::int32_t*>(memory.data()); }

/// Points dealt out to ten cells in turn, with four equal features each.
class crowd_job {
 public:
  static constexpr std::int64_t cells = 10;
  static constexpr std::int64_t points = 3000;
  static constexpr std::int64_t channels = 4;

  device_floats features{points * channels};
  device_floats x{points};
  device_floats zeros{points};
  device_floats sum{cells * channels};
  device_floats mean{cells * channels};
  device_floats largest{cells * channels};
  device_floats count{cells};
  device_floats dropped{1};
  device_floats gradients{points * channels};
  device_floats memory{1 << 20};

  crowd_job() {
    std::vector<float> places;
    for (std::int64_t i = 0; i < points; ++i) { places.push_back(float(i % cells) + 0.5f); }
    check_cuda(cudaMemcpy(x.data(), places.data(), places.size() * 4, cudaMemcpyHostToDevice), "upload");
    zeros.fill(0, nullptr);
    features.fill(1, nullptr);
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }

  robocache::point_clouds clouds() const {
    return robocache::point_clouds::separate(x.data(), zeros.data(), zeros.data(), 1, points);
  }
  robocache::grid lattice(float origin = 0) const {
    robocache::grid g;
    g.origin[1] = origin;
    g.cells[0] = cells;
    g.cells[1] = g.cells[2] = 1;
    return g;
  }

  /// What a check sees of results that nobody wrote.
  bool untouched(cudaStream_t stream) const {
    auto const now = sum.read(stream);
    auto const* bytes = reinterpret_cast<unsigned char const*>(now.data());
    return std::all_of(bytes, bytes + now.size() * 4, [](unsigned char b) { return b == poison; });
  }
};

class forward_job : public crowd_job {
 public:
  explicit forward_job(summation sums) { options.sums = sums; }

  status call(cudaStream_t stream, float origin = 0, std::int64_t missing = 0) const {
    robocache::voxel_output<float> out;
    out.sum = sum.data();
    out.mean = mean.data();
    out.max = options.sums == summation::ordered ? largest.data() : nullptr;
    out.count = as_integers(count);
    out.dropped = as_integers(dropped);
    robocache::point_features<float> const from{features.data(), channels};
    std::int64_t const bytes = robocache::voxelize_scratch(clouds(), from, lattice(), out, options);
    return robocache::voxelize(clouds(), from, lattice(origin), out, options,
                               robocache::scratch{memory.data(), bytes - missing}, stream);
  }

  void check(float factor, cudaStream_t stream) const {
    CHECK(sum.read(stream) == std::vector<float>(cells * channels, factor * float(points / cells)));
    CHECK(mean.read(stream) == std::vector<float>(cells * channels, factor));
    if (options.sums == summation::ordered) {
      CHECK(largest.read(stream) == std::vector<float>(cells * channels, factor));
    }
    CHECK(integers(count, stream) == std::vector<std::int32_t>(cells, points / cells));
    CHECK(integers(dropped, stream) == std::vector<std::int32_t>{0});
  }

  robocache::voxel_options options;
};

/// Counts and occupancy of points that are all at x = factor.
class mark_job : public crowd_job {
 public:
  status call(cudaStream_t stream) const {
    robocache::voxel_output<float> out;
    out.count = as_integers(count);
    out.occupied = mean.data();
    out.occupied_type = dtype::float32;
    out.occupied_bits = reinterpret_cast<std::uint32_t*>(sum.data());
    out.dropped = as_integers(dropped);
    return robocache::voxelize(clouds(), lattice(), out, {}, {}, stream);
  }

  void check(float factor, cudaStream_t stream) const {
    std::vector<std::int32_t> counts(cells, 0);
    std::uint32_t bits = 0;
    if (factor >= 0) {
      counts[std::size_t(factor)] = points;
      bits = 1u << unsigned(factor);
    }
    CHECK(integers(count, stream) == counts);
    CHECK(std::uint32_t(integers(sum, stream)[0]) == bits);
    for (std::size_t i = 0; i < cells; ++i) { CHECK(mean.read(stream)[i] == (counts[i] > 0 ? 1.0f : 0.0f)); }
    CHECK(integers(dropped, stream) == std::vector<std::int32_t>{factor < 0 ? std::int32_t(points) : 0});
  }
};

/// Gradients `factor` of sums and maxima, all features equal: the first point of each cell has both.
class backward_job : public crowd_job {
 public:
  status call(cudaStream_t stream, std::int64_t missing = 0) const {
    robocache::point_features<float> const from{features.data(), channels};
    robocache::voxel_gradients<float> incoming;
    incoming.sum = incoming.max = sum.data();
    robocache::feature_gradients<float> const out{gradients.data()};
    std::int64_t const bytes = robocache::voxelize_backward_scratch(clouds(), from, lattice(), incoming);
    return robocache::voxelize_backward(clouds(), from, lattice(), incoming, channel_order::last, out,
                                        robocache::scratch{memory.data(), bytes - missing}, stream);
  }

  void check(float factor, cudaStream_t stream) const {
    std::vector<float> wanted(points * channels, factor);
    std::fill_n(wanted.begin(), cells * channels, 2 * factor);
    CHECK(gradients.read(stream) == wanted);
  }
};

/// The bounds of points that are all at x = factor.
class bounds_job : public crowd_job {
 public:
  status call(cudaStream_t stream) const {
    return robocache::find_bounds(clouds(), reinterpret_cast<robocache::cloud_bounds*>(sum.data()), stream);
  }

  void check(float factor, cudaStream_t stream) const {
    robocache::cloud_bounds box;
    auto const floats = sum.read(stream);
    std::memcpy(&box, floats.data(), sizeof box);
    CHECK(box.low[0] == factor);
    CHECK(box.high[0] == factor);
    CHECK(box.high[2] == 0);
    CHECK(box.points == points);
  }
};

}  // namespace

TEST_CASE("Header API: voxelize gives the host's bits", "[header_api]") {
  for (std::uint64_t seed = 1800; seed < 1830; ++seed) {
    generator random(seed);
    auto const p = draw_voxels(random, {5, 3000, 12});
    CAPTURE(seed);
    CHECK(voxelize_as_host<float, float>(p) == "");
    CHECK(voxelize_as_host<__nv_bfloat16, float>(p) == "");
    CHECK(voxelize_as_host<__half, __nv_bfloat16>(p) == "");
  }
}

TEST_CASE("Header API: voxelize_backward gives the host's bits", "[header_api]") {
  for (std::uint64_t seed = 1900; seed < 1930; ++seed) {
    generator random(seed);
    auto const p = draw_voxel_backward(random, {5, 3000, 12});
    CAPTURE(seed);
    CHECK(backward_as_host<float, __half>(p) == "");
    CHECK(backward_as_host<__nv_bfloat16, float>(p) == "");
  }
}

TEST_CASE("A call of voxelize: its stream alone, captured, no allocation, errors of others left alone", "[contract]") {
  forward_job const ordered(summation::ordered);
  keeps_its_contract(ordered, ordered.features);
  forward_job const unordered(summation::unordered);
  keeps_its_contract(unordered, unordered.features);
  mark_job const marks;
  keeps_its_contract(marks, marks.x);
}

TEST_CASE("A call of voxelize: when a check fails nothing is enqueued or written", "[contract]") {
  forward_job const j(summation::ordered);
  own_stream const stream;
  CHECK(std::string(j.call(stream, std::numeric_limits<float>::infinity()).argument()) == "lattice.origin");
  CHECK(std::string(j.call(stream, 0, 1).argument()) == "memory.bytes");
  CHECK_FALSE(stream.busy());
  CHECK(j.untouched(stream));
}

TEST_CASE("A call of voxelize_backward: its stream alone, captured, no allocation, errors of others left alone",
          "[contract]") {
  backward_job const j;
  keeps_its_contract(j, j.sum);
}

TEST_CASE("A call of voxelize_backward: with too little scratch nothing is enqueued or written", "[contract]") {
  backward_job const j;
  own_stream const stream;
  auto const before = integers(j.gradients, stream);
  CHECK(std::string(j.call(stream, 1).argument()) == "memory.bytes");
  CHECK_FALSE(stream.busy());
  CHECK(integers(j.gradients, stream) == before);
}

TEST_CASE("A call of find_bounds: its stream alone, captured, no allocation, errors of others left alone",
          "[contract]") {
  bounds_job const j;
  keeps_its_contract(j, j.x);
}
