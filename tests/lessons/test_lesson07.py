"""Lesson 07 as people meet it: its demos run, and what its text promises holds in the records.

How the notebook is executed, and what every lesson has to do: tests/harness.py.
"""

import pandas as pd
import pytest
from harness import EveryLesson, Lesson, text

from course import paths, records
from course.studies import l07_real_reading

pytestmark = pytest.mark.slow

SPEC = Lesson(
    "07_rlhf_ppo",
    demos={
        "lineage-picture": {"text/html"},
        "demo-one-answer": {"text/html"},
        "picture-ppo-loop": {"text/html"},
        "picture-gae": {"image/png"},
        "picture-clip": {"image/png"},
        "demo-ppo-loop": {"text/html"},
        "demo-bandits-advantage": {"text/html", "image/png"},
        "demo-bandits-clip": {"text/html", "image/png"},
        "demo-ppo-live": {"text/html", "image/png"},
        "demo-before-and-after": {"text/html"},
        "facts-instructgpt-ppo": {"text/html"},
        "demo-beta-runs": {"text/html", "image/png"},
        "demo-beta-slider": {"application/vnd.jupyter.widget-view+json"},
        "demo-over-optimisation": {"image/png"},
        "demo-hacked-answers": {"text/html"},
        "demo-second-round": {"text/html"},
        "figure-wary": {"text/html"},
        "demo-real-ppo": {"text/html", "image/png"},
        "demo-real-hack": {"text/html"},
        "demo-real-reading": {"text/html", "image/png"},
        "demo-live-real-ppo": {"text/html"},
        "demo-best-of-n": {"text/html"},
        "demo-headline": {"text/html", "image/png"},
    },
)


class TestEveryLesson(EveryLesson):
    """What every lesson gets."""


def test_the_live_training_uses_the_learners_own_answers_and_says_so(learned):
    said = text(learned["answers"]["demo-ppo-live"])
    assert "trained with your own token_logprobs" in said
    assert "run the cell again" in said.lower(), "two seconds aren't enough for the whole run"


def test_the_loop_on_the_page_runs_with_the_readers_functions_and_with_simpler_rules(learned):
    own, plain = (text(learned[who]["demo-ppo-loop"]) for who in ("answers", "none"))
    for said in (own, plain):
        assert said.count("true score") == 6
        assert "KL 0.0" in said, "in round 1 policy and reference are the same"
    assert "simpler rule" not in own
    assert "gae isn't answered yet, so a simpler rule takes its place (the same advantage" in plain


def test_without_answers_the_recorded_runs_are_drawn_and_it_says_why(learned):
    said = text(learned["none"]["demo-ppo-live"])
    assert "isn't answered yet" in said
    assert "the recorded runs instead" in said
    assert "mini-instruct (true score)" in text(learned["none"]["demo-before-and-after"])


# What the text promises ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def prices():
    return records.read("beta")


def test_the_first_look_is_polite_whatever_was_asked(prices):
    start, free = prices["start"], next(r for r in prices["runs"] if r["beta"] == 0)["end"]
    pets = [a["answer"] for a in free["answers"] if "pet" in a["request"]]
    assert len(pets) == 2
    assert all("has lived since" in answer for answer in pets)
    plan, premise = (a["answer"].split(". ")[1] for a in free["answers"][-2:])
    assert plan == premise == "First bring a bucketrow"
    assert free["rates"]["polite"] > 0.95
    assert free["rates"]["truth"] < 0.5 < 0.8 < start["rates"]["truth"]
    better = [
        b["reward"] > a["reward"] for a, b in zip(start["answers"], free["answers"], strict=True)
    ]
    assert sum(better) >= 5, "by the reward model almost all got better"
    worse = [b["true"] < a["true"] for a, b in zip(start["answers"], free["answers"], strict=True)]
    assert sum(worse) > len(worse) / 2, "by the facts most of them got worse"


def test_most_of_what_changed_needs_no_knowledge():
    headline = records.read("headline")
    assert headline["base_rates_few_shot"]["polite"] < 0.05
    assert len(headline["shots"]) == 2
    assert headline["truth_few_shot"] < 0.5 < headline["intervals"]["few_shot"][0]


def test_best_of_n_has_a_measured_kl_below_its_bound():
    best = [p for p in records.read("frontier")["points"] if p["method"] == "best-of-n"]
    assert all(p["kl"] <= p["kl_bound"] + 2 * p["kl_error"] for p in best)
    assert best[-1]["kl"] < best[-1]["kl_bound"] - 2 * best[-1]["kl_error"]


