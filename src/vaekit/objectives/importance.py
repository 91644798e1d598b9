"""Bounds made of importance weights, and gradients of them with less noise."""

import math
from typing import final

import torch
from torch import Tensor

from vaekit.distributions import log_mean_exp
from vaekit.errors import BadInput
from vaekit.model import Autoencoder
from vaekit.objectives.base import Objective, sides
from vaekit.objectives.elbo import explained
from vaekit.objectives.schedules import Schedule, geometric, schedule_of
from vaekit.records import (
    Choose,
    Loss,
    Moment,
    Phase,
    Scores,
    Trace,
    check_draws,
    importance_bound,
)

_SCORED = frozenset({"z", "log_q", "log_p"})


@final
class IWAE(Objective):
    """Minus log (1/K) sum_k p(x, z_k) / q(z_k|x), the mean over the batch in nats.

    The gradient is that of the bound itself, through the reparameterised draws.
    Burda, Grosse and Salakhutdinov 2016, https://arxiv.org/abs/1509.00519

    A step costs nearly as many passes of the decoder as there are draws. What early ones learn is
    much the same with few: `rising` saves most of them. And the gradient is the mean of those of
    log w_k, by their weights: the few that are `chosen` by these have the same mean, with more
    noise, and only they go backwards, too.

    draws: K; with 1 it is the ELBO. rising: epochs over which K rises from 1, most of it late;
        to 50, it is at 2 after half of them. beta: a number or a schedule, by which log q - log p
        counts in the weights. chosen: the draws that the gradient goes through; all where 0.

    Raises BadInput where one of them makes no sense.
    """

    needs = _SCORED

    def __init__(
        self,
        draws: int = 50,
        rising: float = 0.0,
        beta: Schedule | float = 1.0,
        chosen: int = 0,
    ) -> None:
        super().__init__()
        self.draws, self.chosen = check_draws(draws), _chosen_of(chosen)
        self._number, self.beta = geometric(draws, rising), schedule_of(beta)

    def draws_at(self, at: Moment) -> int:
        """K at a moment of training."""
        return round(self._number(at.epoch))

    def chooser(self, at: Moment) -> Choose | None:
        """By their weights, where there are more than shall be gone through."""
        return _by_weight(self.draws_at(at), 1, self.chosen, self.beta(at.epoch))

    def forward(self, trace: Trace) -> Loss:
        """The bound, and the ELBO of the same draws."""
        return _charged(trace, "iwae", 1, self.beta)


@final
class MIWAE(Objective):
    """Minus the mean of M importance-weighted bounds of K draws each, in nats.

    More groups make the encoder's gradient less noisy, more draws in each the bound tighter.
    Rainforth et al. 2018, https://arxiv.org/abs/1802.04537

    groups: M; with 1 it is IWAE. draws_each: K; with 1 it is the ELBO. rising: epochs over which
        both rise from 1. beta, chosen: as IWAE's, the latter of each group.

    Raises BadInput where one of them, or M x K, makes no sense.
    """

    needs = _SCORED

    def __init__(
        self,
        groups: int = 8,
        draws_each: int = 8,
        rising: float = 0.0,
        beta: Schedule | float = 1.0,
        chosen: int = 0,
    ) -> None:
        super().__init__()
        self.groups, self.draws = groups, _draws_of(groups, draws_each)
        self.chosen = _chosen_of(chosen)
        self._numbers = geometric(groups, rising), geometric(draws_each, rising)
        self.beta = schedule_of(beta)

    def draws_at(self, at: Moment) -> int:
        """M x K at a moment of training."""
        return math.prod(round(number(at.epoch)) for number in self._numbers)

    def chooser(self, at: Moment) -> Choose | None:
        """By their weights in each group, where there are more than shall be gone through."""
        return _by_weight(self.draws_at(at), self._groups_at(at), self.chosen, self.beta(at.epoch))

    def forward(self, trace: Trace) -> Loss:
        """The mean of the groups' bounds, and the ELBO of the same draws."""
        return _charged(trace, "miwae", self._groups_at(trace.at), self.beta)

    def _groups_at(self, at: Moment) -> int:
        return round(self._numbers[0](at.epoch))


