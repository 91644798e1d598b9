"""What a step of a variant costs over the plain VAE's: `python -m benchmarks.variants iwae`.

The variant and the VAE train in turns in one process, so that both see the same machine; then
the peer's variant, where it has one, and the peer's VAE. All on the network of the
importance-weighted paper, 784-200-200-50 and back with tanh, on MNIST, batch 100.
"""

import sys
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.conditions import endless, timed
from benchmarks.matmul import rate_of
from benchmarks.measured import report
from benchmarks.networks import published
from benchmarks.peer import Decoder, Encoder
from benchmarks.tasks import digits
from vaekit.data import Dataset
from vaekit.nets import MLP
from vaekit.recipes import RECIPES
from vaekit.spec import options_of
from vaekit.training import Training
from vaekit.training.beginning import begin
from vaekit.training.process import prepare
from vaekit.training.session import Session

from pythae import models as pythae  # isort: skip  # found once benchmarks.peer is imported

WARM, TURNS, STEPS = 2, 12, 5
BATCH, LATENT, HIDDEN = 100, 50, (200, 200)
SIZES = {"latent": LATENT, "positions": 16}
LADDER = (50, 100)  # of a hierarchy, from the top
OWN = {"very-deep-vae"}  # that have a network of their own
SIZES_OF_PRODUCTS = (512, 1024, 2048)

# The peer's class, and the options that make it the same variant.
PEERS: dict[str, tuple[str, dict[str, Any]]] = {
    "beta-vae": ("BetaVAE", {"beta": 4.0}),
    "capacity-vae": ("DisentangledBetaVAE", {}),
    "iwae": ("IWAE", {"number_samples": 50}),
    "miwae": ("MIWAE", {"number_gradient_estimates": 8, "number_samples": 8}),
    "ciwae": ("CIWAE", {"number_samples": 50}),
    "planar-vae": ("VAE_LinNF", {"flows": ["Planar"] * 10}),
    "radial-vae": ("VAE_LinNF", {"flows": ["Radial"] * 10}),
    "iaf-vae": ("VAE_IAF", {"n_made_blocks": 2, "n_hidden_in_made": 1, "hidden_size": 128}),
    "vamp-vae": ("VAMP", {"number_components": 500}),
    "hvae": ("HVAE", {"n_lf": 3, "learn_eps_lf": True, "learn_beta_zero": True}),
    "poincare-vae": ("PoincareVAE", {}),
}


def ours(name: str, dataset: Dataset) -> Session:
    """A recipe in training."""
    recipe = RECIPES[name]
    taken = options_of(recipe)
    options = {each: size for each, size in SIZES.items() if each in taken}
    if isinstance(taken["latent"].default if "latent" in taken else None, tuple):
        options["latent"] = LADDER
    if name in OWN:
        del options["latent"]
    torch.manual_seed(0)
    net = None if name in OWN else MLP(HIDDEN, "tanh")
    parts = recipe(dataset.shape, net=net, **options)
    training = Training(batch_size=BATCH, device="cpu")
    begin(parts[0], dataset, 0)
    return Session(Fabric(accelerator="cpu", devices=1), *parts, dataset, training)


def operations(session: Session) -> int:
    """Floating-point operations of the matrix products of a step."""
    with FlopCounterMode(display=False) as counted:
        session.step(next(iter(session.batches.epoch(0))))
    return int(counted.get_total_flops())


def theirs(kind: str, options: dict[str, Any], dataset: Dataset) -> Iterator[None]:
    """The peer's steps, of one batch: its loss, the way back and Adam."""
    config = getattr(pythae, f"{kind}Config", None) or getattr(pythae, f"{kind}_Config")
    torch.manual_seed(0)
    encoder, features, decoder = published(LATENT)
    model = getattr(pythae, kind)(
        config(input_dim=(784,), latent_dim=LATENT, reconstruction_loss="bce", **options),
        encoder=Encoder(encoder, features, LATENT),
        decoder=Decoder(decoder, nn.Sigmoid()),
    )
    optimiser = torch.optim.Adam(model.parameters())
    x = dataset.train.tensor()[:BATCH].flatten(1).round()  # one peer takes no grey
    while True:
        optimiser.zero_grad()
        loss: Tensor = model({"data": x}, epoch=1, dataset_size=len(x)).loss
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        yield


def ratio(one: Callable[[], Iterator[None]], other: Callable[[], Iterator[None]]) -> Any:
    """The seconds of one's step, and the median of its ratios to the other's over turns."""
    runs = one(), other()
    turns = [[median(timed(run) for _ in range(STEPS)) for run in runs] for _ in range(TURNS)]
    return median(a for a, _ in turns[WARM:]), median(a / b for a, b in turns[WARM:])


def main(name: str) -> None:
    """Report the seconds of a step, its ratio to the VAE's, and the peer's ratio."""
    prepare()
    dataset = digits()
    flops = operations(ours(name, dataset))
    seconds, over = ratio(
        lambda: endless(ours(name, dataset)), lambda: endless(ours("vae", dataset))
    )
    share = flops / seconds / max(map(rate_of, SIZES_OF_PRODUCTS))
    found: dict[str, float] = {"seconds": seconds, "ratio": over, "of_machine": share}
    if name in PEERS:
        peer = PEERS[name]
        their_seconds, their_over = ratio(
            lambda: theirs(*peer, dataset), lambda: theirs("VAE", {}, dataset)
        )
        found |= {"peer_seconds": their_seconds, "peer_ratio": their_over}
    report(**found)


if __name__ == "__main__":
    main(sys.argv[1])
