# SPDX-License-Identifier: Apache-2.0
"""How the demo says that it cannot go on."""


class DemoError(Exception):
    """What is wrong with the user's input, in one sentence."""
