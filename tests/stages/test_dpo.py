"""DPO, best-of-n as a policy, costs, and the picture of all methods: known answers, small runs."""

import csv
import io
import math
import random

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from tables import planned

from course import paths
from course.lm import evals, model
from course.lm import tokenizer as tok
from course.show import l09_dpo, sources
from course.show import l09_frontier as shown
from course.show import live as demo
from course.stages import dpo, exercises, hacking, ppo, reward, reward_stage, sft_stage
from course.stages.context import Run
from course.stages.stage import DPO
from course.studies import l09_frontier as frontier
from course.studies.registry import ALL
from course.world import demonstrate

pytestmark = pytest.mark.slow

LESSON = "09_what_came_next"
needs_source = pytest.mark.skipif(
    not (paths.SOURCE / LESSON).exists(), reason="source/ isn't shipped here"
)


def plain_loss(preferred, other, reference_preferred, reference_other, beta):
    margin = (preferred - reference_preferred) - (other - reference_other)
    return F.softplus(-beta * margin).mean()


@pytest.fixture(scope="module")
def tokenizer():
    return tok.load()


@pytest.fixture(scope="module")
def rankings(tokenizer):
    """Return rankings of a polite and a plain answer, and of the polite one once more."""
    rng, found = random.Random(1), []
    for example in demonstrate.requests(64, "train", 1, mix={"fact": 1.0}):
        (prompt,) = evals.chat_prompts(tokenizer, [example])
        polite = example.turns[0].answer
        plain = polite.split(". ", 1)[1].rsplit(". ", 1)[0] + "."
        texts = [polite, plain, polite]
        rows = tuple((*prompt, *tokenizer(f" {text}")["input_ids"], 0) for text in texts)
        order = (0, 2, 1) if rng.random() < 0.5 else (2, 0, 1)
        found.append(reward.Ranking(example, rows, (1.0, 0.0, 1.0), order))
    return found


@pytest.fixture(scope="module")
def compared(tokenizer, rankings):
    return dpo.compared(model.load("mini-ada")[0], tokenizer, rankings)


# DPO ----------------------------------------------------------------------------------------------


def test_the_log_probability_of_an_answer_is_that_of_its_tokens(tokenizer, rankings):
    mini = model.load("mini-ada")[0]
    rows = [r.rows[0] for r in rankings[:5]]
    starts = [len(p) for p in evals.chat_prompts(tokenizer, [r.example for r in rankings[:5]])]
    found = dpo.logprobs(mini, rows, starts)
    for row, start, value in zip(rows, starts, found.tolist(), strict=True):
        with torch.no_grad():
            scores = mini(torch.tensor([row])).logits[0].log_softmax(-1)
        right = sum(scores[t - 1, row[t]].item() for t in range(start, len(row)))
        assert value == pytest.approx(right, abs=1e-3)


def test_the_same_answer_twice_makes_no_pair(compared):
    for c in compared:
        better, worse = c.pairs()
        assert sorted(better) == [0, 2]
        assert worse == [1, 1]


def test_a_request_with_one_answer_only_teaches_nothing(tokenizer, rankings):
    one = reward.Ranking(rankings[0].example, rankings[0].rows[:1] * 2, (1.0, 1.0), (0, 1))
    assert dpo.compared(model.load("mini-ada")[0], tokenizer, [one]) == []


def test_dpo_learns_what_the_rankings_say_and_leaves_the_reference_alone(compared, tokenizer):
    policy = model.load("mini-ada")[0]
    assert dpo.margins(policy, compared) == pytest.approx([0.0] * (2 * len(compared)), abs=0.1)
    recipe = dpo.Recipe(beta=0.3, epochs=3, batch=16)
    before = [c.reference for c in compared]
    done = list(dpo.train(policy, tokenizer, compared, dpo_loss=plain_loss, recipe=recipe, seed=1))
    assert done[0].loss == pytest.approx(math.log(2), abs=0.03)
    assert done[-1].loss < 0.4
    assert [p.step for p in done] == list(range(1, done[-1].steps + 1))
    assert np.mean(np.array(dpo.margins(policy, compared)) > 0) > 0.95
    assert done[-1].accuracy > 0.9
    assert [c.reference for c in compared] == before
    assert not policy.training
    start = model.load("mini-ada")[0]
    for name, parameter in policy.named_parameters():
        held = ".mlp." in name
        assert torch.equal(parameter, start.get_parameter(name)) == held, name
        assert parameter.requires_grad


