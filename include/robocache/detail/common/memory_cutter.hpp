// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace robocache::detail {

/// Cuts memory into pieces that are aligned to 16 bytes. A piece of nothing is null.
class memory_cutter {
 public:
  explicit memory_cutter(void* memory) : memory_(static_cast<std::byte*>(memory)) {}

  template <class T>
  T* take(std::int64_t count) {
    T* const piece = memory_ == nullptr || count == 0 ? nullptr : reinterpret_cast<T*>(memory_ + bytes_);
    bytes_ += (count * std::int64_t(sizeof(T)) + 15) / 16 * 16;
    return piece;
  }
  std::int64_t bytes() const { return bytes_; }

 private:
  std::byte* memory_;
  std::int64_t bytes_ = 0;
};

}  // namespace robocache::detail
