"""What the processes of these tests run: training on the embedded digits, to be killed."""

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

import torch

from vaekit.data import Dataset, load
from vaekit.errors import BadInput, Interrupted
from vaekit.nets import MLP
from vaekit.recipes import Parts, exemplar_vae, hvae, iaf_vae, ladder_vae, vae, vamp_vae, vq_vae
from vaekit.spec import Spec
from vaekit.training import Training, fit

SHAPE = (1, 8, 8)


def digits(**options: Any) -> Dataset:
    return load("digits", binarise="dynamic", **options)


def small_vae(seed: int = 0, **options: Any) -> Parts:
    torch.manual_seed(seed)
    return vae(SHAPE, net=MLP(hidden=(24,)), latent=3, **options)


def small_iaf(seed: int = 0) -> Parts:
    torch.manual_seed(seed)
    return iaf_vae(SHAPE, net=MLP(hidden=(24,)), latent=3)


def small_vamp(seed: int = 0) -> Parts:
    torch.manual_seed(seed)
    return vamp_vae(SHAPE, net=MLP(hidden=(24,)), latent=3, pseudo_inputs=9)


def small_exemplar(seed: int = 0) -> Parts:
    torch.manual_seed(seed)
    return exemplar_vae(SHAPE, net=MLP(hidden=(24,)), latent=3, exemplars=99, exemplars_each=7)


def small_hvae(seed: int = 0) -> Parts:
    torch.manual_seed(seed)
    return hvae(SHAPE, net=MLP(hidden=(24,)), latent=3)


def small_vq(seed: int = 0) -> Parts:
    torch.manual_seed(seed)
    return vq_vae(SHAPE, net=MLP(hidden=(24,)), positions=2, codes=32, width=3)


def small_ladder(seed: int = 0) -> Parts:
    torch.manual_seed(seed)
    return ladder_vae(SHAPE, net=MLP(hidden=(24,)), latent=(2, 3))


def small_noisy(seed: int = 0) -> Parts:
    torch.manual_seed(seed)
    noise = {"corruption": "several", "corruption_options": {"parts": ("gaussian", "blocks:0.3")}}
    net = {"net": "mlp", "net_options": {"hidden": (24,)}}
    return Spec("vae", SHAPE, {"latent": 3}, **net, **noise).build()


def main(folder: str, options: str, largest_file: int = 0) -> None:
    """Train into a folder as the command line would; a limit on file sizes fills the disk."""
    model, objective = small_vae(warmup=1.5)
    if largest_file:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    with Path(folder + ".stderr").open("w") as sys.stderr:
        try:
            fit(model, objective, digits(), Training(**json.loads(options)), folder=Path(folder))
        except (BadInput, Interrupted) as error:
            print(error, file=sys.stderr, flush=True)
            os._exit(2 if isinstance(error, BadInput) else 130)
