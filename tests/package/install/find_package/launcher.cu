// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstring>
#include <vector>

#include <robocache/filter_voxels.cuh>
#include <robocache/resample.cuh>
#include <robocache/voxelize.cuh>

namespace rc = robocache;

// One launch where there is a device; without one, the argument checks, which need none.
int main() {
  auto const nothing = rc::timeline<float>::dense(nullptr, 1, 2);
  rc::series<float, float> const unreadable{nullptr, nothing, 1};
  float result = 0.0F;
  rc::status const refused = rc::resample(unreadable, nothing, rc::output<float>{&result}, {}, nullptr);
  std::printf("refused: %s\n", refused.message());
  if (refused.code() != rc::status_code::invalid_argument) { return 1; }
  rc::status const no_cells = rc::voxelize({}, rc::grid{}, rc::voxel_output<float>{}, {}, {}, nullptr);
  std::printf("refused: %s\n", no_cells.message());
  if (std::strcmp(no_cells.argument(), "lattice.cells") != 0) { return 1; }
  rc::filter_options const flat{{0.1F, 0.1F, 0.0F}};
  rc::status const no_size =
      rc::filter_voxels({}, rc::point_features<float>{}, flat, rc::filtered_output<float>{}, {}, nullptr);
  std::printf("refused: %s\n", no_size.message());
  if (std::strcmp(no_size.argument(), "options.size") != 0) { return 1; }

  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
    std::puts("no CUDA device: nothing launched");
    return 0;
  }

  // Stamps 0 and 1, values 10 and 20, target 0.5, its result.
  std::vector<float> numbers{0.0F, 1.0F, 10.0F, 20.0F, 0.5F, 0.0F};
  std::size_t const bytes = numbers.size() * sizeof(float);
  float* memory = nullptr;
  if (cudaMalloc(&memory, bytes) != cudaSuccess) { return 1; }
  cudaMemcpy(memory, numbers.data(), bytes, cudaMemcpyHostToDevice);
  rc::series<float, float> const source{memory + 2, rc::timeline<float>::dense(memory, 1, 2), 1};
  rc::status const done =
      rc::resample(source, rc::timeline<float>::dense(memory + 4, 1, 1), rc::output<float>{memory + 5}, {}, nullptr);
  cudaMemcpy(numbers.data(), memory, bytes, cudaMemcpyDeviceToHost);
  cudaFree(memory);
  std::printf("halfway between 10 and 20: %g %s\n", numbers[5], done.message());
  return done.ok() && numbers[5] == 15.0F ? 0 : 1;
}