@final
class CIWAE(Objective):
    """Minus mixed x ELBO + (1 - mixed) x the importance-weighted bound, in nats.

    Rainforth et al. 2018, https://arxiv.org/abs/1802.04537

    mixed: from 0, which is IWAE, to 1, the ELBO. draws: K.

    Raises BadInput where one of them makes no sense.
    """

    needs = _SCORED

    def __init__(self, mixed: float = 0.5, draws: int = 50) -> None:
        super().__init__()
        if not 0 <= mixed <= 1:
            raise BadInput(f"`mixed` must be from 0, IWAE, to 1, the ELBO, not {mixed:g}.")
        self.mixed, self.draws = mixed, check_draws(draws)

    def forward(self, trace: Trace) -> Loss:
        """The combination, which is a bound, too, and the ELBO of the same draws."""
        bound = importance_bound([trace]).mean()
        combined = self.mixed * trace.log_w.mean() + (1 - self.mixed) * bound
        return _weighted(trace, "ciwae", combined)


@final
class PIWAE(Objective):
    """An encoder trained by MIWAE and a decoder trained by IWAE, from the same M x K draws.

    Two phases: `encoder` (encoder and posterior) and `decoder` (decoder, likelihood and prior).
    Rainforth et al. 2018, https://arxiv.org/abs/1802.04537

    groups: M. draws_each: K; the decoder's bound is of all M x K.

    Raises BadInput where one of them, or M x K, makes no sense.
    """

    needs = _SCORED

    def __init__(self, groups: int = 8, draws_each: int = 8) -> None:
        super().__init__()
        self.inferring = MIWAE(groups, draws_each)
        self.draws = self.inferring.draws
        self.generating = IWAE(self.draws)

    def forward(self, trace: Trace) -> Loss:
        """What the encoder minimises."""
        loss: Loss = self.inferring(trace)
        return loss

    def phases(self, model: Autoencoder) -> tuple[Phase, ...]:
        """Encoder and decoder."""
        inferring, generating = sides(model)
        return Phase("encoder", inferring), Phase("decoder", generating)

    def losses(self, model: Autoencoder, trace: Trace) -> tuple[Loss, ...]:
        """The encoder's and the decoder's."""
        return self(trace), self.generating(trace)


@final
class Renyi(Objective):
    """Minus the variational Renyi bound 1 / (1 - alpha) log (1/K) sum_k w_k^(1 - alpha), in nats.

    Li and Turner 2016, https://arxiv.org/abs/1602.02311

    alpha: 1 is the ELBO, 0 IWAE; below 0 it is no lower bound any more. draws: K.

    Raises BadInput where one of them makes no sense.
    """

    needs = _SCORED

    def __init__(self, alpha: float = 0.5, draws: int = 50) -> None:
        super().__init__()
        if not math.isfinite(alpha):
            raise BadInput(f"`alpha` must be finite, not {alpha:g}.")
        self.alpha, self.draws = alpha, check_draws(draws)

    def forward(self, trace: Trace) -> Loss:
        """The bound, and the ELBO of the same draws."""
        order = 1 - self.alpha
        if abs(order) < _ORDER:
            return _weighted(trace, "renyi", trace.log_w.mean())
        return _weighted(trace, "renyi", log_mean_exp(order * trace.log_w).mean() / order)


@final
class DReG(Objective):
    """IWAE with doubly reparameterised gradients: of the same mean, and with less noise.

    The score of the posterior, which is noise in the encoder's gradient, is taken out, and each
    draw's way through its code counts by the square of its normalised weight; the decoder's and
    the prior's gradients are those of the bound. The noise is less where the posterior is near
    the exact one, and may be more far from it, as at the start. Tucker et al. 2018,
    https://arxiv.org/abs/1810.04152

    It weighs what comes back to the codes, so it takes a trace once and no term beside it.

    draws: K. Raises BadInput where the number of draws is not positive.
    """

    needs = _SCORED | {"still_log_q"}
    alone = True

    def __init__(self, draws: int = 50) -> None:
        super().__init__()
        self.draws = check_draws(draws)

    def forward(self, trace: Trace) -> Loss:
        """The bound's value with that gradient, and the ELBO of the same draws."""
        log_w, z = _still(trace), trace.draw.z
        weights = log_w.detach().softmax(0)
        if z.requires_grad:
            _scale(z, weights)
        bound = importance_bound([trace]).mean()
        return _weighted(trace, "iwae", bound, (weights * log_w).sum(0).mean())


