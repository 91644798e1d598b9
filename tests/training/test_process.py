import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, torch
from vaekit.training.process import keep_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        blocks = [torch.ones(5 * 2**20) for _ in range(5)]  # 20 MB each
        del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

usual = faults()
keep_memory()
faults()
print(usual, faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator is told")
def test_memory_that_is_freed_is_used_again() -> None:
    run = [sys.executable, "-c", FAULTS]
    found = subprocess.run(run, capture_output=True, text=True, check=True)
    usual, kept = map(int, found.stdout.split())
    assert kept < 0.01 * usual
