"""mini-code: its tasks and their splits, what each way of fine-tuning moves, how it is measured."""

import copy
import itertools
import json
import random

import numpy as np
import pytest
import torch
from tables import planned

from course import paths, records
from course.lm import forward, model, optim
from course.stages import code, exercises
from course.stages.card import card
from course.stages.context import Run
from course.stages.exercises import MissingExercise
from course.stages.stage import LINEAGE
from course.studies import l03_ways as fine_tuning
from course.studies.registry import ALL
from course.world import talk, tasks
from course.world.tasks import Task

pytestmark = pytest.mark.slow

LESSON = "03_fine_tuning"
ours = pytest.mark.skipif(not (paths.SOURCE / LESSON).exists(), reason="source/ isn't shipped")


def lora(x, weight, a, b, alpha):
    return torch.nn.functional.linear(x, weight + alpha / a.size(0) * (b @ a))


@pytest.fixture(scope="module")
def base():
    return model.load("mini-ada")


@pytest.fixture
def mini(base):
    return copy.deepcopy(base[0])


@pytest.fixture(scope="module")
def tokenizer(base):
    return base[1]


# Tasks --------------------------------------------------------------------------------------------


def test_a_task_asks_for_the_program_that_computes_it():
    task = Task((("add {}", 5), ("times {}", 3)))
    assert task.prompt == "# Write f: add 5, then times 3.\ndef f(x):"
    assert task.source == "def f(x):\n    return (x + 5) * 3\n"
    assert task(2) == 21
    for asked in tasks.tasks(200, "train", 1):
        space = {}
        exec(asked.source, space)
        assert [space["f"](x) for x in tasks.INPUTS] == asked.values


def test_programs_have_the_form_of_the_demonstrations():
    ours = {task.source for task in itertools.islice(tasks.drawn("train", 2), 40_000)}
    speaker = talk.Speaker("train", 3)
    theirs = [speaker.program().turns[0].answer for _ in range(60)]
    single = [source for source in theirs if "(x " not in source]
    assert single
    numbers = [int(source.split()[-1]) for source in single]
    assert all((source in ours) == (n % 5 > 1) for source, n in zip(single, numbers, strict=True))


def test_no_training_ever_sees_a_program_of_the_test_or_of_the_tuning():
    learned = list(itertools.islice(tasks.drawn("train", 4), 60_000))
    texts, programs = {t.words for t in learned}, {t.source for t in learned}
    forms = {tuple(talk.PROGRAM_STEPS[w] for w, _ in t.steps) for t in learned if len(t.steps) == 2}
    singles = {t.steps[0][1] for t in learned if len(t.steps) == 1}
    held = {split: tasks.tasks(500, split, 5) for split in ("tuning", "test")}
    for split, asked in held.items():
        assert len(set(asked)) == 500
        assert not {t.words for t in asked} & texts
        assert not {t.source for t in asked} & programs
        for task in asked:
            if len(task.steps) == 1:
                assert task.steps[0][1] not in singles
            else:
                pair = tuple(talk.PROGRAM_STEPS[w] for w, _ in task.steps)
                assert pair not in forms
                assert tasks.HELD_OUT_PAIRS[pair] == split
        assert {w for t in asked for w, _ in t.steps} == set(tasks.WORDS)
    assert not {t.source for t in held["tuning"]} & {t.source for t in held["test"]}
    assert len(forms) == 9 - len(tasks.HELD_OUT_PAIRS)


def test_half_of_the_tasks_have_two_steps():
    for split, count in (("train", 400), ("test", 100)):
        asked = tasks.tasks(count, split, 6)
        assert sum(len(t.steps) == 2 for t in asked) / count == pytest.approx(0.5, abs=0.15)


def test_the_same_seed_gives_the_same_tasks():
    assert tasks.tasks(50, "test", 7) == tasks.tasks(50, "test", 7)
    assert tasks.tasks(50, "test", 7) != tasks.tasks(50, "test", 8)
    with pytest.raises(ValueError, match="no split"):
        tasks.tasks(1, "shots", 1)


def test_every_program_fits_the_longest_answer(tokenizer):
    longest = Task((("multiply by {}", 99), ("take away {}", 99)))
    assert len(tokenizer(longest.source.removeprefix(tasks.HEADER))["input_ids"]) < code.NEW_TOKENS


