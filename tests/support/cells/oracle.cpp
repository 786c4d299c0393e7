// SPDX-License-Identifier: Apache-2.0
#include "support/cells/oracle.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "support/replay.hpp"

namespace test::oracle {
namespace {

/// True where `a` is below `b`, -0 below +0. Neither is NaN.
bool below(float a, float b) { return a < b || (a == b && std::signbit(a) && !std::signbit(b)); }

template <class Better>
float best_of(std::vector<float> const& terms, Better better) {
  float best = terms.at(0);
  for (float x : terms) {
    if (std::isnan(x)) { return x; }
    if (better(x, best)) { best = x; }
  }
  return best;
}

std::uint64_t rounded(dtype type, float x) { return encode(type, double(x)); }

/// Bounds of a sum in any order, or of a mean, added to the old value.
expectation unordered(voxel_problem const& p, std::vector<float> terms, voxel_result r, float old) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  double const unit = std::ldexp(1.0, -24);
  auto const points = double(terms.size());
  if (p.options.accumulate) { terms.push_back(old); }  // one term more, which may be anywhere
  auto const n = double(terms.size());
  double exact = 0;
  double size = 0;
  for (float x : terms) {
    exact += double(x);
    size += std::isfinite(x) ? std::fabs(double(x)) : 0;
  }
  if (std::isnan(exact)) { return {rounded(p.result_type, float(exact)), rounded(p.result_type, float(exact))}; }
  if (size > 3.4e38) { return {rounded(p.result_type, -infinity), rounded(p.result_type, infinity)}; }
  if (std::isinf(exact)) { return {rounded(p.result_type, float(exact)), rounded(p.result_type, float(exact))}; }
  // n - 1 additions in any order, whose errors grow together by less than a hundredth up to a million terms; an atomic
  // addition may flush subnormals.
  double error = 1.01 * (n - 1) * unit * size + n * std::ldexp(1.0, -126);
  if (r == voxel_result::mean) {
    exact /= points;
    error = error / points + 1.01 * unit * (std::fabs(exact) + error / points);
  }
  return {encode(p.result_type, exact - error), encode(p.result_type, exact + error)};
}

/// One element of a reduction of a cell that has points.
expectation reduced(voxel_problem const& p, std::vector<float> const& terms, voxel_result r, float old) {
  bool const adds_up = r == voxel_result::sum || r == voxel_result::mean;
  if (adds_up && p.options.sums == summation::unordered) { return unordered(p, terms, r, old); }
  float x = 0;
  if (adds_up) {
    x = replay::tree_sum(terms);
    if (r == voxel_result::mean) { x = x / float(terms.size()); }
    if (p.options.accumulate) { x = old + x; }
  } else if (r == voxel_result::max || r == voxel_result::min) {
    auto const best = r == voxel_result::max ? largest : smallest;
    x = best(terms);
    if (p.options.accumulate) { x = best({old, x}); }
  } else {
    throw std::logic_error("a reduction without a formula");
  }
  return {rounded(p.result_type, x), rounded(p.result_type, x)};
}

/// What cells without points hold.
std::uint64_t empty_bits(voxel_problem const& p, voxel_result r) {
  if (r == voxel_result::max) { return rounded(p.result_type, float(p.options.max_fill)); }
  if (r == voxel_result::min) { return rounded(p.result_type, float(p.options.min_fill)); }
  return 0;
}

/// Adds to a 32-bit number, wrapping around.
void add(std::vector<std::byte>& to, std::int64_t at, std::uint64_t value) {
  store_bits(dtype::int32, to.data(), at, load_bits(dtype::int32, to.data(), at) + value);
}

void write_reduction(voxel_problem const& p, voxels const& sorted, voxel_result r, bounds& out) {
  for (auto const& [where, rows] : sorted.points) {
    for (std::int64_t c = 0; c < p.channels; ++c) {
      std::int64_t const at = p.place(where.first, where.second, c);
      float const old = float(decode(p.result_type, load_bits(p.result_type, out.low.data(), at)));
      expectation const e = reduced(p, terms_of(p, rows, c), r, old);
      store_bits(p.result_type, out.low.data(), at, e.low);
      store_bits(p.result_type, out.high.data(), at, e.high);
    }
  }
}

void write_plain(voxel_problem const& p, voxels const& sorted, voxel_result r, std::vector<std::byte>& out) {
  if (r == voxel_result::dropped) {
    for (std::size_t b = 0; b < sorted.dropped.size(); ++b) { add(out, std::int64_t(b), sorted.dropped[b]); }
    return;
  }
  std::int64_t const nx = p.lattice.cells[0];
  for (auto const& [where, rows] : sorted.points) {
    std::int64_t const place = where.first * p.lattice.total() + where.second;
    if (r == voxel_result::count) {
      add(out, place, rows.size());
    } else if (r == voxel_result::occupied) {
      store_bits(p.occupied_type, out.data(), place, is_integer(p.occupied_type) ? 1 : encode(p.occupied_type, 1.0));
    } else {
      std::int64_t const x = where.second % nx;
      std::int64_t const word = place / nx * ((nx + 31) / 32) + x / 32;
      auto const old = load_bits(dtype::int32, out.data(), word);
      store_bits(dtype::int32, out.data(), word, old | std::uint64_t(1) << x % 32);
    }
  }
}

}  // namespace

