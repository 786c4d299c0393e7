# SPDX-License-Identifier: Apache-2.0
"""examples/pytorch/online.py: it compares itself with the recording."""

import online as example


def test_it_runs(capsys):
    example.main(batch=5, ticks=60)
    assert "online equals offline, bit for bit; 0 rows refused" in capsys.readouterr().out
