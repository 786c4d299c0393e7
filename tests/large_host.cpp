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
  constexpr std::int64_t stride = (std::int64_t(1) << 32) + 24;
  constexpr std::int64_t half = (std::int64_t(1) << 31) + 8;
  address_space const values((3 * stride + 16) * 4);
  address_space const results((3 * stride + 16) * 4);
  if (!values.usable() || !results.usable()) {
    skip("large strides: the system gives no 200 GiB of address space");
    return;
  }
  float const stamps[2] = {0, 1};
  float const targets[2] = {0.5f, 1};
  auto* const from = values.as<float>();
  auto* const to = results.as<float>();
  auto const when = timeline<float>::shared(stamps, 3, 2);
  auto const target = timeline<float>::shared(targets, 3, 2);
  for (std::int64_t b = 0; b < 3; ++b) {
    from[b * stride] = float(10 * b);
    from[b * stride + half] = float(10 * b + 4);
  }
  robocache::series<float, float> const source{from, when, 1, stride, half};
  REQUIRE(robocache::host::resample(source, target, robocache::output<float>{to, nullptr, stride, half}, {}).ok());
  for (std::int64_t b = 0; b < 3; ++b) {
    CHECK(to[b * stride] == float(10 * b + 2));
    CHECK(to[b * stride + half] == float(10 * b + 4));
  }
}
