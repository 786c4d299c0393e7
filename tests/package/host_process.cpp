// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <vector>

#include <robocache/host.hpp>

#include "support/catch.hpp"

// What the host side does in a process that has little memory or that was forked.
namespace {

/// While above 0, allocations of at least as many bytes fail.
std::atomic<std::size_t> refused_bytes{0};

void* allocate_or_null(std::size_t bytes) noexcept {
  std::size_t const limit = refused_bytes.load(std::memory_order_relaxed);
  return limit > 0 && bytes >= limit ? nullptr : std::malloc(bytes > 0 ? bytes : 1);
}

void* allocate(std::size_t bytes) {
  void* const memory = allocate_or_null(bytes);
  if (memory == nullptr) { throw std::bad_alloc(); }
  return memory;
}

}  // namespace

// All forms without an alignment: AddressSanitizer has its own, and `free` must not get memory of it.
void* operator new(std::size_t bytes) { return allocate(bytes); }
void* operator new[](std::size_t bytes) { return allocate(bytes); }
void* operator new(std::size_t bytes, std::nothrow_t const&) noexcept { return allocate_or_null(bytes); }
void* operator new[](std::size_t bytes, std::nothrow_t const&) noexcept { return allocate_or_null(bytes); }
void operator delete(void* memory, std::nothrow_t const&) noexcept { std::free(memory); }
void operator delete[](void* memory, std::nothrow_t const&) noexcept { std::free(memory); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace test {
namespace {

/// Many clouds, shared out to threads, each of which needs memory of its own for them.
class many_clouds {
 public:
  many_clouds() : xyz_(std::size_t(3 * clouds * each), 0.5f) {
    for (std::size_t i = 0; i < xyz_.size(); ++i) { xyz_[i] = float(i * 7919 % 997) / 100; }
    lattice_.cells[0] = lattice_.cells[1] = lattice_.cells[2] = 10;
  }

  /// The voxel of each point.
  void find_voxels(std::vector<std::int32_t>& found) const {
    robocache::sparse_output<float> out;
    out.capacity = clouds * each;
    out.point_voxels = found.data();
    auto const s = robocache::host::voxelize_sparse(robocache::point_clouds::dense(xyz_.data(), clouds, each),
                                                    robocache::point_features<float>{}, lattice_, out, {});
    REQUIRE(s.ok());
  }
  std::vector<std::int32_t> voxels() const {
    std::vector<std::int32_t> found(std::size_t(clouds * each), -2);
    find_voxels(found);
    return found;
  }

  static constexpr std::int64_t each = 4000;

 private:
  static constexpr std::int64_t clouds = 60;
  std::vector<float> xyz_;
  robocache::grid lattice_;
};

}  // namespace

TEST_CASE("Host: a lack of memory on any thread is an exception of the call", "[host_process]") {
  many_clouds const clouds;
  auto const before = clouds.voxels();
  auto found = before;
  bool thrown = false;
  refused_bytes = std::size_t(many_clouds::each) * sizeof(std::int32_t);  // the numbers of a cloud's points
  try {
    clouds.find_voxels(found);
  } catch (std::bad_alloc const&) { thrown = true; }
  refused_bytes = 0;
  CHECK(thrown);
  CHECK(clouds.voxels() == before);
}

TEST_CASE("Host: a forked child works, whatever threads its parent had", "[host_process]") {
  many_clouds const clouds;
  auto const wanted = clouds.voxels();  // has all threads
  pid_t const child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    alarm(60);  // ends a child that hangs
    _exit(clouds.voxels() == wanted ? 0 : 1);
  }
  int state = -1;
  REQUIRE(waitpid(child, &state, 0) == child);
  CHECK(WIFEXITED(state));
  CHECK(WEXITSTATUS(state) == 0);
}

}  // namespace test
