"""Stock nbgrader and this course's own commands give the same scores, cell by cell.

nbgrader runs as everybody runs it (its command line, our configuration unchanged) on the tiny
fixture lesson and on every real one; three students hand in: all solutions, the release as it is,
and a mixture of solutions, stubs, alternates and mutants. Its pages and its table of grades, which
take long and hardly depend on the lesson, are made of two lessons.
"""

import csv
import json
import shutil
from pathlib import Path

import pytest
from stock import ROOTS, STUDENTS, answers, nbgrader_commands

from course import paths
from course.author import build, verify
from course.grader import notebook
from course.learner import check

pytestmark = pytest.mark.slow
WITH_PAGES = ("01_tiny", "01_pretraining")


@pytest.fixture(scope="module", params=ROOTS)
def graded(request, tmp_path_factory):
    """One lesson after stock nbgrader's whole cycle: (lesson, folder)."""
    lesson = request.param
    origin = ROOTS[lesson]
    root = tmp_path_factory.mktemp("stock") / "course"
    shutil.copytree(origin / "source" / lesson, root / "source" / lesson)
    shutil.copy(paths.ROOT / "nbgrader_config.py", root)
    # What students hand in begins as our release, which has to be what nbgrader makes.
    build.generate(lesson, root, root / "ours")
    released = notebook.path_of(lesson, root / "ours")
    for student in STUDENTS:
        nb = json.loads(released.read_text(encoding="utf-8"))
        given = answers(lesson, origin, student)
        for raw, cell in zip(nb["cells"], notebook.cells(nb), strict=True):
            if cell.name in given:
                raw["source"] = given[cell.name]
        target = notebook.path_of(lesson, root / "submitted" / student)
        target.parent.mkdir(parents=True)
        target.write_text(json.dumps(nb), encoding="utf-8")
    commands = [["generate_assignment", lesson], ["autograde", lesson]]
    if lesson in WITH_PAGES:
        commands += [["generate_feedback", lesson], ["export", "--to", "grades.csv"]]
    nbgrader_commands(root, *commands)
    return lesson, root


def stock_scores(root: Path, lesson: str, student: str) -> dict[str, float]:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{root / 'gradebook.db'}", "gpt-course") as gradebook:
        submission = gradebook.find_submission_notebook(lesson, lesson, student)
        assert not any(grade.needs_manual_grade for grade in submission.grades)
        return {grade.name: grade.auto_score for grade in submission.grades}


@pytest.mark.parametrize("student", STUDENTS)
def test_check_scores_as_stock_does(graded, student):
    lesson, root = graded
    stock = stock_scores(root, lesson, student)
    path = notebook.path_of(lesson, root / "submitted" / student)
    me = check.check(str(path), root=root)["students"]["me"]
    assert me["cells"] == stock
    assert me["score"] == sum(stock.values())
    total = {"solution": me["max"], "release": 0}
    if student in total:
        assert me["score"] == total[student]
    else:
        assert me["score"] < me["max"], "the mixture must hold a wrong answer"
        # The right answers of the mixture come later than the wrong one, in lessons of several.
        assert me["score"] > 0 or len(answers(lesson, ROOTS[lesson], "solution")) == 1


def test_verify_scores_as_stock_does(graded):
    lesson, root = graded
    # variants are left out: that is test_lessons.py; here the two notebooks count
    counted = verify.verify([lesson], root=root)["lessons"][lesson]
    for student in ("solution", "release"):
        assert counted[student][0] == sum(stock_scores(root, lesson, student).values())


def test_build_releases_what_stock_does(graded, tmp_path):
    lesson, root = graded
    copy = tmp_path / "course"
    shutil.copytree(root / "source", copy / "source")
    shutil.copy(root / "nbgrader_config.py", copy)
    assert build.build(root=copy)["ok"]
    ours, stock = (notebook.path_of(lesson, place / "release") for place in (copy, root))
    assert ours.read_bytes() == stock.read_bytes()


@pytest.mark.parametrize("graded", WITH_PAGES, indirect=True)
def test_feedback_and_export(graded):
    lesson, root = graded
    for student in STUDENTS:
        page = root / "feedback" / student / lesson / f"{lesson}.html"
        assert page.stat().st_size > 1000
    with (root / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert set(rows) == set(STUDENTS)
    for student in STUDENTS:
        total = sum(stock_scores(root, lesson, student).values())
        assert float(rows[student]["raw_score"]) == pytest.approx(total)
