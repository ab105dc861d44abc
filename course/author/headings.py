"""What a lesson's text says of its exercises, written from its cells: number, points, their sums.

The heading of an exercise is ``### Exercise 3 · `name` · 9 points · 12 minutes · ●●○○○``, with
``· *stretch*`` at its end if later lessons don't need it. `fill` numbers the headings in their
order, takes points from the grade cells, and has text that names an exercise by its number follow
it. A new exercise may leave out number and points. Left out on purpose: minutes and difficulty,
which a person judges, and the points themselves, which nobody but the author shares out.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from course.errors import CourseError
from course.grader import notebook

HEADING = re.compile(
    r"^### Exercise(?: (?P<number>\d+|\?))? · `(?P<name>\w+)`(?: · [\d.?]+ points?)?"
    r" · (?P<rest>(?P<minutes>\d+) minutes?\b.*)$",
    re.MULTILINE,
)
ANY_HEADING = re.compile(r"^### Exercise\b.*$", re.MULTILINE)
SUM = re.compile(r"\*\*Points\*\* [\d.]+(?: \([\d.]+ core, [\d.]+ \*stretch\*\))?")
# "exercise 3", "Exercises 4, 5 and 6", "exercises 1 to 3"; no headings, and not of another lesson.
MENTION = re.compile(
    r"\b[Ee]xercise(?:\s+\d++|s\s+\d++(?:(?:,\s*|,?\s+and\s+|\s+to\s+)\d++)*+)"
    r"(?! ·)(?!\s+of\s+lesson)"
)


@dataclass(frozen=True)
class Exercise:
    """What a lesson asks for in one exercise.

    Attributes
    ----------
    name : str
    points : float
        Of all its checks.
    minutes : int
        The author's estimate.
    stretch : bool
        Whether later lessons do without it.
    """

    name: str
    points: float
    minutes: int
    stretch: bool


def exercises(cells: Sequence[Any]) -> list[Exercise]:
    """Return the exercises that the headings of a notebook's `cells` announce, in their order."""
    points: dict[str, float] = defaultdict(float)
    for cell in notebook.cells({"cells": list(cells)}):
        if cell.kind == "grade":
            points[cell.exercise] += cell.points
    return [
        Exercise(match["name"], points[match["name"]], int(match["minutes"]), _stretch(match))
        for match in _headings(cells)
    ]


def fill(cells: Sequence[dict[str, Any]], name: str) -> None:
    """Write numbers and points into the text of a notebook's `cells`.

    Parameters
    ----------
    cells : sequence of dict
        The cells as the file holds them; changed in place.
    name : str
        The notebook's file name, for messages.

    Raises
    ------
    CourseError
        If a heading can't be read, or the text names an exercise that isn't there, or one of two.
    """
    asked = exercises(cells)
    points = {exercise.name: exercise.points for exercise in asked}
    numbers = {exercise.name: number for number, exercise in enumerate(asked, start=1)}
    before = Counter(match["number"] for match in _headings(cells))
    renumbered = {m["number"]: str(numbers[m["name"]]) for m in _headings(cells) if m["number"]}

    def heading(match: re.Match[str]) -> str:
        worth = points[match["name"]]
        unit = "point" if worth == 1 else "points"
        number = numbers[match["name"]]
        return f"### Exercise {number} · `{match['name']}` · {worth:g} {unit} · {match['rest']}"

    def number(match: re.Match[str]) -> str:
        if before[match[0]] == 1:
            return renumbered[match[0]]
        which = "two headings have that number" if before[match[0]] else "no heading has it"
        raise CourseError(f"{name} names exercise {match[0]} in its text, but {which}.")

    def mention(match: re.Match[str]) -> str:
        return re.sub(r"\d+", number, match[0])

    core, stretch = (sum(e.points for e in asked if e.stretch is which) for which in (False, True))
    apart = f" ({core:g} core, {stretch:g} *stretch*)" if stretch else ""
    for cell in cells:
        text = MENTION.sub(mention, notebook.text_of(cell))
        if cell["cell_type"] == "markdown":
            for line in ANY_HEADING.finditer(text):
                if not HEADING.fullmatch(line[0]):
                    raise CourseError(
                        f"{name} has a heading that can't be read: {line[0]!r}. Write it as "
                        "### Exercise · `name` · 10 minutes · ●●○○○"
                    )
            text = SUM.sub(f"**Points** {core + stretch:g}{apart}", HEADING.sub(heading, text))
        cell["source"] = text.splitlines(keepends=True)


def _headings(cells: Sequence[Any]) -> list[re.Match[str]]:
    texts = (notebook.text_of(cell) for cell in cells if cell["cell_type"] == "markdown")
    return [match for text in texts for match in HEADING.finditer(text)]


def _stretch(match: re.Match[str]) -> bool:
    return match["rest"].rstrip().endswith("*stretch*")
