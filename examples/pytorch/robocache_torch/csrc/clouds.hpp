// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <c10/util/ArrayRef.h>

#include <array>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

#include "common.hpp"
#include "layout.hpp"

// Clouds and grids as the operators of points.cpp take them, and their results.
namespace robocache_torch {

/// As many as the schema of an operator names results.
template <std::size_t N>
using tensors = decltype(std::tuple_cat(std::array<at::Tensor, N>{}));

/// Clouds as operators take them: `[B, N, 3 or more]`, or packed `[rows, 3 or more]` with offsets.
struct clouds_of {
  clouds_of(at::Tensor const& points, optional_tensor const& lengths, optional_tensor const& offsets) : rows(points) {
    view.x = data_of<float const>(rows.tensor);
    view.y = view.x + 1;
    view.z = view.x + 2;
    view.point_stride = rows.row_stride;
    if (offsets.has_value()) {
      view.batch = offsets->size(0) - 1;
      view.rows = points.size(0);
      view.offsets = data_of<std::int64_t>(offsets);
    } else {
      view.batch = points.size(0);
      view.length = points.size(1);
      view.batch_stride = rows.batch_stride;
      view.lengths = data_of<std::int64_t>(lengths);
    }
  }

  /// One number per point.
  std::vector<std::int64_t> shape() const {
    if (view.packed()) { return {view.rows}; }
    return {view.batch, view.length};
  }

  rows_view rows;
  rc::point_clouds view;
};

struct features_of {
  explicit features_of(optional_tensor const& given) {
    if (!given.has_value()) { return; }
    rows_view const rows(*given);
    tensor = rows.tensor;
    view = {data_of<void const>(tensor), dtype_of(tensor.scalar_type(), "features"), rows.channels, rows.batch_stride,
            rows.row_stride};
  }

  at::Tensor tensor;
  rc::compiled::any_point_features view;
};

inline rc::grid grid_of(at::ArrayRef<double> origin, at::ArrayRef<double> size, at::IntArrayRef cells,
                        optional_tensor const& origins) {
  rc::grid lattice;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    lattice.origin[axis] = static_cast<float>(origin[axis]);
    lattice.size[axis] = static_cast<float>(size[axis]);
    lattice.cells[axis] = cells[axis];
  }
  lattice.origins = data_of<float>(origins);
  return lattice;
}

/// Makes results: those that are wanted, in the shape asked for, else without elements.
class results_of {
 public:
  explicit results_of(at::Tensor const& like) : options_(like.options().requires_grad(false)) {}

  at::Tensor empty(bool wanted, std::vector<std::int64_t> const& shape, at::ScalarType type) const {
    return at::empty(wanted ? shape : std::vector<std::int64_t>{0}, options_.dtype(type));
  }
  /// Rows that no voxel has stay as they are made: 0, and of coordinates -1.
  at::Tensor filled(bool wanted, std::vector<std::int64_t> const& shape, at::ScalarType type, double number) const {
    return at::full(wanted ? shape : std::vector<std::int64_t>{0}, number, options_.dtype(type));
  }

 private:
  at::TensorOptions options_;
};

/// The reductions that are wanted: of their results, and of what is written, which is nothing where features have no
/// channels.
struct wanted_reductions {
  bool result(std::string_view name) const { return (bits >> reduction_bits[name] & 1) != 0; }
  bool written(std::string_view name, features_of const& features) const {
    return features.view.channels > 0 && result(name);
  }

  std::int64_t bits;
};

}  // namespace robocache_torch
