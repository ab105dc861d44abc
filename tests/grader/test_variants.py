"""Alternates and mutants of every exercise go through the grader's two processes.

`course verify` runs all of them in one process with the checks. Here the checks see them by plain
data only, in the sandbox, and must come to the same: an alternate keeps all points of its exercise,
a mutant loses some and hears the same words. One submission holds one variant of each exercise: all
alternates, for what passes between processes can cost them points, and a few of the mutants.
"""

import copy
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from course import paths
from course.author import verify
from course.bench import grading as bench
from course.grader import notebook, prepare, sandbox, settings, source
from course.grader.run import Engine
from course.hooks import HOOKS

LESSONS = [name for name in settings.lessons(paths.ROOT) if (paths.SOURCE / name).exists()]
WHY = sandbox.missing()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(WHY), reason=f"no sandbox: {WHY}"),
    pytest.mark.skipif(not LESSONS, reason="source/ isn't shipped here"),
]

SUBMISSIONS = 8  # of a lesson, at least


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("lessons") / "course"
    root.mkdir()
    for name in ("source", "release", "data", "nbgrader_config.py"):
        (root / name).symlink_to(paths.ROOT / name)
    return root


@pytest.fixture(scope="module")
def engine(root):
    modules = [m for lesson in LESSONS for m in source.read(lesson, root, HOOKS).modules]
    with Engine(tuple(dict.fromkeys(modules)), root=paths.ROOT, hooks=HOOKS) as engine:
        yield engine


def variants(lesson):
    """Return exercise → its variants, each with whether it is right."""
    found = {}
    for cell in notebook.cells(notebook.read(notebook.path_of(lesson, paths.SOURCE))):
        if cell.kind == "solution":
            right, wrong = (
                verify.variants(paths.TESTS / kind / lesson / f"{cell.name}.py")
                for kind in ("alternates", "mutants")
            )
            some = max(SUBMISSIONS - len(right), 2)
            wrong = [wrong[number * len(wrong) // some] for number in range(some)]
            found[cell.name] = [(True, one) for one in right] + [(False, one) for one in wrong]
    return found


def hand_in(root, lesson, number, chosen):
    book = copy.deepcopy(notebook.read(notebook.path_of(lesson, paths.RELEASE)))
    for cell in book["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in chosen:
            cell["source"] = chosen[name][1].code
    path = notebook.path_of(lesson, root / "submitted" / f"s{number:02d}")
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(book), encoding="utf-8")


@pytest.mark.parametrize("lesson", LESSONS)
def test_variants_end_as_in_one_process(root, engine, lesson):
    by_exercise = variants(lesson)
    most = max(map(len, by_exercise.values()))
    choices = [
        {name: both[number % len(both)] for name, both in by_exercise.items()}
        for number in range(most)
    ]
    for number, chosen in enumerate(choices):
        hand_in(root, lesson, number, chosen)
    assignment = source.read(lesson, root, HOOKS)

    def run(number):
        (one,) = prepare.prepare(assignment, f"s{number:02d}").notebooks
        return engine.run(one.job)

    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(run, range(most)))
    wrong = []
    for chosen, ran in zip(choices, results, strict=True):
        assert ran.deaths == 0
        for name, (right, variant) in chosen.items():
            failed = [c for c in ran.cells if c.grade and c.exercise == name and c.error]
            said = " ".join(" ".join(c.message.split()) for c in failed)
            if right and failed:
                wrong.append(f"the alternate {name}/{variant.name} loses points: {said[:200]}")
            if not right and not failed:
                wrong.append(f"the mutant {name}/{variant.name} keeps all points")
            if not right and " ".join(variant.says.split()) not in said:
                wrong.append(f"{name}/{variant.name} doesn't hear {variant.says!r}: {said[:200]}")
    assert wrong == []


def test_the_class_of_the_benchmark_is_honest_and_differs():
    for lesson in bench.LESSONS:
        class_ = [bench.submission(lesson, f"a{n:03d}", paths.ROOT) for n in range(bench.STUDENTS)]
        again = bench.submission(lesson, "a003", paths.ROOT)
        assert again == class_[3]
        cells = [notebook.cells(book) for book in class_]
        for number in range(len(cells[0])):
            column = [one[number] for one in cells]
            if column[0].kind == "solution":
                assert len({cell.source for cell in column}) == len(column)
            else:
                assert len({cell.source for cell in column}) == 1
        answers = "\n".join(c.source for one in cells for c in one if c.kind == "solution")
        assert answers.count(notebook.STUB) >= 3
