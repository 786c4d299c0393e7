#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sets up, builds and runs RoboCache: `./build.sh help` lists the commands.
set -euo pipefail
readonly called_from="$PWD"  # what the paths of demo and install are relative to
cd "$(dirname "${BASH_SOURCE[0]}")"

build_dir="$(realpath -m "${ROBOCACHE_BUILD_DIR:-build/main}")"
readonly build_dir
readonly jobs="${ROBOCACHE_JOBS:-$(nproc)}"

usage() {
  cat <<'TEXT'
usage: ./build.sh COMMAND

  demo [ARGS]     fuse a recording, voxelize a point cloud, and draw both (ARGS: see ./build.sh demo --help)
  build           build everything
  test [ARGS]     build everything and run the tests (ARGS go to ctest: -R resample)
  gpu-test        run the tests that need a GPU; fails where there is none
  bench [resample|fuse|voxelize|voxels|points|sampling|summarize|clean|policy_input|online] [ARGS]
                  run the benchmarks of this machine: GPU where there is one, else CPU (ARGS: --table, --help)
  profile [FAMILY|CASE] [--out DIR]
                  read the hardware's counters of the main cases, with ncu, into bench/results; with programs alone in
                  ROBOCACHE_BUILD_DIR (bench/bench_resample, ...) nothing is built
  docs            make the documentation site, and check its links (build/main/site/index.html)
  install PREFIX  install headers, libraries and the CMake package
  package [DIR]   put the same into one archive, for all release architectures
  wheel [PYTHON ...] [--out DIR]
                  make a wheel of robocache_torch that compiles nothing, for all release architectures and for the
                  PyTorch of each PYTHON (python3)
  setup           install the packages that the other commands need, and stop
  help            this text

Needs the CUDA Toolkit, CMake 3.25 and g++; ccache is used where it is installed. Each command first sets up what is
missing: with apt where that is allowed, else it prints the command to run. A demo with a .ply or .pcd file, docs and
wheel download more: a few packages, with pip, into the build folder.

environment
  ROBOCACHE_BUILD_DIR    where to build (build/main)
  ROBOCACHE_JOBS         parallel jobs (all cores)
  ROBOCACHE_CMAKE_ARGS   more options for CMake: -DCMAKE_CUDA_ARCHITECTURES=release
  ROBOCACHE_PYTHON       the Python to use (the first of python3 and /usr/bin/python3 that has NumPy and Matplotlib; for
                         .ply and .pcd files one in the build folder)
  ROBOCACHE_DATA         the folder of real recordings that some tests read
  ROBOCACHE_THOROUGH     set for tests with ten times as many drawn cases
TEXT
}

say() { printf '\033[1m-- %s\033[0m\n' "$*" >&2; }
fail() {
  printf 'build.sh: %s\n' "$*" >&2
  exit 1
}

# ---- set-up ----------------------------------------------------------------------------------------------------------

