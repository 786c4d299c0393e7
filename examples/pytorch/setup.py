# SPDX-License-Identifier: Apache-2.0
"""`pip install --no-build-isolation .`: what the first import would build, built once and installed."""

import importlib.util
from pathlib import Path

import setuptools
from setuptools import setup
from torch.utils import cpp_extension

HERE = Path(__file__).resolve().parent
# Without build isolation pip does not look at what pyproject.toml requires; older ones fail without saying why.
if tuple(map(int, setuptools.__version__.split(".")[:2])) < (70, 1):
    raise SystemExit(
        f"setuptools: found {setuptools.__version__}, want 70.1 or newer: python -m pip install -U setuptools, "
        "then install once more"
    )


def how_to_build():
    """robocache_torch._library, without the package around it, which would load the operators."""
    spec = importlib.util.spec_from_file_location("_library", HERE / "robocache_torch" / "_library.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Build(cpp_extension.BuildExtension):
    """Builds the library first."""

    def build_extensions(self):
        folder = Path(self.build_temp).resolve() / "library"
        folder.mkdir(parents=True, exist_ok=True)
        library = how.library_of(folder)
        for extension in self.extensions:
            extension.extra_link_args = how.link_options(library)
        super().build_extensions()


how = how_to_build()
how.tell_pytorch()
make = cpp_extension.CUDAExtension if how.has_cuda() else cpp_extension.CppExtension
setup(
    ext_modules=[
        make(
            "robocache_torch._compiled",
            [str(source.relative_to(HERE)) for source in how.SOURCES],
            include_dirs=how.include_paths(),
            extra_compile_args=how.compile_options(),
        )
    ],
    cmdclass={"build_ext": Build},
)
