"""Priors made of what the encoder says of rows: learned pseudo-inputs, or training rows."""

from typing import final

import torch
from torch import Tensor, nn

from vaekit.contracts import Infer, OfRows, Shape
from vaekit.distributions import DiagonalGaussian
from vaekit.errors import BadInput
from vaekit.latents.mixture import Mixture
from vaekit.records import Batch

_WIDE = torch.finfo(torch.float32).max  # the range where none is known
_LOG_SCALE = -1.0  # log standard deviation around exemplars at the start


@final
class VampPrior(nn.Module):
    """p(z): the mixture of the posteriors at M pseudo-inputs, which are learned.

    `fit` has them `begin` at training rows, each with that row's context where the encoder reads
    one, and they stay in the range of these rows' values. The encoder's batch normalisation
    treats them as in use, by the statistics of data. Tomczak and Welling 2018,
    https://arxiv.org/abs/1705.07120

    size: D. shape: of a row. pseudo_inputs: M. context: numbers the encoder reads beside a row.
    Raises BadInput where an option makes no sense.
    """

    low: Tensor
    high: Tensor
    begun: Tensor
    context = 0

    def __init__(self, size: int, shape: Shape, pseudo_inputs: int = 500, context: int = 0) -> None:
        super().__init__()
        if pseudo_inputs < 1:
            raise BadInput(f"`pseudo_inputs` must be 1 or more, not {pseudo_inputs}.")
        self.size, self.gives = size, Mixture
        self.wanted, self.option = pseudo_inputs, "pseudo_inputs"
        self.x = nn.Parameter(torch.rand(pseudo_inputs, *shape))
        self.told = nn.Parameter(torch.zeros(pseudo_inputs, context)) if context else None
        self.register_buffer("low", torch.tensor(-_WIDE))
        self.register_buffer("high", torch.tensor(_WIDE))
        self.register_buffer("begun", torch.tensor(False))

    def forward(self, infer: Infer, context: Tensor | None = None) -> Mixture:
        """The prior over one code of shape (D,)."""
        # Beyond the range values are cut, but gradients pass, so that they can come back.
        cut = (self.x.clamp(self.low, self.high) - self.x).detach()
        return Mixture(infer(Batch(self.x + cut, self.told)))

    def begin(self, rows: Batch) -> None:
        """Have pseudo-inputs start at rows, unless they have before."""
        if self.begun:
            return
        with torch.no_grad():
            there = rows.x if rows.mask is None else rows.x[rows.mask]
            self.x.copy_(_filled(rows))
            self.low.copy_(there.min())
            self.high.copy_(there.max())
            self.begun.fill_(True)
            if self.told is not None:
                self.told.copy_(_told(rows, self.told.shape[1]))

    def check(self, gives: type) -> None:
        """Raise BadInput where a class of posteriors cannot score codes that others drew."""
        if not hasattr(gives, "log_prob"):
            name = gives.__name__
            raise BadInput(
                f"VampPrior scores codes under the posteriors at pseudo-inputs, and {name} "
                "scores none but its own: use a GaussianPosterior, or a MixturePrior."
            )


@final
class ExemplarPrior(nn.Module):
    """p(z): a mixture of Gaussians around the codes of M training rows, all of one scale.

    `fit` gives it the rows, and they are kept with the weights. While training, a row is never
    among its own exemplars, and each step sees the next few of them, which bounds what all
    would give; in use there are all. Norouzi, Fleet and Norouzi 2020,
    https://arxiv.org/abs/2004.04795

    size: D. shape: of a row. exemplars: M. context: numbers the encoder reads beside a row.
    exemplars_each: of a step. Raises BadInput where an option makes no sense; in use, where it is
    not told in training which rows it scores.
    """

    x: Tensor
    told: Tensor
    rows: Tensor
    turn: Tensor
    context = 0

    def __init__(
        self,
        size: int,
        shape: Shape,
        exemplars: int = 1000,
        context: int = 0,
        exemplars_each: int = 100,
    ) -> None:
        super().__init__()
        if exemplars < 2:
            raise BadInput(
                f"`exemplars` must be 2 or more, not {exemplars}: no row is its own exemplar."
            )
        if not 2 <= exemplars_each <= exemplars:
            raise BadInput(
                f"`exemplars_each` must be from 2 to {exemplars}, the `exemplars`, not "
                f"{exemplars_each}."
            )
        self.size, self.gives, self.each = size, Mixture, exemplars_each
        self.wanted, self.option = exemplars, "exemplars"
        self.log_scale = nn.Parameter(torch.tensor(_LOG_SCALE))
        self.register_buffer("x", torch.rand(exemplars, *shape))
        self.register_buffer("told", torch.zeros(exemplars, context))
        self.register_buffer("rows", torch.full((exemplars,), -1))
        self.register_buffer("turn", torch.tensor(0))

    def forward(self, infer: Infer, context: Tensor | None = None) -> Mixture:
        """The prior over one code of shape (D,); in training, for each row without itself."""
        if not self.training:
            return Mixture(self._around(infer, self.x, self.told))
        places = (self.turn + torch.arange(self.each, device=self.turn.device)) % len(self.x)
        self.turn.add_(self.each).remainder_(len(self.x))
        components = self._around(infer, self.x[places], self.told[places])
        return Mixture(components, without=self._own(infer, self.rows[places]))

    def begin(self, rows: Batch) -> None:
        """Take rows as the exemplars."""
        assert rows.rows is not None
        self.x.copy_(_filled(rows))
        self.told.copy_(_told(rows, self.told.shape[1]))
        self.rows.copy_(rows.rows)

    def _around(self, infer: Infer, x: Tensor, told: Tensor) -> DiagonalGaussian:
        loc = infer(Batch(x, told if told.shape[1] else None)).mode
        return DiagonalGaussian(loc, self.log_scale.to(loc.dtype).expand_as(loc))

    def _own(self, infer: Infer, exemplars: Tensor) -> Tensor | None:
        """Which exemplars each of the rows that are scored is itself, (B, M)."""
        scored = infer.rows if isinstance(infer, OfRows) else None
        if scored is not None:
            return scored.unsqueeze(1) == exemplars
        if self.begun:
            raise BadInput(
                "ExemplarPrior must know in training which rows it scores, as none may be its own "
                "exemplar: give a `Batch` with `rows`, as `fit` does."
            )
        return None

    @property
    def begun(self) -> bool:
        """Whether the exemplars are training rows yet."""
        return bool(self.rows[0] >= 0)


def _filled(rows: Batch) -> Tensor:
    """Rows (M, *shape) whose missing values are the mean of those that are there."""
    return rows.x if rows.mask is None else rows.x.where(rows.mask, rows.x[rows.mask].mean())


def _told(rows: Batch, size: int) -> Tensor:
    """The contexts of rows, and zeros for what a transformation tells after them, (M, size)."""
    told = rows.x.new_zeros(len(rows), size)
    if rows.context is not None:
        told[:, : rows.context.shape[1]] = rows.context
    return told
