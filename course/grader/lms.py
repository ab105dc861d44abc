"""Scores put into a table that Canvas or Moodle has written, so that it can be imported as it is.

The LMS's own file says what only the LMS knows: its numbers for students and assignments, its
columns and rows, separator and decimal comma. Here cells of scores are filled in and nothing else
changes. Three kinds are known: Canvas' gradebook (Grades, Export), Moodle's grades (Grades, Export,
Plain text file), and the grading worksheet of one Moodle assignment.

Both take an empty cell for "no grade". So whoever isn't found for certain, and whoever handed in
nothing, keeps what is there. Left out on purpose: spreadsheets (.xlsx, .ods), files that Excel has
saved in another alphabet, and percentages or letters in place of points.
"""

import contextlib
import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.grader import files as files_module
from course.grader.errors import N_, GraderError
from course.grader.files import shown

CANVAS, MOODLE, WORKSHEET = "Canvas", "Moodle", "Moodle's assignment"
IMPORTED = {
    CANVAS: N_("Canvas, Grades, Import"),
    MOODLE: N_("Moodle, Grades, Import, CSV file"),
    WORKSHEET: N_("Moodle, the assignment, Upload grading worksheet"),
}
SEPARATORS = ",;\t:"
POINTS = "Points Possible"  # Canvas' row of what assignments are worth begins so, after blanks
POSTING = re.compile(r"(?i)\s*(muted|manual posting.*)?\s*")  # all of Canvas' other extra row
TEST_STUDENT = "Student, Test"
GRADE, MOST, LOCKED = "Grade", "Maximum grade", "Grade can be changed"  # of a worksheet
KEPT = ("EX", "N/A")  # Canvas: excused, not assigned
CALLED = re.compile(r"(?:\w+: *)?(?P<title>.*?)(?: *\((?:\d+|[^()\d]*)\))?", re.DOTALL)
DECIMAL = re.compile(r"-?\d+(?P<sign>[.,])\d+ ?%?")


@dataclass
class Table:
    """What an LMS has written.

    Attributes
    ----------
    name : str
        Of the file.
    kind : str
    head : list of str
    rows : list of list of str
        All others; a student's is as long as the head.
    separator, end, sign : str
        Between cells, between lines, and before decimals.
    mark : bool
        Whether it begins with a byte order mark.
    """

    name: str
    kind: str
    head: list[str]
    rows: list[list[str]]
    separator: str
    end: str
    sign: str
    mark: bool

    def people(self) -> Iterable[list[str]]:
        """Give the rows of students."""
        for row in self.rows:
            extra = self.kind == CANVAS and (
                POINTS in row[0] or all(map(POSTING.fullmatch, row)) or row[0] == TEST_STUDENT
            )
            if len(row) == len(self.head) and not extra and any(row):
                yield row


def read(path: Path) -> Table:
    """Return what an LMS has written into a file.

    Raises
    ------
    GraderError
        If there is none, or it isn't such a table.
    """
    name = shown(path.name)
    try:
        content = path.read_bytes()
    except OSError as error:
        said = (error.strerror or N_("no reason given")).lower()
        raise GraderError(N_("{name} can't be read ({why}).").format(name=name, why=said)) from None
    try:
        wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise GraderError(
            N_(
                "{name} isn't in UTF-8: take the file as the LMS wrote it, not as Excel saves it."
            ).format(name=name)
        ) from None
    readings = {}
    for one in SEPARATORS:
        with contextlib.suppress(csv.Error):
            cells = csv.reader(io.StringIO(text, newline=""), delimiter=one, strict=True)
            readings[one] = list(cells)
    separator = max(readings, key=lambda one: len((readings[one] or [[]])[0]), default=",")
    head, *rows = readings.get(separator) or [[]]
    rows = [row for row in rows if row]
    kind = MOODLE
    if head[:1] in (["Student"], ["LastName"]) and {"ID", "Section"} <= {*head}:
        kind = CANVAS
    elif {"Identifier", GRADE} <= {*head}:
        kind = WORKSHEET
    if len(head) < 3 or not rows:
        raise GraderError(
            N_(
                "{name} is no table of grades: export it from Canvas (Grades, Export) or from "
                "Moodle (Grades, Export, Plain text file; or the assignment's grading "
                "worksheet)."
            ).format(name=name)
        )
    signs = {m["sign"] for row in rows for cell in row if (m := DECIMAL.fullmatch(cell))}
    end = "\r\n" if "\r\n" in text else "\n"
    mark = not wide and content.startswith(b"\xef\xbb\xbf")
    sign = "," if signs == {","} else "."
    return Table(name, kind, head, rows, separator, end, sign, mark)


