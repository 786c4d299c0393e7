// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>

namespace robocache {

/// What kind of thing went wrong.
enum class status_code : std::uint8_t {
  success = 0,
  invalid_argument,  ///< an argument breaks a precondition; nothing was written
  unsupported,       ///< a combination of arguments that the library does not offer; nothing was written
  cuda_error,        ///< the CUDA runtime refused a call; `message()` carries its words
};

/// What a launcher returns: a code, the name of the argument, and a sentence that says what was found and
/// what is wanted. A value: it owns its text, allocates nothing and may be copied to another thread.
class [[nodiscard]] status {
 public:
  /// Success, with an empty message.
  status() noexcept { argument_[0] = message_[0] = '\0'; }

  /// A failure. Texts longer than the buffers are cut, never overrun.
  /// @param argument  the argument's name as the caller wrote it, such as "options.max_gap"
  /// @param sentence  what was found and what is wanted, without the argument's name
  status(status_code code, char const* argument, char const* sentence) noexcept : code_(code) {
    append(argument_, sizeof argument_, 0, argument);
    int at = append(message_, sizeof message_, 0, argument);
    at = append(message_, sizeof message_, at, ": ");
    append(message_, sizeof message_, at, sentence);
  }

  bool ok() const noexcept { return code_ == status_code::success; }
  explicit operator bool() const noexcept { return ok(); }
  status_code code() const noexcept { return code_; }
  /// The argument's name; empty on success.
  char const* argument() const noexcept { return argument_; }
  /// "argument: what was found and what is wanted"; empty on success. Lives as long as this object.
  char const* message() const noexcept { return message_; }

 private:
  static int append(char* to, int capacity, int at, char const* text) noexcept {
    while (text != nullptr && *text != '\0' && at < capacity - 1) { to[at++] = *text++; }
    to[at] = '\0';
    return at;
  }

  status_code code_ = status_code::success;
  char argument_[40];
  char message_[256];
};

}  // namespace robocache
