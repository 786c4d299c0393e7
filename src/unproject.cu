// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <robocache/host.hpp>
#include <robocache/robocache.hpp>
#include <robocache/unproject.cuh>

#include "dispatch.hpp"

namespace robocache::compiled {

namespace {

/// Calls `visitor(typed images)`.
template <class Visitor>
auto visit_images(any_depth_images const& images, Visitor&& visitor) {
  switch (images.type) {
    case depth_dtype::uint16: return visitor(typed<std::uint16_t>(images));
    case depth_dtype::float32: return visitor(typed<float>(images));
    case depth_dtype::float16: return visitor(typed<__half>(images));
  }
  throw error(robocache::detail::refuse(status_code::invalid_argument, "images", "type", "found %d, want a depth_dtype",
                                        static_cast<int>(images.type)));
}

}  // namespace

std::int64_t unproject_scratch(place where, any_depth_images const& images) {
  if (where == place::host) { return 0; }
  return visit_images(images, [](auto const& typed_images) { return robocache::unproject_scratch(typed_images); });
}

void unproject(place where, any_depth_images const& images, any_image_features const& features,
               unproject_options const& options, any_unprojected_output const& out, scratch const& memory,
               stream_handle cuda_stream) {
  visit_images(images, [&](auto const& from) {
    visit_value("features", features.type, [&](auto value) {
      using Value = typename decltype(value)::type;
      auto const carried = typed<Value>(features);
      auto const to = typed<Value>(out);
      require(where == place::host ? host::unproject(from, carried, options, to)
                                   : robocache::unproject(from, carried, options, to, memory, cuda_stream));
    });
  });
}

void unproject_dense(place where, any_depth_images const& images, unproject_options const& options,
                     dense_unprojected_output const& out, stream_handle cuda_stream) {
  visit_images(images, [&](auto const& from) {
    require(where == place::host ? host::unproject_dense(from, options, out)
                                 : robocache::unproject_dense(from, options, out, cuda_stream));
  });
}

}  // namespace robocache::compiled
