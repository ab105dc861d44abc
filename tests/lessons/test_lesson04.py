"""Lesson 04 as people meet it: its demos run, with torch and without, and its text holds.

How the notebook is executed, and what every lesson has to do: tests/harness.py. This one runs once
more where there is no torch at all, as in a browser.
"""

import re
from itertools import pairwise

import nbformat
import pandas as pd
import pytest
from harness import EveryLesson, Lesson, execute, failed, load, text

from course import claims, paths
from course.grader import notebook

pytestmark = pytest.mark.slow

SPEC = Lesson(
    "04_gpt_family",
    demos={
        "lineage-picture": {"text/html"},
        "demo-the-statements": {"text/html"},
        "demo-what-is-known": {"text/html"},
        "demo-sizes-over-time": {"image/png"},
        "demo-family-tree": {"image/png"},
        "demo-not-in-the-family": {"text/html"},
        "demo-training-mix": {"text/html", "image/png"},
        "demo-cutoffs": {"text/html", "image/png"},
        "demo-one-input-three-models": {"text/html"},
        "demo-preferred": {"text/html"},
        "demo-were-you-right": {"text/html"},
    },
    absent="torch",
)
NEED_TORCH = ("demo-one-input-three-models",)


class TestEveryLesson(EveryLesson):
    """What every lesson gets."""


@pytest.fixture(scope="module")
def without_torch(tmp_path_factory):
    nb = load(SPEC.name)
    hide = "import sys\nsys.modules['torch'] = None"
    nb.cells.insert(0, nbformat.v4.new_code_cell(hide, id="hide"))
    return execute(nb, tmp_path_factory.mktemp("without"))


def test_demos_say_what_is_missing(learned):
    said = text(learned["none"]["demo-one-input-three-models"])
    assert "all-MiniLM-L6-v2 isn't on this computer yet" in said
    assert "mini-davinci, a base model, goes on" in said


def test_the_lesson_works_without_torch(without_torch):
    assert failed(without_torch) == set()
    for demo in NEED_TORCH:
        assert "needs torch" in text(without_torch[demo])
    for demo in set(SPEC.demos) - set(NEED_TORCH):
        assert without_torch[demo].outputs, demo


def test_verdicts_are_told_once_all_are_decided(learned):
    assert "12 of 12 are right, verdict and figure." in text(
        learned["answers"]["demo-were-you-right"]
    )
    assert "Nothing is decided yet" in text(learned["none"]["demo-were-you-right"])


# What the text promises, by the solutions on the real tables -----------------------------------


@pytest.fixture(scope="module")
def solved():
    """Return the names that the solutions define, and the tables."""
    import numpy as np

    space = {"pd": pd, "np": np}
    for cell in notebook.cells(load(SPEC.name)):
        if cell.kind == "solution":
            exec(cell.source, space)
    files = (paths.DATA / "family").glob("*.csv")
    space["tables"] = {path.stem: pd.read_csv(path) for path in files}
    return space


def family(solved):
    return pd.concat([solved["tables"][name] for name in ("models", "api_names", "neighbours")])


def test_fifteen_api_names_and_eight_published_sizes(solved):
    from course.show import l04_family

    sizes = [l04_family.status(size) for size in solved["tables"]["api_names"]["size"]]
    assert len(sizes) == 15, "the prediction says so"
    assert [sizes.count(word) for word in ("published", "estimate")] == [8, 1]


def test_the_gpts_came_eight_and_fifteen_months_apart(solved):
    models = solved["tables"]["models"].set_index("name").loc[["GPT-1", "GPT-2", "GPT-3"]]
    months = [12 * int(date[:4]) + int(date[5:7]) for date in models["released"]]
    assert [b - a for a, b in pairwise(months)] == [8, 15]
    sizes = [float(size[:-1]) * {"M": 1e6, "B": 1e9}[size[-1]] for size in models["size"]]
    assert all(b > 10 * a for a, b in pairwise(sizes)), "the text says so"


def test_lines_end_where_the_text_says(solved):
    lines = {name: solved["ancestors"](family(solved), name) for name in family(solved)["name"]}
    assert lines["Codex"] == (["GPT-3"], "from nothing")
    assert lines["GitHub Copilot"] == (["Codex", "GPT-3"], "from nothing")
    assert lines["text-davinci-002"] == (["code-davinci-002"], "not published")
    for name in ("ChatGPT", "GPT-4", "text-davinci-003", "text-embedding-ada-002"):
        assert lines[name] == ([], "not published"), name
    assert lines["text-search-*"] == (["GPT-3"], "from nothing")
    assert lines["Prometheus"] == (["GPT-4"], "not published")


def test_no_model_has_read_its_own_name(solved):
    tables = solved["tables"]
    sources = tables["cutoffs"].groupby("name")["text_until"].agg(list)
    dated = tables["api_names"][tables["api_names"]["released"].str.fullmatch(r"\d{4}-\d\d.*")]
    events = dict(zip(dated["name"], dated["released"], strict=True)) | {"ChatGPT": "2022-11-30"}
    answers = solved["who_can_know"](sources.to_dict(), events)
    own = [answers[name][name] for name in answers if name in events]
    assert own == ["no"] * len(own)
    assert len(own) >= 2
    assert answers["gpt-3.5-turbo-0301"]["ChatGPT"] == "no"


def test_one_name_has_several_texts_and_trainings(solved):
    tables = solved["tables"]
    texts = solved["texts_by_label"](tables["api_names"], tables["cutoffs"])
    assert texts["GPT-3"] == ["2019-10"]
    assert texts["GPT-3.5"] == ["2021-06", "2021-09", "before 2021-10"]
    assert "not found" in texts["InstructGPT"]
    assert len(texts["InstructGPT"]) > 1


def test_a_few_hundred_comparisons_are_behind_the_figures(solved):
    import numpy as np

    comparisons, _ = solved["comparisons_behind"](np.array([85.0, 71]), np.array([3.0, 4]), 1.96)
    assert ((comparisons > 200) & (comparisons < 900)).all()


def test_guesses_and_answers_have_the_statements_ids():
    cells = {cell.id: cell.source for cell in load(SPEC.name).cells}
    ids = list(claims.asked(SPEC.name))
    assert re.findall(r'"(\w+)": None', cells["first-guesses"]) == ids
    assert re.findall(r'"(\w+)": \(None, None\)', cells["decide"]) == ids
    space = {}
    exec(cells["decide"], space)
    assert list(space["decide"]()) == ids
