"""Grade a class: prepare each submission, let it run, record it, and be ready to be stopped.

The main thread prepares and records, one student at a time; meanwhile an executor runs the jobs,
here in threads that wait for sandboxed processes. What has run is kept before it is recorded, and a
student is marked after the gradebook has committed (`ledger`). A job that couldn't be run because
of *us* (a worker died) leaves its student ungraded and says so: that is never a 0.
"""

import contextlib
import datetime
import errno
import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

from course.grader import notebook, prepare, results, settings, similar, source
from course.grader.errors import N_, GraderError
from course.grader.files import shown
from course.grader.hooks import Hooks
from course.grader.job import Job, Ran
from course.grader.ledger import Ledger
from course.grader.prepare import Submission
from course.grader.source import Assignment

GRADED, FAILED = "graded", "failed"
# What isn't one submission's fault: a full or read-only disk, no permission, no files left to open.
EVERYBODYS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE}
CHANGED = N_("The course's library, data or packages have changed: everyone is graded anew.")
LOST = N_("The gradebook lacks a part of this submission: put an earlier copy of gradebook.db back")
IN_FLIGHT = 2  # submissions for each core, since each waits now and then
Tell = Callable[[int, int, int], object]
HAND_INS = 50  # of a student and an assignment that are remembered
AHEAD = 2  # jobs that wait in addition to those that run, so that no worker waits for us


class Engine(Protocol):
    """What runs a job: `course.grader.run.Engine`, or a stand-in of a test."""

    kind: str

    def run(self, job: Job) -> Ran:
        """Run a job to its end."""


class Executor(Protocol):
    """Where jobs run: threads of this process, or machines elsewhere."""

    workers: int
    kind: str

    def submit(self, job: Job) -> "Future[Ran]":
        """Run a job some time, and give a place where its result will be."""

    def close(self) -> None:
        """Drop what hasn't begun."""


class Threads:
    """Run jobs on this machine, one thread for each that runs at a time."""

    def __init__(self, engine: Engine, workers: int) -> None:
        self.engine, self.workers, self.kind = engine, workers, engine.kind
        self._pool = ThreadPoolExecutor(workers)

    def submit(self, job: Job) -> "Future[Ran]":
        """Run `job` when a thread is free."""
        return self._pool.submit(self.engine.run, job)

    def close(self) -> None:
        """Drop what hasn't begun; the engine ends what has."""
        self._pool.shutdown(wait=False, cancel_futures=True)


@dataclass
class _Item:
    """One student on the way from prepared to recorded."""

    submission: Submission
    hashes: dict[str, str]  # notebook → job
    ran: dict[str, Ran] = field(default_factory=dict)
    waiting: dict[str, "Future[Ran]"] = field(default_factory=dict)
    error: str = ""


