// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <robocache/filter_voxels.cuh>
#include <robocache/voxelize_gathered.cuh>
#include <robocache/voxelize_gathered_backward.cuh>
#include <robocache/voxelize_sparse.cuh>
#include <robocache/voxelize_sparse_backward.cuh>

#include "support/catch.hpp"
#include "support/device_job.cuh"
#include "support/device_space.hpp"
#include "support/own_stream.cuh"
#include "support/voxels/scene.hpp"

// What calls of `voxelize_sparse`, `voxelize_gathered`, `filter_voxels` and the backward passes do besides their
// results: as resample/contract_gpu.cu for `resample`.
using namespace test;

namespace {

using integers = std::vector<std::int32_t>;
using floats = std::vector<float>;

/// Points dealt out to ten rows of cells in turn; all are at the same x, which is their feature too.
class voxel_job {
 public:
  static constexpr std::int64_t rows = 10;
  static constexpr std::int64_t points = 3000;
  static constexpr std::int64_t capacity = 64;

  device_floats x{points};
  device_floats y{points};
  device_floats zeros{points};
  device_floats of_voxels{capacity * 32};
  device_floats coordinates{capacity * 4};
  device_floats count{capacity};
  device_floats offsets{4};
  device_floats of_points{points * 2};
  device_floats dropped{1};
  device_floats overflow{1};
  device_floats memory{1 << 20};
  robocache::grid lattice{};

  explicit voxel_job(bool huge) {
    std::vector<float> places;
    for (std::int64_t i = 0; i < points; ++i) { places.push_back(float(i % rows) + 0.5f); }
    check_cuda(cudaMemcpy(y.data(), places.data(), places.size() * 4, cudaMemcpyHostToDevice), "upload");
    zeros.fill(0, nullptr);
    x.fill(1, nullptr);
    check_cuda(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
    for (auto& cells : lattice.cells) { cells = 16; }
    if (huge) { make_huge(lattice); }
  }

  robocache::point_clouds clouds() const {
    return robocache::point_clouds::separate(x.data(), y.data(), zeros.data(), 1, points);
  }
  robocache::point_features<float> features() const { return {x.data(), 1}; }

  template <class Output>
  Output common() const {
    Output out;
    out.capacity = capacity;
    out.count = as<std::int32_t>(count);
    out.voxel_offsets = as<std::int64_t>(offsets);
    out.dropped = as<std::int32_t>(dropped);
    out.overflow = as<std::int32_t>(overflow);
    return out;
  }

  /// @param each   what a voxel counts
  /// @param inside  whether points have a cell at this x
  void check_counts(std::int32_t each, bool inside, cudaStream_t stream) const {
    std::int64_t const voxels = inside ? rows : 0;
    CHECK(read_as<std::int64_t>(offsets, stream, 2) == std::vector<std::int64_t>{0, voxels});
    CHECK(read_as<std::int32_t>(count, stream, std::size_t(voxels)) == integers(std::size_t(voxels), each));
    CHECK(read_as<std::int32_t>(dropped, stream, 1) == integers{inside ? 0 : std::int32_t(points)});
    CHECK(read_as<std::int32_t>(overflow, stream, 1) == integers{0});
  }
  void check_coordinates(float factor, cudaStream_t stream) const {
    integers wanted;
    for (std::int32_t i = 0; i < rows; ++i) { wanted.insert(wanted.end(), {0, 0, i, std::int32_t(factor)}); }
    CHECK(read_as<std::int32_t>(coordinates, stream, wanted.size()) == wanted);
  }
  void check_voxels_of_points(bool inside, cudaStream_t stream) const {
    integers wanted;
    for (std::int32_t i = 0; i < points; ++i) { wanted.push_back(inside ? i % rows : -1); }
    CHECK(read_as<std::int32_t>(of_points, stream, wanted.size()) == wanted);
  }

  /// What a check sees of results that nobody wrote.
  bool untouched(cudaStream_t stream) const {
    auto const now = of_points.read(stream);
    auto const* bytes = reinterpret_cast<unsigned char const*>(now.data());
    return std::all_of(bytes, bytes + now.size() * 4, [](unsigned char b) { return b == poison; });
  }
};

class sparse_job : public voxel_job {
 public:
  sparse_job(bool huge, voxel_order order) : voxel_job(huge) { options.order = order; }

