"""`course bench grading`: our grader against stock nbgrader on one class, in the same run.

The class hands in the course's own lessons 01 and 07: honest submissions that differ pairwise in
their answers (solutions, other right answers, misconceptions and blanks from ``tests/``, drawn with
a seed). The peer is two ``nbgrader autograde`` processes, each over half of the class with a
gradebook of its own, so that neither waits for the other. Ours is ``course grade`` with the sandbox
and the trusted process on, nothing kept from before. All start-ups count on both sides, and the
scores of both gradebooks are compared cell by cell. Left out on purpose: feedback and reports of
stock (ours writes its report within the time), and submissions that stock can't grade.

`large` takes the time of one large class alone, without a peer, on two processors.
"""

import copy
import json
import os
import random
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
from tqdm import tqdm

from course import paths, records, shield
from course.author import verify
from course.errors import CourseError
from course.grader import notebook
from course.hooks import HOOKS

LESSONS = ("01_pretraining", "07_rlhf_ppo")
STUDENTS, SEED, JOBS = 40, 11, 4
MANY = 500  # submissions in the measurement of memory
CORES = 2  # for a large class
PEER = "nbgrader autograde"
Scores = dict[tuple[str, str, str], float]


def run(students: int = STUDENTS, *, many: int = MANY, root: Path | None = None) -> dict[str, Any]:
    """Measure both.

    Parameters
    ----------
    students : int
        An even number.
    many : int
        How many submissions one warm process runs while its memory is watched.

    Returns
    -------
    dict
        ``ok`` (all targets hold), ``ratio`` of the peer's wall time to ours, ``ours`` and ``peer``
        (seconds per submitted notebook), ``ours_seconds``, ``peer_seconds``, ``overhead`` (the
        share of our processor time that isn't spent in cells), ``different`` (cells with another
        score), ``cells``, ``memory_mb`` (of our processes together, after a tenth of `many`
        submissions and after all), ``memory_growth``, ``sandbox``, ``peer_name``,
        ``peer_arguments``, ``unit``.

    Raises
    ------
    CourseError
        If the full course isn't here, or a grader fails.
    """
    root = (root or paths.ROOT).resolve()
    if not (root / "tests" / "alternates").exists():
        raise CourseError("There is no tests/ here: this benchmark needs the full course.")
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as scratch:
        halves = [Path(scratch) / name for name in ("a", "b")]
        whole = Path(scratch) / "all"
        names = [f"{'ab'[i % 2]}{i:03d}" for i in range(students)]
        for place in (*halves, whole):
            _course(root, place)
        for student in names:
            for lesson in LESSONS:
                text = json.dumps(submission(lesson, student, root))
                for place in (whole, halves["ab".index(student[0])]):
                    folder = place / "submitted" / student / lesson
                    folder.mkdir(parents=True)
                    (folder / f"{lesson}.ipynb").write_text(text, encoding="utf-8")
        for place in (*halves, whole):
            for lesson in LESSONS:
                _nbgrader(place, "generate_assignment", lesson, "--force").wait()
        with tqdm(total=4, desc="Grading", unit="part", disable=None, leave=False) as bar:
            peer = _peer(halves, bar)
            ours, graded = _ours(whole, bar)
            memory = _memory(many, root)
            bar.update()
        mine = _scores(whole)
        stock = {key: score for half in halves for key, score in _scores(half).items()}
        busy = _busy(whole)
    notebooks = students * len(LESSONS)
    result = {
        "ratio": round(peer / ours, 2),
        "ours": round(ours / notebooks, 3),
        "peer": round(peer / notebooks, 3),
        "unit": "seconds per submitted notebook",
        "ours_seconds": round(ours, 1),
        "peer_seconds": round(peer, 1),
        "overhead": round(1 - busy / (JOBS * ours), 3),
        "different": sum(mine.get(key) != stock.get(key) for key in mine.keys() | stock.keys()),
        "cells": len(stock),
        "memory_mb": memory,
        "students": students,
        "sandbox": graded,
        "peer_name": PEER,
        "peer_arguments": "two processes; each has half of the class and its own gradebook",
    }
    growth = {"memory_growth": round(memory[-1] / memory[0], 3)}
    return {"ok": all(records.meets("bench grading", result | growth).values())} | result | growth


def rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the table of the benchmark."""
    start, end = result["memory_mb"]
    return [
        {"": "ours", result["unit"]: f"{result['ours']:.2f}"},
        {"": result["peer_name"], result["unit"]: f"{result['peer']:.2f}"},
        {"": "ratio", result["unit"]: f"{result['ratio']:.2f}"},
        {"": "other scores", result["unit"]: f"{result['different']} of {result['cells']} cells"},
        {"": "our time outside of cells", result["unit"]: f"{result['overhead']:.0%}"},
        {"": "our memory", result["unit"]: f"{start:.0f} MB, at the end {end:.0f} MB"},
    ]


def large(
    submissions: int, lesson: str = LESSONS[0], *, root: Path | None = None
) -> dict[str, Any]:
    """Grade a large class on `CORES` processors, with all that a start takes.

    Returns
    -------
    dict
        ``ok``, ``submissions``, ``lesson``, ``minutes``, ``a_minute`` (submissions), ``cores``
        (fewer, where there are no more), ``graded`` (students who have a score), ``sandbox``.

    Raises
    ------
    CourseError
        If the full course isn't here, or the grader fails.
    """
    root = (root or paths.ROOT).resolve()
    if submissions < 1:
        raise CourseError("A class has one submission or more.")
    if not (root / "tests" / "alternates").exists():
        raise CourseError("There is no tests/ here: this benchmark needs the full course.")
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as scratch:
        place = Path(scratch) / "all"
        _course(root, place, [lesson])
        for number in range(submissions):
            folder = place / "submitted" / f"s{number:04d}" / lesson
            folder.mkdir(parents=True)
            text = json.dumps(submission(lesson, folder.parent.name, root))
            (folder / f"{lesson}.ipynb").write_text(text, encoding="utf-8")
        before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
        used = sorted(before)[:CORES]
        try:
            if used:  # what we start inherits it
                os.sched_setaffinity(0, used)
            with tqdm(total=1, desc="Grading", unit="class", disable=None, leave=False) as bar:
                seconds, kind = _ours(place, bar, [lesson], jobs=None)
        finally:
            if used:
                os.sched_setaffinity(0, before)
        graded = len({student for student, _, _ in _scores(place, [lesson])})
    return {
        "ok": graded == submissions,
        "submissions": submissions,
        "lesson": lesson,
        "minutes": round(seconds / 60, 2),
        "a_minute": round(60 * submissions / seconds, 1),
        "cores": len(used) or os.cpu_count(),
        "graded": graded,
        "sandbox": kind,
    }


def large_rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the table of a large class."""
    kept = ("submissions", "lesson", "minutes", "a_minute", "cores")
    return [{key.replace("_", " "): result[key] for key in kept}]


def submission(lesson: str, student: str, root: Path) -> dict[str, Any]:
    """Return what an honest student hands in: most answers right, some wrong, some blank."""
    dice = random.Random(f"{SEED} {lesson} {student}")
    book = copy.deepcopy(notebook.read(notebook.path_of(lesson, root / "release")))
    source = notebook.cells(notebook.read(notebook.path_of(lesson, root / "source")))
    right = {cell.name: cell.source for cell in source if cell.kind == "solution"}
    for cell in book["cells"]:
        meta = cell["metadata"].get("nbgrader", {})
        if not meta.get("solution"):
            continue
        name = meta["grade_id"]
        chosen = dice.random()
        answer = right[name]
        if chosen < 0.4:
            kind = "alternates" if chosen < 0.2 else "mutants"
            found = verify.variants(root / "tests" / kind / lesson / f"{name}.py")
            answer = dice.choice(found).code if found else answer
        elif chosen < 0.45:
            answer = notebook.text_of(cell)
        cell["source"] = f"{answer}\n\n# {student}, {dice.random()}"
    return book


