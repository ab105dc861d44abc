"""What is recorded goes on where stock nbgrader goes on, and nothing else is touched.

That it is what stock records, cell by cell, is in author/test_stock.py.
"""

import json
import os

import grading_class as group
import pytest
import stock
from grading_class import LESSON, cell_of

from course.grader import grade, notebook, prepare, record
from course.grader.errors import GraderError
from course.grader.job import Ran, Result
from course.grader.source import read as read_source
from course.hooks import HOOKS

pytestmark = pytest.mark.slow


def test_stock_feedback_and_export_go_on_from_here(root):
    group.hand_in(root, "ann", group.answered(root, group.solutions(root)))
    run(root)
    stock.nbgrader(root, "generate_feedback", LESSON)
    assert (root / "feedback" / "ann" / LESSON / f"{LESSON}.html").stat().st_size > 1000
    stock.nbgrader(root, "export", "--to", "grades.csv")
    assert "ann" in (root / "grades.csv").read_text(encoding="utf-8")


# --- one submission at a time ---------------------------------------------------------------------


@pytest.fixture
def root(tmp_path):
    return group.registered(tmp_path / "course")


def run(root, **more):
    return grade.grade(LESSON, engine=group.Canned(), root=root, hooks=HOOKS, **more)


def test_points_and_comments_by_hand_survive(root):
    group.hand_in(root, "ann", group.answered(root, {"average": "def average(): 'wrong'"}))
    run(root)
    with group.gradebook(root) as book:
        book.find_grade("average_1", LESSON, LESSON, "ann").manual_score = 33.0
        book.find_comment("average", LESSON, LESSON, "ann").manual_comment = "Nice try."
        book.db.commit()
    result = run(root, force=True)
    one = group.recorded(root, "ann")
    assert one["grades"]["average_1"][:4] == (0.0, 33.0, True, 33.0)
    assert one["comments"]["average"][1] == "Nice try."
    assert result["students"]["ann"]["score"] == 33
    assert result["students"]["ann"]["by_hand"]


def test_a_new_submission_leaves_no_stale_score(root):
    group.hand_in(root, "ann", group.answered(root, group.solutions(root)))
    assert run(root)["students"]["ann"]["score"] == 100
    nb = group.answered(root, {})
    nb["cells"].remove(cell_of(nb, "average_1"))
    nb["cells"].remove(cell_of(nb, "shares"))
    group.hand_in(root, "ann", nb)
    assert run(root)["students"]["ann"]["score"] == 0
    assert group.recorded(root, "ann")["comments"] == {
        "average": ("No response.", None),
        "shares": (None, None),
    }
    group.hand_in(root, "ann", b"")
    row = run(root)["students"]["ann"]
    assert (row["score"], row["status"]) == (0, prepare.UNREADABLE)
    page = notebook.read(notebook.path_of(LESSON, root / "autograded" / "ann"))
    said = [o["evalue"] for c in page["cells"] for o in c.get("outputs", [])]
    assert said == [f"{LESSON}.ipynb is empty."] * 3


def prepared(root, student="ann"):
    assignment = read_source(LESSON, root, HOOKS)
    group.hand_in(root, student, group.answered(root, group.solutions(root)))
    submission = prepare.prepare(assignment, student)
    return submission.notebooks[0]


def test_a_check_without_a_result_has_failed(root):
    one = prepared(root)
    full = group.Canned().run(one.job)
    for cells in ([], full.cells[:-1], [*full.cells[:-1], Result(None, "shares_1")]):
        node = record.filled(one, Ran(cells))
        last = [c for c in node.cells if c.metadata.get("nbgrader", {}).get("grade")][-1]
        assert [o.ename for o in last.outputs] == [record.NOT_GRADED]


def test_an_error_without_an_output_gets_one(root):
    one = prepared(root)
    ran = group.Canned().run(one.job)
    ran.cells[-1].error, ran.cells[-1].message = "CellTimeoutError", "too long"
    node = record.filled(one, ran)
    last = [c for c in node.cells if c.metadata.get("nbgrader", {}).get("grade")][-1]
    assert (last.outputs[0].ename, last.outputs[0].evalue) == ("CellTimeoutError", "too long")


@pytest.mark.parametrize(("value", "points"), [("20", 20), ("-1", 50), ("1e9", 0), ("'x'", 50)])
def test_what_a_checks_last_line_gives(root, value, points):
    engine = group.Canned()

    class Partial:
        kind = "none"

        def run(self, job):
            ran = engine.run(job)
            data = {"text/plain": value}
            ran.cells[-1].outputs = [{"output_type": "execute_result", "data": data}]
            return ran

    group.hand_in(root, "ann", group.answered(root, group.solutions(root)))
    result = grade.grade(LESSON, engine=Partial(), root=root, hooks=HOOKS)
    assert result["students"]["ann"]["score"] == 50 + points


