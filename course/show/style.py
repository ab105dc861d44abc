"""The look: colours that belong to a model everywhere, the style of plots, what gets displayed.

Plots are made without pyplot: no backend, no global state, nothing on screen by accident. They
have a white ground of their own, so they read the same on a light and on a dark page. The colours
are told apart by lightness too, for colour-blind readers and for paper.
Left out on purpose: themes, interaction, saving to files.
"""

import base64
import dataclasses
import functools
import html
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course import language
from course.stages.stage import LINEAGE, Table, kin, models

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, QUIET, LINE, GRID = "#1f2933", "#56606b", "#9aa4ae", "#e6eaee"
ACCENT = "#bd540b"  # what the reader shall look at
TRUE, FALSE = "#cdeee0", "#fbd9c6"  # grounds of true and false statements

# Base models go from light to dark; the others have a hue each (Okabe and Ito's, darkened, and two
# that are still free), in the order of the lineage.
SHADES = ("#86c5e8", "#2f94cf", "#1b639b", "#0b2f52")
HUES = ("#009e73", "#e69f00", "#cc79a7", "#d55e00", "#6b3fa0", "#8c510a", "#4d4dff")
REAL = {
    "SmolLM2-135M-Instruct": "#5b7c99",
    "all-MiniLM-L6-v2": "#8a8f3c",
    "gpt2": "#2b2b2b",
}


def colours(table: Table = LINEAGE) -> dict[str, str]:
    """Return the colours of a table's models and of the real ones; sizes of a model have its own.

    If there are more models than hues, the last ones stay without.
    """
    own = [made for made in models(table).values() if made.base or made.name == kin(made.name)]
    shades, hues = iter(SHADES), iter(HUES)
    found = {made.name: next(shades if made.base else hues, QUIET) for made in own}
    return found | REAL


COLOURS = colours()
MARKERS = dict(zip((m.name for m in LINEAGE["base"].models), "os^D", strict=True))

HANGUL = Path(__file__).parent / "fonts" / "course-hangul.ttf"  # made by course.author.font
STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": LINE,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": QUIET,
    "ytick.labelcolor": QUIET,
    "xtick.minor.visible": False,
    "ytick.minor.visible": False,
    "legend.frameon": False,
    "lines.linewidth": 2.2,
    "lines.markersize": 7,
    "figure.facecolor": "white",
}
# Jupyter would fix widths, and Korean would break within words.
TABLE = "border-collapse:collapse;table-layout:auto;max-width:920px;word-break:keep-all"
DPI = 100  # CSS pixels to an inch of a figure: 8.6 inches fill a notebook's column


def colour(model: str) -> str:
    """Return the colour of a model; ``mini-ada-instruct`` has that of ``mini-instruct``."""
    return COLOURS.get(model) or COLOURS.get(kin(model)) or QUIET


@contextmanager
def look() -> Iterator[None]:
    """Give the course's style to everything that is drawn inside."""
    import matplotlib

    with matplotlib.rc_context(STYLE | {"font.family": families()}):
        yield


@functools.cache
def hangul() -> str:
    """Return the name of our font with Korean letters, known to matplotlib from now on.

    It stands for its bold sister, too, which we don't ship: else matplotlib warns of it.
    """
    from matplotlib import font_manager

    known = font_manager.fontManager
    known.addfont(HANGUL)
    known.ttflist.append(dataclasses.replace(known.ttflist[-1], weight=700))
    return font_manager.FontProperties(fname=HANGUL).get_name()


def families() -> list[str]:
    """Return the fonts of pictures, in their order: what the first hasn't got, the next draws."""
    first = [STYLE["font.family"]]
    return first if language.current() == "en" else [*first, hangul()]


class Picture:
    """A matplotlib figure that a notebook displays as a sharp PNG, with its content in words.

    Parameters
    ----------
    figure : Figure
    alt : str
        What the picture shows, in one or two sentences; a terminal prints it instead.
    """

    def __init__(self, figure: "Figure", alt: str = "") -> None:
        self.figure, self.alt = figure, alt

    @property
    def axes(self) -> "list[Axes]":
        """Return the figure's axes."""
        return self.figure.axes

    def png(self, scale: float = 2.0) -> bytes:
        """Return the picture as PNG, `scale` pixels for each CSS pixel."""
        target = io.BytesIO()
        with look():
            self.figure.savefig(target, format="png", dpi=DPI * scale)
        return target.getvalue()

    def bundle(self, scale: float = 2.0) -> tuple[dict[str, str], dict[str, Any]]:
        """Return what Jupyter displays, with its metadata."""
        width, height = (round(DPI * inches) for inches in self.figure.get_size_inches())
        data = base64.b64encode(self.png(scale)).decode()
        meta = {"width": width, "height": height, "alt": self.alt}
        return {"image/png": data, "text/plain": self.alt}, {"image/png": meta}

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        return self.bundle()


class Page:
    """HTML for a notebook, with the same as plain text for a terminal."""

    def __init__(self, html: str, text: str) -> None:
        self.html, self.text = html, text

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.text}


def show(*things: Any) -> None:
    """Display pictures, tables and pages, one below the other."""
    from IPython.display import display

    display(*things)


def say(sentence: str, origin: str = "") -> None:
    """Show a sentence, with where its figures come from in small letters after it."""
    from IPython.display import display

    small = f' <span style="font-size:80%;opacity:0.7">[{html.escape(origin)}]</span>'
    display(
        Page(
            f'<p style="margin:4px 0">{html.escape(sentence)}{small if origin else ""}</p>',
            sentence + (f" [{origin}]" if origin else ""),
        )
    )


@contextmanager
def picture(
    columns: int = 1, *, width: float = 8.6, height: float = 4.2, alt: str = "", **subplots: Any
) -> "Iterator[tuple[Picture, list[Axes]]]":
    """Give an empty picture and its axes, side by side; inside, all is drawn in the course's style.

    Parameters
    ----------
    columns : int
        How many axes.
    width, height : float
        Inches, of 100 CSS pixels each.
    alt : str
        What the picture shows.
    **subplots
        As for ``Figure.subplots``.
    """
    from matplotlib.figure import Figure

    with look():
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots(1, columns, squeeze=False, **subplots)[0]
        yield Picture(figure, alt), list(axes)


def table(rows: Sequence[Mapping[str, Any]], *, escape: bool = True) -> Page:
    """Return dictionaries with the same keys as a table with wide, left-aligned columns of text.

    Parameters
    ----------
    rows : sequence of dict
        Column → value; numbers stand on the right. A ``Page`` as value keeps its HTML.
    escape : bool
        Whether the values are plain text.
    """

    def cell(value: Any, tag: str) -> str:
        plain = html.escape(str(value)) if escape else str(value)
        shown = value.html if isinstance(value, Page) else plain.replace("\n", "<br>")
        side = "right" if isinstance(value, int | float) else "left"
        return (
            f'<{tag} style="text-align:{side};vertical-align:top;padding:4px 14px 4px 0;'
            f'white-space:normal">{shown}</{tag}>'
        )

    def line(values: Sequence[Any], tag: str) -> str:
        return "<tr>" + "".join(cell(value, tag) for value in values) + "</tr>"

    head = line(list(rows[0]), "th") if rows else ""
    body = "".join(line(list(row.values()), "td") for row in rows)
    text = "\n".join(
        " | ".join(v.text if isinstance(v, Page) else str(v) for v in row.values())
        for row in ([{k: k for k in rows[0]}, *rows] if rows else [])
    )
    return Page(f'<table style="{TABLE}">{head}{body}</table>', text)
