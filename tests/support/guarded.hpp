// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "support/problem.hpp"

namespace test {

/// While one lives, buffers are allocated to the byte, without guards: what reads past the end of an input is then
/// seen by AddressSanitizer or compute-sanitizer, which a guard would hide from them.
class exact_memory {
 public:
  exact_memory() { ++depth(); }
  ~exact_memory() { --depth(); }
  exact_memory(exact_memory const&) = delete;
  exact_memory& operator=(exact_memory const&) = delete;

  static bool wanted() {
#if defined(__SANITIZE_ADDRESS__)
    return true;
#else
    return depth() > 0;
#endif
  }

 private:
  static int& depth() {
    static int value = 0;
    return value;
  }
};

/// A buffer in `Space` between two guards. As an input the guards read as NaN, so that what is read there shows in a
/// result; as an output they must stay as they are.
template <class Space>
class guarded {
 public:
  /// A copy of `bytes` bytes, which the call must leave alone; null is memory for results: poison.
  guarded(void const* data, std::size_t bytes, std::size_t misaligned_bytes = 0,
          value_place place = value_place::device)
      : front_((exact_memory::wanted() ? 0 : guard_bytes) + misaligned_bytes),
        bytes_(bytes),
        place_(place),
        is_input_(data != nullptr) {
    std::size_t const back = exact_memory::wanted() ? 0 : guard_bytes;
    before_.assign(front_ + bytes + back, is_input_ ? std::byte(0xFF) : std::byte(poison));
    if (data != nullptr) {
      auto const* from = static_cast<std::byte const*>(data);
      std::copy(from, from + bytes, before_.begin() + std::ptrdiff_t(front_));
    }
    memory_ = Space::allocate(std::max<std::size_t>(before_.size(), 1), place);
    Space::write(memory_, before_.data(), before_.size());
  }
  ~guarded() { Space::release(memory_, place_); }
  guarded(guarded const&) = delete;
  guarded& operator=(guarded const&) = delete;

  /// Null where there is no byte, as the data of an empty vector.
  void* data() const { return bytes_ == 0 ? nullptr : static_cast<std::byte*>(memory_) + front_; }

  /// What the buffer holds now; adds to `trouble` what was written outside of it, or to an input.
  std::vector<std::byte> read(char const* name, std::string& trouble) const {
    std::vector<std::byte> now(before_.size());
    Space::read(now.data(), memory_, now.size());
    if (is_input_) {
      check(now, 0, now.size(), name, trouble);
    } else {
      check(now, 0, front_, name, trouble);
      check(now, front_ + bytes_, now.size(), name, trouble);
    }
    now.resize(front_ + bytes_);
    now.erase(now.begin(), now.begin() + long(front_));
    return now;
  }

 private:
  /// Adds to `trouble` the first byte of `[begin, end)` that was written.
  void check(std::vector<std::byte> const& now, std::size_t begin, std::size_t end, char const* name,
             std::string& trouble) const {
    if (begin == end || std::memcmp(&now[begin], &before_[begin], end - begin) == 0) { return; }
    while (now[begin] == before_[begin]) { ++begin; }
    trouble += std::string(name) + ": byte " + std::to_string(long(begin) - long(front_)) + " of " +
               std::to_string(bytes_) + " was written; ";
  }

  static constexpr std::size_t guard_bytes = 512;
  std::size_t front_;
  std::size_t bytes_;
  value_place place_;
  bool is_input_;
  std::vector<std::byte> before_;
  void* memory_;
};

}  // namespace test
