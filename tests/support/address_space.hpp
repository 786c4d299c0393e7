// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

namespace test {

/// As many zeros as asked for; only pages that are written to take memory.
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

}  // namespace test
