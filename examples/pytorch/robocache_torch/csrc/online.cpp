// SPDX-License-Identifier: Apache-2.0
// append: rows to rings, which other operators then take as sources.

#include <c10/util/Exception.h>
#include <torch/library.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common.hpp"
#include "layout.hpp"
#include "streams.hpp"

namespace robocache_torch {
namespace {

/// What is appended, on the device or pinned. Keeps a contiguous tensor alive.
at::Tensor offered(at::Tensor const& given, c10::Device device, std::string const& name) {
  return values_view(given.contiguous(), device, name).tensor;
}
at::Tensor offered(optional_tensor const& given, c10::Device device, std::string const& name) {
  return given.has_value() ? offered(*given, device, name) : at::Tensor();
}

template <class T>
T const* pointer_to(at::Tensor const& tensor) {
  return tensor.defined() ? static_cast<T const*>(data_of<void const>(tensor)) : nullptr;
}

void append(at::TensorList stamps, at::TensorList values, at::TensorList written, at::TensorList reports,
            at::TensorList new_stamps, at::TensorList new_values, optional_tensors const& counts,
            optional_tensors const& present, optional_tensor const& resets) {
  static_assert(sizeof(rc::append_report) == sizeof(std::int64_t) * refused_row.size());
  static_assert(offsetof(rc::append_report, older) == sizeof(std::int64_t) * refused_row["older"]);
  static_assert(offsetof(rc::append_report, not_finite) == sizeof(std::int64_t) * refused_row["not_finite"]);
  auto const device = written[0].device();
  std::vector<at::Tensor> kept;  // a copy of what is not contiguous
  auto const keep = [&kept](at::Tensor tensor) -> at::Tensor const& { return kept.emplace_back(std::move(tensor)); };
  kept.reserve(4 * stamps.size() + 1);
  auto const begun = pointer_to<std::uint8_t>(keep(offered(resets, device, "resets: ")));
  auto const make = [&](auto zero) {
    using Stamp = decltype(zero);
    std::vector<rc::append_stream<Stamp>> streams;
    for (std::size_t i = 0; i < stamps.size(); ++i) {
      std::string const name = "rows[" + std::to_string(i) + "].";
      for (at::Tensor const& of_ring : {stamps[i], values[i], written[i], reports[i]}) {
        if (!of_ring.is_contiguous()) {
          C10_THROW_ERROR(ValueError, c10::str("rings[", i, "]: found a tensor with gaps, want contiguous ones"));
        }
      }
      rc::append_stream<Stamp> one;
      one.stamps = data_of<Stamp>(stamps[i]);
      one.values = data_of<void>(values[i]);
      one.written = data_of<std::int64_t>(written[i]);
      one.reports = static_cast<rc::append_report*>(data_of<void>(reports[i]));
      one.capacity = stamps[i].size(1);
      one.channels = values[i].size(2);
      one.type = dtype_of(values[i].scalar_type(), "values");
      one.rows = new_stamps[i].size(1);
      one.new_stamps = data_of<Stamp const>(keep(offered(new_stamps[i], device, name)));
      one.new_values = data_of<void const>(keep(offered(new_values[i], device, name)));
      one.counts = pointer_to<std::int64_t>(keep(offered(optional_tensor(counts.get(i)), device, name)));
      one.present = pointer_to<std::uint8_t>(keep(offered(optional_tensor(present.get(i)), device, name)));
      streams.push_back(one);
    }
    run_on(device, [&](rc::compiled::place where, rc::compiled::stream_handle cuda_stream) {
      rc::compiled::append(where, {streams.data(), std::int64_t(streams.size())}, written[0].size(0), begun,
                           cuda_stream);
    });
  };
  switch (stamps[0].scalar_type()) {
    case at::kFloat: return make(float{});
    case at::kDouble: return make(double{});
    case at::kLong: return make(std::int64_t{});
    default: C10_THROW_ERROR(TypeError, "stamps: want float32, float64 or int64");
  }
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(robocache, library) {
  library.def(
      "append(Tensor(a!)[] stamps, Tensor(b!)[] values, Tensor(c!)[] written, Tensor(d!)[] reports, "
      "Tensor[] new_stamps, Tensor[] new_values, Tensor?[] counts, Tensor?[] present, Tensor? resets) -> ()");
}

TORCH_LIBRARY_IMPL(robocache, CPU, library) { library.impl("append", append); }
#ifdef ROBOCACHE_TORCH_CUDA
TORCH_LIBRARY_IMPL(robocache, CUDA, library) { library.impl("append", append); }
#endif

}  // namespace robocache_torch
