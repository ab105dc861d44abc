"""The benchmarks: both sides get the same work, and the figures are whole.

A stand-in takes the place of ``rlhf``'s peer, but in one test: that both sides compute one loss.
"""

import copy
import dataclasses
import json
import math
import os
import sys
import types

import pytest
import torch

from course import records
from course.bench import grading as bench_grading
from course.bench import pretrain as bench
from course.bench import rlhf as bench_rlhf
from course.bench import rlhf_grpo
from course.errors import CourseError
from course.grader import sandbox
from course.lm import arithmetic, forward, model
from course.lm import tokenizer as tok
from course.stages import base, code, grpo, ppo, reward, rollout
from course.world import tasks
from course.world.phrases import CONTEXT


@pytest.fixture(scope="module")
def figures():
    """Run the benchmark with a tiny model and a few steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(model.SIZES, model.DEFAULT, model.Size(1, 32))
        patch.setattr(bench, "ROWS", 40)
        patch.setattr(bench, "SLICES", 1)
        patch.setattr(bench, "SLICE_STEPS", 3)
        patch.setattr(bench, "WARM_UP", 1)
        patch.setattr(bench, "SECONDS", 0.01)
        patch.setattr(bench, "REACHED", 100.0)
        patch.setattr(bench, "NEEDED", {"ours": 20_000, "peer": 20_000})
        return bench.run("pretrain")


def test_the_benchmark_prints_what_was_promised(figures):
    promised = {"ok", "ratio", "ours", "peer", "peer_name", "peer_arguments", "unit"}
    assert promised | {"loss_at_equal_time"} <= set(figures)
    assert figures["ratio"] == pytest.approx(figures["ours"] / figures["peer"])
    ours, peer = figures["loss_at_equal_time"]
    assert figures["loss_ratio"] == pytest.approx(ours / peer)
    met = records.meets("bench pretrain", figures)
    assert set(met) == {"ratio", "loss_ratio", "time_ratio"}
    ours, peer = figures["seconds_to_loss"]
    assert figures["time_ratio"] == pytest.approx(peer / ours)
    assert figures["format"] == arithmetic.number_format()
    assert set(figures["peer_slices"]) == {"float32", "bf16"}
    assert figures["ok"] == all(met.values())
    assert figures["peer_arguments"]["bf16"] == (figures["peer_format"] == "bf16")
    assert figures["peer_arguments"]["per_device_train_batch_size"] == figures["batch"]
    json.dumps(figures)
    assert len(bench.rows(figures)) == 5


def test_a_side_that_does_not_get_there_tries_again_with_more(monkeypatch):
    asked = []

    def fitted(self, peer_format, tokens):
        asked.append(tokens)
        return types.SimpleNamespace(ratio=1.2 - 0.05 * len(asked)), 10.0 * len(asked)

    monkeypatch.setattr(bench.Race, "fitted", fitted)
    monkeypatch.setattr(bench, "NEEDED", {"ours": 1000})
    race = bench.Race(model.Size(1, 32), 4, tok.load(), torch.zeros(2, CONTEXT + 1))
    seconds, tokens, ratio = race.time_to_loss(None)
    assert asked == [int(1000 * more) for more in bench.MORE[:3]]
    assert (seconds, tokens, round(ratio, 3)) == (30.0, 1600, 1.05)


def test_each_side_learns_with_its_own_batch(monkeypatch):
    run = []

    def seconds(self, mini, peer_format, batch, steps, warm_up):
        run.append((peer_format, batch, steps))
        return 1.0

    monkeypatch.setattr(bench.Race, "seconds", seconds)
    monkeypatch.setattr(bench.evaluate, "fit", lambda *_: None)
    race = bench.Race(model.Size(1, 32), 16, tok.load(), torch.zeros(2, CONTEXT + 1))
    for peer_format in (None, "bf16"):
        race.fitted(peer_format, 100 * 16 * CONTEXT)
        race.speed(0, peer_format)
    slices = bench.SLICE_STEPS + bench.WARM_UP
    assert run == [
        *((None, 16, 100), (None, 16, slices)),
        *(("bf16", bench.PEER_BATCH, 1600 // bench.PEER_BATCH), ("bf16", 16, slices)),
    ]


def test_the_format_can_be_forced_for_both_sides(monkeypatch):
    monkeypatch.setenv(arithmetic.VARIABLE, "bf16")
    for name in ("SLICES", "SLICE_STEPS", "WARM_UP"):
        monkeypatch.setattr(bench, name, 1)
    monkeypatch.setattr(bench, "ROWS", 20)
    monkeypatch.setitem(model.SIZES, model.DEFAULT, model.Size(1, 32))
    run = []

    def fitted(self, peer_format, tokens):
        run.append((arithmetic.number_format(), peer_format))
        return types.SimpleNamespace(ratio=1.0, loss=1.0), 1.0

    monkeypatch.setattr(bench.Race, "fitted", fitted)
    figures = bench.run("pretrain", "float32")
    assert set(run) == {("float32", None), ("float32", "float32")}
    assert figures["format"] == figures["peer_format"] == "float32"
    assert set(figures["peer_slices"]) == {"float32"}
    assert figures["peer_arguments"]["bf16"] is False


def test_both_see_the_same_rows_and_the_same_loss():
    mini = model.new(model.Size(2, 32), seed=1)
    rows = torch.randint(2, tok.VOCABULARY, (4, CONTEXT + 1))
    rows[0, 100:] = 1
    data = bench.Rows(rows, pad=1)
    batch = {key: torch.stack([data[i][key] for i in range(4)]) for key in data[0]}
    theirs = mini(**batch).loss.item()
    # The peer doesn't predict the last token of a row, for its labels are its inputs.
    weights = forward.weights(mini)
    ours = forward.loss(weights, rows[:, :-1], 1).item()
    assert ours == pytest.approx(theirs, rel=1e-5)


def test_ours_is_the_shipped_recipe():
    recipe = bench.recipe_for(batch=8, steps=10)
    shipped = base.RECIPES[model.DEFAULT]
    assert (recipe.lr_muon, recipe.lr_adam) == (shipped.lr_muon, shipped.lr_adam)
    assert recipe.tokens == 10 * 8 * CONTEXT


def test_an_unknown_benchmark_gets_one_sentence():
    with pytest.raises(CourseError, match="no benchmark speed"):
        bench.run("speed")


TINY = ppo.Recipe(batch=8, minibatch=4, epochs=2)
TINY_GRPO = grpo.Recipe(tasks=2, group=4)


class StandIn:
    """A peer that writes the same token again and again, and learns nothing in its updates."""

    def __init__(self, model, reward_funcs, args, train_dataset, processing_class, callbacks):
        self.model, self.score, self.args = model, reward_funcs, args
        self.table, self.tokenizer, (self.clock,) = train_dataset, processing_class, callbacks
        self.asked = []

    def train(self):
        StandIn.last = self
        args = self.args
        optimizer = torch.optim.SGD(self.model.parameters(), lr=0.0)
        optimizer.step()  # a step before the clock starts isn't counted
        state = types.SimpleNamespace(global_step=0, max_steps=args["max_steps"])
        control = types.SimpleNamespace(should_training_stop=False)
        size = args["per_device_train_batch_size"] * args["steps_per_generation"]
        rounds = size // args["per_device_train_batch_size"] * args["num_iterations"]
        self.clock.on_train_begin(args, state, control)
        order = [n for n in self.table["number"] for _ in range(args["num_generations"])]
        while state.global_step < state.max_steps and not control.should_training_stop:
            if state.global_step % rounds == 0:
                numbers, order = order[:size], order[size:]
                self.asked.append([self.table["prompt"][n] for n in numbers])
                answers = [[5] * args["max_completion_length"] for _ in numbers]
                assert len(self.score(completion_ids=answers, number=numbers, prompts=[])) == size
            optimizer.step()
            state.global_step += 1
            self.clock.on_step_end(args, state, control)
        return types.SimpleNamespace(training_loss=0.5)


@pytest.fixture
def stand_in(monkeypatch):
    """Put a stand-in in the peer's place, and a tiny model and recipe in ours."""
    trl = types.SimpleNamespace(GRPOTrainer=StandIn, GRPOConfig=dict, __version__="0")
    datasets = types.SimpleNamespace(Dataset=types.SimpleNamespace(from_dict=dict))
    monkeypatch.setitem(sys.modules, "trl", trl)
    monkeypatch.setitem(sys.modules, "datasets", datasets)
    monkeypatch.setattr(
        bench_rlhf.model, "load", lambda _: (model.new(model.Size(1, 32)), tok.load())
    )
    monkeypatch.setattr(ppo, "Recipe", lambda: TINY)
    monkeypatch.setattr(grpo, "Recipe", lambda: TINY_GRPO)
    monkeypatch.setattr(rlhf_grpo.grpo_stage, "START", code.Recipe(pairs=32, epochs=1))
    for module in (bench_rlhf, rlhf_grpo):
        monkeypatch.setattr(module, "ROUNDS", 2)
    monkeypatch.setattr(bench_rlhf, "SLICES", 2)


