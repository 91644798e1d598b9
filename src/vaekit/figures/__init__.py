"""Pictures from arrays: each function gives a matplotlib figure, `save` writes it."""

from vaekit.figures.charts import curves, rates
from vaekit.figures.files import png, save, svg
from vaekit.figures.images import grid, pairs
from vaekit.figures.panel import Panel
from vaekit.figures.report import Report
from vaekit.figures.scatter import encodings, side_by_side

__all__ = [
    "Panel",
    "Report",
    "curves",
    "encodings",
    "grid",
    "pairs",
    "png",
    "rates",
    "save",
    "side_by_side",
    "svg",
]
