"""The page of results: tables in Markdown, and what it was measured on."""

import datetime as dt
import os
import platform
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("torch", "numpy", "pythae")


def goal(value: float, wanted: float, at_most: bool = False) -> str:
    """A goal, and whether a measured value reaches it."""
    reached = value <= wanted if at_most else value >= wanted
    return f"{'≤' if at_most else '≥'} {wanted:g}: {'reached' if reached else '**missed**'}"


def machine(peer: str) -> str:
    """Cores, processor, versions and date in one sentence."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"Measured on {dt.date.today():%d %B %Y} on {cores} cores of {_processor()}, "
        f"{platform.system()}, with Python {platform.python_version()}, "
        f"PyTorch {version('torch')}, numpy {version('numpy')} and pythae {peer}."
    )


def _processor() -> str:
    """What the processor calls itself, with its family and model where it says no more."""
    facts: dict[str, str] = {}
    source = Path("/proc/cpuinfo")
    for line in source.read_text().split("\n\n")[0].splitlines() if source.exists() else []:
        name, _, value = line.partition(":")
        facts[name.strip()] = value.strip()
    if "model name" not in facts:
        return platform.processor() or platform.machine()
    return f"{facts['model name']} (family {facts['cpu family']}, model {facts['model']})"
