"""Carry out a job in one process, on any system, and survive whatever it does to it.

For a learner's own check, and for the tests of the tests. The other end is `worker`. The job is
carried out as `run` does it: the same steps, the same two sides with plain data between them, the
same outcomes. A cell that takes too long is interrupted, and its process killed where that doesn't
help; after a death a new process runs the earlier cells again, so that only the cell at fault is
lost. Left out on purpose: isolation. Files and network stay open, memory isn't capped.
"""

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from course.grader.clock import waited
from course.grader.hooks import Hooks
from course.grader.job import DIED, GRACE, TIMED_OUT, DeathError, Job, Ran, Result, Step

# What a cell finds while it is graded: as under nbgrader, without a screen or a network, and one
# thread, so that two lessons side by side don't fight (and a process with threads can't fork).
ENVIRONMENT = {
    "NBGRADER_EXECUTION": "autograde",
    "MPLBACKEND": "Agg",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # pandas takes pyarrow where it is installed, whose memory has a thread of its own otherwise.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
    "PYTHONUTF8": "1",
}
START = 120.0  # seconds that a new process may take before its first cell (a slow, cold disk)
LOOK = 1.0  # seconds between two looks at the time


def python(*arguments: str) -> list[str]:
    """Return the command that runs this Python, without the current folder on its path."""
    return [sys.executable, "-P", *arguments]


def inherited() -> dict[str, str]:
    """Return this process's environment variables without those that change how Python behaves."""
    return {name: value for name, value in os.environ.items() if name.upper()[:6] != "PYTHON"}


class Worker:
    """A process that carries out steps one by one, and remembers them.

    Parameters
    ----------
    job : Job
        What the steps belong to.
    folder : Path
        Where the cells run: the folder of the notebook.
    root : Path
        The course's folder.
    hooks : Hooks
    """

    def __init__(self, job: Job, folder: Path, root: Path, hooks: Hooks) -> None:
        self.job, self.folder, self.root, self.hooks = job, folder, root, hooks
        self.scratch = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.process = subprocess.Popen(
            python("-m", f"{__package__}.worker", str(folder.resolve()), self.scratch.name),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=inherited() | ENVIRONMENT | dict(hooks.environment(root.resolve())),
            encoding="utf-8",
            start_new_session=os.name == "posix",  # Ctrl-C is for us alone; we end it ourselves
        )
        self.started, self.steps = False, 1
        self.answers: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        about = {"names": job.names, "modules": job.modules, "silent": hooks.checks}
        self._send(about | {"checks": [step.source for step in job.steps if step.grade]})

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def run(self, step: Step) -> Result:
        """Carry out one step.

        Raises
        ------
        DeathError
            If the process ended meanwhile; this worker is of no more use then.
        """
        self.steps += 1
        return _result(step, self._ask("run", [step], self.job.limits.cell_seconds + GRACE)[0])

    def branch(self, steps: list[Step]) -> list[Result]:
        """Carry out `steps` as they would go on from here, without changing anything here.

        Raises
        ------
        DeathError
            If the process ended meanwhile; this worker is of no more use then.
        """
        # The worker keeps its copy's time. Where there is no fork, all earlier steps run again.
        count = self.steps + len(steps)
        outcomes = self._ask("branch", steps, 10 * count * (self.job.limits.cell_seconds + GRACE))
        return [_result(step, one) for step, one in zip(steps, outcomes, strict=True)]

    def peak_mb(self) -> float:
        """Return the most memory that the process has held so far, in MB."""
        return self._ask("memory", [], GRACE)

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        self.scratch.cleanup()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        try:
            for line in self.process.stdout:
                self.answers.put(line)
        except ValueError:  # the pipe was closed, or a cell wrote garbage into it
            pass
        self.answers.put(None)

    def _send(self, request: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):  # it is gone; its reader will learn it
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()

    def _ask(self, what: str, steps: list[Step], seconds: float) -> Any:
        limit = self.job.limits.cell_seconds
        self._send({"do": what, "steps": [asdict(step) for step in steps], "seconds": limit})
        if not self.started:
            self.started = self._answer(START) is not None
        answer = self._answer(seconds) if self.started else None
        if answer is None:
            raise DeathError(DIED)
        return json.loads(answer)

    def _answer(self, seconds: float) -> str | None:
        """Return the next line; time without a processor doesn't count."""
        began, before = time.monotonic(), waited(self.process.pid)
        while True:
            with contextlib.suppress(queue.Empty):
                return self.answers.get(timeout=LOOK)
            spent = time.monotonic() - began - (waited(self.process.pid) - before)
            if spent > seconds:
                raise DeathError(TIMED_OUT)


def _result(step: Step, outcomes: list[dict[str, Any]]) -> Result:
    """Return how a step went: on the student's side, or else on that of the checks."""
    result = Result(step.index, step.grade, step.exercise)
    result.fill(outcomes[-1])
    if len(outcomes) == 2:
        result.trusted_error, result.trusted_message = outcomes[0]["error"], outcomes[0]["message"]
    return result


def run(
    job: Job,
    folder: Path,
    root: Path,
    hooks: Hooks,
    tick: Callable[[], object] | None = None,
) -> Ran:
    """Carry out a job.

    Parameters
    ----------
    job : Job
    folder : Path
        Where its cells run.
    root : Path
        The course's folder.
    hooks : Hooks
    tick : callable, optional
        Called after each step, for a progress bar.
    """
    start = time.perf_counter()
    results: list[Result] = []
    deadly: set[int] = set()
    flags: dict[str, None] = {}
    worker = Worker(job, folder, root, hooks)
    try:
        for index, step in enumerate(job.steps):
            try:
                results.append(worker.run(step))
            except DeathError as death:
                results.append(_result(step, [death.outcome]))
                deadly.add(index)
                worker = _revive(worker, job.steps[:index], deadly)
            if results[-1].error in (TIMED_OUT["error"], DIED["error"]):
                flags[str(results[-1].error)] = None
            if tick is not None:
                tick()
        peak = worker.peak_mb()
    except DeathError:
        peak = 0.0
    finally:
        worker.close()
    seconds = time.perf_counter() - start
    return Ran(results, list(flags), len(deadly), seconds, round(peak, 1))


def _revive(dead: Worker, steps: Iterable[Step], deadly: set[int]) -> Worker:
    """Return a new worker that has run `steps` without the deadly ones (it may find more)."""
    while True:
        dead.close()
        dead = Worker(dead.job, dead.folder, dead.root, dead.hooks)
        last = -1
        try:
            for index, step in enumerate(steps):
                if index not in deadly:
                    last = index
                    dead.run(step)
        except DeathError:
            deadly.add(last)
        else:
            return dead
