"""The lineage picture that opens every lesson, with this lesson's stage lit; README shows it too.

What is in it says the table of stages and studies (`Place`, `Real`). Blue: the real family (its row
is lesson 04's); grey: our miniature of it. A solid arrow: the weights that training went on from. A
dashed one: only a score comes from there. Dashed without a head: the same method on another model.
SVG by hand, since it opens every lesson: sharp at any size, no import to wait for. It has a white
ground of its own for dark pages, and is narrow, so that its words can be read on a phone.
"""

import html
from dataclasses import dataclass

from course.errors import CourseError
from course.language import _
from course.show.style import ACCENT, INK, QUIET, Page
from course.stages.stage import Place, Real, Stage, Table
from course.studies.registry import ALL

LEFT, WIDTH, GAP = 14, 146, 32  # of columns: the first one's place, a box, between two
REAL_TOP, REAL_HEIGHT, REAL_GAP = 60, 44, 20  # of rows, the same; the real family's
UNDER = 46  # between the two families
LINE, PADDING, DOWN = 17, 14, 22  # of our boxes: a line of words, what is added, between two rows
WIDEST = 540  # on a page, in CSS pixels
FAMILY = "family"  # lights the real models
BLUE = "#3b6ea8"


@dataclass(frozen=True)
class Box:
    """A box: its lines, what lights it, and where it is (CSS pixels).

    The first line is bold; the last one is blue if the box has a real counterpart.
    """

    lit: str
    lines: tuple[str, ...]
    x: int
    y: int
    height: int
    counterpart: bool = False
    width: int = WIDTH

    @property
    def right(self) -> int:
        """Return the right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """Return the lower edge."""
        return self.y + self.height

    @property
    def middle(self) -> tuple[int, int]:
        """Return the middle."""
        return self.x + self.width // 2, self.y + self.height // 2


def placed(table: Table) -> dict[str, tuple[Stage, Place]]:
    """Return the stages that are in the picture, by name."""
    return {name: (stage, stage.place) for name, stage in table.items() if stage.place}


def names(table: Table = ALL) -> list[str]:
    """Return all that can be lit."""
    return [*(place.lit for _, place in placed(table).values()), FAMILY]


def real_boxes(table: Table) -> dict[Real, Box]:
    """Return the boxes of the real models that stages correspond to, and of those before them."""
    found: dict[Real, Box] = {}
    left = [place.real for _, place in placed(table).values()]
    while left:
        real = left.pop(0)
        if real and real not in found:
            y = REAL_TOP + (REAL_HEIGHT + REAL_GAP) * real.row
            lines = (real.name, _(real.line))
            found[real] = Box(FAMILY, lines, _left(real.column), y, REAL_HEIGHT)
            left += [real.after, real.sibling]
    return found


def boxes(table: Table) -> dict[str, Box]:
    """Return our boxes, by stage: number and title, the models, words, the real counterpart."""
    places = placed(table)
    lines = {name: _lines(*pair) for name, pair in places.items()}
    rows = range(1 + max(place.row for _, place in places.values()))
    top = max(box.bottom for box in real_boxes(table).values()) + UNDER
    tops, heights = [], []
    for row in rows:
        longest = max((len(lines[n]) for n, (_, p) in places.items() if p.row == row), default=1)
        tops.append(top)
        heights.append(LINE * longest + PADDING)
        top += heights[-1] + DOWN
    return {
        name: Box(
            place.lit,
            lines[name],
            _left(place.column),
            tops[place.row],
            LINE * len(lines[name]) + PADDING,
            place.real is not None,
        )
        for name, (_, place) in places.items()
    }


def _lines(stage: Stage, place: Place) -> tuple[str, ...]:
    made = [m for m in stage.models if m.shipped]
    model = [m.name for m in made]
    if len(made) > 1:  # the one that later stages train on from is the one in README's table
        first = next((m.name for m in made if m.measured), made[0].name)
        model = [first, _("and {n} other sizes").format(n=len(made) - 1)]
    words = _(place.words).split("\n") if place.words else []
    real = [_("as {name}").format(name=place.real.name)] if place.real else []
    return (f"{stage.lesson[:2]} {_(place.title)}", *model, *words, *real)


def _left(column: int) -> int:
    return LEFT + (WIDTH + GAP) * column


def arrows(table: Table) -> list[str]:
    """Return our arrows: solid to what was trained on from there, dashed to what is scored."""
    ours, found = boxes(table), []
    for name, (_x, place) in placed(table).items():
        box = ours[name]
        if place.after:
            start, y = ours[place.after], box.y + LINE
            begin, lane = f"M{start.right} {start.y + LINE}", box.x - GAP // 2
            way = f"V{y}" if y != start.y + LINE else ""
            found.append(_arrow(f"{begin}H{lane}{way}H{box.x - 2}"))
        if place.judge:
            judge = ours[place.judge]
            x = box.middle[0]
            found.append(_arrow(f"M{x} {judge.bottom}V{box.y - 2}", dashed=True))
            found.append(
                _text(
                    x + 8, (judge.bottom + box.y) // 2 + 4, _("scores"), 12, QUIET, anchor="start"
                )
            )
    return found


def real_arrows(table: Table) -> list[str]:
    """Return the real family's arrows, and dashed lines between siblings."""
    real, found = real_boxes(table), []
    for model, box in real.items():
        if model.after:
            start = real[model.after]
            if start.x != box.x:
                found.append(_arrow(f"M{start.right} {start.middle[1]}H{box.x - 2}"))
            elif start.y < box.y:
                found.append(_arrow(f"M{box.middle[0]} {start.bottom}V{box.y - 2}"))
            else:
                found.append(_arrow(f"M{box.middle[0]} {start.y}V{box.bottom + 2}"))
        if model.sibling:
            first, lane = real[model.sibling], box.y - 12
            path = f"M{first.middle[0]} {first.y}V{lane}H{box.middle[0]}V{box.y}"
            found.append(_arrow(path, dashed=True, head=False))
            middle = (first.middle[0] + box.middle[0]) / 2
            found.append(_text(middle, lane - 5, _("siblings: the same method"), 12, QUIET))
    return found