def test_the_loss_gets_whole_answers_with_a_gradient_and_the_price(compared, tokenizer):
    got = []

    def spy(*arguments):
        got.append(arguments)
        return plain_loss(*arguments)

    recipe = dpo.Recipe(beta=0.7, batch=8)
    next(dpo.train(model.load("mini-ada")[0], tokenizer, compared, dpo_loss=spy, recipe=recipe))
    pairs = 0
    for preferred, other, reference, reference_other, beta in got:
        assert beta == 0.7
        assert preferred.requires_grad
        assert other.requires_grad
        assert not reference.requires_grad
        assert preferred.shape == other.shape == reference.shape == reference_other.shape
        pairs += len(preferred)
        assert torch.allclose(preferred, reference, rtol=0.02), "the same weights, in bf16"
    assert pairs == 16


def test_a_training_that_is_stopped_keeps_what_it_has_learned(compared, tokenizer):
    policy = model.load("mini-ada")[0]
    start = [p.clone() for p in policy.parameters()]
    steps = dpo.train(policy, tokenizer, compared, dpo_loss=plain_loss, recipe=dpo.Recipe(batch=8))
    for p in steps:
        if p.step == 2:
            break
    steps.close()
    assert p.steps > 2
    assert any((a != b).any() for a, b in zip(start, policy.parameters(), strict=True))


@needs_source
def test_the_lesson_s_loss_is_the_one_that_trains(compared):
    functions = exercises.load(*DPO)
    numbers = torch.randn(4, 7, generator=torch.Generator().manual_seed(1))
    assert functions["dpo_loss"](*numbers, 0.3).item() == pytest.approx(
        plain_loss(*numbers, 0.3).item(), abs=1e-6
    )


# Best-of-n as a policy ----------------------------------------------------------------------------


def exact_kl(chances, rewards, n):
    order = np.argsort(rewards)
    upto = np.cumsum(chances[order])
    kept = np.diff(np.concatenate([[0.0], upto]) ** n)
    return float(kept @ np.log(kept / chances[order]))


@pytest.mark.parametrize("n", [2, 4, 16])
@pytest.mark.parametrize("spread", [0.3, 1.0, 5.0])
def test_the_kl_of_best_of_n_is_found_from_draws(n, spread):
    """Few answers or many: a mean over requests is near to the exact KL."""
    rng, found, right = np.random.default_rng(7), [], []
    for _ in range(250):
        chances = rng.dirichlet(np.full(30, spread)).clip(1e-9)
        chances /= chances.sum()
        rewards = rng.normal(size=30)
        drawn = rng.choice(30, size=16, p=chances)
        kept = frontier.log_kept(rewards[drawn], np.log(chances[drawn]), [str(k) for k in drawn], n)
        weights = frontier.kept_weights(rewards[drawn], n)
        found.append(weights @ (kept - np.log(chances[drawn])))
        right.append(exact_kl(chances, rewards, n))
    assert np.mean(found) == pytest.approx(np.mean(right), abs=0.12)


def test_the_best_of_one_is_the_policy_itself():
    logprobs = np.log([0.5, 0.2, 0.1, 0.5])
    found = frontier.log_kept(np.array([1.0, 3.0, 2.0, 1.0]), logprobs, list("abca"), 1)
    assert found == pytest.approx(logprobs)


def test_an_answer_that_is_always_given_is_always_kept():
    found = frontier.log_kept(np.ones(4), np.zeros(4), ["a"] * 4, 8)
    assert found == pytest.approx(np.zeros(4), abs=1e-6)


