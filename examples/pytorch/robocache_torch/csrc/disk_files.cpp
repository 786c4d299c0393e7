// SPDX-License-Identifier: Apache-2.0
#include "disk_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace robocache_torch {

namespace {

constexpr std::size_t most_open = 256;  // a process has 1024 by default, and others want some, too

std::string text_of(int error) { return std::generic_category().message(error); }

}  // namespace

struct shard_files::opened {
  explicit opened(std::string const& path) : descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor < 0) { throw std::runtime_error(path + ": " + text_of(errno)); }
    // Windows are anywhere: the system reads what is asked for, and nothing ahead of it.
    ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_RANDOM);
  }
  ~opened() { ::close(descriptor); }
  opened(opened const&) = delete;
  opened& operator=(opened const&) = delete;

  int const descriptor;
};

shard_files::shard_files(std::vector<std::string> paths) : paths_(std::move(paths)), slots_(paths_.size()) {}

shard_files::~shard_files() = default;

std::shared_ptr<shard_files::opened const> shard_files::open(std::size_t file) {
  std::lock_guard<std::mutex> const guard(lock_);
  slot& found = slots_[file];
  if (found.file) {
    recent_.splice(recent_.begin(), recent_, found.place);
    return found.file;
  }
  if (recent_.size() == most_open) {
    slots_[recent_.back()].file.reset();  // whoever reads it keeps it open until then
    recent_.pop_back();
  }
  found.file = std::make_shared<opened const>(paths_[file]);
  recent_.push_front(file);
  found.place = recent_.begin();
  return found.file;
}

void shard_files::read(std::size_t file, std::int64_t begin, std::int64_t count, void* to, last_read& last) {
  if (!last.file || last.number != file) { last = {file, open(file)}; }
  auto* at = static_cast<char*>(to);
  while (count > 0) {
    auto const done = ::pread(last.file->descriptor, at, static_cast<std::size_t>(count), begin);
    if (done < 0 && errno == EINTR) { continue; }
    if (done < 0) { throw std::runtime_error(paths_[file] + ": " + text_of(errno)); }
    if (done == 0) {
      throw std::runtime_error(paths_[file] + ": found its end at byte " + std::to_string(begin) + ", want " +
                               std::to_string(count) + " bytes more");
    }
    at += done;
    begin += done;
    count -= done;
  }
}

}  // namespace robocache_torch
