"""A class that hands in, for the tests of grading: a small course, answers, a stand-in engine."""

import functools
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from course import paths
from course.grader import local, notebook
from course.grader.job import Job, Ran, Result
from course.hooks import HOOKS

FIXTURE = Path(__file__).parent / "fixtures" / "course"
CONFIG = Path(__file__).parent.parent / "nbgrader_config.py"
LESSON = "01_tiny"


class StandIn:
    """Runs all steps of a job in one process, without a sandbox, as a learner's own check does."""

    kind = "none"

    def __init__(self, root: Path) -> None:
        self.root, self.jobs = root, []

    def run(self, job: Job) -> Ran:
        self.jobs.append(job)
        folder = self.root / "scratch"
        folder.mkdir(exist_ok=True)
        return local.run(job, folder, self.root, HOOKS)


class Canned:
    """Runs nothing: every check passes, unless the answer of its exercise holds the word wrong."""

    kind = "none"

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def run(self, job: Job) -> Ran:
        self.jobs.append(job)
        answers = {s.exercise: s.source for s in job.steps if s.exercise and not s.grade}
        cells = []
        for step in job.steps:
            bad = step.grade and (
                "wrong" in answers.get(step.exercise, "wrong")
                or notebook.STUB in answers[step.exercise]
            )
            error, message = (
                ("AssertionError", f"{step.exercise}: look again.") if bad else (None, "")
            )
            outputs = [{"output_type": "error", "ename": error, "evalue": message, "traceback": []}]
            cells.append(
                Result(
                    step.index, step.grade, step.exercise, outputs if bad else [], error, message
                )
            )
        return Ran(cells, seconds=0.1)


def make(root: Path, lesson: str = LESSON, origin: Path | None = None) -> Path:
    """Make a course of one lesson, with its release version."""
    from course.author import build

    origin = origin or (FIXTURE if lesson == LESSON else paths.ROOT)
    shutil.copytree(origin / "source" / lesson, root / "source" / lesson)
    shutil.copy(CONFIG, root)
    build.generate(lesson, root, root / "release")
    return root


@functools.cache
def _template() -> tempfile.TemporaryDirectory:
    """Make a course whose assignment is in its gradebook once: nbgrader takes a while for it."""
    from course.grader import record
    from course.grader.source import read as read_source

    place = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    root = make(Path(place.name) / "course")
    with record.opened(root) as session:
        record.register(read_source(LESSON, root, HOOKS), session)
    return place


def registered(root: Path) -> Path:
    """Make a course of the tiny lesson whose gradebook knows it."""
    return shutil.copytree(Path(_template().name) / "course", root)


def released(root: Path, lesson: str = LESSON) -> dict:
    return notebook.read(notebook.path_of(lesson, root / "release"))


def solutions(root: Path, lesson: str = LESSON) -> dict[str, str]:
    cells = notebook.cells(notebook.read(notebook.path_of(lesson, root / "source")))
    return {cell.name: cell.source for cell in cells if cell.kind == "solution"}


def answered(root: Path, answers: dict[str, str], lesson: str = LESSON) -> dict:
    """Return the release version with some answers in it."""
    nb = released(root, lesson)
    for raw, cell in zip(nb["cells"], notebook.cells(nb), strict=True):
        if cell.kind == "solution" and cell.name in answers:
            raw["source"] = answers[cell.name]
    return nb


def hand_in(root: Path, student: str, nb: dict | bytes, lesson: str = LESSON) -> Path:
    """Write a submission; bytes are written as they are."""
    path = notebook.path_of(lesson, root / "submitted" / student)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(nb if isinstance(nb, bytes) else json.dumps(nb).encode())
    return path


def cell_of(nb: dict, name: str) -> dict:
    return next(c for c in nb["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name)


def gradebook(root: Path) -> Any:
    """Open a course's gradebook as nbgrader does."""
    from nbgrader.api import Gradebook

    return Gradebook(f"sqlite:///{quote(str(root / 'gradebook.db'))}", "gpt-course")


def scores(root: Path, student: str, lesson: str = LESSON) -> dict[str, float | None]:
    """Return what nbgrader's own gradebook says of the tests."""
    with gradebook(root) as session:
        submission = session.find_submission_notebook(lesson, lesson, student)
        assert not any(
            one.needs_manual_grade and one.manual_score is None for one in submission.grades
        )
        return {one.name: one.auto_score for one in submission.grades}


def recorded(root: Path, student: str, lesson: str = LESSON) -> dict[str, Any]:
    """Return all that nbgrader's gradebook says of a submission."""
    with gradebook(root) as book:
        one = book.find_submission_notebook(lesson, lesson, student)
        submission = one.assignment
        return {
            "grades": {
                g.name: (g.auto_score, g.manual_score, g.needs_manual_grade, g.score, g.max_score)
                for g in one.grades
            },
            "comments": {c.name: (c.auto_comment, c.manual_comment) for c in one.comments},
            "score": (one.score, one.max_score, one.failed_tests, one.late_submission_penalty),
            "time": submission.timestamp,
            "late": submission.total_seconds_late,
        }
