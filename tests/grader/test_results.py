"""Points as nbgrader gives them, the first cause as the message, and the two never disagree."""

import grading_class as group
import nbformat
import pytest
from grading_class import LESSON

from course.grader import adapter, notebook, results
from course.grader.job import Ran, Result
from course.grader.notebook import Cell
from course.grader.plan import plan
from course.grader.source import open_notebook
from course.hooks import HOOKS

# --- points ---------------------------------------------------------------------------------------


def value(text):
    data = {"text/plain": text}
    return {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1}


def stream(name, text="careful"):
    return {"output_type": "stream", "name": name, "text": text}


ERROR = {"output_type": "error", "ename": "E", "evalue": "", "traceback": []}
OUTPUTS = {
    "silent": [],
    "printed": [stream("stdout")],
    "stderr": [stream("stderr")],
    "error": [ERROR],
    "part": [value("2.5")],
    "nothing": [value("0")],
    "true": [value("True")],
    "negative": [value("-1")],
    "nan": [value("nan")],
    "word": [value("'a'")],
    "part, then an error": [value("2.5"), ERROR],
    "an error, then a part": [ERROR, value("2.5")],
    "display": [{"output_type": "display_data", "data": {"text/plain": "1"}, "metadata": {}}],
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_points_are_nbgraders(name):
    meta = {"grade": True, "solution": False, "points": 4.0, "grade_id": "x_1", "locked": True}
    node = nbformat.from_dict(
        {"cell_type": "code", "metadata": {"nbgrader": meta}, "outputs": OUTPUTS[name]}
    )
    expected, most = adapter.determine_grade(node)
    found = results.earned(Cell("grade", "", "x_1", most), Result(0, outputs=OUTPUTS[name]))
    assert found == expected


def test_what_is_ignored_on_stderr_costs_nothing():
    import re

    cell = Cell("grade", "", "x_1", 4.0)
    outputs = [stream("stderr", "Warning: careful"), value("1")]
    assert results.earned(cell, Result(0, outputs=outputs)) == 0
    assert results.earned(cell, Result(0, outputs=outputs), re.compile("Warn")) == 1
    assert results.earned(cell, Result(0, outputs=outputs), re.compile("Error")) == 0
    assert results.earned(cell, Result(0, error="E")) == 0
    assert results.earned(cell, Result(0, outputs=[value("5")])) == 0


# --- messages -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return group.make(tmp_path_factory.mktemp("results") / "course")


@pytest.fixture
def rows(root):
    """Return what is said of the exercises if cells end as given: name → (error, message)."""

    def said(outcomes, answers=(), trusted=None):
        original = open_notebook(notebook.path_of(LESSON, root / "source"), root, HOOKS)
        _, job = plan(group.answered(root, dict(answers)), original)
        cells = []
        for step in job.steps:
            name = step.grade or step.exercise or "setup"
            error, message, *outputs = outcomes.get(name, (None, ""))
            cell = Result(step.index, step.grade, step.exercise, outputs, error, message, line=1)
            if name == "setup" and trusted:
                cell.trusted_error, cell.trusted_message = trusted
            cells.append(cell)
        points = {
            cell.name: results.earned(cell, one)
            for step, one in zip(job.steps, cells, strict=True)
            if (cell := original.known.get(step.grade))
        }
        found = results.exercises(original, job, Ran(cells), points, HOOKS, 30)
        return {row["exercise"]: row for row in found}

    return said


def test_all_points_and_no_message(rows):
    """`input()` behind a right answer stops its cell, and costs nothing."""
    found = rows({"average": ("EOFError", "EOF when reading a line")})
    assert (found["average"]["score"], found["average"]["message"]) == (50, "")
    assert (found["average"]["passed"], found["average"]["checks"]) == (2, 2)


def test_a_check_speaks_before_the_cell_that_it_checks(rows):
    found = rows(
        {
            "average": ("EOFError", "EOF when reading a line"),
            "average_1": ("AssertionError", "The mean of 1, 2 and 6 is 3."),
        }
    )
    assert found["average"]["message"] == "The mean of 1, 2 and 6 is 3."
    assert found["average"]["score"] == 10


def test_the_first_cause_is_told_and_not_its_consequence(rows):
    nameless = {"average_1": ("NameError", "name 'average' is not defined")}
    nameless["average_2"] = nameless["average_1"]
    broken = {"average": "def average(values:\n    return 1"}
    found = rows(nameless | {"average": ("SyntaxError", "invalid syntax (line 1)")}, broken)
    assert found["average"]["message"] == (
        "your answer stopped with SyntaxError: invalid syntax (line 1)"
    )
    found = rows({"average": ("CellTimeoutError", "took too long")} | nameless,
                 {"average": "while True: pass\ndef average(values): pass"})  # fmt: skip
    assert found["average"]["message"] == "your answer took longer than 30 seconds"


@pytest.mark.parametrize("side", ["student", "checks"])
def test_a_setup_that_fails_is_the_cause(rows, side):
    """Neither "np isn't defined" nor "expect isn't defined" is what a learner can mend."""
    reason = ("ImportError", "numpy: broken")
    missing = {"shares_1": ("NameError", "name 'np' is not defined")}
    setup = {"setup": reason} if side == "student" else {}
    found = rows(missing | setup, trusted=reason if side == "checks" else None)
    assert found["shares"]["message"] == (
        "a cell of the notebook stopped with ImportError: numpy: broken"
    )
    found = rows({"shares_1": ("NameError", "name 'other' is not defined")} | setup)
    assert found["shares"]["message"].startswith("a check stopped with NameError")


def test_a_part_of_the_points_is_said(rows):
    found = rows({"average_1": (None, "", value("2.5"))})
    assert (found["average"]["score"], found["average"]["max"]) == (12.5, 50)
    assert found["average"]["message"] == "1 of 2 checks give a part of their points"


def test_names_that_a_cell_would_bind():
    code = "import a.b as c, d.e\nfrom f import g\nx, (y, z) = 1, 2\nfor i in x: j = 1"
    code += "\nwith k as l: pass"
    assert results.binds(code) == {"c", "d", "g", "x", "y", "z", "i", "j", "l"}
    assert results.binds("%%time\ndef f(x):\n  pass\nclass G: pass") == {"f", "G"}
    assert results.binds(">>> def f(x:\n") == {"f"}
