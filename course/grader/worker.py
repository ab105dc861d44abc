"""The process that carries out steps for `local`: one JSON request a line, one answer a line.

Both sides of a notebook are here, the student's cells and the checks, each with its own names
(`shell.Cells`), and what passes between them is the same as between two processes. A branch carries
out steps in a forked copy of the process (on Linux), so that hundreds of variants of one answer
share the imports and the cells before it; elsewhere it replays those.

No sandbox: it runs our own variants and a learner's own notebook.
"""

import contextlib
import json
import os
import select
import signal
import sys
import time
from typing import Any

from course.grader import shell
from course.grader.clock import waited
from course.grader.job import BOTH, CHECK, DIED, GRACE, STUDENT, TIMED_OUT, Step
from course.grader.shell import Cells

# macOS has fork, but its system libraries don't survive it. COURSE_NO_FORK=1 is for our tests.
CAN_FORK = sys.platform == "linux" and not os.environ.get("COURSE_NO_FORK")
LOOK = 1.0  # seconds between two looks at the time of a copy
Outcome = dict[str, Any]


class Session:
    """Both sides of one notebook, and the steps that were carried out."""

    def __init__(self, folder: str, about: dict[str, Any]) -> None:
        self.stderr = os.open(
            os.path.join(folder, "stderr"), os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
        )
        os.dup2(self.stderr, 2)
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, 0)
        os.dup2(nowhere, 1)
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        shell.warm(about["modules"])
        self.shell = shell.make_shell(folder)
        self.names, self.silent = about["names"], tuple(about["silent"])
        for source in about["checks"]:  # compiled once, for all copies
            shell.code_of(source, self.silent)
        self._begin()

    def _begin(self) -> None:
        self.done: list[Step] = []
        self.student = Cells(self.shell, private=True)
        self.checks = Cells(self.shell, private=True, ask=self.student.called)

    def carry_out(self, step: Step, seconds: float) -> list[Outcome]:
        """Carry out a step, and tell how it went: with the checks, and then with the student."""
        outcomes = []
        self.shell.outputs.left = 1_000_000  # nothing is kept of it, so a cell takes none of others
        if step.where in (CHECK, BOTH):
            code = None
            if step.grade:
                self.checks.set_names(self.names, self.student.fetch(self.names))
                code = shell.code_of(step.source, self.silent)
            outcomes.append(self.checks.run(step.source, seconds, code=code))
            outcomes[-1]["aside"] = self.shell.outputs.aside
        if step.where in (STUDENT, BOTH):
            outcomes.append(self.student.run(step.source, seconds))
        said = self._said()
        if said:  # what C++ or another program wrote, which no stream of Python has seen
            output = {"output_type": "stream", "name": "stderr", "text": said}
            outcomes[-1]["outputs"].insert(0, output)
        for outcome in outcomes:
            outcome["outputs"] = [one for raw in outcome["outputs"] if (one := _needed(raw))]
        self.done.append(step)
        return outcomes

    def branch(self, steps: list[Step], seconds: float) -> list[list[Outcome]]:
        """Carry out steps in a copy of this session, which stays as it is."""
        return self._fork(steps, seconds) if CAN_FORK else self._replay(steps, seconds)

    def _replay(self, steps: list[Step], seconds: float) -> list[list[Outcome]]:
        kept = self.student, self.checks, self.done
        self._begin()
        try:
            for step in kept[2]:
                self.carry_out(step, seconds)
            return [self.carry_out(step, seconds) for step in steps]
        finally:
            self.student, self.checks, self.done = kept

    def _fork(self, steps: list[Step], seconds: float) -> list[list[Outcome]]:
        out, back = os.pipe()
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                os.close(out)
                for step in steps:
                    line = json.dumps(self.carry_out(step, seconds)) + "\n"
                    with open(back, "w", encoding="utf-8", closefd=False) as pipe:
                        pipe.write(line)
            os._exit(0)
        os.close(back)
        outcomes: list[list[Outcome]] = []
        end = DIED
        buffer = b""
        began, before = time.monotonic(), waited(child)
        while len(outcomes) < len(steps):
            ready, _, _ = select.select([out], [], [], LOOK)
            if not ready:
                if time.monotonic() - began - (waited(child) - before) > seconds + GRACE:
                    end = TIMED_OUT
                    break
                continue
            began, before = time.monotonic(), waited(child)
            data = os.read(out, 1 << 16)
            if not data:
                break
            *lines, buffer = (buffer + data).split(b"\n")
            outcomes += [json.loads(line) for line in lines]
        os.close(out)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.ftruncate(self.stderr, 0)
        return outcomes + [[dict(end)]] * (len(steps) - len(outcomes))

    def _said(self) -> str:
        """Return what was written to stderr since the last call, and forget it."""
        os.lseek(self.stderr, 0, os.SEEK_SET)
        said = os.read(self.stderr, shell.LONGEST).decode("utf-8", "replace")
        os.ftruncate(self.stderr, 0)
        return said


def _needed(output: Outcome) -> Outcome | None:
    """Return of an output what points depend on, or None: nobody looks at the rest."""
    if output["output_type"] == "stream" and output["name"] == "stderr":
        return output | {"text": output["text"][: shell.LONGEST]}
    if output["output_type"] == "execute_result":
        text = str(output["data"].get("text/plain", ""))[: shell.LONGEST]
        return output | {"data": {"text/plain": text}, "metadata": {}}
    return output | {"traceback": []} if output["output_type"] == "error" else None


def main() -> None:
    """Answer requests until the other side hangs up."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder, scratch = sys.argv[1], sys.argv[2]
    # The channel leaves the standard numbers, so that a cell's print can't get into it.
    requests = open(os.dup(0), encoding="utf-8")  # noqa: SIM115
    answers = open(os.dup(1), "w", encoding="utf-8")  # noqa: SIM115
    session, process = Session(scratch, json.loads(requests.readline())), os.getpid()
    os.chdir(folder)
    sys.path.insert(0, "")  # a notebook may import a file next to it, as in a kernel
    answers.write("null\n")  # ready
    answers.flush()
    for line in requests:
        request = json.loads(line)
        steps = [Step(**step) for step in request["steps"]]
        if request["do"] == "run":
            answer: Any = [session.carry_out(step, request["seconds"]) for step in steps]
        elif request["do"] == "branch":
            answer = session.branch(steps, request["seconds"])
        else:
            answer = shell.peak_mb()
        if os.getpid() != process:
            os._exit(0)  # a copy that a cell has forked has nothing to answer
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