def test_rlhf_prints_what_was_promised(stand_in, capsys, monkeypatch):
    pairs = {"loss": [0.5, 0.5], "gradient": [2.0, 2.0]}
    monkeypatch.setattr(rlhf_grpo, "one_batch", lambda row: pairs)
    figures = bench.run("rlhf")
    second = figures["grpo"]
    for row, command, updates in ((figures, "bench rlhf", 4), (second, "bench rlhf grpo", 2)):
        promised = {"ok", "ratio", "ours", "peer", "peer_name", "peer_arguments", "unit", "tokens"}
        assert promised | {"updates", "slices", "peer_version", "peer_why"} <= set(row)
        assert row["ratio"] == pytest.approx(row["ours"] / row["peer"])
        assert row["unit"] == "prompts per second"
        assert row["updates"] == [2 * 2 * updates] * 2
        assert row["prompts"] == [2 * 2 * 8] * 2
        assert row["tokens"][1] == 2 * 2 * 8 * row["new_tokens"]
        assert len(row["slices"]) == len(row["slice_ratios"]) == 2
        assert all(cores >= 0 for pair in row["others_cores"] for cores in pair)
        assert set(records.meets(command, row)) == {"ratio"}
        assert row["same_work"]["updates"] is row["same_work"]["loss"] is True
        assert row["loss"][1] == 0.5
        assert all(math.isfinite(mean) for mean in row["reward"])
        assert row["peer_arguments"]["bf16"] == (row["peer_format"] == "bf16")
        assert row["peer_arguments"]["beta"] > 0
        assert all(len(turn["rates"]) >= 2 for turn in row["peer_turns"])
        assert row["format"] == arithmetic.number_format()
    assert figures["tokens"] == pytest.approx([2 * 2 * 8 * bench_rlhf.NEW_TOKENS] * 2, rel=0.1)
    met = records.meets("bench rlhf grpo", second)
    assert second["ok"] == all((*met.values(), *second["same_work"].values()))
    assert second["recipe"]["flat"] is True
    assert second["one_batch"] == pairs
    json.dumps(figures)
    table = bench.rows(figures)
    assert [row[""].partition(":")[0] for row in table] == ["PPO"] * 3 + ["GRPO"] * 3
    assert table[0][""] == f"PPO: ours, {figures['format']}"
    assert capsys.readouterr().out == ""


