// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#else
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#endif

#include "support/backend.hpp"
#include "support/skip.hpp"

namespace {

constexpr int skip_code = 77;

}  // namespace

int main(int argc, char* argv[]) {
  Catch::Session session;
#if !__has_include(<catch2/catch_session.hpp>)
  session.configData().warnings = Catch::WarnAbout::NoTests;  // as version 3: a filter that matches nothing fails
#endif
  if (int const usage = session.applyCommandLine(argc, argv); usage != 0) { return usage; }
  if (!session.configData().listTests && !test::backend_available()) {
    std::printf("skipped: %s: there is no CUDA device\n", argv[0]);
    return skip_code;
  }
  int const failed = session.run();
  for (auto const& what : test::skipped()) { std::printf("skipped: %s\n", what.c_str()); }
  return failed == 0 && !test::skipped().empty() ? skip_code : failed;
}
