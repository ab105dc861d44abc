"""What lesson 07 shows: bandits that learn by its exercises' rules, pictures, the live PPO.

Records are made up, the training of the live runs is a stand-in, the clock of a test is ours.
"""

import gc
import itertools
import math
import warnings

import numpy as np
import pytest
import torch
from tables import planned

from course import paths
from course.lm import arithmetic, evals, model
from course.lm import tokenizer as tok
from course.show import l07_loop, l07_pictures, l07_ppo, sources, style
from course.show import l07_rlhf as rlhf
from course.show import live as demo
from course.stages import context, exercises, hacking, ppo, reward, reward_stage
from course.stages import run as lineage
from course.stages.stage import PPO
from course.studies import l07_bandit as bandit
from course.studies import l07_prices as beta
from course.studies.registry import ALL
from course.world import demonstrate

pytestmark = pytest.mark.slow

LESSON = "07_rlhf_ppo"
needs_source = pytest.mark.skipif(
    not (paths.SOURCE / LESSON).exists(), reason="source/ isn't shipped here"
)


@pytest.fixture(autouse=True)
def strict(monkeypatch, tmp_path):
    """Every warning is an error; nothing is written outside of the test's folder."""
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    monkeypatch.delenv("COURSE_DEMO_SECONDS", raising=False)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    gc.collect()  # what an earlier test left behind isn't these tests' fault
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


# Bandits ------------------------------------------------------------------------------------------


@needs_source
def test_a_bandit_of_single_pulls_is_the_exercise(monkeypatch):
    monkeypatch.setattr(bandit, "PULLS", 1)
    given = exercises.load(LESSON, "reinforce")
    rounds = 30
    *_, last = bandit.learn(bandit.Rule("x", advantage=False), bandits=2, rounds=rounds, seed=5)
    chance = np.random.default_rng(5)
    uniforms, pays = [], []
    for _ in range(rounds):
        uniforms.append(chance.random((2, 1, 1))[:, 0, 0])
        pays.append(np.array(bandit.PAYS) + bandit.NOISE * chance.standard_normal((2, 1, 3))[:, 0])
    for i in range(2):
        _, logits = given["reinforce"](
            np.array([u[i] for u in uniforms]), np.array([p[i] for p in pays]), 0.3
        )
        assert last[i] == pytest.approx(bandit.probabilities(logits) @ bandit.PAYS)


@needs_source
@pytest.mark.parametrize("clip", [0.2, 0.05])
def test_clipped_steps_follow_the_gradient_of_the_exercise(clip):
    given = exercises.load(LESSON, "ppo_loss")
    rule = bandit.Rule("x", steps=6, clip=clip, rate=1.0)
    *_, last = bandit.learn(rule, bandits=3, rounds=1, seed=6)
    chance = np.random.default_rng(6)
    draws = chance.random((3, bandit.PULLS, 1))
    pays = np.array(bandit.PAYS) + bandit.NOISE * chance.standard_normal((3, bandit.PULLS, 3))
    for i in range(3):
        arms = np.minimum((draws[i, :, 0] * 3).astype(int), 2)
        got = pays[i][np.arange(bandit.PULLS), arms]
        gains = [g - np.delete(got, k).mean() for k, g in enumerate(got)]
        logits = torch.zeros(3, dtype=torch.float64, requires_grad=True)
        row = torch.tensor(arms)[None]
        old = logits.detach().log_softmax(0)[row]
        for _ in range(rule.steps):
            new = logits.log_softmax(0)[row]
            loss = given["ppo_loss"](new, old, torch.tensor([gains]), torch.ones_like(row), clip)
            (slope,) = torch.autograd.grad(loss, logits)
            logits = (logits - slope).detach().requires_grad_()
        found = logits.detach().softmax(0).numpy() @ np.array(bandit.PAYS)
        assert last[i] == pytest.approx(found)


