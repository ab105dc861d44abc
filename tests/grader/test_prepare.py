"""Whatever is handed in becomes a notebook that is fit to run and to record, or a reason."""

import json
import os
import re
from html.parser import HTMLParser

import grading_class as group
import pytest
from grading_class import LESSON, cell_of

from course.grader import notebook, prepare, sanitize
from course.grader.errors import GraderError
from course.grader.job import BOTH, CHECK, STUDENT
from course.grader.source import defined, imported
from course.grader.source import read as read_source
from course.hooks import HOOKS


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return group.make(tmp_path_factory.mktemp("prepare") / "course")


@pytest.fixture(scope="module")
def assignment(root):
    return read_source(LESSON, root, HOOKS)


@pytest.fixture
def one(root, assignment, request):
    """Hand in, and return what is prepared of it: (submission, its notebook)."""

    def hand(nb):
        student = re.sub(r"\W+", "_", request.node.name)[:80]
        if nb is not None:
            group.hand_in(root, student, nb)
        submission = prepare.prepare(assignment, student)
        assert len(submission.notebooks) == 1
        check_valid(submission.notebooks[0], assignment)
        return submission, submission.notebooks[0]

    return hand


def check_valid(prepared, assignment):
    """Hold what every prepared notebook must be, whatever was handed in."""
    import nbformat
    from nbgrader.nbgraderformat import MetadataValidator

    nbformat.validate(prepared.node)
    MetadataValidator().validate_nb(prepared.node)
    truth = assignment.notebooks[prepared.name]
    checks = {c.name: c for c in truth.cells if c.kind == "grade"}
    found = [c for c in prepared.node.cells if c.metadata.get("nbgrader", {}).get("grade")]
    assert sorted(c.metadata.nbgrader.grade_id for c in found) == sorted(checks)
    for cell in found:
        original = checks[cell.metadata.nbgrader.grade_id]
        assert cell.source == original.source
        assert cell.metadata.nbgrader.points == original.points
    if prepared.job:
        graded = [step.grade for step in prepared.job.steps if step.grade]
        assert sorted(graded) == sorted(checks)
        for step in prepared.job.steps:
            assert step.index is None or prepared.node.cells[step.index].source == step.source
            assert not (step.where == CHECK and step.index is not None and not step.grade)
        hidden = [s for s in prepared.job.steps if s.where != CHECK and "HIDDEN" in s.source]
        assert not hidden, "a hidden test would get into the student's process"


def released(root):
    return group.released(root)


def test_the_release_version_is_nothing_to_flag(root, one):
    submission, prepared = one(released(root))
    assert (submission.status, submission.reason, submission.flags) == ("ready", "", [])
    assert prepared.flags == []
    assert prepared.job.names == ("average", "shares")


def test_checksums_are_nbgraders_own(root, one):
    _, prepared = one(released(root))
    theirs = {
        c["metadata"]["nbgrader"]["grade_id"]: c["metadata"]["nbgrader"]
        for c in released(root)["cells"]
        if c["metadata"].get("nbgrader", {}).get("solution")
    }
    ours = {
        c.metadata.nbgrader.grade_id: dict(c.metadata.nbgrader)
        for c in prepared.node.cells
        if c.metadata.get("nbgrader", {}).get("solution")
    }
    assert ours == theirs


def test_instructor_cells_run_on_both_sides_and_answers_on_one(root, one):
    _, prepared = one(group.answered(root, group.solutions(root)))
    sides = {(s.where, s.exercise, bool(s.grade)) for s in prepared.job.steps}
    assert sides == {
        (BOTH, "", False),
        *((STUDENT, name, False) for name in ("average", "shares")),
        *((CHECK, name, True) for name in ("average", "shares")),
    }


def test_a_changed_instructor_cell_runs_with_the_student_and_its_original_with_the_checks(
    root, one
):
    nb = released(root)
    index = next(i for i, c in enumerate(notebook.cells(nb)) if c.kind == "code")
    original = notebook.text_of(nb["cells"][index])
    nb["cells"][index]["source"] = "import os as numpy"
    _, prepared = one(nb)
    steps = [(s.where, s.source) for s in prepared.job.steps]
    assert (STUDENT, "import os as numpy") in steps
    assert (CHECK, original) in steps
    assert steps.index((CHECK, original)) < min(
        i for i, s in enumerate(prepared.job.steps) if s.grade
    )


