"""The importance-weighted bound."""

from typing import final

from vaekit.objectives.base import Objective
from vaekit.objectives.elbo import explained
from vaekit.records import Loss, Trace, check_draws, importance_bound


@final
class IWAE(Objective):
    """Minus log (1/K) sum_k p(x, z_k) / q(z_k|x), the mean over the batch in nats.

    The gradient is that of the bound itself, through the reparameterised draws.
    Burda, Grosse and Salakhutdinov 2016, https://arxiv.org/abs/1509.00519

    draws: K; with 1 it is the ELBO.

    Raises BadInput where the number of draws is not positive.
    """

    needs = frozenset({"z", "log_q", "log_p"})

    def __init__(self, draws: int = 50) -> None:
        super().__init__()
        self.draws = check_draws(draws)

    def forward(self, trace: Trace) -> Loss:
        """The bound, and the ELBO of the same draws."""
        bound = importance_bound([trace]).mean()
        distortion = -trace.log_px.mean()
        elbo = trace.log_w.mean()
        metrics = {
            "distortion": distortion,
            "rate": -distortion - elbo,
            "elbo": elbo,
            "iwae": bound,
        }
        return explained(-bound, metrics, trace.draw.penalty)
