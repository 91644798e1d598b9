"""What follows the gradients."""

from collections.abc import Callable, Sequence

import torch
from torch.nn import Parameter
from torch.optim import AdamW, Optimizer

from vaekit.errors import BadInput
from vaekit.training.options import Optimiser

MOMENTS: dict[str, set[str]] = {
    "AdamW": {"step", "exp_avg", "exp_avg_sq"},
    "Muon": {"momentum_buffer"},
}
"""What an optimiser keeps of every weight, by the name of its class."""


def made(
    optimiser: Optimiser, weights: Sequence[Parameter], weight_decay: float, device: str
) -> list[Optimizer]:
    """The optimisers that share these weights.

    Raises BadInput where this PyTorch lacks one.
    """
    return _MAKERS[optimiser](weights, weight_decay, device)


def _adam(weights: Sequence[Parameter], weight_decay: float, device: str) -> list[Optimizer]:
    """Adam itself where nothing decays."""
    return [AdamW(weights, weight_decay=weight_decay, fused=device in ("cpu", "cuda"))]


def _muon(weights: Sequence[Parameter], weight_decay: float, device: str) -> list[Optimizer]:
    """Muon for weight matrices and Adam for all else, at steps of one size.

    Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/; steps as long as Adam's by
    Liu et al. 2025, https://arxiv.org/abs/2502.16982
    """
    if not hasattr(torch.optim, "Muon"):
        raise BadInput("`optimiser='muon'` needs PyTorch 2.9 or newer: install it, or take adam.")
    matrices = [weight for weight in weights if weight.ndim == 2]
    others = [weight for weight in weights if weight.ndim != 2]
    found: list[Optimizer] = []
    if matrices:
        found.append(
            torch.optim.Muon(matrices, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw")
        )
    return found + (_adam(others, weight_decay, device) if others else [])


_MAKERS: dict[Optimiser, Callable[[Sequence[Parameter], float, str], list[Optimizer]]] = {
    "adam": _adam,
    "muon": _muon,
}
