# SPDX-License-Identifier: Apache-2.0
"""The parts of train.py: episodes, windows, paths of the data to the GPU, a policy, the loop, the comparison."""