  status call(cudaStream_t stream, float origin = 0, std::int64_t missing = 0) const {
    auto out = common<robocache::sparse_output<float>>();
    out.coordinates = as<std::int32_t>(coordinates);
    out.mean = of_voxels.data();
    out.max = of_voxels.data() + capacity;
    out.point_voxels = as<std::int32_t>(of_points);
    robocache::grid at = lattice;
    std::int64_t const bytes = robocache::voxelize_sparse_scratch(clouds(), features(), at, out, options);
    at.origin[1] = origin;
    return robocache::voxelize_sparse(clouds(), features(), at, out, options,
                                      robocache::scratch{memory.data(), bytes - missing}, stream);
  }

  void check(float factor, cudaStream_t stream) const {
    check_counts(points / rows, factor >= 0, stream);
    check_voxels_of_points(factor >= 0, stream);
    if (factor < 0) { return; }
    check_coordinates(factor, stream);
    CHECK(read_as<float>(of_voxels, stream, rows) == floats(rows, factor));
  }

  robocache::sparse_options options;
};

class gathered_job : public voxel_job {
 public:
  static constexpr std::int64_t slots = 20;

  using voxel_job::voxel_job;

  status call(cudaStream_t stream, float origin = 0, std::int64_t missing = 0) const {
    auto out = common<robocache::gathered_output<float>>();
    out.max_points = slots;
    out.values = of_voxels.data();
    out.coordinates = as<std::int32_t>(coordinates);
    out.point_slots = as<std::int64_t>(of_points);
    robocache::grid at = lattice;
    std::int64_t const bytes = robocache::voxelize_gathered_scratch(clouds(), features(), at, out, {});
    at.origin[1] = origin;
    return robocache::voxelize_gathered(clouds(), features(), at, out, {},
                                        robocache::scratch{memory.data(), bytes - missing}, stream);
  }

  void check(float factor, cudaStream_t stream) const {
    check_counts(slots, factor >= 0, stream);
    std::vector<std::int64_t> wanted;
    for (std::int64_t i = 0; i < points; ++i) {
      bool const kept = factor >= 0 && i / rows < slots;
      wanted.push_back(kept ? i % rows * slots + i / rows : -1);
    }
    CHECK(read_as<std::int64_t>(of_points, stream, wanted.size()) == wanted);
    if (factor < 0) { return; }
    check_coordinates(factor, stream);
    CHECK(read_as<float>(of_voxels, stream, rows * slots) == floats(rows * slots, factor));
  }
};

class filter_job : public voxel_job {
 public:
  filter_job() : voxel_job(false) {}

  status call(cudaStream_t stream, float size = 1, std::int64_t missing = 0) const {
    auto out = common<robocache::filtered_output<float>>();
    out.points = of_voxels.data();
    out.features = coordinates.data();
    out.point_voxels = as<std::int32_t>(of_points);
    std::int64_t const bytes = robocache::filter_voxels_scratch(clouds(), features(), {}, out);
    return robocache::filter_voxels(clouds(), features(), {{1, size, 1}}, out,
                                    robocache::scratch{memory.data(), bytes - missing}, stream);
  }

