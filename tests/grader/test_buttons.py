"""nbgrader's own commands go through our grader and our pages, or do nothing at all.

The formgrader's buttons call the same classes of nbgrader; test_formgrader_browser.py presses them.
"""

import json
import os
import shutil

import grading_class as group
import pytest
import stock
from grading_class import LESSON

from course.grader import adapter, buttons, grade, notebook, sandbox, settings
from course.grader.errors import GraderError
from course.hooks import HOOKS

pytestmark = pytest.mark.slow
WHY = sandbox.missing()
isolated = pytest.mark.skipif(bool(WHY), reason=WHY or "there is a sandbox")
NO_PROGRAMS = {"PATH": "/nonexistent"}  # so bubblewrap isn't found


@pytest.fixture
def root(tmp_path):
    """Return a course: ada has all right, bob one exercise; of cy's nbgrader can read nothing."""
    root = group.registered(tmp_path / "course")
    right = group.solutions(root)
    first = next(iter(right))
    group.hand_in(root, "ada", group.answered(root, right))
    group.hand_in(root, "bob", group.answered(root, {first: right[first]}))
    text = json.dumps(group.answered(root, {first: right[first]}))
    group.hand_in(root, "cy", text.encode("utf-16"))
    return root


@isolated
def test_one_score_and_one_page_whoever_asks(root, tmp_path):
    ours = shutil.copytree(root, tmp_path / "ours")
    grade.grade(LESSON, root=ours, hooks=HOOKS, engine=group.StandIn(ours))
    # A link beside the notebook, which nbgrader by itself would follow.
    (root / "submitted" / "ada" / LESSON / "leak.py").symlink_to(root / "nbgrader_config.py")
    os.mkfifo(root / "submitted" / "bob" / LESSON / "pipe")  # at which it would stop
    ran = stock.configured(root, ["autograde", LESSON], ["generate_feedback", LESSON])
    assert ran.returncode == 0, ran.stderr
    assert "bob: left out files next to the notebook: 1 no files" in ran.stderr
    assert "left out files next to the notebook: 1 links out of the folder" in ran.stderr
    assert not list((root / "autograded").rglob("leak.py"))
    for student in ("ada", "bob", "cy"):
        assert group.recorded(root, student) == group.recorded(ours, student)
        mine, theirs = (
            notebook.read(notebook.path_of(LESSON, place / "autograded" / student))
            for place in (root, ours)
        )
        assert [c["source"] for c in mine["cells"]] == [c["source"] for c in theirs["cells"]]
        page = root / "feedback" / student / LESSON / f"{LESSON}.html"
        text = page.read_text(encoding="utf-8")
        assert student in text
        assert "HIDDEN" not in text
    again = grade.grade(LESSON, root=root, hooks=HOOKS)
    assert (again["new"], again["unchanged"]) == (0, 3)
    # Handed in again without a time: nbgrader by itself passes over whom it has graded once.
    for student in ("bob", "cy"):
        group.hand_in(root, student, group.answered(root, group.solutions(root)))
    shutil.rmtree(root / "autograded" / "ada")  # lost: it comes back
    before = group.recorded(root, "cy")
    ran = stock.configured(root, ["autograde", LESSON, "--CourseDirectory.student_id_exclude=cy"])
    assert ran.returncode == 0, ran.stderr
    assert group.scores(root, "bob") == group.scores(root, "ada")
    assert notebook.path_of(LESSON, root / "autograded" / "ada").exists()
    assert group.recorded(root, "cy") == before


def test_without_a_sandbox_nothing_runs_and_nothing_is_scored(root):
    trace = root / "ran"
    nb = group.released(root)
    nb["cells"][1]["source"] = f"open({str(trace)!r}, 'w').close()"
    group.hand_in(root, "bob", nb)
    earlier = notebook.path_of(LESSON, root / "autograded" / "bob")
    earlier.parent.mkdir(parents=True)
    earlier.write_text("graded before", encoding="utf-8")
    words = ["autograde", LESSON, "--student=bob", "--Sandboxed.enabled=False"]
    ran = stock.configured(root, words, **NO_PROGRAMS)
    assert ran.returncode == 1
    said = [line for line in ran.stderr.split("\n") if "can't be isolated" in line]
    assert len(said) == 1
    assert "bubblewrap isn't installed" in said[0]
    assert "Traceback" not in ran.stderr
    assert not trace.exists()
    assert earlier.read_text(encoding="utf-8") == "graded before"
    assert [path for path in earlier.parent.iterdir()] == [earlier]
    assert not (root / "autograded" / "ada").exists()
    with group.gradebook(root) as book, pytest.raises(adapter.MissingEntry):
        book.find_submission_notebook(LESSON, LESSON, "bob")


def test_who_comes_to_the_step_without_our_reader_is_refused(root):
    step = buttons.Sandboxed()
    step.enabled = False
    with pytest.raises(GraderError, match=r"must say c.Autograde.exporter_class = .*Unread"):
        step(None, {})


def test_a_page_of_somebody_who_isnt_graded_is_one_sentence(root):
    place = root / "autograded" / "ada" / LESSON
    shutil.copytree(root / "submitted" / "ada" / LESSON, place)
    ran = stock.configured(root, ["generate_feedback", LESSON, "--student=ada"])
    assert ran.returncode == 1
    assert "ada isn't graded in 01_tiny" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (root / "feedback" / "ada" / LESSON).exists()


def test_nothing_of_nbgraders_own_runs(root):
    """The one step is ours; and what stock would do is said by name, for comparisons."""
    own = settings.config(root).Autograde
    assert own.autograde_preprocessors == ["course.grader.buttons.Sandboxed"]
    assert own.sanitize_preprocessors == []
    steps = [word.rpartition(".")[2] for word in adapter.stock("autograde")]
    assert {"Execute", "SaveAutoGrades", "OverwriteCells"} <= set(steps)
    recorder = adapter.Recorder(LESSON, root)
    assert all(isinstance(step, type) for step in recorder.autograde_preprocessors)
