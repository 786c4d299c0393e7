// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <robocache/detail/config.hpp>

// Scale and shift of a channel from its statistics, as projects of the field make them, for `stream::scale` and
// `stream::shift`. On the host; computed in double, rounded once.
namespace robocache {

/// Whose rule: the projects agree but where a channel hardly varies.
enum class normalisation_rule : std::uint8_t {
  gr00t,             ///< NVIDIA Isaac GR00T, `gr00t/data/transform/state_action.py`, `Normalizer`
  lerobot,           ///< Hugging Face LeRobot, `processor/normalize_processor.py`, eps 1e-8
  openpi,            ///< Physical Intelligence openpi, `transforms.py`, `Normalize`, which adds 1e-6
  diffusion_policy,  ///< Diffusion Policy and UMI, `model/common/normalizer.py` and `common/normalize_util.py`
};

/// A value v becomes `v * scale + shift`.
struct channel_normalisation {
  float scale;
  float shift;
};

namespace detail {

/// (v - middle) / width.
constexpr channel_normalisation centred(double middle, double width) noexcept {
  return {static_cast<float>(1.0 / width), static_cast<float>(-middle / width)};
}

/// What brings [low, low + width] to [-1, 1].
constexpr channel_normalisation between_ones(double low, double width) noexcept {
  return {static_cast<float>(2.0 / width), static_cast<float>(-1.0 - 2.0 * low / width)};
}

}  // namespace detail

/// To mean 0 and standard deviation 1.
///
/// | rule | divided by | where the deviation is 0 |
/// |---|---|---|
/// | gr00t | it | values stay as they are |
/// | lerobot, openpi | it + 1e-8, it + 1e-6 | the same |
/// | diffusion_policy | it | below 1e-4 by 1 |
constexpr channel_normalisation from_mean_and_deviation(double mean, double deviation,
                                                        normalisation_rule rule) noexcept {
  switch (rule) {
    case normalisation_rule::gr00t: break;
    case normalisation_rule::lerobot: return detail::centred(mean, deviation + 1e-8);
    case normalisation_rule::openpi: return detail::centred(mean, deviation + 1e-6);
    case normalisation_rule::diffusion_policy: return detail::centred(mean, deviation < 1e-4 ? 1.0 : deviation);
  }
  return deviation != 0.0 ? detail::centred(mean, deviation) : channel_normalisation{1.0f, 0.0f};
}

/// From [low, high], minimum and maximum, to [-1, 1]. Clamp afterwards if others may come.
///
/// | rule | divided by | where the range is 0 |
/// |---|---|---|
/// | gr00t | it | the result is 0 |
/// | lerobot | it | the result is -1, as theirs is for the value that all samples had |
/// | openpi | it + 1e-6 | likewise |
/// | diffusion_policy | it | below 1e-7 `v - low` |
///
/// LeRobot and openpi divide by 1e-8 and 1e-6 there: for any other value that is a huge number, which a product and a
/// sum in float could not tell from another.
constexpr channel_normalisation from_range(double low, double high, normalisation_rule rule) noexcept {
  double const range = high - low;
  switch (rule) {
    case normalisation_rule::gr00t:
      return range != 0.0 ? detail::between_ones(low, range) : channel_normalisation{0.0f, 0.0f};
    case normalisation_rule::lerobot:
      return range != 0.0 ? detail::between_ones(low, range) : channel_normalisation{0.0f, -1.0f};
    case normalisation_rule::openpi:
      return range != 0.0 ? detail::between_ones(low, range + 1e-6) : channel_normalisation{0.0f, -1.0f};
    case normalisation_rule::diffusion_policy: break;
  }
  return range < 1e-7 ? channel_normalisation{1.0f, static_cast<float>(-low)} : detail::between_ones(low, range);
}

/// From [low, high], two quantiles such as those of 1 % and 99 %, to [-1, 1]: as `from_range`, except that gr00t leaves
/// values as they are where both are equal. Values beyond both quantiles lie outside of [-1, 1]: gr00t clamps them.
constexpr channel_normalisation from_quantiles(double low, double high, normalisation_rule rule) noexcept {
  if (rule == normalisation_rule::gr00t && low == high) { return {1.0f, 0.0f}; }
  return from_range(low, high, rule);
}

}  // namespace robocache
