// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/scenario.hpp"
#include "support/voxels/scene.hpp"

// Unusual batches and cells: many clouds over several tiles of rows, crowds, cells with
// equal hashes.
namespace test {
namespace {

using result = sparse_result;

/// A grid that is hashed, whatever the number of points.
void make_hashed(sparse_problem& p) {
  if (p.call == voxel_call::filter) { return; }  // always is
  make_huge(p.from.lattice);
  p.from.lattice.cells[2] = 64;
}

std::vector<std::int64_t> drawn_offsets(generator& random, std::int64_t clouds, int kind, std::int64_t rows) {
  std::vector<std::int64_t> offsets;
  for (std::int64_t b = 0; b <= clouds; ++b) {
    switch (kind) {
      case 0: offsets.push_back(random.between(0, rows)); break;
      case 1: offsets.push_back(random.between(0, 3) * 1024); break;
      case 2: offsets.push_back(b < clouds / 2 ? 1024 : 2048 + random.between(-1, 1)); break;
      default: offsets.push_back(b * rows / clouds); break;
    }
  }
  std::sort(offsets.begin(), offsets.end());
  if (kind == 0) {
    offsets.front() = -7;
    offsets.back() = rows + 1500;
  }
  return offsets;
}

TEST_CASE("Voxels, clouds: as many as are all looked at, and more; some begin at borders of tiles", "[voxels]") {
  generator random(9100);
  for (auto call : voxel_calls) {
    for (std::int64_t clouds : {1024, 1025}) {
      for (int kind = 0; kind < 4; ++kind) {
        std::int64_t const rows = kind == 3 ? 1024 * 4 : 3500;
        auto p = listed(call, {}, {3, 2, 2});
        set_clouds(p, ragged_clouds(draw_points(random, p.from.lattice, rows, 0.2),
                                    drawn_offsets(random, clouds, kind, rows)));
        draw_features(p, random, 1);
        p.order = kind % 2 == 0 ? voxel_order::first_point : voxel_order::cell;
        p.max_points = random.between(1, 3);
        p.max_voxels = random.one_of<std::int64_t>({INT32_MAX, 1, 3});
        p.from.scratch_byte = static_cast<unsigned char>(random.between(0, 255));
        CAPTURE(name_of(call), clouds, kind);
        CHECK(verify(p) == "");
        p.capacity = random.between(0, 900);
        make_hashed(p);
        CHECK(verify(p) == "");
      }
    }
  }
}

TEST_CASE("Voxels: most points in one cell, over several tiles of rows, and room for one voxel or two", "[voxels]") {
  generator random(9200);
  for (auto call : voxel_calls) {
    for (std::int64_t rows : {1025, 9000}) {
      for (std::int64_t capacity : {1, 2, 100'000}) {
        auto p = listed(call, {}, {5, 4, 3});
        auto xyz = draw_points(random, p.from.lattice, rows, 0.05);
        for (std::size_t i = 0; i < xyz.size(); i += 3) {
          if (random.chance(0.9)) { std::fill_n(xyz.begin() + std::ptrdiff_t(i), 3, 0.5f); }
        }
        set_clouds(p, dense_clouds(xyz, rows > 5000 ? 2 : 1));
        draw_features(p, random, 5);
        p.max_points = 7;
        p.capacity = std::min(capacity, rows);
        p.order = random.one_of({voxel_order::first_point, voxel_order::cell});
        CAPTURE(name_of(call), rows, capacity);
        CHECK(verify(p) == "");
        if (call != voxel_call::gathered) { continue; }
        for (auto wanted : {result::count, result::point_slots}) {
          p.want({wanted});
          CHECK(verify(p) == "");
        }
      }
    }
  }
}

/// The finalizer of MurmurHash3, as the table's.
std::uint32_t hash_of(std::uint32_t cell) {
  cell = (cell ^ cell >> 16) * 0x85ebca6bu;
  cell = (cell ^ cell >> 13) * 0xc2b2ae35u;
  return cell ^ cell >> 16;
}

TEST_CASE("Voxels: cells whose first place in a table is the same", "[voxels]") {
  generator random(9300);
  // So small that of 1,400 places, or 2,800, all begin at the first.
  std::vector<std::uint32_t> cells;
  for (std::uint32_t cell = 0; cells.size() < 300; ++cell) {
    if (hash_of(cell) < 1'500'000) { cells.push_back(cell); }
  }
  for (auto call : {voxel_call::sparse, voxel_call::gathered}) {
    auto p = listed(call, {}, {1024, 1024, 1024});
    std::vector<float> xyz;
    for (int i = 0; i < 1400; ++i) {
      auto const cell = cells[random.next() % cells.size()];
      xyz.insert(xyz.end(), {float(cell % 1024) + 0.5f, float(cell / 1024 % 1024) + 0.5f, float(cell >> 20) + 0.5f});
    }
    set_clouds(p, dense_clouds(xyz));
    draw_features(p, random, 1);
    p.max_points = 2;
    CHECK(verify(p) == "");
    p.order = voxel_order::cell;
    CHECK(verify(p) == "");
  }
}

TEST_CASE("Voxels: around the number of rows from which larger blocks number them", "[voxels]") {
  constexpr std::int64_t many = 1 << 19;  // as has_many_rows() in voxels/policy.cuh
  generator random(9300);
  std::vector<float> xyz;
  for (std::int64_t i = 0; i < 3 * (many + 1); ++i) { xyz.push_back(float(100 * random.unit())); }
  for (std::int64_t rows : {many - 1, many + 1}) {
    // A place for each cell; places by hashing, of cells of 32 and of 64 bits.
    for (auto const& cells : {cell_counts{128, 128, 32}, cell_counts{256, 256, 128}, cell_counts{2048, 2048, 1024}}) {
      auto p = listed(voxel_call::sparse, {}, cells);
      set_clouds(p, as_one({xyz.begin(), xyz.begin() + 3 * rows}));
      p.want({result::coordinates, result::count, result::point_voxels, result::voxel_offsets, result::dropped});
      CAPTURE(rows, cells[0]);
      CHECK(verify(p) == "");
    }
  }
}

TEST_CASE("Voxels, clouds: many whose offsets descend, over several tiles of rows", "[voxels]") {
  constexpr std::int64_t rows = 5000;
  for (auto call : voxel_calls) {
    for (int kind = 0; kind < 4; ++kind) {
      for (unsigned char byte : {0x10, 0x70, 0xFF}) {
        generator random(kind);
        auto p = listed(call, {}, {4, 3, 2});
        std::vector<std::int64_t> offsets;
        for (std::int64_t b = 0; b < 1500; ++b) {
          offsets.push_back(kind == 0 ? random.between(-20, rows + 20) : kind == 1 ? rows - b * 3 : b * 3);
        }
        if (kind == 2) { std::swap(offsets[750], offsets[1499]); }
        if (kind == 3) { std::fill_n(offsets.begin(), 300, rows); }
        auto xyz = draw_points(random, p.from.lattice, rows, 0.1);
        if (kind == 3) { std::fill(xyz.begin(), xyz.end(), 0.5f); }
        set_clouds(p, ragged_clouds(xyz, offsets));
        if (byte == 0x70) { make_hashed(p); }
        draw_features(p, random, 1);
        p.max_points = 3;
        p.max_voxels = kind == 1 ? 2 : INT32_MAX;
        p.from.scratch_byte = byte;
        p.order = byte == 0x10 ? voxel_order::cell : voxel_order::first_point;
        CAPTURE(name_of(call), kind, int(byte));
        CHECK(verify(p) == "");
      }
    }
  }
}

TEST_CASE("Gathered, clouds: offsets that descend within one voxel of thousands, with a limit", "[voxels]") {
  for (std::int64_t middle : {1, 100, 160, 672, 4999}) {
    auto p = listed(voxel_call::gathered, {}, {4, 3, 2});
    set_clouds(p, ragged_clouds(std::vector<float>(3 * 8000, 0.5f), {0, 5000, middle, 8000}));
    generator random(middle);
    draw_features(p, random, 1);
    p.max_points = 3;
    p.max_voxels = 100;
    CAPTURE(middle);
    CHECK(verify(p) == "");
  }
}

}  // namespace
}  // namespace test
