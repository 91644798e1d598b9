"""Training that an experiment can repeat: what is finished is kept, what was cut off goes on."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from vaekit.data import Dataset
from vaekit.errors import BadInput
from vaekit.runs import Run, lasting, open_run
from vaekit.training import Training
from vaekit.workflow.train import resume, train


def trained(
    name: str,
    root: Path,
    recipe: str,
    data: str | Dataset,
    *,
    net: str = "",
    net_options: dict[str, Any] | None = None,
    likelihood_options: dict[str, Any] | None = None,
    corruption: str = "",
    corruption_options: dict[str, Any] | None = None,
    options: dict[str, Any],
    training: Training,
    data_options: dict[str, Any] | None = None,
    progress: bool = True,
) -> Run:
    """The finished run of this name: opened where it exists, resumed or trained where not.

    Raises BadInput where a run of this name was made with other options or of other data.
    """
    if not (root / name).exists():
        return train(
            recipe,
            data,
            name=name,
            root=root,
            net=net,
            net_options=net_options,
            corruption=corruption,
            options=options,
            likelihood_options=likelihood_options,
            corruption_options=corruption_options,
            data_options=data_options,
            training=training,
            progress=progress,
        )
    run = open_run(root / name)
    spec = run.spec
    wanted = replace(
        spec,
        recipe=recipe,
        net=net or spec.net,
        net_options=net_options or {},
        likelihood_options=likelihood_options or {},
        options=options,
        corruption=corruption,
        corruption_options=corruption_options or {},
    )
    if (spec, run.training) != (wanted, training):
        raise BadInput(
            f"{run.path} was made with other options: give another `folder`, or remove it."
        )
    if isinstance(data, Dataset):
        if run.data["fingerprint"] != data.fingerprint:
            raise _of_other_data(run)
        return run if run.state == "finished" else resume(run, data=data, progress=progress)
    kept = run.data["options"]
    same = (
        str(kept.get(name)) == str(list(value) if isinstance(value, tuple) else value)  # as JSON
        for name, value in (data_options or {}).items()
    )
    if run.data["source"] != lasting(data) or not all(same):
        raise _of_other_data(run)
    return run if run.state == "finished" else resume(run, progress=progress)


def _of_other_data(run: Run) -> BadInput:
    return BadInput(f"{run.path} was made of other data: give another `folder`, or remove it.")