def turn(updates=4, tokens=100, loss=0.1):
    return bench_rlhf.Turn(1.0, 8, tokens, updates, 1, "float32", loss, 0.0)


@pytest.mark.parametrize(
    ("other", "missing"),
    [
        (turn(), set()),
        (turn(tokens=96), set()),
        (turn(tokens=90), {"tokens"}),
        (turn(updates=3), {"updates"}),
        (turn(loss=float("nan")), {"loss"}),
    ],
)
def test_both_sides_have_to_do_the_same_work(other, missing):
    for sides in (([turn()], [other]), ([other], [turn()])):
        found = bench_rlhf.same_work(*sides)
        assert {key for key, same in found.items() if not same} == missing


@pytest.mark.parametrize(("won", "gradient"), [(True, 2.0), (True, 2.1), (False, 2.0)])
def test_rlhf_is_ok_if_both_rows_are_and_the_losses_agree(stand_in, monkeypatch, won, gradient):
    pairs = {"loss": [0.5, 0.5], "gradient": [2.0, gradient]}
    monkeypatch.setattr(rlhf_grpo, "one_batch", lambda row: pairs)
    monkeypatch.setattr(rlhf_grpo, "prepare", lambda: types.SimpleNamespace(name="GRPO"))
    monkeypatch.setattr(bench_rlhf, "race", lambda row, formats: {"ok": won or row.name == "GRPO"})
    figures = bench.run("rlhf")
    assert figures["ok"] is (won and gradient == 2.0)
    assert figures["grpo"]["ok"] is (gradient == 2.0)


