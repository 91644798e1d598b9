"""Training: one loop, its options, its checkpoints and its log."""

from typing import TYPE_CHECKING, Any

from vaekit.training.options import Training

if TYPE_CHECKING:
    from vaekit.training.engine import fit

__all__ = ["Training", "fit"]


def __getattr__(name: str) -> Any:
    # The options are flags, and `--help` must not wait for torch: the loop comes when asked for.
    if name == "fit":
        from vaekit.training.engine import fit

        return fit
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
