"""Carry out a job: the hub between a student's process and the one that holds the checks.

The student's cells run in one process, grade cells in another (`child`); the hub hands cells to
both, passes calls from the checks to the student's functions, and keeps the time. A student's
process that dies or doesn't stop is killed, a new one runs its earlier cells again, and only what
was at fault is lost. `Engine` keeps the warm process that both are forked from; `run` may be called
by several threads at once. It reads no file of the course and writes none, so that a job can run on
any machine.

Trust: whatever comes from the student's process is bytes of limited size. The checks' process
reads them as plain data (`plain`); cells' outcomes are read here, as text.
"""

import ast
import base64
import contextlib
import functools
import marshal
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from course.grader import codec, wire
from course.grader.errors import GraderError
from course.grader.job import BOTH, CHECK, STUDENT, Cell, Job, Ran, Step
from course.grader.sandbox import AUTO, Child, Zygote
from course.grader.wire import ClosedError, Message
from course.grader.worker import DIED, GRACE, TIMED_OUT

MANY_DEATHS = 12  # after so many the rest of the notebook fails
OVER_TIME = "the notebook took too long"
QUICK = 20.0  # seconds for what a healthy process does at once
LARGEST_TEXT = 100_000  # characters of an error's message, or of one line, that are read


class DeathError(Exception):
    """A process has ended, or had to be killed."""

    def __init__(self, outcome: dict[str, Any]) -> None:
        super().__init__(outcome["message"])
        self.outcome = outcome


class Engine:
    """The warm process, kept for many jobs; as a context manager.

    Parameters
    ----------
    modules : tuple of str
        What notebooks import.
    sandbox : str
        ``"auto"`` (isolation or a refusal), ``"bubblewrap"`` or ``"none"``.
    root : Path, optional
        The course's folder, for its library and data.

    Raises
    ------
    GraderError
        If there is no isolation, and `sandbox` isn't ``"none"``.
    """

    def __init__(
        self, modules: tuple[str, ...] = (), *, sandbox: str = AUTO, root: Path | None = None
    ) -> None:
        self.modules, self.sandbox, self.root = modules, sandbox, root
        self.lock, self.closed = threading.Lock(), False
        self.zygote = Zygote(modules, sandbox, root)
        self.kind = self.zygote.kind

    def __enter__(self) -> "Engine":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all processes; what still runs ends with an error."""
        with self.lock:
            self.closed = True
            self.zygote.close()

    def run(self, job: Job) -> Ran:
        """Carry out a job.

        Raises
        ------
        GraderError
            If processes can't be started any more.
        """
        hub = _Hub(self, job)
        try:
            return hub.run()
        finally:
            hub.close()

    def spawn(self, job: Job, *, checks: bool) -> Child:
        """Return a new process; start the warm one again if it was lost."""
        zygote = self.zygote
        try:
            return zygote.spawn(job.limits, checks=checks, files=bool(job.trusted))
        except GraderError:
            with self.lock:
                if self.closed:
                    raise
                if self.zygote is zygote:
                    zygote.close()
                    self.zygote = Zygote(self.modules, self.sandbox, self.root)
        return self.zygote.spawn(job.limits, checks=checks, files=bool(job.trusted))


@functools.lru_cache(maxsize=1000)
def compiled(source: str) -> str:
    """Return a check's code as the process that holds the checks can run it at once, or "".

    A class meets the same checks again and again, and to compile them takes longer than to run
    them. Only for plain statements: IPython sees to its own lines, and to the value of a last line.
    """
    try:
        tree = ast.parse(source)
        if not tree.body or (isinstance(tree.body[-1], ast.Expr) and not _is_call(tree.body[-1])):
            return ""
        code = compile(tree, "<ipython-input-check>", "exec")
    except (SyntaxError, ValueError):
        return ""
    return base64.b64encode(marshal.dumps(code)).decode()


def _is_call(node: ast.Expr) -> bool:
    """Tell whether a line only calls `expect`, which has no value."""
    call = node.value
    return (
        isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "expect"
    )


class _Side:
    """One of the two processes, and what it takes to have it back after its death."""

    def __init__(self, engine: Engine, job: Job, *, checks: bool) -> None:
        self.engine, self.job, self.checks = engine, job, checks
        self.done: list[Step] = []
        self.deadly: set[int] = set()  # places in `done`
        self.child: Child | None = None
        self.peak = 0.0
        self.deaths = 0

    def ready(self) -> Child:
        """Return the process; a new one has run the earlier cells again.

        Raises
        ------
        DeathError
            If it can't be had back.
        """
        while self.child is None:
            if self.deaths > MANY_DEATHS:
                raise DeathError(DIED)
            self.child = self.engine.spawn(self.job, checks=self.checks)
            files = self.job.files
            if self.checks:
                files = {name: files[name] for name in self.job.trusted if name in files}
            given = {"files": files, "output_bytes": self.job.limits.output_bytes}
            place = -1
            try:
                self.ask(wire.FILES, 0, codec.encode(given), QUICK)
                for place, step in enumerate(self.done):
                    if place not in self.deadly:
                        self.run(step, self.job.limits.cell_seconds, muted=True)
            except DeathError:
                self.deadly.add(place)
        return self.child

    def run(self, step: Step, seconds: float, *, muted: bool = False) -> dict[str, Any]:
        """Run a cell and return its outcome."""
        asked = {"code": step.source, "seconds": seconds, "muted": muted}
        answer = self.ask(wire.RUN, 0, asked, seconds + GRACE)
        return self.outcome(answer)

    def outcome(self, answer: Message) -> dict[str, Any]:
        """Read how a cell went; what the student's side says may be garbage."""
        try:
            got = answer.json()
            line = got["line"]
            outcome = {
                "error": None if got["error"] is None else str(got["error"])[:100],
                "message": str(got["message"])[:LARGEST_TEXT],
                "line": line if isinstance(line, int) else None,
                "outputs": [_output(output) for output in got["outputs"]],
                "seconds": float(got["seconds"]),
            }
        except (ClosedError, KeyError, TypeError, ValueError, AttributeError):
            raise self.death(DIED) from None
        if sum(map(_size, outcome["outputs"])) > 2 * self.job.limits.output_bytes + 100_000:
            raise self.death(DIED)
        return outcome

    def ask(self, kind: bytes, number: int, content: Any, seconds: float) -> Message:
        """Send a request and return the answer to it; older answers are passed over.

        Raises
        ------
        DeathError
            If the process has ended, or doesn't answer in time; it is gone then.
        """
        try:
            self.child.channel.send(kind, number, content)
            end = time.monotonic() + seconds
            while True:
                answer = self.child.channel.receive(max(0.0, end - time.monotonic()))
                if answer.number == number:
                    return answer
        except ClosedError:
            raise self.death(DIED) from None
        except TimeoutError:
            raise self.death(TIMED_OUT) from None

    def death(self, outcome: dict[str, Any]) -> DeathError:
        """End the process and return the error to raise."""
        self.deaths += 1
        self.close()
        return DeathError(outcome)

    def close(self) -> None:
        """End the process."""
        if self.child is not None:
            self.peak = max(self.peak, self.child.peak_mb())
            self.child.close()
            self.child = None


