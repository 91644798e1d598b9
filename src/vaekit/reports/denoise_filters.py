"""Classical filters to compare with, each at its best setting."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import median_filter
from torch import Tensor

from vaekit.errors import BadInput
from vaekit.evaluation.pictures import psnr

Array = NDArray[Any]
Setting = dict[str, float]


@final
@dataclass(frozen=True, slots=True)
class Filter:
    """A filter: its name, the settings that are tried, and what it makes of one picture.

    values: those tried of every setting, by name. apply: from a picture (C, H, W), the standard
    deviation of its noise and its settings, by name.
    """

    name: str
    values: dict[str, tuple[float, ...]]
    apply: Callable[..., Array]

    @property
    def settings(self) -> list[Setting]:
        """All that are tried."""
        return [
            dict(zip(self.values, each, strict=True)) for each in product(*self.values.values())
        ]

    def filtered(self, noisy: Tensor, scale: float, setting: Setting) -> Tensor:
        """Pictures (N, C, H, W), filtered."""
        rows = [self.apply(each, scale, **setting) for each in noisy.numpy()]
        return torch.from_numpy(np.stack(rows).astype(np.float32)).clamp(0, 1)


class Chosen(NamedTuple):
    """A filter with the setting that does best on validation pictures, in PSNR."""

    filter: Filter
    setting: Setting
    psnr: float


def best(each: Filter, clean: Tensor, noisy: Tensor, scale: float) -> Chosen:
    """The filter at its best setting on pictures (N, C, H, W) with noise of this scale."""
    found = [
        Chosen(each, one, float(psnr(each.filtered(noisy, scale, one), clean).mean()))
        for one in each.settings
    ]
    return max(found, key=lambda chosen: chosen.psnr)


def check_installed() -> None:
    """Raise BadInput where scikit-image is missing."""
    try:
        import skimage  # noqa: F401
    except ImportError:
        raise BadInput(
            "The filters to compare with need scikit-image; install it with: "
            "pip install 'vaekit[reports]'"
        ) from None


def _median(x: Array, scale: float, side: float) -> Array:
    smoothed: Array = median_filter(x, size=(1, int(side), int(side)), mode="mirror")
    return smoothed


def _non_local(x: Array, scale: float, h: float, sigma: float) -> Array:
    from skimage.restoration import denoise_nl_means

    options: dict[str, Any] = {"patch_size": 5, "patch_distance": 6, "fast_mode": True}
    options |= {"h": h * scale, "sigma": sigma * scale}
    if len(x) == 1:  # a lone channel is taken for none, and rows for columns
        return np.asarray(denoise_nl_means(x[0], **options))[None]
    return np.asarray(denoise_nl_means(x, channel_axis=0, **options))


def _total_variation(x: Array, scale: float, weight: float) -> Array:
    from skimage.restoration import denoise_tv_chambolle

    smooth: Any = denoise_tv_chambolle
    return np.asarray(smooth(x, weight=weight * scale, channel_axis=0))


FILTERS = (
    Filter("median", {"side": (3, 5, 7)}, _median),
    # Noise that was cut off deviates less than it did: `sigma` may be less than its scale.
    Filter(
        "non-local means",
        {"h": (0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.4), "sigma": (0.0, 0.5, 0.75, 1.0)},
        _non_local,
    ),
    Filter(
        "total variation", {"weight": (0.1, 0.2, 0.4, 0.7, 1.0, 1.4, 2.0, 2.8)}, _total_variation
    ),
)
