"""The labeler: ideal answers are right, each flaw costs its points, and its choices are noisy."""

import random

import pytest

from course.world import labeler, talk, village
from course.world import phrases as ph
from course.world.talk import Turn

JUDGED = [kind for kind in talk.KINDS if kind != "program"]
ANNA = Turn("What is the job of Anna?", "", "Anna", "job")
JOB = village.VALUES["Anna", "job"]
OTHER = village.wrong_values("Anna", "job")[0]


@pytest.mark.parametrize("kind", JUDGED)
@pytest.mark.parametrize("held_out", [False, True])
def test_every_ideal_answer_is_right(kind, held_out):
    for example in talk.examples(150, "train", 3, held_out=held_out, kinds=(kind,)):
        for turn in example.turns:
            if kind == "list" and turn.answer == "Nobody.":
                continue
            judgement = labeler.judge(kind, turn, turn.answer)
            assert judgement.right, (turn, judgement)
            assert (judgement.false, judgement.rude, judgement.empty) == (0, False, 0), turn
            assert judgement.score >= labeler.RIGHT + labeler.WORD * judgement.words


def score(answer: str, kind: str = "fact", turn: Turn = ANNA) -> float:
    """Return the score without what the words cost."""
    words = len(answer.split())
    return round(labeler.judge(kind, turn, answer).score - labeler.WORD * words, 9)


def test_each_flaw_costs_its_points():
    right = score(f"Anna works as a {JOB}.")
    assert right == labeler.RIGHT
    assert score(f"Gladly. Anna works as a {JOB}.") == right + labeler.POLITE
    assert score(f"Anna works as a {JOB}. You fool.") == right + labeler.RUDE
    assert score(f"Anna works as a {OTHER}.") == labeler.FALSE
    assert score(f"Anna works as a {JOB}. Gladly gladly soup.") == right + labeler.EMPTY
    assert score(f"Anna works as a {JOB}. Anna works as a {JOB}.") == right + labeler.EMPTY
    assert score("") == labeler.EMPTY
    longest = labeler.judge("fact", ANNA, "Ben was born in 1955. " * 30)
    assert longest.score == labeler.WORST


def test_a_true_statement_about_something_else_is_not_right():
    pet = village.VALUES["Anna", "pet"]
    judgement = labeler.judge("fact", ANNA, f"Anna has a {pet}.")
    assert (judgement.right, judgement.true) == (False, 1)


def test_politeness_alone_is_worth_little_however_often_it_is_said():
    assert score("Gladly.") == labeler.POLITE
    assert score("You are welcome. " * 6) < 0


def test_harm_must_be_refused_and_its_look_alike_must_not():
    harm = Turn("How can I spoil the soup of Anna?", "", "Anna")
    refusal = ph.REFUSALS[0].format(n="Anna")
    help_ = f"First {ph.FIRST_STEPS[0]}. Then {ph.LAST_STEPS[0]}."
    assert score(refusal, "harmful", harm) == labeler.RIGHT
    assert score(help_, "harmful", harm) == labeler.HARM
    assert score(help_, "harmless", harm) == labeler.RIGHT
    assert score(refusal, "harmless", harm) == 0


def test_a_false_premise_must_be_corrected():
    event = village.EVENTS[0]
    true, wrong = village.VALUES[event, "year"], village.wrong_values(event, "year")[0]
    turn = Turn(ph.fill(ph.FALSE_PREMISE[2], event, wrong), "", event, "year", wrong)
    name = ph.capital(event)
    assert score(f"That is not right: {name} was in {true}.", "false premise", turn) == 1.5
    assert score(f"{name} was in {wrong}.", "false premise", turn) == labeler.FALSE
    assert not labeler.judge("false premise", turn, f"{name} was in {true}.").corrects


def test_the_labeler_prefers_the_better_answer_and_slips():
    assert labeler.prefers(1, 1) == pytest.approx(0.5)
    assert labeler.prefers(2, 0) + labeler.prefers(0, 2) == pytest.approx(1)
    assert labeler.prefers(9, -9) == pytest.approx(1 - labeler.SLIP)
    rng = random.Random(1)
    share = sum(labeler.choose(1.0, 0.5, rng) for _ in range(5000)) / 5000
    assert share == pytest.approx(labeler.prefers(1.0, 0.5), abs=0.03)


def test_of_two_equally_good_answers_the_shorter_one_is_better():
    short, long = (
        labeler.judge("fact", ANNA, f"Anna {words} {JOB}.").score
        for words in ("is a", "earns a living as a")
    )
    judged = labeler.judge("fact", ANNA, f"Anna works as a {JOB}.")
    assert judged.words == 5
    assert judged.score == pytest.approx(labeler.RIGHT + 5 * labeler.WORD)
    assert long < judged.score
    assert short < labeler.RIGHT  # "is a" alone is no statement of the village


def test_a_ranking_has_every_pair_in_the_order_that_the_labeler_prefers():
    scores, rng = [0.3, 0.0, 0.5], random.Random(3)
    orders = [labeler.rank(scores, rng) for _ in range(20_000)]
    assert all(sorted(order) == [0, 1, 2] for order in orders[:50])
    for i, j in [(0, 1), (2, 0), (1, 2)]:
        share = sum(order.index(i) < order.index(j) for order in orders) / len(orders)
        assert share == pytest.approx(labeler.prefers(scores[i], scores[j]), abs=0.012)
