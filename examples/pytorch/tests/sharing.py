# SPDX-License-Identifier: Apache-2.0
"""train.py for processes that share the first GPU. NCCL wants a GPU for each, so gradients go by gloo.

torchrun --nproc-per-node 2 sharing.py [ARGUMENT OF train.py ...]
"""

import os
import sys
from pathlib import Path
from unittest.mock import patch

import torch.distributed

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import train

join = torch.distributed.init_process_group
os.environ["LOCAL_RANK"] = "0"
with patch("torch.distributed.init_process_group", lambda backend, **_: join("gloo")):
    train.main()
