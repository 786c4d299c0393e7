// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include <robocache/sampling.hpp>

#include "support/cells/memory.hpp"

/// Samples and neighbours under test.
namespace test {

using robocache::farthest_options;
using robocache::neighbour_output;
using robocache::point_clouds;
using robocache::sample_output;
using robocache::scratch;
using robocache::shortage_rule;
using robocache::uniform_options;

/// A call of `sample_farthest` or `sample_uniform`, on no side yet.
struct sampling {
  cloud_data clouds{};
  std::int64_t samples = 0;
  shortage_rule shortage = shortage_rule::missing;
  bool rest = true;  ///< counts and points are asked for
  // Of `sample_farthest`:
  std::int64_t start = 0;
  std::vector<std::int64_t> starts{};  ///< or none
  // Of `sample_uniform`:
  std::uint64_t seed = 0;
  std::vector<std::int64_t> ids{};  ///< or none
};

/// What one call left.
struct sampled {
  status state{};
  std::vector<std::int64_t> indices{}, counts{};
  std::vector<float> points{};
  std::string trouble{};
};

/// A call of `nearest_neighbours` or `within_radius`, on no side yet.
struct neighbourhood {
  cloud_data queries{};
  cloud_data clouds{};
  std::int64_t k = 0;
  float radius = -1.0f;  ///< below 0: the nearest
  bool rest = true;      ///< distances and counts are asked for
};

struct found_neighbours {
  status state{};
  std::vector<std::int64_t> indices{}, counts{};
  std::vector<float> distances{};
  std::string trouble{};
};

/// On the side under test.
sampled sample_farthest(sampling const& p);
sampled sample_uniform(sampling const& p);
found_neighbours find_neighbours(neighbourhood const& p);

/// The calls alone, with views that a test made by hand: for calls that are refused.
status sample_farthest_views(point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                             farthest_options const& options, scratch const& memory);
status sample_uniform_views(point_clouds const& clouds, std::int64_t samples, sample_output const& out,
                            uniform_options const& options);
status nearest_neighbours_views(point_clouds const& queries, point_clouds const& clouds, std::int64_t k,
                                neighbour_output const& out);
status within_radius_views(point_clouds const& queries, point_clouds const& clouds, float radius, std::int64_t k,
                           neighbour_output const& out);

/// Of the side under test; 0 where it takes none.
std::int64_t farthest_scratch_bytes(point_clouds const& clouds, std::int64_t samples);

namespace detail {

template <class Space>
cloud_memory<Space> put_clouds(cloud_data const& clouds) {
  voxel_problem p;
  p.clouds = clouds;
  return cloud_memory<Space>(p);
}

/// Results in guarded memory of `Space`.
template <class Space, class T>
class result {
 public:
  result(std::int64_t count, bool wanted = true)
      : wanted_(wanted), memory_(nullptr, std::size_t(wanted ? count : 0) * sizeof(T)) {}
  T* view() const { return wanted_ ? static_cast<T*>(memory_.data()) : nullptr; }
  std::vector<T> read(char const* name, std::string& trouble) const {
    auto const bytes = memory_.read(name, trouble);
    std::vector<T> all(bytes.size() / sizeof(T));
    if (!bytes.empty()) { std::memcpy(all.data(), bytes.data(), bytes.size()); }
    return all;
  }

 private:
  bool wanted_;
  guarded<Space> memory_;
};

template <class Space, class T>
T const* data_of(std::unique_ptr<guarded<Space>> const& memory) {
  return static_cast<T const*>(memory->data());
}

/// @param call  `status(clouds, out)`
template <class Space, class Call>
sampled run_sampling(sampling const& p, Call call) {
  auto const memory = put_clouds<Space>(p.clouds);
  std::int64_t const all = p.clouds.batch * p.samples;
  result<Space, std::int64_t> const indices(all);
  result<Space, std::int64_t> const counts(p.clouds.batch, p.rest);
  result<Space, float> const points(3 * all, p.rest);
  sampled found;
  found.state = call(memory.clouds(), sample_output{indices.view(), counts.view(), points.view()}, found.trouble);
  found.indices = indices.read("indices", found.trouble);
  found.counts = counts.read("counts", found.trouble);
  found.points = points.read("points", found.trouble);
  memory.check(found.trouble);
  return found;
}

}  // namespace detail

template <class Space>
sampled run_sample_farthest(sampling const& p) {
  return detail::run_sampling<Space>(
      p, [&](point_clouds const& clouds, sample_output const& out, std::string& trouble) {
        auto const starts = put<Space>(p.starts);
        farthest_options options;
        options.start = p.start;
        options.starts = p.starts.empty() ? nullptr : detail::data_of<Space, std::int64_t>(starts);
        options.shortage = p.shortage;
        scratch_memory<Space> const memory(farthest_scratch_bytes(clouds, p.samples), 0, poison, false);
        status const s = sample_farthest_views(clouds, p.samples, out, options, memory.view());
        starts->read("starts", trouble);
        memory.check(trouble);
        return s;
      });
}

template <class Space>
sampled run_sample_uniform(sampling const& p) {
  return detail::run_sampling<Space>(
      p, [&](point_clouds const& clouds, sample_output const& out, std::string& trouble) {
        auto const seed = put<Space>(std::vector<std::uint64_t>{p.seed});
        auto const ids = put<Space>(p.ids);
        uniform_options options;
        options.seed = detail::data_of<Space, std::uint64_t>(seed);
        options.cloud_ids = p.ids.empty() ? nullptr : detail::data_of<Space, std::int64_t>(ids);
        options.shortage = p.shortage;
        status const s = sample_uniform_views(clouds, p.samples, out, options);
        seed->read("seed", trouble);
        ids->read("cloud_ids", trouble);
        return s;
      });
}

template <class Space>
found_neighbours run_neighbours(neighbourhood const& p) {
  auto const queries = detail::put_clouds<Space>(p.queries);
  auto const clouds = detail::put_clouds<Space>(p.clouds);
  std::int64_t const rows = p.queries.total();
  detail::result<Space, std::int64_t> const indices(rows * p.k);
  detail::result<Space, float> const distances(rows * p.k, p.rest);
  detail::result<Space, std::int64_t> const counts(rows, p.rest);
  neighbour_output const out{indices.view(), distances.view(), counts.view()};
  found_neighbours found;
  found.state = p.radius < 0 ? nearest_neighbours_views(queries.clouds(), clouds.clouds(), p.k, out)
                             : within_radius_views(queries.clouds(), clouds.clouds(), p.radius, p.k, out);
  found.indices = indices.read("indices", found.trouble);
  found.distances = distances.read("distances", found.trouble);
  found.counts = counts.read("counts", found.trouble);
  queries.check(found.trouble);
  clouds.check(found.trouble);
  return found;
}

}  // namespace test
