# SPDX-License-Identifier: Apache-2.0
"""What train.py is made of: episodes, windows, ways of the data to the GPU, a policy, the loop, the comparison."""
