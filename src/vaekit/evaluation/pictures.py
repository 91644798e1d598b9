"""How near pictures come to others, and how sharp they are, picture by picture.

Pictures are floats (N, C, H, W) in [0, 1]. Values outside, as in the mean of a Gaussian, are cut
off there, as a screen would. Sums are in double precision and in blocks, so that memory does not
grow with N.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from vaekit.errors import BadInput

WINDOW = 11  # pixels; the smallest side of a picture that SSIM can read
_SIGMA, _K1, _K2 = 1.5, 0.01, 0.03  # of SSIM, as published
_LUMINANCE = (0.299, 0.587, 0.114)  # of red, green and blue: ITU-R BT.601
_BLOCK = 1 << 22  # values looked at together


def psnr(a: Tensor, b: Tensor) -> Tensor:
    """The peak signal-to-noise ratio (N,) of pictures a and b (N, C, H, W), in dB.

    10 log10(1 / mean squared error), infinite where the pictures are equal. Raises BadInput for
    pictures of unequal shapes, or values that are not in [0, 1].
    """
    return _by_block(_psnr, a, b)


def ssim(a: Tensor, b: Tensor) -> Tensor:
    """The structural similarity (N,) of pictures a and b (N, C, H, W), at most 1.

    A Gaussian window of 11 x 11 pixels (sigma 1.5) that lies within the picture, K1 = 0.01,
    K2 = 0.03, averaged over places and channels. Raises BadInput as `psnr` does, and for sides
    of fewer than 11 pixels.

    Wang et al. 2004, https://doi.org/10.1109/TIP.2003.819861.
    """
    if min(a.shape[2:], default=0) < WINDOW:
        raise BadInput(f"SSIM needs pictures of {WINDOW} x {WINDOW} or more, not {tuple(a.shape)}")
    return _by_block(_ssim, a, b)


def sharpness(x: Tensor) -> Tensor:
    """The variance (N,) of the Laplacian of the luminance of pictures x (N, C, H, W).

    The kernel is (0 1 0, 1 -4 1, 0 1 0), at places within the picture; the luminance of colour
    pictures is that of BT.601. Blur lowers it, noise raises it: a number to compare with that of
    real pictures of the same size, not one to maximise. Raises BadInput for pictures smaller than
    3 x 3, channels other than 1 or 3, or values that are not in [0, 1].

    Pech-Pacheco et al. 2000, https://doi.org/10.1109/ICPR.2000.903548.
    """
    if x.ndim != 4 or x.shape[1] not in (1, 3) or min(x.shape[2:]) < 3:
        raise BadInput(
            "sharpness is measured on grey or colour pictures (N, 1 or 3, H, W) of 3 x 3 pixels "
            f"or more, not {tuple(x.shape)}"
        )
    return _by_block(_sharpness, x)


def check(*sets: Tensor) -> None:
    """Refuse what is not sets of pictures (N, C, H, W) with values in [0, 1], of one shape.

    Raises BadInput for no pictures, unequal shapes, integers, or values that are far outside.
    """
    shapes = sorted({tuple(x.shape) for x in sets})
    if len(shapes) != 1 or len(shapes[0]) != 4 or 0 in shapes[0]:
        raise BadInput(f"pictures to compare must have one shape (N, C, H, W), got {shapes}")
    for x in sets:
        # No picture in [0, 1] overshoots to a mean like this; one in 0 to 255 has it.
        if not x.is_floating_point() or float(x.mean()) > 2:
            raise BadInput("pictures are measured as floats in [0, 1]: divide bytes by 255")


def _by_block(measure: Callable[..., Tensor], *sets: Tensor) -> Tensor:
    check(*sets)
    rows = max(1, _BLOCK // sets[0][0].numel())
    blocks = zip(*(torch.split(x, rows) for x in sets), strict=True)
    with torch.no_grad():
        return torch.cat([measure(*(x.clamp(0, 1).double() for x in each)) for each in blocks])


def _psnr(a: Tensor, b: Tensor) -> Tensor:
    return -10 * (a - b).square().flatten(1).mean(dim=1).log10()


def _ssim(a: Tensor, b: Tensor) -> Tensor:
    down, across = (_windows(side).to(a.device) for side in a.shape[2:])

    def local(x: Tensor) -> Tensor:
        return down @ x @ across.T

    mean_a, mean_b = local(a), local(b)
    variances = local(a * a) - mean_a.square() + local(b * b) - mean_b.square()
    covariance = local(a * b) - mean_a * mean_b
    c1, c2 = _K1**2, _K2**2
    luminance = (2 * mean_a * mean_b + c1) / (mean_a.square() + mean_b.square() + c1)
    structure = (2 * covariance + c2) / (variances + c2)
    return (luminance * structure).flatten(1).mean(dim=1)


def _windows(side: int) -> Tensor:
    """The Gaussian window at every place along a side, as a matrix (side - 10, side)."""
    window = (-(torch.arange(WINDOW, dtype=torch.float64) - WINDOW // 2).square()).div(
        2 * _SIGMA**2
    )
    window = window.softmax(dim=0)
    places = side - WINDOW + 1
    matrix = torch.zeros(places, side, dtype=torch.float64)
    for place in range(places):
        matrix[place, place : place + WINDOW] = window
    return matrix


def _sharpness(x: Tensor) -> Tensor:
    if x.shape[1] == 3:
        x = torch.einsum("nchw,c->nhw", x, x.new_tensor(_LUMINANCE)).unsqueeze(1)
    middle = x[:, :, 1:-1, 1:-1]
    vertical = x[:, :, :-2, 1:-1] + x[:, :, 2:, 1:-1]
    horizontal = x[:, :, 1:-1, :-2] + x[:, :, 1:-1, 2:]
    return (vertical + horizontal - 4 * middle).flatten(1).var(dim=1, correction=0)