@pytest.mark.parametrize("what", ["advantage", "clip"])
def test_the_second_rule_of_each_pair_is_fooled_less_often(what):
    lost = [rlhf.lost_bandits(list(bandit.learn(rule))) for rule in rlhf.bandit_rules(what)]
    assert lost[0] >= 5
    assert lost[1] == 0


def test_bandits_draw_mean_and_spread(capfd):
    paid = {"a": [np.array([4.0, 6.0]), np.array([5.0, 6.0])], "b": [np.full(2, 5.0)] * 2}
    picture = rlhf.bandits(paid)
    picture.bundle(1.0)
    lines = [line.get_ydata() for line in picture.axes[0].lines]
    assert np.allclose(lines[0], [5.0, 5.5])
    assert np.allclose(lines[1], [5.0, 5.0])
    assert "a 5.50, b 5.00" in picture.alt
    rlhf.live_bandits("advantage")
    assert capfd.readouterr().out.count("of 100 bandits were fooled") == 2


# The recorded runs --------------------------------------------------------------------------------


def made_up(beta, kl, true):
    end = {
        "kl": kl, "reward": 1.0, "true": true, "true_error": 0.1,
        "rates": {"truth": 0.5, "polite": 0.6, "refusal": 0.7},
        "answers": [{"request": "Who?", "answer": f"<b>{beta}", "reward": 0.5, "true": true}],
    }  # fmt: skip
    way = [0.0, kl / 2, kl]
    return {"beta": beta, "kl": way, "reward": [0.1, 0.5, 1.0], "true": [0.5, 1, true], "end": end}


RECORD = {
    "runs": [made_up(0.0, 16.0, -1.0), made_up(0.1, 4.0, 1.5), made_up(1.0, 1.0, 1.0)],
    "start": {k: v for k, v in made_up(0.0, 0.0, 0.8)["end"].items() if k != "kl"},
}  # fmt: skip
BEST = {"method": "best-of-n", "reward": 0.1}
FRONTIER = {
    "points": [
        BEST | {"setting": 1.0, "true": 0.8, "kl": 0.0, "kl_bound": 0.0},
        BEST | {"setting": 4.0, "true": 1.2, "kl": 0.25, "kl_bound": 0.64},
        BEST | {"method": "DPO", "setting": 0.3, "true": 1.0, "kl": 2.0},
    ]
}


def test_smoothing_is_a_mean_of_neighbours():
    assert rlhf.smoothed([1, 2, 3, 5], 3) == [1, 2, pytest.approx(10 / 3), 5], "ends stay"
    assert rlhf.smoothed([0, 1, 2, 3, 9]) == [0, 1, 3, pytest.approx(14 / 3), 9]


def test_labels_keep_their_order_and_do_not_touch():
    assert rlhf.spread([0.1, 0.9, 0.5], 0.1) == [0.1, 0.9, 0.5]
    found = rlhf.spread([0.5, 0.52, 0.51, 0.1, 0.65], 0.1)
    assert found[3] == 0.1
    order = sorted(found)
    assert [found.index(x) for x in order] == [3, 0, 2, 1, 4]
    assert all(b - a > 0.0999 for a, b in itertools.pairwise(order))
    assert sum(found) == pytest.approx(0.5 + 0.52 + 0.51 + 0.1 + 0.65)


def test_numbers_of_a_table_are_numbers_and_say_their_form():
    page = style.table([{"a": rlhf.Number(0.456, ".0%"), "b": rlhf.Number(-1.25)}])
    assert page.text.splitlines()[1] == "46% | −1.25"
    assert page.html.count("text-align:right") == 2


def test_the_first_look_has_both_answers_with_both_numbers():
    page = rlhf.one_answer(RECORD)
    assert page.text.splitlines()[1] == "Who? | <b>0.0 | <b>0.0 | 0.50 | 0.50 | 0.80 | −1.00"
    assert "&lt;b&gt;" in page.html
    assert "labeler's score 0.80 → −1.00" in rlhf.one_answer_in_words(RECORD)