# Whether the compiler finds any of the given headers, CMAKE_PREFIX_PATH included.
has_header() {
  local condition="0" options=() prefixes="${CMAKE_PREFIX_PATH:-}" prefix header
  for header in "$@"; do condition+=" || __has_include(<$header>)"; done
  for prefix in ${prefixes//[:;]/ }; do options+=("-I$prefix/include"); done
  printf '#if !(%s)\n#error\n#endif\n' "$condition" | g++ -E -x c++ "${options[@]}" - >/dev/null 2>&1
}

has_python() {
  "$1" -c 'import importlib.util as u, sys; sys.exit(not (u.find_spec("numpy") and u.find_spec("matplotlib")))' \
    >/dev/null 2>&1
}

# Prints a Python that has what the demo and the benchmarks import.
find_python() {
  local candidate
  for candidate in ${ROBOCACHE_PYTHON:-python3 /usr/bin/python3}; do
    if has_python "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

# Installs Debian packages, or prints how.
install_packages() {
  local command=(apt-get install -y --no-install-recommends "$@") as_root=()
  if ! command -v apt-get >/dev/null; then
    fail "missing: $* (Debian's names); install them with this system's package manager"
  fi
  if [[ $EUID -ne 0 ]]; then
    as_root=(sudo)
    sudo -n true 2>/dev/null || fail "missing packages; run this first: sudo ${command[*]}"
  fi
  say "installing $*"
  "${as_root[@]}" apt-get update -q >&2 || say "the package lists could not be updated; continuing with the old ones"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "${command[@]}" -q >&2 ||
    fail "could not install packages; run this first: ${as_root[*]} ${command[*]}"
}

# Sets up for `library` (only headers and libraries), `all` (tests, benchmarks and demo too) or `ci` (CI's tools too).
setup() {
  local missing=() tool
  command -v g++ >/dev/null || missing+=(g++)
  command -v cmake >/dev/null || missing+=(cmake)
  command -v ninja >/dev/null || missing+=(ninja-build)
  if [[ $1 != library ]]; then
    has_header catch2/catch_test_macros.hpp catch2/catch.hpp || missing+=(catch2)
    has_header benchmark/benchmark.h || missing+=(libbenchmark-dev)
    find_python >/dev/null || missing+=(python3-numpy python3-matplotlib)
  fi
  if [[ $1 == ci ]]; then
    # Formatting differs between versions of clang-format, so one version is fixed.
    for tool in clang-format-14 clang-tidy-14 doxygen shellcheck; do
      command -v "$tool" >/dev/null || missing+=("$tool")
    done
    command -v clang++ >/dev/null || missing+=(clang)
  fi
  [[ ${#missing[@]} -eq 0 ]] || install_packages "${missing[@]}"

  if [[ $(printf '%s\n' 3.25 "$(cmake --version | sed -n '1s/[^0-9]*//p')" | sort -V | head -1) != 3.25 ]]; then
    fail "CMake 3.25 or newer is needed; found $(cmake --version | head -1)"
  fi
  if ! command -v nvcc >/dev/null; then
    PATH="$PATH:${CUDA_HOME:-/usr/local/cuda}/bin"
    command -v nvcc >/dev/null ||
      fail "no nvcc in PATH, \$CUDA_HOME/bin or /usr/local/cuda/bin: install the CUDA Toolkit (tested with 13.0)"
  fi
}

# Compilers are called through ccache where it is there, by the projects that tests build, too.
if command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER="${CMAKE_CXX_COMPILER_LAUNCHER-ccache}"
  export CMAKE_CUDA_COMPILER_LAUNCHER="${CMAKE_CUDA_COMPILER_LAUNCHER-ccache}"
fi

# ---- build -----------------------------------------------------------------------------------------------------------

# Configures directory $1 with the options after it, unless that was already done with the same options. Starts afresh,
# since an option that is no longer given must not survive in the cache.
configure() {
  local directory="$1" options=(-DCMAKE_BUILD_TYPE=Release) wanted
  shift
  # shellcheck disable=SC2206  # options are separated by blanks
  options+=("$@" ${ROBOCACHE_CMAKE_ARGS:-})
  wanted="${options[*]} ${CMAKE_CXX_COMPILER_LAUNCHER:-} ${CMAKE_CUDA_COMPILER_LAUNCHER:-}"
  if [[ ! -f $directory/build.ninja || "$(cat "$directory/configured_with" 2>/dev/null)" != "$wanted" ]]; then
    say "configuring $directory"
    cmake --fresh -G Ninja -S . -B "$directory" "${options[@]}" >&2
    printf '%s' "$wanted" >"$directory/configured_with"
  fi
}

# Builds the given targets of the main build; without any, all of them.
build() {
  local python
  python="$(find_python)"
  configure "$build_dir" "-DPython3_EXECUTABLE=$python"
  say "building in $build_dir${*:+: $*}"
  cmake --build "$build_dir" --parallel "$jobs" ${1:+--target "$@"} >&2
}

# Prints the Python for the demo. Where a file in its arguments needs more than Debian has, that is a separate one,
# unless the user names another.
demo_python() {
  local python own="$build_dir/python" argument
  python="$(find_python)"
  for argument in "$@"; do
    if [[ -z ${ROBOCACHE_PYTHON:-} && ${argument,,} =~ \.(ply|pcd)$ ]] && ! reads_points "$python"; then
      reads_points "$own/bin/python" || make_own_python "$python" "$own"
      python="$own/bin/python"
    fi
  done
  printf '%s\n' "$python"
}

reads_points() { "$1" -c 'import plyfile, pypcd4' >/dev/null 2>&1; }

# A virtual environment in directory $2 on top of Python $1, whose NumPy stays: its Matplotlib was built for that one.
make_own_python() {
  local numpy
  numpy="$("$1" -c 'import numpy; print(numpy.__version__)')"
  "$1" -c 'import ensurepip' 2>/dev/null || install_packages python3-venv
  say "installing plyfile and pypcd4, which read .ply and .pcd files, into $2"
  if ! { "$1" -m venv --clear --system-site-packages "$2" &&
    "$2/bin/python" -m pip install --quiet plyfile pypcd4 "numpy==$numpy"; } >&2; then
    fail "could not install plyfile and pypcd4 with pip; set ROBOCACHE_PYTHON to a Python that has them, NumPy and \
Matplotlib"
  fi
}

# Prints a Python of its own, in the build folder, that has the packages which the file $2 names.
tool_python() {
  local own="$build_dir/$1" requirements="$2"
  if ! cmp -s "$requirements" "$own/installed"; then
    python3 -c 'import ensurepip' 2>/dev/null || install_packages python3-venv
    say "installing what $requirements names into $own"
    if ! { python3 -m venv --clear "$own" && "$own/bin/python" -m pip install --quiet -r "$requirements"; } >&2; then
      fail "could not install what $requirements names with pip"
    fi
    cp "$requirements" "$own/installed"
  fi
  printf '%s\n' "$own/bin/python"
}

has_gpu() { nvidia-smi -L 2>/dev/null | grep -q GPU; }

# ---- commands --------------------------------------------------------------------------------------------------------

run_demo() {
  setup all
  build robocache_demo_bridge
  local command python
  python="$(demo_python "$@")"
  command=("$python" "$PWD/examples/demo/demo.py"
    --bridge "$(find "$build_dir/examples" -name librobocache_demo_bridge.so)" "$@")
  cd "$called_from"
  # On cores that others use too, threads that spin for each other wait for long.
  OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-passive}" exec "${command[@]}"
}

run_build() {
  setup all
  build
}

run_tests() {
  run_build
  say "testing"
  # The time limit ends what hangs. Threads that spin for each other would take the cores of the tests beside them.
  OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-passive}" ctest --test-dir "$build_dir" --output-on-failure --no-tests=error \
    --timeout 3600 --parallel "$jobs" "$@"
}

run_gpu_tests() {
  has_gpu || fail "gpu-test: this machine has no CUDA device (nvidia-smi lists none)"
  local log="$build_dir/gpu-test.log"
  run_tests --label-regex gpu "$@" | tee "$log"
  if grep -qE '\(Skipped\)|\*\*\*Skipped' "$log"; then
    fail "gpu-test: a test was skipped"
  fi
}

run_bench() {
  local families=(resample fuse voxelize voxels points sampling summarize clean policy_input online) family status=0
  if [[ -n ${1:-} && $1 != -* ]]; then
    [[ " ${families[*]} " == *" $1 "* ]] || fail "bench: no family $1, want one of ${families[*]}"
    families=("$1")
    shift
  fi
  has_gpu || [[ ${#families[@]} -gt 1 || ${families[0]} == resample ]] ||
    fail "no CUDA device: ${families[0]} is measured on a GPU only"
  setup all
  if has_gpu; then
    build "${families[@]/#/bench_}"
    for family in "${families[@]}"; do
      "$build_dir/bench/bench_$family" "${@:---must}" || status=1
    done
    return "$status"
  else
    build bench_host_resample
    say "no CUDA device: measuring the CPU side"
    "$(find_python)" bench/host/compare.py --bench "$build_dir/bench/bench_host_resample" "$@"
  fi
}

run_profile() {
  has_gpu || fail "profile: this machine has no CUDA device (nvidia-smi lists none)"
  local python=python3
  if [[ -f $build_dir/build.ninja || ! -x $build_dir/bench/bench_resample ]]; then
    setup all
    build bench_resample bench_fuse bench_voxelize bench_voxels bench_points bench_summarize bench_clean bench_policy_input
    python="$(find_python)"
  fi
  "$python" bench/ncu.py --programs "$build_dir/bench" "$@"
}

run_install() {
  [[ $# -eq 1 ]] || fail "install takes one argument, the prefix: ./build.sh install /usr/local"
  setup library
  local directory="$build_dir-install"
  configure "$directory" -DROBOCACHE_BUILD_TESTS=OFF -DROBOCACHE_BUILD_BENCH=OFF -DROBOCACHE_BUILD_EXAMPLES=OFF
  cmake --build "$directory" --parallel "$jobs"
  cd "$called_from"
  cmake --install "$directory" --prefix "$1"
}

# Configures and builds the libraries alone, for all release architectures unless ROBOCACHE_CMAKE_ARGS says otherwise.
build_release() {
  local directory="$1"
  shift
  configure "$directory" -DROBOCACHE_BUILD_TESTS=OFF -DROBOCACHE_BUILD_BENCH=OFF -DROBOCACHE_BUILD_EXAMPLES=OFF \
    -DCMAKE_CUDA_ARCHITECTURES=release "$@"
  say "building in $directory"
  cmake --build "$directory" --parallel "$jobs" >&2
}

run_package() {
  local out directory="$build_dir-package"
  out="$(cd "$called_from" && realpath -m "${1:-$build_dir/dist}")"
  setup library
  build_release "$directory"
  (cd "$directory" && cpack -B "$out" >&2)
  rm -r "$out/_CPack_Packages"
  ls "$out"/robocache-*.tar.gz
}

run_wheel() {
  local out="$build_dir/dist" pythons=() tools directory="$build_dir-wheel"
  while [[ $# -gt 0 ]]; do
    if [[ $1 == --out ]]; then
      out="$(cd "$called_from" && realpath -m "${2:?--out takes a folder}")"
      shift
    else
      [[ $1 != */* || $1 == /* ]] || set -- "$called_from/$1" "${@:2}"  # a link into an environment is not followed
      pythons+=("$(command -v "$1")") || fail "wheel: found no program $1, want a Python with PyTorch"
    fi
    shift
  done
  [[ ${#pythons[@]} -gt 0 ]] || pythons=(python3)
  local python
  for python in "${pythons[@]}"; do
    "$python" -c 'import torch' 2>/dev/null || fail "wheel: $python has no PyTorch; name a Python that has one"
  done
  setup library
  tools="$(tool_python wheel-python examples/pytorch/wheel-requirements.txt)"
  build_release "$directory" -DROBOCACHE_OWN_CUDART=ON
  PATH="$(dirname "$tools"):$PATH" "$tools" examples/pytorch/make_wheel.py --library "$directory/src/librobocache.so" \
    --out "$out" "${pythons[@]}"
}

run_docs() {
  local python
  command -v doxygen >/dev/null || install_packages doxygen
  python="$(tool_python docs-python docs/site/requirements.txt)"
  "$python" docs/site/make.py --out "$build_dir/site" "$@"
}

asked="${1:-help}"
shift || true
case "$asked" in
  demo) run_demo "$@" ;;
  build) run_build ;;
  test) run_tests "$@" ;;
  gpu-test) run_gpu_tests "$@" ;;
  bench) run_bench "$@" ;;
  profile) run_profile "$@" ;;
  docs) run_docs "$@" ;;
  install) run_install "$@" ;;
  package) run_package "$@" ;;
  wheel) run_wheel "$@" ;;
  setup) setup "${1:-all}" ;;
  help | -h | --help) usage ;;
  *)
    usage >&2
    fail "no such command: $asked"
    ;;
esac
