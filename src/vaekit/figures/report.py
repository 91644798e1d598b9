"""A report: one HTML file with its pictures and sounds in it, which opens without a network."""

import re
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any, Self, final

from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from vaekit.errors import BadInput
from vaekit.figures.files import embedded, wav, write
from vaekit.figures.markup import inline, paragraphs, plain
from vaekit.figures.page import page
from vaekit.figures.table import table

# The share of its size that a figure with words keeps on a narrow screen, which then scrolls:
# letters of 12 pixels stay readable at 8.
_LEAST = 0.66


@final
class Report:
    """A report that grows from top to bottom, then is written as one HTML file.

    Texts are escaped. In them `code`, **bold** and [words](https://address) are marked as here,
    blank lines part paragraphs, and lines that start with "- " make a list.
    Every method but `html` and `write` returns the report.
    """

    def __init__(self, title: str, intro: str = "") -> None:
        self._title = plain(title)
        self._intro = paragraphs(intro)
        self._sections: list[tuple[str, str]] = []
        self._body: list[str] = []

    def section(self, heading: str, text: str = "") -> Self:
        """Begin a section; its heading appears in the navigation."""
        anchor = re.sub(r"[^a-z0-9]+", "-", plain(heading).lower()).strip("-") or "section"
        while anchor in dict(self._sections):
            anchor += "-2"
        close = "</section>\n" if self._sections else ""
        words = inline(plain(heading))
        self._sections.append((anchor, words))
        self._body.append(f'{close}<section id="{anchor}">\n<h2>{words}</h2>\n')
        return self.text(text)

    def text(self, text: str) -> Self:
        """Add paragraphs."""
        self._body.append(paragraphs(text))
        return self

    def note(self, text: str) -> Self:
        """Add a remark that stands out from the text."""
        self._body.append(f'<div class="note">\n{paragraphs(text)}</div>\n')
        return self

    def figure(self, figure: Figure, caption: str, alt: str = "") -> Self:
        """Add a picture; what it shows is said by `alt`, else by the figure's label or the caption.

        Raises BadInput where none of the three says anything.
        """
        self._body.append(_figure(figure, caption, alt))
        return self

    def figures(self, figures: Sequence[tuple[Figure, str]]) -> Self:
        """Add pictures with their captions side by side, as many to a row as the page has room."""
        row = "".join(_figure(figure, caption) for figure, caption in figures)
        self._body.append(f'<div class="row">\n{row}</div>\n')
        return self

    def audio(self, clips: Sequence[tuple[ArrayLike, str]], rate: int) -> Self:
        """Add players of waves (samples,) in [-1, 1] at a rate in hertz, with captions.

        They stand side by side, as many to a row as the page has room. Raises BadInput for a wave
        that is empty, or not of one channel of finite values, and for a player without a caption.
        """
        row = "".join(_player(wave, caption, rate) for wave, caption in clips)
        self._body.append(f'<div class="clips">\n{row}</div>\n')
        return self

    def table(
        self,
        headers: Sequence[str],
        rows: Sequence[Sequence[Any]],
        caption: str = "",
        notes: Sequence[str] = (),
        digits: Sequence[int | None] | None = None,
    ) -> Self:
        """Add a table; a cell is a text, a number, a pair (value, error) or None.

        Units belong in the headers. `digits` are the decimals of each column, None to choose.
        """
        self._body.append(table(headers, rows, caption, notes, digits))
        return self

    def html(self) -> str:
        """The document."""
        close = "</section>\n" if self._sections else ""
        return page(self._title, self._intro, self._sections, "".join(self._body) + close)

    def write(self, path: str | Path) -> Path:
        """Write the document in one step and return its path."""
        return write(Path(path), self.html().encode())


def _figure(figure: Figure, caption: str, alt: str = "") -> str:
    words = alt or str(figure.get_label()) or plain(caption)
    if not words.strip():
        raise BadInput("a picture needs words for those who cannot see it: give it a caption")
    wide, high = (round(inches * 96) for inches in figure.get_size_inches())
    kind, content = embedded(figure)
    data = b64encode(content).decode()
    frame, least = 'class="picture"', ""
    if _has_words(figure):
        frame = 'class="wide picture" tabindex="0"'
        least = f' style="min-width: {round(_LEAST * wide)}px"'
    below = f"<figcaption>{inline(caption)}</figcaption>\n" if caption else ""
    return (
        f'<figure>\n<div {frame}>\n<img width="{wide}" height="{high}"{least} '
        f'alt="{escape(words)}" src="data:{kind};base64,{data}">\n</div>\n{below}</figure>\n'
    )


def _player(wave: ArrayLike, caption: str, rate: int) -> str:
    if not (words := plain(caption)).strip():
        raise BadInput("a player needs words that say what is heard: give it a caption")
    data = b64encode(wav(wave, rate)).decode()
    return (
        f'<figure>\n<audio controls preload="metadata" aria-label="{escape(words)}" '
        f'src="data:audio/wav;base64,{data}"></audio>\n'
        f"<figcaption>{inline(caption)}</figcaption>\n</figure>\n"
    )


def _has_words(figure: Figure) -> bool:
    """Whether there is something to read in a figure, beside images alone."""
    return bool(figure.texts or figure.legends) or any(
        axes.axison or axes.texts for axes in figure.axes
    )
