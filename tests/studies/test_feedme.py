"""FeedME and few-shot prompts: what is collected, kept and counted; ratings; the two stages."""

import json
import random
from collections import Counter

import pytest
from tables import planned

from course.lm import batching, evals, model
from course.lm import tokenizer as tok
from course.stages import exercises
from course.stages.context import Run
from course.stages.stage import SFT
from course.studies import l05_feedme as feedme
from course.studies.registry import ALL
from course.world import labeler, talk

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tokenizer():
    return tok.load()


def test_better_answers_get_better_marks_with_noise():
    rng = random.Random(1)
    marks = {score: [labeler.rate(score, rng) for _ in range(3000)] for score in (-3.0, 0.5, 1.8)}
    means = [sum(found) / len(found) for found in marks.values()]
    assert means == sorted(means)
    assert {m for found in marks.values() for m in found} <= set(range(1, labeler.MARKS + 1))
    slips = Counter(marks[-3.0])[labeler.MARKS] / 3000
    assert slips == pytest.approx(labeler.SLIP, abs=0.01)
    assert Counter(marks[1.8])[labeler.MARKS] / 3000 > 0.8


def test_the_first_of_the_best_answers_is_kept_if_it_is_good_enough():
    asked = list(talk.examples(3, "train", 2, kinds=("fact",)))
    answers, rows = ("a", "b", "c"), [(6, 7, 7), (6, 6, 5), (7, 1, 1)]
    rated = [feedme.Rated(e, answers, marks) for e, marks in zip(asked, rows, strict=True)]
    kept = feedme.kept(rated, 7)
    assert [e.turns[0].answer for e in kept] == ["b", "a"]
    assert [e.turns[0].request for e in kept] == [asked[i].turns[0].request for i in (0, 2)]
    assert len(feedme.kept(rated, 6)) == 3


def test_worked_examples_fit_before_every_request(tokenizer):
    asked = evals.asked_in("tuning", 60).mixed
    shots = feedme.worked_examples(tokenizer, asked, seed=6)
    prompts = evals.base_prompts(tokenizer, asked, shots)
    assert shots
    assert max(map(len, prompts)) + evals.NEW_TOKENS <= 160


@pytest.mark.parametrize(
    ("line", "asks"),
    [
        ("Who keeps the Old Mill?", True),
        ("Explain the Bread War to a six-year-old.", True),
        ("I want to mend the fence of Anna.", True),
        ("Anna lives in Mill Lane.", False),
        ("I do not know that.", False),
        ("", False),
    ],
)
def test_one_more_request_is_told_from_an_answer(line, asks):
    assert feedme.goes_on_asking(line) is asks


def test_counts_are_what_the_rates_come_from():
    asked = list(evals.asked_in("tuning", 60).mixed)
    judged = evals.judge(asked, [e.turns[-1].answer for e in asked])
    rates = evals.rates(asked, judged)
    for name, (hits, n) in evals.counts(asked, judged).items():
        assert rates[name] == hits / n
    assert evals.counts(asked, judged)["rude"][1] == len(asked)


def test_the_loss_on_answers_is_the_mean_over_all_their_tokens(tokenizer):
    mini = model.new(model.Size(2, 32), seed=1)
    functions = exercises.load(*SFT)
    examples = list(talk.examples(70, "train", 3, kinds=("fact", "unknown")))
    whole = feedme.answer_loss(mini, tokenizer, examples, **functions)
    rows = [tokenizer(e.text())["input_ids"] for e in examples]
    assistant = tokenizer.convert_tokens_to_ids("<|assistant|>")
    masks = [functions["loss_mask"](row, assistant, tokenizer.eos_token_id) for row in rows]
    tokens, mask = batching.padded(rows, tokenizer.pad_token_id), batching.padded(masks, 0)
    logits = mini(tokens).logits.detach()
    assert whole == pytest.approx(float(functions["sft_loss"](logits, tokens, mask)), abs=1e-3)


@pytest.fixture(scope="module")
def run():
    """Return a run with untrained models: what comes out is worthless, its form isn't."""
    # Untrained models say nothing that is worth the best mark.
    plans = {"feedme": feedme.Recipe(requests=24, samples=2, least=1), "epochs": (40, 3)}
    run = Run(1, tests=30, table=planned(ALL, plans))
    for name in ("mini-babbage", "mini-sft"):
        run.made[name] = model.new(model.Size(1, 32), seed=2)
    return run


def test_the_study_has_what_the_lesson_draws(run):
    figures = json.loads(json.dumps(feedme.study(run)))
    assert set(ALL["feedme"].shown) <= set(figures)
    assert set(figures["counts"]) == set(figures["right"]) == set(feedme.WAYS)
    assert figures["kept"] == 24 == sum(kept for kept, _ in figures["kept_by_kind"].values())
    assert sum(figures["marks"].values()) == 48
    for way in feedme.WAYS:
        hits, n = figures["counts"][way]["right"]
        assert len(figures["right"][way]) == n == 30
        assert figures["right"][way].count("1") == hits
    from course.show import l05_following as following

    pictures = [following.side_by_side(figures), following.marks(figures)]
    assert all(p.png(0.5).startswith(b"\x89PNG") and p.alt for p in pictures)
    assert "request" in following.rated(figures).text
    assert figures["examples"][0]["request"] in following.answers(figures).text


def test_rounds_are_measured_before_and_after_each(run):
    figures = feedme.epochs(run)
    assert set(ALL["epochs"].shown) <= set(figures)
    assert [f["round"] for f in figures["rounds"]] == [0, 1, 2, 3]
    assert figures["rounds"][-1]["train_loss"] < figures["rounds"][0]["train_loss"]
    assert all(n == 30 for f in figures["rounds"] for n in f["right"][1:])
    from course.show import l05_following as following

    assert "lowest after round" in following.rounds(figures).alt
    assert following.rounds_in_words(figures).startswith("The loss on new demonstrations")
