// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is compiled with each header of device/: a function of that header or several, of types that a kernel has.
struct kernel {
  char const* header;
  char const* text;
};

inline constexpr kernel kernels[] = {
    {"append.cuh", R"(
__global__ void append(float* stamps, long long const* written, cuda::std::uint8_t const* resets, float* out) {
  auto const all = written_before(*written, *resets);
  out[0] = is_in_order(*out, newest_stamp(stamps, 9, all, slot_of(all, 9)));
})"},
    {"arithmetic.cuh", R"(
__global__ void numbers(float* x, double* y, long long* stamps) {
  *x = from_order(order_of(fma_rn(*x, div_rn(*x, 3.0f), sub_rn(*x, 1.0f))));
  *y = fma_rn(*y, div_rn(*y, 3.0), mul_rn(*y, 2.0));
  stamps[0] = stamp_later(stamps[0], stamps[1]);
  *x = add_rn(*x, span_to_float(span_between(stamps[0], stamps[1])));
  *x = detail::signed_as(*x, detail::absolute(*x));
  *y = detail::signed_as(*y, detail::absolute(*y));
})"},
    {"blend.cuh", R"(
template <class Value>
__device__ float blended(rc::series<Value, double> source, rc::resample_options<double> options, double t) {
  auto const one = trajectory_of(source.when, blockIdx.x);
  auto const where = locate(one, t, rules_of(options));
  auto const c = curve_at(one, where, options.method);
  return add_rn(value_at(source, one, where, threadIdx.x, 0.0f),
                value_by_method(options.method, c, where.blends, source.values, source.channels));
}
__global__ void blend(rc::series<float, double> fp32, rc::series<__half, double> fp16,
                      rc::series<__nv_bfloat16, double> bf16, rc::resample_options<double> options, float* out) {
  out[0] = blended(fp32, options, 1.0);
  out[1] = blended(fp16, options, 1.0);
  out[2] = blended(bf16, options, 1.0);
})"},
    {"bracket.cuh", R"(
__global__ void search(rc::timeline<long long> integers, rc::timeline<float> floats, long long* counts) {
  counts[0] = count_not_after(trajectory_of(integers, 0), 5LL);
  counts[1] = count_not_after(trajectory_of(floats, 0), 5.0f);
})"},
    {"camera.cuh", R"(
__global__ void cameras(float const* intrinsics, float const* poses, rc::crop_box box, __half depth, float* out) {
  pinhole const camera = pinhole_at(intrinsics, 0);
  point3 const at = unproject_pixel(camera, 3.0f, 4.0f, depth_to_float(depth), rc::depth_kind::ray);
  point3 const world = transform(pose_at(poses, 0), at);
  out[0] = project(camera, at).x;
  out[1] = rotate(pose_at(poses, 0), at).z;
  out[2] = is_depth(at.z, 0.1f, 9.0f) && is_kept(true, box, world) ? 1.0f : 0.0f;
})"},
    {"cell.cuh", R"(
__global__ void cells(rc::point_clouds clouds, rc::grid lattice, rc::filter_options leaf, long long* out) {
  cell found;
  out[0] = find_cell(lattice, 0, *clouds.x, *clouds.y, *clouds.z, found) ? index_of(lattice, found) : -1;
  rc::grid const voxels = filter_grid(leaf);
  out[1] = find_filter_cell(voxels, *clouds.x, *clouds.y, *clouds.z, found) ? index_of(voxels, found) : -1;
  grid_axis const axes[3] = {axis_of(lattice, 0), axis_of(lattice, 1), axis_of(lattice, 2)};
  out[2] = are_inside(axes, cells_along<false>(axes, 0.0f, 0.0f, 0.0f, *clouds.x, *clouds.y, *clouds.z));
})"},
    {"clean.cuh", R"(
__global__ void clean(rc::series<__half, long long> source, rc::nan_rule rule, int* out, cuda::std::uint64_t* order) {
  series_row const at = series_row_at(source.when, 3);
  *order = stamp_order(stamp_of_row(source.when, at, 3));
  out[0] = drops_values(rule, is_nan_value(*source.values), false);
  out[1] = step_from(order[1], *order) == row_step::forward;
  out[2] = combine(sign_step(0, 1.0f), sign_step(1, -1.0f)).turned;
})"},
    {"cloud.cuh", R"(
__global__ void rows(rc::point_clouds clouds, cloud_rows* out, long long* length) {
  out[0] = padded_rows_from(clouds, 3, 0);
  out[1] = packed_rows_from(clouds, 3, owner_of_row(clouds.offsets, clouds.batch, clouds.rows, 3));
  *length = cloud_of(clouds, 0).length;
})"},
    {"cloud.cuh", R"(
__global__ void clouds(rc::point_clouds clouds, long long* out) { out[0] = cloud_of(clouds, blockIdx.x).length; })"},
    {"convert.cuh", R"(
__global__ void convert(__half* half, __nv_bfloat16* brain, float* single) {
  *brain = from_float<__nv_bfloat16>(to_float(*half));
  *half = from_float<__half>(to_float(*single));
  *single = from_float<float>(to_float(*brain));
})"},
    {"curve.cuh", R"(
__global__ void curves(rc::timeline<double> when, location where, rc::interpolation method, float* v) {
  curve const c = curve_at(trajectory_of(when, 0), where, method);
  v[6] = catmull_rom(c, v[1], v[2], v[3], v[4]);
  v[7] = pchip(c, v[1], v[2], v[3], v[4]);
  v[8] = akima(c, v[0], v[1], v[2], v[3], v[4], v[5]);
})"},
    {"derivative.cuh", R"(
__global__ void derivatives(rc::timeline<double> when, rc::resample_options<double> options, quaternion* q, float* x) {
  auto const source = trajectory_of(when, 0);
  auto const along = slope_at(source, seek(1.0, 0.0, false, 0.0), rules_of(options));
  auto const order = rc::derivative_order::acceleration;
  curve const c = derivative_curve(source, along, rc::interpolation::akima, order);
  float const rate = rate_of(1.0f, along, c.method, order);
  x[0] = derivative(c, rate, order, false, {x[0], x[1], x[2], x[3], x[4], x[5]});
  x[2] = angular_velocity(q[0], q[1], rate, false).x;
})"},
    {"distance.cuh", R"(
__global__ void distances(float const* a, float* out) {
  float const low[3] = {0.0f, 1.0f, 2.0f}, high[3] = {1.0f, 2.0f, 3.0f};
  if (!is_finite_point(a[0], a[1], a[2])) { return; }
  float const least = least_squared_distance(a[0], a[1], a[2], low, high);
  if (may_matter(least, out[0])) { out[0] = nearer(squared_distance(a[0], a[1], a[2], a[3], a[4], a[5]), out[0]); }
})"},
    {"extreme.cuh", R"(
__global__ void extremes(float const* x, unsigned* out) {
  out[0] = extreme_of<true>(*x);
  out[1] = extreme_of<false>(*x) == no_extreme<false>;
})"},
    {"gradient.cuh", R"(
__global__ void slope(rc::timeline<double> when, rc::resample_options<double> options, float* out) {
  target_line const line = line_of(trajectory_of(when, 0), 1.0, rules_of(options));
  *out = div_rn(line_term(1.0f, 2.0f, 3.0f), line.width);
})"},
    {"inspect.cuh", R"(
__global__ void inspect(rc::series<__half, long long> source, rc::trajectory_report* of_stamps,
                        rc::rotation_report* of_values) {
  inspect_part(source.when, 0, 1, threadIdx.x, blockDim.x, *of_stamps);
  inspect_rotations_part(source.values, trajectory_of(source.when, 0), 0, 4, threadIdx.x, blockDim.x, *of_values);
})"},
    {"locate.cuh", R"(
template <class Stamp>
__device__ location located(rc::timeline<Stamp> source, rc::timeline<Stamp> target,
                            rc::resample_options<Stamp> options) {
  auto const one = trajectory_of(source, source_of(target, blockIdx.x));
  return locate(one, target_stamp(target, blockIdx.x, threadIdx.x), rules_of(options));
}
__global__ void locate_all(rc::timeline<long long> a, rc::timeline<double> b, rc::timeline<float> c, location* out) {
  out[0] = located(a, rc::timeline<long long>::uniform(0, {1'000'000, 30}, 1, 10), {});
  out[1] = located(b, rc::timeline<double>::uniform(0.0, 0.1, 1, 10), {});
  out[2] = located(c, rc::timeline<float>::uniform(0.0f, 0.1f, 1, 10), {});
})"},
    {"method.cuh", R"(
__global__ void methods(rc::interpolation method, int* out) {
  method_traits const traits = traits_of(method);
  out[0] = traits.exists ? traits.channels : method_count();
  out[1] = is_hold(method) || is_straight(method) || is_rotation(method) ? 0 : neighbours_of(method);
})"},
    {"order.cuh", R"(
__global__ void orders(long long const* a, double const* b, unsigned long long* out) {
  out[0] = order_of(cuda::std::int64_t(*a));
  out[1] = order_of(*b);
  out[2] = number_of_order<int>(order_of(5)) + (number_of_order<float>(order_of(2.0f)) > 1.0f);
})"},
    {"packed.cuh", R"(
__global__ void owners(cuda::std::int64_t const* offsets, packed_rows* out) {
  out[0] = owner_of_row(offsets, 2, 10, 5);
  out[1] = rows_of_owner(offsets, 2, 10, 1);
  out[2].begin = rows_before_owner(offsets, 2, 10, 1);
})"},
    {"permutation.cuh", R"(
__global__ void permute(long long size, unsigned long long seed, long long* out) {
  out[threadIdx.x] = permuted(make_permutation(size, seed, blockIdx.x), threadIdx.x);
})"},
    {"policy_value.cuh", R"(
__global__ void prepared(rc::rotation_layout from, rc::rotation_layout to, rotation_channels* row, float* x) {
  quaternion const q = rotation_between(from, row[0], row[1], x[0]);
  if (!passes(from, to, rc::quaternion_sign::positive, false)) {
    row[2] = write_result(to, rc::quaternion_sign::positive, q);
  }
  x[1] = clamped(relative_value(x[1], x[2], true), x[3], x[4]);
})"},
    {"quaternion.cuh", R"(
__global__ void frames(quaternion* q, vector3* v, rotation_matrix* m) {
  q[2] = relative_rotation(positive(q[0]), product(q[1], rotation_of(m[0])));
  v[1] = relative_vector(inverse(q[0]), v[0]);
  m[1] = matrix_of(q[2]);
})"},
    {"rotation.cuh", R"(
__global__ void turns(quaternion* q, float* x) {
  q[2] = slerp(q[0], q[1], *x);
  *x = angle(wrap(x[1]), x[2], 0.5f);
})"},
    {"rotation_formats.cuh", R"(
__global__ void formats(rc::rotation_layout from, rc::rotation_layout to, rotation_channels* row) {
  row[1] = write_rotation(to, read_rotation(from, row[0]));
})"},
    {"summary.cuh", R"(
__global__ void summaries(float const* x, rc::channel_summary* all, double* out) {
  auto const leaf = summarize_leaf<float>([&](int i) { return x[i]; }, 0xffull);
  all[0] = merge_summaries(all[0], leaf.summary());
  out[0] = standard_deviation(all[0], 1);
  quantile_place const at = place_of_quantile(0.5, all[0].count);
  out[1] = quantile_between(all[0].min, all[0].max, at.weight);
  out[2] = digit_of_pass(4, 1).digit(order_of(x[0]));
})"},
    {"timeline.cuh", R"(
__global__ void stamps(rc::timeline<long long> when, long long* out) {
  out[0] = target_stamp(when, 0, 3);
  out[1] = trajectory_of(when, 1).stamp(2);
  out[2] = short_trajectory_of(when, 1).length;
})"},
    {"trigonometry.cuh", R"(
__global__ void arcs(float* x) {
  sine_and_cosine const of = sincos_rn(x[0]);
  x[1] = atan2_rn(of.sine, of.cosine);
})"},
    {"windows.cuh", R"(
__global__ void windows(rc::window_plan plan, rc::window_draw draw, rc::window_output out) {
  write_window(out, 0, draw_row(plan, draw, *draw.step, 0));
})"},
};
