"""Lesson 04 as people meet it: its demos run, with torch and without, and its text holds.

How the notebook is executed, and what every lesson has to do: tests/harness.py. This one runs once
more where there is no torch at all, as in a browser.
"""

from itertools import pairwise

import nbformat
import pandas as pd
import pytest
from harness import EveryLesson, Lesson, execute, failed, load, text

from course import paths
from course.grader import notebook

pytestmark = pytest.mark.slow

SPEC = Lesson(
    "04_gpt_family",
    demos={
        "lineage-picture": {"text/html"},
        "demo-what-is-known": {"text/html"},
        "demo-sizes-over-time": {"image/png"},
        "demo-family-tree": {"image/png"},
        "demo-not-in-the-family": {"text/html"},
        "demo-training-mix": {"text/html", "image/png"},
        "demo-cutoffs": {"image/png"},
        "demo-one-input-three-models": {"text/html"},
        "demo-speed-against-strength": {"text/html", "image/png"},
        "demo-the-statements": {"text/html"},
    },
    absent="torch",
)
NEED_TORCH = ("demo-one-input-three-models", "demo-speed-against-strength")


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


# What the text promises, by the solutions on the real tables -----------------------------------


@pytest.fixture(scope="module")
def solved():
    """Return the names that the solutions define, and the tables."""
    import numpy as np

    space = {"pd": pd, "np": np, "pairwise": pairwise}
    for cell in notebook.cells(load(SPEC.name)):
        if cell.kind == "solution":
            exec(cell.source, space)
    files = (paths.DATA / "family").glob("*.csv")
    space["tables"] = {path.stem: pd.read_csv(path) for path in files}
    return space


def test_the_library_reads_sizes_as_the_solution_does(solved):
    from course.show import l04_family as family

    for name in ("models", "api_names"):
        table = solved["tables"][name]
        parsed = solved["parse_sizes"](table)
        ours = [family.count(size) for size in table["size"]]
        assert parsed["parameters"].tolist() == pytest.approx(
            [float("nan") if size is None else size for size in ours], nan_ok=True
        )


def test_the_gpts_came_eight_and_fifteen_months_apart(solved):
    models = solved["tables"]["models"]
    gpt = models[models["name"].isin(["GPT-1", "GPT-2", "GPT-3"])]
    rows = gpt.merge(solved["parse_sizes"](gpt), on="name")
    steps = solved["growth"](rows)
    assert steps["months"].tolist() == [8, 15]
    assert (steps["times"] > 10).all(), "the text says so"


def test_the_line_of_chatgpt_ends_before_gpt_3(solved):
    family = pd.concat([solved["tables"][name] for name in ("models", "api_names", "neighbours")])
    assert solved["ancestors"](family, "ChatGPT") == ["code-davinci-002"]
    below = solved["descendants"](family, "GPT-3")
    assert {"Codex", "InstructGPT", "DALL·E", "GitHub Copilot"} <= set(below)
    assert not {"ChatGPT", "DALL·E 2", "Whisper", "GPT-4"} & set(below)


def test_no_api_name_called_instructgpt_has_ppo(solved):
    counts = solved["methods_by_label"](solved["tables"]["api_names"])
    methods = {label: set(rows["training"]) for label, rows in counts.groupby("called")}
    assert methods["InstructGPT"] == {"SFT", "FeedME"}
    assert {"pre-training", "FeedME", "PPO"} <= methods["GPT-3.5"]


def test_no_model_has_read_its_own_name(solved):
    tables = solved["tables"]
    ends = tables["cutoffs"][~tables["cutoffs"]["text_until"].str.startswith("before")]
    dated = tables["api_names"][tables["api_names"]["released"].str.fullmatch(r"\d{4}-\d\d.*")]
    events = dated.rename(columns={"name": "event", "released": "date"})[["event", "date"]]
    answers = solved["who_can_know"](ends, events)
    own = answers[answers["name"] == answers["event"]]
    assert len(own) >= 2
    assert set(own["answer"]) == {"no"}


def test_a_few_hundred_comparisons_carry_the_headline(solved):
    claims = solved["tables"]["rlhf"].dropna(subset=["error"]).rename(columns={"quantity": "what"})
    claims = claims.assign(percent=claims["value"].astype(float))
    counts = solved["comparisons_behind"](claims, 1.96)["comparisons"]
    assert counts.between(200, 900).all()


def test_half_of_the_statements_are_true(solved):
    answers = solved["decide"]()
    statements = solved["tables"]["statements"]
    assert list(answers) == statements["id"].tolist()
    verdicts = [verdict for verdict, _ in answers.values()]
    assert verdicts.count("true") * 2 == len(verdicts)
    places = [place for _, place in answers.values()]
    assert len(places) == len(set(places))
    for place in places:
        table, what = place.split(".")
        found = solved["tables"][table]
        assert what in (found["key"].tolist() if table == "rlhf" else found.columns), place