class _Hub:
    """One job, carried out."""

    def __init__(self, engine: Engine, job: Job) -> None:
        self.engine, self.job = engine, job
        self.student = _Side(engine, job, checks=False)
        self.checks = _Side(engine, job, checks=True)
        self.number = 0
        self.end = time.monotonic() + job.limits.notebook_seconds
        self.flags: dict[str, None] = {}

    def run(self) -> Ran:
        start = time.perf_counter()
        cells = [self.step(step) for step in self.job.steps]
        with contextlib.suppress(DeathError):
            if self.student.child is not None and not self.student.child.peak_mb():
                answer = self.student.ask(wire.MEMORY, 0, {}, QUICK).json()
                self.student.peak = max(self.student.peak, float(answer["peak_mb"]))
        self.close()
        return Ran(
            cells=cells,
            flags=list(self.flags),
            deaths=self.student.deaths,
            seconds=time.perf_counter() - start,
            peak_mb=round(self.student.peak, 1),
            sandbox=self.engine.kind,
        )

    def close(self) -> None:
        self.student.close()
        self.checks.close()

    def step(self, step: Step) -> Cell:
        cell = Cell(step.index, step.grade, step.exercise)
        left = self.end - time.monotonic()
        if left <= 0:
            self.flags[OVER_TIME] = None
            _fill(cell, TIMED_OUT | {"message": OVER_TIME})
            return cell
        seconds = min(self.job.limits.cell_seconds, left)
        if step.where in (CHECK, BOTH):
            outcome = self.check(step, seconds) if step.grade else self.plain(
                self.checks, step, seconds
            )  # fmt: skip
            _fill(cell, outcome)
        if step.where in (STUDENT, BOTH):
            _fill(cell, self.plain(self.student, step, seconds))
        return cell

    def plain(self, side: _Side, step: Step, seconds: float) -> dict[str, Any]:
        """Run a cell that isn't a grade cell."""
        start = time.perf_counter()
        for attempt in (1, 2):  # an earlier cell may have left something behind that kills
            try:
                side.ready()
                outcome = side.run(step, seconds)
                break
            except DeathError as death:
                outcome = death.outcome | {"seconds": time.perf_counter() - start}
                if attempt == 2 or outcome["error"] != DIED["error"]:
                    side.deadly.add(len(side.done))
                    self.flag(step, outcome)
                    break
        side.done.append(step)
        return outcome

    def flag(self, step: Step, outcome: dict[str, Any]) -> None:
        where = f"in {step.exercise or step.grade}" if step.exercise or step.grade else "in a cell"
        what = "took too long" if outcome["error"] == TIMED_OUT["error"] else "ended Python"
        self.flags[f"{what} {where}"] = None

    def check(self, step: Step, seconds: float) -> dict[str, Any]:
        """Run a grade cell in the checks' process; the student's functions are called from it."""
        start = time.perf_counter()
        end = time.monotonic() + seconds
        self.number += 1
        try:
            self.checks.ready()
            self.hand_names()
            asked = {"code": step.source, "seconds": seconds, "muted": False}
            asked["compiled"] = compiled(step.source)
            answer = self.checks.ask(wire.RUN, self.number, asked, seconds + 4 * GRACE)
            while answer.kind == wire.CALL:
                kind, content = self.call(answer, end)
                if kind != wire.RESULT:
                    self.flag_raised(step, content)
                left = max(0.0, end - time.monotonic())
                answer = self.checks.ask(kind, self.number, content, left + 4 * GRACE)
            outcome = self.checks.outcome(answer)
            self.checks.done.append(step)
        except DeathError as death:
            self.flag(step, death.outcome)
            outcome = death.outcome
        return outcome | {"seconds": time.perf_counter() - start}

    def flag_raised(self, step: Step, content: bytes) -> None:
        with contextlib.suppress(codec.RefusedError, AttributeError):
            kind = codec.decode(content).get("type")
            for outcome in (TIMED_OUT, DIED):
                if kind == outcome["error"]:
                    self.flag(step, outcome)

    def hand_names(self) -> None:
        """Fetch what the student has defined, and put it before the checks."""
        found: bytes = codec.encode({})
        with contextlib.suppress(DeathError):
            self.student.ready()
            self.number += 1
            names = list(self.job.names)
            found = self.student.ask(wire.FETCH, self.number, names, QUICK).content
        try:
            content = codec.encode({"names": list(self.job.names), "found": codec.decode(found)})
        except (codec.RefusedError, TypeError):
            content = codec.encode({"names": list(self.job.names), "found": {}})
        self.checks.ask(wire.SET, self.number, content, QUICK)
        self.number += 1

    def call(self, asked: Message, end: float) -> tuple[bytes, bytes]:
        """Pass a call to the student's process and return its answer."""
        number = self.number
        left = end - time.monotonic()
        try:
            if left <= 0:
                raise DeathError(TIMED_OUT)
            self.student.ready()
            answer = self.student.ask(wire.CALL, number, asked.content, left + GRACE)
            if answer.kind in (wire.RESULT, wire.RAISED):
                return answer.kind, answer.content
            raise self.student.death(DIED)
        except DeathError as death:
            raised = {"type": death.outcome["error"], "args": (death.outcome["message"],)}
            return wire.RAISED, codec.encode(raised)