def test_all_runs_are_drawn_and_the_chosen_one_in_strong_colours():
    picture = rlhf.beta_runs(RECORD)
    picture.bundle(1.0)
    for axis, (key, *_) in zip(picture.axes, rlhf.PANELS, strict=True):
        assert len(axis.lines) == 3
        assert np.allclose(axis.lines[0].get_ydata(), rlhf.smoothed(RECORD["runs"][0][key]))
    chosen = rlhf.beta_runs(RECORD, 0.1)
    chosen.bundle(1.0)
    strong = [line for line in chosen.axes[2].lines if line.get_color() != rlhf.GRID]
    assert [line.get_label() for line in strong] == ["β = 0.1"]
    assert "β 0.1" in chosen.alt
    assert "β 1:" not in chosen.alt


def test_the_slider_shows_the_run_that_it_points_at():
    box = rlhf.beta_slider(RECORD)
    slider, image, words = box.children
    before = image.value
    slider.value = 0.0
    assert image.value != before
    assert bytes(image.value).startswith(b"\x89PNG")
    assert "&lt;b&gt;0.0" in words.value
    slider.value = 1.0
    assert "&lt;b&gt;1.0" in words.value


def test_without_widgets_there_is_a_sentence(monkeypatch, capfd):
    monkeypatch.setitem(__import__("sys").modules, "ipywidgets", None)
    assert rlhf.beta_slider(RECORD) is None
    assert "the picture" in capfd.readouterr().out


def test_the_distance_is_the_root_of_the_kl():
    picture = rlhf.over_optimisation(RECORD, FRONTIER)
    picture.bundle(1.0)
    left, middle, right = picture.axes
    kl = rlhf.smoothed(RECORD["runs"][0]["kl"])
    assert np.allclose(left.lines[0].get_xdata(), np.sqrt(kl))
    assert [c.lines[0].get_xdata()[0] for c in right.containers] == [2.0, 1.0]
    best = next(line for line in right.lines if line.get_linestyle() == "--")
    assert np.allclose(best.get_xydata(), [(0, 0.8), (0.5, 1.2)]), "at the measured KL"
    turn = next(line for line in middle.lines if line.get_linestyle() == "--")
    truth = rlhf.smoothed(RECORD["runs"][0]["true"])
    assert turn.get_xdata()[0] == pytest.approx(math.sqrt(kl[truth.index(max(truth))]))
    assert not [x for x in rlhf.over_optimisation(RECORD).axes[2].lines if x.get_ls() == "--"]


def test_best_of_n_has_its_measured_kl_and_the_bound():
    rows = rlhf.best_of_table(FRONTIER).text.splitlines()
    assert rows[1:] == ["1 | 0.10 | 0.80 | 0.00 | 0.00", "4 | 0.10 | 1.20 | 0.25 | 0.64"]


def test_tables_and_words_follow_the_record():
    text = rlhf.beta_table(RECORD).text
    assert text.splitlines()[1].startswith("SFT, before PPO | 1.00 | 0.0 | 0.80 | 0.20 | 50%")
    said = rlhf.in_words(RECORD)
    assert "the labeler the run with β = 0.1 (1.50 points)" in said
    assert "the higher the price of a nat, the smaller the KL" in said
    turned = RECORD | {"runs": [made_up(0.0, 1.0, 2.0), made_up(0.1, 4.0, 1.5)]}
    assert "didn't always" in rlhf.in_words(turned)


def test_hacked_answers_are_read_out_of_the_chat_format():
    page = rlhf.hacked(
        ["<|user|> A<|assistant|>", "<|user|> Who?<|assistant|> I am. I am.<|end|>",
         "<|user|> Why?<|assistant|> I am. I am..<|end|>"]
    )  # fmt: skip
    assert page.text.splitlines()[1:] == ["I am. I am. | 2 | Who?", "(nothing) | 1 | A"]


