"""Carry out a job: the hub between a student's process and the one that holds the checks.

The student's cells run in one process, grade cells in another (`child`); the hub hands cells to
both and keeps the time. Calls from the checks to the student's functions go by a line between the
two; those of a cell that takes long, and all after a death, are passed on here. A student's process
that dies or doesn't stop is killed, a new one runs its earlier cells again, and only what
was at fault is lost. `Engine` keeps the warm process that both are forked from; `run` may be called
by several threads at once. It reads no file of the course and writes none, so that a job can run on
any machine.

Trust: whatever comes from the student's process is bytes of limited size. The checks' process
reads them as plain data (`codec`), within bounds; here only cells' outcomes are read, as text, and
as much of it for a notebook as its outputs may have.

Time: a limit counts the processor time of the notebook's own processes, and time in which nobody
works (`_Clock`), both measured from outside. If it ends while the machine was full, the notebook
runs once more, alone.
"""

import base64
import contextlib
import functools
import marshal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from course.grader import codec, shell, wire
from course.grader.errors import GraderError
from course.grader.hooks import Hooks
from course.grader.job import (
    BOTH,
    CHECK,
    DIED,
    GRACE,
    STUDENT,
    TIMED_OUT,
    DeathError,
    Job,
    Ran,
    Result,
    Step,
)
from course.grader.sandbox import AUTO, STOPPED, Child, Used, Zygote
from course.grader.wire import ClosedError, Message

MANY_DEATHS = 12  # after so many the rest of the notebook fails
OVER_TIME = "the notebook took too long"
QUICK = 20.0  # seconds for what a healthy process does at once
FAR = 10  # times its limit that work may take by the clock on the wall, whatever it has used
CROWDED = 0.1  # share of its time that it must lack, so that it was late because of others
ESCAPED = 7  # bytes of JSON for a character, with what is around it
CELL_TEXT = 20_000  # bytes of a cell's outcome that always may be
LARGEST_TEXT = 100_000  # characters of an error's message, or of one line, that are read


class Engine:
    """The warm process, kept for many jobs; as a context manager.

    Parameters
    ----------
    modules : tuple of str
        What notebooks import.
    sandbox : str
        ``"auto"`` (isolation or a refusal), ``"bubblewrap"`` or ``"none"``.
    root : Path
        The course's folder, for its library and data.
    hooks : Hooks

    Raises
    ------
    GraderError
        If there is no isolation, and `sandbox` isn't ``"none"``.
    """

    def __init__(
        self,
        modules: tuple[str, ...] = (),
        *,
        sandbox: str = AUTO,
        root: Path,
        hooks: Hooks,
    ) -> None:
        self.modules, self.sandbox, self.root, self.hooks = modules, sandbox, root, hooks
        self.lock, self.closed, self.turns = threading.Lock(), False, _Turns()
        self.zygote = Zygote(modules, sandbox, root, hooks)
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

        What is late for others' sake runs again, alone. What has ended Python runs again, too: the
        system ends processes when memory is short, and the warm process takes all others with it.

        Raises
        ------
        GraderError
            If processes can't be started any more.
        """
        hub, ran = self._once(job, self.turns.together())
        if hub.died and not hub.crowded:  # by itself, or has something else ended it?
            hub, ran = self._once(job, self.turns.together())
        if hub.crowded:  # the neighbours' seconds must not cost points
            hub, ran = self._once(job, self.turns.alone())
        return ran

    def _once(self, job: Job, turn: contextlib.AbstractContextManager[None]) -> tuple["_Hub", Ran]:
        with turn, contextlib.closing(_Hub(self, job)) as hub:
            return hub, hub.run()

    def spawn(self, job: Job, *, checks: bool, line: socket.socket | None = None) -> Child:
        """Return a new process; start the warm one again if it was lost."""
        zygote, files = self.zygote, bool(job.trusted)
        for _ in range(2):  # a new warm process would cost all others theirs
            with contextlib.suppress(GraderError):
                return zygote.spawn(job.limits, checks=checks, files=files, line=line)
            if zygote.process.poll() is not None:
                break
        with self.lock:
            if self.closed:
                raise GraderError(STOPPED)
            if self.zygote is zygote:
                zygote.close()
                self.zygote = Zygote(self.modules, self.sandbox, self.root, self.hooks)
        return self.zygote.spawn(job.limits, checks=checks, files=files, line=line)


class _Turns:
    """Who may run: many together, or one alone."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.running = self.waiting = 0
        self.taken = False

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Run among others, but not before those who wait to be alone."""
        with self.changed:
            self.changed.wait_for(lambda: not self.waiting and not self.taken)
            self.running += 1
        try:
            yield
        finally:
            with self.changed:
                self.running -= 1
                self.changed.notify_all()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Run when nobody else does."""
        with self.changed:
            self.waiting += 1
            self.changed.wait_for(lambda: not self.running and not self.taken)
            self.waiting, self.taken = self.waiting - 1, True
        try:
            yield
        finally:
            with self.changed:
                self.taken = False
                self.changed.notify_all()