def grade(
    name: str,
    student: str | None = None,
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
    sandbox: str = "auto",
    force: bool = False,
    engine: Engine | None = None,
    tell: Tell | None = None,
    root: Path,
    hooks: Hooks,
) -> dict[str, Any]:
    """Grade the submissions of an assignment that aren't graded yet, or have changed.

    Parameters
    ----------
    name : str
        The assignment: a lesson's id.
    student : str, optional
        This one only.
    jobs : int, optional
        How many submissions run at a time; two for each core if not given.
    scheduler : str, optional
        Address of a Dask scheduler that runs the jobs, such as ``tcp://host:8786``.
    sandbox : str
        ``"auto"``, ``"bubblewrap"`` or ``"none"``.
    force : bool
        Run again what has run before.
    engine : Engine, optional
        Instead of our own.
    tell : callable, optional
        Called with how many students are done, how many there are, and how many failed.
    root : Path
        The course's folder.
    hooks : Hooks
        What the grader must know of the course.

    Returns
    -------
    dict
        ``ok`` (no student failed), ``assignment``, ``students``: id → ``score``, ``max``,
        ``status`` (graded, unreadable, missing, failed), ``reason``, ``flags``, and ``penalty`` and
        ``by_hand`` as the gradebook has them; ``new`` and ``unchanged`` (how many), ``notes``,
        ``seconds``, ``sandbox``, ``report`` (the page for the class), ``term`` (the page for all
        lessons so far).

    Raises
    ------
    GraderError
        If there is no such assignment or student, nothing was submitted, another grader is at
        work, the gradebook can't be used, or there is no isolation.
    """
    root = root.resolve()
    began = time.monotonic()
    if jobs is not None and jobs < 1:
        raise GraderError(N_("--jobs must be 1 or more."))
    with contextlib.ExitStack() as stack:
        if engine is None and not scheduler and _something_new(name, student, force, root):
            imports = source.modules(name, root, hooks)
            more = prepare.asked_for(name, root, hooks)
            imports += tuple(one for one in more if one not in imports)
            engine = stack.enter_context(_engine(imports, sandbox, root, hooks))
        # Its imports go on while we do ours: nbgrader takes a second.
        assignment = source.read(name, root, hooks)
        who, others = _who(assignment, student)
        from course.grader import record, report, term

        ledger = Ledger(root, name)
        stack.enter_context(ledger.locked())
        session = stack.enter_context(record.opened(root))
        stack.enter_context(record.alone(session))

        def start() -> Executor:
            return stack.enter_context(_executor(assignment, engine, jobs, scheduler, sandbox))

        notes = [*others, *record.register(assignment, session)]
        earlier = [mark for one in who if (mark := ledger.mark(one))]
        if any(mark["library"] != assignment.library for mark in earlier):
            notes.append(CHANGED)
        run = _Run(assignment, ledger, session, force, start, tell)
        try:
            run.all(who)
        except KeyboardInterrupt:
            text = hooks.say(N_("{n} are graded."))
            print(f"\n{text.format(n=run.new)}", file=sys.stderr)
            raise
        totals = record.totals(name, session)
        everyone = prepare.students(assignment)[0]
        marks = {one: mark for one in everyone if (mark := ledger.mark(one))}
    rows = {one: _row(one, assignment, run, marks, totals) for one in who}
    failed = [one for one, row in rows.items() if row["status"] == FAILED]
    result = {
        "ok": not failed,
        "assignment": name,
        "students": rows,
        "new": run.new,
        "unchanged": len(who) - run.new - len(failed),
        "notes": notes,
        "sandbox": run.kind,
        "seconds": round(time.monotonic() - began, 2),
    }
    result["report"] = report.write(assignment, marks, totals, result)
    result["term"] = term.write(root, hooks)["page"]
    return result


def _who(assignment: Assignment, student: str | None) -> tuple[list[str], list[str]]:
    """Return the students to grade, and sentences about the other folders.

    Raises
    ------
    GraderError
        If there is none.
    """
    who, others = prepare.students(assignment)
    if student is None and not who:
        raise GraderError(
            N_(
                "Nothing is submitted for {lesson}: put notebooks into "
                "submitted/STUDENT/{lesson}/, or collect them with nbgrader."
            ).format(lesson=assignment.name)
        )
    if student is not None and student not in who:
        raise GraderError(
            N_("There is no submitted/{student}/{lesson}: check the student's id.").format(
                student=shown(student), lesson=assignment.name
            )
        )
    return (who, others) if student is None else ([student], [])


def _something_new(name: str, student: str | None, force: bool, root: Path) -> bool:
    """Guess, without nbgrader, whether anything will have to run."""
    marks = Ledger(root, name)
    submitted = settings.folder(root, "submitted")
    names = [student] if student else os.listdir(submitted) if submitted.is_dir() else []
    new = (one for one in names if force or marks.mark(one) is None)
    return any((submitted / one / name).is_dir() for one in new)


def _engine(modules: tuple[str, ...], sandbox: str, root: Path, hooks: Hooks) -> Any:
    from course.grader.run import Engine as Own

    return Own(modules, sandbox=sandbox, root=root, hooks=hooks)