# What moves ---------------------------------------------------------------------------------------


def start(mini):
    return {n: p.clone() for n, p in code.own_weights(mini).items()}


@pytest.mark.parametrize("way", code.RATES)
def test_before_training_every_way_is_the_base_model(mini, tokenizer, way):
    tokens = torch.tensor([tokenizer("def f(x):\n    return x + 7\n")["input_ids"]])
    before = mini(tokens).logits
    made = code.finished(mini, code.trained(mini, way, seed=3), lora)
    assert torch.allclose(made(tokens).logits, before, atol=1e-4)


@pytest.mark.parametrize("way", code.RATES)
def test_only_what_a_way_moves_is_changed(mini, tokenizer, way):
    before, moved = start(mini), code.trained(mini, way, seed=3)
    steps = code.tune_on(
        mini, tokenizer, tasks.tasks(96, "train", 1), moved, code.RATES[way],
        recipe=code.Recipe(96, 2), lora_forward=lora, seed=1,
    )  # fmt: skip
    losses = [p.loss for p in steps]
    assert len(losses) == 6
    if way != "last layer":
        frozen = {"last block": "h.1.", "all": ""}.get(way)
        for name, value in code.own_weights(mini).items():
            may = frozen is not None and name.startswith(frozen)
            assert torch.equal(value, before[name]) != may, name
    made = code.own_weights(code.finished(mini, moved, lora))
    changed = {
        n for n, value in made.items() if n not in before or not torch.equal(value, before[n])
    }
    if way == "last layer":
        assert changed == {code.HEAD}
    elif way == "last block":
        assert changed == {n for n in before if n.startswith("h.1.")}
    elif way == "LoRA":
        assert changed == {*filter(optim.is_matrix, before), code.TOKENS}
    else:
        assert changed == set(before)


def test_the_loss_falls_and_counts_the_program_alone(mini, tokenizer):
    moved = code.trained(mini, "all")
    learned = tasks.tasks(320, "train", 1)
    losses = [
        p.loss for p in code.tune_on(mini, tokenizer, learned, moved, (0.02, 4e-3), seed=1)
    ]  # fmt: skip
    assert sum(losses[10:]) < 0.9 * sum(losses[:10])  # the second round over the tasks
    # the comment is never learned: what the model would write in place of it stays as likely
    recipe = code.Recipe(32, 1)
    fresh = code.trained(mini, "all")
    (only,) = code.tune_on(mini, tokenizer, learned[:32], fresh, (0.0, 0.0), recipe=recipe)
    texts = [f"# Write f: {t.words}.\n{t.source}" for t in learned[:32]]
    rows = [[0, *tokenizer(text)["input_ids"], 0] for text in texts]
    total, count = 0.0, 0
    with torch.no_grad():
        for row, task in zip(rows, learned, strict=False):
            first = 1 + len(tokenizer(task.prompt)["input_ids"])
            logp = mini(torch.tensor([row[:-1]])).logits[0].log_softmax(-1)
            total -= sum(float(logp[i - 1, row[i]]) for i in range(first, len(row)))
            count += len(row) - first
    assert only.loss == pytest.approx(total / count, rel=0.05)


def test_without_a_rate_for_muon_adamw_moves_all(mini, tokenizer):
    learned, moved = tasks.tasks(32, "train", 1), code.trained(mini, "all")
    before = start(mini)
    recipe = code.Recipe(32, 1)
    list(code.tune_on(mini, tokenizer, learned, moved, (0.0, 1e-3), recipe=recipe))
    after = code.own_weights(mini)
    step = 1e-3 * optim.cosine(0, 0.0)
    for name in ("h.0.attn.c_attn.weight", "h.1.mlp.c_fc.weight", code.TOKENS):
        change = (after[name] - before[name]).abs()
        assert float(change.max()) == pytest.approx(
            step, rel=0.01
        )  # AdamW's first step, not Muon's


