"""vaekit: compose, train, judge and use variational autoencoders.

    import vaekit as vk

    run = vk.train("vae", "digits", options={"latent": 2})
    model = vk.load(run.path)
    pictures = model.sample(64)

Names are imported when they are first used, so `import vaekit` alone is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from vaekit.threads import settle

if TYPE_CHECKING:
    from vaekit import corruptions as corruptions
    from vaekit import data as data
    from vaekit import describe as describe
    from vaekit import distributions as distributions
    from vaekit import evaluation as evaluation
    from vaekit import features as features
    from vaekit import figures as figures
    from vaekit import latents as latents
    from vaekit import likelihoods as likelihoods
    from vaekit import nets as nets
    from vaekit import objectives as objectives
    from vaekit import recipes as recipes
    from vaekit import space as space
    from vaekit.data import Dataset as Dataset
    from vaekit.data import Split as Split
    from vaekit.data import load as load_data
    from vaekit.errors import BadInput as BadInput
    from vaekit.errors import Interrupted as Interrupted
    from vaekit.evaluation import evaluate as evaluate
    from vaekit.explorer import explore as explore
    from vaekit.model import Autoencoder as Autoencoder
    from vaekit.records import Batch as Batch
    from vaekit.records import Draw as Draw
    from vaekit.records import Loss as Loss
    from vaekit.records import Phase as Phase
    from vaekit.records import Trace as Trace
    from vaekit.runs import Run as Run
    from vaekit.runs import list_runs as list_runs
    from vaekit.runs import load_model as load
    from vaekit.runs import open_run as open_run
    from vaekit.spec import Spec as Spec
    from vaekit.training import Training as Training
    from vaekit.training import fit as fit
    from vaekit.training.checkpoint import load_weights as load_weights
    from vaekit.training.checkpoint import save_weights as save_weights
    from vaekit.workflow.compare import compare_runs as compare_runs
    from vaekit.workflow.denoising import denoise as denoise
    from vaekit.workflow.derived import attribute_directions as attribute_directions
    from vaekit.workflow.derived import code_mixture as code_mixture
    from vaekit.workflow.grids import grid as grid
    from vaekit.workflow.listing import remove_runs as remove_runs
    from vaekit.workflow.listing import summarise_runs as summarise_runs
    from vaekit.workflow.looks import draw_figures as draw_figures
    from vaekit.workflow.sound import edit_sound as edit_sound
    from vaekit.workflow.sound import reconstruct_sound as reconstruct_sound
    from vaekit.workflow.sound import sound_classes as sound_classes
    from vaekit.workflow.train import resume as resume
    from vaekit.workflow.train import train as train
    from vaekit.workflow.use import edit as edit
    from vaekit.workflow.use import encode as encode
    from vaekit.workflow.use import evaluate_run as evaluate_run
    from vaekit.workflow.use import interpolate as interpolate
    from vaekit.workflow.use import reconstruct as reconstruct
    from vaekit.workflow.use import sample as sample
    from vaekit.workflow.use import traverse as traverse

settle()

__version__ = "0.1.0"

__all__ = [
    "Autoencoder",
    "BadInput",
    "Batch",
    "Dataset",
    "Draw",
    "Interrupted",
    "Loss",
    "Phase",
    "Run",
    "Spec",
    "Split",
    "Trace",
    "Training",
    "__version__",
    "attribute_directions",
    "code_mixture",
    "compare_runs",
    "corruptions",
    "data",
    "denoise",
    "describe",
    "distributions",
    "draw_figures",
    "edit",
    "edit_sound",
    "encode",
    "evaluate",
    "evaluate_run",
    "evaluation",
    "explore",
    "features",
    "figures",
    "fit",
    "grid",
    "interpolate",
    "latents",
    "likelihoods",
    "list_runs",
    "load",
    "load_data",
    "load_weights",
    "nets",
    "objectives",
    "open_run",
    "recipes",
    "reconstruct",
    "reconstruct_sound",
    "remove_runs",
    "resume",
    "sample",
    "save_weights",
    "sound_classes",
    "space",
    "summarise_runs",
    "train",
    "traverse",
]

# Where each name that is no module lives.
_HOMES = {
    "Autoencoder": "model",
    "BadInput": "errors",
    "Batch": "records",
    "Dataset": "data",
    "Draw": "records",
    "Interrupted": "errors",
    "Loss": "records",
    "Phase": "records",
    "Run": "runs",
    "Spec": "spec",
    "Split": "data",
    "Trace": "records",
    "Training": "training",
    "denoise": "workflow.denoising",
    "attribute_directions": "workflow.derived",
    "code_mixture": "workflow.derived",
    "compare_runs": "workflow.compare",
    "draw_figures": "workflow.looks",
    "evaluate": "evaluation",
    "edit": "workflow.use",
    "encode": "workflow.use",
    "explore": "explorer",
    "evaluate_run": "workflow.use",
    "interpolate": "workflow.use",
    "reconstruct": "workflow.use",
    "remove_runs": "workflow.listing",
    "summarise_runs": "workflow.listing",
    "sample": "workflow.use",
    "traverse": "workflow.use",
    "fit": "training",
    "grid": "workflow.grids",
    "list_runs": "runs",
    "load": "runs",
    "load_data": "data",
    "load_weights": "training.checkpoint",
    "save_weights": "training.checkpoint",
    "open_run": "runs",
    "resume": "workflow.train",
    "edit_sound": "workflow.sound",
    "reconstruct_sound": "workflow.sound",
    "sound_classes": "workflow.sound",
    "train": "workflow.train",
}
_THERE = {"load": "load_model", "load_data": "load"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name not in _HOMES:
        return import_module(f"{__name__}.{name}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), _THERE.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
