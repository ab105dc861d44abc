"""The gradebook as CSV: the numbers are nbgrader's, the columns those of Canvas and Moodle."""

import csv

import grading_class as group
import pytest
from grading_class import LESSON

from course.grader import export, grade
from course.grader.errors import GraderError
from course.hooks import HOOKS


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Grade a class of three: one right, one half (late), one without a notebook."""
    from nbgrader.api import Gradebook

    root = group.registered(tmp_path_factory.mktemp("export") / "course")
    group.hand_in(root, "ann", group.answered(root, group.solutions(root)))
    half = {"average": "def average(): 1", "shares": "def shares(): 'wrong'"}
    group.hand_in(root, "bob", group.answered(root, half))
    grade.grade(LESSON, engine=group.Canned(), root=root, hooks=HOOKS)
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}", "gpt-course") as book:
        book.update_or_create_student("ann", first_name="안나", last_name="김", email="a@b.c")
        book.update_or_create_student("bob", last_name='O"Neil, Jr.', lms_user_id="4711")
        book.add_student("cem", first_name="Cem")
        one = book.find_grade("shares_1", LESSON, LESSON, "bob")
        one.manual_score, one.extra_credit = 12.5, 1.0
        book.find_submission_notebook(LESSON, LESSON, "bob").late_submission_penalty = 3.0
        book.db.commit()
    return root


@pytest.fixture(scope="module")
def files(root):
    result = export.export(to=root / "grades", root=root)
    assert result["ok"]
    return {
        name: list(csv.reader((root / "grades" / f"{name}.csv").open(encoding="utf-8", newline="")))
        for name in ("exercises", "students", "canvas", "moodle")
    }


def test_by_exercise(files):
    head, *rows = files["exercises"]
    found = {(row[2], row[3]): dict(zip(head[4:], row[4:], strict=True)) for row in rows}
    assert len(found) == len(rows) == 4
    assert found["bob", "average"] == {
        "score": "50",
        "max_score": "50",
        "by_tests": "50",
        "by_hand": "",
        "checks_passed": "2",
        "checks": "2",
    }
    assert found["bob", "shares"] == {
        "score": "13.5",
        "max_score": "50",
        "by_tests": "0",
        "by_hand": "13.5",
        "checks_passed": "0",
        "checks": "1",
    }


def test_by_student(files):
    head, *rows = files["students"]
    found = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert [found[who][LESSON] for who in ("ann", "bob", "cem")] == ["100", "60.5", ""]
    assert found["bob"][f"{LESSON} penalty"] == "3"
    assert found["bob"]["last_name"] == 'O"Neil, Jr.'
    assert found["ann"]["first_name"] == "안나"
    assert {row["max"] for row in found.values()} == {"100"}


def test_canvas(files):
    head, points, *rows = files["canvas"]
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", LESSON]
    assert points == ["    Points Possible", "", "", "", "", "100"]
    assert rows == [
        ["김, 안나", "", "", "ann", "", "100"],
        ['O"Neil, Jr.', "4711", "", "bob", "", "60.5"],
        ["Cem", "", "", "cem", "", ""],
    ]


def test_moodle(files):
    head, *rows = files["moodle"]
    assert head == ["First name", "Last name", "ID number", "Username", "Email address", LESSON]
    assert rows[0] == ["안나", "김", "", "ann", "a@b.c", "100"]
    assert [row[-1] for row in rows] == ["100", "60.5", ""]


def test_the_scores_are_those_of_nbgraders_own_export(root, files):
    import stock

    stock.nbgrader(root, "export", "--to", "stock.csv")
    rows = list(csv.DictReader((root / "stock.csv").open(encoding="utf-8", newline="")))
    theirs = {row["student_id"]: float(row["score"]) for row in rows if row["student_id"] == "ann"}
    assert theirs == {"ann": float(files["moodle"][1][-1])}


def test_bad_input(root, tmp_path):
    with pytest.raises(GraderError, match="did you mean"):
        export.export("01_tinny", to=tmp_path, root=root)
    with pytest.raises(GraderError, match="no gradebook yet"):
        export.export(to=tmp_path, root=group.make(tmp_path / "fresh"))
    assert not (tmp_path / "canvas.csv").exists()