def test_lora_is_merged_as_the_exercise_computes_it(mini, tokenizer):
    moved = code.trained(mini, "LoRA", seed=5)
    for name, value in moved.items():
        if name.endswith(".b"):
            with torch.no_grad():
                value.normal_(generator=torch.Generator().manual_seed(len(name)))
    name = "h.1.mlp.c_fc.weight"
    own = start(mini)
    x = torch.randn(3, own[name].shape[0], generator=torch.Generator().manual_seed(1))
    beside = lora(x, own[name].T, moved[f"{name}.a"], moved[f"{name}.b"], code.ALPHA)
    made = code.own_weights(code.finished(mini, moved, lora))
    assert torch.allclose(x @ made[name], beside, atol=1e-3)
    a, b = (moved[f"{code.TOKENS}.{part}"] for part in "ab")
    wanted = own[code.TOKENS] + code.ALPHA / code.RANK * b @ a
    assert torch.allclose(made[code.TOKENS], wanted, atol=1e-4)


@pytest.mark.parametrize(
    "cut",
    [
        lambda x, w, a, b, alpha: lora(x, w, a.detach(), b, alpha),
        lambda x, w, a, b, alpha: lora(x, w, a, b.detach(), alpha),
    ],
)
def test_a_forward_pass_that_cuts_the_gradient_is_said_in_one_sentence(mini, tokenizer, cut):
    moved = code.trained(mini, "LoRA")
    steps = code.tune_on(
        mini, tokenizer, tasks.tasks(8, "train", 1), moved, (0.0, 1e-3), lora_forward=cut
    )
    with pytest.raises(MissingExercise, match="cuts the way back"):
        next(steps)


def test_lora_without_a_forward_pass_is_a_mistake(mini):
    with pytest.raises(ValueError, match="forward pass"):
        code.in_use(code.own_weights(mini), code.trained(mini, "LoRA"))


# Measuring ----------------------------------------------------------------------------------------


def test_a_last_layer_of_its_own_writes_and_reads_as_the_tied_one(mini, tokenizer, monkeypatch):
    monkeypatch.setattr(code, "WEB_DOCUMENTS", 12)
    own = code.finished(mini, code.trained(mini, "last layer"))
    prompts = [t.prompt for t in tasks.tasks(5, "test", 1)]
    assert code.written(own, tokenizer, prompts) == code.written(mini, tokenizer, prompts)
    drawn = code.written(own, tokenizer, prompts, temperature=0.8, samples=3, seed=1)
    assert [len(some) for some in drawn] == [3] * 5
    assert drawn == code.written(own, tokenizer, prompts, temperature=0.8, samples=3, seed=1)
    loss = fine_tuning._plain_web_loss(own, tokenizer)
    assert loss == pytest.approx(code.web_loss(mini, tokenizer), rel=1e-3)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("def f(x):\n    return x\n", "def f(x):\n    return x\n"),
        ("def f(x):\n    return x\n# Write f: …\ndef f(x):\n", "def f(x):\n    return x\n"),
        ("def f(x):\n    return x", "def f(x):\n    return x\n"),
        ("", "\n"),
        ("a = 3\nb = 4\n", "a = 3\n"),
    ],
)
def test_the_first_program_is_the_answer(text, first):
    assert code.first_program(text) == first


def test_right_programs_get_all_of_pass_at_k(mini, tokenizer, monkeypatch):
    asked = tasks.tasks(6, "test", 1)
    by_prompt = {t.prompt: t.source for t in asked}
    wrong = Task((("add {}", 99),)).source

    def write(_mini, _tokenizer, prompts, *, samples=1, temperature=0.0, seed=0):
        half = samples // 2 if temperature else 0
        return [[wrong] * half + [by_prompt[p]] * (samples - half) for p in prompts]

    monkeypatch.setattr(code, "written", write)
    found = code.measure(mini, tokenizer, asked)
    assert found["greedy"] == 1
    assert found["pass_at_1"] == pytest.approx(0.5)
    assert 0.99 < found["pass_at_10"] < 1  # ten of twenty could all be wrong
    low, high = found["intervals"]["pass_at_1"]
    assert low == high == pytest.approx(0.5)


def test_an_interval_of_tasks_holds_the_mean_and_narrows():
    rng = random.Random(1)
    few, many = ([float(rng.random() < 0.3) for _ in range(n)] for n in (30, 1000))
    assert code.interval(few)[0] < np.mean(few) < code.interval(few)[1]
    low, high = code.interval(many)
    assert high - low == pytest.approx(2 * 1.96 * np.std(many) / 1000**0.5, rel=0.1)


