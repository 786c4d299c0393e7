// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/dtype.hpp>

// The types that the host side is compiled for. An explicit instantiation is written out for each type, and C++ has no
// loop over declarations: so these lists are macros. A file that ends with
//
//     #define ROBOCACHE_INSTANTIATE(Value, Result) template status exact::some_function(...)
//     ROBOCACHE_FOR_FLOATS(ROBOCACHE_INSTANTIATE);
//     #undef ROBOCACHE_INSTANTIATE
//
// compiles its function for each pair of float types. A new stamp type or integer type is one new line in its list; a
// new float type is one line among the values and one among the results, since a macro cannot call itself.

// Each list makes `make(before... one)` of its types, where `before` are those chosen so far, each followed by a comma.
#define ROBOCACHE_EACH_STAMP(make, ...) \
  make(__VA_ARGS__ float);              \
  make(__VA_ARGS__ double);             \
  make(__VA_ARGS__ std::int64_t)
#define ROBOCACHE_EACH_RESULT(make, ...) \
  make(__VA_ARGS__ float);               \
  make(__VA_ARGS__ __half);              \
  make(__VA_ARGS__ __nv_bfloat16)
#define ROBOCACHE_EACH_INTEGER(make, ...) \
  make(__VA_ARGS__ std::uint8_t);         \
  make(__VA_ARGS__ std::int32_t);         \
  make(__VA_ARGS__ std::int64_t)
#define ROBOCACHE_EACH_FLOAT_PAIR(make, ...)         \
  ROBOCACHE_EACH_RESULT(make, __VA_ARGS__ float, );  \
  ROBOCACHE_EACH_RESULT(make, __VA_ARGS__ __half, ); \
  ROBOCACHE_EACH_RESULT(make, __VA_ARGS__ __nv_bfloat16, )
#define ROBOCACHE_EACH_INTEGER_PAIR(make, ...)  \
  make(__VA_ARGS__ std::uint8_t, std::uint8_t); \
  make(__VA_ARGS__ std::int32_t, std::int32_t); \
  make(__VA_ARGS__ std::int64_t, std::int64_t)

#define ROBOCACHE_THEN_RESULT(make, Stamp) ROBOCACHE_EACH_RESULT(make, Stamp, )
#define ROBOCACHE_THEN_VALUE(make, Stamp) \
  ROBOCACHE_EACH_RESULT(make, Stamp, );   \
  ROBOCACHE_EACH_INTEGER(make, Stamp, )
#define ROBOCACHE_THEN_STAMP(make, Value, Result) ROBOCACHE_EACH_STAMP(make, Value, Result, )

/// `make(Stamp)` for each type of stamps.
#define ROBOCACHE_FOR_STAMPS(make) ROBOCACHE_EACH_STAMP(make, )
/// `make(Value)` for each type of values.
#define ROBOCACHE_FOR_VALUES(make) \
  ROBOCACHE_EACH_RESULT(make, );   \
  ROBOCACHE_EACH_INTEGER(make, )
/// `make(Stamp, Value)` for each type of stamps and each type of values.
#define ROBOCACHE_FOR_STAMPS_AND_VALUES(make) ROBOCACHE_EACH_STAMP(ROBOCACHE_THEN_VALUE, make, )
/// `make(Stamp, Result)` for each type of stamps and each float type.
#define ROBOCACHE_FOR_STAMPS_AND_FLOATS(make) ROBOCACHE_EACH_STAMP(ROBOCACHE_THEN_RESULT, make, )
/// `make(Value, Result)` for each pair of float types.
#define ROBOCACHE_FOR_FLOATS(make) ROBOCACHE_EACH_FLOAT_PAIR(make, )
/// `make(Value, Result, Stamp)` for each pair of float types and each type of stamps.
#define ROBOCACHE_FOR_FLOATS_AND_STAMPS(make) ROBOCACHE_EACH_FLOAT_PAIR(ROBOCACHE_THEN_STAMP, make, )
/// The same for integers, which keep their type.
#define ROBOCACHE_FOR_INTEGERS_AND_STAMPS(make) ROBOCACHE_EACH_INTEGER_PAIR(ROBOCACHE_THEN_STAMP, make, )