def test_the_repair_table_has_the_three_shares():
    page = rlhf.repair({"clear_honest": 0.85, "clear_hacked": 0.1, "clear_repaired": 0.95})
    assert [line.rsplit(" | ", 1)[1] for line in page.text.splitlines()] == [
        "right", "85%", "10%", "95%",
    ]  # fmt: skip
    more = {"clear_honest": 0.85, "clear_hacked": 0.1, "clear_repaired": 0.95, "clear_kept": 0.84}
    assert rlhf.repair(more).text.endswith("after the second round | two SFT answers | 84%")


def test_headline_draws_wins_and_intervals_and_says_what_follows():
    record = {
        "win_zero_shot": 0.9, "win_few_shot": 0.7, "truth_zero_shot": 0.8, "truth_few_shot": 0.4,
        "intervals": {"zero_shot": [0.88, 0.92], "few_shot": [0.66, 0.74]}, "parameter_ratio": 106,
    }  # fmt: skip
    picture = rlhf.headline(record, [{"label": "zero-shot", "value": 85, "error": 3}])
    picture.bundle(1.0)
    ours, paper = picture.axes
    dots = [tuple(c.lines[0].get_xydata()[0]) for c in ours.containers]
    assert dots == [(0.9, 0.0), (0.7, 1.0)]
    assert [0.4] in [list(line.get_xdata()) for line in ours.lines]
    bars = [list(path[:, 0]) for path in paper.containers[0].lines[2][0].get_segments()]
    assert np.allclose(bars, [[0.82, 0.88]])
    assert "85%" in rlhf.headline(record).alt, "the paper's own figures, if none are given"
    assert "wins clearly" in (said := rlhf.headline_in_words(record))
    assert "by manners" in said
    weak = record | {"intervals": {"few_shot": [0.45, 0.6]}, "truth_few_shot": 0.6}
    assert "can't be told apart" in (said := rlhf.headline_in_words(weak))
    assert "manners" not in said
    polite = rlhf.headline_in_words(record | {"base_rates_few_shot": {"polite": 0.0}})
    assert "0% are polite" in polite
    lost = record | {"intervals": {"few_shot": [0.2, 0.4]}}
    assert "loses" in rlhf.headline_in_words(lost)


# The runs behind the slider -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def words():
    return tok.load()


@needs_source
def test_progress_carries_the_answers_that_were_learned_from(words):
    asked = list(demonstrate.requests(32, "train", 9, mix=demonstrate.PPO_MIX))
    prompts = evals.chat_prompts(words, asked)
    policy, scorer = model.load("mini-sft")[0], model.load("mini-reward")[0]
    steps = ppo.train(
        policy, model.load("mini-sft")[0], scorer, words, prompts,
        **exercises.load(*PPO), recipe=ppo.Recipe(iterations=1, batch=32), seed=2,
    )  # fmt: skip
    (progress,) = steps
    assert sorted(a.prompt for a in progress.answers) == list(range(32))
    rows = [[*prompts[a.prompt], *a.tokens] for a in progress.answers]
    found = reward.score(scorer, rows, dtype=arithmetic.dtype()).tolist()
    assert [a.reward for a in progress.answers] == pytest.approx(found, abs=1e-3)
    assert progress.reward == pytest.approx(sum(found) / 32, abs=1e-3)
    judged = beta.judgements(words, asked, progress.answers)
    texts = [words.decode(a.tokens).removesuffix("<|end|>").strip() for a in progress.answers]
    by_hand = evals.judge([asked[a.prompt] for a in progress.answers], texts)
    assert [j.score for j in judged] == [j.score for j in by_hand]
    assert beta.true_score(words, asked, progress) == pytest.approx(
        sum(j.score for j in judged) / 32
    )


