// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include <robocache/detail/common/check.hpp>
#include <robocache/dtype.hpp>
#include <robocache/robocache.hpp>

// From types that are values to types of C++, for the compiled API.
namespace robocache::compiled {

/// Throws what a status reports.
inline void require(status const& s) {
  if (!s.ok()) { throw error(s); }
}

template <class T>
struct type_tag {
  using type = T;
};

// Each `visit_` function returns what the visitor returns, and throws where the call does not take a type.

/// Calls `visitor(type_tag<Stamp>)`.
/// @param name  the argument that has these stamps
template <class Visitor>
auto visit_stamp(char const* name, stamp_dtype type, Visitor&& visitor) {
  switch (type) {
    case stamp_dtype::float32: return visitor(type_tag<float>{});
    case stamp_dtype::float64: return visitor(type_tag<double>{});
    case stamp_dtype::int64: return visitor(type_tag<std::int64_t>{});
  }
  throw error(detail::refuse(status_code::invalid_argument, name, "type", "found %d, want a stamp_dtype",
                             static_cast<int>(type)));
}

/// The view of times, or of rules for them, with its own stamp type.
template <class Stamp, template <class> class View>
View<Stamp> const& typed(any_stamped<View> const& view) noexcept {
  if constexpr (std::is_same_v<Stamp, float>) {
    return view.as_float32;
  } else if constexpr (std::is_same_v<Stamp, double>) {
    return view.as_float64;
  } else {
    return view.as_int64;
  }
}

/// The view of values with their own type.
template <class T, template <class> class View>
View<T> typed(View<void> const& view) noexcept {
  return detail::same_bits<View<T>>(view);
}

/// Gradients of features, with the type of the features.
template <class Value>
feature_gradients<Value> typed(any_feature_gradients const& gradients, point_features<Value> const&) noexcept {
  return typed<Value>(gradients);
}

template <class Value, class Stamp>
series<Value, Stamp> typed(any_series const& source, timeline<Stamp> const& when) noexcept {
  return {static_cast<Value const*>(source.values),
          when,
          source.channels,
          source.batch_stride,
          source.row_stride,
          source.place};
}

/// Calls `visitor(typed timeline)`.
/// @param name  what the caller calls this timeline
template <class Visitor>
auto visit_timeline(char const* name, any_timeline const& when, Visitor&& visitor) {
  return visit_stamp(name, when.type, [&](auto stamp) { return visitor(typed<typename decltype(stamp)::type>(when)); });
}

/// Refuses a call whose argument `odd` has stamps of another type than `name`.
inline void require_one_stamp_type(char const* odd, stamp_dtype found, char const* name, stamp_dtype wanted) {
  if (found == wanted) { return; }
  throw error(detail::refuse(status_code::invalid_argument, odd, "",
                             "found %s stamps, want %s as %s has: one stamp type a call", name_of(found),
                             name_of(wanted), name));
}

/// Calls `visitor(typed timeline of `name`, typed target, typed options)`, once all three have one stamp type.
template <class Visitor>
auto visit_stamps(char const* name, any_timeline const& source, any_timeline const& target, any_options const& options,
                  Visitor&& visitor) {
  require_one_stamp_type("target", target.type, name, source.type);
  require_one_stamp_type("options", options.type, name, source.type);
  return visit_stamp(name, source.type, [&](auto stamp) {
    using Stamp = typename decltype(stamp)::type;
    return visitor(typed<Stamp>(source), typed<Stamp>(target), typed<Stamp>(options));
  });
}

/// Calls `visitor(typed streams, typed target)`, once both have one stamp type.
template <class Visitor>
auto visit_streams(any_streams const& streams, any_timeline const& target, Visitor&& visitor) {
  require_one_stamp_type("target", target.type, "streams", streams.type);
  return visit_stamp("streams", streams.type, [&](auto stamp) {
    using Stamp = typename decltype(stamp)::type;
    return visitor(static_cast<stream<Stamp> const*>(streams.first), typed<Stamp>(target));
  });
}

/// Calls `visitor(type_tag<Value>)` for a float type.
/// @param name  the argument whose type it is
template <class Visitor>
auto visit_float(char const* name, dtype type, Visitor&& visitor) {
  switch (type) {
    case dtype::float32: return visitor(type_tag<float>{});
    case dtype::float16: return visitor(type_tag<__half>{});
    case dtype::bfloat16: return visitor(type_tag<__nv_bfloat16>{});
    default: break;
  }
  throw error(
      detail::refuse(status_code::unsupported, name, "type", "found %s, want fp32, fp16 or bf16", name_of(type)));
}

/// Calls `visitor(type_tag<Value>)` for any type.
/// @param name  the argument whose type it is
template <class Visitor>
auto visit_value(char const* name, dtype type, Visitor&& visitor) {
  switch (type) {
    case dtype::float32: return visitor(type_tag<float>{});
    case dtype::float16: return visitor(type_tag<__half>{});
    case dtype::bfloat16: return visitor(type_tag<__nv_bfloat16>{});
    case dtype::uint8: return visitor(type_tag<std::uint8_t>{});
    case dtype::int32: return visitor(type_tag<std::int32_t>{});
    case dtype::int64: return visitor(type_tag<std::int64_t>{});
  }
  throw error(
      detail::refuse(status_code::invalid_argument, name, "type", "found %d, want a dtype", static_cast<int>(type)));
}

/// Calls `visitor(typed view)` for a view of floats.
/// @param name  what the caller calls this view
template <template <class> class View, class Visitor>
auto visit_view(char const* name, any_view<View> const& view, Visitor&& visitor) {
  return visit_float(name, view.type, [&](auto tag) { return visitor(typed<typename decltype(tag)::type>(view)); });
}

/// Calls `visitor(typed features, typed view)`.
/// @param name  what the caller calls the view of reductions, or of their gradients
template <template <class> class View, class Visitor>
auto visit_features(any_point_features const& features, char const* name, any_view<View> const& view,
                    Visitor&& visitor) {
  return visit_view("features", features, [&](auto const& from) {
    return visit_view(name, view, [&](auto const& other) { return visitor(from, other); });
  });
}

/// Calls `visitor(type_tag<Value>, type_tag<Result>)` for the pairs that exist.
template <class Visitor>
auto visit_values(dtype value, dtype result, Visitor&& visitor) {
  auto const floats = [&](auto tag) {
    switch (result) {
      case dtype::float32: return visitor(tag, type_tag<float>{});
      case dtype::float16: return visitor(tag, type_tag<__half>{});
      case dtype::bfloat16: return visitor(tag, type_tag<__nv_bfloat16>{});
      default: break;
    }
    throw error(detail::refuse(status_code::unsupported, "out", "type",
                               "found %s for %s values, want fp32, fp16 or bf16", name_of(result), name_of(value)));
  };
  auto const same = [&](auto tag) {
    if (result == value) { return visitor(tag, tag); }
    throw error(detail::refuse(status_code::unsupported, "out", "type", "found %s for %s values, want %s",
                               name_of(result), name_of(value), name_of(value)));
  };
  switch (value) {
    case dtype::float32: return floats(type_tag<float>{});
    case dtype::float16: return floats(type_tag<__half>{});
    case dtype::bfloat16: return floats(type_tag<__nv_bfloat16>{});
    case dtype::uint8: return same(type_tag<std::uint8_t>{});
    case dtype::int32: return same(type_tag<std::int32_t>{});
    case dtype::int64: return same(type_tag<std::int64_t>{});
  }
  throw error(detail::refuse(status_code::invalid_argument, "source", "type", "found %d, want a dtype",
                             static_cast<int>(value)));
}

}  // namespace robocache::compiled
