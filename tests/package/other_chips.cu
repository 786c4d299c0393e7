// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include <robocache/crop_points.cuh>
#include <robocache/fuse.cuh>
#include <robocache/neighbours.cuh>
#include <robocache/resample.cuh>
#include <robocache/sample_farthest.cuh>
#include <robocache/summarize_policy_input.cuh>
#include <robocache/unproject.cuh>
#include <robocache/voxelize.cuh>
#include <robocache/voxelize_gathered.cuh>
#include <robocache/voxelize_sparse.cuh>

// Only compiled, for chips that hold fewer threads than those that tests run on: kernels may not ask for more.
namespace robocache {

template status resample(series<float, std::int64_t> const&, timeline<std::int64_t> const&, output<float> const&,
                         resample_options<std::int64_t> const&, cudaStream_t);
template status fuse(stream<std::int64_t> const*, std::int64_t, timeline<std::int64_t> const&,
                     fused_output<float> const&, cudaStream_t);
template status summarize_policy_input(policy_rows<std::int64_t> const&, summary_state<float> const&, scratch const&,
                                       cudaStream_t);
template status voxelize(point_clouds const&, point_features<float> const&, grid const&, voxel_output<float> const&,
                         voxel_options const&, scratch const&, cudaStream_t);
template status voxelize_sparse(point_clouds const&, point_features<float> const&, grid const&,
                                sparse_output<float> const&, sparse_options const&, scratch const&, cudaStream_t);
template status voxelize_gathered(point_clouds const&, point_features<float> const&, grid const&,
                                  gathered_output<float> const&, gather_options const&, scratch const&, cudaStream_t);
template status unproject(depth_images<float> const&, image_features<float> const&, unproject_options const&,
                          unprojected_output<float> const&, scratch const&, cudaStream_t);
template status crop_points(point_clouds const&, point_features<float> const&, crop_options const&,
                            cropped_output<float> const&, scratch const&, cudaStream_t);
template status sample_farthest<void>(point_clouds const&, std::int64_t, sample_output const&, farthest_options const&,
                                      scratch const&, cudaStream_t);
template status nearest_neighbours<void>(point_clouds const&, point_clouds const&, std::int64_t,
                                         neighbour_output const&, cudaStream_t);

}  // namespace robocache
