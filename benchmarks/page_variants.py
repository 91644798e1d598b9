"""The page's sections on variants: what a step of theirs costs, and likelihood against minutes."""

from statistics import median

from benchmarks.measured import ask
from benchmarks.page import goal, table
from benchmarks.variants import PEERS
from vaekit.recipes.costs import STEPS

SHARE = 0.6  # of the machine, an IWAE of 50 draws
MINUTES = 10
WANTED, DIGITS = 86.8, 4.0  # nats, and minutes of 10,000 digits' likelihood


def variants(rounds: int) -> str:
    """A training step of every recipe that learns from digits, over the plain VAE's."""
    rows = []
    for name in STEPS:
        if name == "vae":
            continue
        found = [ask("benchmarks.variants", name) for _ in range(rounds)]
        step, ratio = (median(each[key] for each in found) for key in ("seconds", "ratio"))
        theirs = ""
        if name in PEERS:
            their_step, their_ratio = (
                median(each[f"peer_{key}"] for each in found) for key in ("seconds", "ratio")
            )
            theirs = f"{their_ratio:.1f} ({their_step * 1e3:.1f} ms)"
        share = median(each["of_machine"] for each in found)
        wanted = f" ({goal(share, SHARE)})" if name == "iwae" else ""
        rows.append(
            [f"`{name}`", f"{step * 1e3:.1f} ms", f"{ratio:.2f}", f"{share:.2f}{wanted}", theirs]
        )
    head = ["recipe", "step", "over `vae`'s", "of the machine", "pythae's over its VAE's"]
    return VARIANTS.format(table=table(head, rows))


VARIANTS = """## Variants

A training step with its batch, times that of the plain VAE: 784-200-200-50 and back, tanh, MNIST,
batch 100, options as they come (K = 50, M = K = 8, 500 pseudo-inputs, ten planar flows, two levels
of 50 and 100). Both train in one process and take turns; the ratio is the median over turns.
pythae's variants at the same options, over pythae's own VAE, without its trainer. *Of the machine*
is as above. `maf-vae` draws number by number, and a step of little work, such as `vae`'s, is less
of the machine than one of much. pythae's HVAE takes no gradient through its slopes, which ours has
to: they depend on the weights.

{table}

    python -m benchmarks.variants NAME
"""


def quality(rounds: int) -> str:
    """Likelihood against minutes, ours and the peer's, once each."""
    curves = {
        "vaekit": ask("benchmarks.quality", "ours", str(MINUTES)),
        "pythae": ask("benchmarks.quality", "peer", str(MINUTES)),
    }
    rows = []
    for who, found in curves.items():
        points = ", ".join(f"{nll:.1f} at {minutes:.1f}" for minutes, _, nll in found["curve"])
        last = f"**{found['nll']:.2f}** ± {found['error']:.2f}"
        wanted = f" ({goal(found['nll'], WANTED, at_most=True)})" if who == "vaekit" else ""
        rows.append([who, str(found["epochs"]), points, last + wanted])
    head = ["", "epochs", "minus the bound of 1,000 test digits, K = 500, at minutes", "at the end"]
    measuring = curves["vaekit"]["measuring"]
    return QUALITY.format(
        table=table(head, rows),
        minutes=MINUTES,
        measuring=f"{measuring:.1f} minutes ({goal(measuring, DIGITS, at_most=True)})",
    )


QUALITY = """## Likelihood against minutes

The one-layer VAE of the importance-weighted paper, 784-200-200-50 with tanh, on dynamically
binarised MNIST, 60,000 digits, {minutes} minutes on all cores: by vaekit as `make results` trains
it (Muon, batch 1,000, half a cosine, networks in bfloat16), by pythae's own trainer (Adam, 0.001,
batch 100) on the same network, whose weights are measured as vaekit's are. Minus the
importance-weighted bound in nats; at the end of all 10,000 test digits with 5,000 draws, ± a
standard error over digits, one run each.
The published number is 86.76, after 3,280 epochs.

{table}

Those 5,000 draws of 10,000 digits took {measuring}.

    python -m benchmarks.quality ours 10
    python -m benchmarks.quality peer 10
"""
