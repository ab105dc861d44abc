"""Tests of the tests: what the checks of a lesson let through, and what they stop.

For each exercise there are mutants (answers that hold one misconception each) and alternates (right
answers by another method). A lesson is verified in one warm process (`grader.local`, as a learner's
own check): the solution notebook runs cell by cell, and where an exercise's answer is due, each
variant goes on from there in a copy of the process, with all cells that follow (of other exercises'
checks the visible part). So every variant meets every check, and imports and earlier cells are paid
once. Lessons run side by side, one for each core.

Where an exercise's checks define ``FUNCTION_inputs(rng)``, which draws arguments that cover what
the text allows, all variants are also held to the solution on some hundred of its draws: alternates
agree with it everywhere, a mutant differs somewhere.

What it can't see: whether a mutant is a mistake that people make, and whether a message helps.
"""

import ast
import dataclasses
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from course import language, paths, records
from course.author import leak, translate
from course.grader import notebook, settings
from course.grader.job import STUDENT, DeathError, Job, Limits, Result, Step
from course.grader.local import Worker
from course.grader.notebook import Cell
from course.grader.plan import plan
from course.grader.results import earned
from course.grader.source import imported, open_notebook
from course.hooks import HOOKS
from course.translate import built

MUTANTS, ALTERNATES = 3, 1  # at least so many for each exercise
HEADER = re.compile(
    r"# %% (?P<name>.+?)(?: \| says: (?P<says>.+?))?(?: \| falls: (?P<falls>.+?))?"
    r"(?: \| inputs: (?P<inputs>.+?))?\s*"
)

# Run before the variants: what the solution answers to as many draws as the seconds allow.
DRAWS, DRAW_SECONDS = 300, 3.0
WANTED = """
import time as _time
import numpy as _numpy
from course.checks import expect as _expect
def _answered(seed):
    arguments = {name}_inputs(_numpy.random.default_rng(seed))
    if not isinstance(arguments, tuple):
        raise SystemError("{name}_inputs returns a tuple of arguments")
    try:
        return "gave", {name}(*arguments)
    except Exception as error:
        return "raised", type(error).__name__
def _agree(got, want):
    if got[0] == "raised":
        return False
    try:
        _expect(got[1], want[1], "", rtol=1e-4, atol=1e-6)
    except AssertionError:
        return False
    return True
_wanted, _end = {{}}, _time.monotonic() + {seconds}
for _seed in range(1000, 1000 + {draws}):
    _kind, _value = _wanted[_seed] = _answered(_seed)
    assert _kind == "gave", f"the solution ends with {{_value}} (seed {{_seed}})."
    if _time.monotonic() > _end:
        break
"""
AGREES = """
_other = next((seed for seed, want in _wanted.items() if not _agree(_answered(seed), want)), None)
assert _other is None, f"seed {_other}"
"""


@dataclass(frozen=True)
class Variant:
    """Another answer to an exercise.

    Attributes
    ----------
    name : str
    comment : str
        The misconception, or the method, in plain words.
    code : str
        What the solution cell holds instead of the solution.
    says : str
        Must be in the message that stops a mutant; empty if none is promised.
    falls : str
        Which checks stop a mutant: ``"visible"`` or ``"hidden"``.
    inputs : str
        ``"same"`` for a mutant that no value tells from the solution: it cuts a gradient, or its
        answer is of a wrong type.
    """

    name: str
    comment: str
    code: str
    says: str = ""
    falls: str = ""
    inputs: str = ""


def verify(
    lessons: list[str] | None = None,
    *,
    root: Path | None = None,
    draws: int = DRAWS,
    apart: bool = True,
    lang: str | None = None,
) -> dict[str, Any]:
    """Test the tests of `lessons`, or of all.

    Parameters
    ----------
    lessons : list of str, optional
    root : Path, optional
        The course's folder.
    draws : int
        Inputs of an exercise on which its alternates are held to its solution; a mutant has
        ``DRAWS`` of them to differ.
    apart : bool
        Whether each variant runs in a copy of the process of its own. Otherwise the variants of an
        exercise run one after the other in one copy, and alone only if something is wrong, and
        what they import is there from the start: that is faster, but what one leaves behind could
        make a mutant fall that else survives.
    lang : str, optional
        The language in which the lessons are put together and verified; English if left out.

    Returns
    -------
    dict
        ``ok``, ``exercises``, ``mutants`` [killed, all], ``alternates`` [kept, all], ``lessons``
        (id → ``solution`` and ``release`` [got, max], ``exercises``, ``mutants``, ``alternates``,
        ``seconds`` to grade the solution notebook once, ``peak_mb``), ``problems`` (sentences).

    Raises
    ------
    CourseError
        If a lesson is unknown or its notebook damaged.
    """
    root = root or paths.ROOT
    with language.speaking(lang or "en"):
        return _verify(settings.sources(lessons, root), root, draws, apart, lang)


