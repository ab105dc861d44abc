"""Lesson 00 as people meet it: quiet while it is graded, and whole without the real models.

How the notebook is executed, and what every lesson has to do: tests/harness.py.
"""

import doctest
import re
import shutil
from pathlib import Path

from harness import EveryLesson, Lesson, load, text

from course import paths
from course.world import village

SPEC = Lesson(
    "00_start_here",
    demos={
        "demo-lineage": {"text/html"},
        "demo-three-requests": {"text/html"},
        "demo-count-the-answers": {"text/html"},
        "demo-smollm2": set(),
        "demo-your-map": set(),
    },
    loud=frozenset(),
    absent="torch",
)


class TestEveryLesson(EveryLesson):
    """What every lesson gets."""


def test_without_smollm2_one_sentence_and_the_lesson_goes_on(learned):
    said = text(learned["answers"]["demo-smollm2"])
    assert "isn't on this computer yet: run `python3 start.py models fetch" in said
    assert "This lesson goes on without it." in said
    assert len(said.strip().splitlines()) == 1
    assert (
        learned["answers"]["next-word-2"].execution_count
        > learned["answers"]["demo-smollm2"].execution_count
    )


def test_a_stage_that_is_not_trained_yet_names_its_lesson(learned):
    trained = {folder.name for folder in paths.MODELS.iterdir()}
    lessons = {"mini-sft": "05", "mini-instruct": "07", "mini-chat": "08"}
    for name in ("demo-three-requests", "demo-count-the-answers"):
        for stage, lesson in lessons.items():
            comes = f"comes with lesson {lesson}" in text(learned["answers"][name])
            assert comes == (stage not in trained), (name, stage)


def test_the_base_model_does_none_of_the_three(learned):
    # The lesson's prose says so; the base model is the first column behind the names of the rows.
    rows = [
        line.split(" | ")
        for line in text(learned["answers"]["demo-count-the-answers"]).splitlines()
    ]
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
    cells = {cell.id: cell.source for cell in load(SPEC.name).cells}
    shown, names = [], {}
    monkeypatch.setattr("IPython.display.display", lambda *things: shown.extend(things))
    exec(cells["setup"], names)
    exec(cells["demo-three-requests"], names)
    assert "base: mini-babbage" in shown[0].text
    assert "comes with lesson 05" not in shown[0].text
    assert "comes with lesson 07" in shown[0].text
    assert "Mill Fire" in names["requests"][0]
    assert "the Mill Fire" in village.EVENTS


def test_what_the_text_points_to():
    words = "\n".join(c.source for c in load(SPEC.name).cells if c.cell_type == "markdown")
    assert {"primer.md", "cycle.svg"} <= set(re.findall(r"\]\(([^)#]+)\)", words))
    assert words.count("<details>") == 4 + 5  # hints, self-test


def test_the_examples_of_the_primer_give_what_it_says():
    primer = (SPEC.folder / "primer.md").read_text(encoding="utf-8")
    examples = "\n".join(re.findall(r"```python\n(.*?)```", primer, re.DOTALL))
    test = doctest.DocTestParser().get_doctest(examples, {}, "primer.md", None, 0)
    assert len(test.examples) > 20
    found = doctest.DocTestRunner(verbose=False).run(test)
    assert found.failed == 0
    assert Path(SPEC.folder / "primer.md").stat().st_size < 7000  # two pages