def fill(
    table: Table,
    people: list[Any],
    totals: dict[str, dict[str, float | None]],
    most: dict[str, float],
    column: str | None,
) -> tuple[int, list[str]]:
    """Put scores into a table.

    Parameters
    ----------
    table : Table
        Is changed.
    people : list of nbgrader's Student
    totals : dict
        lesson → student → points; None if nothing was handed in.
    most : dict
        lesson → its points.
    column : str, optional
        The name of the one lesson's column there, if it is another one.

    Returns
    -------
    count : int
        Of cells that have a score now.
    notes : list of str
        What an instructor has to know, a sentence each.

    Raises
    ------
    GraderError
        If there is no column, its points are others, or too few students are found.
    """
    places = _columns(table, list(totals), column)
    for lesson, place in places.items():
        for worth in _worth(table, place):
            if worth != most[lesson]:
                raise GraderError(
                    N_(
                        "{lesson} is worth {most:g} points here and {worth:g} in {table}: "
                        "change it in the LMS, and export again."
                    ).format(lesson=lesson, most=most[lesson], worth=worth, table=table.name)
                )
    wanted = [
        one for one in people if any(totals[lesson].get(one.id) is not None for lesson in places)
    ]
    whose, by = _found(table, wanted)
    count, kept = 0, []
    for student, row in whose.items():
        for lesson, place in places.items():
            points = totals[lesson].get(student)
            if points is None:
                continue
            locked = table.kind == WORKSHEET and LOCKED in table.head
            if row[place] in KEPT or (locked and row[table.head.index(LOCKED)] == "No"):
                kept.append(student)
                continue
            row[place] = f"{round(points, 4):g}".replace(".", table.sign)
            count += 1
    two = N_("Students are found by {first}, and by {second}.")
    one = N_("Students are found by {first}.")
    notes = [(two if len(by) > 1 else one).format(first=by[0], second=by[-1])]
    away = [one.id for one in wanted if one.id not in whose]
    if away:
        notes.append(
            N_("Not found for certain, so left out: {who}.").format(who=", ".join(map(shown, away)))
        )
    if kept:
        notes.append(
            N_("Excused, not assigned or locked there, so kept: {who}.").format(
                who=", ".join(map(shown, kept))
            )
        )
    absent = [lesson for lesson in totals if lesson not in places and any(_given(totals[lesson]))]
    if absent:
        notes.append(
            N_("There is no column for {absent}: name it with --assignment and --column.").format(
                absent=", ".join(absent)
            )
        )
    return count, notes


def write(table: Table, path: Path) -> None:
    """Write a table in the form in which it was read; always in UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=table.separator, lineterminator=table.end)
    writer.writerows([table.head, *table.rows])
    files_module.write(path, ("\ufeff" if table.mark else "") + text.getvalue())


def _given(scores: dict[str, float | None]) -> Iterable[bool]:
    return (points is not None for points in scores.values())


# --- columns --------------------------------------------------------------------------------------


def _title(head: str) -> str:
    """Return a column's name without what an LMS adds: "Assignment: … (Real)", "… (4711)"."""
    match = CALLED.fullmatch(head.strip())
    return _plain(match["title"] if match else head)


def _plain(name: str) -> str:
    return re.sub(r"[\s_]+", " ", name).strip().casefold()


def _columns(table: Table, lessons: list[str], column: str | None) -> dict[str, int]:
    """Return lesson → the place of its column.

    Raises
    ------
    GraderError
        If there is none, or it isn't clear which.
    """
    if len(lessons) == 1 and column is None and table.kind == WORKSHEET:
        column = GRADE
    found: dict[str, int] = {}
    for lesson in lessons:
        name = column or lesson
        exact = [place for place, head in enumerate(table.head) if head.strip() == name.strip()]
        alike = [place for place, head in enumerate(table.head) if _title(head) == _plain(name)]
        real = [place for place in alike if table.head[place].endswith("(Real)")]
        places = exact or real or alike
        if len(places) > 1:
            heads = " / ".join(table.head[place] for place in places)
            raise GraderError(
                N_("Which column of {table} is {lesson}: {heads}? Name it: --column.").format(
                    table=table.name, lesson=lesson, heads=heads
                )
            )
        if places:
            found[lesson] = places[0]
    if not found:
        text = N_(
            "{table} has no column for {lessons}: name a lesson and its column there with "
            "--assignment and --column."
        )
        if column:
            text = N_("{table} has no column called {column}: name one of its own with --column.")
        names = ", ".join(lessons)
        raise GraderError(text.format(table=table.name, lessons=names, column=column))
    return found


