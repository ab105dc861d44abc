"""Lesson 09 as people meet it: its demos run, and what its text promises holds in the records.

How the notebook is executed, and what every lesson has to do: tests/harness.py.
"""

import re

import numpy as np
import pandas as pd
import pytest
from harness import EveryLesson, Lesson, text

from course import paths, records
from course.show import l09_frontier as shown
from course.studies import l09_frontier as frontier

pytestmark = pytest.mark.slow

SPEC = Lesson(
    "09_what_came_next",
    demos={
        "lineage-picture": {"text/html"},
        "demo-best-policy": {"image/png"},
        "demo-dpo-loop": {"text/html"},
        "demo-dpo-live": {"text/html"},
        "demo-dpo-answers": {"text/html"},
        "demo-real-dpo": {"text/html"},
        "demo-live-real-dpo": {"text/html"},
        "demo-grpo-loop": {"text/html"},
        "demo-grpo-live": {"text/html"},
        "demo-grpo-tries": {"text/html", "image/png"},
        "demo-grpo-gaming": {"text/html", "image/png"},
        "demo-grpo-programs": {"text/html"},
        "demo-frontier": {"text/html", "image/png"},
        "demo-stage-costs": {"text/html", "image/png"},
        "demo-sixty": {"text/html"},
        "demo-gpt4": {"text/html"},
        "demo-after-2022": {"text/html"},
        "statements": {"text/html"},
        "demo-decided": {"text/html"},
        "demo-project": {"text/html"},
        "demo-my-choice": {"text/html"},
    },
)


class TestEveryLesson(EveryLesson):
    """What every lesson gets."""


def test_the_live_training_uses_the_learners_own_answer_and_says_so(learned):
    said = text(learned["answers"]["demo-dpo-live"])
    assert "trained with your own dpo_loss" in said
    assert "DPO, live" in said
    assert "DPO, live (true score)" in text(learned["answers"]["demo-dpo-answers"])


def test_without_an_answer_recorded_runs_are_shown_and_it_says_why(learned):
    said = text(learned["none"]["demo-dpo-live"])
    assert "isn't answered yet" in said
    assert "the recorded runs of DPO instead" in said
    assert "DPO, live" not in text(learned["none"]["demo-dpo-answers"])


def test_the_loop_runs_with_the_learners_own_loss(learned):
    assert "answer it first" in text(learned["none"]["demo-dpo-loop"])
    said = text(learned["answers"]["demo-dpo-loop"])
    first, last = (float(x) for x in re.findall(r"(?:loss|five:) (\d\.\d+)", said))
    assert first == pytest.approx(0.693, abs=0.003)
    assert last < first - 0.02


def test_grpo_runs_with_the_learners_own_functions(learned):
    assert "answer them first" in text(learned["none"]["demo-grpo-loop"])
    said = text(learned["answers"]["demo-grpo-loop"])
    assert len(re.findall(r"\d+%", said)) == 10
    said = text(learned["answers"]["demo-grpo-live"])
    assert "trained with your own group_advantages and grpo_loss" in said
    assert "the recorded run instead" in text(learned["none"]["demo-grpo-live"])


def test_the_verdicts_come_once_all_is_decided(learned):
    assert "6 of 6 are right" in text(learned["answers"]["demo-decided"])
    assert "Nothing is decided yet" in text(learned["none"]["demo-decided"])


# What the text promises ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def measured():
    return records.read("frontier")


@pytest.fixture(scope="module")
def ways(measured):
    return shown.ways(measured)


def test_all_methods_are_measured_on_the_same_requests(measured, ways):
    assert set(ways) == set(frontier.METHODS)
    assert all(len(points) >= 4 for points in ways.values())
    assert measured["rankings"] == records.read("mini-reward")["rankings"]


def test_without_a_price_the_proxy_climbs_and_the_true_score_falls(ways):
    start, *rest = sorted(ways["PPO, no price"], key=lambda p: p["iterations"])
    first, last = rest[0], rest[-1]
    assert last["kl"] > 2 * first["kl"]
    assert last["kl"] > 5
    assert last["reward"] > start["reward"] + 0.5
    best = max(p["true"] for p in rest)
    assert last["true"] < best - 2 * 1.96 * last["true_error"]


def test_the_highest_proxy_isn_t_the_best(measured):
    top = max(measured["points"], key=lambda p: p["reward"])
    assert top["true"] < max(p["true"] for p in measured["points"]) - 0.3


def test_dpo_goes_further_the_lower_its_price(ways):
    _, *points = sorted(ways["DPO"], key=lambda p: p["setting"] if p["method"] == "DPO" else 0)
    kls = [p["kl"] for p in points]
    assert kls == sorted(kls, reverse=True)


def test_best_of_n_stays_within_its_bound_and_gains_by_proxy(ways):
    points = sorted(ways["best-of-n"], key=lambda p: p["setting"])
    assert all(p["kl"] <= p["kl_bound"] + 0.05 for p in points)
    assert [p["reward"] for p in points] == sorted(p["reward"] for p in points)
    assert points[0]["kl"] == 0