@contextlib.contextmanager
def _executor(
    assignment: Assignment,
    engine: Engine | None,
    jobs: int | None,
    scheduler: str | None,
    sandbox: str,
) -> Iterator[Executor]:
    """Give what runs the jobs, and end it whatever happens."""
    if scheduler:
        if jobs is not None:
            raise GraderError(
                N_("With --scheduler the workers' threads decide how many run: leave out --jobs.")
            )
        from course.grader.cluster import Cluster  # loads Dask

        cluster = Cluster(
            scheduler,
            assignment.modules,
            sandbox,
            root=assignment.root,
            hooks=assignment.hooks,
        )
        with contextlib.closing(cluster):
            yield cluster
        return
    with contextlib.ExitStack() as stack:
        if engine is None:
            own = (assignment.modules, sandbox, assignment.root, assignment.hooks)
            made = _engine(*own)
            engine = stack.enter_context(made)
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        executor = Threads(engine, jobs or IN_FLIGHT * (cores or 1))
        stack.callback(executor.close)
        yield executor


class _Run:
    """One call of `grade`: the students on their way, and what has been counted."""

    def __init__(
        self,
        assignment: Assignment,
        ledger: Ledger,
        session: Any,
        force: bool,
        start: Callable[[], Executor],
        tell: Tell | None = None,
    ) -> None:
        from course.grader import adapter, record

        self.assignment, self.ledger, self.session = assignment, ledger, session
        self.force = force
        self.recorder = adapter.Recorder(assignment.name, assignment.root)
        self.before = record.totals(assignment.name, session)
        self.tell = tell
        self.start = start  # not before there is something to run: it takes seconds
        self.executor: Executor | None = None
        self.running: dict[str, Future[Ran]] = {}
        self.failures: dict[str, str] = {}
        self.hashes: set[str] = set()
        self.new = 0

    @property
    def kind(self) -> str:
        """The isolation that was used; empty if nothing had to run."""
        return self.executor.kind if self.executor else ""

    def all(self, who: list[str]) -> None:
        """Grade students, in order as far as they are ready."""
        todo = iter(who)
        on_way: list[_Item] = []
        began = time.monotonic()
        bar = tqdm(total=len(who), desc="Grading", unit="student", disable=None, leave=False)
        done = 0

        def step(count: int = 1) -> None:
            nonlocal done
            done += count
            bar.update(count)
            if self.tell is not None:
                self.tell(done, len(who), len(self.failures))

        step(0)
        with bar:
            more = True
            while more or on_way:
                while more and self._room(on_way):
                    student = next(todo, None)
                    if student is None:
                        more = False
                        break
                    item = self._start(student)
                    if item is not None:
                        on_way.append(item)
                    else:
                        step()
                ready = [item for item in on_way if all(f.done() for f in item.waiting.values())]
                if not ready and on_way:
                    futures = {f for item in on_way for f in item.waiting.values()}
                    wait(
                        [f for f in futures if not f.done()] or futures, return_when=FIRST_COMPLETED
                    )
                for item in ready:
                    on_way.remove(item)
                    self._finish(item)
                    step()
                speed = 60 * bar.n / max(time.monotonic() - began, 1e-3)
                text = self.assignment.hooks.say(N_("{failed} failed, {speed:.0f} a minute"))
                bar.set_postfix_str(text.format(failed=len(self.failures), speed=speed))
        if len(who) == len(prepare.students(self.assignment)[0]):
            self.ledger.tidy(self.hashes, set(who))

    def _room(self, on_way: list[_Item]) -> bool:
        limit = (self.executor.workers if self.executor else 1) + AHEAD
        return len({f for item in on_way for f in item.waiting.values()}) < limit

    def _start(self, student: str) -> _Item | None:
        """Prepare a student and begin to run what hasn't run; None if nothing is to do."""
        try:
            submission = prepare.prepare(self.assignment, student)
        except Exception as error:
            self._fail(student, N_("couldn't be read"), error)
            return None
        hashes = {one.name: one.job.hash() for one in submission.notebooks if one.job}
        item = _Item(submission, hashes)
        again = set() if not self.force else set(hashes.values()) - self.hashes
        self.hashes |= set(hashes.values())
        if self.force:
            self.ledger.unmark(student)
            for job in again:
                self.ledger.drop(job)
        elif self._recorded(submission):
            return None
        for one in submission.notebooks:
            if one.job is None:
                continue
            job = hashes[one.name]
            kept = self.ledger.ran(job)
            if kept is not None:
                item.ran[one.name] = kept
                continue
            if job not in self.running:
                if self.executor is None:
                    self.executor = self.start()
                self.running[job] = self.executor.submit(one.job)
            item.waiting[one.name] = self.running[job]
        return item

    def _recorded(self, submission: Submission) -> bool:
        """Tell whether the gradebook and ``autograded/`` have just this."""
        from course.grader import record

        mark = self.ledger.mark(submission.student)
        if mark is None:
            return False
        terms = record.terms(submission, self.recorder, self.session)
        if mark["key"] != submission.key(terms):
            return False
        places = self.recorder.coursedir
        folder = Path(
            places.format_path(
                places.autograded_directory, submission.student, self.assignment.name
            )
        )
        here = all((folder / f"{one.name}.ipynb").exists() for one in submission.notebooks)
        now = self.before.get(submission.student, {}).get("auto")
        return here and now == mark["auto"]

    def _finish(self, item: _Item) -> None:
        """Keep what has run, record the student, and mark that."""
        from course.grader import record

        student = item.submission.student
        for name, future in item.waiting.items():
            self.running.pop(item.hashes[name], None)
            try:
                item.ran[name] = future.result()
            except Exception as error:
                self._fail(student, N_("{name} couldn't be run").format(name=name), error)
                continue
            self.ledger.keep(item.hashes[name], item.ran[name])
        if student in self.failures:
            return
        try:
            auto = record.record(item.submission, item.ran, self.recorder, self.session)
        except Exception as error:
            self._fail(student, N_("couldn't be recorded"), error)
            return
        terms = record.terms(item.submission, self.recorder, self.session)
        self.ledger.set_mark(student, self._mark(item, auto, terms))
        self.new += 1

    def _fail(self, student: str, what: str, error: Exception) -> None:
        """Leave a student ungraded and go on; but not if the next one would meet the same."""
        if isinstance(error, GraderError) or getattr(error, "errno", None) in EVERYBODYS:
            raise error
        from course.grader.adapter import MissingEntry

        said = str(error).strip().split("\n")[0]
        if isinstance(error, MissingEntry):  # the same tomorrow
            self.failures[student] = f"{LOST} ({said})."
            return
        self.failures[student] = N_("{what} ({kind}: {said}): run it again.").format(
            what=what, kind=type(error).__name__, said=said
        )

    def _mark(self, item: _Item, auto: dict[str, dict[str, float]], terms: str) -> dict[str, Any]:
        """Return what is remembered of a student, for the next run and for the report."""
        submission, flags = item.submission, list(item.submission.flags)
        for one in submission.notebooks:
            flags += one.flags
        for ran in item.ran.values():
            flags += ran.flags
        exercises: list[dict[str, Any]] = []
        assignment = self.assignment
        for one in submission.notebooks:
            rows = results.exercises(
                assignment.notebooks[one.name],
                one.job,
                item.ran.get(one.name),
                auto[one.name],
                assignment.hooks,
                assignment.limits.cell_seconds,
            )
            codes = _answers(one, assignment)
            exercises += [
                row | {"notebook": one.name, "code": codes.get(row["exercise"], [])} for row in rows
            ]
        earlier = self.ledger.mark(submission.student) or {"history": []}
        status = GRADED if submission.status == prepare.READY else submission.status
        return {
            "key": submission.key(terms),
            "library": self.assignment.library,
            "auto": auto,
            "status": status,
            "reason": submission.reason,
            "flags": list(dict.fromkeys(flags)),
            "exercises": exercises,
            "history": _history(earlier["history"], exercises, submission.timestamp),
            "seconds": round(sum(ran.seconds for ran in item.ran.values()), 3),
            "peak_mb": max((ran.peak_mb for ran in item.ran.values()), default=0.0),
        }


