// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>
#include <string>

#include <robocache/filter_voxels.cuh>
#include <robocache/voxelize_gathered.cuh>
#include <robocache/voxelize_gathered_backward.cuh>
#include <robocache/voxelize_sparse.cuh>
#include <robocache/voxelize_sparse_backward.cuh>

#include "support/catch.hpp"
#include "support/device_space.hpp"
#include "support/voxels/backward.hpp"
#include "support/voxels/draw.hpp"
#include "support/voxels/scene.hpp"

// `voxelize_sparse`, `voxelize_gathered`, `filter_voxels` and the backward passes as a user instantiates them, and
// sizes that only a GPU is fast enough for.
using namespace test;

namespace {

/// The header API's call, on the device.
template <class Value, class Result>
sparse_voxelized run_on_device(sparse_problem const& p) {
  return run_sparse<device_space>(
      p,
      [](sparse_arguments const& a) {
        return call_sparse<Value, Result>(
            a, [](auto const&... arguments) { return robocache::voxelize_sparse_scratch(arguments...); },
            [](auto const&... arguments) { return robocache::voxelize_gathered_scratch(arguments...); },
            [](auto const&... arguments) { return robocache::filter_voxels_scratch(arguments...); });
      },
      [](sparse_arguments const& a) {
        auto const& memory = a.view.memory;
        auto const stream = device_space::stream();
        status const s = call_sparse<Value, Result>(
            a, [&](auto const&... arguments) { return robocache::voxelize_sparse(arguments..., memory, stream); },
            [&](auto const&... arguments) { return robocache::voxelize_gathered(arguments..., memory, stream); },
            [&](auto const&... arguments) { return robocache::filter_voxels(arguments..., memory, stream); });
        check_cuda(cudaStreamSynchronize(stream), "the call's work");
        return s;
      });
}

template <class Value, class Result>
std::string voxels_as_host(sparse_problem p) {
  p.from.value_type = robocache::dtype_of<Value>::value;
  p.from.result_type = robocache::dtype_of<Result>::value;
  p.from.interleaved_at = -1;
  generator random(45);
  p.from.draw_features(random, p.from.channels);
  sparse_voxelized const o = run_on_device<Value, Result>(p);
  return o.trouble + difference(p, o, voxelize_on_host(p));
}

template <class Value, class Result>
std::string backward_as_host(sparse_backward_problem p) {
  p.forward.from.value_type = robocache::dtype_of<Value>::value;
  p.forward.from.result_type = robocache::dtype_of<Result>::value;
  p.forward.from.interleaved_at = -1;
  generator random(46);
  p.forward.from.draw_features(random, p.forward.from.channels);
  p.draw_incoming(random);
  using gradients = robocache::voxel_gradients<Result>;
  feature_gradients const o = run_sparse_backward<device_space>(
      p,
      [](sparse_backward_arguments const& a) {
        if (a.of.forward.call == voxel_call::gathered) { return std::int64_t(0); }
        return robocache::voxelize_sparse_backward_scratch(a.view.clouds, a.view.features_of<Value>(), a.voxels(),
                                                           a.gradients<gradients, Result>());
      },
      [](sparse_backward_arguments const& a) {
        auto const stream = device_space::stream();
        status const s = call_sparse_backward<Value, Result>(
            a,
            [&](auto const&... arguments) {
              return robocache::voxelize_sparse_backward(arguments..., a.view.memory, stream);
            },
            [&](auto const&... arguments) { return robocache::voxelize_gathered_backward(arguments..., stream); });
        check_cuda(cudaStreamSynchronize(stream), "the call's work");
        return s;
      });
  return o.trouble + difference(p, o, voxelize_backward_on_host(p));
}

/// Many points in few voxels, some of them crowds, and many in voxels of their own, of three clouds.
sparse_problem many_points(generator& random, voxel_call call, bool huge) {
  auto p = listed(call, {}, {128, 128, 32});
  auto xyz = draw_points(random, p.from.lattice, 600'000, 0.02);
  for (std::size_t i = 0; i < xyz.size() / 3; ++i) { xyz[i] = 10 + 0.01f * xyz[i]; }
  if (huge) { make_large(p.from.lattice); }
  std::int64_t const rows = std::int64_t(xyz.size()) / 3;
  set_clouds(p, ragged_clouds(xyz, {5, rows / 4, rows / 2, rows - 3}));
  // There are some 315,000 voxels. What the slots of each take is copied and compared at every call.
  p.capacity = 2 * rows / 3;
  p.max_points = 5;
  draw_features(p, random, 4);
  return p;
}

}  // namespace

TEST_CASE("Header API: voxels without a grid around them have the host's bits", "[header_api]") {
  for (std::uint64_t seed = 2900; seed < 2950; ++seed) {
    generator random(seed);
    auto const p = draw_sparse(random, {5, 3000, 12});
    CAPTURE(seed, describe(p));
    CHECK(voxels_as_host<float, float>(p) == "");
    CHECK(voxels_as_host<__nv_bfloat16, float>(p) == "");
    CHECK(voxels_as_host<__half, __nv_bfloat16>(p) == "");
  }
}

TEST_CASE("Header API: gradients of voxels have the host's bits", "[header_api]") {
  for (std::uint64_t seed = 3000; seed < 3040; ++seed) {
    generator random(seed);
    auto const p = draw_sparse_backward(random, {5, 3000, 12});
    CAPTURE(seed, describe(p));
    CHECK(backward_as_host<float, __half>(p) == "");
    CHECK(backward_as_host<__nv_bfloat16, float>(p) == "");
  }
}

TEST_CASE("Voxels: 600,000 points have the host's bits, and the same ones every time", "[voxels]") {
  generator random(3800);
  int const runs = count_draws(4);
  for (auto call : voxel_calls) {
    for (bool huge : {false, true}) {
      auto p = many_points(random, call, huge);
      for (auto order : {voxel_order::first_point, voxel_order::cell}) {
        if (order == voxel_order::cell && call != voxel_call::sparse) { continue; }
        p.order = order;
        CAPTURE(name_of(call), huge, int(order));
        sparse_voxelized const first = voxelize(p);
        REQUIRE(first.state.ok());
        REQUIRE(first.trouble == "");
        for (int run = 0; run < runs; ++run) {
          p.from.scratch_byte = static_cast<unsigned char>(37 * run);
          auto const again = run_on_device<float, float>(p);
          for (auto r : results_of(call)) { CHECK(first.results[r] == again.results[r]); }
        }
      }
      p.capacity = p.max_voxels = 5000;
      CHECK(voxelize(p).trouble == "");
    }
  }
}

TEST_CASE("Gradients of voxels: 600,000 points have the host's bits", "[voxels_backward]") {
  generator random(3801);
  for (auto call : {voxel_call::sparse, voxel_call::gathered}) {
    sparse_backward_problem p;
    p.forward = many_points(random, call, false);
    p.forward.want(p.gradients());
    p.draw_incoming(random);
    CAPTURE(name_of(call));
    feature_gradients const o = voxelize_backward(p);
    CHECK(o.state.ok());
    CHECK(o.trouble == "");
  }
}
