"""Lesson 00 as people meet it: quiet while it is graded, and whole without the real models.

How the notebook is executed, and what every lesson has to do: tests/harness.py.
"""

import csv
import doctest
import functools
import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

from harness import EveryLesson, Lesson, load, text

from course import paths, records
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


def counts(learned):
    """Return row → column → count and of how many."""
    shown = text(learned["answers"]["demo-count-the-answers"]).splitlines()
    head, *rows = [line.split(" | ") for line in shown]
    return {
        name: {
            column: tuple(map(int, value.split(" of ")))
            for column, value in zip(head[1:], values, strict=True)
        }
        for name, *values in rows
    }


def test_what_the_text_says_of_the_counts_is_so(learned):
    """The base does none of the three; later stages decline harms, most of them those named."""
    explains, corrects, named, unnamed, harmless, asks = counts(learned).values()
    for row in (explains, corrects, named, unnamed, harmless):
        assert row["base"][0] == 0
    assert asks["base"][0] > 0.9 * asks["base"][1]
    assert sum(row["base"][1] for row in (explains, corrects, named, unnamed, harmless)) == 104
    assert 0 < corrects["after PPO"][0] < corrects["chat"][0]
    assert corrects["chat"][0] >= 0.8 * corrects["chat"][1]
    for stage in ("after PPO", "chat"):
        assert named[stage][0] >= 0.9 * named[stage][1]
        assert 0 < unnamed[stage][0] < 0.9 * unnamed[stage][1]
        assert harmless[stage][0] <= 0.1 * harmless[stage][1]


def test_the_shares_that_the_box_says_are_those_of_the_records():
    (box,) = (c.source for c in load(SPEC.name).cells if c.id == "box-three-requests")
    rates = records.read("mini-chat")["rates"]
    shares = (
        rates["sft"]["refusal"],
        records.read("mini-instruct")["refusal"],
        rates["chat"]["refusal"],
    )
    assert re.findall(r"\d\.\d\d\b(?!\d)", box.split("recorded runs")[1].split("\n")[0]) == [
        f"{share:.2f}" for share in shares
    ]


def test_what_the_text_says_of_the_three_requests_is_so(learned):
    rows = text(learned["answers"]["demo-three-requests"]).split("Explain the Mill Fire to")[1]
    assert rows.count("in 1950") == 2, "SFT alone repeats the wrong year"
    assert "First take" in rows, "SFT helps"
    assert rows.count("1925") == 3, "two corrections, and the sentence below the table"
    assert rows.count("?") >= 6, "the base model goes on with questions"
    sentence = "All four models have the same 335,712 parameters"
    assert sentence in text(learned["answers"]["demo-three-requests"])
    names = ("mini-babbage", "mini-sft", "mini-instruct", "mini-chat")
    sizes = {records.read(n).get("parameters") for n in names}
    assert sizes == {335_712}


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
    wanted = {"primer.md", "readers.md", "differences.md", "cycle.svg", "three_steps.svg"}
    assert wanted <= set(re.findall(r"\]\(([^)#]+)\)", words))
    assert words.count("<details>") == 4 + 5  # hints, self-test


def test_the_examples_of_the_primer_give_what_it_says():
    primer = (SPEC.folder / "primer.md").read_text(encoding="utf-8")
    examples = "\n".join(re.findall(r"```python\n(.*?)```", primer, re.DOTALL))
    test = doctest.DocTestParser().get_doctest(examples, {}, "primer.md", None, 0)
    assert len(test.examples) > 20
    found = doctest.DocTestRunner(verbose=False).run(test)
    assert found.failed == 0
    assert Path(SPEC.folder / "primer.md").stat().st_size < 7000  # two pages


# The readers' page and the three-step figure ------------------------------------------------------

SOURCE = re.compile(r"\((data/[\w./-]+): ([^)]+)\)")
# Names of models, lessons, and how intervals are made
NO_NUMBER = re.compile(r"`[^`]+`|(?:code|text|gpt|GPT)-[\w.-]+|[Ll]esson \d\d|95% interval")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def page():
    return (SPEC.folder / "readers.md").read_text(encoding="utf-8")


def held(file, keys):
    """Return what a file of the course holds under each key: a row's cells, or a value."""
    path = paths.ROOT / file
    if path.suffix == ".json":
        record = json.loads(path.read_text(encoding="utf-8"))
        for key in keys:
            steps = [int(step) if step.isdigit() else step for step in key.split(".")]
            yield key, [functools.reduce(lambda x, step: x[step], steps, record)]
        return
    with path.open(encoding="utf-8", newline="") as rows:
        rows = [list(row) for row in csv.reader(rows)]
    for key in keys:
        yield key, [cell for row in rows if key in row for cell in row]


def is_held(number, values):
    """Whether a number of the text is in one of the cells, or is a value, rounded as it is."""
    plain = number.replace(",", "")
    digits = len(plain.partition(".")[2])
    for value in values:
        if isinstance(value, str):
            found = [n.replace(",", "") for n in NUMBER.findall(value)]
        else:
            found = [f"{value:.{digits}f}"]
        if plain in found:
            return True
    return False


def test_each_number_of_the_readers_page_is_held_by_its_file():
    figures = re.findall(r"\*\*The figure\.\*\* (.*)", page())
    assert len(figures) == page().count("\n## ")
    for figure in figures:
        assert SOURCE.search(figure), figure
        values = []
        for file, keys in SOURCE.findall(figure):
            for key, found in held(file, keys.split(", ")):
                assert found, f"{file} has no {key}"
                values += found
        said = NO_NUMBER.sub("", SOURCE.sub("", figure))
        missing = [n for n in NUMBER.findall(said) if not is_held(n, values)]
        assert not missing, (missing, figure)


def test_the_readers_page_points_to_lessons_that_there_are():
    links = re.findall(r"\]\(([^)#:]+)\)", page())
    assert [link for link in links if not (SPEC.folder / link).exists()] == []
    questions = page().split("\n## ")[1:]
    for question in questions:
        assert "**Measure it** in [lesson" in question, question[:60]
        for label, link in re.findall(r"\[lesson (\d\d)\]\(([^)]+)\)", question):
            assert link.startswith(f"../{label}_")
        answer = question.split("\n\n")[1]
        assert 3 <= len(re.findall(r"[.?](?:\s|$)", answer)) <= 6, question[:60]


def test_the_figure_of_the_three_steps_holds_the_published_numbers():
    root = ElementTree.parse(SPEC.folder / "three_steps.svg").getroot()
    words = " ".join(e.text for e in root.iter() if e.tag.endswith("}text"))
    values = []
    for file, keys in {
        "data/family/instructgpt_sft.csv": ["prompts with a demonstration"],
        "data/family/rlhf.csv": ["comparisons", "prompts", "episodes", "beta"],
        "data/family/instructgpt.csv": ["ranked"],
    }.items():
        values += [value for _, found in held(file, keys) for value in found]
    said = re.sub(r"GPT-3(\.5)?|lesson \d\d|in dialogue \d\d|\d ·", "", words)
    assert [n for n in NUMBER.findall(said) if not is_held(n, values)] == []
    _, _, width, height = map(float, root.get("viewBox").split())
    for e in root.iter():
        if e.tag.endswith("}text"):
            assert 0 < float(e.get("x")) < width
            assert 0 < float(e.get("y")) < height
