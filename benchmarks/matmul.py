"""What the machine can do: `python -m benchmarks.matmul`."""

import statistics
import time

import torch

from benchmarks.measured import report

SIZES = (512, 1024, 2048, 4096)


def rate_of(size: int, repeats: int = 9) -> float:
    """Floating-point operations a second of square float32 products, the median of repeats."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    out = torch.empty(size, size)
    rates = []
    for _ in range(repeats):
        start = time.perf_counter()
        torch.mm(a, b, out=out)
        rates.append(2 * size**3 / (time.perf_counter() - start))
    return statistics.median(rates)


if __name__ == "__main__":
    torch.set_flush_denormal(True)
    report(flops_per_second=max(rate_of(size) for size in SIZES))