def test_each_method_improves_on_its_start(measured, ways):
    start = measured["true_start"]
    for way in ("best_of", "dpo", "ppo"):
        assert measured[f"true_{way}"] > start + 0.1, way


def test_tuning_is_a_larger_part_of_pre_training_than_in_the_paper(measured):
    flop = measured["flop"]
    assert (flop["sft"] + flop["ppo"]) / flop["pretraining"] > 5 * (4.9 + 60) / 3640


def test_answers_of_best_of_n_cost_more_than_ppo_in_the_end(measured):
    by_name = {p["name"]: p for p in measured["points"]}
    many, tuned = by_name["best of 16"], by_name[measured["chosen"]["PPO, with a price"]]
    assert many["training_flop"] < tuned["training_flop"]
    assert many["answer_flop"] > 10 * tuned["answer_flop"]


def test_grpo_sharpens_mostly_and_learns_a_little():
    record = records.read("mini-grpo")
    found = record["tries"]
    assert record["pass_at_1"] > 0.9
    assert record["start_pass_at_1"] < 0.6
    assert 0 < found["mini-grpo"][-1] - found["start"][-1] < 0.05
    assert found["start"][-1] > 0.9
    assert 0 < found["never"] < 20
    assert found["of_these"] > 0.3
    rates = [way["pass_at_1"] for way in record["ways"].values()]
    assert max(rates) - min(rates) < 0.03


# The project's table ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def project():
    return pd.read_csv(paths.DATA / "labels" / "project.csv")


def test_the_table_has_what_the_text_says(project):
    assert list(project.columns) == list(frontier.COLUMNS)
    assert not project.drop(columns="score").isna().any().any()
    labels = project.groupby("candidate")["score"].count()
    assert set(labels[list(frontier.LATECOMERS)]) == {frontier.LATE}
    assert set(labels.drop(list(frontier.LATECOMERS))) == {frontier.LABELS}
    for _, rows in project.groupby("candidate"):
        assert rows["prompt"].tolist() == list(range(frontier.PROJECT))
        assert rows["training_flop"].nunique() == rows["answer_flop"].nunique() == 1


def test_the_proxy_s_favourite_loses_by_the_labels(project, measured):
    means = project.groupby("candidate")["reward"].mean()
    true = {p["name"]: p["true"] for p in measured["points"]}
    favourite = means.idxmax()
    assert favourite.startswith("PPO free")
    assert true[favourite] < true["PPO 0.1, 40 rounds"] - 0.3
    labels = project.groupby("candidate")["score"].mean()
    assert labels[favourite] < labels["PPO 0.1, 40 rounds"]


def test_budgets_separate_the_candidates(project):
    first = project.groupby("candidate")[["training_flop", "answer_flop"]].first()
    cost = {n: first["training_flop"] + n * first["answer_flop"] for n in (1_000, 1_000_000)}
    assert cost[1_000]["best of 16"] < cost[1_000]["PPO 0.1, 40 rounds"]
    assert cost[1_000_000]["best of 16"] > cost[1_000_000]["PPO 0.1, 40 rounds"]
    assert np.isclose(first.loc["mini-sft", "training_flop"], 0)


# DPO on the real model ---------------------------------------------------------------------------


def test_without_smollm2_the_record_of_its_dpo_is_shown(learned):
    said = text(learned["answers"]["demo-live-real-dpo"])
    assert "isn't on this computer yet" in said
    assert "After DPO on" in said
    assert "SmolLM2, untouched" in text(learned["none"]["demo-real-dpo"])


def test_dpo_on_the_real_model_wins_and_says_what_it_cost():
    found = records.read("smollm2_dpo")
    assert found["win_dpo"] >= 0.7
    assert found["intervals"]["dpo"][0] > 0.5
    assert found["dpo"]["words"] < found["untouched"]["words"]
    assert found["dpo"]["ended"] > found["untouched"]["ended"]
    assert found["kl"] > 3 * found["kl_best_of"]["4"]
    assert abs(found["win_dpo"] - found["win_best_of"]) < 0.15
    assert found["memory_mb"] < 3000
    assert "Q4_1" in found["sources"]


def test_the_real_model_learns_from_pairs_live(monkeypatch, capsys):
    import tiny_llama

    from course.real import catalogue
    from course.show import l09_real

    few = {"num_attention_heads": 2, "num_key_value_heads": 2, "initializer_range": 0.02}
    here = tiny_llama.model(**few), tiny_llama.tokenizer()
    monkeypatch.setattr(catalogue, "load", lambda name: here)
    monkeypatch.setattr(l09_real, "PAIRS", 8)
    monkeypatch.setattr(l09_real, "ASKED", 3)
    monkeypatch.setenv("COURSE_DEMO_SECONDS", "100")
    run = l09_real.live_real_dpo()
    assert run.done == run.planned == 8
    assert run.points[0][1] == 0.5
    assert run.curve[0][1] == pytest.approx(0.693, abs=1e-3)
    assert "a tie counts one half" in capsys.readouterr().out
