# SPDX-License-Identifier: Apache-2.0
"""Libraries that own a format are optional."""

import importlib


class Missing(ImportError):
    """A library that this file format needs is not installed; the message says what to install."""


def need(module: str, package: str, what: str):
    """The module, or one sentence that says what to install.

    Args:
        module: As it is imported.
        package: As it is installed.
        what: What needs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as trouble:
        lacking = (trouble.name or module).split(".")[0]
        if lacking != module.split(".")[0]:
            raise Missing(f"{what} needs {package}, which is there but needs {lacking}: {trouble}") from None
        raise Missing(f"{what} needs {package}: python -m pip install {package} ({trouble})") from None
