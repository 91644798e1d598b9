"""How much noise a model takes off pictures, measured picture by picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Generator, Tensor

from vaekit.corruptions import Corruption, corruption
from vaekit.data import Split
from vaekit.errors import BadInput
from vaekit.evaluation.bootstrap import Interval, mean_interval
from vaekit.evaluation.pictures import WINDOW, psnr, ssim
from vaekit.kinds import KINDS, usual
from vaekit.model import Autoencoder, Rows
from vaekit.records import Batch, as_batch, check_draws

STRENGTHS: dict[str, tuple[float, ...]] = {
    "gaussian": (0.1, 0.25, 0.5),
    "salt-and-pepper": (0.05, 0.1, 0.25),
    "masking": (0.1, 0.25, 0.5),
    "blocks": (0.1, 0.25, 0.5),
    "blur": (0.5, 1.0, 2.0),
}
"""Three strengths of every corruption: a little, some, much."""

Measure = Callable[[Tensor, Tensor], Tensor]
_ROWS = 100  # pictures a pass


@final
@dataclass(frozen=True, slots=True)
class Change:
    """A measure of pictures against the clean ones, before and after noise was taken off.

    gain: after less before, with the interval of the difference by picture. Without noise
    there is nothing before.
    """

    after: Interval
    before: Interval | None = None
    gain: Interval | None = None

    @property
    def verdict(self) -> str:
        """Whether the pictures got nearer to the clean ones, by the interval of the gain."""
        if self.gain is None:
            return ""
        if self.gain.low <= 0 <= self.gain.high:
            return "undecided"
        return "better" if self.gain.low > 0 else "worse"


@final
@dataclass(frozen=True, slots=True)
class Denoising:
    """What a model does to pictures with one corruption.

    noise: the corruption as NAME:STRENGTH, or "none". pictures: how many were changed by it,
    which are those that are measured. psnr in dB; ssim at most 1, and None for pictures smaller
    than its window.
    """

    noise: str
    pictures: int
    psnr: Change
    ssim: Change | None


def denoised(
    model: Autoencoder, rows: Rows, draws: int | None = None, generator: Generator | None = None
) -> Tensor:
    """Noisy rows (B, *shape) as the model takes them to be without noise, of the same shape.

    draws: K, codes drawn from each row's posterior, whose decoded means are averaged; left out,
        the code that stands for the row is decoded, which is not random.

    Raises BadInput for a number of draws below 1, and of a model whose code is not drawn.
    """
    if draws is None:
        return model.reconstruct(rows)
    if "log_q" not in model.provides:
        raise BadInput(f"`draws`: {type(model.latent).__name__} has one code a row: leave it out.")
    count, batch = check_draws(draws), as_batch(rows)
    found = []
    for part in batch.split(_ROWS):
        traces = model.traces(part.to(model.device), count, generator)
        found.append(sum((trace.px.mean.sum(0) for trace in traces), torch.zeros(())) / count)
    return torch.cat(found).to(batch.x.device)


def measure_denoising(
    model: Autoencoder,
    split: Split,
    noises: Sequence[str] = (),
    *,
    draws: int | None = None,
    limit: int | None = 1_000,
    kind: str = "",
    seed: int = 0,
) -> list[Denoising]:
    """PSNR and SSIM of pictures of a split without noise, and with every corruption.

    noises: corruptions as NAME:STRENGTH; by default three strengths of each. Repeatable for a
    seed. draws: as `denoised` takes them. limit: pictures to measure at most. kind: of the data, in
    `KINDS`; left out, their shape's usual.

    Raises BadInput for data that cannot be drawn or have values missing, for an empty split and
    for corruptions there are not.
    """
    shape = tuple(split.x.shape[1:])
    kind = kind or usual(shape)
    if limit is not None and limit < 1:
        raise BadInput(f"`limit` must be 1 or more, not {limit}.")
    if not KINDS[kind].drawn(shape) or split.mask is not None or not len(split):
        raise BadInput("De-noising is measured on pictures, of which all values are there.")
    bounds, names = KINDS[kind].bounds, noises or usual_noises(shape)
    parts = {name: corruption(name).fitted(shape, bounds) for name in names}
    batch = split.take(slice(0, limit)).batch()
    generator = torch.Generator(model.device).manual_seed(seed)
    found = [_measured("none", batch.x, denoised(model, batch, draws, generator))]
    for name, part in parts.items():
        seen = noisy(batch.x, part, seed)
        clean = denoised(model, Batch(seen, batch.context), draws, generator)
        found.append(_measured(name, batch.x, clean, seen))
    return found


def criterion(model: Autoencoder, split: Split, seed: int = 0) -> float:
    """The bound that training with a corruption maximises, mean over a split, in nats.

    E over x~ and z ~ q(z|x~) of log p(x, z) - log q(z|x~), x being clean. Whatever x~ is, q(z|x~)
    is some distribution over codes, so each term bounds log p(x) from below, and so does their
    mean. It lies no higher than the ELBO of the mixture of all q(z|x~), by the convexity of the
    divergence from p(z|x). Without a corruption it is the ELBO.

    Raises BadInput of a model without a rate. Im et al. 2017, https://arxiv.org/abs/1511.06406
    """
    if "rate" not in model.provides:
        raise BadInput(f"{type(model.latent).__name__} has no rate, and so no bound.")
    generator, total = torch.Generator(model.device).manual_seed(seed), 0.0
    for part in split.batch().split(_ROWS):
        batch = part.to(model.device)
        x = model.corruption(batch.x, generator) if model.corruption else batch.x
        for trace in model.traces(replace(batch, x=x), 1, generator):
            assert trace.draw.rate is not None
            log_px = trace.px.log_prob(batch.x, batch.mask).mean(0)
            total += float((log_px - trace.draw.rate).sum())
    return total / len(split)


def usual_noises(shape: tuple[int, ...]) -> list[str]:
    """Three strengths of every corruption that fits pictures of a shape, as NAME:STRENGTH."""
    fitting = []
    for name, strengths in STRENGTHS.items():
        try:
            corruption(name).fitted(shape, (0.0, 1.0))
        except BadInput:
            continue
        fitting += [f"{name}:{strength:g}" for strength in strengths]
    return fitting


def noisy(x: Tensor, part: Corruption, seed: int = 0) -> Tensor:
    """Rows (B, *shape) with noise; the same for a seed, in portions, so memory is bounded."""
    generator = torch.Generator(x.device).manual_seed(seed)
    return torch.cat([part(rows, generator) for rows in torch.split(x, _ROWS)])


def change(measure: Measure, clean: Tensor, after: Tensor, before: Tensor | None = None) -> Change:
    """A measure of pictures (N, C, H, W) against the clean ones, before and after."""
    now = measure(after.clamp(0, 1), clean)
    if before is None:
        return Change(mean_interval(now))
    then = measure(before.clamp(0, 1), clean)
    return Change(mean_interval(now), mean_interval(then), mean_interval(now - then))


def _measured(noise: str, clean: Tensor, after: Tensor, before: Tensor | None = None) -> Denoising:
    if before is not None:
        changed = (before != clean).flatten(1).any(1)  # others have no noise, and infinite PSNR
        clean, after, before = clean[changed], after[changed], before[changed]
        if not len(clean):
            raise BadInput(f"The noise {noise} leaves all pictures as they are: take a stronger.")
    large = min(clean.shape[2:]) >= WINDOW
    return Denoising(
        noise,
        len(clean),
        change(psnr, clean, after, before),
        change(ssim, clean, after, before) if large else None,
    )
