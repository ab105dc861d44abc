"""Verdicts have one home, the hidden tests; `course build` copies them, out of a learner's sight.

What holds for every lesson with statements is held here, too: half of them are true, and no grade
cell gives points to somebody who always says the same.
"""

import json

import pytest

from course import claims, paths
from course.author import leak, verdicts
from course.errors import CourseError
from course.grader import notebook
from course.grader.notebook import Cell

LESSONS = sorted(path.stem for path in claims.place().glob("*.csv"))
WITH_SOURCE = [name for name in LESSONS if (paths.SOURCE / name).exists()]
CHECK = """from course.show import l04 as show

show.expect_form("04_x", decide, "a", "b")
### BEGIN HIDDEN TESTS
verdicts = {
    "a": ("true", 3, "There are three."),
    "b": ("false", "ada", "It is "
          "ada."),
}
show.expect_verdicts(decide, verdicts)
### END HIDDEN TESTS"""
TRUTH = {"a": ("true", 3, "There are three."), "b": ("false", "ada", "It is ada.")}


def test_a_dictionary_in_a_hidden_block_is_read_cell_by_cell():
    cells = [
        Cell("grade", CHECK, "decide_1", 2.0),
        Cell("grade", CHECK, "other_1", 2.0),
        Cell("code", CHECK),
        Cell("grade", 'verdicts = {"seen": ("true", 1, "by all")}', "decide_2", 2.0),
    ]
    assert verdicts.collect(cells) == [TRUTH]


@pytest.mark.parametrize(
    "literal",
    [
        "make()",
        '["a"]',
        '{"a": ("true", 3)}',
        '{"a": ("maybe", 3, "Why.")}',
        '{"a": ("true", None, "Why.")}',
        '{"a": ("true", 3, "")}',
    ],
)
def test_what_is_no_such_dictionary_is_one_sentence(literal):
    source = f"### BEGIN HIDDEN TESTS\nverdicts = {literal}\n### END HIDDEN TESTS"
    with pytest.raises(CourseError, match="decide_1: `verdicts` has to be a literal dictionary"):
        verdicts.collect([Cell("grade", source, "decide_1", 2.0)])


def lesson(root, source):
    meta = {"grade_id": "decide_1", "grade": True, "solution": False, "locked": True, "points": 2}
    cell = {"cell_type": "code", "source": source, "metadata": {"nbgrader": meta}, "outputs": []}
    path = notebook.path_of("04_x", root / "source")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4}), encoding="utf-8")


def test_the_file_follows_the_source(tmp_path):
    lesson(tmp_path, CHECK)
    assert verdicts.write("04_x", tmp_path)
    assert claims.told("04_x", tmp_path) == {name: list(what) for name, what in TRUTH.items()}
    assert not verdicts.write("04_x", tmp_path), "nothing has changed"
    file = claims.place(tmp_path) / "04_x.txt"
    assert "three" not in file.read_text(encoding="ascii")
    file.write_text("damaged", encoding="ascii")
    assert verdicts.write("04_x", tmp_path)
    lesson(tmp_path, "assert decide()")
    assert verdicts.write("04_x", tmp_path)
    assert claims.told("04_x", tmp_path) is None
    assert not verdicts.write("04_x", tmp_path)


@pytest.mark.parametrize("lesson", LESSONS)
def test_statements_and_verdicts_have_the_same_ids(lesson):
    assert sorted(claims.told(lesson)) == sorted(claims.asked(lesson))


@pytest.mark.parametrize("lesson", LESSONS)
def test_figures_are_of_the_kind_that_is_asked_for(lesson):
    asked = claims.asked(lesson)
    for name, (verdict, figure, _) in claims.told(lesson).items():
        assert claims.fault({name: (verdict, figure)}, name, asked[name]) == ""


@pytest.mark.parametrize("lesson", WITH_SOURCE)
def test_file_and_source_agree(lesson):
    cells = notebook.cells(notebook.read(notebook.path_of(lesson, paths.SOURCE)))
    home = {name: list(what) for part in verdicts.collect(cells) for name, what in part.items()}
    assert claims.told(lesson) == home, "run `course build`"


@pytest.mark.parametrize("lesson", WITH_SOURCE)
def test_who_always_says_the_same_gets_no_points(lesson):
    cells = notebook.cells(notebook.read(notebook.path_of(lesson, paths.SOURCE)))
    parts = verdicts.collect(cells)
    checks = [cell for cell in cells if cell.kind == "grade" and cell.exercise == claims.EXERCISE]
    assert len(parts) == len(checks)
    said = [[verdict for verdict, _, _ in part.values()] for part in parts]
    assert all(len(set(words)) > 1 for words in said)
    together = [word for words in said for word in words]
    assert 2 * together.count("true") == len(together)


@pytest.mark.parametrize("lesson", LESSONS)
def test_learners_find_no_reason_in_what_they_get(lesson):
    told = [claims.place() / f"{lesson}.csv", claims.place() / f"{lesson}.txt"]
    files = [*told, *(paths.RELEASE / lesson).glob("*")]
    text = leak.squash("\n".join(file.read_text(encoding="utf-8") for file in files))
    for _, _, reason in claims.told(lesson).values():
        assert leak.squash(reason) not in text