def test_scripts_never_reach_the_formgrader(root):
    from nbgrader.server_extensions.formgrader import handlers  # noqa: F401 - its exporter's home

    nb = group.answered(root, group.solutions(root))
    nb["cells"].insert(
        0, {"cell_type": "markdown", "metadata": {}, "source": "<script>a()</script>"}
    )
    nb["cells"].insert(0, {"cell_type": "raw", "metadata": {}, "source": "<script>b()</script>"})
    nb["cells"].insert(
        0,
        {
            "cell_type": "code",
            "metadata": {},
            "source": "show",
            "outputs": [
                {
                    "output_type": "display_data",
                    "metadata": {},
                    "data": {"text/html": "<script>c()</script>"},
                }
            ],
        },
    )

    class Shows:
        kind = "none"

        def run(self, job):
            ran = group.Canned().run(job)
            for cell in ran.cells:
                if cell.index == 0:
                    html = "<script>d()</script><b>bold</b>"
                    cell.outputs = [{"output_type": "display_data", "data": {"text/html": html}}]
            return ran

    group.hand_in(root, "ann", nb)
    grade.grade(LESSON, engine=Shows(), root=root, hooks=HOOKS)
    from nbconvert.exporters import HTMLExporter

    page = HTMLExporter(template_name="basic").from_filename(
        str(notebook.path_of(LESSON, root / "autograded" / "ann"))
    )[0]
    assert "<b>bold</b>" in page
    assert "a()" in page
    assert not [word for word in ("<script>a", "<script>b", "c()", "d()") if word in page]


# --- the gradebook --------------------------------------------------------------------------------


def test_a_changed_source_is_graded_anew_and_said(root):
    group.hand_in(root, "ann", group.answered(root, group.solutions(root)))
    assert run(root)["notes"] == []
    path = notebook.path_of(LESSON, root / "source")
    nb = notebook.read(path)
    cell_of(nb, "average_1")["metadata"]["nbgrader"]["points"] = 30
    path.write_text(json.dumps(nb), encoding="utf-8")
    before = (notebook.path_of(LESSON, root / "release")).read_bytes()
    result = run(root)
    assert result["notes"] == [f"The checks in source/{LESSON} have changed: the new ones count."]
    assert (result["new"], result["students"]["ann"]["score"]) == (1, 90)
    assert notebook.path_of(LESSON, root / "release").read_bytes() == before
    assert run(root)["new"] == 0


def test_other_exercises_than_the_submissions_have_are_refused(root):
    group.hand_in(root, "ann", group.answered(root, group.solutions(root)))
    run(root)
    path = notebook.path_of(LESSON, root / "source")
    nb = notebook.read(path)
    nb["cells"].remove(cell_of(nb, "average_2"))
    path.write_text(json.dumps(nb), encoding="utf-8")
    with pytest.raises(GraderError, match="bring the old source back"):
        run(root)
    assert group.recorded(root, "ann")["grades"]["average_2"][0] == 10


def damage(root, how):
    import sqlite3

    path = root / "gradebook.db"
    if how == "older":
        with sqlite3.connect(path) as db:
            db.execute("UPDATE alembic_version SET version_num = '50a4d84c131a'")
    elif how == "no database":
        path.write_bytes(b"x" * 5000)
    elif how == "a folder":
        path.unlink()
        path.mkdir()


@pytest.mark.parametrize(
    ("how", "words"),
    [("older", "nbgrader db upgrade"), ("no database", "damaged"), ("a folder", "can't be opened")],
)
def test_a_gradebook_that_cant_be_used(root, how, words):
    group.hand_in(root, "ann", group.answered(root, group.solutions(root)))
    run(root)
    damage(root, how)
    with pytest.raises(GraderError, match=words):
        run(root)


def test_a_locked_gradebook_loses_nothing(root, monkeypatch):
    import sqlite3

    import sqlalchemy

    group.hand_in(root, "ann", group.answered(root, group.solutions(root)))
    run(root)
    group.hand_in(root, "bob", group.answered(root, {}))
    real = sqlalchemy.create_engine
    from nbgrader import api

    monkeypatch.setattr(
        api, "create_engine", lambda url, **more: real(url, connect_args={"timeout": 0.1}, **more)
    )
    other = sqlite3.connect(root / "gradebook.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(GraderError, match="in use by another program"):
        run(root)
    other.execute("ROLLBACK")
    other.close()
    result = run(root)
    assert {who: row["score"] for who, row in result["students"].items()} == {"ann": 100, "bob": 0}


def test_stocks_gradebook_class_is_put_back(root):
    from nbgrader.api import Gradebook
    from nbgrader.converters import autograde

    group.hand_in(root, "ann", b"")
    run(root)
    assert autograde.Gradebook is Gradebook


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_a_link_in_a_submission_isnt_copied(root, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("hidden tests")
    folder = group.hand_in(root, "ann", group.answered(root, {})).parent
    (folder / "look.txt").symlink_to(secret)
    result = run(root)
    assert result["students"]["ann"]["flags"]
    assert not (root / "autograded" / "ann" / LESSON / "look.txt").exists()
