// SPDX-License-Identifier: Apache-2.0
#include <sys/mman.h>

#include <cstdint>
#include <vector>

#include <robocache/host.hpp>

#include "support/catch.hpp"
#include "support/problem.hpp"
#include "support/skip.hpp"

// Strides whose products pass 2^31 and 2^32 elements, in address space of which a few pages are touched.
using namespace test;

namespace {

/// Zeros, as many as asked for, of which only what is written to takes memory.
class address_space {
 public:
  explicit address_space(std::int64_t bytes) : bytes_(std::size_t(bytes)) {
    memory_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  }
  ~address_space() {
    if (usable()) { munmap(memory_, bytes_); }
  }
  address_space(address_space const&) = delete;
  address_space& operator=(address_space const&) = delete;

  bool usable() const { return memory_ != MAP_FAILED; }
  template <class T>
  T* as() const {
    return static_cast<T*>(memory_);
  }

 private:
  std::size_t bytes_;
  void* memory_;
};

}  // namespace

TEST_CASE("Large: strides beyond 2^31 and 2^32 elements, of values and of results", "[large]") {
  constexpr std::int64_t batch = 2;
  constexpr std::int64_t rows = 3;
  constexpr std::int64_t row_stride = (std::int64_t(1) << 31) - 8;
  constexpr std::int64_t batch_stride = (std::int64_t(1) << 33) + 24;
  constexpr std::int64_t extent = (batch - 1) * batch_stride + (rows - 1) * row_stride + 1;
  address_space const values(extent * 4);
  address_space const results(extent * 4);
  if (!values.usable() || !results.usable()) {
    skip("large strides: the system gives no 100 GiB of address space");
    return;
  }
  float const stamps[rows] = {0, 1, 2};
  float const targets[rows] = {0.5f, 1, 1.5f};
  auto* const from = values.as<float>();
  auto* const to = results.as<float>();
  for (std::int64_t b = 0; b < batch; ++b) {
    for (std::int64_t i = 0; i < rows; ++i) { from[b * batch_stride + i * row_stride] = float(10 * b + 4 * i); }
  }
  auto const when = timeline<float>::shared(stamps, batch, rows);
  auto const target = timeline<float>::shared(targets, batch, rows);
  robocache::series<float, float> const source{from, when, 1, batch_stride, row_stride};
  robocache::output<float> const out{to, nullptr, batch_stride, row_stride};
  status const s = robocache::host::resample(source, target, out, {});
  INFO(s.message());
  REQUIRE(s.ok());
  for (std::int64_t b = 0; b < batch; ++b) {
    CHECK(to[b * batch_stride] == float(10 * b + 2));
    CHECK(to[b * batch_stride + row_stride] == float(10 * b + 4));
    CHECK(to[b * batch_stride + 2 * row_stride] == float(10 * b + 6));
  }
}