@needs_source
def test_the_stage_beta_writes_its_record_and_no_model(monkeypatch, tmp_path):
    monkeypatch.setattr(beta, "BETAS", (0.0, 0.3))
    monkeypatch.setattr(beta, "BEST_OF", (1, 2))
    monkeypatch.setattr(paths, "WORK", tmp_path)
    monkeypatch.setattr(context, "QUICK_TESTS", 30)
    plan = hacking.Plan(ppo.Recipe(iterations=2, batch=32, kl_coef=0.0))
    few = reward_stage.Plan(24, reward.Recipe(epochs=1, batch=8))
    result = lineage.run(planned(ALL, {"hacking": plan, "reward": few}), quick=True, stage="beta")
    assert set(result.stages["beta"]) == set(ALL["beta"].shown)
    from course import records

    record = records.read("beta", folder=tmp_path / "runs")
    assert [run["beta"] for run in record["runs"]] == [0.0, 0.3]
    for run in record["runs"]:
        assert [len(run[key]) for key in ("reward", "kl", "true")] == [2, 2, 2]
        assert run["kl"][0] == pytest.approx(0, abs=0.05)
    one, two = record["best_of"]
    assert two["reward"] >= one["reward"]
    assert two["kl_bound"] == pytest.approx(math.log(2) - 0.5)
    asked = [[a["request"] for a in run["end"]["answers"]] for run in record["runs"]]
    assert asked[0] == asked[1] == [a["request"] for a in record["start"]["answers"]]
    assert not list(tmp_path.rglob("*.safetensors"))
    rlhf.beta_runs(record).bundle(1.0)
    rlhf.over_optimisation(record).bundle(1.0)


# The loop on the page, and the pictures that explain ----------------------------------------------


def test_missing_functions_have_a_simpler_rule_in_their_place(capfd):
    def gae(*_):
        raise NotImplementedError

    def ppo_loss(new, old, advantages, mask, clip):
        old += 1.0
        return -(advantages * (new - old).exp()).mean()

    found = l07_loop.own_functions({"gae": gae, "ppo_loss": ppo_loss})
    old = torch.zeros(1, 2)
    assert found.ppo_loss(old, old, old + 1, old, 0.2) == pytest.approx(-math.exp(-1.0))
    assert not old.any(), "what an answer does to its arguments costs nothing"
    assert found.gae is l07_loop.PLAIN["gae"][1]
    said = capfd.readouterr().out
    assert "This runs with your own ppo_loss." in said
    for name in ("token_logprobs", "kl_penalised_rewards", "gae"):
        assert f"{name} isn't answered yet, so a simpler rule takes its place (" in said


def test_the_simpler_rules_do_what_they_say():
    rules = {name: rule for name, (_, rule) in l07_loop.PLAIN.items()}
    mask = np.array([[0, 1, 1, 0], [1, 1, 1, 1]])
    rewards = rules["kl_penalised_rewards"](np.array([2.0, 4.0]), mask * 0.5, mask, mask, 0.1)
    assert rewards.tolist() == [[0, 0, 2, 0], [0, 0, 0, 4]]
    advantages, whole = rules["gae"](rewards, mask * 9.0, mask, 0.9)
    assert whole.tolist() == [[0, 2, 2, 0], [4, 4, 4, 4]]
    assert advantages.tolist() == [[0, -1, -1, 0], [1, 1, 1, 1]]
    old, ones = torch.zeros(2, 4), torch.ones(2, 4)
    logprobs = torch.full((2, 4), math.log(3.0))
    assert rules["ppo_loss"](logprobs, old, ones * torch.tensor(mask), torch.tensor(mask), 0.2) == (
        pytest.approx(-3.0)
    )
    logits = torch.randn(1, 2, 5)
    found = rules["token_logprobs"](logits, torch.tensor([[3, 0]]))
    assert torch.allclose(found[0, 0], logits[0, 0].log_softmax(0)[3])
    assert l07_loop.plain_value_loss(old + 2, old, old, ones, 0.2) == 2.0


