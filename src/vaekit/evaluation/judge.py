"""The judge: a small classifier whose features say how well images pass for real ones."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from vaekit.errors import BadInput
from vaekit.writing import replacing

_PEAK_RATE = 6e-3  # of Adam's one-cycle schedule
_BLOCK = 1000  # images looked at together outside training
_HEADER = "judge"  # key of the configuration in the file's header


@final
class Judge(nn.Module):
    """A convolutional classifier of images with values in [0, 1].

    `shape` is (C, H, W) with H, W >= 4, `classes` the number of labels, `feature_size` the F
    numbers per image that the last layer reads. Raises BadInput for smaller images.
    """

    def __init__(self, shape: Sequence[int], classes: int, feature_size: int = 64) -> None:
        super().__init__()
        channels, height, width = shape
        if min(height, width) < 4:
            raise BadInput(
                f"the judge needs images of at least 4 x 4 pixels, got {height} x {width}"
            )
        self.shape = (channels, height, width)
        self.classes = classes
        self.feature_size = feature_size
        # The stride halves a side rounding up, the pool halves it again rounding down.
        pixels = ((height + 1) // 4) * ((width + 1) // 4)
        self.body = nn.Sequential(
            nn.Conv2d(channels, 16, kernel_size=5, stride=2, padding=2),
            nn.ReLU(inplace=True),
            nn.Conv2d(16, 32, kernel_size=3, padding=1),
            nn.MaxPool2d(2),  # before the ReLU: the same result from a quarter of the work
            nn.ReLU(inplace=True),
            nn.Flatten(),
            nn.Linear(32 * pixels, feature_size),
            nn.ReLU(inplace=True),
        )
        self.head = nn.Linear(feature_size, classes)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def features(self, x: Tensor) -> Tensor:
        """What the last layer reads, (B, F), of images x (B, C, H, W)."""
        features: Tensor = self.body(x)
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, classes) of images x (B, C, H, W)."""
        logits: Tensor = self.head(self.features(x))
        return logits

    @torch.no_grad()
    def inspect(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Features (N, F) and logits (N, classes) of any number of images, on the CPU.

        `images` (N, C, H, W) are uint8, or floats in [0, 1], on any device. Raises BadInput for
        no images, or images of another shape than the judge's.
        """
        if images.ndim != 4 or len(images) == 0 or tuple(images.shape[1:]) != self.shape:
            raise BadInput(
                f"the judge reads images of shape (N, {', '.join(map(str, self.shape))}), "
                f"got {tuple(images.shape)}"
            )
        device = self.head.weight.device
        features = [self.features(_unit(x.to(device))) for x in torch.split(images, _BLOCK)]
        logits = [self.head(block) for block in features]
        return torch.cat(features).cpu(), torch.cat(logits).cpu()

    def predict(self, images: Tensor) -> Tensor:
        """The most probable label (N,) of each of images (N, C, H, W), as `inspect` reads them."""
        return self.inspect(images)[1].argmax(dim=1)


def train_judge(
    x_train: Tensor,
    labels: Tensor,
    *,
    classes: int,
    epochs: int = 5,
    batch_size: int = 200,
    seed: int = 0,
    device: str = "cpu",
    progress: Callable[[int, int], None] | None = None,
) -> Judge:
    """Train a judge on labelled images; the same seed gives the same judge.

    `x_train` (N, C, H, W) is uint8, or float in [0, 1]; `labels` (N,) are integers below
    `classes`. `progress(step, steps)` is called after every step. The global random state is
    left as it was. Raises BadInput where images and labels don't fit together.
    """
    _check(x_train, labels, classes, epochs, batch_size)
    judge = _seeded(seed, shape=x_train.shape[1:], classes=classes).to(device)
    optimiser = torch.optim.Adam(judge.parameters(), fused=True)
    steps = epochs * -(-len(x_train) // batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _PEAK_RATE, total_steps=steps)
    order = torch.Generator().manual_seed(seed)
    step = 0
    for _ in range(epochs):
        for index in torch.split(torch.randperm(len(x_train), generator=order), batch_size):
            x, label = _unit(x_train[index].to(device)), labels[index].long().to(device)
            loss = F.cross_entropy(judge(x), label)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
            step += 1
            if progress is not None:
                progress(step, steps)
    return judge


def accuracy(judge: Judge, images: Tensor, labels: Tensor) -> float:
    """The share of images (N, C, H, W) whose label (N,) the judge finds."""
    if len(images) != len(labels):
        raise BadInput(f"{len(images)} images but {len(labels)} labels: give one label per image")
    return (judge.predict(images) == labels.cpu()).double().mean().item()


def save(judge: Judge, path: str | Path) -> None:
    """Write a judge to one safetensors file, its configuration in the header, atomically."""
    config = {"shape": judge.shape, "classes": judge.classes, "feature_size": judge.feature_size}
    weights = {name: value.cpu().contiguous() for name, value in judge.state_dict().items()}
    with replacing(Path(path)) as part:
        save_file(weights, part, metadata={_HEADER: json.dumps(config)})


def load_judge(path: str | Path) -> Judge:
    """Read a judge that `save` wrote; raises BadInput for any other or a damaged file."""
    if not Path(path).is_file():
        raise BadInput(f"there is no judge at {path}; train one and save it there")
    try:
        with safe_open(path, framework="pt") as file:
            config = json.loads((file.metadata() or {})[_HEADER])
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        judge = _seeded(0, **config)
        judge.load_state_dict(weights)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise BadInput(f"{path} is damaged or no judge; delete it and train one again") from error
    return judge


def _seeded(seed: int, **config: Any) -> Judge:
    # Weights are drawn on the CPU; torch.manual_seed would reseed every accelerator as well.
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return Judge(**config)


def _unit(x: Tensor) -> Tensor:
    return x.float() / 255 if x.dtype == torch.uint8 else x.float()


def _check(x: Tensor, labels: Tensor, classes: int, epochs: int, batch_size: int) -> None:
    if x.ndim != 4 or len(x) == 0:
        raise BadInput(f"the judge learns from images (N, C, H, W), got {tuple(x.shape)}")
    if labels.shape != (len(x),):
        raise BadInput(
            f"{len(x)} images but labels of shape {tuple(labels.shape)}: give one label per image"
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise BadInput(
            f"labels run from {int(labels.min())} to {int(labels.max())}: "
            f"with {classes} classes they must lie in 0..{classes - 1}"
        )
    if epochs < 1 or batch_size < 1:
        raise BadInput(f"epochs ({epochs}) and batch_size ({batch_size}) must be at least 1")
