// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include <robocache/detail/config.hpp>
#include <robocache/dtype.hpp>

// Which types the library takes, and what the compiler says of others: one sentence, and nothing after it. A sentence
// is asserted in a class template, which a compiler instantiates once, however many views and calls ask; and calls are
// compiled only where `sound` says that every type is one of the library's.
namespace robocache::detail {

/// `std::int64_t` for the other integer of 64 bits, every other type as it is.
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

/// What a view of values asks for.
template <class T>
struct value_type {
  static_assert(sizeof(dtype_of<T>) > 0);
};
/// Views whose type is a value elsewhere: of no use in a call.
template <>
struct value_type<void> {};

/// What a view of results asks for.
template <class T>
struct result_type : value_type<std::remove_const_t<T>> {
  static_assert(!std::is_const_v<T>, "results are written: want a pointer to what is not const");
};

/// What a view of values asks for that are added up, fused or differentiated.
template <class T>
struct float_type : value_type<T> {
  static_assert(is_float_value<T> || !is_value<T>,
                "features, fused results, gradients and what has them are float, __half or __nv_bfloat16");
};

/// What a view of such results asks for.
template <class T>
struct float_result_type : float_type<std::remove_const_t<T>>, result_type<T> {};

/// What all times of a call ask for.
template <class... Stamps>
struct one_stamp_type;
template <class Stamp, class... Others>
struct one_stamp_type<Stamp, Others...> {
  static constexpr bool sound = (std::is_same_v<plain_type<Stamp>, plain_type<Others>> && ...);
  static_assert(sound, "all timelines, streams and options of a call have stamps of one type, in one unit");
};

/// What a value becomes.
template <class Value, class Result>
struct conversion {
  static constexpr bool sound =
      std::is_integral_v<Value> ? std::is_same_v<plain_type<Value>, plain_type<Result>> : !std::is_integral_v<Result>;
  static_assert(sound, "integer values keep their type, and floats become floats");
};

/// Where the gradient of a value goes.
template <class Value, class Gradient>
struct gradient_type {
  static constexpr bool sound = std::is_same_v<Value, Gradient>;
  static_assert(sound, "gradients of values have the type of the values");
};

/// True if the times of a call are the library's. Options follow the timelines.
template <class Source, class Target = Source, class... Options>
constexpr bool stamps_are_sound() {
  static_assert(sizeof(stamp_dtype_of<Source>) > 0 && sizeof(stamp_dtype_of<Target>) > 0);
  if constexpr (is_stamp<Source> && is_stamp<Target>) {
    return one_stamp_type<Source, Target, Options...>::sound;
  } else {
    return false;
  }
}

/// True if `Value` can become `Result`.
template <class Value, class Result>
constexpr bool values_are_sound() {
  static_assert(sizeof(dtype_of<Value>) > 0 && sizeof(dtype_of<std::remove_const_t<Result>>) > 0);
  if constexpr (is_value<Value> && is_value<Result>) {
    return conversion<Value, Result>::sound;
  } else {
    return false;
  }
}

/// True if floats can become floats: features, fused results.
template <class Value, class Result>
constexpr bool floats_are_sound() {
  static_assert(sizeof(dtype_of<Value>) > 0 && sizeof(dtype_of<std::remove_const_t<Result>>) > 0);
  static_assert(sizeof(float_type<Value>) > 0 && sizeof(float_type<std::remove_const_t<Result>>) > 0);
  return is_float_value<Value> && is_float_value<Result>;
}

/// True if gradients of `Result` can become those of `Value`, in a place of type `Gradient`.
template <class Value, class Result, class Gradient>
constexpr bool gradients_are_sound() {
  if constexpr (floats_are_sound<Value, Result>() && is_float_value<Gradient>) {
    return gradient_type<Value, Gradient>::sound;
  } else {
    return false;
  }
}

/// The view in the library's own types: itself, or a copy with the same bits.
template <template <class...> class View, class... Types>
decltype(auto) plain(View<Types...> const& view) noexcept {
  using plain_view = View<plain_type<Types>...>;
  if constexpr (std::is_same_v<View<Types...>, plain_view>) {
    return (view);
  } else {
    static_assert(sizeof(plain_view) == sizeof view && std::is_trivially_copyable_v<plain_view>);
    plain_view copy;
    std::memcpy(static_cast<void*>(&copy), &view, sizeof copy);
    return copy;
  }
}

/// `number` as a stamp. Of types that are none, something: they are refused elsewhere.
template <class Stamp>
ROBOCACHE_HOST_DEVICE constexpr Stamp stamp_of(int number) noexcept {
  if constexpr (is_stamp<Stamp>) {
    return Stamp(number);
  } else {
    return Stamp{};
  }
}

}  // namespace robocache::detail