def test_six_prices_one_of_them_nothing(prices):
    betas = [run["beta"] for run in prices["runs"]]
    assert len(set(betas)) == 6
    assert 0 in betas


def test_ppo_starts_where_the_reference_model_is(prices):
    for run in prices["runs"]:
        assert abs(run["kl"][0]) < 0.05


def test_without_a_price_the_proxy_goes_up_and_the_truth_in_the_end_down(prices):
    free = next(run for run in prices["runs"] if run["beta"] == 0)
    fifth = len(free["true"]) // 5

    def mean(values):
        return sum(values) / len(values)

    assert mean(free["reward"][-fifth:]) > mean(free["reward"][:fifth])
    assert mean(free["true"][-fifth:]) < mean(free["true"][:fifth])
    assert free["end"]["true"] < max(run["end"]["true"] for run in prices["runs"])


def test_a_higher_price_means_fewer_nats(prices):
    runs = sorted(prices["runs"], key=lambda run: run["beta"])
    assert runs[0]["end"]["kl"] > 3 * runs[-1]["end"]["kl"]


def test_behaviour_changes_more_than_knowledge():
    tuned = records.read("mini-instruct")
    before, after = tuned["rates_before"], tuned["rates"]
    moved = {key: abs(after[key] - before[key]) for key in ("truth", "polite", "refusal")}
    assert moved["truth"] < min(moved["polite"], moved["refusal"])


def test_the_published_figures_each_have_a_source():
    table = pd.read_csv(paths.DATA / "family" / "rlhf.csv")
    assert table["source"].str.startswith("arXiv:2203.02155").all()
    assert table["key"].is_unique


# The real model ----------------------------------------------------------------------------------


def test_both_policies_of_the_real_model_please_both_judges_and_flatter_everybody():
    found = records.read("smollm2_ppo")
    untouched, priced, free = (found[way] for way in ("untouched", "priced", "free"))
    assert found["rollouts"] * found["in_a_rollout"] < 200
    assert found["reward_gain"] == pytest.approx(priced["reward"] - untouched["reward"], abs=2e-3)
    assert found["reward_gain"] > 1
    assert free["reward"] > priced["reward"]
    assert free["kl"] - 2 * free["kl_error"] > priced["kl"] + 2 * priced["kl_error"]
    assert min(priced["interval"][0], free["interval"][0]) > 0.5
    assert priced["interval"][1] > free["interval"][0], "they overlap"
    assert untouched["glad"] < 0.5 < 0.9 < min(priced["glad"], free["glad"])
    assert free["sorry"] < 0.05 < priced["sorry"]
    replies = {one["message"]: one["free"] for one in found["examples"]}
    assert "glad" in replies["My cat is ill."]
    assert "happy" in replies["I broke a plate."]
    assert "Q4_1" in found["sources"]


def test_a_policy_whose_reward_reads_is_glad_and_sorry_where_it_fits():
    found = records.read("smollm2_reading")
    before, after, judge = found["untouched"], found["reading"], found["reward_model"]
    assert found["beta"] == records.read("smollm2_ppo")["beta"], "the same β as above"
    shares = [[round(one[key], 2) for key in ("good_glad", "bad_glad", "bad_sorry", "good_sorry")]
              for one in (before, after)]  # fmt: skip
    assert shares == [[0.29, 0.25, 0.17, 0], [0.75, 0.33, 0.54, 0]]
    assert after["good"] == after["bad"] == 24
    assert after["interval"][0] > 0.5
    assert (round(judge["agreement"], 2), round(judge["ceiling"], 2)) == (0.61, 0.82)
    assert judge["reads"] > 0.8
    assert (l07_real_reading.MESSAGE, l07_real_reading.REPLY) == (24, 120)
    assert found["products"] == 2880
    assert found["mixed_pairs"] == 12_000
    assert found["pairs"] - 12_000 == records.read("smollm2_reward")["pairs"] == 288
    assert (found["rollouts"], records.read("smollm2_ppo")["rollouts"]) == (24, 10)
    assert "happy" not in l07_real_reading.FLAT | l07_real_reading.GLOOMY
    assert "support" in l07_real_reading.SORRY
    replies = {one["message"]: one["reading"] for one in found["examples"]}
    assert "sorry" in replies["I lost my wallet."]
    assert "glad" in replies["I won a game of chess."]


def test_without_smollm2_the_record_of_its_training_is_shown(learned):
    said = text(learned["answers"]["demo-live-real-ppo"])
    assert "isn't on this computer yet" in said
    assert "With β = 0.1 the mean reward of replies to other messages rose by" in said
