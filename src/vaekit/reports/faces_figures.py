"""The figures of the report on faces."""

import torch
from matplotlib.figure import Figure

from vaekit import figures
from vaekit.figures import Line
from vaekit.reports.faces_results import EDITED, Measured, Response, Results

_COLUMNS = 8
NAMES = {"means": "plain", "balanced": "balanced", "logistic": "logistic"}


def reconstructions(results: Results) -> Figure:
    """A row for each face, a column for each model, the originals in front."""
    decoded = torch.stack([found.looks.reconstructions for found in results.measured], 1)
    names = [found.case.name for found in results.measured]
    return figures.strips(decoded.numpy(), names, before=results.shown.numpy())


def overview(found: Measured, scale: float = 2.0) -> Figure:
    """What a model makes of faces, and of each edit at one scale; no original among them."""
    place = found.looks.scales.index(scale)
    edits = dict(list(found.looks.strips.items())[: len(EDITED) + 1])
    rows = [next(iter(edits.values()))[0], *(pictures[place] for pictures in edits.values())]
    return figures.strips(
        torch.stack(rows).numpy(),
        [""] * rows[0].shape[0],
        rows=["decoded", *(f"+ {title.lower()}" for title in list(edits)[:-1]), "+ the first two"],
        title=f"{found.case.name}: {scale:g} times a vector, added to the codes of held-out faces",
    )


def samples(found: Measured) -> list[tuple[Figure, str]]:
    """Samples from the prior and from the mixture, side by side."""
    looks, name = found.looks, found.case.name
    return [
        (figures.grid(looks.samples.numpy(), _COLUMNS), f"{name}: from the prior."),
        (figures.grid(looks.mixture.numpy(), _COLUMNS), f"{name}: from a mixture."),
    ]


def strips(found: Measured, results: Results) -> list[tuple[Figure, str]]:
    """A figure for each edit: a row for each face, a column for each scale."""
    drawn = []
    for title, pictures in found.looks.strips.items():
        rows = pictures.transpose(0, 1).numpy()
        columns = [f"{scale:g}" for scale in found.looks.scales]
        figure = figures.strips(rows, columns, before=results.shown.numpy())
        drawn.append((figure, f"{found.case.name}: {title}."))
    return drawn


def paths(found: Measured) -> Figure:
    """Interpolations, the two faces at both ends."""
    steps = found.looks.paths.shape[1]
    columns = [f"{step / (steps - 1):.2g}" for step in range(steps)]
    first, last = found.looks.ends
    return figures.strips(
        found.looks.paths.numpy(), columns, before=first.numpy(), after=last.numpy()
    )


def responses(found: Measured) -> Figure:
    """The judge's probability of each edited attribute over the scale, for each vector."""
    plots = {
        _shown(name): [_over_scale(each) for each in found.responses if each.attribute == name]
        for name in EDITED
    }
    return figures.lines(plots, xlabel="scale", ylabel="judge's probability")


def leaks(found: Measured) -> Figure:
    """The change in other attributes over the share of faces flipped, for each vector."""
    plots = {
        _shown(name): [
            Line(
                NAMES[each.method],
                [100 * edit.flipped.value for edit in each.edits],
                [100 * leak for leak in each.leaks],
            )
            for each in found.responses
            if each.attribute == name
        ]
        for name in EDITED
    }
    return figures.lines(plots, xlabel="faces flipped (%)", ylabel="change in others (pp)")


def _shown(attribute: str) -> str:
    return attribute.replace("_", " ")


def _over_scale(response: Response) -> Line:
    found = [edit.probability for edit in response.edits]
    return Line(
        NAMES[response.method],
        [edit.scale for edit in response.edits],
        [each.value for each in found],
        [each.low for each in found],
        [each.high for each in found],
    )