def test_a_round_of_the_loop(capfd, monkeypatch):
    monkeypatch.setattr(l07_loop, "ANSWERS", 8)
    l07_loop._asked.cache_clear()
    with l07_loop.four_models() as (policy, reference, reward_model, value_model):
        tokens, mask = l07_loop.written_by(policy, 1)
        assert tokens.shape == (8, mask.shape[1] + 1)
        assert policy(tokens).shape[:2] == value_model(tokens).shape == mask.shape
        assert torch.equal(policy(tokens), reference(tokens))
        score = reward_model(tokens, mask)
        assert score.shape == (8,)
        value_model(tokens).sum().backward()
        l07_loop.report(1, tokens, mask, score, torch.zeros(mask.shape), torch.zeros(mask.shape))
    assert "round 2: reward" in capfd.readouterr().out
    l07_loop._asked.cache_clear()


def test_pictures_that_explain_say_what_they_show():
    loop = l07_pictures.ppo_loop()
    assert loop.html.count("<rect") == 8
    for name in ("kl_penalised_rewards", "gae", "ppo_loss", "value_loss"):
        assert f">{name}<" in loop.html
    good, bad = l07_pictures.clip(0.2).axes
    assert [line.get_ydata()[-1] for line in good.lines[:2]] == [2.0, 1.2]
    assert [line.get_ydata()[0] for line in bad.lines[:2]] == [0.0, -0.8]
    gae = l07_pictures.gae_arrows()
    gae.bundle(1.0)
    assert "less: 0.43." in gae.alt


# The live run -------------------------------------------------------------------------------------


@pytest.fixture
def live(monkeypatch, words):
    """Return a function that runs the demo with a stand-in for the training.

    It moves one parameter by 1 each iteration; ``live.stop_after`` raises KeyboardInterrupt. The
    trial that tells the speed is apart: as if ``live.speed`` iterations went by in a second.
    """
    calls = []
    measured = demo.steps_a_second

    def speed(trial, seconds):
        assert measured(trial, seconds) > 0
        return run.speed

    def train(policy, _reference, _rewards, _words, prompts, *, recipe, web, seed, **hearts):
        if (recipe.iterations, recipe.batch) == (l07_ppo.TRIAL, recipe.minibatch):
            yield from range(recipe.iterations)
            return
        calls.append({"prompts": len(prompts), "iterations": recipe.iterations, "seed": seed})
        assert set(hearts) == set(PPO[1:])
        assert (web is not None) == bool(recipe.rehearsal)
        for i in range(recipe.iterations):
            if run.stop_after is not None and i >= run.stop_after:
                raise KeyboardInterrupt
            with torch.no_grad():
                policy.transformer.wpe.weight[0, 0] += 1
            answers = (ppo.Answer(0, tuple(words(" Of course.")["input_ids"]), 0.5),)
            loss = run.losses[i] if run.losses else 0.1
            yield ppo.Progress(i + 1, recipe.iterations, 9, 0.1, 0.1 * i, 0.2 * i, 9, loss, answers)

    def load(*names):
        found = exercises.Exercises(dict.fromkeys(names[1:]), run.origin)
        if run.missing:
            raise exercises.MissingExercise("gae of work isn't answered yet.")
        return found

    def run(**options):
        return l07_ppo.live_ppo(**{"iterations": 6} | options)

    run.stop_after, run.losses, run.origin, run.missing, run.calls = None, None, "source", 0, calls
    run.speed = 1000.0
    monkeypatch.setattr(demo, "steps_a_second", speed)
    monkeypatch.setattr(ppo, "train", train)
    monkeypatch.setattr(exercises, "load", load)
    monkeypatch.setattr(sources, "record", lambda _: RECORD)
    return run


def first_weight(policy):
    return policy.transformer.wpe.weight[0, 0].item()


