"""A session as a checkpoint, and back."""

import warnings
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vaekit.errors import BadInput
from vaekit.training import checkpoint
from vaekit.training.checkpoint import below, nest
from vaekit.training.history import spent
from vaekit.training.optimisers import MOMENTS
from vaekit.training.session import Position, Session

_FREE = {"epochs", "checkpoint_seconds", "device", "compile"}  # options a resumed run may change
_STATE = {"data": str, "options": dict, "at": dict, "metrics": list}
_OTHERS = {"best": (int, float, type(None)), "log_digest": (str,)}  # what is no count


def save(session: Session, path: Path) -> None:
    """Write a session's whole state; of several processes the first writes that of all.

    Raises BadInput, and writes nothing, where a term or a weight is not finite; OSError where
    the disk is full.
    """
    session.check()
    running = session.running
    tensors = nest(session.model.state_dict(), "model")
    tensors |= nest(session.losses.objective.state_dict(), "objective")
    for i, optimiser in enumerate(session.optimisers):
        for index, moments in optimiser.state_dict()["state"].items():
            tensors |= nest(moments, f"optimiser.{i}/{index}")
    if session.average:
        tensors |= nest(session.average.tensors, "ema")
    tensors |= nest(session.best, "best")
    mine = {"running/points": torch.tensor(running.points), "running/rows": running.rows}
    mine |= nest(checkpoint.random_states(session.fabric.device), "rng")
    for name, tensor in mine.items():
        for rank, theirs in enumerate(session.group.gather(tensor)):
            tensors[f"{name}.{rank}" if rank else name] = theirs
    state = {
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "seconds": round(session.seconds, 1),
        "data": session.dataset.fingerprint,
        "options": asdict(session.options),
        "at": asdict(session.at),
        "metrics": running.names,
    }
    if session.group.first:
        checkpoint.write(path, "checkpoint", tensors, state)


def restore(session: Session, path: Path) -> None:
    """Put a new session where a saved one was.

    Raises BadInput where the file is damaged, or the data, the options or the model differ
    from those it was written with.
    """
    tensors, state = checkpoint.read(path, "checkpoint")
    at = _position(state, path)
    _same(session, state, path)
    threads = state.get("threads", torch.get_num_threads())
    if threads != torch.get_num_threads():
        warnings.warn(
            f"{path} was written with {threads} threads and there are {torch.get_num_threads()} "
            f"now: sums round differently, so the weights will not be the same bit for bit "
            f"(OMP_NUM_THREADS={threads} makes them so).",
            stacklevel=2,
        )
    checkpoint.fill(session.model, below(tensors, "model"), path)
    checkpoint.fill(session.losses.objective, below(tensors, "objective"), path)
    for i, optimiser in enumerate(session.optimisers):
        moments = _moments(optimiser, below(tensors, f"optimiser.{i}"), path)
        groups = optimiser.state_dict()["param_groups"]
        optimiser.load_state_dict({"state": moments, "param_groups": groups})
    device = session.fabric.device
    if session.average:
        checkpoint.compare(session.average.tensors, below(tensors, "ema"), path)
        session.average.tensors = _on(device, below(tensors, "ema"))
    if best := below(tensors, "best"):
        checkpoint.compare(session.model.state_dict(), best, path)
    session.best = _on(device, best)
    own = f".{session.group.rank}" if session.group.rank else ""
    try:
        points, rows = tensors[f"running/points{own}"].tolist(), tensors[f"running/rows{own}"]
        session.running.put(tuple(state["metrics"]), points, rows)
        states = {name: tensors[f"rng/{name}{own}"] for name in checkpoint.random_states(device)}
        checkpoint.set_random_states(states, device)
    except (KeyError, TypeError, RuntimeError) as error:
        raise _damaged(path, f"metrics or random numbers ({error})") from error
    session.at, session.spent = at, spent(state) or 0.0


def _position(state: dict[str, Any], path: Path) -> Position:
    """Where training was; raises BadInput naming the first field of a state that is not ours."""
    for name, kind in _STATE.items():
        if not isinstance(state.get(name), kind):
            raise _damaged(path, f"`{name}`")
    known = {each.name for each in fields(Position)}
    for name, value in state["at"].items():
        good = type(value) is int and 0 <= value < 2**53
        good = type(value) in _OTHERS[name] if name in _OTHERS else good
        if name not in known or not good:
            raise _damaged(path, f"`{name}`")
    return Position(**state["at"])


def _moments(
    optimiser: Any, tensors: dict[str, Tensor], path: Path
) -> dict[int, dict[str, Tensor]]:
    """An optimiser's moments by weight; a fused one would write past those of another shape."""
    found: dict[int, dict[str, Tensor]] = {}
    weights = {str(i): weight for i, weight in enumerate(optimiser.param_groups[0]["params"])}
    for name, tensor in tensors.items():
        index, _, moment = name.partition("/")
        weight = weights.get(index)
        if weight is None or tensor.shape != (() if moment == "step" else weight.shape):
            raise _damaged(path, f"moments {name}")
        found.setdefault(int(index), {})[moment] = _laid_out_as(weight, tensor)
    wanted = MOMENTS[type(optimiser.optimizer).__name__]
    for i, moments in found.items():
        if moments.keys() != wanted:
            raise _damaged(path, f"moments {i}")
    return found


def _damaged(path: Path, what: str) -> BadInput:
    return BadInput(
        f"{path} is damaged, in its {what}: restore it from a copy, or start a new run."
    )


def _same(session: Session, state: dict[str, Any], path: Path) -> None:
    if state["data"] != session.dataset.fingerprint:
        raise BadInput(f"{path} was trained on other data than {session.dataset.name}: use those.")
    # An option that came after the checkpoint was written had its default then.
    known = asdict(type(session.options)()) | state["options"]
    for name, value in asdict(session.options).items():
        if name not in _FREE and known[name] != value:
            raise BadInput(
                f"{path} was trained with `{name}={known[name]}`, not {value}: "
                "resume with that, or start a new run."
            )


def _laid_out_as(weight: Tensor, moment: Tensor) -> Tensor:
    """A moment in its weight's memory layout: fused optimisers walk both as they lie."""
    return torch.empty_like(weight).copy_(moment) if moment.shape == weight.shape else moment


def _on(device: torch.device, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.to(device) for name, tensor in tensors.items()}
