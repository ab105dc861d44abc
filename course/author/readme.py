"""Parts of README.md that are written from files, between ``<!-- name -->`` and ``<!-- /name -->``.

Left out on purpose: all other text of README.md, and blocks that nobody has marked there.
"""

import re
from pathlib import Path

from course import paths
from course.author import headings
from course.errors import CourseError
from course.grader import notebook, settings

HEAD = """\
| Lesson | Exercises | Points | of them core | Minutes | What it is about |
|---|---|---|---|---|---|
"""
ROW = re.compile(r"^\| `(?P<lesson>\w+)` \|.*\| (?P<about>[^|\n]*) \|$", re.MULTILINE)


def write(root: Path, blocks: dict[str, str]) -> bool:
    """Replace blocks of README.md; without a README.md nothing is written.

    Parameters
    ----------
    root : Path
        The course's folder.
    blocks : dict of str to str
        The name of a block → its new text, without the two marks.

    Returns
    -------
    bool
        Whether README.md has changed.

    Raises
    ------
    CourseError
        If README.md has no such block.
    """
    path = root / "README.md"
    if not path.exists():
        return False
    before = text = path.read_text(encoding="utf-8")
    for name, content in blocks.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        head, found, rest = text.partition(begin)
        _, closed, tail = rest.partition(end)
        if not found or not closed:
            raise CourseError(f"README.md needs the lines {begin.strip()} and {end}: restore them.")
        text = head + begin + content.strip("\n") + "\n" + end + tail
    if text != before:
        paths.write(path, text.encode())
    return text != before


def lessons(root: Path) -> str:
    """Return README's table of lessons: what each asks for, and in how many minutes.

    What a lesson is about is written by hand, and kept; a new lesson begins with its title.
    """
    path = root / "README.md"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    about = {match["lesson"]: match["about"] for match in ROW.finditer(text)}
    table = HEAD
    for name in settings.sources(None, root):
        cells = notebook.read(notebook.path_of(name, root / "source"))["cells"]
        asked = headings.exercises(cells)
        core = sum(exercise.points for exercise in asked if not exercise.stretch)
        numbers = (
            len(asked),
            f"{sum(exercise.points for exercise in asked):g}",
            f"{core:g}",
            sum(exercise.minutes for exercise in asked),
            about.get(name) or notebook.text_of(cells[0]).split("\n")[0].lstrip("# "),
        )
        table += f"| `{name}` | " + " | ".join(map(str, numbers)) + " |\n"
    return table