def _answers(one: prepare.Prepared, assignment: Assignment) -> dict[str, list[str]]:
    """Return the tokens of a student's answers, by exercise, to compare them with others'."""
    if one.job is None:
        return {}
    given = assignment.notebooks[one.name].given
    return {
        marks["grade_id"]: similar.tokens(cell.source, given)
        for cell in one.node.cells
        if (marks := notebook.marks(cell)).get("solution") and cell.cell_type == "code"
    }


def _history(
    earlier: list[dict[str, Any]],
    exercises: list[dict[str, Any]],
    handed_in: datetime.datetime | None,
) -> list[dict[str, Any]]:
    """Return what a student has handed in so far, the last one as it is graded now.

    Returns
    -------
    list of dict
        ``time`` (UTC; when it was graded, if nobody says when it came), ``answers`` (their hash),
        ``score`` by the tests, ``missing`` (exercises without all their points).
    """
    codes = {f"{row['notebook']} {row['exercise']}": row["code"] for row in exercises}
    answers = hashlib.sha256(repr(sorted(codes.items())).encode("utf-8", "replace")).hexdigest()
    same = bool(earlier) and earlier[-1]["answers"] == answers
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    time = (handed_in or now).isoformat(" ", "minutes")
    last = {
        "time": earlier[-1]["time"] if same and handed_in is None else time,
        "answers": answers,
        "score": sum(row["score"] for row in exercises),
        "missing": [row["exercise"] for row in exercises if row["score"] < row["max"]],
    }
    return [*(earlier[:-1] if same else earlier), last][-HAND_INS:]


