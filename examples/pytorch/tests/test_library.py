# SPDX-License-Identifier: Apache-2.0
"""How the operators are built; all other tests show that they are."""

import shlex

from robocache_torch import _library


def test_the_standard_is_that_of_pytorch():
    assert not any(option.startswith("-std") for option in _library.compile_options())


def test_a_path_of_the_library_may_hold_a_blank():
    # As ninja reads it, and then the shell.
    written = _library._for_ninja("/a folder/of $5/librobocache.a")
    assert shlex.split(written.replace("$$", "$")) == ["/a folder/of $5/librobocache.a"]
    assert written.count("$$") == written.count("$") / 2
