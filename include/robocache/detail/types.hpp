// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <robocache/detail/config.hpp>
#include <robocache/detail/standard.hpp>
#include <robocache/dtype.hpp>

// Which types the library takes, and what the compiler says about others: one sentence, and nothing after it. A
// sentence is asserted in a class template, which a compiler instantiates once, however many views and calls use it;
// and a call is compiled only where all of its types are valid. The constants that calls read are not members of the
// classes that assert, because clang treats a class with a failed assertion as broken.
namespace robocache::detail {

/// `std::int64_t` for the other signed integer of 64 bits, every other type unchanged.
template <class T>
using plain_type = std::conditional_t<std::is_same_v<T, other_int64>, std::int64_t, T>;

template <class T>
inline constexpr bool is_stamp =
    std::is_same_v<T, float> || std::is_same_v<T, double> || std::is_same_v<plain_type<T>, std::int64_t>;

template <class T>
inline constexpr bool is_float_value =
    std::is_same_v<T, float> || std::is_same_v<T, __half> || std::is_same_v<T, __nv_bfloat16>;

template <class T>
inline constexpr bool is_value = is_float_value<T> || std::is_same_v<T, std::uint8_t> ||
                                 std::is_same_v<T, std::int32_t> || std::is_same_v<plain_type<T>, std::int64_t>;

/// The rule of timelines.
template <class T>
struct stamp_type {
  static_assert(sizeof(stamp_dtype_of<T>) > 0);
};

/// The rule of views of values.
template <class T>
struct value_type {
  static_assert(sizeof(dtype_of<T>) > 0);
};
/// Used inside the library, for views whose type is known only at run time.
template <>
struct value_type<void> {};

/// The rule of views of results.
template <class T>
struct result_type : value_type<std::remove_const_t<T>> {
  static_assert(!std::is_const_v<T>, "results are written: want a pointer to what is not const");
};

/// The rule of views of values that are added up, fused or differentiated.
template <class T>
struct float_type : value_type<T> {
  static_assert(is_float_value<T> || !is_value<T>,
                "features, fused results, gradients and what has them are float, __half or __nv_bfloat16");
};

/// The rule of views of such results.
template <class T>
struct float_result_type : float_type<std::remove_const_t<T>>, result_type<T> {};

/// The times of a call.
template <class Source, class Target = Source, class... Options>
inline constexpr bool stamps_are_sound =
    is_stamp<Source>&& is_stamp<Target>&& std::is_same_v<plain_type<Source>, plain_type<Target>> &&
    (std::is_same_v<plain_type<Source>, plain_type<Options>> && ...);

template <class Source, class Target = Source, class... Options>
struct stamp_rule {
  static_assert(sizeof(stamp_type<Source>) > 0 && sizeof(stamp_type<Target>) > 0);
  static_assert(stamps_are_sound<Source, Target, Options...> || !is_stamp<Source> || !is_stamp<Target>,
                "all timelines, streams and options of a call have stamps of one type, in one unit");
};

/// The types of values and results.
template <class Value, class Result>
inline constexpr bool values_are_sound = is_value<Value>&& is_value<Result> &&
                                         (std::is_integral_v<Value>
                                              ? std::is_same_v<plain_type<Value>, plain_type<Result>>
                                              : !std::is_integral_v<Result>);

template <class Value, class Result>
struct value_rule {
  static_assert(sizeof(value_type<Value>) > 0 && sizeof(result_type<Result>) > 0);
  static_assert(values_are_sound<Value, Result> || !is_value<Value> || !is_value<Result>,
                "integer values keep their type, and floats become floats");
};

/// Floats that become floats: features, fused results.
template <class Value, class Result>
inline constexpr bool floats_are_sound = is_float_value<Value>&& is_float_value<Result>;

template <class Value, class Result>
struct float_rule {
  static_assert(sizeof(dtype_of<std::remove_const_t<Value>>) > 0 && sizeof(dtype_of<std::remove_const_t<Result>>) > 0);
  static_assert(sizeof(float_result_type<Value>) > 0 && sizeof(float_result_type<Result>) > 0);
};

/// The values of rotations.
template <class Value>
struct quaternion_rule {
  static_assert(sizeof(value_type<Value>) > 0);
  static_assert(is_float_value<Value> || !is_value<Value>, "quaternions are float, __half or __nv_bfloat16");
};

/// Gradients of `Result` that become those of `Value`, in a place of type `Gradient`.
template <class Value, class Result, class Gradient = Value>
inline constexpr bool gradients_are_sound =
    floats_are_sound<Value, Result>&& is_float_value<Gradient>&& std::is_same_v<Value, Gradient>;

template <class Value, class Result, class Gradient = Value>
struct gradient_rule {
  static_assert(sizeof(float_rule<Value, Result>) > 0 && sizeof(float_result_type<Gradient>) > 0);
  static_assert(gradients_are_sound<Value, Result, Gradient> || !floats_are_sound<Value, Result> ||
                    !is_float_value<Gradient>,
                "gradients of values have the type of the values");
};

/// A view with other types of the same size in the places of its own: the same bits.
template <class To, class From>
ROBOCACHE_HOST_DEVICE To same_bits(From const& view) noexcept {
  static_assert(sizeof(To) == sizeof view && std::is_trivially_copyable_v<To> && std::is_trivially_copyable_v<From>);
  To copy;
  std::memcpy(static_cast<void*>(&copy), &view, sizeof copy);
  return copy;
}

/// The view in the library's own types: itself, or a copy with the same bits.
template <template <class...> class View, class... Types>
ROBOCACHE_HOST_DEVICE decltype(auto) plain(View<Types...> const& view) noexcept {
  using plain_view = View<plain_type<Types>...>;
  if constexpr (std::is_same_v<View<Types...>, plain_view>) {
    return (view);
  } else {
    return same_bits<plain_view>(view);
  }
}

/// The view without its type: addresses only.
template <template <class> class View, class T>
ROBOCACHE_HOST_DEVICE View<void> untyped(View<T> const& view) noexcept {
  return same_bits<View<void>>(view);
}

/// `number` as a stamp. Other types give any value: they are refused elsewhere.
template <class Stamp>
ROBOCACHE_HOST_DEVICE constexpr Stamp stamp_of(int number) noexcept {
  if constexpr (is_stamp<Stamp>) {
    return Stamp(number);
  } else {
    return Stamp{};
  }
}

}  // namespace robocache::detail