def test_a_deleted_and_a_moved_instructor_cell_come_before_the_checks(root, one):
    nb = released(root)
    index = next(i for i, c in enumerate(notebook.cells(nb)) if c.kind == "code")
    moved = nb["cells"].pop(index)
    nb["cells"].append(moved)
    _, prepared = one(nb)
    source = notebook.text_of(moved)
    where = [s.where for s in prepared.job.steps if s.source == source]
    assert where[0] == CHECK
    assert set(where[1:]) <= {STUDENT}


def test_extra_cells_stay_where_they_are(root, one):
    nb = released(root)
    nb["cells"].insert(
        2, {"cell_type": "code", "metadata": {}, "source": "mine = 1", "outputs": []}
    )
    nb["cells"].append({"cell_type": "code", "metadata": {}, "source": "  \n", "outputs": []})
    _, prepared = one(nb)
    assert [s.where for s in prepared.job.steps if s.source == "mine = 1"] == [STUDENT]
    assert all(s.source.strip() for s in prepared.job.steps)


# --- damaged, and tampered with -------------------------------------------------------------------


BROKEN = {
    "empty": (b"", "is empty"),
    "spaces": (b" \n\n", "is empty"),
    "zeros": (b"\0" * 100, "is empty"),
    "no JSON": (b"{", "isn't valid JSON"),
    "no UTF-8": (b"\xff\xfe{}", "isn't valid JSON"),
    "deep": (b'{"cells": ' + b"[" * 100_000, "isn't valid JSON"),
    "a list": (b"[]", "isn't a notebook of today's format"),
    "cells are text": (b'{"cells": "x"}', "isn't a notebook of today's format"),
    "an old format": (b'{"worksheets": [], "nbformat": 3}', "isn't a notebook of today's format"),
    "too many cells": (json.dumps({"cells": [{}] * 2001}).encode(), "more than 2000 cells"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cant_be_read_scores_nothing_and_says_why(root, one, name):
    content, why = BROKEN[name]
    submission, prepared = one(content)
    assert submission.status == prepare.UNREADABLE
    assert why in submission.reason
    assert prepared.job is None


def test_a_giant_file_isnt_read(root, assignment, one, monkeypatch):
    nb = group.answered(root, group.solutions(root))
    monkeypatch.setattr(notebook, "MOST_MB", 0.001)
    submission, _ = one(nb)
    assert "clear its outputs" in submission.reason


@pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")
@pytest.mark.parametrize("one", ["[],", '{"a":{}},', "1,"])
def test_a_notebook_of_nothing_but_parts_isnt_parsed(monkeypatch, one):
    monkeypatch.setattr(notebook, "MOST_PARTS", 1000)
    monkeypatch.setattr(notebook, "MOST_ITEMS", 1000)
    monkeypatch.setattr(notebook.json, "loads", lambda *a, **k: pytest.fail("parsed"))
    text = '{"cells": [], "metadata": {"x": [' + 1100 * one + "0]}}"
    with pytest.raises(notebook.UnreadableError, match="too many parts to be read: clear"):
        notebook.parse(text.encode(), "a.ipynb")


def test_links_out_and_pipes_are_not_followed(root, assignment, tmp_path):
    secret = tmp_path / "secret.ipynb"
    secret.write_text(json.dumps(group.answered(root, group.solutions(root))))
    for student, make in {
        "out": lambda p: p.symlink_to(secret),
        "loop": lambda p: p.symlink_to(p),
        "pipe": os.mkfifo,
        "folder": lambda p: p.mkdir(),
    }.items():
        path = notebook.path_of(LESSON, root / "submitted" / student)
        path.parent.mkdir(parents=True)
        make(path)
        submission = prepare.prepare(assignment, student)
        assert submission.status == prepare.UNREADABLE, student
        assert submission.reason, student


def test_no_permission_is_a_reason(root, assignment, monkeypatch):
    from pathlib import Path

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    group.hand_in(root, "locked", released(root))
    monkeypatch.setattr(Path, "read_bytes", refuse)
    submission = prepare.prepare(assignment, "locked")
    assert "permission denied" in submission.reason


@pytest.mark.parametrize(
    "name", [f"{LESSON}(1).ipynb", "01 tiny.ipynb", f"sub/{LESSON}.ipynb", f"{LESSON}.ipynb.txt"]
)
def test_a_wrong_file_name_names_the_near_miss(root, assignment, name):
    student = re.sub(r"\W", "_", name)
    path = root / "submitted" / student / LESSON / name
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    submission = prepare.prepare(assignment, student)
    assert submission.status == prepare.MISSING
    assert name in submission.reason
    assert submission.notebooks[0].flags


def test_a_folder_without_anything_is_missing(root, assignment):
    (root / "submitted" / "nothing" / LESSON).mkdir(parents=True)
    submission = prepare.prepare(assignment, "nothing")
    assert (submission.status, submission.notebooks[0].job) == (prepare.MISSING, None)
    assert submission.reason == f"There is no {LESSON}.ipynb in the submission."


def test_stripped_metadata_are_found_by_what_the_cells_hold(root, one):
    nb = group.answered(root, group.solutions(root))
    for cell in nb["cells"]:
        cell["metadata"] = {}
    _, prepared = one(nb)
    assert prepared.flags == []
    answers = {s.exercise for s in prepared.job.steps if s.where == STUDENT}
    assert answers == {"average", "shares"}


def test_no_cells_at_all(root, one):
    submission, prepared = one({"cells": [], "nbformat": 4})
    assert "none of the answer cells" in submission.reason
    assert any("deleted checks" in flag for flag in prepared.flags)


def test_a_deleted_check_comes_back(root, one):
    nb = group.answered(root, group.solutions(root))
    nb["cells"].remove(cell_of(nb, "average_2"))
    _, prepared = one(nb)
    assert prepared.flags == ["deleted checks (they were put back): average_2"]


def test_an_edited_check_and_its_points(root, one):
    nb = released(root)
    cell = cell_of(nb, "average_1")
    cell["source"] = "assert True"
    cell["metadata"]["nbgrader"]["points"] = 100
    _, prepared = one(nb)
    assert len(prepared.flags) == 2
    assert "changed the check average_1" in prepared.flags[0]
    assert "changed the points of average_1" in prepared.flags[1]


def test_two_cells_of_one_name(root, one):
    nb = group.answered(root, group.solutions(root))
    nb["cells"].append(dict(cell_of(nb, "average_1")))
    nb["cells"].append(dict(cell_of(nb, "average"), source="def average(): return 'last'"))
    _, prepared = one(nb)
    assert len(prepared.flags) == 2
    last = [s.source for s in prepared.job.steps if s.exercise == "average" and not s.grade]
    assert last == ["def average(): return 'last'"]


ODD = {
    "schema 99": lambda nb: cell_of(nb, "average_1")["metadata"]["nbgrader"].update(
        schema_version=99
    ),
    "no schema": lambda nb: cell_of(nb, "average_1")["metadata"]["nbgrader"].pop("schema_version"),
    "grade is text": lambda nb: cell_of(nb, "average_1").update(cell_type="markdown"),
    "answer is text": lambda nb: cell_of(nb, "average").update(cell_type="markdown"),
    "nbgrader is a list": lambda nb: cell_of(nb, "average")["metadata"].update(nbgrader=[1]),
    "metadata are text": lambda nb: cell_of(nb, "average").update(metadata="x"),
    "points are huge": lambda nb: cell_of(nb, "average_1")["metadata"]["nbgrader"].update(
        points=10**400
    ),
    "points are no number": lambda nb: cell_of(nb, "average_1")["metadata"]["nbgrader"].update(
        points={}
    ),
    "cells are no cells": lambda nb: nb["cells"].extend([1, None, [], "x", {}]),
    "source is a number": lambda nb: cell_of(nb, "average").update(source=5),
    "half a letter": lambda nb: cell_of(nb, "average").update(source="x = '\ud800'"),
    "no id, one id twice": lambda nb: [cell.update(id="same") for cell in nb["cells"]],
    "ids are numbers": lambda nb: [cell.update(id=7) for cell in nb["cells"]],
    "another kernel": lambda nb: nb.update(metadata={"kernelspec": {"name": "rm -rf"}}),
    "unknown name": lambda nb: cell_of(nb, "average")["metadata"]["nbgrader"].update(grade_id="zz"),
    "name is a list": lambda nb: cell_of(nb, "average")["metadata"]["nbgrader"].update(grade_id=[]),
    "a raw cell": lambda nb: nb["cells"].insert(
        0, {"cell_type": "raw", "metadata": {}, "source": "<script>alert(1)</script>"}
    ),
    "an attachment": lambda nb: nb["cells"].insert(
        0, {"cell_type": "markdown", "source": "![x](attachment:a)", "attachments": {"a": 5}}
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_metadata_and_cells_are_mended(root, one, name):
    nb = group.answered(root, group.solutions(root))
    ODD[name](nb)
    submission, prepared = one(nb)
    assert submission.status == prepare.READY
    answers = [s.exercise for s in prepared.job.steps if s.where == STUDENT and s.exercise]
    lost = {"source is a number", "name is a list"} & {name}
    assert sorted(answers) == ["average", "shares"] or lost
    assert prepared.node.metadata.kernelspec.name == "python3"


def test_files_beside_the_notebook(root, tmp_path_factory):
    root = group.make(tmp_path_factory.mktemp("files") / "course")
    (root / "source" / LESSON / "data").mkdir()
    (root / "source" / LESSON / "data" / "true.csv").write_text("instructor")
    assignment = read_source(LESSON, root, HOOKS)
    folder = group.hand_in(root, "bob", released(root)).parent
    (folder / "data").mkdir()
    (folder / "data" / "true.csv").write_text("student")
    (folder / "helper.py").write_text("x = 1")
    (folder / "timestamp.txt").write_text("2024-05-06 07:08:09 UTC")
    (folder / "gradebook.db").symlink_to("/etc/hostname")
    submission = prepare.prepare(assignment, "bob")
    files = submission.notebooks[0].job.files
    assert files["data/true.csv"] == b"instructor"
    assert files["helper.py"] == b"x = 1"
    assert "gradebook.db" not in files
    assert submission.flags == ["left out files next to the notebook: 1 links out of the folder"]
    assert submission.timestamp.isoformat() == "2024-05-06T07:08:09"
    assert set(submission.files) == {"helper.py", "timestamp.txt"}

    # A file of theirs where the instructor has a folder isn't in the way.
    folder = group.hand_in(root, "eve", released(root)).parent
    (folder / "data").write_text("in the way")
    (folder / "timestamp.txt").write_text("soon")
    submission = prepare.prepare(assignment, "eve")
    assert "data" not in submission.files
    assert submission.flags == ["timestamp.txt holds no time that is certain: counted as in time"]


def test_files_that_are_the_students_to_change(tmp_path):
    root = group.make(tmp_path / "course")
    (root / "source" / LESSON / "helper.py").write_text("instructor")
    config = root / "nbgrader_config.py"
    spared = f'c.Autograde.exclude_overwriting = {{"{LESSON}": ["helper.py"]}}'
    config.write_text(config.read_text(encoding="utf-8") + f"\n{spared}\n", encoding="utf-8")
    folder = group.hand_in(root, "bob", released(root)).parent
    (folder / "helper.py").write_text("student")
    submission = prepare.prepare(read_source(LESSON, root, HOOKS), "bob")
    assert submission.notebooks[0].job.files["helper.py"] == b"student"


def test_too_many_files(root, assignment, monkeypatch):
    monkeypatch.setattr(prepare, "MOST_FILES", 3)
    folder = group.hand_in(root, "hoarder", released(root)).parent
    for number in range(5):
        (folder / f"{number}.txt").write_text("x")
    submission = prepare.prepare(assignment, "hoarder")
    assert len(submission.files) == 3
    assert "more than 3" in submission.flags[0]


def test_the_key_changes_with_anything_that_is_recorded(root, assignment):
    keys = set()
    nb = released(root)
    folder = group.hand_in(root, "key", nb).parent
    keys.add(prepare.prepare(assignment, "key").key())
    assert prepare.prepare(assignment, "key").key() in keys
    nb["cells"].append({"cell_type": "markdown", "metadata": {}, "source": "a word to the grader"})
    group.hand_in(root, "key", nb)
    keys.add(prepare.prepare(assignment, "key").key())
    (folder / "timestamp.txt").write_text("2024-05-06 07:08:09 UTC")
    keys.add(prepare.prepare(assignment, "key").key())
    (folder / f"{LESSON}.ipynb").unlink()
    keys.add(prepare.prepare(assignment, "key").key())
    assert len(keys) == 4


def test_unknown_assignments(root):
    with pytest.raises(GraderError, match="did you mean 01_tiny"):
        read_source("01_tinny", root, HOOKS)
    with pytest.raises(GraderError, match="full course"):
        read_source(LESSON, root / "source" / LESSON, HOOKS)


def test_a_cell_for_a_graders_hand_is_left_to_the_grader(root, tmp_path):
    nb = notebook.read(notebook.path_of(LESSON, root / "source"))
    cell_of(nb, "average_1")["metadata"]["nbgrader"]["solution"] = True
    target = notebook.path_of(LESSON, tmp_path / "source")
    target.parent.mkdir(parents=True)
    target.write_text(json.dumps(nb))
    (original,) = read_source(LESSON, tmp_path, HOOKS).notebooks.values()
    cell = original.known["average_1"]
    assert (cell.kind, cell.exercise, cell.points) == ("manual", "", 40)


def test_what_is_defined_and_imported():
    cell = notebook.Cell(
        "solution", "import a.b\nx, (y, z) = 1, (2, 3)\ndef f(): q = 1\nw: int = 1"
    )
    assert defined(cell) == ["x", "y", "z", "f", "w"]
    cell = notebook.Cell(
        "code",
        "import numpy as np\nfrom course import show, paths\nfrom os.path import join\n"
        "def f():\n    import json\nif not grading():\n    import torch",
    )
    assert imported(cell, HOOKS) == [
        "numpy",
        "course",
        "course.show",
        "course.paths",
        "os.path",
        "json",
    ]


# --- what a browser would show --------------------------------------------------------------------


DANGEROUS = [
    "<script>alert(1)</script>",
    "```mermaid\n<script>alert(1)</script>\n```",
    "[x](javascript:alert(1))",
    "[x](JaVaScript&#58;alert(1))",
    "<img src=x onerror=alert(1)>",
    '<img alt="\n\n<script>alert(1)</script>\n\n">',
    "<svg onload=alert(1)>",
    "![a](attachment:nope)",
    '<a href="data:text/html,<script>1</script>">x</a>',
    "<style>body{display:none}</style>",
    '<div style="position:fixed;top:0">over all</div>',
    '<form action="/formgrader/api"><button>go</button></form>',
    "<math><mi><style><img src onerror=alert(1)></style></mi></math>",
    '<input class="score" id="average_1">',
]
HARMLESS = [
    "plain *text*, a < b and `<script>`",
    '```python\nprint("<b>")\n```',
    "$x<y$ and | a |",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "<details><summary>x</summary>hidden</details>",
    "# 제목\n\n[x](https://a.b/c?d=e&f=g) ![p](shift.svg)\n\n- [x] done",
]


def tags_of(page):
    found = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: found.append((tag, attributes))
    parser.feed(page)
    return found


@pytest.mark.parametrize("text", DANGEROUS)
def test_dangerous_text_is_shown_as_its_source(text):
    from nbconvert.filters import markdown2html

    quoted = sanitize.markdown(text)
    assert quoted != text
    page = markdown2html(quoted)
    assert not re.search(r"<(?!/?(pre|code)\b)", page)
    for tag, attributes in tags_of(sanitize.html(text)):
        assert tag not in ("script", "svg", "style", "form", "iframe", "math")
        assert not [a for a, v in attributes if a.startswith("on") or "javascript" in (v or "")]


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_stays(text):
    assert sanitize.markdown(text) == text


def test_outputs_are_made_harmless():
    png = "iVBORw0KGgo="
    given = [
        {"output_type": "display_data", "data": {"application/javascript": "alert(1)"}},
        {
            "output_type": "display_data",
            "data": {"text/html": "<b onclick=x>1</b>", "text/plain": "1"},
        },
        {"output_type": "display_data", "data": {"image/svg+xml": "<svg onload='x'/>"}},
        {"output_type": "display_data", "data": {"image/png": f'{png}" onload="alert(1)'}},
        {
            "output_type": "display_data",
            "data": {"image/png": png},
            "metadata": {"width": "1 onload"},
        },
        {"output_type": "execute_result", "data": {"text/plain": ["1", "2"]}},
        {"output_type": "stream", "name": "stdout", "text": "\ud800"},
        {"output_type": "made up"},
        5,
    ]
    kept, _ = sanitize.outputs(given)
    assert [one["output_type"] for one in kept] == [
        *["display_data"] * 3,
        "execute_result",
        "stream",
    ]
    assert kept[0]["data"] == {"text/html": "<b>1</b>", "text/plain": "1"}
    assert kept[1]["data"]["text/html"].startswith('<img alt="" src="data:image/svg+xml;base64,')
    assert kept[2] == {"output_type": "display_data", "data": {"image/png": png}, "metadata": {}}
    assert kept[3]["data"] == {"text/plain": "12"}


def test_outputs_are_cut_but_an_error_stays():
    stream = {"output_type": "stream", "name": "stdout", "text": "x" * 900}
    error = {"output_type": "error", "ename": "E", "evalue": "y" * 5000, "traceback": ["z" * 5000]}
    kept, room = sanitize.outputs([stream, stream, stream, error], 1000)
    assert kept[0] == stream
    assert kept[1]["text"].endswith(sanitize.CUT)
    assert len(kept[1]["text"]) < 200
    assert kept[-1]["ename"] == "E"
    assert room < 0
    assert sum(len(json.dumps(one)) for one in kept) < 3000
