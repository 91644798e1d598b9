"""Pictures from arrays: each function gives a matplotlib figure, `save` writes it."""

from vaekit.figures.charts import compared, curves, rates
from vaekit.figures.files import png, save, svg
from vaekit.figures.heat import heat
from vaekit.figures.images import grid, pairs
from vaekit.figures.lines import Line, lines
from vaekit.figures.panel import Panel
from vaekit.figures.report import Report
from vaekit.figures.rolls import Roll, rolls
from vaekit.figures.scatter import encodings, side_by_side
from vaekit.figures.spectrograms import RANGE, spectrograms
from vaekit.figures.strips import strips

__all__ = [
    "RANGE",
    "Line",
    "Panel",
    "Report",
    "Roll",
    "compared",
    "curves",
    "encodings",
    "grid",
    "heat",
    "lines",
    "pairs",
    "png",
    "rates",
    "rolls",
    "save",
    "side_by_side",
    "spectrograms",
    "strips",
    "svg",
]
