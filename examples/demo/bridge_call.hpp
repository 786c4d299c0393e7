// SPDX-License-Identifier: Apache-2.0
// What the bridge's functions share: how long a call takes, and failures as C and Python see them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstring>
#include <exception>

namespace demo {

constexpr int timed_calls = 20;  // at most
constexpr std::chrono::milliseconds enough{100};

/// Microseconds per call, without the first one, which pays for start-up.
template <class Call, class Wait>
double time_calls(Call call, Wait wait) {
  using clock = std::chrono::steady_clock;
  call();
  wait();
  auto const begin = clock::now();
  int calls = 0;
  while (calls == 0 || (calls < timed_calls && clock::now() - begin < enough)) {
    call();
    ++calls;
  }
  wait();
  return std::chrono::duration<double, std::micro>(clock::now() - begin).count() / calls;
}

/// Exceptions end here: C and Python see a code and a text.
template <class Work>
int run_and_report(Work work, char* message, std::size_t capacity) {
  try {
    work();
    return 0;
  } catch (std::exception const& failure) {
    std::strncpy(message, failure.what(), capacity - 1);
    message[capacity - 1] = '\0';
    return 1;
  }
}

}  // namespace demo