def lineage(lit: str | None = None, table: Table = ALL) -> Page:
    """Return the lineage picture.

    Parameters
    ----------
    lit : str, optional
        The stage of this lesson: "pre-training", "transfer", "fine-tuning", "instruction",
        "reward model", "PPO", "chat", "next", "GRPO", or "family" for the real family; none if left
        out.
    table : Table
        The stages and studies.

    Raises
    ------
    CourseError
        If there is no such stage.
    """
    if lit is not None and lit not in names(table):
        raise CourseError(
            _("There is no stage {lit!r}: choose from {names}.").format(
                lit=lit, names=", ".join(names(table))
            )
        )
    ours, real = list(boxes(table).values()), list(real_boxes(table).values())
    said = in_words(table) + (_(" This lesson: {lit}.").format(lit=lit) if lit else "")
    below = max(box.bottom for box in real)
    parts = [
        _text(LEFT, 26, _("The real family"), 13, BLUE, bold=True, anchor="start"),
        _text(LEFT, below + 34, _("Ours, on your laptop"), 13, QUIET, bold=True, anchor="start"),
        *arrows(table),
        *real_arrows(table),
        *(_box(box, lit == FAMILY, real=True) for box in real),
        *(_box(box, lit == box.lit, real=False) for box in ours),
    ]
    every = [*ours, *real]
    width = max(box.right for box in every) + LEFT
    height = max(box.bottom for box in every) + LEFT
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        f' style="max-width:{WIDEST}px;width:100%;height:auto"'
        f' font-family="Helvetica, Arial, sans-serif"><title>{html.escape(said)}</title>'
        f'<rect width="{width}" height="{height}" rx="10" fill="#ffffff"/>'
        '<defs><marker id="lineage-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
        f' markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="{QUIET}"/></marker></defs>'
        + "".join(parts)
        + "</svg>"
    )
    return Page(svg, said)


def in_words(table: Table = ALL) -> str:
    """Return the picture's content as sentences: README has them as the picture's alternative."""
    places = placed(table)
    titles = {name: _(each.title) for name, (*_stage, each) in places.items()}
    said = []
    for stage, place in places.values():
        about = _("lesson {number}").format(number=stage.lesson[:2])
        about += _(", as {name}").format(name=place.real.name) if place.real else ""
        after = _(" from {title}").format(title=titles[place.after]) if place.after else ""
        words = _(place.words).replace("\n", " ") if place.real and place.words else ""
        words = _(", with {words}").format(words=words) if words else ""
        judge = ""
        if place.judge:
            judge = _(", scored by the {title}").format(title=titles[place.judge])
        said.append(f"{_(place.title)} ({about}){after}{words}{judge}")
    real = [
        _("{name} from {before}").format(name=model.name, before=model.after.name)
        + (_(", a sibling of {name}").format(name=model.sibling.name) if model.sibling else "")
        for model in real_boxes(table)
        if model.after
    ]
    text = _("The real family: {real}. Ours: {ours}.")
    return text.format(real="; ".join(real), ours="; ".join(said))


def _arrow(path: str, dashed: bool = False, head: bool = True) -> str:
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    end = ' marker-end="url(#lineage-arrow)"' if head else ""
    return f'<path d="{path}" stroke="{QUIET}" stroke-width="1.5" fill="none"{dash}{end}/>'


def _box(box: Box, lit: bool, real: bool) -> str:
    fill, edge = ("#eaf1fb", "#8aa8d0") if real else ("#f3f5f7", "#9aa4ae")
    ink, quiet, blue = INK, QUIET, BLUE
    if lit:
        fill, edge, ink, quiet, blue = ACCENT, ACCENT, "#ffffff", "#ffffff", "#ffffff"
    middle = box.middle[0]
    first = box.y + box.height / 2 + 14 - LINE * len(box.lines) / 2
    title, *others = box.lines
    inks = [quiet] * len(others)
    if box.counterpart:
        inks[-1] = blue
    return (
        f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="8"'
        f' fill="{fill}" stroke="{edge}" stroke-width="1.4"/>'
        + _text(middle, first, title, 14, ink, bold=True)
        + "".join(
            _text(middle, first + LINE * i, words, 13, colour)
            for i, (words, colour) in enumerate(zip(others, inks, strict=True), 1)
        )
    )


def _text(
    x: float, y: float, text: str, size: int, ink: str, bold: bool = False, anchor: str = "middle"
) -> str:
    weight = "bold" if bold else "normal"
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" font-weight="{weight}" fill="{ink}"'
        f' text-anchor="{anchor}">{html.escape(text)}</text>'
    )
