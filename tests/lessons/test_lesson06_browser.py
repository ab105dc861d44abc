"""Lesson 06 in JupyterLab: label pairs, undo one, restart, find the labels; the stick moves."""

import csv
import re

import numpy as np
import pytest

LESSON = "06_human_feedback"
ANSWERS, CLIPS, FLIP = "demo-answer-desk", "demo-clip-desk", "demo-hand-written"
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def nb(lab):
    return opened(lab.lesson(LESSON))


def opened(nb):
    """Have labels kept in the test's folder, not among the learner's."""
    nb.python("from course import paths; paths.WORK = paths.Path.cwd().parent")
    return nb


def choices(nb, name):
    """Return the choices of a learner's file that aren't empty."""
    file = nb.lab.folder / LESSON / f"my_{name}.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        return [row["choice"] for row in csv.DictReader(lines) if row["choice"]]


def request(nb):
    """Return the request that is to be judged."""
    return re.search("Request: .*", nb.output(ANSWERS))[0]


def test_labels_are_made_undone_and_found_after_a_restart(nb):
    nb.run(ANSWERS)
    nb.wait_for_text(ANSWERS, "0 of ")
    nb.screenshot("new", ANSWERS)
    asked = []
    for done, side in enumerate("ABA", start=1):
        asked.append(request(nb))
        nb.click(ANSWERS, f"Answer {side}")
        nb.wait_for_text(ANSWERS, f"{done} of ")
    nb.screenshot("three", ANSWERS)
    assert choices(nb, "answers") == ["A", "B", "A"]

    nb.click(ANSWERS, "Undo")
    nb.wait_for_text(ANSWERS, "2 of ")
    assert choices(nb, "answers") == ["A", "B"]

    nb.restart()
    opened(nb).run(ANSWERS)
    nb.wait_for_text(ANSWERS, "2 of ")
    assert request(nb) == asked[2]
    nb.click(ANSWERS, "Answer B")
    nb.wait_for_text(ANSWERS, "3 of ")
    assert choices(nb, "answers") == ["A", "B", "B"]


def test_clips_move_while_they_are_labeled(nb):
    nb.run(CLIPS)
    for done, side in enumerate("AB", start=1):
        for card in nb.find(CLIPS, "svg.stick"):
            assert card.accessible_name.startswith("Clip ")
        nb.wait_for_change(CLIPS, "svg.stick", nb.pixels(CLIPS, "svg.stick"))
        nb.screenshot(f"pair-{done}", CLIPS)
        nb.click(CLIPS, f"Clip {side}")
        nb.wait_for_text(CLIPS, f"{done} of ")
    assert choices(nb, "clips") == ["A", "B"]


def test_the_stick_moves_and_a_click_holds_it(nb):
    nb.run(FLIP, timeout=120)
    nb.wait_for_css(FLIP, "svg.stick")
    stick = "const stick = cell.node.querySelector('svg.stick');"
    held = stick + "return stick.animationsPaused()"
    assert not nb.script(held, FLIP)
    nb.click(FLIP, None, css="svg.stick")
    nb.wait("the stick to hold still", lambda: nb.script(held, FLIP), 20, FLIP)
    nb.screenshot("flip", FLIP)
    seen = []
    for seconds in (0, 0.2):
        nb.script(stick + "stick.setCurrentTime(rest[0])", FLIP, seconds)
        seen.append(nb.pixels(FLIP, "svg.stick"))
    assert not np.array_equal(*seen)
    nb.click(FLIP, None, css="svg.stick")
    nb.wait("the stick to go on", lambda: not nb.script(held, FLIP), 20, FLIP)