float cells_along(float coordinate, float origin, float size) {
  float const difference = float(double(coordinate) - double(origin));
  float const quotient = float(double(difference) / double(size));
  return std::floor(quotient);
}

voxels sort_points(voxel_problem const& p) {
  voxels sorted;
  for (std::int64_t b = 0; b < p.clouds.batch; ++b) {
    sorted.dropped.push_back(0);
    auto const [begin, end] = p.clouds.rows_of(b);
    for (std::int64_t row = begin; row < end; ++row) {
      std::int64_t index = 0;
      bool inside = true;
      for (int axis : {2, 1, 0}) {
        float const origin = p.origins.empty() ? p.lattice.origin[axis] : p.origins[std::size_t(3 * b + axis)];
        float const cell = cells_along(p.clouds.xyz[std::size_t(3 * row + axis)], origin, p.lattice.size[axis]);
        bool const fits = cell >= 0 && double(cell) < double(p.lattice.cells[axis]);
        inside = inside && fits;
        index = index * p.lattice.cells[axis] + (fits ? std::int64_t(cell) : 0);
      }
      if (inside) {
        sorted.points[{b, index}].push_back(row);
      } else {
        ++sorted.dropped.back();
      }
    }
  }
  return sorted;
}

std::vector<float> terms_of(voxel_problem const& p, std::vector<std::int64_t> const& rows, std::int64_t c) {
  std::vector<float> terms;
  for (std::int64_t row : rows) { terms.push_back(p.feature(row, c)); }
  return terms;
}

float largest(std::vector<float> const& terms) {
  return best_of(terms, [](float a, float b) { return below(b, a); });
}
float smallest(std::vector<float> const& terms) {
  return best_of(terms, [](float a, float b) { return below(a, b); });
}

bounds expected(voxel_problem const& p, voxels const& sorted, voxel_result r) {
  bounds out;
  if (p.options.accumulate) {
    out.low = p.before[r];
  } else {
    out.low.resize(p.bytes_of(r));
    std::uint64_t const empty = empty_bits(p, r);
    if (empty != 0) {
      for (std::int64_t i = 0; i < p.elements_of(r); ++i) { store_bits(p.type_of(r), out.low.data(), i, empty); }
    }
  }
  out.high = out.low;
  if (is_reduction(r)) {
    write_reduction(p, sorted, r, out);
  } else {
    write_plain(p, sorted, r, out.low);
    out.high = out.low;
  }
  return out;
}

}  // namespace test::oracle