@needs_source
@pytest.mark.parametrize("n", [1, 3, 8])
def test_what_is_kept_is_the_exercise_s(n):
    given = exercises.load(LESSON, "best_of_n_scores")["best_of_n_scores"]
    rng = np.random.default_rng(n)
    rewards, scores = rng.normal(size=(2, 5, 8))
    weights = [frontier.kept_weights(row, n) for row in rewards]
    mine = [np.mean([w @ x for w, x in zip(weights, table, strict=True)]) for table in
            (rewards, scores)]  # fmt: skip
    assert mine == pytest.approx(given(rewards, scores, n))


# Costs, and the best policy as in its exercise ----------------------------------------------------


def test_costs_are_counted_by_two_rules():
    costs = frontier.Costs(
        policy=900, judge=500, pretraining=7e4, sft=9e3, compared=5e3, reward_epochs=2,
        rollout=40, ppo_epochs=3,
    )  # fmt: skip
    touched, learned = 2 * 900 + 2 * 900 + 2 * 500 + 2 * 500, 3 * (6 * 900 + 6 * 500)
    assert costs.table(epochs=1, iterations=10) == pytest.approx(
        {
            "pretraining": 6 * 900 * 7e4,
            "sft": 6 * 900 * 9e3,
            "reward": (2 * 900 + 2 * 6 * 500) * 5e3,
            "dpo": (2 * 900 + 2 * 900 + 6 * 900) * 5e3,
            "ppo": (touched + learned) * 400,
        }
    )


@needs_source
@pytest.mark.parametrize("beta", shown.PRICES)
def test_the_picture_of_the_best_policy_is_the_exercise_s(beta):
    given = exercises.load(LESSON, "best_policy")["best_policy"]
    chances, rewards = map(np.array, zip(*shown.ANSWERS, strict=True))
    for mine, right in zip(shown.tilted(beta), given(chances, rewards, beta), strict=True):
        assert mine == pytest.approx(right)
    assert chances.sum() == pytest.approx(1)


def test_the_estimate_of_the_paper_s_cost_adds_up_and_comes_near():
    rows = [line.split(" | ") for line in shown.sixty().text.split("\n")[1:]]
    *parts, total, published = [float(value) for _, value in rows]
    assert total == pytest.approx(sum(parts), abs=0.11)
    assert abs(total / published - 1) < 0.2
    assert parts[-1] > 0.8 * total, "the text says that most of it is rehearsal"


# The stage ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Run the stage with very little of everything: its figures and the project's table."""
    patch = pytest.MonkeyPatch()
    folder = tmp_path_factory.mktemp("frontier")
    for name, value in {
        "BETAS": (0.3, 1.0), "RUNS": ((0.0, (1, 2)), (0.1, (2,))), "TUNING": 12, "PROJECT": 8,
        "LABELS": 4, "LATE": 2, "LATECOMERS": ("DPO 1",),
        "CANDIDATES": ("mini-sft", "best of 4", "DPO 1", "PPO free, 2 rounds"),
    }.items():  # fmt: skip
        patch.setattr(frontier, name, value)
    own, load = exercises.Exercises({"dpo_loss": plain_loss}, "source"), exercises.load
    patch.setattr(
        exercises, "load", lambda lesson, *names: own if lesson == LESSON else load(lesson, *names)
    )
    patch.setattr(frontier.paths, "DATA", folder)
    plans = {
        "sft": sft_stage.Plan(demonstrations=40),
        "reward": reward_stage.Plan(comparisons=24),
        "hacking": hacking.Plan(ppo.Recipe(iterations=2, batch=32)),
    }
    try:
        figures = frontier.study(Run(1, save=True, tests=80, table=planned(ALL, plans)))
    finally:
        patch.undo()
    return figures, (folder / "labels" / "project.csv").read_text(encoding="utf-8")


