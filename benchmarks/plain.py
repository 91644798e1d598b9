"""A loop written by hand, the fastest we know: `python -m benchmarks.plain mlp-100`.

No validation, no log, no progress: what is left when only the steps are paid for.
"""

import sys
import time

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.measured import rate, report
from benchmarks.networks import NETWORKS
from benchmarks.tasks import TASKS, Task
from vaekit.training.process import prepare


class Model(nn.Module):
    """A VAE and its loss in nats."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        body, features, self.decoder = NETWORKS[type(task.net).__name__](task.latent, True)
        self.encoder = nn.Sequential(body, nn.Linear(features, 2 * task.latent))

    def forward(self, x: Tensor, bernoulli: bool) -> Tensor:
        """The negative ELBO of a batch (B, C, H, W)."""
        loc, log_scale = self.encoder(x).chunk(2, -1)
        scale = log_scale.exp()
        y = self.decoder(loc + scale * torch.randn_like(loc))
        kl = (0.5 * (loc.square() + scale.square() - 1) - log_scale).sum(-1)
        if bernoulli:
            x = x.flatten(1)
            log_px = torch.linalg.vecdot(x, y) - F.softplus(y).sum(-1)
        else:
            log_px = -0.5 * (y - x).square().flatten(1).sum(-1)
        return (kl - log_px).mean()


def main(name: str) -> None:
    """Train and report data points a second."""
    prepare()
    task = TASKS[name]
    data = torch.from_numpy(task.load().train.x[:]).permute(0, 2, 3, 1).contiguous()
    torch.manual_seed(0)
    model = Model(task).to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(model.parameters(), 1e-3, fused=True)
    ends: list[float] = []
    for _ in range(task.epochs):
        for rows in torch.randperm(len(data)).split(task.batch):
            pictures = data.index_select(0, rows).permute(0, 3, 1, 2)
            loss = model(torch.true_divide(pictures, 255), task.pixels == "bernoulli")
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()
        ends.append(time.perf_counter())
    report(per_second=rate(len(data), ends), parameters=sum(p.numel() for p in model.parameters()))


if __name__ == "__main__":
    main(sys.argv[1])
