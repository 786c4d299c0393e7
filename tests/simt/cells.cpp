// SPDX-License-Identifier: Apache-2.0
#include "support/cells/cells.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

#include "simt/device.hpp"
#include "simt/simt.hpp"
#include "support/address_space.hpp"
#include "support/catch.hpp"
#include "support/host_space.hpp"
#include "support/random.hpp"
#include "support/skip.hpp"
#include "support/typed.hpp"

// nvcc has no such warning.
#pragma GCC diagnostic ignored "-Wsign-compare"
#include <robocache/voxelize.cuh>

namespace test {

voxelized voxelize(voxel_problem const& p) {
  voxelized o = run_voxelize<host_space>(
      p,
      [](voxel_arguments const& a) {
        std::int64_t bytes = 0;
        static_cast<void>(with_float_types(a.of.value_type, a.of.result_type, [&](auto value, auto result) {
          bytes = call_voxelize<typename decltype(value)::type, typename decltype(result)::type>(
              a, [](auto const&... arguments) { return robocache::voxelize_scratch(arguments...); });
          return status{};
        }));
        return bytes;
      },
      [](voxel_arguments const& a) {
        return with_float_types(a.of.value_type, a.of.result_type, [&](auto value, auto result) {
          return call_voxelize<typename decltype(value)::type, typename decltype(result)::type>(
              a, [&](auto const&... arguments) { return robocache::voxelize(arguments..., a.memory, nullptr); });
        });
      });
  if (p.has_scratch()) { o.trouble += difference(p, o, voxelize_on_host(p)); }
  return o;
}

status voxelize_views(robocache::point_clouds const& clouds, robocache::point_features<float> const& features,
                      robocache::grid const& lattice, robocache::voxel_output<float> const& out,
                      robocache::voxel_options const& options) {
  return robocache::voxelize(clouds, features, lattice, out, options, {}, nullptr);
}

TEST_CASE("Cells: more than 2^31 of them in a kernel", "[voxelize]") {
  constexpr std::int64_t side = 2048;  // 2^33 cells
  constexpr std::int64_t cells = side * side * side;
  address_space const count(cells * 4);
  address_space const bits(cells / 8);
  if (!count.usable() || !bits.usable()) {
    skip("large grids: the system gives no 33 GiB of address space");
    return;
  }
  float const xyz[] = {0.5f, 0.5f, 0.5f, 2047.5f, 2047.5f, 2047.5f, 2047.25f, 2047, 2047, 7.5f, 1024.5f, 511.5f};
  robocache::grid lattice;
  for (auto& n : lattice.cells) { n = side; }
  robocache::voxel_output<float> out;
  out.count = count.as<std::int32_t>();
  out.occupied_bits = bits.as<std::uint32_t>();
  robocache::voxel_options options;
  options.accumulate = true;  // nothing is cleared
  REQUIRE(robocache::voxelize(robocache::point_clouds::dense(xyz, 1, 4), lattice, out, options, {}, nullptr).ok());
  std::int64_t const middle = (511 * side + 1024) * side + 7;
  CHECK(out.count[0] == 1);
  CHECK(out.count[middle] == 1);
  CHECK(out.count[cells - 1] == 2);
  CHECK(out.occupied_bits[middle / 32] == 1u << 7);
  CHECK(out.occupied_bits[cells / 32 - 1] == 0x80000000);
}

// Here, where a mutation of the rule is compiled.
TEST_CASE("Cells: multiplication finds the cells that division finds", "[voxelize][cells]") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  float const not_a_number = std::numeric_limits<float>::quiet_NaN();
  generator random(2008);
  std::int64_t settled = 0;
  for (int round = 0; round < 200; ++round) {
    robocache::grid lattice;
    for (int axis = 0; axis < 3; ++axis) {
      lattice.cells[axis] = std::int64_t{1} << random.between(0, 20);
      lattice.size[axis] = float(std::ldexp(1 + random.unit(), int(random.between(-79, 79))));
      lattice.origin[axis] = random.chance(0.5) ? 0.0f : float(random.unit() - 0.5) * lattice.size[axis];
      REQUIRE(!robocache::device::needs_division(lattice, axis));
    }
    robocache::device::grid_axis const axes[3] = {robocache::device::axis_of(lattice, 0),
                                                  robocache::device::axis_of(lattice, 1),
                                                  robocache::device::axis_of(lattice, 2)};
    for (int i = 0; i < 100; ++i) {
      float at[3];
      for (int axis = 0; axis < 3; ++axis) {  // at faces, next to them, anywhere, outside
        std::int64_t const cells = lattice.cells[axis];
        double const where = random.chance(0.7) ? double(random.between(-1, cells + 1)) : random.unit() * double(cells);
        at[axis] = float(double(lattice.origin[axis]) + where * double(lattice.size[axis]));
        for (std::int64_t steps = random.between(0, 3); steps > 0; --steps) {
          at[axis] = std::nextafter(at[axis], random.chance(0.5) ? infinity : -infinity);
        }
        if (random.chance(0.02)) { at[axis] = random.chance(0.5) ? not_a_number : infinity; }
      }
      auto const divided = robocache::device::cells_along<true>(axes, lattice.origin[0], lattice.origin[1],
                                                                lattice.origin[2], at[0], at[1], at[2]);
      auto const multiplied = robocache::device::cells_along<false>(axes, lattice.origin[0], lattice.origin[1],
                                                                    lattice.origin[2], at[0], at[1], at[2]);
      bool const inside = robocache::device::are_inside(axes, divided);
      bool same = robocache::device::are_inside(axes, multiplied) == inside;
      if (inside) {
        same = same && multiplied.x == divided.x && multiplied.y == divided.y && multiplied.z == divided.z;
      }
      CAPTURE(round, i, at[0], at[1], at[2]);
      REQUIRE(same);
      float const q = (at[0] - lattice.origin[0]) * axes[0].inverse;
      settled += inside && std::floor(q) != float(divided.x) ? 1 : 0;
    }
  }
  CHECK(settled > 20);  // products alone would have missed these
}

}  // namespace test
