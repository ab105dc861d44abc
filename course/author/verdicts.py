"""From the hidden tests of a lesson to ``data/verdicts``: what it tells once all is decided.

The one home of a right verdict is the source notebook: in each grade cell of `decide` a hidden
block holds a literal dictionary ``verdicts``, id → (verdict, figure, reason). Left out on purpose:
the statements themselves, which everybody may read (`course.claims`).
"""

import ast
import textwrap
from collections.abc import Iterable
from pathlib import Path

from course import claims, paths
from course.errors import CourseError
from course.grader import notebook
from course.grader.notebook import Cell

NAME = "verdicts"
Truth = dict[str, tuple[str, float | str, str]]


def collect(cells: Iterable[Cell]) -> list[Truth]:
    """Return what is right by a source notebook's `cells`, a dictionary for each grade cell.

    Raises
    ------
    CourseError
        If such a dictionary can't be read, or holds something else.
    """
    found: list[Truth] = []
    for cell in cells:
        if cell.kind != "grade" or cell.exercise != claims.EXERCISE:
            continue
        for region in notebook.regions(cell.source, notebook.BEGIN_HIDDEN, notebook.END_HIDDEN):
            for node in ast.parse(textwrap.dedent("\n".join(region))).body:
                if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == NAME:
                    found.append(_literal(node.value, cell.name))
    return found


def _literal(node: ast.expr, where: str) -> Truth:
    try:
        truth = ast.literal_eval(node)
        for verdict, figure, reason in truth.values():
            fine = verdict in claims.VERDICTS and reason and isinstance(reason, str)
            if not fine or not (isinstance(figure, str) or claims.is_number(figure)):
                raise ValueError
    except (ValueError, TypeError, AttributeError):
        raise CourseError(
            f"{where}: `{NAME}` has to be a literal dictionary, id → (verdict, figure, reason)."
        ) from None
    return truth


def write(lesson: str, root: Path) -> bool:
    """Write what a lesson tells into ``data/verdicts``; return whether that changed anything.

    Raises
    ------
    CourseError
        If the lesson's verdicts can't be read.
    """
    cells = notebook.cells(notebook.read(notebook.path_of(lesson, root / "source")))
    truth = {name: list(what) for part in collect(cells) for name, what in part.items()}
    path = claims.place(root) / f"{lesson}.txt"
    try:
        old = claims.told(lesson, root)
    except CourseError:
        old = {}
    if truth == (old or {}) and (truth or not path.exists()):
        return False
    if truth:
        paths.write(path, claims.encode(truth))
    else:
        path.unlink()
    return True
