"""Lesson 08 in JupyterLab: the chat box answers piece by piece, stops when told, and remembers.

What the model answers is its own business: no test reads more of it than that it is there.
"""

import re

import pytest

from course import paths

LESSON, BOX = "08_chatgpt", "demo-chat-box-view"
pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not (paths.RELEASE / LESSON).exists(), reason=f"no release of {LESSON}"),
]
QUESTION = "Where does Anna live?"
# Conversations are kept in the test's folder, not among the learner's.
AWAY = "from course import paths; paths.WORK = paths.Path.cwd()"


@pytest.fixture
def nb(lab):
    nb = lab.lesson(LESSON)
    nb.python(AWAY)
    nb.run(BOX)
    nb.wait_for_text(BOX, "mini-chat is ready", timeout=60)
    return nb


def conversation(nb):
    """Return what the box shows of the conversation, as [who, text, who, text, …], unjudged."""
    log = nb.text(BOX, "[role=log]")
    lines = [re.sub("[▌✓✗]", "", line).strip() for line in log.splitlines()]
    return [" ".join(line.split()) for line in lines if line]


def answer(nb):
    """Return what the model has said so far."""
    lines = conversation(nb)
    return " ".join(lines[3:]) if lines[:3] == ["You", QUESTION, "mini-chat"] else ""


def ask(nb, per_second):
    """Ask with the Enter key; the answer comes with so many pieces in a second."""
    nb.python(f"box.per_second = {per_second}")
    nb.type_into(BOX, "Message", f"{QUESTION}\n")
    nb.wait("the question", lambda: conversation(nb)[:2] == ["You", QUESTION], 30, BOX)


def test_the_answer_grows_stops_and_is_forgotten(nb):
    nb.screenshot("empty", BOX)
    nb.click(BOX, "Send")
    nb.wait_for_text(BOX, "The message is empty")

    ask(nb, per_second=1)
    early = nb.wait("the first piece", lambda: answer(nb), 30, BOX)
    assert not nb.find(BOX, "button", "Send")[0].is_enabled()
    nb.wait_for_text(BOX, "mini-chat is writing")
    nb.screenshot("writing", BOX)
    later = nb.wait("a longer answer", lambda: len(a := answer(nb)) > len(early) and a, 30, BOX)
    assert later.startswith(early)
    nb.wait_for_text(BOX, "Ready.")
    assert nb.value(BOX, "Message") == ""
    nb.screenshot("ready", BOX)

    nb.click(BOX, "Restart")
    nb.wait_for_text(BOX, "Nothing said yet.")

    ask(nb, per_second=0.02)  # a piece in 50 seconds: only Stop can end it in time
    nb.wait("the first piece", lambda: answer(nb), 30, BOX)
    nb.click(BOX, "Stop")
    nb.wait_for_text(BOX, "Stopped.", timeout=20)
    stopped = answer(nb)
    nb.screenshot("stopped", BOX)
    nb.python("box.per_second = 100")
    nb.type_into(BOX, "Message", "And which pet is there?")
    nb.click(BOX, "Send")  # nothing is broken: the next answer comes
    nb.wait_for_text(BOX, "Ready.")
    lines = conversation(nb)
    assert lines[:6] == ["You", QUESTION, "mini-chat", stopped, "You", "And which pet is there?"]


def test_conversations_are_kept_for_each_model_and_over_a_restart(nb):
    ask(nb, per_second=100)
    nb.wait_for_text(BOX, "Ready.")
    before = conversation(nb)

    nb.choose(BOX, "Model", "mini-sft")
    nb.wait_for_text(BOX, "mini-sft is ready", timeout=60)
    nb.wait_for_text(BOX, "Nothing said yet.")

    nb.restart()
    nb.python(AWAY)
    nb.run(BOX)
    nb.wait_for_text(BOX, "Going on with your kept conversation", timeout=60)
    assert conversation(nb) == before
    nb.screenshot("kept", BOX)
