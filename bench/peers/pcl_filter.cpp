// SPDX-License-Identifier: Apache-2.0

// PCL's VoxelGrid on a file of packed FP32 points; a peer of the voxel filter on the CPU, for cpu_filter.py. Not part
// of the build:
//
//     g++ -O3 -std=c++17 pcl_filter.cpp -o pcl_filter $(pkg-config --cflags --libs pcl_filters)
//
//     pcl_filter FILE FLOATS_PER_POINT LEAF RUNS     prints PCL's version, the number of points left, microseconds of
//     each run

#include <pcl/filters/voxel_grid.h>
#include <pcl/pcl_config.h>
#include <pcl/point_cloud.h>
#include <pcl/point_types.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "pcl_filter FILE FLOATS_PER_POINT LEAF RUNS\n";
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  int const stride = std::atoi(argv[2]), runs = std::atoi(argv[4]);
  float const leaf = std::strtof(argv[3], nullptr);
  pcl::PointCloud<pcl::PointXYZ>::Ptr const cloud(new pcl::PointCloud<pcl::PointXYZ>);
  std::vector<float> point(stride);
  while (file.read(reinterpret_cast<char*>(point.data()), stride * sizeof(float))) {
    cloud->emplace_back(point[0], point[1], point[2]);
    cloud->is_dense = cloud->is_dense && std::isfinite(point[0] + point[1] + point[2]);
  }
  pcl::VoxelGrid<pcl::PointXYZ> filter;
  filter.setLeafSize(leaf, leaf, leaf);
  filter.setInputCloud(cloud);
  pcl::PointCloud<pcl::PointXYZ> thinned;
  filter.filter(thinned);  // a warm-up
  std::cout << PCL_VERSION_PRETTY << " " << thinned.size();
  for (int run = 0; run < runs; ++run) {
    auto const begin = std::chrono::steady_clock::now();
    filter.filter(thinned);
    std::cout << " " << std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
  }
  std::cout << "\n";
  return 0;
}
