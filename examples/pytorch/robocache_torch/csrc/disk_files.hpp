// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

// Files of shards, read by several threads.
namespace robocache_torch {

/// Opens files when they are read, and keeps the ones that were read last open. Any thread may read.
class shard_files {
 public:
  explicit shard_files(std::vector<std::string> paths);
  ~shard_files();
  shard_files(shard_files const&) = delete;
  shard_files& operator=(shard_files const&) = delete;

  struct opened;

  /// What a thread keeps open from one read to the next: threads that read the same file do not wait for each other.
  struct last_read {
    std::size_t number = 0;
    std::shared_ptr<opened const> file;
  };

  /// Reads bytes `begin` to `begin + count` of a file.
  /// @throws std::runtime_error  with the file's path, and what was found
  void read(std::size_t file, std::int64_t begin, std::int64_t count, void* to, last_read& last);

 private:
  struct slot {
    std::shared_ptr<opened const> file;
    std::list<std::size_t>::iterator place;  ///< in `recent_`; only with a file
  };

  std::shared_ptr<opened const> open(std::size_t file);

  std::vector<std::string> const paths_;
  std::mutex lock_;
  std::vector<slot> slots_;
  std::list<std::size_t> recent_;  ///< files that are open, the one that was read last at the front
};

}  // namespace robocache_torch
