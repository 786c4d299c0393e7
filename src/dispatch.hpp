// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/check.hpp>
#include <robocache/dtype.hpp>
#include <robocache/robocache.hpp>

// From types as values to types as types, for the compiled API.
namespace robocache::compiled {

/// Throws what a status reports.
inline void require(status const& s) {
  if (!s.ok()) { throw error(s); }
}

template <class T>
struct type_tag {
  using type = T;
};

/// Calls `visitor(typed timeline)`.
/// @param name  what the caller calls this timeline
template <class Visitor>
void visit_timeline(char const* name, any_timeline const& when, Visitor&& visitor) {
  switch (when.type) {
    case stamp_dtype::float32: return visitor(when.as_float32);
    case stamp_dtype::float64: return visitor(when.as_float64);
    case stamp_dtype::int64: return visitor(when.as_int64);
  }
  require(detail::refuse(status_code::invalid_argument, name, "type", "found %d, want a stamp_dtype",
                         static_cast<int>(when.type)));
}

/// Refuses a call whose argument `odd` has stamps of another type than `name` has.
inline void require_one_stamp_type(char const* odd, stamp_dtype found, char const* name, stamp_dtype wanted) {
  if (found == wanted) { return; }
  require(detail::refuse(status_code::invalid_argument, odd, "",
                         "found %s stamps, want %s as %s has: one stamp type a call", name_of(found), name_of(wanted),
                         name));
}

/// Calls `visitor(typed timeline of `name`, typed target, typed options)`, once all three have one stamp type.
template <class Visitor>
void visit_stamps(char const* name, any_timeline const& source, any_timeline const& target, any_options const& options,
                  Visitor&& visitor) {
  require_one_stamp_type("target", target.type, name, source.type);
  require_one_stamp_type("options", options.type, name, source.type);
  switch (source.type) {
    case stamp_dtype::float32: return visitor(source.as_float32, target.as_float32, options.as_float32);
    case stamp_dtype::float64: return visitor(source.as_float64, target.as_float64, options.as_float64);
    case stamp_dtype::int64: return visitor(source.as_int64, target.as_int64, options.as_int64);
  }
  require(detail::refuse(status_code::invalid_argument, name, "type", "found %d, want a stamp_dtype",
                         static_cast<int>(source.type)));
}

/// Calls `visitor(typed streams, typed target)`, once both have one stamp type.
template <class Visitor>
void visit_streams(any_streams const& streams, any_timeline const& target, Visitor&& visitor) {
  require_one_stamp_type("target", target.type, "streams", streams.type);
  switch (streams.type) {
    case stamp_dtype::float32: return visitor(streams.as_float32, target.as_float32);
    case stamp_dtype::float64: return visitor(streams.as_float64, target.as_float64);
    case stamp_dtype::int64: return visitor(streams.as_int64, target.as_int64);
  }
  require(detail::refuse(status_code::invalid_argument, "streams", "type", "found %d, want a stamp_dtype",
                         static_cast<int>(streams.type)));
}

/// Calls `visitor(type_tag<Value>)` for a float type.
/// @param name  the argument whose type it is
template <class Visitor>
void visit_floats(char const* name, dtype type, Visitor&& visitor) {
  switch (type) {
    case dtype::float32: return visitor(type_tag<float>{});
    case dtype::float16: return visitor(type_tag<__half>{});
    case dtype::bfloat16: return visitor(type_tag<__nv_bfloat16>{});
    default: break;
  }
  require(detail::refuse(status_code::unsupported, name, "type", "found %s, want fp32, fp16 or bf16", name_of(type)));
}

/// Calls `visitor(type_tag<Value>, type_tag<Result>)` for the pairs that exist.
template <class Visitor>
void visit_values(dtype value, dtype result, Visitor&& visitor) {
  auto const floats = [&](auto tag) {
    switch (result) {
      case dtype::float32: return visitor(tag, type_tag<float>{});
      case dtype::float16: return visitor(tag, type_tag<__half>{});
      case dtype::bfloat16: return visitor(tag, type_tag<__nv_bfloat16>{});
      default: break;
    }
    require(detail::refuse(status_code::unsupported, "out", "type", "found %s for %s values, want fp32, fp16 or bf16",
                           name_of(result), name_of(value)));
  };
  auto const same = [&](auto tag) {
    if (result == value) { return visitor(tag, tag); }
    require(detail::refuse(status_code::unsupported, "out", "type", "found %s for %s values, want %s", name_of(result),
                           name_of(value), name_of(value)));
  };
  switch (value) {
    case dtype::float32: return floats(type_tag<float>{});
    case dtype::float16: return floats(type_tag<__half>{});
    case dtype::bfloat16: return floats(type_tag<__nv_bfloat16>{});
    case dtype::uint8: return same(type_tag<std::uint8_t>{});
    case dtype::int32: return same(type_tag<std::int32_t>{});
    case dtype::int64: return same(type_tag<std::int64_t>{});
  }
  require(detail::refuse(status_code::invalid_argument, "source", "type", "found %d, want a dtype",
                         static_cast<int>(value)));
}

/// Features with their type as a type.
template <class Value>
point_features<Value> typed(any_point_features const& features) {
  return {static_cast<Value const*>(features.values), features.channels, features.batch_stride, features.point_stride};
}

/// Calls `visitor(typed features, typed gradients)`.
template <class Visitor>
void visit_gradients(any_point_features const& features, any_voxel_gradients const& gradients, Visitor&& visitor) {
  visit_floats("features", features.type, [&](auto value) {
    visit_floats("gradients", gradients.type, [&](auto result) {
      using Result = typename decltype(result)::type;
      visitor(typed<typename decltype(value)::type>(features),
              voxel_gradients<Result>{
                  static_cast<Result const*>(gradients.sum), static_cast<Result const*>(gradients.mean),
                  static_cast<Result const*>(gradients.max), static_cast<Result const*>(gradients.min)});
    });
  });
}

}  // namespace robocache::compiled
