"""The lineage picture that opens every lesson, with this lesson's stage lit; README shows it too.

What is in it says the table of stages and studies (`Place`). Blue: the real family (its row is
lesson 04's); grey: our miniature of it. Solid arrows: trained on from there; a dashed one: the same
method, on another model. SVG by hand, since it opens every lesson: sharp at any size, no import to
wait for. It has a white ground of its own for dark pages.
"""

import html
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from course.errors import CourseError
from course.show.style import ACCENT, INK, QUIET, Page
from course.stages.stage import Place, Real, Stage, Table
from course.studies.registry import ALL

LEFT, STEP, WIDTH = 20, 142, 122  # of columns: the first one's place, from one to the next, a box
REAL_TOP, REAL_HEIGHT = 46, 50
TOP, DOWN, HEIGHT = 150, 98, 64  # of rows, the same
FAMILY = "family"  # lights the real models


@dataclass(frozen=True)
class Box:
    """A box: its lines, what lights it, and where it is (CSS pixels)."""

    lit: str
    lines: tuple[str, ...]
    x: int
    y: int
    width: int = WIDTH
    height: int = HEIGHT


def placed(table: Table) -> dict[str, tuple[Stage, Place]]:
    """Return the stages that are in the picture, by name."""
    return {name: (stage, stage.place) for name, stage in table.items() if stage.place}


def names(table: Table = ALL) -> list[str]:
    """Return all that can be lit."""
    return [*(place.lit for _, place in placed(table).values()), FAMILY]


def boxes(table: Table) -> list[Box]:
    """Return our boxes: title, lesson, and the model or how many of them."""
    found = []
    for stage, place in placed(table).values():
        made = [m.name for m in stage.models if m.shipped]
        model = made if len(made) < 2 else [f"{len(made)} sizes"]
        lines = (place.title, f"{stage.lesson[:2]} {place.words}", *model)
        found.append(Box(place.lit, lines, _left(place.column), TOP + DOWN * place.row))
    return found


def real_boxes(table: Table) -> dict[Real, Box]:
    """Return the real models' boxes: above their stages, or to the right of those in lower rows."""
    columns: dict[Real, list[Place]] = {}
    for _, place in placed(table).values():
        if place.real:
            columns.setdefault(place.real, []).append(place)
    found = {}
    for real, places in columns.items():
        first, last = (pick(p.column for p in places) for pick in (min, max))
        row = min(p.row for p in places)
        if row:
            x, y = _left(last + 1), TOP + DOWN * row + (HEIGHT - REAL_HEIGHT) // 2
            width = STEP
        else:
            x, y, width = _left(first), REAL_TOP, _left(last) + WIDTH - _left(first)
        found[real] = Box(FAMILY, (real.name, real.line), x, y, width, REAL_HEIGHT)
    return found


def _left(column: int) -> int:
    return LEFT + STEP * column


def arrows(table: Table) -> list[str]:
    """Return the paths of our arrows: to the right in a row, else down to a lane and along it."""
    places, paths = placed(table), []
    for _, place in places.values():
        for name in place.after:
            start = places[name][1]
            x, y = _left(place.column), TOP + DOWN * place.row
            middle = y + HEIGHT // 2
            if start.row == place.row:
                paths.append(f"M{_left(start.column) + WIDTH} {middle}H{x - 2}")
            else:
                bottom = TOP + DOWN * start.row + HEIGHT
                lane = y - (DOWN - HEIGHT) // 2
                end = x + WIDTH // 2
                paths.append(f"M{_left(start.column) + WIDTH // 2} {bottom}V{lane}H{end}V{y - 2}")
    return paths


