import os
import subprocess
import sys

import pytest

# Each half of the product is computed by one of two threads, which wait since the first one.
SHARE_OF_ZEROS = """
import torch
from vaekit.training.process import flush_denormals
small = torch.full((1_000_000,), 1e-30)
shares = [float((small * 1e-10 == 0).double().mean())]
flush_denormals()
shares.append(float((small * 1e-10 == 0).double().mean()))
print(torch.get_num_threads(), *shares)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems bring another OpenMP")
def test_denormals_are_zero_in_threads_that_are_already_there() -> None:
    run = [sys.executable, "-c", SHARE_OF_ZEROS]
    environment = os.environ | {"OMP_NUM_THREADS": "2"}
    found = subprocess.run(run, env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["2", "0.0", "1.0"]