def _verify(
    lessons: list[str], root: Path, draws: int, apart: bool, lang: str | None
) -> dict[str, Any]:
    if lang:
        translate.build(lang, lessons, root=root)
    all_plans = [Plan(name, root, draws, apart, lang) for name in lessons]
    steps = sum(plan.steps() for plan in all_plans)
    with tqdm(total=steps, desc="Verifying", unit="run", disable=None, leave=False) as bar:
        pool = ThreadPoolExecutor(max_workers=max(1, min(os.cpu_count() or 1, len(all_plans))))
        try:
            found = list(pool.map(lambda plan: plan.run(bar), all_plans))
        except BaseException:
            for plan in all_plans:
                plan.stop()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
    result = dict(zip([plan.lesson for plan in all_plans], found, strict=True))
    return {
        "ok": not any(plan.problems for plan in all_plans),
        "exercises": sum(lesson["exercises"] for lesson in found),
        "mutants": [sum(lesson["mutants"][i] for lesson in found) for i in (0, 1)],
        "alternates": [sum(lesson["alternates"][i] for lesson in found) for i in (0, 1)],
        "lessons": result,
        "problems": [problem for plan in all_plans for problem in plan.problems],
    }


def rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of the table that people see."""
    return [
        {
            "lesson": name,
            "solution": "{:g}/{:g}".format(*lesson["solution"]),
            "release": "{:g}/{:g}".format(*lesson["release"]),
            "mutants": "{}/{}".format(*lesson["mutants"]),
            "alternates": "{}/{}".format(*lesson["alternates"]),
            "seconds": round(lesson["seconds"], 1),
            "MB": round(lesson["peak_mb"]),
        }
        for name, lesson in result["lessons"].items()
    ]


def variants(path: Path) -> list[Variant]:
    """Read mutants or alternates: a Python file in percent format, one variant a cell.

    Each cell begins with ``# %% name | says: text | falls: visible`` (the last two for mutants)
    and a comment that says what is meant; the rest is the whole code of the solution cell.
    """
    found: list[Variant] = []
    if not path.exists():
        return found
    for part in re.split(r"(?m)^(?=# %% )", path.read_text(encoding="utf-8"))[1:]:
        header, _, code = part.partition("\n")
        match = HEADER.fullmatch(header)
        first = next((line for line in code.split("\n") if line.strip()), "")
        comment = first.lstrip("# ").strip() if first.startswith("#") else ""
        parts = {key: value or "" for key, value in match.groupdict().items()} if match else {}
        found.append(Variant(**{"name": header} | parts, comment=comment, code=code.strip("\n")))
    return found


class Plan:
    """One lesson: what is to run, and the problems found so far."""

    def __init__(
        self,
        lesson: str,
        root: Path,
        draws: int = DRAWS,
        apart: bool = True,
        lang: str | None = None,
    ) -> None:
        self.lesson, self.root, self.draws, self.lang = lesson, root, draws, lang
        self.apart = apart
        self.path = built.notebook(lesson, "source", root, lang or "en")
        self.source = open_notebook(self.path, root, HOOKS)
        self.cells = self.source.cells
        _, job = plan({"cells": list(self.source.raw)}, self.source)
        self.ignored = settings.ignored(root)
        self.exercises = [cell.name for cell in self.cells if cell.kind == "solution"]
        tests = root / "tests"
        self.mutants, self.alternates = (
            {name: variants(tests / kind / lesson / f"{name}.py") for name in self.exercises}
            for kind in ("mutants", "alternates")
        )
        limits = Limits(cell_seconds=settings.cell_seconds(root))
        self.job: Job = dataclasses.replace(
            job, limits=limits, modules=job.modules if apart else self.all_modules()
        )
        self.problems: list[str] = []
        self.killed = self.kept = self.drawn = 0
        self.worker: Worker | None = None
        self.stopped = False

    def steps(self) -> int:
        """Return how many runs there are to wait for."""
        groups = (*self.mutants.values(), *self.alternates.values())
        return 2 + sum(len(group) for group in groups)

    def stop(self) -> None:
        """End what is running, from another thread."""
        self.stopped = True
        if self.worker is not None:
            self.worker.process.kill()

    def problem(self, text: str, exercise: str = "", variant: str = "") -> None:
        """Note a problem, with where it lies in front."""
        self.problems.append(" · ".join(filter(None, (self.lesson, exercise, variant, text))))

    def run(self, bar: Any) -> dict[str, Any]:
        """Verify this lesson; problems go to `problems`."""
        self.problems += [f"{self.lesson} · {text}" for text in structure(self.lesson, self.cells)]
        self.check_files()
        maximum = sum(cell.points for cell in self.cells if cell.kind == "grade")
        result: dict[str, Any] = {
            "solution": [0.0, maximum],
            "release": [0.0, maximum],
            "exercises": len(self.exercises),
            "drawn": 0,
            "seconds": 0.0,
            "peak_mb": 0.0,
        }
        start = time.perf_counter()
        try:
            if not self.stopped:
                with Worker(self.job, self.path.parent, self.root, HOOKS) as self.worker:
                    self.walk(self.worker, result, start, bar)
        except DeathError as death:
            if not self.stopped:
                self.problem(f"the solution notebook ends Python ({death.outcome['error']}).")
        self.check_budget(result)
        return result | {
            "drawn": self.drawn,
            "mutants": [self.killed, sum(map(len, self.mutants.values()))],
            "alternates": [self.kept, sum(map(len, self.alternates.values()))],
        }

    def walk(self, worker: Worker, result: dict[str, Any], start: float, bar: Any) -> None:
        """Run the solution notebook; where an answer is due, let its variants go on from there."""
        aside = 0.0  # seconds that the variants took, which grading a notebook doesn't
        released = False
        for place, step in enumerate(self.job.steps):
            if step.where == STUDENT:
                branched = time.perf_counter()
                if not released:
                    released = True
                    result["release"][0] = self.run_release(worker, place)
                    bar.update()
                self.run_variants(worker, place, bar)
                aside += time.perf_counter() - branched
            ran = worker.run(step)
            if step.grade:
                cell = self.source.known[step.grade]
                result["solution"][0] += earned(cell, ran, self.ignored)
            self.check_solution(step, ran)
        result["peak_mb"] = worker.peak_mb()
        result["seconds"] = time.perf_counter() - start - aside
        bar.update()

    # --- the solution and the release ---

    def check_solution(self, step: Step, ran: Result) -> None:
        """Note what our own notebook does wrong in a step."""
        name = step.grade or step.exercise
        if not ran.passed or ran.trusted_error:
            where = "a cell of the notebook"
            if name:
                where = f"the solution fails in {name}" if step.grade else "the solution"
            self.problem(f"{where}: {said(ran)}", step.exercise)
        elif step.grade and ran.value:
            text = f"{name} ends with a value, which nbgrader may take for points: end it "
            self.problem(text + "with an assert or a call that returns None.", step.exercise)
        if name and (noise := ran.stderr or ran.aside):
            first = noise.strip().split("\n")[0]
            self.problem(f"{name} isn't silent on stderr: {first}", step.exercise)

    def run_release(self, worker: Worker, place: int) -> float:
        """Return the points of the release as it lies there; none is right.

        The steps before `place` have run: the release must have the same.
        """
        path = built.notebook(self.lesson, "release", self.root, self.lang or "en")
        if not path.exists():
            self.problem(f"release/{self.lesson} is missing: run `python3 start.py build`.")
            return 0.0
        restored, job = plan(notebook.read(path), self.source)
        if [_key(cell) for cell in restored.cells] != [_key(cell) for cell in self.cells]:
            self.problem(
                f"release/{self.lesson} isn't what source/ gives: run `python3 start.py build`."
            )
            return 0.0
        points = 0.0
        for ran in worker.branch(list(job.steps[place:])):
            got = earned(self.source.known[ran.grade], ran, self.ignored) if ran.grade else 0.0
            points += got
            if got:
                self.problem(f"the release as it is passes {ran.grade}.", ran.exercise)
        return points

    # --- mutants and alternates ---

    def all_modules(self) -> tuple[str, ...]:
        """Return what the notebook and its variants import: loaded once, not in each copy."""
        groups = [*self.mutants.values(), *self.alternates.values()]
        cells = [dataclasses.replace(self.cells[0], source=v.code) for some in groups for v in some]
        found = (name for cell in cells for name in imported(cell, HOOKS))
        return tuple(dict.fromkeys([*self.source.modules, *found]))

    def check_files(self) -> None:
        """Note missing, lonely and malformed variants."""
        for kind, least in (("mutants", MUTANTS), ("alternates", ALTERNATES)):
            folder = self.root / "tests" / kind / self.lesson
            groups = getattr(self, kind)
            for path in sorted(folder.glob("*.py")):
                if path.stem not in groups:
                    self.problem(
                        f"tests/{kind} has a file for it, but the lesson has no such exercise.",
                        path.stem,
                    )
            for name, group in groups.items():
                if len(group) < least:
                    self.problem(f"{len(group)} {kind}, but at least {least} are needed.", name)
                for double, count in Counter(variant.name for variant in group).items():
                    if count > 1:
                        self.problem(f"{count} {kind} have this name.", name, double)
                for variant in group:
                    if not variant.comment:
                        text = "the line after its header must be a comment that says what it is."
                        self.problem(text, name, variant.name)
        for name, group in self.mutants.items():
            for mutant in group:
                if mutant.falls not in ("visible", "hidden"):
                    self.problem(
                        "its header must end with | falls: visible or | falls: hidden.",
                        name,
                        mutant.name,
                    )
            if group and sum(bool(mutant.says) for mutant in group) * 3 < len(group) * 2:
                self.problem("fewer than two of three mutants have a `says`.", name)
            if group and not any(mutant.falls == "hidden" for mutant in group):
                self.problem("no mutant falls to hidden checks only.", name)
        for name, group in self.alternates.items():
            ours = self.solution_shape(name)
            for alternate in group:
                if ours is not None and leak.shape(alternate.code, name) == ours:
                    self.problem(
                        "this alternate is the solution with other names.", name, alternate.name
                    )

    def solution_shape(self, name: str) -> str | None:
        """Return the plain form of our own solution of exercise `name`."""
        cell = next(c for c in self.cells if c.kind == "solution" and c.name == name)
        return leak.shape(cell.source, name)

    def run_variants(self, worker: Worker, place: int, bar: Any) -> None:
        """Run all variants of the exercise whose answer is the step at `place`."""
        answer = self.job.steps[place]
        name = answer.exercise
        rest = self.job.steps[place + 1 :]
        own = [step for step in rest if step.grade and step.exercise == name]
        seen = [_visible(step) for step in own]

        def kept(alternate: Variant, ran: list[Result]) -> bool:
            return self.check_alternate(name, alternate, ran)

        def killed(mutant: Variant, ran: list[Result]) -> bool:
            unseen = all(one.passed for one in ran[1 : 1 + len(seen)])
            return self.check_mutant(name, mutant, ran, len(seen), unseen)

        self.kept += self.tried(worker, answer, self.alternates[name], own, kept, bar)
        checks = [*seen, *own]  # first what a learner sees
        self.killed += self.tried(worker, answer, self.mutants[name], checks, killed, bar)
        self.check_others(worker, answer, seen, rest)
        first = own[0].source if own else ""
        if re.search(rf"(?m)^def {name}_inputs\(", first):
            self.drawn += 1
            told = [one for one in self.mutants[name] if one.inputs != "same"]
            same = self.draw(worker, answer, own[0], self.draws, told, self.alternates[name])
            if same and self.draws < DRAWS:
                same = self.draw(worker, answer, own[0], DRAWS, same)
            for mutant in same:
                text = "on drawn inputs this mutant never differs from the solution."
                self.problem(text, name, mutant.name)

    def tried(
        self,
        worker: Worker,
        answer: Step,
        mine: Sequence[Variant],
        checks: Sequence[Step],
        check: Callable[[Variant, list[Result]], bool],
        bar: Any,
    ) -> int:
        """Run variants with `checks` after each, and return how many are as they should be.

        If they needn't be `apart`, they run one after the other first, and only those that aren't
        as they should be run again, alone: what is said of them comes from that.
        """
        groups = [[dataclasses.replace(answer, source=one.code), *checks] for one in mine]
        together: list[Result] = []
        if groups and not self.apart:
            together = worker.branch([step for group in groups for step in group])
        good = 0
        for one, group in zip(mine, groups, strict=True):
            before, size = len(self.problems), len(group)
            ran, together = together[:size], together[size:]
            fine = bool(ran) and check(one, ran)
            if not fine:
                del self.problems[before:]
                fine = check(one, worker.branch(group))
            good += fine
            bar.update()
        return good

    def check_others(
        self, worker: Worker, answer: Step, seen: Sequence[Step], rest: Sequence[Step]
    ) -> None:
        """Note what a variant does to other exercises: their visible checks pass after it.

        All variants run one after the other, then the `rest` of the notebook once. Where something
        of it fails, each variant goes alone, to tell which one it was.
        """
        name = answer.exercise
        others = [_visible(step) for step in rest if step.exercise != name]
        mine = [*self.alternates[name], *self.mutants[name]]
        groups = [[dataclasses.replace(answer, source=one.code), *seen] for one in mine]
        together = worker.branch([*(step for group in groups for step in group), *others])
        if all(one.passed for one in together[len(together) - len(others) :] if one.exercise):
            return
        for variant, group in zip(mine, groups, strict=True):
            for one in worker.branch([*group, *others])[len(group) :]:
                if one.exercise and not one.passed:
                    cell = one.grade or one.exercise
                    text = f"this variant also costs {cell}: {said(one)}"
                    self.problem(text, name, variant.name)

    def draw(
        self,
        worker: Worker,
        answer: Step,
        check: Step,
        draws: int,
        mutants: Sequence[Variant],
        alternates: Sequence[Variant] = (),
    ) -> list[Variant]:
        """Hold variants to the solution on so many arguments drawn by `check`.

        Returns
        -------
        list of Variant
            The mutants that never differ.
        """
        name = answer.exercise
        code = WANTED.format(name=name, draws=draws, seconds=DRAW_SECONDS)
        steps = [answer, check, dataclasses.replace(check, source=code)]
        for variant in (*alternates, *mutants):
            steps.append(dataclasses.replace(answer, source=variant.code))
            steps.append(dataclasses.replace(check, source=AGREES))
        ran = worker.branch(steps)
        if not ran[2].passed:
            self.problem(f"its drawn inputs: {said(ran[2])}", name)
            return []
        outcomes = ran[4::2]
        for alternate, one in zip(alternates, outcomes, strict=False):
            if not one.passed:
                text = f"on drawn inputs this alternate differs from the solution: {said(one)}"
                self.problem(text, name, alternate.name)
        ended = zip(mutants, outcomes[len(alternates) :], strict=True)
        return [mutant for mutant, one in ended if one.passed]

    def check_alternate(self, name: str, alternate: Variant, ran: list[Result]) -> bool:
        """Tell whether an alternate keeps all points."""
        before = len(self.problems)
        for one in ran:
            if not one.passed:
                where = f"loses {one.grade}" if one.grade else "doesn't run"
                self.problem(f"this alternate {where}: {said(one)}", name, alternate.name)
        return len(self.problems) == before

    def check_mutant(
        self, name: str, mutant: Variant, ran: list[Result], seen: int, unseen: bool
    ) -> bool:
        """Tell whether a mutant falls as it should: by an assertion.

        Parameters
        ----------
        name : str
            The exercise.
        mutant : Variant
        ran : list of Result
            The answer, so many (`seen`) of its checks without their hidden part, and all of them.
        seen : int
        unseen : bool
            Whether all of those have passed.
        """
        before = len(self.problems)
        own: list[Result] = []
        for one in [ran[0], *ran[1 + seen :]]:
            if one.passed:
                continue
            if one is ran[0]:
                self.problem(f"this mutant doesn't run: {said(one)}", name, mutant.name)
            else:
                own.append(one)
        fell = [one for one in (*own, *ran[1 : 1 + seen]) if not one.passed]
        for outcome in {one.error: one for one in fell}.values():
            if outcome.error != "AssertionError":
                text = (
                    f"this mutant falls by its own exception, not by an assertion: {said(outcome)}"
                )
                self.problem(text, name, mutant.name)
        if not own:
            self.problem("this mutant survives: no check fails.", name, mutant.name)
        elif not self.is_said(name, mutant.says, own):
            text = f"no message says {mutant.says!r}, but: {said(own[0])}"
            self.problem(text, name, mutant.name)
        if own and unseen != (mutant.falls == "hidden") and mutant.falls in ("visible", "hidden"):
            where = "the hidden checks only" if unseen else "a visible check"
            self.problem(
                f"this mutant falls to {where}, its header says {mutant.falls}.", name, mutant.name
            )
        return len(self.problems) == before

    def is_said(self, name: str, says: str, own: list[Result]) -> bool:
        """Tell whether a message has the words that a mutant's header promises."""
        wanted = [re.compile(re.escape(_flat(says)))]
        if self.lang and says:
            wanted = translate.promised(self.lesson, _flat(says), self.lang)
        return any(one.search(_flat(outcome.message)) for one in wanted for outcome in own)

    def check_budget(self, result: dict[str, Any]) -> None:
        """Note time and memory above the targets."""
        measured = {"lesson_seconds": result["seconds"], "lesson_mb": result["peak_mb"]}
        for key, holds in records.meets("verify", measured).items():
            if not holds:
                bound = records.targets("verify")[key][1]
                unit = key.removeprefix("lesson_").replace("mb", "MB")
                self.problem(
                    f"over budget: it takes {measured[key]:.1f} {unit}, and {bound:g} are allowed."
                )