@final
class STL(Objective):
    """The negative ELBO without the posterior's score in its gradient: sticking the landing.

    The gradient has the same mean, and no noise where the posterior is exact; far from there it
    may have more. Roeder, Wu and Duvenaud 2017, https://arxiv.org/abs/1703.09194

    draws: codes drawn for each data point.

    Raises BadInput where the number of draws is not positive.
    """

    needs = _SCORED | {"still_log_q"}

    def __init__(self, draws: int = 1) -> None:
        super().__init__()
        self.draws = check_draws(draws)

    def forward(self, trace: Trace) -> Loss:
        """The ELBO of the draws, whose rate is an estimate from them."""
        elbo = trace.log_w.mean()
        return _weighted(trace, "elbo", elbo, _still(trace).mean())


_ORDER = 1e-4  # nearer to the ELBO, float32 would round the Renyi bound by more than it differs


def _weighted(
    trace: Trace,
    name: str,
    bound: Tensor,
    ascended: Tensor | None = None,
    charged: Tensor | None = None,
) -> Loss:
    """The loss of a bound, or of what it is with another charge.

    Its value is theirs, and its gradient, too, unless something else is ascended.
    """
    every = trace.among or trace.scores
    distortion, elbo = -every.log_px.mean(), every.log_w.mean()
    metrics = {"distortion": distortion, "rate": -distortion - elbo, "elbo": elbo, name: bound}
    total = bound if charged is None else charged
    if ascended is not None:
        total = total.detach() + (ascended - ascended.detach())
    return explained(-total, metrics, trace.draw.penalty)


def _grouped(log_w: Tensor, groups: int) -> Tensor:
    """The mean over batch and groups of their bounds, from weights (M x K, B)."""
    if len(log_w) % groups:
        raise BadInput(
            f"`groups` is {groups}, and {len(log_w)} draws do not divide into so many: "
            "draw as many as the objective's `draws`."
        )
    return log_mean_exp(log_w.view(groups, -1, log_w.shape[-1]), 1).mean()


def _charged(trace: Trace, name: str, groups: int, beta: Schedule) -> Loss:
    """The loss of the groups' mean bound of weights in which log q - log p counts beta times.

    Its gradient goes through all draws, or those that were chosen by these weights.
    """
    every, weight = trace.among or trace.scores, beta(trace.at.epoch)
    bound = _grouped(every.log_w, groups)
    charged = bound if weight == 1 else _grouped(every.charged(weight), groups)
    chosen = None if trace.among is None else trace.scores.charged(weight).mean()
    return _weighted(trace, name, bound, chosen, charged)


def _by_weight(draws: int, groups: int, chosen: int, beta: float) -> Choose | None:
    """Of each group of draws so many, by their weights and by even steps; None where that is all.

    Even steps through the weights, from a start that is drawn, choose with less noise than
    independent draws. Kitagawa 1996, https://doi.org/10.2307/1390750
    """
    each = draws // groups
    if not 0 < chosen < each:
        return None

    def choose(scores: Scores) -> Tensor:
        weights = scores.charged(beta).view(groups, each, -1).transpose(1, 2).softmax(-1)
        starts = torch.rand(*weights.shape[:2], 1, device=weights.device)
        steps = (starts + torch.arange(chosen, device=weights.device)) / chosen
        found = torch.searchsorted(weights.cumsum(-1), steps).clamp(max=each - 1)
        first = each * torch.arange(groups, device=weights.device).view(-1, 1, 1)
        return (first + found).transpose(1, 2).flatten(0, 1)

    return choose


def _still(trace: Trace) -> Tensor:
    """Log weights (K, B) that know the posterior's parameters by the draws alone."""
    draw = trace.draw
    assert draw.still_log_q is not None
    assert draw.log_p is not None
    return trace.log_px + draw.log_p - draw.still_log_q()


def _scale(z: Tensor, weights: Tensor) -> None:
    """Have what comes back to codes (K, B, D) weighed by (K, B)."""
    z.register_hook(lambda gradient: gradient * weights.unsqueeze(-1))  # type: ignore[no-untyped-call]


def _chosen_of(chosen: int) -> int:
    """Draws that are gone through; raises BadInput where there are fewer than none."""
    if chosen < 0:
        raise BadInput(f"`chosen` must be 0, for all draws, or more, not {chosen}.")
    return chosen


def _draws_of(groups: int, draws_each: int) -> int:
    """M x K; raises BadInput where M, K or both make no sense."""
    for name, number in (("groups", groups), ("draws_each", draws_each)):
        if number < 1:
            raise BadInput(f"`{name}` must be 1 or more, not {number}.")
    try:
        return check_draws(groups * draws_each)
    except BadInput as problem:
        raise BadInput(
            f"`groups` times `draws_each` is {groups * draws_each}, the draws of a row, which "
            "must be at most a million: give fewer."
        ) from problem