def _fill(cell: Cell, outcome: dict[str, Any]) -> None:
    """Put an outcome into its cell; an error is always among the outputs."""
    outputs = list(outcome.get("outputs", []))
    error = outcome.get("error")
    if error and not any(output["output_type"] == "error" for output in outputs):
        said = f"{error}: {outcome['message']}"
        outputs.append(
            {
                "output_type": "error",
                "ename": error,
                "evalue": outcome["message"],
                "traceback": [said],
            }
        )
    cell.outputs, cell.error = outputs, error
    cell.message, cell.line = outcome.get("message", ""), outcome.get("line")
    cell.seconds = round(outcome.get("seconds", 0.0), 4)


def _output(raw: Any) -> dict[str, Any]:
    """Return one output in nbformat's form, rebuilt from what a process says."""
    kind = raw["output_type"]
    if kind == "stream":
        name = "stderr" if raw["name"] == "stderr" else "stdout"
        return {"output_type": kind, "name": name, "text": str(raw["text"])}
    if kind == "error":
        return {
            "output_type": kind,
            "ename": str(raw["ename"])[:100],
            "evalue": str(raw["evalue"])[:LARGEST_TEXT],
            "traceback": [str(line)[:LARGEST_TEXT] for line in raw["traceback"][:200]],
        }
    if kind not in ("display_data", "execute_result"):
        raise ValueError(kind)
    data = {str(key): value for key, value in raw["data"].items()}
    output = {"output_type": kind, "data": data, "metadata": dict(raw["metadata"])}
    return output | ({"execution_count": None} if kind == "execute_result" else {})


def _size(output: dict[str, Any]) -> int:
    if output["output_type"] == "stream":
        return len(output["text"])
    if output["output_type"] == "error":
        return sum(map(len, output["traceback"]))
    return sum(len(str(value)) for value in output["data"].values())