def structure(lesson: str, cells: Sequence[Cell]) -> Iterator[str]:
    """Yield what is wrong with a source notebook before anything runs."""
    total = sum(cell.points for cell in cells)
    wanted = 10 if lesson.startswith("00_") else 100
    if abs(total - wanted) > 1e-9 and not in_the_making(cells):
        yield f"the points sum to {total:g}, not {wanted}."
    named = Counter(cell.name for cell in cells if cell.name)
    for name in (name for name, count in named.items() if count > 1):
        yield f"{named[name]} cells have the grade_id {name}."
    places = {
        cell.name: i for i, cell in reversed(list(enumerate(cells))) if cell.kind == "solution"
    }
    graded = {cell.exercise for cell in cells if cell.kind == "grade"}
    for index, cell in enumerate(cells):
        if cell.kind in ("manual", "locked"):
            yield f"{cell.name} is manually graded, a task or locked: use checks that run."
        elif cell.kind == "grade":
            if not re.fullmatch(r".+_\d+", cell.name) or cell.exercise not in places:
                yield f"{cell.name} belongs to no exercise: name it <exercise>_1, _2, …"
            elif places[cell.exercise] > index:
                yield f"{cell.exercise} · {cell.name} comes before its solution."
            if not cell.points > 0:
                yield f"{cell.exercise} · {cell.name} is worth nothing."
            if notebook.BEGIN_HIDDEN in cell.source and not notebook.visible(cell.source).strip():
                yield f"{cell.exercise} · {cell.name} has nothing but hidden checks."
        elif cell.kind == "solution":
            yield from (f"{cell.name} · {text}" for text in _solution(cell, graded))
        if cell.kind in ("solution", "grade"):
            try:
                ast.parse(cell.source)
            except SyntaxError as error:
                yield f"{cell.exercise} · {cell.name} isn't plain Python (no % or !): {error.msg}."


