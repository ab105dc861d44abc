"""The grader grades another course: other folders, other checks, no library, no data of its own.

Nothing in that course's folder knows ours; what the grader must know of it is in `hooks` below. It
has what our lessons don't have: read-only cells, a cell that a person grades, nbgrader's own stub
and partial credit.
"""

import json
import re
import sys

import nbformat
import pytest

from course.grader import export, feedback, grade, local, notebook, results, sandbox, settings
from course.grader.hooks import PLAIN, Hooks
from course.grader.notebook import path_of
from course.grader.plan import plan
from course.grader.source import open_notebook

LESSON = "week 1"
WHY = sandbox.missing()
CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "physics"
c.CourseDirectory.source_directory = "master"
c.CourseDirectory.submitted_directory = "handed in"
c.Execute.timeout = 20
"""
# A library of checks that lies beside the course, as a folder that the hooks mount.
LIBRARY = """
def check_equal(got, want):
    assert got == want, f"{got!r} isn't {want!r}"
"""


def hooks(root):
    return Hooks(
        command="grade-physics",
        checks=("check_equal",),
        heading=re.compile(r"^## (?P<number>\d+) (?P<name>\w+)", re.MULTILINE),
        mounts=lambda root: [root / "library"],
        environment=lambda root: {"PYTHONPATH": str(root / "library")},
    )


def cell(source, kind="code", **meta):
    new = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    made = new(source)
    if meta:
        plain = {"grade": False, "solution": False, "locked": False, "task": False}
        made.metadata["nbgrader"] = plain | {"schema_version": 3} | meta
    return made


def source_notebook():
    solved = "def speed(d, t):\n    ### BEGIN SOLUTION\n    return d / t\n    ### END SOLUTION"
    hidden = "### BEGIN HIDDEN TESTS\ncheck_equal(speed(1, 4), 0.25)\n### END HIDDEN TESTS"
    check = f"check_equal(speed(9, 3), 3)\n{hidden}"
    nb = nbformat.v4.new_notebook()
    nb.cells = [
        cell("# Week 1\n\n## 1 speed", "markdown"),
        cell("from physics_checks import check_equal", grade_id="setup", locked=True),
        cell(solved, grade_id="speed", solution=True),
        cell(check, grade_id="speed_1", grade=True, locked=True, points=4),
        cell("def weight(m):\n    ### BEGIN SOLUTION\n    return 9.81 * m\n    ### END SOLUTION",
             grade_id="weight", solution=True),
        cell("right = sum(abs(weight(m) - 9.81 * m) < 1e-6 for m in (1, 2))\nfloat(right)",
             grade_id="weight_1", grade=True, locked=True, points=2),
        cell("### BEGIN SOLUTION\nBecause of gravity.\n### END SOLUTION", "markdown",
             grade_id="why", grade=True, solution=True, points=3),
    ]  # fmt: skip
    nb.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nb


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("elsewhere") / "physics"
    (root / "library").mkdir(parents=True)
    (root / "library" / "physics_checks.py").write_text(LIBRARY)
    (root / "nbgrader_config.py").write_text(CONFIG)
    path = path_of(LESSON, root / "master")
    path.parent.mkdir(parents=True)
    nbformat.write(source_notebook(), path)
    return root


def answers(**given):
    """Return the notebook with other answers; without any it is as released."""
    nb = source_notebook()
    for one in nb.cells:
        name = one.metadata.get("nbgrader", {}).get("grade_id")
        one.source = notebook.visible(notebook.stub(one.source, settings.CODE_STUB))
        if one.cell_type == "markdown" and name:
            one.source = settings.TEXT_STUB
        one.source = given.get(name, one.source)
    return nb


CLASS = {
    "all": (
        answers(
            speed="def speed(d, t):\n    return d / t",
            weight="def weight(m):\n    return 9.81 * m",
            why="It falls.",
        ),
        (4, 2),
    ),
    "half": (
        answers(
            speed="def speed(d, t):\n    return d // t",
            weight="def weight(m):\n    return 9.81 if m == 1 else 0",
        ),
        (0, 1),
    ),
    "nothing": (answers(), (0, 0)),
    "meddler": (  # a read-only cell is the instructor's again, on both sides
        answers(
            setup="def check_equal(got, want):\n    pass",
            speed="def speed(d, t):\n    return 1",
            weight="def weight(m):\n    return 9.81 * m",
        ),
        (0, 2),
    ),
}


@pytest.fixture(scope="module")
def graded(root):
    for student, (nb, _) in CLASS.items():
        path = path_of(LESSON, root / "handed in" / student)
        path.parent.mkdir(parents=True)
        nbformat.write(nb, path)
    return grade.grade(LESSON, sandbox="none" if WHY else "auto", root=root, hooks=hooks(root))


@pytest.mark.skipif(sys.platform != "linux", reason="the grader runs on Linux")
@pytest.mark.parametrize("student", CLASS)
def test_each_gets_what_it_deserves(root, graded, student):
    row = graded["students"][student]
    assert (row["status"], row["flags"]) == ("graded", [])
    assert (row["score"], row["max"]) == (sum(CLASS[student][1]), 9)


@pytest.mark.skipif(sys.platform != "linux", reason="the grader runs on Linux")
def test_a_person_grades_the_rest(root, graded):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{root / 'gradebook.db'}", "physics") as book:
        needs = {
            student: {
                one.name: (one.auto_score, one.needs_manual_grade)
                for one in book.find_submission_notebook(LESSON, LESSON, student).grades
            }
            for student in CLASS
        }
        assert needs["all"]["why"] == (None, True)
        assert needs["nothing"]["why"] == (0, False), "nothing was answered"
        assert needs["half"] == {
            "speed_1": (0, False),
            "weight_1": (1, False),
            "why": (0, False),
        }
        book.find_grade("why", LESSON, LESSON, "all").manual_score = 2.5
        book.db.commit()
    again = grade.grade(LESSON, root=root, hooks=hooks(root))
    assert (again["new"], again["students"]["all"]["score"]) == (0, 8.5)


@pytest.mark.skipif(sys.platform != "linux", reason="the grader runs on Linux")
def test_pages_and_tables_come_out(root, graded):
    made = feedback.feedback(LESSON, root=root, hooks=hooks(root))
    assert made["ok"]
    page = (root / "feedback" / "half" / LESSON / f"{LESSON}.html").read_text(encoding="utf-8")
    assert "1 <code>speed</code>" in page
    assert "check_equal(speed(1, 4)" not in page, "a hidden test"
    export.export(to=root / "grades", root=root)
    with pytest.raises(Exception, match="grade-physics week 1"):
        feedback.feedback(LESSON, "nobody", root=root, hooks=hooks(root))


@pytest.mark.parametrize("student", CLASS)
def test_one_process_gives_the_same(root, student):
    """As a learner's own check would, on any system."""
    original = open_notebook(path_of(LESSON, root / "master"), root, hooks(root))
    _, job = plan(json.loads(nbformat.writes(CLASS[student][0])), original)
    folder = root / "scratch"
    folder.mkdir(exist_ok=True)
    ran = local.run(job, folder, root, hooks(root))
    points = [results.earned(original.known[one.grade], one) for one in ran.cells if one.grade]
    assert tuple(points) == CLASS[student][1]


def test_a_course_without_hooks_is_a_course(root):
    original = open_notebook(path_of(LESSON, root / "master"), root, PLAIN)
    assert original.code_stub == settings.CODE_STUB
    assert original.modules == ("physics_checks",)
    assert settings.lessons(root) == [LESSON]