class _Clock:
    """What a piece of work takes of its limit, measured outside of the processes that do it.

    Parameters
    ----------
    seconds : float
        The limit.
    *sides : _Side
        Whose processes work for it.
    idle : float
        What a second counts in which we wait for them, and they neither work nor wait for a
        processor: less for a cell, for a sleep is interrupted in its own process. When they have
        answered and we come late, nothing counts.
    """

    def __init__(self, seconds: float, *sides: "_Side", idle: float = 0.7) -> None:
        self.seconds, self.sides, self.idle = seconds, sides, idle
        self.began, self.before = time.monotonic(), self._used()

    def _used(self) -> Used:
        return sum((side.used() for side in self.sides), Used())

    def wall(self) -> float:
        """Return the seconds since it began."""
        return time.monotonic() - self.began

    def spent(self) -> float:
        """Return the seconds that count."""
        used = self._used() - self.before
        return max(used.processor, self.idle * (used.silent - used.waited))

    def left(self) -> float:
        """Return the seconds that are left, 0 at least."""
        wall = self.wall()  # which is more than what counts, and cheaper to know
        return max(0.0, self.seconds - (wall if wall < 1 else self.spent()))

    def over(self, grace: float = 0.0) -> bool:
        """Tell whether the limit is exceeded by `grace` seconds."""
        if self.wall() > FAR * self.seconds + grace:
            return True
        used = self._used() - self.before
        idle = self.idle * (used.silent - used.waited - grace)
        return max(used.processor - grace, idle) > self.seconds

    def helped(self) -> bool:
        """Tell whether processes or threads that it has started have worked as well."""
        used = self._used() - self.before
        return used.processor - used.worked > CROWDED * self.seconds

    def crowded(self) -> bool:
        """Tell whether it was late because of others: it has had less time than it may."""
        used = self._used() - self.before
        own, most = max(used.processor, used.silent - used.waited), (1 - CROWDED) * self.seconds
        # Its process may say at once that it was late.
        return own < most - 2 * wire.LOOK and self.wall() > most and not self.helped()

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Don't count what is done in a ``with`` block."""
        began, before = time.monotonic(), self._used()
        try:
            yield
        finally:
            self.began += time.monotonic() - began
            self.before += self._used() - before


@functools.lru_cache(maxsize=1000)
def compiled(source: str, silent: tuple[str, ...]) -> str:
    """Return a check's code as the process that holds the checks can run it at once, or ""."""
    code = shell.code_of(source, silent)
    return base64.b64encode(marshal.dumps(code)).decode() if code else ""


