"""Run cells in a process of their own, and survive whatever they do to it.

The other end is `worker`. A cell that takes too long is interrupted, and its process killed where
that doesn't help; after a death a new process runs the earlier cells again, so that only the cell
at fault is lost. No sandbox: files and network stay open, memory isn't capped.
"""

import contextlib
import json
import os
import queue
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any

from course import paths, shield
from course.grader.job import Outcome
from course.grader.worker import DIED, GRACE, TIMED_OUT

# What a cell finds while it is graded: as under nbgrader, without a screen or a network, and one
# thread, so that two lessons side by side don't fight (and a process with threads can't fork).
ENVIRONMENT = {
    "NBGRADER_EXECUTION": "autograde",
    "MPLBACKEND": "Agg",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
    "PYTHONUTF8": "1",
}


START = 120.0  # seconds that a new process may take before its first cell (a slow, cold disk)


class DeathError(Exception):
    """The worker process has ended, or had to be killed; `outcome` is what its cell gets."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.message)
        self.outcome = outcome


class Worker:
    """A process that runs cells one by one, and remembers them.

    Parameters
    ----------
    folder : Path
        Where the cells run: the folder of the notebook.
    timeout : float
        Seconds for each cell.
    root : Path, optional
        The course's folder.
    """

    def __init__(self, folder: Path, timeout: float, root: Path | None = None) -> None:
        self.folder, self.timeout, self.root = folder, timeout, root
        self.scratch = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        course_root = str((root or paths.ROOT).resolve())
        place = str(folder.resolve())
        self.process = subprocess.Popen(
            shield.python("-m", "course.grader.worker", place, self.scratch.name),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=shield.environment() | ENVIRONMENT | {"COURSE_ROOT": course_root},
            encoding="utf-8",
            start_new_session=os.name == "posix",  # Ctrl-C is for us alone; we end it ourselves
        )
        self.started, self.cells = False, 1
        self.answers: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def run(self, code: str) -> Outcome:
        """Run one cell.

        Raises
        ------
        DeathError
            If the process ended meanwhile; this worker is of no more use then.
        """
        self.cells += 1
        return Outcome(**self._ask({"do": "run", "code": code}, self.timeout + GRACE))

    def branch(self, codes: list[str]) -> list[Outcome]:
        """Run `codes` as they would go on from here, without changing anything here.

        Raises
        ------
        DeathError
            If the process ended meanwhile; this worker is of no more use then.
        """
        count = self.cells + len(codes)  # where there is no fork, all earlier cells run again
        answer = self._ask({"do": "branch", "codes": codes}, count * (self.timeout + GRACE))
        return [Outcome(**outcome) for outcome in answer]

    def peak_mb(self) -> float:
        """Return the most memory that the process has held so far, in MB."""
        return self._ask({"do": "memory"}, GRACE)

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        self.scratch.cleanup()

    def _listen(self) -> None:
        try:
            for line in self.process.stdout:
                self.answers.put(line)
        except ValueError:  # the pipe was closed, or a cell wrote garbage into it
            pass
        self.answers.put(None)

    def _ask(self, request: dict[str, Any], seconds: float) -> Any:
        try:
            self.process.stdin.write(json.dumps(request | {"timeout": self.timeout}) + "\n")
            self.process.stdin.flush()
            if not self.started:
                self.started = self.answers.get(timeout=START) is not None
            answer = self.answers.get(timeout=seconds) if self.started else None
        except queue.Empty:
            raise DeathError(Outcome(**TIMED_OUT)) from None
        except OSError:
            answer = None
        if answer is None:
            raise DeathError(Outcome(**DIED))
        return json.loads(answer)


def run(
    codes: list[str], folder: Path, timeout: float, root: Path | None = None, tick: Any = None
) -> list[Outcome]:
    """Run all cells of a notebook in order, and tell how each ended.

    Parameters
    ----------
    codes : list of str
    folder : Path
        Where they run.
    timeout : float
        Seconds for each cell.
    root : Path, optional
        The course's folder.
    tick : callable, optional
        Called after each cell, for a progress bar.
    """
    outcomes: list[Outcome] = []
    deadly: set[int] = set()
    worker = Worker(folder, timeout, root)
    try:
        for index, code in enumerate(codes):
            try:
                outcomes.append(worker.run(code))
            except DeathError as death:
                outcomes.append(death.outcome)
                deadly.add(index)
                worker = _revive(worker, codes[:index], deadly)
            if tick is not None:
                tick()
    finally:
        worker.close()
    return outcomes


def _revive(dead: Worker, codes: list[str], deadly: set[int]) -> Worker:
    """Return a new worker that has run `codes` without the deadly ones (it may find more)."""
    while True:
        dead.close()
        dead = Worker(dead.folder, dead.timeout, dead.root)
        try:
            for index, code in enumerate(codes):
                if index not in deadly:
                    last = index
                    dead.run(code)
        except DeathError:
            deadly.add(last)
        else:
            return dead