def _course(root: Path, place: Path, lessons: Sequence[str] = LESSONS) -> None:
    place.mkdir()
    for lesson in lessons:
        shutil.copytree(root / "source" / lesson, place / "source" / lesson)
    for name in ("course", "data"):
        (place / name).symlink_to(root / name)
    shutil.copy(root / "nbgrader_config.py", place)


def _nbgrader(place: Path, *words: str) -> subprocess.Popen:
    return subprocess.Popen(
        shield.python("-m", "nbgrader", *words),
        cwd=place,
        env=shield.environment() | {"COURSE_ROOT": str(place)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _peer(halves: list[Path], bar: tqdm) -> float:
    """Return the seconds that the two stock processes take, which work at the same time."""
    from course.grader import adapter  # loads nbgrader

    stock = adapter.stock("autograde")
    start = time.perf_counter()

    def one(place: Path) -> None:
        for lesson in LESSONS:
            _nbgrader(place, "autograde", lesson, *stock).wait()
        bar.update()

    threads = [threading.Thread(target=one, args=(place,)) for place in halves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start


def _ours(
    place: Path, bar: tqdm, lessons: Sequence[str] = LESSONS, jobs: int | None = JOBS
) -> tuple[float, str]:
    """Return the seconds that our grader takes, and its sandbox."""
    start, kind = time.perf_counter(), ""
    at_a_time = ["--jobs", str(jobs)] if jobs else []
    for lesson in lessons:
        ran = subprocess.run(
            shield.python("-m", "course.cli", "grade", lesson, *at_a_time, "--json"),
            env=shield.environment() | {"COURSE_ROOT": str(place)},
            capture_output=True,
            text=True,
        )
        try:
            kind = json.loads(ran.stdout.strip().split("\n")[-1])["sandbox"]
        except (ValueError, KeyError):
            said = ran.stderr.strip().split("\n")[-1]
            raise CourseError(f"course grade has failed: {said}") from None
    bar.update()
    return time.perf_counter() - start, kind


def _scores(place: Path, lessons: Sequence[str] = LESSONS) -> Scores:
    """Return student, lesson and cell → score, as the gradebook has it."""
    from nbgrader.api import Gradebook

    scores: Scores = {}
    with Gradebook(f"sqlite:///{place / 'gradebook.db'}", "gpt-course") as book:
        for lesson in lessons:
            for handed in book.assignment_submissions(lesson):
                for part in handed.notebooks:
                    for grade in part.grades:
                        scores[(handed.student.id, lesson, grade.name)] = grade.auto_score
    return scores


def _busy(place: Path) -> float:
    """Return the seconds that our processes spent in cells."""
    total = 0.0
    for path in (place / ".grading").rglob("*.json"):
        kept = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(kept, dict) and "cells" in kept and "sandbox" in kept:
            total += sum(cell["seconds"] for cell in kept["cells"])
    return total


def _memory(many: int, root: Path) -> list[float]:
    """Return the memory of our processes after a tenth of many submissions and after all, in MB."""
    from course.grader.job import BOTH, CHECK, STUDENT, Job, Step
    from course.grader.run import Engine

    steps = (
        Step(BOTH, "import numpy as np\nfrom course.checks import expect", 0),
        Step(STUDENT, "def f(x):\n    return np.zeros(1000) + x", 1),
        Step(CHECK, "expect(f(1.0), np.ones(1000), 'f')", 2, grade="f_1"),
    )
    job, seen = Job("memory", steps, ("f",), ("numpy",)), []
    with Engine(job.modules, root=root, hooks=HOOKS) as engine:
        for number in tqdm(range(1, many + 1), desc="Memory", disable=None, leave=False):
            engine.run(job)
            if number in (max(1, many // 10), many):
                family = psutil.Process().children(recursive=True)
                held = sum(_held(process) for process in (psutil.Process(), *family))
                seen.append(round(held / 1e6, 1))
    return seen


def _held(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0