def lineage(lit: str | None = None, table: Table = ALL) -> Page:
    """Return the lineage picture.

    Parameters
    ----------
    lit : str, optional
        The stage of this lesson: "pre-training", "transfer", "fine-tuning", "instruction",
        "reward model", "PPO", "chat", "next", or "family" for the real family; none if left out.
    table : Table
        The stages and studies.

    Raises
    ------
    CourseError
        If there is no such stage.
    """
    if lit is not None and lit not in names(table):
        raise CourseError(f"There is no stage {lit!r}: choose from {', '.join(names(table))}.")
    ours, real = boxes(table), real_boxes(table)
    said = in_words(table) + (f" This lesson: {lit}." if lit else "")
    parts = [
        _text(LEFT, 30, "The real family (lesson 04)", 13, "#3b6ea8", bold=True, anchor="start"),
        _text(LEFT, TOP - 16, "Ours, on your laptop", 13, QUIET, bold=True, anchor="start"),
        *(_arrow(path) for path in arrows(table)),
        *_succession(real),
        *(_box(box, lit == FAMILY, real=True) for box in real.values()),
        *(_box(box, lit == box.lit, real=False) for box in ours),
    ]
    every = [*ours, *real.values()]
    width, height = (max(ends) + LEFT for ends in zip(*map(_end, every), strict=True))
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        f' style="max-width:{width}px;width:100%;height:auto"'
        f' font-family="Helvetica, Arial, sans-serif"><title>{html.escape(said)}</title>'
        f'<rect width="{width}" height="{height}" rx="10" fill="#ffffff"/>'
        '<defs><marker id="lineage-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
        f' markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="{QUIET}"/></marker></defs>'
        + "".join(parts)
        + "</svg>"
    )
    return Page(svg, said)


def in_words(table: Table = ALL) -> str:
    """Return the picture's content as a sentence: README has it as the picture's alternative."""
    places = placed(table)
    titles = {name: place.title for name, (_, place) in places.items()}
    said = []
    for name, (stage, place) in places.items():
        about = f"lesson {stage.lesson[:2]}" + (f", as {place.real.name}" if place.real else "")
        after = _listed([titles[each] for each in place.after])
        said.append(f"{titles[name]} ({about})" + (f" from {after}" if after else ""))
    return f"The lineage: {'; '.join(said)}."


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _end(box: Box) -> tuple[int, int]:
    return box.x + box.width, box.y + box.height


def _succession(real: dict[Real, Box]) -> list[str]:
    """Return the arrows between the real models of the upper row, with a note at a dashed one."""
    upper = sorted((each for each in real.items() if each[1].y == REAL_TOP), key=lambda e: e[1].x)
    parts = []
    for (_, before), (model, box) in itertools.pairwise(upper):
        end = before.x + before.width
        parts.append(_arrow(f"M{end} {REAL_TOP + REAL_HEIGHT // 2}H{box.x - 2}", bool(model.note)))
        if model.note:
            parts.append(
                _text(end, REAL_TOP + REAL_HEIGHT + 18, model.note, 12, QUIET, anchor="start")
            )
    return parts


def _arrow(path: str, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    return (
        f'<path d="{path}" stroke="{QUIET}" stroke-width="1.5" fill="none"{dash}'
        ' marker-end="url(#lineage-arrow)"/>'
    )


def _box(box: Box, lit: bool, real: bool) -> str:
    fill, edge = ("#eaf1fb", "#8aa8d0") if real else ("#f3f5f7", "#9aa4ae")
    ink, quiet = INK, QUIET
    if lit:
        fill, edge, ink, quiet = ACCENT, ACCENT, "#ffffff", "#ffffff"
    middle = box.x + box.width / 2
    first = box.y + box.height / 2 + 15 - 9 * len(box.lines)
    title, *others = box.lines
    return (
        f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="8"'
        f' fill="{fill}" stroke="{edge}" stroke-width="1.4"/>'
        + _text(middle, first, title, 14, ink, bold=True)
        + "".join(_text(middle, first + 17 * i, o, 12, quiet) for i, o in enumerate(others, 1))
    )


def _text(
    x: float, y: float, text: str, size: int, ink: str, bold: bool = False, anchor: str = "middle"
) -> str:
    weight = "bold" if bold else "normal"
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" font-weight="{weight}" fill="{ink}"'
        f' text-anchor="{anchor}">{html.escape(text)}</text>'
    )
