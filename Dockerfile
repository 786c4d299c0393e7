# SPDX-License-Identifier: Apache-2.0
# The two commands of the README, on NVIDIA's public image with the CUDA Toolkit, as somebody has it who has only that.
#
#   docker build -t robocache .
#   docker run --rm --gpus all robocache ./build.sh gpu-test
#
# This file was written without Docker at hand: it has not been built. Its commands were run as they are on Debian 12
# with the CUDA Toolkit 13.0.
FROM nvidia/cuda:13.0.1-devel-ubuntu24.04

WORKDIR /robocache
COPY . .

RUN ./build.sh demo
RUN ./build.sh test
