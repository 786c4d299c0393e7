// SPDX-License-Identifier: Apache-2.0
// Refuses tangents: the operators have no forward-mode gradients, and PyTorch would take those of their results for 0.

#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/util/Exception.h>
#include <torch/library.h>

namespace robocache_torch {
namespace {

bool has_tangent(c10::IValue const& value) {
  if (value.isTensor()) {
    at::Tensor const& tensor = value.toTensor();
    // PyTorch has one level of tangents: torch.func makes its own by wrapping tensors.
    return tensor.defined() && tensor._fw_grad(/*level=*/0).defined();
  }
  if (!value.isTensorList() && !value.isOptionalTensorList()) { return false; }
  for (c10::IValue const& one : value.toListRef()) {
    if (has_tangent(one)) { return true; }
  }
  return false;
}

/// Runs between autograd and the operator itself, where all tangents can be seen.
void refuse_tangents(c10::OperatorHandle const& operation, c10::DispatchKeySet keys, torch::jit::Stack* stack) {
  auto const& arguments = operation.schema().arguments();
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (has_tangent(torch::jit::peek(*stack, i, arguments.size()))) {
      C10_THROW_ERROR(NotImplementedError,
                      c10::str(operation.schema().name(), ": found a forward-mode gradient of ", arguments[i].name(),
                               ", want reverse mode, backward(): these operators have no forward-mode gradients"));
    }
  }
  operation.redispatchBoxed(keys & c10::after_ADInplaceOrView_keyset, stack);
}

}  // namespace

TORCH_LIBRARY_IMPL(robocache, ADInplaceOrView, library) {
  for (auto const* name :
       {"resample", "resample_backward", "fuse", "fuse_backward", "policy_input", "summarize_policy_input", "voxelize",
        "voxelize_backward", "voxelize_sparse", "voxelize_sparse_backward", "voxelize_gathered",
        "voxelize_gathered_backward", "filter_voxels", "unproject", "unproject_dense", "crop_points"}) {
    library.impl(name, torch::CppFunction::makeFromBoxedFunction<&refuse_tangents>());
  }
}

}  // namespace robocache_torch
