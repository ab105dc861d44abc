"""Lesson 07 in a browser: the slider moves, a live run that is stopped or cut off goes on."""

import re

import pytest

from course import paths

pytestmark = [
    pytest.mark.timeout(420),
    pytest.mark.skipif(not (paths.SOURCE / "07_rlhf_ppo").exists(), reason="source/ isn't here"),
]

LIVE = """
import os
os.environ.pop("COURSE_DEMO_SECONDS", None)
from course.show import l07_ppo
run = l07_ppo.live_ppo(seconds=300, iterations=400)
"""


def test_the_slider_changes_picture_and_answers(lab):
    from selenium.webdriver.common.keys import Keys

    nb = lab.lesson("07_rlhf_ppo")
    nb.run_until("lineage-picture")
    nb.run("demo-beta-slider", timeout=120)
    (image,) = nb.wait("the picture", lambda: nb.find("demo-beta-slider", "img"), 60)
    before, words = image.get_attribute("src"), nb.output("demo-beta-slider")

    def press():
        (handle,) = nb.find("demo-beta-slider", ".noUi-handle")
        handle.send_keys(Keys.ARROW_RIGHT)
        return True

    nb.wait("the slider", press, 60)
    nb.wait("another picture", lambda: image.get_attribute("src") != before, 60)
    nb.wait("other answers", lambda: nb.output("demo-beta-slider") != words, 60)
    nb.screenshot("slider", "demo-beta-slider")


def test_a_stopped_and_a_cut_off_run_go_on(lab):
    nb = lab.write(LIVE, LIVE)
    nb.start(0)
    nb.wait_for_text(0, re.compile(r"iteration \d+ of 400"), timeout=200)
    nb.interrupt()
    nb.wait_for_text(0, "the policy keeps what it has learned", timeout=60)
    nb.wait_until_idle()
    assert nb.error(0) is None
    nb.start(0)
    nb.wait_for_text(0, "Going on after iteration", timeout=100)
    nb.wait_for_css(0, "img", timeout=100)
    nb.restart()
    nb.start(1)
    nb.wait_for_text(1, "Going on after iteration", timeout=200)
    nb.wait_for_css(1, "img", timeout=100)
    nb.interrupt()
    nb.wait_for_text(1, "the policy keeps what it has learned", timeout=60)
