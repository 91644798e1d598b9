"""The evidence lower bound and its weighted forms."""

from typing import final

from torch import Tensor

from vaekit.errors import BadInput, zero_or_more
from vaekit.objectives.base import Objective
from vaekit.objectives.schedules import Schedule, schedule_of
from vaekit.records import Draw, Loss, Trace, check_draws

_MOST = 1e6  # nats a dimension: beyond, float32 has no room for the loss


@final
class ELBO(Objective):
    """distortion_weight x distortion + beta x rate, the mean over the batch in nats.

    With both weights 1 it is the negative ELBO (Kingma and Welling 2014,
    https://arxiv.org/abs/1312.6114). With a deterministic latent there is no rate and it
    is a plain autoencoder's loss.

    beta: a number or a schedule. Higgins et al. 2017, https://openreview.net/forum?id=Sy2fzU9gl
    distortion_weight: 0.5 with beta 1 is the article's code, a beta of 2; 0 leaves the
        reconstruction to another term, such as `Perceptual`'s.
    free_bits: nats each dimension may use on average over the batch without being
        charged. Kingma et al. 2016, https://arxiv.org/abs/1606.04934
    draws: codes drawn for each data point.
    free_rate: nats that a whole row's rate may use without being charged.

    Raises BadInput where a weight or the number of draws makes no sense.
    """

    def __init__(
        self,
        beta: Schedule | float = 1.0,
        distortion_weight: float = 1.0,
        free_bits: float = 0.0,
        draws: int = 1,
        free_rate: float = 0.0,
    ) -> None:
        super().__init__()
        zero_or_more("`distortion_weight`", distortion_weight)
        for name, free in (("free_bits", free_bits), ("free_rate", free_rate)):
            if not 0 <= free <= _MOST:
                raise BadInput(f"`{name}` must be from zero to {_MOST:g}, not {free:g}.")
        if free_bits and free_rate:
            raise BadInput("`free_bits` and `free_rate` are two ways to free the rate: give one.")
        self.beta = schedule_of(beta)
        self.distortion_weight = distortion_weight
        self.free_bits, self.free_rate = free_bits, free_rate
        self.draws = check_draws(draws)
        priced = {"rates"} if free_bits else {"rate"} if free_rate else set()
        self.needs = frozenset({"z"} | priced)

    def forward(self, trace: Trace) -> Loss:
        """The weighted bound; `elbo` among the metrics is always the unweighted one."""
        draw = trace.draw
        distortion = -trace.log_px.mean()
        total = self.distortion_weight * distortion
        metrics: dict[str, Tensor] = {"distortion": distortion}
        if draw.rate is not None:
            rate = draw.rate.mean()
            total = total + self.beta(trace.at.epoch) * self._charged(draw, rate)
            metrics |= {"rate": rate, "elbo": -(distortion + rate)}
        return explained(total, metrics, draw.penalty)

    def _charged(self, draw: Draw, rate: Tensor) -> Tensor:
        if self.free_rate:
            assert draw.rate is not None
            return (draw.rate - self.free_rate).clamp(min=0).mean()
        if not self.free_bits:
            return rate
        assert draw.rates is not None
        return draw.rates.mean(0).clamp(min=self.free_bits).sum()


def explained(total: Tensor, metrics: dict[str, Tensor], penalty: Tensor | None) -> Loss:
    """A loss, with the latent's penalty where it asks for one, and its detached metrics."""
    if penalty is not None:
        total, metrics = total + penalty, metrics | {"penalty": penalty}
    return Loss(total, {name: value.detach() for name, value in {"loss": total, **metrics}.items()})
