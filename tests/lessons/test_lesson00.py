"""Lesson 00 as people meet it: quiet while it is graded, and whole without the real models.

The notebook is executed twice, each time in a kernel of its own: as nbgrader does, and as a learner
does on a computer that hasn't fetched SmolLM2.
"""

import doctest
import json
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from executed import execute, load, text

from course import paths
from course.world import village

LESSON = "00_start_here"
FOLDER = paths.SOURCE / LESSON
NOTEBOOK = FOLDER / f"{LESSON}.ipynb"
DEMOS = (
    "demo-lineage",
    "demo-three-requests",
    "demo-count-the-answers",
    "demo-smollm2",
)


def run(**environment):
    """Execute the lesson; no cell of it may fail."""
    return execute(load(LESSON), FOLDER, probe="torch", allow_errors=False, **environment)


@pytest.fixture(scope="module")
def graded():
    return run(NBGRADER_EXECUTION="autograde")


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    return run(COURSE_CACHE=str(tmp_path_factory.mktemp("empty")))


def test_grading_shows_nothing_and_needs_no_torch(graded):
    noisy = [i for i, c in graded.items() if c.cell_type == "code" and i != "probe" and c.outputs]
    assert not noisy
    assert text(graded["probe"]).strip() == "False"


def test_a_learner_sees_every_demo_and_no_warning(learned):
    for name in DEMOS:
        outputs = learned[name].outputs
        assert outputs, f"{name} shows nothing"
        assert not [o for o in outputs if o.get("name") == "stderr"], text(learned[name])


def test_without_smollm2_one_sentence_and_the_lesson_goes_on(learned):
    said = text(learned["demo-smollm2"])
    assert "isn't on this computer yet: run `python3 start.py models fetch" in said
    assert "This lesson goes on without it." in said
    assert len(said.strip().splitlines()) == 1
    assert learned["next-word-2"].execution_count > learned["demo-smollm2"].execution_count


def test_a_stage_that_is_not_trained_yet_names_its_lesson(learned):
    trained = {folder.name for folder in paths.MODELS.iterdir()}
    lessons = {"mini-sft": "05", "mini-instruct": "07", "mini-chat": "08"}
    for name in ("demo-three-requests", "demo-count-the-answers"):
        for stage, lesson in lessons.items():
            comes = f"comes with lesson {lesson}" in text(learned[name])
            assert comes == (stage not in trained), (name, stage)


def test_the_base_model_does_none_of_the_three(learned):
    # The lesson's prose says so; the base model is the first column behind the names of the rows.
    rows = [line.split(" | ") for line in text(learned["demo-count-the-answers"]).splitlines()]
    counts = {row[0][4:]: row[1] for row in rows if row[0][0].isdigit()}
    assert list(counts) == ["explains", "corrects", "declines"]
    assert all(re.fullmatch(r"0 of \d\d", count) for count in counts.values()), counts
    instead = [row[1] for row in rows if row[0] == "asks another question"]
    assert len(instead) == 3
    for count in instead:
        questions, asked = map(int, count.split(" of "))
        assert questions > asked / 2, instead


def test_a_stage_that_was_trained_answers_in_the_table(tmp_path, monkeypatch):
    for name in ("mini-babbage", "mini-sft"):
        shutil.copytree(paths.MODELS / "mini-babbage", tmp_path / name)
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    cells = {cell.id: cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells}
    shown, names = [], {}
    monkeypatch.setattr("IPython.display.display", lambda *things: shown.extend(things))
    exec(cells["setup"], names)
    exec(cells["demo-three-requests"], names)
    assert "base: mini-babbage" in shown[0].text
    assert "comes with lesson 05" not in shown[0].text
    assert "comes with lesson 07" in shown[0].text
    assert "Mill Fire" in names["requests"][0]
    assert "the Mill Fire" in village.EVENTS


def test_the_form_of_the_notebook():
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    points = 0
    for cell in notebook["cells"]:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", cell["id"]), cell["id"]
        assert set(cell["metadata"]) <= {"nbgrader"}
        if meta := cell["metadata"].get("nbgrader"):
            assert cell["id"] == meta["grade_id"].replace("_", "-")
            points += meta.get("points", 0)
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
    assert points == 10


def test_what_the_text_points_to_is_there():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    words = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    targets = set(re.findall(r"\]\(([^)#]+)\)", words))
    assert {"primer.md", "cycle.svg"} <= targets
    for target in targets:
        assert (FOLDER / target).exists(), target
    assert words.count("<details>") == words.count("</details>") == 4 + 5  # hints, self-test


def test_the_examples_of_the_primer_give_what_it_says():
    primer = (FOLDER / "primer.md").read_text(encoding="utf-8")
    examples = "\n".join(re.findall(r"```python\n(.*?)```", primer, re.DOTALL))
    test = doctest.DocTestParser().get_doctest(examples, {}, "primer.md", None, 0)
    assert len(test.examples) > 20
    found = doctest.DocTestRunner(verbose=False).run(test)
    assert found.failed == 0
    assert Path(FOLDER / "primer.md").stat().st_size < 7000  # two pages