def test_rlhf_asks_both_sides_the_same(stand_in, monkeypatch):
    asked = []
    written = rollout.written

    def noted(policy, prompts, *rest, **named):
        asked.append([list(p) for p in prompts])
        return written(policy, prompts, *rest, **named)

    monkeypatch.setattr(rollout, "written", noted)
    row = bench_rlhf.prepare()
    ours = bench_rlhf.turn_of_ours(row, seed=1)
    peer, _ = bench_rlhf.turn_of_peer(row, 1, 1, "float32", limit=60)
    # The peer encodes its prompts itself.
    theirs = [row.tokenizer(text=texts)["input_ids"] for texts in StandIn.last.asked]
    assert [sorted(batch) for batch in asked] == [sorted(batch) for batch in theirs]
    assert len({tuple(p) for batch in asked for p in batch}) > 1
    assert ours.answers == peer.answers
    # An untrained model may draw the end, a trained one doesn't.
    assert ours.tokens == pytest.approx(peer.tokens, rel=0.1)
    assert ours.updates == peer.updates == bench_rlhf.ROUNDS * row.updates
    arguments = row.peer_arguments("float32")
    assert arguments["num_iterations"] * arguments["steps_per_generation"] == row.updates
    assert arguments["learning_rate"] == TINY.lr_policy
    assert arguments["bf16"] is False
    assert row.peer_arguments("bf16")["bf16"] is True
    assert StandIn.last.model is not row.mini
    assert all(torch.equal(a, b) for a, b in zip(
        StandIn.last.model.parameters(), row.mini.parameters(), strict=True
    ))  # fmt: skip


def test_grpo_asks_both_sides_for_the_same_programs(stand_in, monkeypatch):
    asked, learned = [], []
    written, shares = rollout.written, grpo.shares

    def noted(policy, prompts, *rest, **named):
        asked.append([list(p) for p in prompts])
        return written(policy, prompts, *rest, **named)

    row = rlhf_grpo.prepare()
    monkeypatch.setattr(rollout, "written", noted)
    monkeypatch.setattr(
        grpo, "shares", lambda batch, part, n: learned.extend(part) or shares(batch, part, n)
    )
    ours = bench_rlhf.turn_of_ours(row, seed=1)
    peer, _ = bench_rlhf.turn_of_peer(row, 1, 1, "float32", limit=60)
    theirs = [row.tokenizer(text=texts)["input_ids"] for texts in StandIn.last.asked]
    assert [sorted(batch) for batch in asked] == [sorted(batch) for batch in theirs]
    assert len({tuple(p) for batch in asked for p in batch}) > 1
    assert len({len(p) for batch in asked for p in batch}) == 1
    # All programs are learned from, though these groups have no spread.
    assert sorted(learned) == sorted([*range(row.batch)] * len(asked))
    assert ours.updates == peer.updates == bench_rlhf.ROUNDS * row.updates
    arguments = row.peer_arguments("float32")
    assert arguments["per_device_train_batch_size"] * row.updates == row.batch
    assert arguments["num_generations"] == TINY_GRPO.group
    assert (arguments["beta"], arguments["epsilon"]) == (TINY_GRPO.beta, TINY_GRPO.clip)


def test_grpo_rewards_the_peer_as_ours(stand_in):
    row = rlhf_grpo.prepare()
    first = row.asked[0]
    sources = [first.source, first.source.replace("return", "return 1 +")]
    bodies = [source.removeprefix(tasks.HEADER) for source in sources]
    answers = [row.tokenizer(body)["input_ids"] for body in bodies]
    end = [row.tokenizer.eos_token_id]
    assert row.score([0, 0, 0], [answers[0] + end, answers[1] + end, end]) == [1.0, 0.0, 0.0]


def test_rlhf_scores_both_sides_with_the_same_model(stand_in, monkeypatch):
    scored = []
    monkeypatch.setattr(
        reward, "score", lambda m, rows: scored.append((m, rows)) or torch.zeros(len(rows))
    )
    row = bench_rlhf.prepare()
    before = torch.get_num_threads()
    bench_rlhf.turn_of_peer(row, 1, 1, "float32", limit=60)
    assert torch.get_num_threads() == before
    assert all(m is row.reward_model for m, _ in scored)
    (_, rows), *_ = scored
    assert rows[0] == [*row.prompts[0], *[5] * bench_rlhf.NEW_TOKENS]
    assert rows[1] == rows[0] != rows[2]