def _worth(table: Table, place: int) -> Iterable[float]:
    """Give what the file says that a column is worth."""
    texts = []
    if table.kind == CANVAS:
        texts = [row[place] for row in table.rows if POINTS in row[0] and len(row) > place]
    elif table.kind == WORKSHEET and MOST in table.head:
        texts = [row[table.head.index(MOST)] for row in table.people()]
    for text in dict.fromkeys(texts):
        if re.fullmatch(r"\d+(?:[.,]\d+)?", text.strip()):
            yield float(text.strip().replace(",", "."))


# --- students -------------------------------------------------------------------------------------


def _words(name: str) -> str:
    """Return a name so that "Kim, Min-su" and "Min-su KIM" are the same."""
    return " ".join(sorted(re.findall(r"\w+", name.casefold())))


def _found(table: Table, people: list[Any]) -> tuple[dict[str, list[str]], list[str]]:
    """Return student → row of those who are found for certain, and by what.

    The LMS's own number counts first, where nbgrader knows it. For all others it is one column for
    the whole class, the one in which most are: a login of one student may be the number of another.

    Raises
    ------
    GraderError
        If fewer than half are found.
    """
    rows = list(table.people())
    numbers = {one.lms_user_id: one.id for one in people if one.lms_user_id}
    ways: list[tuple[str, dict[str, list[str]]]] = []
    for place, head in enumerate(table.head):
        if _plain(head) in ("id", "id number"):
            own = _matched(rows, [row[place].strip() for row in rows], numbers)
            ways.append((head, own))
    known = max(ways, key=lambda way: len(way[1]), default=("", {}))
    left = [one for one in people if one.id not in known[1]]
    free = [row for row in rows if not any(row is own for own in known[1].values())]
    ways = []
    for place, head in enumerate(table.head):
        for key in ({one.id: one.id for one in left}, _unique((one.email, one.id) for one in left)):
            own = _matched(free, [row[place].strip() for row in free], key)
            ways.append((head, own))
    named = _unique(
        (_words(f"{one.first_name or ''} {one.last_name or ''}"), one.id) for one in left
    )
    named = _unique((_words(one.id), one.id) for one in left if " " in one.id) | named
    for place, head in enumerate(table.head):
        ways.append((head, _matched(free, [_words(row[place]) for row in free], named)))
    both = " and ".join(table.head[:2])
    ways.append((both, _matched(free, [_words(f"{row[0]} {row[1]}") for row in free], named)))
    best = max(ways, key=lambda way: len(way[1]))
    found = known[1] | best[1]
    if 2 * len(found) < min(len(people), len(rows)) or not found:
        raise GraderError(
            N_(
                "{found} of {all} students are found in {table}: their ids, mail addresses or "
                "names have to be those of the LMS (`nbgrader db student add`)."
            ).format(found=len(found), all=len(people), table=table.name)
        )
    return found, [name for name, own in (known, best) if own]


def _unique(pairs: Iterable[tuple[str | None, str]]) -> dict[str, str]:
    """Return key → student, without what is empty or belongs to two."""
    whose: dict[str, list[str]] = {}
    for key, student in pairs:
        whose.setdefault(key or "", []).append(student)
    return {key: own[0] for key, own in whose.items() if key and len(own) == 1}


def _matched(rows: list[list[str]], keys: list[str], whose: dict[str, str]) -> dict[str, list[str]]:
    """Return student → the one row with their key; `keys` are those of the rows."""
    met: dict[str, list[list[str]]] = {}
    for key, row in zip(keys, rows, strict=True):
        met.setdefault(key, []).append(row)
    return {whose[one]: own[0] for one, own in met.items() if one in whose and len(own) == 1}
