"""Lesson 02 as people meet it: its demos run, and what its text promises holds in the record.

The notebook is executed as nbgrader does, and as a learner with all answers on a computer that
hasn't fetched MiniLM, with the live training cut short.
"""

import re

import pytest
from executed import execute, failed, load, text

from course import paths, records
from course.grader import notebook

LESSON = "02_transfer_learning"
FOLDER = paths.SOURCE / LESSON
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="source/ isn't shipped here")

DEMOS = {  # cell → kinds of output that it shows
    "lineage-picture": {"text/html"},
    "demo-digits": {"image/png"},
    "demo-few-labels": {"text/html", "image/png"},
    "demo-nearest": {"text/html"},
    "demo-notes": {"text/html"},
    "demo-few-words": {"text/html", "image/png"},
    "demo-worth": {"text/html"},
    "facts-transfer": {"text/html"},
}


@pytest.fixture(scope="module")
def graded():
    return execute(load(LESSON), FOLDER, probe="torch", NBGRADER_EXECUTION="autograde")


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    empty = str(tmp_path_factory.mktemp("empty"))
    return execute(load(LESSON), FOLDER, COURSE_CACHE=empty, COURSE_DEMO_SECONDS="1")


def test_grading_needs_no_torch_and_shows_no_demo(graded):
    assert failed(graded) == set()
    noisy = {i for i, c in graded.items() if c.cell_type == "code" and c.outputs}
    assert noisy == {"lineage-picture", "probe"}
    assert text(graded["probe"]).strip() == "False"


@pytest.mark.parametrize("demo", DEMOS)
def test_every_demo_shows_something_and_no_warning(learned, demo):
    cell = learned[demo]
    assert "stderr" not in {o.get("name") for o in cell.outputs}
    kinds = {kind for o in cell.outputs for kind in o.get("data", {})}
    assert DEMOS[demo] <= kinds, text(cell)


def test_nothing_fails_for_a_learner_with_all_answers(learned):
    assert failed(learned) == set()


def test_demos_say_what_is_missing_and_take_the_recorded_run(learned):
    assert "recorded run" in text(learned["demo-few-labels"])
    for demo in ("demo-few-words", "demo-nearest"):
        assert "all-MiniLM-L6-v2 isn't on this computer yet" in text(learned[demo])
        assert "recorded run" in text(learned[demo])


def test_core_and_stretch_are_the_points_that_the_lesson_says():
    cells = notebook.cells(load(LESSON))
    points = {}
    for cell in cells:
        if cell.kind == "grade":
            points[cell.exercise] = points.get(cell.exercise, 0) + cell.points
    core = 0
    for cell in cells:
        head = cell.source.split("\n")[0]
        if cell.kind == "text" and head.startswith("### Exercise"):
            name, said = re.search(r"`(\w+)` · (\d+) points", head).groups()
            assert points[name] == int(said)
            core += 0 if "*stretch*" in head else int(said)
    assert sum(points.values()) == 100
    aims = next(c.source for c in cells if "**Points** 100" in c.source)
    assert f"({core} core, {100 - core} *stretch*)" in aims


# What the text promises ----------------------------------------------------------------------


def test_with_few_labels_the_gain_of_both_transfers_is_plain():
    from course.stats import mean_interval

    pictures = records.read("transfer")["pictures"]
    at = pictures["labels"].index(pictures["watched"])
    for way in ("frozen", "full"):
        gains = [
            [t["accuracy"][way][at] - t["accuracy"]["scratch"][at]] for t in pictures["trials"]
        ]
        mean, half = mean_interval(gains)
        assert mean[0] - half[0] > 0.1


def test_frozen_features_win_with_few_labels_and_have_a_limit():
    from course.stats import mean_interval

    pictures = records.read("transfer")["pictures"]
    lines = {w: mean_interval([t["accuracy"][w] for t in pictures["trials"]])[0]
             for w in ("frozen", "full")}  # fmt: skip
    assert lines["frozen"][0] > lines["full"][0]
    assert lines["full"][-1] > lines["frozen"][-1]


def test_a_step_of_the_head_alone_costs_least():
    for trial in records.read("transfer")["pictures"]["trials"]:
        last = {way: course[-1][0] for way, course in trial["course"].items()}
        assert last["frozen"] < min(last["scratch"], last["full"])


def test_embeddings_save_labels_until_every_word_was_seen():
    import numpy as np

    found = records.read("transfer")["notes"]["accuracy"]
    words, babbage, minilm = (
        np.mean(found[w], axis=0) for w in ("words", "mini-babbage", "all-MiniLM-L6-v2")
    )
    assert words[0] + 0.1 < babbage[0]
    assert words[0] + 0.2 < minilm[0]
    assert minilm[-1] - words[-1] < 0.02


def test_the_kitten_is_nearer_to_the_cat_than_to_its_own_words():
    alike_in_meaning, alike_in_words, neither = records.read("transfer")["cosines"]
    assert alike_in_meaning > alike_in_words > neither
