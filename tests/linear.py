"""A decoder of a model whose likelihood is known exactly."""

from typing import final

from torch import Tensor, nn


@final
class Affine(nn.Module):
    """A decoder W z + b, from codes (K, B, D) to means (K, B, 1, F)."""

    context = 0

    def __init__(self, size: int, values: int) -> None:
        super().__init__()
        self.layer = nn.Linear(size, values)

    def forward(self, z: Tensor, context: Tensor | None = None) -> Tensor:
        mean: Tensor = self.layer(z)
        return mean.unsqueeze(2)