  void check(float factor, cudaStream_t stream) const {
    check_counts(points / rows, true, stream);
    check_voxels_of_points(true, stream);
    floats wanted;
    for (std::int64_t i = 0; i < rows; ++i) { wanted.insert(wanted.end(), {factor, float(i) + 0.5f, 0}); }
    CHECK(read_as<float>(of_voxels, stream, wanted.size()) == wanted);
    CHECK(read_as<float>(coordinates, stream, rows) == floats(rows, factor));
  }
};

/// Gradients `factor` of sums and maxima, all features equal: the first point of each voxel has both. Or of gathered
/// values, one slot per voxel: the first point has it.
class backward_job : public voxel_job {
 public:
  explicit backward_job(bool gathered) : voxel_job(false), gathered_(gathered) {
    std::vector<std::int32_t> voxels;
    std::vector<std::int64_t> slots;
    for (std::int32_t i = 0; i < points; ++i) {
      voxels.push_back(i % rows);
      slots.push_back(i < rows ? i : -1);
    }
    void const* const from = gathered ? static_cast<void const*>(slots.data()) : voxels.data();
    check_cuda(cudaMemcpy(of_points.data(), from, std::size_t(points) * (gathered ? 8 : 4), cudaMemcpyHostToDevice),
               "upload");
  }

  status call(cudaStream_t stream, std::int64_t missing = 0) const {
    robocache::feature_gradients<float> const out{zeros.data()};
    if (gathered_) {
      return robocache::voxelize_gathered_backward(clouds(), 1, as<std::int64_t>(of_points), of_voxels.data(), out,
                                                   stream);
    }
    robocache::voxel_gradients<float> incoming;
    incoming.sum = incoming.max = of_voxels.data();
    robocache::sparse_voxels const voxels{capacity, as<std::int32_t>(of_points), nullptr};
    std::int64_t const bytes = robocache::voxelize_sparse_backward_scratch(clouds(), features(), voxels, incoming);
    return robocache::voxelize_sparse_backward(clouds(), features(), voxels, incoming, out,
                                               robocache::scratch{memory.data(), bytes - missing}, stream);
  }

  void check(float factor, cudaStream_t stream) const {
    floats wanted(points, gathered_ ? 0 : factor);
    std::fill_n(wanted.begin(), rows, gathered_ ? factor : 2 * factor);
    CHECK(zeros.read(stream) == wanted);
  }

 private:
  bool gathered_;
};

}  // namespace

TEST_CASE("A call for voxels: its stream alone, captured, no allocation, errors of others left alone", "[contract]") {
  for (bool huge : {false, true}) {
    for (auto order : {voxel_order::first_point, voxel_order::cell}) {
      sparse_job const sparse(huge, order);
      keeps_its_contract(sparse, sparse.x);
    }
    gathered_job const gathered(huge);
    keeps_its_contract(gathered, gathered.x);
  }
  filter_job const filter;
  keeps_its_contract(filter, filter.x);
}

TEST_CASE("A call for gradients of voxels: its stream alone, captured, no allocation, errors of others left alone",
          "[contract]") {
  for (bool gathered : {false, true}) {
    backward_job const j(gathered);
    keeps_its_contract(j, j.of_voxels);
  }
}

TEST_CASE("A call for voxels: when a check fails nothing is enqueued or written", "[contract]") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  own_stream const stream;
  auto const check = [&](auto const& job, char const* argument, float wrong, float right) {
    CHECK(std::string(job.call(stream, wrong).argument()) == argument);
    CHECK(std::string(job.call(stream, right, 1).argument()) == "memory.bytes");
    CHECK_FALSE(stream.busy());
    CHECK(job.untouched(stream));
  };
  check(sparse_job(false, voxel_order::first_point), "lattice.origin", infinity, 0);
  check(sparse_job(true, voxel_order::cell), "lattice.origin", infinity, 0);
  check(gathered_job(false), "lattice.origin", infinity, 0);
  check(filter_job(), "options.size", 0, 1);
  backward_job const back(false);
  auto const before = back.zeros.read(stream);
  CHECK(std::string(back.call(stream, 1).argument()) == "memory.bytes");
  CHECK(back.zeros.read(stream) == before);
}