class _Side:
    """One of the two processes, and what it takes to have it back after its death."""

    def __init__(self, engine: Engine, job: Job, line: socket.socket, *, checks: bool) -> None:
        self.engine, self.job, self.checks = engine, job, checks
        self.line: socket.socket | None = line  # for the first process, which alone has it
        self.first: Child | None = None
        self.done: list[Step] = []
        self.deadly: set[int] = set()  # places in `done`
        self.child: Child | None = None
        self.gone = Used()  # by processes that have ended
        self.peak = 0.0
        self.deaths = 0
        self.died = False  # not for being late
        self.silent = 0.0
        self.text = ESCAPED * job.limits.output_bytes  # bytes of outcomes still to be read

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
            self.child = self.engine.spawn(self.job, checks=self.checks, line=self.line)
            if self.line is not None:
                self.first = self.child
            self.hang_up()
            files = self.job.files
            if self.checks:
                files = {name: files[name] for name in self.job.trusted if name in files}
            given = {"files": files, "output_bytes": self.job.limits.output_bytes}
            place = -1
            try:
                self.ask(wire.FILES, 0, codec.encode(given), _Clock(QUICK, self))
                for place, step in enumerate(self.done):
                    if place not in self.deadly:
                        self.run(step, self.job.limits.cell_seconds, muted=True)
            except DeathError:
                self.deadly.add(place)
        return self.child

    def run(self, step: Step, seconds: float, *, muted: bool = False) -> dict[str, Any]:
        """Run a cell and return its outcome; ``crowded`` says that it was late for others' sake."""
        asked = {"code": step.source, "seconds": seconds, "muted": muted}
        clock = _Clock(seconds, self)
        outcome = self.outcome(self.ask(wire.RUN, 0, asked, clock, GRACE))
        if outcome["error"] == TIMED_OUT["error"]:
            outcome["crowded"] = clock.crowded()
            if clock.helped():  # which would go on, and take time from later cells
                raise self.death(outcome)
        return outcome

    def used(self) -> Used:
        """Return what all its processes have used so far."""
        used = self.gone._replace(silent=self.silent)
        return used if self.child is None else used + self.child.used()

    def outcome(self, answer: Message) -> dict[str, Any]:
        """Read how a cell went; what the student's side says may be garbage."""
        size = len(answer.content)
        self.text -= max(0, size - CELL_TEXT)
        if size > CELL_TEXT and self.text < 0:
            raise self.death(DIED)
        try:
            got = answer.json()
            line = got["line"]
            outcome: dict[str, Any] = {
                "error": None if got["error"] is None else str(got["error"])[:100],
                "message": str(got["message"])[:LARGEST_TEXT],
                "line": line if isinstance(line, int) else None,
                "outputs": [_output(output) for output in got["outputs"]],
                "seconds": float(got["seconds"]),
                "late": bool(got["late"]),
            }
        except (ClosedError, KeyError, TypeError, ValueError, AttributeError):
            raise self.death(DIED) from None
        if sum(map(_size, outcome["outputs"])) > 2 * self.job.limits.output_bytes + 100_000:
            raise self.death(DIED)
        return outcome

    def ask(
        self,
        kind: bytes,
        number: int,
        content: Any,
        clock: _Clock,
        grace: float = 0.0,
        look: Callable[[], None] = lambda: None,
    ) -> Message:
        """Send a request and return the answer to it; from time to time `look` meanwhile.

        Raises
        ------
        DeathError
            If the process has ended, or doesn't answer in time; it is gone then.
        """
        assert self.child is not None
        heard, long = time.monotonic(), False

        def over() -> bool:
            nonlocal heard, long
            now, long = time.monotonic(), True
            self.silent, heard = self.silent + now - heard, now
            look()
            return clock.over(grace)

        try:
            self.child.channel.send(kind, number, content)
            answer = self.child.channel.answer(number, over)
            if long:  # a quick answer that we are late to read is no silence
                over()
            return answer
        except ClosedError:
            raise self.death(DIED) from None
        except TimeoutError:
            raise self.death(TIMED_OUT | {"crowded": clock.crowded()}) from None

    def death(self, outcome: dict[str, Any]) -> DeathError:
        """End the process and return the error to raise."""
        self.deaths += 1
        self.died |= outcome["error"] == DIED["error"]
        self.close()
        return DeathError(outcome)

    def hang_up(self) -> None:
        """Let go of the line: its two ends belong to the processes."""
        if self.line is not None:
            self.line.close()
            self.line = None

    def on_the_line(self) -> bool:
        """Tell whether the process that is there now is the one with the line."""
        return self.child is not None and self.child is self.first

    def close(self) -> None:
        """End the process."""
        if self.child is not None:
            self.peak = max(self.peak, self.child.peak_mb())
            self.gone += self.child.used()
            self.child.close()
            self.child = None


