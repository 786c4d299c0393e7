// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

#include <robocache/arch.cuh>
#include <robocache/detail/backward/policy.cuh>
#include <robocache/detail/cells/policy.cuh>
#include <robocache/detail/common/policy.cuh>
#include <robocache/detail/fuse/policy.cuh>
#include <robocache/detail/resample/policy.cuh>
#include <robocache/detail/voxels/policy.cuh>

#include "support/catch.hpp"

// What policies choose for a device, for chips that are not there. A policy that learns to tell two chips apart
// changes a line here, for that chip alone.
namespace test {

namespace {

using robocache::device_properties;
namespace detail = robocache::detail;

constexpr device_properties a100{80, 108, 40 << 20, 1555};
constexpr device_properties h100{90, 132, 50 << 20, 3352};
constexpr device_properties h100_pcie{90, 114, 50 << 20, 2039};
constexpr device_properties gh200{90, 132, 60 << 20, 4023};  // with HBM3
constexpr device_properties h200{90, 132, 60 << 20, 4814};
constexpr device_properties b200{100, 148, 126 << 20, 7672};
constexpr device_properties silent{90, 132, 0, 0};  // says neither its cache nor its memory's rate

template <class... Numbers>
std::string line(char const* name, Numbers... numbers) {
  std::string text = name;
  ((text += ' ' + std::to_string(numbers)), ...);
  return text + '\n';
}

std::string line(char const* name, detail::tile_shape const& shape) {
  return line(name, shape.threads, shape.vectors, shape.blocks_each);
}

std::string line(char const* name, detail::resample_shape const& shape) {
  return line(name, shape.threads, shape.vectors, shape.blocks_each, shape.trajectory_vectors, shape.trajectory_bytes);
}

std::string line(char const* name, detail::fuse_shape const& shape) {
  return line(name, shape.rows, shape.blocks_each, shape.locating);
}

/// All entries that may differ from chip to chip.
std::string entries_of(device_properties const& chip) {
  detail::reduce_shape const reduce = detail::reduce_shape_for(chip);
  detail::voxel_shape const voxel = detail::voxel_shape_for(chip);
  constexpr std::int64_t rows = 16 << 20;
  auto const cubed = [](std::int64_t n) { return n * n * n; };
  return line("resample, vectors:", detail::resample_shape_for(chip, 8)) +
         line("resample, elements:", detail::resample_shape_for(chip, 1)) +
         line("methods, vectors:", detail::method_shape_for(chip, 8)) +
         line("methods, elements:", detail::method_shape_for(chip, 1)) + line("locate:", detail::locate_shape(chip)) +
         line("fuse, 3 streams:", detail::fuse_shape_for(chip, 3)) +
         line("fuse, 16 streams:", detail::fuse_shape_for(chip, 16)) +
         line("backward, one board:", detail::backward_shape_for<8>(chip, true)) +
         line("backward, several:", detail::backward_shape_for<8>(chip, false)) +
         line("fill:", detail::fill_blocks_each(chip)) + line("reduce:", reduce.workers_each, reduce.few_each) +
         line("gradient chunks:", detail::chunk_blocks_each(chip)) + line("divide:", detail::divide_blocks_each(chip)) +
         line("slabs of 128^3, 256^3, 400^3:", detail::count_slabs(chip, rows, cubed(128)),
              detail::count_slabs(chip, rows, cubed(256)), detail::count_slabs(chip, rows, cubed(400))) +
         line("voxels:", voxel.few_each, voxel.gather_each, voxel.pack_each, voxel.backward_each) +
         line("voxels by a cluster:", detail::most_cluster_rows_for(chip));
}

constexpr char const* of_an_h100 =
    "resample, vectors: 256 8 4 2 24576\n"
    "resample, elements: 256 16 4 32 24576\n"
    "methods, vectors: 256 8 4 16 16384\n"
    "methods, elements: 256 16 4 16 16384\n"
    "locate: 256 1 2\n"
    "fuse, 3 streams: 32 8 200\n"
    "fuse, 16 streams: 16 8 200\n"
    "backward, one board: 256 16 4\n"
    "backward, several: 256 2 4\n"
    "fill: 16\n"
    "reduce: 4 32\n"
    "gradient chunks: 4\n"
    "divide: 32\n"
    "slabs of 128^3, 256^3, 400^3: 1 3 1\n"
    "voxels: 16 16 16 20\n"
    "voxels by a cluster: 0\n";

/// An H100's entries, with those lines that another chip has instead.
std::string as_an_h100_but(std::initializer_list<std::string> lines) {
  std::string text = of_an_h100;
  for (std::string const& other : lines) {
    std::size_t const begin = text.find(other.substr(0, other.find(':') + 1));
    REQUIRE(begin != std::string::npos);
    text.replace(begin, text.find('\n', begin) - begin, other);
  }
  return text;
}

}  // namespace

TEST_CASE("Policies: an H100's entries", "[chips]") {
  CHECK(entries_of(h100) == of_an_h100);
  CHECK(entries_of(h100_pcie) == of_an_h100);
  CHECK(entries_of(gh200) == of_an_h100);
}

TEST_CASE("Policies: an H200's entries, and a newer chip's", "[chips]") {
  std::string const expected = as_an_h100_but({"voxels by a cluster: 32768"});
  CHECK(entries_of(h200) == expected);
  CHECK(entries_of(b200) == expected);
}

TEST_CASE("Policies: a chip that says little has its architecture's entries", "[chips]") {
  CHECK(entries_of(silent) == of_an_h100);
}

TEST_CASE("Policies: an A100's entries", "[chips]") {
  CHECK(entries_of(a100) ==
        as_an_h100_but({"resample, vectors: 256 8 4 2 16384", "resample, elements: 256 16 4 32 16384"}));
}

TEST_CASE("Policies: rates of memory that tell chips apart", "[chips]") {
  CHECK(h100.memory_gbs < robocache::memory_rate::hbm3e);
  CHECK(gh200.memory_gbs < robocache::memory_rate::hbm3e);
  CHECK(h200.memory_gbs >= robocache::memory_rate::hbm3e);
  CHECK(b200.memory_gbs >= robocache::memory_rate::hbm3e);
}

}  // namespace test
