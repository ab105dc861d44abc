"""The gradebook as CSV: the numbers are nbgrader's, the columns those of Canvas and Moodle."""

import csv

import grading_class as group
import pytest
from grading_class import LESSON

from course.grader import export, grade
from course.grader.errors import GraderError
from course.hooks import HOOKS

FORMS = {"exercises": "utf-8-sig", "students": "utf-8-sig", "canvas": "utf-8", "moodle": "utf-8"}


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
        name: list(csv.reader((root / "grades" / f"{name}.csv").open(encoding=form, newline="")))
        for name, form in FORMS.items()
    }


def test_only_the_files_for_people_have_a_byte_order_mark(root, files):
    mark = "\ufeff".encode()
    found = {name: (root / "grades" / f"{name}.csv").read_bytes()[:3] == mark for name in FORMS}
    assert found == {name: form == "utf-8-sig" for name, form in FORMS.items()}


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
    ]  # an empty cell for Cem would take away what Canvas has


def test_moodle(files):
    head, *rows = files["moodle"]
    # Not everybody has a number and an address, and Moodle would give that row to the one before.
    assert head == ["First name", "Last name", "Username", LESSON]
    assert rows == [["안나", "김", "ann", "100"], ["", 'O"Neil, Jr.', "bob", "60.5"]]


def test_into_a_table_of_canvas(root, tmp_path):
    text = (
        f"Student,ID,SIS Login ID,Section,{LESSON} (9)\n"
        "    Points Possible,,,,100.00\nA,1,ann,,\nB,2,bob,,1\nC,3,cem,,7\n"
    )
    given = tmp_path / "gradebook.csv"
    given.write_text(text, encoding="utf-8")
    result = export.export(into=given, to=tmp_path / "grades", root=root)
    made = tmp_path / "grades" / "gradebook.csv"
    assert result["files"] == [{"file": str(made), "rows": 2, "for": "Canvas, Grades, Import"}]
    said = made.read_text(encoding="utf-8")
    assert said == text.replace("ann,,", "ann,,100").replace("bob,,1", "bob,,60.5")
    assert [path.name for path in made.parent.iterdir()] == ["gradebook.csv"]
    with pytest.raises(GraderError, match="would replace the LMS's own file"):
        export.export(into=given, to=tmp_path, root=root)
    assert given.read_text(encoding="utf-8") == text
    with pytest.raises(GraderError, match="--column needs"):
        export.export(into=given, column="x", to=tmp_path / "grades", root=root)


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
