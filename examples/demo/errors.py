# SPDX-License-Identifier: Apache-2.0
"""How the demo says that it cannot continue."""


class DemoError(Exception):
    """What is wrong with the user's input, in one sentence."""