def test_a_live_run_ends_with_its_figures_and_leaves_nothing_behind(live, capfd, tmp_path):
    found = live()
    assert found.done == found.planned == 6
    assert not found.model.training
    assert [p["reward"] for p in found.curve] == pytest.approx([0.1 * i for i in range(6)])
    assert "6 of 6 iterations of 160 answers" in capfd.readouterr().out
    assert not list(tmp_path.rglob("run.pt"))
    assert live.calls == [{"prompts": 6 * 160, "iterations": 6, "seed": 1}]


def test_an_interrupted_run_is_kept_and_goes_on(live, capfd):
    start = first_weight(model.load("mini-sft")[0])
    live.stop_after = 2
    cut = live()
    assert cut.interrupted
    assert first_weight(cut.model) == pytest.approx(start + 2)
    said = capfd.readouterr().out
    assert "Stopped after iteration 2 of 6; the policy keeps what it has learned." in said
    live.stop_after = None
    rest = live()
    assert "Going on after iteration 2 of 6" in capfd.readouterr().out
    assert rest.done == 6
    assert first_weight(rest.model) == pytest.approx(start + 6)
    assert live.calls[-1] == {"prompts": 4 * 160, "iterations": 4, "seed": 2001}


def test_a_run_cut_off_by_a_restart_goes_on_from_its_last_copy(live, monkeypatch):
    monkeypatch.setattr(l07_ppo, "KEEP", 0.0)
    copies = []
    write = l07_ppo.Kept.write

    def killed(self, run):
        write(self, run)
        copies.append(len(run.curve))
        if len(copies) == 3:
            raise SystemExit  # nothing after it is run, as when a kernel dies

    monkeypatch.setattr(l07_ppo.Kept, "write", killed)
    with pytest.raises(SystemExit):
        live()
    monkeypatch.setattr(l07_ppo.Kept, "write", write)
    assert live().done == 6
    assert live.calls[-1]["iterations"] == 3


@pytest.mark.parametrize(("speed", "batch"), [(1000.0, 160), (0.5, 96), (0.16, 32), (0.01, 32)])
def test_a_slow_computer_gets_fewer_answers_in_an_iteration(live, speed, batch, capfd):
    live.speed = speed
    found = live()
    assert (found.recipe.batch, found.planned, found.done) == (batch, 6, 6)
    assert f"6 of 6 iterations of {batch} answers" in capfd.readouterr().out


def test_a_run_that_goes_on_keeps_its_number_of_answers(live):
    live.speed, live.stop_after = 0.5, 2
    live()
    live.speed, live.stop_after = 1000.0, None
    rest = live()
    assert (rest.recipe.batch, rest.planned, rest.done) == (96, 6, 6)
    assert live.calls[-1] == {"prompts": 6 * 160 - 2 * 96, "iterations": 4, "seed": 2001}


@pytest.mark.parametrize("change", [{"again": True}, {"beta": 0.5}, {"seed": 2}])
def test_another_run_begins_anew(live, change):
    live.stop_after = 2
    live()
    live.stop_after = None
    assert live(**change).done == 6
    assert live.calls[-1]["iterations"] == 6


def test_a_damaged_copy_is_no_copy(live, tmp_path):
    (tmp_path / "cache" / "live-ppo").mkdir(parents=True)
    (tmp_path / "cache" / "live-ppo" / "run.pt").write_bytes(b"no model")
    assert live().done == 6
    assert live.calls[-1]["iterations"] == 6


def test_when_the_time_is_over_the_run_is_kept(live, monkeypatch, capfd, tmp_path):
    monkeypatch.setattr(demo.Demo, "late", lambda self: self.done == 2)
    found = live()
    assert len(found.curve) == 2
    assert "The time is over" in (said := capfd.readouterr().out)
    assert "Run the cell again" in said
    assert list(tmp_path.rglob("run.pt"))


