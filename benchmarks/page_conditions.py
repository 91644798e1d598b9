"""The page's section on models that are told something: what a step of theirs costs."""

from statistics import median

from benchmarks.measured import ask
from benchmarks.page import goal, table

# What each case is called in the table.
CASES = {
    "mlp": "784-500-250-10 and back; MNIST, batch 100, told the digit",
    "conv": "convolutions 32-64-128; MNIST, batch 100, told the digit",
    "conv-64": "convolutions 32-64-128-256; CelebA, batch 64, told 40 attributes",
    "transformed": "generator of 4 x 64 x 64, batch 64, moved, turned and coloured in every step",
}
MOST = 1.1


def conditions(rounds: int) -> str:
    """A training step of a model that is told something, against the same that is not."""
    rows = []
    for name, title in CASES.items():
        found = [ask("benchmarks.conditions", name) for _ in range(rounds)]
        plain, told = (median(each[key] for each in found) * 1e3 for key in ("plain", "told"))
        ratio = median(each["ratio"] for each in found)
        reached = f"{ratio:.2f} ({goal(ratio, MOST, at_most=True)})"
        rows.append([f"{title} (`{name}`)", f"{plain:.1f} ms", f"{told:.1f} ms", reached])
    head = ["network, data", "step", "told", "ratio"]
    return CONDITIONS.format(table=table(head, rows))


CONDITIONS = """## Conditions

A training step of a VAE with its batch, plain and told something of every row, on the same
network; and one of the generator of objects, with transformations of whole batches and without:
they are drawn in the step itself, so that nothing can fall behind. Both train in one process and
take turns; the ratio is the median over turns.

{table}

    python -m benchmarks.conditions NAME
"""
