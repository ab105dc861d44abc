"""Lesson 06 as people meet it: its demos run without a click, and what its text promises holds.

The notebook is executed as nbgrader does, and as a learner with all answers who hasn't labelled
anything yet, in a course folder of their own, with the live backflip cut short.
"""

import pytest
from executed import execute, failed, load, text

from course import paths, records
from course.grader import notebook

LESSON = "06_human_feedback"
pytestmark = pytest.mark.skipif(
    not (paths.SOURCE / LESSON).exists(), reason="source/ isn't shipped here"
)

DEMOS = {  # cell → kinds of output that it shows
    "lineage-picture": {"text/html"},
    "demo-rufus": {"image/png"},
    "demo-preference-curve": {"image/png"},
    "demo-answer-desk": {"application/vnd.jupyter.widget-view+json"},
    "demo-own-taste": {"image/png", "text/html"},
    "demo-picks": {"text/html"},
    "demo-reward-model": {"image/png", "text/html"},
    "demo-rewards-of-answers": {"text/html"},
    "demo-hand-written": {"text/html"},
    "demo-learned-backflip": {"image/png", "text/html"},
    "demo-clip-desk": {"application/vnd.jupyter.widget-view+json"},
    "demo-own-backflip": {"text/html"},
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("graded")
    probe = "course.world.labeler"
    return execute(load(LESSON), folder, probe=probe, NBGRADER_EXECUTION="autograde")


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """Execute the lesson as somebody who has all answers and no labels yet."""
    root = tmp_path_factory.mktemp("course")
    (root / "data").symlink_to(paths.DATA, target_is_directory=True)
    folder = root / "work" / LESSON
    folder.mkdir(parents=True)
    nb = load(LESSON)
    for cell in nb.cells:
        cell.source = cell.source.replace("by_file = False", "by_file = True")
    return execute(nb, folder, COURSE_ROOT=str(root), COURSE_DEMO_SECONDS="2"), folder


def test_grading_shows_no_demo_and_leaves_the_labeler_alone(graded):
    assert failed(graded) == set()
    noisy = {i for i, c in graded.items() if c.cell_type == "code" and c.outputs}
    assert noisy == {"lineage-picture", "probe"}
    assert text(graded["probe"]).strip() == "False"


@pytest.mark.parametrize("demo", DEMOS)
def test_every_demo_shows_something_and_no_warning(learned, demo):
    cell = learned[0][demo]
    assert "stderr" not in {o.get("name") for o in cell.outputs}
    kinds = {kind for o in cell.outputs for kind in o.get("data", {})}
    assert DEMOS[demo] <= kinds, text(cell)


def test_nothing_fails_for_a_learner_with_all_answers(learned):
    assert failed(learned[0]) == set()


def test_without_own_labels_the_shipped_ones_are_taken_and_it_is_said(learned):
    for demo in ("demo-own-taste", "demo-own-backflip"):
        assert "shipped labels of the simulated labeler" in text(learned[0][demo])


def test_without_buttons_the_files_are_there_with_every_pair(learned):
    from course.show import l06_feedback as feedback

    cells, folder = learned
    for name, rows in (("answers", feedback.answer_rows()), ("clips", feedback.clip_rows())):
        lines = (folder / f"my_{name}.csv").read_text(encoding="utf-8").splitlines()
        assert len(lines) == len(rows) + 1
        assert f"my_{name}.csv" in text(cells[f"demo-{name[:-1]}-csv"])


def test_a_cut_backflip_says_so_and_shows_the_recorded_one(learned):
    said = text(learned[0]["demo-learned-backflip"])
    assert "recorded run" in said
    assert "stands at the end" in said


# What the text promises ----------------------------------------------------------------------


def test_the_reward_model_stays_below_the_ceiling():
    record = records.read("mini-reward")
    assert record["noisy"] < record["ceiling"] < 1
    assert record["labelers"] < record["ceiling"]


def test_a_backflip_needs_clips_that_show_one():
    """Labels on first tries alone lead to none; among the desk's clips some are backflips."""
    import numpy as np

    from course.show import l06_clips as clips
    from course.show import l06_feedback as feedback
    from course.studies import l06_backflip as backflip
    from course.world import stick

    for seed in (0, 1):
        rng = np.random.default_rng(seed)
        plans = backflip.Search().draw(128, rng)
        assert stick.flips(stick.simulate(plans)).sum() == 0
        first, second = (plans[i] for i in backflip.distinct_pairs(len(plans), 40, rng))
        took = backflip.simulated(seed)(stick.simulate(first), stick.simulate(second))
        plan, _ = backflip.from_choices(first, second, took)
        assert not stick.flips(stick.simulate(plan[None])).any()
    shown = [clips.plan_of(row[f"clip_{side}"]) for row in feedback.clip_rows() for side in "ab"]
    assert stick.flips(stick.simulate(np.array(shown))).sum() >= 4


def test_choices_that_differ_are_shown_and_those_about_values_come_first(tmp_path):
    from course.show import l06_feedback as feedback
    from course.show import labeling
    from course.world import pairs

    labels = labeling.Labels(feedback.answer_rows(), tmp_path / "own.csv")
    while labels.done < 30:
        labels.choose("A")
    assert feedback.differences(labels, labels.took_first()) is None
    drawn = {pair: not took for pair, took in labels.took_first().items()}
    head, *lines = feedback.differences(labels, drawn, most=30).text.split("\n")
    assert head.startswith("request | you chose | the simulated labeler chose")
    gaps = [
        round(abs(a - b), 2)
        for a, b in (map(float, x.split(" | ")[-1].split(" and ")) for x in lines)
    ]
    assert len(gaps) == 30
    assert gaps == sorted(gaps, reverse=True)
    first = next(p for p in pairs.read() if p.asked.request == lines[0].split(" | ")[0])
    assert lines[0].split(" | ")[1:3] == list(first.answers)


def test_core_and_stretch_are_the_points_that_the_lesson_says():
    cells = notebook.cells(load(LESSON))
    points = {}
    for cell in cells:
        if cell.kind == "grade":
            points[cell.exercise] = points.get(cell.exercise, 0) + cell.points
    heads = [c.source for c in cells if c.kind == "text" and c.source.startswith("### Exercise")]
    core = 0
    for head in heads:
        line = head.split("\n")[0]
        name = line.split("`")[1]
        assert f"· {points[name]:g} points ·" in line
        core += 0 if "*stretch*" in line else points[name]
    aims = next(c.source for c in cells if "**Points**" in c.source)
    assert f"({core:g} core, {100 - core:g} *stretch*)" in aims