@needs_source
def test_every_policy_has_its_figures(small):
    figures, _ = small
    names = [p["name"] for p in figures["points"]]
    assert names == [
        *("best of 1", "best of 2", "best of 4", "best of 8", "best of 16"),
        *("DPO 0.3", "DPO 1"),
        *("PPO free, 1 rounds", "PPO free, 2 rounds", "PPO 0.1, 2 rounds"),
    ]
    assert all(math.isfinite(v) for p in figures["points"] for v in p.values() if v != str(v))
    by_name = {p["name"]: p for p in figures["points"]}
    many = [by_name[f"best of {n}"] for n in frontier.BEST_OF]
    assert [p["reward"] for p in many] == sorted(p["reward"] for p in many)
    assert by_name["best of 1"]["kl"] == 0
    assert all(p["kl"] <= p["kl_bound"] + 0.1 for p in many)
    assert by_name["best of 16"]["answer_flop"] > 16 * by_name["best of 1"]["answer_flop"]
    assert by_name["PPO free, 2 rounds"]["training_flop"] > many[1]["training_flop"]
    assert set(figures["chosen"]) == set(frontier.METHODS)
    assert set(ALL["frontier"].shown) <= set(figures)


@needs_source
def test_the_project_s_table_shows_few_labels(small):
    _, text = small
    rows = list(csv.DictReader(io.StringIO(text)))
    assert list(rows[0]) == list(frontier.COLUMNS)
    frame = pd.read_csv(io.StringIO(text))
    assert frame.groupby("candidate")["score"].count().to_dict() == {
        "mini-sft": 4, "best of 4": 4, "DPO 1": 2, "PPO free, 2 rounds": 4,
    }  # fmt: skip
    assert (frame.groupby("candidate")["prompt"].nunique() == 8).all()
    start = frame[frame["candidate"] == "mini-sft"]
    assert (start["logprob"] == start["reference_logprob"]).all()
    kept = frame[frame["candidate"] == "best of 4"]
    assert (kept["logprob"] - kept["reference_logprob"] < math.log(4) + 1e-2).all()


def test_recorded_answers_become_four_letters_each():
    row = {"candidate": "a", "reward": -3.0, "score": 1.5, "logprob": -2.0, "reference_logprob": -9}
    far = row | {"candidate": "b", "reward": 99.0, "logprob": -99.0}
    assert frontier.in_letters([row, row, far]) == {"a": "0Jc9" * 2, "b": "ZJ09"}


@needs_source
def test_the_pictures_show_what_the_record_holds(small):
    figures, text = small
    record = figures | {"machine": "test", "date": "today"}
    for drawn in (shown.frontier(record), shown.costs(record), shown.ideal()):
        assert drawn.alt
        assert drawn.png(0.5).startswith(b"\x89PNG")
    assert len(shown.frontier_table(record).text.split("\n")) == 1 + len(figures["points"])
    assert "by requests of the tuning split" in shown.in_words(record)
    assert "% of the pre-training" in shown.costs_in_words(record)
    frame = pd.read_csv(io.StringIO(text))
    assert "best of 4" in shown.candidates(frame).text
    assert "true score on the test" in shown.looked_up(frame, record).text


def test_the_stage_stands_beside_the_lineage():
    assert not ALL["frontier"].whole
    assert not {"points", "costs"} & set(ALL["frontier"].shown)


def points(**true):
    """Return a made-up record, one point for each name; both errors are a tenth."""
    lines = [
        {
            "name": name, "method": method, "setting": 1.0, "iterations": 0, "kl": kl,
            "reward": kl, "true": score, "true_error": 0.1,
        }
        for name, (method, kl, score) in true.items()
    ]  # fmt: skip
    return {"points": lines, "chosen": {p["method"]: p["name"] for p in lines}}


@pytest.mark.parametrize(
    ("dpo_score", "ppo_score", "said"),
    [
        (1.0, 1.05, "can't be told apart"),
        (1.6, 1.0, "DPO is ahead by more than chance"),
        (1.6, 1.0, "PPO isn't ahead of the others"),
        (1.0, 1.6, "PPO, no price is ahead"),
    ],
)
def test_the_words_follow_the_numbers(dpo_score, ppo_score, said):
    record = points(
        **{
            "best of 1": ("best-of-n", 0.0, 0.5),
            "DPO 1": ("DPO", 1.0, dpo_score),
            "PPO free": ("PPO, no price", 2.0, ppo_score),
        }
    )
    assert said in shown.in_words(record)


def test_large_numbers_are_written_with_powers_of_ten():
    assert shown.scientific(4.14e12) == "4.1 · 10¹²"
    assert shown.scientific(0) == ""