def test_without_answers_the_recorded_runs_are_shown(live, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    live.missing = 1
    assert live() is None
    said = " ".join(str(s) for s in shown)
    assert "gae of work isn't answered yet. So here are the recorded runs instead." in said
    assert "PPO at several prices" in said
    assert live.calls == []


def test_a_short_run_says_that_it_says_nothing(live, capfd, monkeypatch):
    monkeypatch.setattr(demo.Demo, "late", lambda self: self.done == 2)
    live(iterations=40)
    said = capfd.readouterr().out
    assert "2 of 40 iterations" in said
    assert "slow or busy" in said
    assert "deviations, KL" not in said


def test_the_stretch_exercise_may_be_missing(live, capfd, monkeypatch):
    load = exercises.load

    def without(*names):
        if names[1:] == ("value_loss",):
            raise exercises.MissingExercise("value_loss of work isn't answered yet.")
        return load(*names)

    monkeypatch.setattr(exercises, "load", without)
    live.origin = "work"
    found = live()
    assert found.done == 6
    assert found.hearts["value_loss"] is l07_loop.plain_value_loss
    said = capfd.readouterr().out
    assert "the plain squared error" in said
    assert "trained with your own token_logprobs, kl_penalised_rewards, gae and ppo_loss." in said


def test_the_grey_curve_is_the_shipped_run_as_it_was(monkeypatch):
    curves = {"reward": [[1, 0.1], [2, 0.3]], "kl": [[1, 0.0], [2, 1.0]]}
    monkeypatch.setattr(sources, "record", lambda _: {"beta": 0.085, "curves": curves})
    past = l07_ppo.shipped_run()
    assert past == {"beta": 0.085, "reward": [0.1, 0.3], "kl": [0.0, 1.0]}
    axes = l07_ppo.Picture(2, past).picture.axes
    assert list(axes[1].lines[0].get_ydata()) == [0.0, 1.0]
    assert len(axes[2].lines) == 2, "the true score wasn't recorded"
    monkeypatch.setattr(sources, "record", lambda _: None)
    assert l07_ppo.shipped_run() is None


def test_a_run_that_broke_doesn_t_go_on(live, tmp_path, capfd):
    live.stop_after = 1
    live()
    assert list(tmp_path.rglob("run.pt"))
    live.stop_after, live.losses = None, [0.1, 0.1, math.nan, 0.1, 0.1]
    assert len(live().curve) == 3
    assert "no number" in capfd.readouterr().out
    assert not list(tmp_path.rglob("run.pt"))


def test_the_picture_holds_the_live_run_over_the_recorded_one():
    picture = l07_ppo.Picture(10, RECORD["runs"][1])
    data, _ = picture.draw([{"reward": 0.1, "kl": 0.0, "true": 0.5}, dict.fromkeys(
        ("reward", "kl", "true"), 0.7)])  # fmt: skip
    for axis in picture.picture.axes:
        assert len(axis.lines) == 3
        assert axis.lines[1].get_ydata()[-1] == 0.7
        low, high = axis.get_ylim()
        assert low < 0.5 < 0.7 < high
    assert "after 2 iterations" in data["text/plain"]


def test_the_nearest_recorded_price():
    near = [l07_ppo.nearest(RECORD, b)["beta"] for b in (0.0, 0.06, 0.2, 0.9)]
    assert near == [0.0, 0.1, 0.1, 1.0]


def test_before_and_after_has_an_answer_of_each_to_the_same_requests():
    page = l07_ppo.before_and_after(None)
    head, *rows = page.text.splitlines()
    assert head == "request | mini-sft (true score) | mini-instruct (true score)"
    assert len(rows) == sum(count for _, count in beta.SHOWN)
    run = l07_ppo.LivePPO(1.0, None, 5, 1, False)
    run.model, run.done = model.load("mini-sft")[0], 1
    head, *rows = l07_ppo.before_and_after(run).text.splitlines()
    assert head.endswith("1 iterations (true score) | mini-instruct (true score)"), "a short run"
    for row in rows:
        _, first, second, _ = row.split(" | ")
        assert first == second, "it is the same model"
    run.done = l07_ppo.ENOUGH
    assert "mini-instruct" not in l07_ppo.before_and_after(run).text