def test_a_turn_of_the_peer_that_is_too_slow_is_stopped(stand_in, monkeypatch):
    row = bench_rlhf.prepare()
    found, seconds = bench_rlhf.turn_of_peer(row, 1, 1, "float32", limit=0.0)
    assert found is None
    assert seconds > 0
    both, formats = ("float32", "bf16"), arithmetic.FORMATS
    turns = {
        (f, n): (bench_rlhf.Turn(1.0, 8, 8, 1, n, f, 0.1, 0.0), 2.0) for f in both for n in (1, 2)
    }
    turns["bf16", 1], turns["bf16", 2] = (
        (None, 3.0),
        (bench_rlhf.Turn(0.5, 8, 8, 1, 2, "bf16", 0.1, 0.0), 1.0),
    )
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    monkeypatch.setattr(bench_rlhf, "turn_of_peer", lambda row, seed, n, f, limit: turns[f, n])
    best, rates = bench_rlhf.best_turn_of_peer(row, 1, list(formats))
    assert (best.threads, best.number_format, best.rate) == (2, "bf16", 16.0)
    assert rates == {
        "float32, 2 threads": 8.0, "float32, 1 threads": 8.0,
        "bf16, 2 threads": 16.0, "bf16, 1 threads": None,
    }  # fmt: skip
    assert bench_rlhf.best_turn_of_peer(row, 1, ["float32"])[0].number_format == "float32"


@pytest.mark.parametrize("module", ["trl", "datasets"])
def test_without_its_peer_rlhf_says_how_to_install_it(stand_in, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(CourseError) as error:
        bench.run("rlhf")
    text = str(error.value)
    assert "`python3 start.py install bench`" in text
    assert "\n" not in text


def test_the_shipped_recipe_suits_the_peer():
    # Each minibatch of the peer holds all answers to its prompts.
    assert ppo.Recipe().minibatch % bench_rlhf.GENERATIONS == 0
    assert ppo.Recipe().batch % ppo.Recipe().minibatch == 0
    assert grpo.Recipe().tasks * grpo.Recipe().group % grpo.Recipe().steps == 0


@pytest.fixture(scope="module")
def tiny_row():
    """Return the row of GRPO with a tiny model that has learned nothing."""
    pytest.importorskip("trl", reason="trl isn't installed: `python3 start.py install bench`")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rlhf_grpo.model, "load", lambda _: (model.new(model.Size(1, 32)), tok.load()))
        patch.setattr(rlhf_grpo.grpo_stage, "START", code.Recipe(pairs=32, epochs=1))
        patch.setattr(grpo, "Recipe", lambda: TINY_GRPO)
        return rlhf_grpo.prepare()


def test_the_peer_keeps_near_the_model_that_ours_keeps_near(tiny_row, tmp_path):
    policy = copy.deepcopy(tiny_row.mini)
    with bench_rlhf.quiet():
        trainer = bench_rlhf.peer_trainer(
            tiny_row, policy, str(tmp_path), "float32", 1, lambda **_: []
        )
    assert trainer.ref_model is not policy
    assert all(torch.equal(a, b) for a, b in zip(
        trainer.ref_model.parameters(), tiny_row.mini.parameters(), strict=True
    ))  # fmt: skip


def test_grpo_and_its_peer_compute_the_same_loss(tiny_row, monkeypatch):
    monkeypatch.setattr(rlhf_grpo, "NOISE", 5.0)  # a tiny model has to move far to be elsewhere
    pairs = rlhf_grpo.one_batch(tiny_row)
    assert rlhf_grpo.agree(pairs)
    assert all(abs(ours) > 0.1 for ours, _ in pairs.values())
    # Another price or another clip, on our side alone, is seen.
    theirs = tiny_row.peer_arguments
    monkeypatch.setattr(rlhf_grpo.Grpo, "peer_arguments", lambda self, *rest: theirs(*rest))
    for different in ({"beta": 0.04}, {"clip": 0.1}):
        recipe = dataclasses.replace(tiny_row.recipe, **different)
        other = rlhf_grpo.one_batch(dataclasses.replace(tiny_row, recipe=recipe))
        assert not rlhf_grpo.agree(other), different


# --- grading --------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(bool(sandbox.missing()), reason=sandbox.missing() or "there is a sandbox")
def test_the_time_of_a_large_class_is_that_of_all_its_submissions():
    before = os.sched_getaffinity(0)
    found = bench_grading.large(3, "00_start_here")
    assert found["ok"]
    assert (found["submissions"], found["graded"], found["sandbox"]) == (3, 3, "bubblewrap")
    assert found["a_minute"] == pytest.approx(3 / found["minutes"], rel=0.2)
    assert found["cores"] == min(2, len(before))
    assert os.sched_getaffinity(0) == before
    assert len(bench_grading.large_rows(found)) == 1


def test_a_class_of_nobody_is_one_sentence():
    with pytest.raises(CourseError, match="one submission or more"):
        bench_grading.large(0)