class _Hub:
    """One job, carried out."""

    def __init__(self, engine: Engine, job: Job) -> None:
        self.engine, self.job = engine, job
        line = socket.socketpair()
        self.student = _Side(engine, job, line[0], checks=False)
        self.checks = _Side(engine, job, line[1], checks=True)
        self.worked = 0.0  # by the checks, at the last look
        self.ended: dict[str, Any] | None = None  # how a call by the line has ended
        self.number, self.crowded = 0, False
        self.clock = _Clock(job.limits.notebook_seconds, self.student, self.checks, idle=1.0)
        self.flags: dict[str, None] = {}

    def run(self) -> Ran:
        start = time.perf_counter()
        cells = [self.step(step) for step in self.job.steps]
        with contextlib.suppress(DeathError):
            if self.student.child is not None and not self.student.child.peak_mb():
                asked = self.student.ask(wire.MEMORY, 0, {}, _Clock(QUICK, self.student))
                self.student.peak = max(self.student.peak, _number(asked))
        self.close()
        return Ran(
            cells=cells,
            flags=list(self.flags),
            deaths=self.student.deaths,
            seconds=time.perf_counter() - start,
            peak_mb=round(self.student.peak, 1),
            sandbox=self.engine.kind,
        )

    @property
    def died(self) -> bool:
        """Tell whether one of the two processes has ended, and not for being late."""
        return self.student.died or self.checks.died

    def close(self) -> None:
        for side in (self.student, self.checks):
            side.close()
            side.hang_up()

    def step(self, step: Step) -> Result:
        cell = Result(step.index, step.grade, step.exercise)
        left = self.clock.left()
        if left <= wire.LOOK or self.clock.over():
            self.flags[OVER_TIME] = None
            self.crowded |= self.clock.crowded()
            cell.fill(TIMED_OUT | {"message": OVER_TIME})
            return cell
        seconds = min(self.job.limits.cell_seconds, left)
        if step.where in (CHECK, BOTH):
            outcome = self.check(step, seconds) if step.grade else self.plain(
                self.checks, step, seconds
            )  # fmt: skip
            self.crowded |= outcome.get("crowded", False)
            cell.fill(outcome)
        if step.where in (STUDENT, BOTH):
            if step.where == BOTH:
                cell.trusted_error, cell.trusted_message = outcome["error"], outcome["message"]
            outcome = self.plain(self.student, step, seconds)
            self.crowded |= outcome.get("crowded", False)
            cell.fill(outcome)
        return cell

    def plain(self, side: _Side, step: Step, seconds: float) -> dict[str, Any]:
        """Run a cell that isn't a grade cell."""
        start = time.perf_counter()
        for attempt in (1, 2):  # an earlier cell may have left something that kills
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
        start, late = time.perf_counter(), False
        self.number += 1
        try:
            self.checks.ready()
            self.hand_names()
            asked = {"code": step.source, "seconds": seconds, "muted": False}
            asked["compiled"] = compiled(step.source, self.engine.hooks.checks)
            clock = _Clock(seconds, self.student, self.checks)
            ask = functools.partial(
                self.checks.ask, clock=clock, grace=4 * GRACE, look=lambda: self.look(clock)
            )
            answer = ask(wire.RUN, self.number, asked)
            while answer.kind in (wire.CALL, wire.LOST):
                kind, content, death = self.call(answer, clock)
                death = self.late(clock) if content == shell.LATE else death
                if death is not None:
                    self.flag(step, death)
                    late |= death.get("crowded", False)
                answer = ask(kind, self.number, content)
            outcome = self.checks.outcome(answer)
            if outcome["late"]:
                self.flag(step, TIMED_OUT)
                late |= self.late(clock)["crowded"]
            if outcome["error"] == TIMED_OUT["error"]:
                late |= clock.crowded()
            self.checks.done.append(step)
        except DeathError as death:
            self.flag(step, death.outcome)
            outcome = death.outcome
        late |= outcome.get("crowded", False)
        return outcome | {"seconds": time.perf_counter() - start, "crowded": late}

    def late(self, clock: _Clock) -> dict[str, Any]:
        """Return what a call gets that was interrupted; what it has started ends."""
        if clock.helped():
            self.student.close()
        return TIMED_OUT | {"crowded": clock.crowded()}

    def look(self, clock: _Clock) -> None:
        """End a student's process that keeps the checks waiting on the line for too long."""
        worked, before = self.checks.used().worked, self.worked
        self.worked = worked
        waiting = worked - before < CROWDED * wire.LOOK
        if waiting and self.student.on_the_line() and clock.over(GRACE):
            self.ended = TIMED_OUT | {"crowded": clock.crowded()}
            self.student.death(self.ended)

    def hand_names(self) -> None:
        """Fetch what the student has defined, unread, and put it before the checks."""
        found = codec.encode({})
        with contextlib.suppress(DeathError):
            self.student.ready()
            self.number += 1
            names, clock = list(self.job.names), _Clock(QUICK, self.student)
            found = self.student.ask(wire.FETCH, self.number, names, clock).content
        content = codec.encode({"names": list(self.job.names), "found": found})
        self.checks.ask(wire.SET, self.number, content, _Clock(QUICK, self.checks))
        self.number += 1

    def call(self, asked: Message, clock: _Clock) -> tuple[bytes, bytes, dict[str, Any] | None]:
        """Pass a call to the student's process; return its answer, and how the process ended."""
        try:
            if asked.kind == wire.LOST:  # the call is done with, if it has met the line's process
                ended, self.ended = self.ended, None
                if ended is not None:
                    raise DeathError(ended)
                if self.student.on_the_line():
                    raise self.student.death(DIED)
            if self.student.child is None:
                with clock.stopped():
                    self.student.ready()
            left = clock.left()
            if left <= 0:
                raise DeathError(TIMED_OUT | {"crowded": clock.crowded()})
            content = wire.SECONDS.pack(left) + asked.content
            answer = self.student.ask(wire.CALL, self.number, content, clock, GRACE)
            if answer.kind in (wire.RESULT, wire.RAISED):
                return answer.kind, answer.content, None
            raise self.student.death(DIED)
        except DeathError as death:
            return wire.RAISED, shell.raised(death.outcome), death.outcome


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


def _number(answer: Message) -> float:
    """Return the one number in a short answer, 0 if it is none."""
    with contextlib.suppress(ClosedError, ValueError, TypeError, KeyError):
        return float(answer.json()["peak_mb"]) if len(answer.content) < 100 else 0.0
    return 0.0


def _size(output: dict[str, Any]) -> int:
    if output["output_type"] == "stream":
        return len(output["text"])
    if output["output_type"] == "error":
        return sum(map(len, output["traceback"]))
    return sum(len(str(value)) for value in output["data"].values())
