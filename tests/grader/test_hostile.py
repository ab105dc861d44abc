"""The grader as a whole, in the real sandbox: the worst submissions, and a class killed ten times.

The corpus is `tests/hostile/corpus.toml`; `course grade --self-test` grades it once, and each of
its submissions is a test here.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
from grading_class import LESSON, answered, hand_in, registered, scores, solutions

from course import paths
from course.grader import sandbox, selftest
from course.hooks import HOOKS

WHY = sandbox.missing()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(WHY), reason=f"no sandbox: {WHY}"),
    pytest.mark.skipif(not paths.SOURCE.exists(), reason="source/ isn't shipped here"),
]
CORPUS, HOSTILE = paths.TESTS / "hostile", "01_pretraining"
FULL = 4 * (os.cpu_count() or 1)  # submissions at a time: more than the machine can run at once
KINDS = [kind.name for kind in selftest.corpus(CORPUS)]


@pytest.fixture(scope="module")
def graded():
    return selftest.run(jobs=FULL, lesson=HOSTILE, folder=CORPUS, root=paths.ROOT, hooks=HOOKS)


def test_the_corpus_is_as_large_as_promised(graded):
    assert graded["kinds"] == len(set(KINDS)) >= 72
    assert graded["sandbox"] == "bubblewrap"
    assert graded["problems"] == []


@pytest.mark.parametrize("name", KINDS)
def test_each_gets_what_it_deserves(graded, name):
    (row,) = (row for row in graded["rows"] if row["name"] == name)
    assert row["wrong"] == []
    assert row["score"] <= row["honest"]


def test_honest_neighbours_keep_every_point_at_full_load(graded):
    """Beside everything else in the corpus, spinning processes too, at once."""
    beside = [row for row in graded["rows"] if row["name"].endswith("+")]
    assert len(beside) == selftest.NEIGHBOURS
    assert [row["wrong"] for row in beside] == [[]] * len(beside)
    assert {row["score"] for row in beside} == {beside[0]["honest"]}
    assert not any(row["flags"] for row in beside)


def test_the_comparison_notices_what_is_wrong(tmp_path):
    """An attack that works, a flag that is missing and a shown script would all be seen."""
    kind = selftest.Kind("half", "", "half", flag="caught", shows="refused")
    place = selftest.Class(HOSTILE, paths.ROOT, tmp_path / "course", HOOKS)
    place.hand_in(kind)
    folder = place.root / "autograded" / "half" / HOSTILE
    folder.mkdir(parents=True)
    hidden = sorted(place.hidden)[0]
    text = f"<script>{'x' * 5}</script>"
    outputs = [{"output_type": "display_data", "data": {"text/html": text}, "metadata": {}},
               {"output_type": "stream", "name": "stdout", "text": hidden}]  # fmt: skip
    book = {"cells": [selftest._code("1") | {"outputs": outputs}]}
    selftest._save(book, folder / f"{HOSTILE}.ipynb")
    row = {"score": 792.0, "reason": "", "flags": []}
    wrong = " ".join(place.compare(kind, {"half": row})["wrong"])
    for said in ("792", "'caught'", "active script", "hidden line", "'refused'"):
        assert said in wrong
    assert "not graded" in place.compare(kind, {})["reason"]


# --- killed at any moment -------------------------------------------------------------------------

CLASS, KILLS = 40, 5


def grade(root):
    environment = os.environ | {"COURSE_ROOT": str(root)}
    return subprocess.Popen(
        [sys.executable, "-m", "course.cli", "grade", LESSON],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def recorded(root):
    return len(list((root / ".grading" / LESSON / "students").glob("*.json")))


def test_killed_at_some_moments_the_class_is_graded_as_if_undisturbed(tmp_path):
    root = registered(tmp_path / "course")
    right = solutions(root)
    dice = random.Random(7)
    for number in range(CLASS):
        answers = {
            name: f"{code}\n# student {number}"
            for name, code in right.items()
            if dice.random() < 0.7
        }
        hand_in(root, f"s{number:03d}", answered(root, answers))
    undisturbed = shutil.copytree(root, tmp_path / "undisturbed")
    whole = grade(undisturbed)
    assert whole.communicate()[1] is not None
    assert whole.returncode == 0

    ended = kills = 0
    while not ended:
        process, before = grade(root), recorded(root)
        goal = before + dice.randint(1, 4)
        late = dice.random() / 20
        while process.poll() is None and (recorded(root) < goal or kills >= KILLS):
            time.sleep(0.005)
        time.sleep(late)
        if process.poll() is None and kills < KILLS:
            process.send_signal(signal.SIGKILL)
            kills += 1
        ended = process.wait() == 0
        process.stderr.close()
    assert kills == KILLS
    assert recorded(root) == CLASS
    names = [f"s{number:03d}" for number in range(CLASS)]
    assert {n: scores(root, n) for n in names} == {n: scores(undisturbed, n) for n in names}
    assert selftest._alive() == []
