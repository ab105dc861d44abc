"""Lesson 06 as people meet it: its demos run without a click, and what its text promises holds.

How the notebook is executed, and what every lesson has to do: tests/harness.py. Its learner hasn't
labelled anything yet, and takes files in place of buttons.
"""

import pytest
from harness import EveryLesson, Lesson, text

from course import records

pytestmark = pytest.mark.slow


def by_file(nb):
    for cell in nb.cells:
        cell.source = cell.source.replace("by_file = False", "by_file = True")


SPEC = Lesson(
    "06_human_feedback",
    demos={
        "lineage-picture": {"text/html"},
        "demo-rufus": {"image/png"},
        "demo-preference-curve": {"image/png"},
        "demo-answer-desk": {"application/vnd.jupyter.widget-view+json"},
        "demo-answer-csv": set(),
        "demo-own-taste": {"image/png", "text/html"},
        "demo-picks": {"text/html"},
        "demo-reward-model": {"image/png", "text/html"},
        "demo-rewards-of-answers": {"text/html"},
        "demo-hand-written": {"text/html"},
        "demo-learned-backflip": {"image/png", "text/html"},
        "demo-clip-desk": {"application/vnd.jupyter.widget-view+json"},
        "demo-clip-csv": set(),
        "demo-own-backflip": {"text/html"},
    },
    absent="course.world.labeler",
    prepare=by_file,
)


class TestEveryLesson(EveryLesson):
    """What every lesson gets."""


def test_without_own_labels_the_shipped_ones_are_taken_and_it_is_said(learned):
    for demo in ("demo-own-taste", "demo-own-backflip"):
        assert "shipped labels of the simulated labeler" in text(learned["answers"][demo])


def test_without_buttons_the_files_are_there_with_every_pair(learned):
    from course.show import l06_feedback as feedback

    cells, folder = learned["answers"], learned.place("answers")
    for name, rows in (("answers", feedback.answer_rows()), ("clips", feedback.clip_rows())):
        lines = (folder / f"my_{name}.csv").read_text(encoding="utf-8").splitlines()
        assert len(lines) == len(rows) + 1
        assert f"my_{name}.csv" in text(cells[f"demo-{name[:-1]}-csv"])


def test_a_cut_backflip_says_so_and_shows_the_recorded_one(learned):
    said = text(learned["answers"]["demo-learned-backflip"])
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