def in_the_making(cells: Sequence[Cell]) -> bool:
    """Tell whether the title says that the lesson isn't finished: its points may sum to less."""
    title = next((cell.source for cell in cells if cell.kind == "text"), "")
    return "(in the making)" in title.split("\n")[0]


def _solution(cell: Cell, graded: set[str]) -> Iterator[str]:
    marks = [m.group() for m in leak.MARKER.finditer(cell.source)]
    if not marks or marks != [notebook.BEGIN_SOLUTION, notebook.END_SOLUTION] * (len(marks) // 2):
        yield "the solution needs ### BEGIN SOLUTION and ### END SOLUTION, in pairs."
    elif leak.shape(notebook.stub(cell.source), cell.name) is None:
        yield "learners don't see its def line: put the function's head above the markers."
    if leak.shape(cell.source, cell.name) is None:
        yield f"the solution doesn't define a function {cell.name}."
    if cell.name not in graded:
        yield "no check grades it."


def _visible(step: Step) -> Step:
    """Return a check without its hidden part; another step as it is."""
    return dataclasses.replace(step, source=notebook.visible(step.source)) if step.grade else step


def said(result: Result) -> str:
    """Return the exception of a cell in one line."""
    error, message = result.error or result.trusted_error, result.message or result.trusted_message
    message = " ".join(message.split())
    return f"{error}: {message}" if message else str(error)


def _key(cell: Cell) -> tuple[str, str, str]:
    """Return what source and release must share: all but the answer."""
    source = notebook.stub(cell.source) if cell.kind == "solution" else cell.source
    return (cell.kind, cell.name, source)


def _flat(text: str) -> str:
    return " ".join(text.split())