# The live run -------------------------------------------------------------------------------------


@pytest.fixture
def live(monkeypatch):
    """Run the live demo without a model: training, answers and rankings are stand-ins."""
    sentences, state = [], {"stop": None}
    policy = type("Policy", (), {"eval": lambda self: None})()
    monkeypatch.setattr(demo, "say", lambda text, origin="": sentences.append(text))
    monkeypatch.setattr(model, "load", lambda name: (policy, None))
    monkeypatch.setattr(sources, "record", lambda name: None)
    found = exercises.Exercises({"dpo_loss": plain_loss}, "work")
    monkeypatch.setattr(exercises, "load", lambda *a: found)
    monkeypatch.setattr(reward, "compare", lambda m, t, asked, seed: list(asked))
    monkeypatch.setattr(reward, "agreement", lambda *a: {"ceiling": 0.75})
    monkeypatch.setattr(dpo, "compared", lambda m, t, rankings: list(rankings))
    evals.asked_in("test")  # real ones, which it watches
    monkeypatch.setattr(demonstrate, "requests", lambda n, *a, **k: iter([Asked()] * n))
    monkeypatch.setattr(demo, "steps_a_second", lambda *a: 1e9)
    monkeypatch.setattr(l09_dpo, "MOST", 400)
    monkeypatch.setattr(evals, "chat_prompts", lambda t, asked: [[0]] * len(asked))
    monkeypatch.setattr(evals, "answers", lambda *a, **k: [""] * l09_dpo.WATCHED)
    judged = [type("J", (), {"score": float(i % 2)}) for i in range(l09_dpo.WATCHED)]
    monkeypatch.setattr(evals, "judge", lambda *a: judged)

    def train(policy, tokenizer, learned, *, dpo_loss, recipe, seed):
        steps = len(learned) // recipe.batch
        for step in range(1, steps + 1):
            if step == state["stop"]:
                raise KeyboardInterrupt
            yield dpo.Progress(step, steps, 0.1 * step, 0.5, 0.5 + step / 100, 0.1)

    monkeypatch.setattr(dpo, "train", train)
    return sentences, state


class Asked:
    """A request with no answers."""

    rows = ()


def test_a_live_run_ends_with_its_figures(live):
    sentences, _ = live
    run = l09_dpo.live_dpo(10.0)
    assert (run.done, run.planned, run.rankings) == (25, 25, 400)
    assert [step for step, *_ in run.points] == [0, 6, 12, 19, 25]
    assert run.points[0][1] == 0.5
    assert run.curve[-1] == (25, 0.75)
    assert "your own dpo_loss" in sentences[0]
    assert "25 of 25 steps over 400 rankings" in sentences[-1]


def test_an_interrupted_run_keeps_what_it_has(live):
    sentences, state = live
    state["stop"] = 8
    run = l09_dpo.live_dpo(10.0)
    assert run.interrupted
    assert run.done == 7
    assert run.points[-1][0] == 7, "what it has learned is asked once more"
    assert "Stopped after step 7 of 25; the policy keeps" in sentences[-2]


def test_the_picture_shows_what_can_be_reached(live, monkeypatch):
    record = {"true_before": 0.2, "true_after": 1.4}
    monkeypatch.setattr(sources, "record", lambda name: record)
    run = l09_dpo.live_dpo(10.0)
    data, _ = run.draw(1.0)
    left, right = run.picture.left, run.picture.right
    assert 0.75 in {line.get_ydata()[0] for line in left.lines if len(line.get_ydata()) == 2}
    assert right.lines[0].get_ydata()[0] == 1.4
    assert "step 25: 0.50" in data["text/plain"]


def test_without_an_answer_the_recorded_runs_are_shown(live, monkeypatch):
    sentences, _ = live

    def missing(*_):
        raise exercises.MissingExercise("dpo_loss isn't answered yet.")

    monkeypatch.setattr(exercises, "load", missing)
    assert l09_dpo.live_dpo() is None
    assert sentences == [
        "dpo_loss isn't answered yet. So here are the recorded runs of DPO instead."
    ]