@ours
def test_the_library_computes_pass_at_k_and_the_front_as_the_exercises_do():
    from course.show.l03_programs import front

    found = exercises.load(LESSON, "pass_at_k", "pareto_front", "lora_forward")
    for n in (3, 20):
        for c, k in itertools.product(range(n + 1), (1, 2, 3)):
            theirs = found["pass_at_k"](np.array([n]), np.array([c]), k)
            assert code.solved(n, c, k) == pytest.approx(theirs, abs=1e-12)
    rng = np.random.default_rng(1)
    for _ in range(20):
        speed, worth = rng.permutation(7) + 1.0, rng.permutation(7) / 7
        names = {str(i): (s, w) for i, (s, w) in enumerate(zip(speed, worth, strict=True))}
        assert front(names) == [str(i) for i in found["pareto_front"](speed, worth)]
    x, w, a, b = (torch.randn(*s) for s in ((2, 3), (4, 3), (2, 3), (4, 2)))
    assert torch.allclose(found["lora_forward"](x, w, a, b, 3.0), lora(x, w, a, b, 3.0), atol=1e-5)


def test_a_token_more_takes_some_time(mini, tokenizer, monkeypatch):
    monkeypatch.setattr(fine_tuning, "REPEATS", 2)
    assert 0.01 < fine_tuning.milliseconds(mini, tokenizer) < 1000


# Stages and records -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tiny():
    """Both stages in a tiny form: (figures of code, figures of fine_tuning, run)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "DEFAULT", "mini-ada")
        patch.setattr(code, "TESTS", 20)
        patch.setattr(code, "DRAWN", {1: (0.2, 2), 10: (0.8, 10)})
        patch.setattr(code, "WEB_DOCUMENTS", 10)
        patch.setattr(fine_tuning, "REPEATS", 1)
        functions = exercises.Exercises({"lora_forward": lora}, "source")
        patch.setattr(exercises, "load", lambda *_: functions)
        recipe = code.Recipe(pairs=64, epochs=1)
        table = planned(ALL, {"code": recipe, "fine_tuning": (recipe, recipe)})
        run = Run(1, quick=True, table=table)
        figures = (table[name].work().run(run) for name in ("code", "fine_tuning"))
        return *figures, run


def test_the_stage_has_the_promised_figures(tiny):
    figures, _, run = tiny
    keys = {"base_pass_at_1", "pass_at_1", "pass_at_10", "seconds"}
    assert keys | set(records.targets("lineage code", "bf16")) <= set(figures)
    assert set(records.targets("lineage code", "bf16")) == {
        "base_pass_at_1",
        "pass_at_1",
        "seconds",
    }
    json.dumps(figures)
    assert code.NAME in run.made
    (made,) = LINEAGE["code"].models
    assert "on tiny programs" in card(LINEAGE["code"], made, figures)


def test_the_comparison_has_every_way(tiny):
    _, found, _ = tiny
    json.dumps(found)
    assert tuple(found["ways"]) == fine_tuning.WAYS
    for trials in found["ways"].values():
        assert {"trained", "computing", "pass_at_1", "pass_at_10", "web_loss"} <= set(trials[0])
    assert tuple(found["by_rate"]) == tuple(fine_tuning.COMPARED)
    for way, tried in found["by_rate"].items():
        usual = fine_tuning.COMPARED[way]
        assert [one["rates"] for one in tried] == [usual]  # a quick run has the usual rates alone
        assert {"pass_at_1", "web_loss"} <= set(tried[0]["trials"][0])
    size = found["by_size"]["mini-ada"]
    assert size["milliseconds"] > 0
    best = max(one["greedy"] for one in size["tried"])
    assert size["rates"] in [one["rates"] for one in size["tried"] if one["greedy"] == best]
    assert set(ALL["fine_tuning"].shown) <= set(found)


def test_the_shipped_model_is_what_its_record_says(tokenizer):
    record = records.read(code.NAME)
    holds = records.meets("lineage code", record)
    assert holds["base_pass_at_1"]
    assert holds["pass_at_1"]
    mini, _ = model.load(code.NAME)
    asked = tasks.tasks(60, "test", 5)
    wrote = code.written(mini, tokenizer, [t.prompt for t in asked])
    right = sum(some[0].right for some in code.judge(asked, wrote)) / 60
    assert right == pytest.approx(record["greedy"], abs=0.12)
    with torch.no_grad():
        w = forward.weights(mini)
    assert w.head is w.wte
