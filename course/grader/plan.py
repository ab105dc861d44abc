"""From a notebook that somebody handed in to the job that runs it.

The same for one learner on their own computer, for the tests of the tests, and for a class.
"""

import difflib
from collections.abc import Iterator

from course.grader.job import BOTH, CHECK, STUDENT, Job, Step
from course.grader.notebook import Cell, Notebook, Restored, bare, no_other, restore
from course.grader.source import SourceNotebook

OURS = ("code", "locked")  # kinds of cells that are the instructor's


def plan(
    submitted: Notebook, original: SourceNotebook, *, languages: bool = False
) -> tuple[Restored, Job]:
    """Put the instructor's cells back into a notebook, and list what is to run.

    Parameters
    ----------
    submitted : dict
        As `notebook.load` gives it.
    original : SourceNotebook
        Of ``source/``, or of ``release/`` for the visible checks alone.
    languages : bool
        A check may have its text in another language, too, without a flag. These are made when
        they are first asked for, which a learner's own check needn't wait for.
    """
    elsewhere = original.elsewhere if languages else no_other
    restored = restore(submitted, original.cells, elsewhere)
    job = Job(original.name, steps(restored.cells, original), original.names, original.modules)
    return restored, job


def steps(restored: list[Cell], original: SourceNotebook) -> tuple[Step, ...]:
    """Return what is to run, in order, and with whom: the student's cells, or the checks.

    Answers and the student's own cells run in theirs. The instructor's cells run with the checks,
    in the source's order and each before the first check that follows it; where the student
    left one as it was and where it was, in both.
    """
    order = [i for i, cell in enumerate(original.cells) if cell.kind in OURS and cell.runs]
    at_place = _at_place(restored, original)
    done: set[int] = set()

    def due(before: int) -> Iterator[Step]:
        for index in order:
            if index < before and index not in done:
                done.add(index)
                yield Step(CHECK, original.cells[index].source)

    result: list[Step] = []
    place = {cell.name: index for index, cell in enumerate(original.cells) if cell.name}
    for index, cell in enumerate(restored):
        if not cell.runs:
            continue
        theirs = at_place.get(index)
        if cell.kind == "grade":
            result += due(place[cell.name])
            result.append(Step(CHECK, cell.source, index, cell.name, cell.exercise))
        elif cell.kind in OURS and theirs is not None and theirs not in done:
            result += due(theirs)
            done.add(theirs)
            result.append(Step(BOTH, cell.source, index))
        elif cell.source.strip():
            result.append(Step(STUDENT, cell.source, index, exercise=cell.exercise))
    return tuple(result)


def _at_place(restored: list[Cell], original: SourceNotebook) -> dict[int, int]:
    """Match the cells that the student left as they were: place in theirs → place in the source."""

    def keys(cells: list[Cell]) -> list[tuple[int, str]]:
        return [(i, c.name or f"# {bare(c.source)}") for i, c in enumerate(cells) if c.runs]

    mine, source = keys(restored), keys(list(original.cells))
    matcher = difflib.SequenceMatcher(
        None, [key for _, key in mine], [key for _, key in source], autojunk=False
    )
    return {
        mine[a + step][0]: source[b + step][0]
        for a, b, size in matcher.get_matching_blocks()
        for step in range(size)
    }
