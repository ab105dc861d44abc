"""What is done, so that grading may be stopped at any moment and goes on where it was.

`.grading/ASSIGNMENT/runs` keeps how each job went under the job's hash, before it is recorded.
`.grading/ASSIGNMENT/students` keeps one mark for each student, after the gradebook has committed. A
mark counts only as long as the submission is the same, ``autograded/`` has its notebooks and the
gradebook still holds its scores; so neither a stop nor an old copy of the gradebook put back leaves
a wrong score standing.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import filelock

from course.grader import files
from course.grader.errors import N_, GraderError
from course.grader.job import FORMAT, Ran

FOLDER = ".grading"
MARK_FORMAT = 3


class Ledger:
    """The memory of one assignment's grading.

    Parameters
    ----------
    root : Path
        The course's folder.
    assignment : str
    """

    def __init__(self, root: Path, assignment: str) -> None:
        self.base = root / FOLDER
        self.folder = self.base / assignment

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other graders out of this course; the system frees the lock of one that was killed.

        Raises
        ------
        GraderError
            If another one is at work.
        """
        self.base.mkdir(exist_ok=True)
        lock = filelock.FileLock(self.base / "lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise GraderError(
                N_("Another grader is at work in this course: wait until it has finished.")
            ) from None
        try:
            yield
        finally:
            lock.release()

    def ran(self, job: str) -> Ran | None:
        """Return how a job went, by its hash; None if it hasn't run to its end."""
        kept = _read(self._run(job))
        if kept is None or kept.get("format") != FORMAT:
            return None
        try:
            return Ran.from_json(kept)
        except (KeyError, TypeError):
            return None

    def keep(self, job: str, ran: Ran) -> None:
        """Remember how a job went."""
        files.write(self._run(job), json.dumps(ran.to_json()))

    def drop(self, job: str) -> None:
        """Forget how a job went."""
        self._run(job).unlink(missing_ok=True)

    def mark(self, student: str) -> dict[str, Any] | None:
        """Return what was recorded of a student; None if nothing was, or in another format."""
        kept = _read(self._mark(student))
        return kept if kept is not None and kept.get("format") == MARK_FORMAT else None

    def set_mark(self, student: str, mark: dict[str, Any]) -> None:
        """Remember that a student's results are in the gradebook."""
        files.write(self._mark(student), json.dumps(mark | {"format": MARK_FORMAT}))

    def unmark(self, student: str) -> None:
        """Forget that a student was recorded, but not what they have handed in so far."""
        mark = self.mark(student)
        if mark is not None:
            self.set_mark(student, mark | {"key": ""})

    def tidy(self, jobs: set[str], students: set[str]) -> None:
        """Throw away runs and marks that belong to no submission of today."""
        for folder, known in (("runs", jobs), ("students", {_filed(one) for one in students})):
            for path in (self.folder / folder).glob("*"):
                if path.name.removesuffix(".json") not in known:
                    path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget everything about the assignment."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, job: str) -> Path:
        return self.folder / "runs" / f"{job}.json"

    def _mark(self, student: str) -> Path:
        return self.folder / "students" / f"{_filed(student)}.json"


def _filed(student: str) -> str:
    """Return a student's name as part of a file's, which may have 255 bytes in all."""
    name = os.fsencode(student)
    return student if len(name) <= 200 else hashlib.sha256(name).hexdigest()


def _read(path: Path) -> dict[str, Any] | None:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return kept if isinstance(kept, dict) else None