def _row(
    student: str,
    assignment: Assignment,
    run: _Run,
    marks: dict[str, dict[str, Any]],
    totals: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    """Return what a student has now."""
    own = totals.get(student)
    row: dict[str, Any] = {"score": own["score"] - own["penalty"] if own else None}
    row["max"] = assignment.points
    if own is None or student in run.failures or student not in marks:
        row["score"] = None
        return row | {"status": FAILED, "reason": run.failures.get(student, ""), "flags": []}
    mark = marks[student]
    row |= {key: mark[key] for key in ("status", "reason", "flags")}
    return row | {"penalty": own["penalty"], "by_hand": own["by_hand"]}


def show(result: dict[str, Any], say: Callable[[str], str] = str) -> None:
    """Print the class for people; `say` gives a text in their language."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=result["assignment"], title_justify="left")
    for head in (N_("student"), N_("score"), N_("status"), N_("to look at")):
        table.add_column(say(head), justify="right" if head == "score" else "left")
    for student, row in result["students"].items():
        score = say(N_("{got} of {most}")).format(
            got=f"{row['score'] or 0:g}", most=f"{row['max']:g}"
        )
        notes = [row["reason"], *row["flags"]]
        if row.get("penalty"):
            late = N_("late: {penalty} points less")
            notes.append(late.format(penalty=f"{row['penalty']:g}"))
        words = "\n".join(say(note) for note in notes if note)
        score = "" if row["score"] is None else score
        table.add_row(Text(shown(student)), score, say(row["status"]), Text(words))
    console = Console()
    console.print(table)
    for note in result["notes"]:
        console.print(Text(say(note)))
    text = N_(
        "{new} graded now, {unchanged} as before, in {seconds} s. The class: {report}; "
        "the term: {term}"
    )
    console.print(say(text).format(**result), soft_wrap=True)
