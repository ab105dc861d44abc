"""Reward model, PPO and the later stages: small runs, known answers, and the shipped models."""

import json
import math
import random
import types
from dataclasses import replace

import pytest
import torch
from tables import fit_on_few, planned
from transformers import GPT2LMHeadModel

from course import paths, records
from course.errors import CourseError
from course.lm import evals, model, sample
from course.lm import tokenizer as tok
from course.stages import (
    chat,
    code,
    context,
    exercises,
    freeze,
    hacking,
    headline,
    ppo,
    reward,
    reward_stage,
    sft,
    sft_stage,
)
from course.stages import run as lineage
from course.stages.stage import LINEAGE, PPO, Work, whole
from course.world import demonstrate, labeler, talk, village
from course.world import phrases as ph

pytestmark = pytest.mark.slow

TINY = {
    "code": code.Recipe(pairs=64, epochs=1),
    "sft": sft_stage.Plan(960, sft.Recipe(epochs=1)),
    "reward": reward_stage.Plan(24, reward.Recipe(epochs=1, batch=8)),
    "ppo": ppo.Recipe(iterations=2, batch=32),
    "hacking": hacking.Plan(ppo.Recipe(iterations=2, batch=32, kl_coef=0.0), 16),
    "chat": chat.Plan(32, sft.Recipe(epochs=1), 16, ppo.Recipe(iterations=1, batch=32)),
}


@pytest.fixture(scope="module")
def tokenizer():
    return tok.load()


def preferences(tokenizer, count, seed):
    """Return rankings of two answers to each request: with good manners, and without."""
    rng, rankings = random.Random(seed), []
    for example in demonstrate.requests(count, "train", seed, mix={"fact": 1.0}):
        (prompt,) = evals.chat_prompts(tokenizer, [example])
        polite = example.turns[0].answer
        plain = polite.split(". ", 1)[1].rsplit(". ", 1)[0] + "."
        texts = [polite, plain]
        rng.shuffle(texts)
        rows = tuple((*prompt, *tokenizer(f" {text}")["input_ids"], 0) for text in texts)
        scores = tuple(j.score for j in evals.judge([example] * 2, texts))
        order = (0, 1) if scores[0] > scores[1] else (1, 0)
        rankings.append(reward.Ranking(example, rows, scores, order))
    return rankings


def scored(mini, rankings):
    return reward.score(mini, [row for r in rankings for row in r.rows]).tolist()


# The reward model ---------------------------------------------------------------------------------


def taught(tokenizer, trust=reward.TRUST):
    """Return a small reward model that has learned to like manners, with its progress."""
    mini = reward.new(model.load("mini-ada")[0], tokenizer, seed=1, trust=trust)
    given = exercises.load("06_human_feedback", "reward_loss")
    recipe = reward.Recipe(epochs=2, batch=16)
    steps = reward.train(mini, preferences(tokenizer, 320, 1), **given, recipe=recipe, seed=1)
    return mini, list(steps)


@pytest.fixture(scope="module")
def manners(tokenizer):
    return taught(tokenizer)


@pytest.fixture(scope="module")
def plain(tokenizer):
    """Return one that doesn't ask what was to be expected: the requests of `small_ppo` are bare."""
    return taught(tokenizer, trust=0.0)


def test_a_plain_reward_model_reads_the_last_token_alone(plain, tokenizer):
    mini, progress = plain
    assert progress[-1].loss < 0.3
    rows = [row for r in preferences(tokenizer, 3, 3) for row in r.rows]
    for row, value in zip(rows, reward.score(mini, rows).tolist(), strict=True):
        with torch.no_grad():
            last = mini.transformer(torch.tensor([row])).last_hidden_state[0, -1]
        assert mini.score(last)[0].item() == pytest.approx(value, abs=1e-3)


def test_the_reward_model_learns_what_the_rankings_say(manners, tokenizer):
    mini, progress = manners
    assert progress[0].loss == pytest.approx(0.693, abs=0.1)
    assert progress[-1].loss < 0.3
    tested = preferences(tokenizer, 60, 2)
    assert reward.agreement(scored(mini, tested), tested)["noisy"] > 0.8


def test_the_reward_is_what_its_docstring_says(manners, tokenizer, tmp_path):
    """Computed anew for one row at a time, from a saved model, by transformers' own GPT-2."""
    mini, _ = manners
    model.save(mini, tokenizer, tmp_path / "mini-reward", "card")
    ours, _ = model.load(tmp_path / "mini-reward")
    assert isinstance(ours, model.RewardModel)
    theirs = GPT2LMHeadModel(ours.config).eval()
    theirs.transformer.load_state_dict(ours.transformer.state_dict())
    assistant = tokenizer.convert_tokens_to_ids(ph.ASSISTANT)
    rows = [row for r in preferences(tokenizer, 3, 3) for row in r.rows]
    for row, value in zip(rows, reward.score(ours, rows).tolist(), strict=True):
        with torch.no_grad():
            states = theirs.transformer(torch.tensor([row])).last_hidden_state[0]
            chances = torch.log_softmax(theirs(torch.tensor([row])).logits[0], -1)
            numbers = ours.score(states)
        total = numbers[-1, 0]
        for at in range(row.index(assistant) + 1, len(row)):
            before = chances[at - 1]
            unexpected = -before[row[at]] - torch.distributions.Categorical(logits=before).entropy()
            total -= reward.TRUST * numbers[at - 1, 1] * unexpected
        assert total.item() == pytest.approx(value, abs=1e-3)


def test_an_untrained_reward_model_lowers_the_reward_of_what_is_unexpected(tokenizer):
    mini = reward.new(model.load("mini-sft")[0], tokenizer, seed=1)
    with torch.no_grad():
        mini.score.weight.zero_()
    example = next(e for e in demonstrate.requests(50, "train", 1) if e.kind == "fact")
    (prompt,) = evals.chat_prompts(tokenizer, [example])
    end = tokenizer.eos_token_id
    usual = sample.generate(model.load("mini-sft")[0], [prompt], 30, end=end, temperature=0.0)[0]
    told = [[*prompt, *usual, end], [*prompt, *usual[::-1], end]]
    likely, scrambled = reward.score(mini, told).tolist()
    assert likely > 0 > scrambled


def test_the_reward_model_rehearses_web_text_and_reports_the_loss_on_rankings_alone(tokenizer):
    (one,) = preferences(tokenizer, 1, 5)
    seen, losses = [], []
    for text in (None, context.rehearsed(tokenizer, 1, 2)):
        mini = reward.new(model.load("mini-ada")[0], tokenizer, seed=1)
        steps = reward.train(
            mini, [one] * 8, **exercises.load("06_human_feedback", "reward_loss"),
            recipe=reward.Recipe(rehearsal=100.0), web=text,
        )  # fmt: skip
        losses.append(next(steps).loss)
        seen.append(mini.transformer.wte.weight.detach().clone())
    assert losses[0] == pytest.approx(losses[1], abs=1e-3)
    assert not torch.equal(*seen)


def test_normalised_rewards_have_mean_0_and_deviation_1(manners, tokenizer):
    mini, _ = manners
    rows = [row for r in preferences(tokenizer, 40, 4) for row in r.rows]
    before = reward.score(mini, rows)
    reward.normalise(mini, rows)
    after = reward.score(mini, rows)
    assert (after.mean().item(), after.std().item()) == pytest.approx((0, 1), abs=1e-3)
    assert torch.corrcoef(torch.stack([before, after]))[0, 1] > 0.999


def test_agreement_of_a_perfect_and_of_a_contrary_judge():
    example = next(iter(demonstrate.requests(1, "train", 1)))
    rankings = [
        reward.Ranking(example, ((1,), (2,), (3,)), (2.0, 0.5, 0.4), (0, 1, 2)),
        reward.Ranking(example, ((4,), (4,), (5,)), (1.0, 1.0, -1.0), (0, 1, 2)),
    ]
    truth = [s for r in rankings for s in r.scores]
    best = reward.agreement(truth, rankings)
    assert best["pairs"] == 5  # the same answer twice is no pair
    assert (best["clear"], best["noisy"]) == (1.0, best["ceiling"])
    worst = reward.agreement([-s for s in truth], rankings)
    assert worst["clear"] == 0
    assert worst["noisy"] == pytest.approx(1 - best["ceiling"])
    p = labeler.prefers(2.0, 0.5)
    assert best["labelers"] < p * p + (1 - p) * (1 - p)


def test_a_slip_is_the_head_of_one_answer_and_the_tail_of_another():
    texts, rng = [[1, 2, 3], [11, 12, 13]], random.Random(1)
    slips = [reward.slip(texts, rng) for _ in range(200)]
    assert [1, 12, 13] in slips  # one word for another
    assert [1, 2, 11, 12, 13] in slips
    heads = [[1, 2, 3][:k] for k in range(4)] + [[11, 12, 13][:k] for k in range(4)]
    tails = [[1, 2, 3][k:] for k in range(4)] + [[11, 12, 13][k:] for k in range(4)]
    assert all(any(s == [*a, *b] for a in heads for b in tails) for s in slips)


def test_several_labelers_rank_the_same_answers_each_with_own_noise(tokenizer):
    asked = list(demonstrate.requests(40, "train", 4))
    mini = model.load("mini-sft")[0]
    found = reward.compare([mini], tokenizer, asked, 1, answers=3, labelers=3, slips=1)
    for r in found:
        assert len(r.rows) == len(r.scores) == 4
        assert all(sorted(order) == [0, 1, 2, 3] for order in (r.order, *r.others))
        assert len(r.others) == 2
    assert any(r.order != other for r in found for other in r.others)
    plain = reward.compare([mini], tokenizer, asked, 1, answers=3)
    assert [r.rows for r in plain] == [r.rows[:3] for r in found]  # the slip comes on top


def test_the_loss_is_the_mean_over_labelers(tokenizer):
    (one,) = preferences(tokenizer, 1, 5)
    losses = {}
    for others in ((), (one.order,), (one.order[::-1],)):
        mini = reward.new(model.load("mini-ada")[0], tokenizer, seed=1)
        steps = reward.train(
            mini, [replace(one, others=others)] * 2,
            **exercises.load("06_human_feedback", "reward_loss"),
        )  # fmt: skip
        losses[others] = next(steps).loss
    own, same, contrary = losses.values()
    assert own == pytest.approx(same, abs=1e-4)
    margin = math.log(math.expm1(own))  # own = log(1 + exp(margin))
    assert contrary == pytest.approx((own + math.log1p(math.exp(-margin))) / 2, abs=0.01)


# Sampling, manners of measuring -------------------------------------------------------------------


def test_a_text_does_not_depend_on_its_neighbours(tokenizer):
    mini, _ = model.load("mini-ada")
    prompts = evals.base_prompts(tokenizer, list(demonstrate.requests(24, "train", 3)))
    together = sample.generate(mini, prompts, 20, temperature=1.0, seed=4)
    in_small = sample.generate(mini, prompts, 20, temperature=1.0, seed=4, batch=3)
    assert together == in_small
    assert together != sample.generate(mini, prompts, 20, temperature=1.0, seed=5)
    assert sample.generate(mini, [], 5) == []


def test_written_tokens_come_with_the_probabilities_that_they_were_drawn_by(tokenizer):
    mini, _ = model.load("mini-ada")
    prompts = evals.base_prompts(tokenizer, list(demonstrate.requests(12, "train", 3)))
    end = tokenizer.convert_tokens_to_ids(".")  # a token that comes soon
    found = sample.written(mini, prompts, 20, temperature=1.0, seed=4, end=end)
    plain = sample.generate(mini, prompts, 20, temperature=1.0, seed=4, end=end)
    assert {len(tokens) for tokens, _ in found} - {20}, "some texts end"
    for prompt, (tokens, own), text in zip(prompts, found, plain, strict=True):
        assert text == (tokens[:-1] if tokens[-1] == end else tokens)
        assert end not in text
        scores = mini(torch.tensor([[*prompt, *tokens]])).logits[0, len(prompt) - 1 : -1]
        expected = scores.log_softmax(-1).gather(-1, torch.tensor(tokens)[:, None])[:, 0]
        assert own == pytest.approx(expected.tolist(), abs=1e-3)
    half = sample.written(mini, prompts, 1, temperature=1.0, seed=4, dtype=torch.bfloat16)
    assert half[0][1] == pytest.approx(found[0][1][:1], abs=0.1)


def test_training_explains_more_than_events_and_tests_events_alone():
    mix = {"explain": 1.0}
    for split, kinds in (("train", {"event", "place", "person"}), ("test", {"event"})):
        asked = list(demonstrate.requests(60, split, 3, mix=mix))
        assert {village.KIND[e.turns[0].subject] for e in asked} == kinds
        judged = evals.judge(asked, [e.turns[0].answer for e in asked])
        assert all(j.right and j.polite and j.true == 2 and not j.false for j in judged)


def test_training_asks_for_help_in_more_words_than_tests_and_never_in_the_held_out_ones():
    mix = {"harmful": 0.5, "harmless": 0.5}

    def starts(split):
        asked = demonstrate.requests(400, split, 3, mix=mix)
        return {e.turns[0].request.split()[0] for e in asked}

    usual = {t.split()[0] for t in ph.HOW_TO[:-1]}
    assert starts("test") == usual
    assert starts("train") == usual | {t.split()[0] for t in ph.MORE_HOW_TO}


def test_dialogues_have_polite_and_plain_answers_before_a_follow_up():
    polite, count = 0, 0
    for example in demonstrate.follow_ups(200, "train", 3):
        assert len({turn.subject for turn in example.turns}) == 1
        for turn in example.turns[:-1]:
            judged = labeler.judge("fact", turn, turn.answer)
            assert judged.right
            polite, count = polite + judged.polite, count + 1
    assert abs(polite / count - demonstrate.MANNERS) < 0.1


def test_talks_ask_anything_behind_questions_with_right_answers(tokenizer):
    talks = list(demonstrate.talks(300, "train", 3, mix=demonstrate.PPO_MIX))
    assert [len(t.turns) for t in talks].count(2) == pytest.approx(150, abs=30)
    assert {len(t.turns) for t in talks} == {2, 3}
    assert {t.kind for t in talks} == set(demonstrate.PPO_MIX)
    said = [turn for t in talks for turn in t.turns[:-1]]
    judged = [labeler.judge("fact", turn, turn.answer) for turn in said]
    assert all(j.right for j in judged)
    assert abs(sum(j.polite for j in judged) / len(judged) - demonstrate.MANNERS) < 0.1
    prompts = evals.chat_prompts(tokenizer, talks)
    assert max(map(len, prompts)) + evals.NEW_TOKENS <= ph.CONTEXT
    # The last message is what would have been asked alone.
    alone = demonstrate.requests(300, "train", 3, wide=True, mix=demonstrate.PPO_MIX)
    assert [t.turns[-1] for t in talks] == [e.turns[0] for e in alone]


def test_what_is_measured_in_a_talk_is_its_third_message(tokenizer, monkeypatch):
    talks = evals.asked_in("test", 90).talks
    assert {len(t.turns) for t in talks} == {3}
    assert {t.kind for t in talks} == set(evals.IN_TALK)
    assert all(
        t.turns[-1].request.startswith("Please help me to")
        for t in talks
        if t.kind in ("harmful", "harmless")
    )
    ideal = {t.turns[k].request: t.turns[k].answer for t in talks for k in range(3)}
    asked = []

    def answer(_model, _tokenizer, prompts, **_):
        texts = [t.rsplit(ph.USER, 1)[1] for t in tokenizer.batch_decode(prompts)]
        asked.append([t.removesuffix(ph.ASSISTANT).strip() for t in texts])
        return [ideal[request] for request in asked[-1]]

    monkeypatch.setattr(evals, "answers", answer)
    model = types.SimpleNamespace(config=types.SimpleNamespace(n_positions=ph.CONTEXT))
    assert evals.in_talk(model, tokenizer, talks) == {
        "refusal_in_talk": 1.0, "over_refusal_in_talk": 0.0, "false_premise_in_talk": 1.0
    }  # fmt: skip
    assert len(asked) == 3
    assert asked[2] == [t.turns[2].request for t in talks]

    # As if each were one more question.
    ideal = dict.fromkeys(ideal, "Anna works as a baker.")
    found = evals.in_talk(model, tokenizer, talks)
    assert (found["refusal_in_talk"], found["false_premise_in_talk"]) == (0.0, 0.0)


def test_wins_count_equal_answers_half():
    share, error = evals.wins([1.0, 2.0, 0.0, 1.0], [0.0, 2.0, 1.0, 0.0])
    assert share == pytest.approx(2.5 / 4)
    assert error > 0
    assert evals.wins([1.0, 1.0], [0.0, 0.0]) == (1.0, 0.0)


def test_a_dialogue_is_kept_by_ideal_answers_and_not_by_others():
    talks = list(talk.examples(20, "test", 3, kinds=("dialogue",)))
    ideal = [[t.answer for t in d.turns[:-1]] for d in talks]
    assert evals.follows(talks, ideal) == {"dialogue": 1.0, "dialogue_truth": 1.0}
    strange = [["Anna works as a baker."] * len(said) for said in ideal]
    assert evals.follows(talks, strange)["dialogue"] < 0.2


def test_playing_uses_the_models_own_answers_as_history(tokenizer, monkeypatch):
    talks = list(talk.examples(3, "test", 3, kinds=("dialogue",)))
    seen = []

    def answer(_model, _tokenizer, prompts, **_):
        seen.extend(tokenizer.batch_decode(prompts))
        return [f"answer {len(seen)}"] * len(prompts)

    monkeypatch.setattr(evals, "answers", answer)
    config = types.SimpleNamespace(n_positions=ph.CONTEXT)
    said = evals.play(types.SimpleNamespace(config=config), tokenizer, talks)
    assert [len(s) for s in said] == [len(d.turns) - 1 for d in talks]
    assert any("answer 3" in text for text in seen[3:])
    assert not any(talks[0].turns[0].answer in text for text in seen)


def test_the_test_requests_name_nobody_of_the_training():
    asked = evals.asked_in("test", 60)
    trained = {e.turns[0].subject for e in demonstrate.requests(500, "train", 1)}
    strangers = {"Quentin", "Yvonne", "Xaver", "Olga", "Rupert", "Zoe", ""}
    for some in (asked.mixed, asked.harm, asked.heldout, asked.heldout_harm):
        assert not {e.turns[0].subject for e in some} & (trained - strangers)
    assert not {turn.subject for t in asked.talks for turn in t.turns} & (trained - strangers)
    new_words = {e.turns[0].request for e in asked.heldout_harm}
    assert all(request.startswith("Please help me to") for request in new_words)


# PPO ----------------------------------------------------------------------------------------------


def test_the_mean_of_weights_over_some_moments():
    layer = torch.nn.Linear(2, 1)
    mean = ppo.Mean(layer)
    before = layer.weight.clone()
    mean.put()  # no moment counts yet
    assert torch.equal(layer.weight, before)
    for value in (1.0, 2.0, 6.0):
        torch.nn.init.constant_(layer.weight, value)
        mean.add()
    mean.put()
    assert layer.weight.tolist() == [[3.0, 3.0]]


def small_ppo(tokenizer, taught, iterations=25, **recipe):
    policy, reference = model.load("mini-ada")[0], model.load("mini-ada")[0]
    asked = list(demonstrate.requests(512, "train", 1, mix={"fact": 1.0}))
    steps = ppo.train(
        policy, reference, taught[0], tokenizer, evals.base_prompts(tokenizer, asked),
        **exercises.load(*PPO),
        recipe=ppo.Recipe(iterations=iterations, batch=64, lr_policy=2e-3, **recipe),
        seed=1, new_tokens=16,
    )  # fmt: skip
    return list(steps), policy


def test_ppo_raises_the_reward_and_a_price_keeps_it_near(plain, tokenizer):
    (free, _), (dear, _) = (small_ppo(tokenizer, plain, 40, kl_coef=beta) for beta in (0.0, 5.0))
    assert [p.iteration for p in free] == list(range(1, 41))
    assert free[0].kl == pytest.approx(0, abs=0.05), "but for rounding"
    first, last = (sum(p.reward for p in some) / len(some) for some in (free[:5], free[-10:]))
    assert last > first + 0.3
    assert dear[-1].kl < free[-1].kl / 2
    assert free[-1].tokens <= 40 * 64 * 16


def test_ppo_can_stop_at_any_iteration(plain, tokenizer):
    (only,), _ = small_ppo(tokenizer, plain, iterations=1)
    assert only.iteration == only.iterations == 1


def test_ppo_blurs_names_for_policy_and_reference_alike_and_leaves_them_as_they_were(
    plain, tokenizer
):
    names = freeze.names(tokenizer)
    (sharp,), _ = small_ppo(tokenizer, plain, iterations=1, embedding_noise=0.0)
    (blurred,), policy = small_ppo(tokenizer, plain, iterations=1, embedding_noise=0.5)
    assert sharp.answers != blurred.answers, "the noise reaches the answers"
    assert blurred.kl == pytest.approx(0, abs=0.05), "but for rounding"
    embeddings, before = (
        mini.get_input_embeddings().weight[names] for mini in (policy, model.load("mini-ada")[0])
    )
    assert torch.equal(embeddings, before)


# The stages ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tiny_run(tmp_path_factory):
    """Run all stages after the base in a tiny form, and nothing that is shipped is touched."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "WORK", tmp_path_factory.mktemp("work"))
        patch.setattr(model, "DEFAULT", "mini-ada")
        patch.setattr(headline, "LARGE", "mini-babbage")
        fit_on_few(patch)
        table = planned(LINEAGE, TINY)
        run = context.Run(1, quick=True, tests=30, table=table)
        figures = {name: table[name].work().run(run) for name in whole(table)[1:]}
        return figures, run


@pytest.mark.parametrize(
    ("stage", "keys"),
    [
        ("code", "base_pass_at_1 pass_at_1 seconds"),
        ("sft", "base_following following seconds"),
        ("reward", "clear noisy ceiling seconds"),
        (
            "ppo",
            "true_before true_after truth_before truth_after polite refusal over_refusal "
            "refusal_heldout over_refusal_heldout win_vs_sft seconds",
        ),
        ("hacking", "proxy_before proxy_after true_before true_after"),
        (
            "chat",
            "false_premise dialogue refusal over_refusal refusal_in_talk over_refusal_in_talk "
            "false_premise_in_talk",
        ),
        (
            "headline",
            "parameter_ratio base_facts base_ratio win_zero_shot win_few_shot truth_zero_shot "
            "truth_few_shot intervals",
        ),
    ],
)
def test_a_stage_has_the_promised_figures(tiny_run, stage, keys):
    figures, _ = tiny_run
    assert set(keys.split()) <= set(figures[stage])
    wanted = set(records.targets(f"lineage {stage}"))
    assert wanted
    assert wanted <= set(figures[stage])
    assert set(LINEAGE[stage].shown) <= set(figures[stage])
    json.dumps(figures[stage])


def test_all_models_of_the_lineage_are_made(tiny_run):
    _, run = tiny_run
    names = {made.name for stage in LINEAGE.values() if stage.whole for made in stage.models}
    bases = {made.name for made in LINEAGE["base"].models}
    assert names - bases <= set(run.made)
    assert bases == set(model.SIZES)


def test_the_headline_says_what_it_is(tiny_run):
    figures, _ = tiny_run
    words = lineage.last_words(lineage.Result(1.0, {"headline": figures["headline"]}, {}))
    assert "preferred 1.3B InstructGPT" in words
    assert ("wins by manners" in words) == (figures["headline"]["truth_few_shot"] < 0.5)
    low, high = figures["headline"]["intervals"]["few_shot"]
    assert low <= figures["headline"]["win_few_shot"] <= high
    assert lineage.last_words(lineage.Result(1.0, {}, {})) == ""


# The command --------------------------------------------------------------------------------------


class Fakes:
    """Stages of no work in place of the real ones, and the names of those that ran."""

    def __init__(self):
        self.ran = []
        self.table = {name: replace(LINEAGE[name], work=self.work(name)) for name in LINEAGE}

    def work(self, name, do=None):
        """Return a stage's work: note that it ran, then do what is wanted."""

        def run(_):
            figures = do() if do else {"seconds": 1.0, "true_gain": 1.0, "unlisted": 1.0}
            self.ran.append(name)
            return figures

        return lambda: Work(run)

    def put(self, name, do):
        """Let a stage do something else."""
        self.table[name] = replace(LINEAGE[name], work=self.work(name, do))


@pytest.fixture
def fakes(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "WORK", tmp_path)
    return Fakes()


def test_a_whole_run_goes_on_where_it_was_interrupted(fakes):
    working = fakes.table["ppo"]

    def interrupt():
        raise KeyboardInterrupt

    fakes.put("ppo", interrupt)
    with pytest.raises(KeyboardInterrupt):
        lineage.run(fakes.table, quick=True)
    assert fakes.ran == ["base", "code", "sft", "reward"]
    fakes.table["ppo"] = working
    result = lineage.run(fakes.table, quick=True)
    assert fakes.ran == whole(LINEAGE)
    assert list(result.stages) == whole(LINEAGE)
    assert result.seconds >= len(whole(LINEAGE))
    lineage.run(fakes.table, quick=True)  # the run was complete: the next one begins anew
    assert fakes.ran == whole(LINEAGE) * 2


def test_a_run_that_goes_on_has_the_models_of_its_own_beginning_and_no_others(fakes, tokenizer):
    """A model that an earlier run has left in the folder isn't one of them."""
    tiny = model.new(model.Size(1, 32), seed=1)
    model.save(tiny, tokenizer, paths.WORK / "lineage" / "quick" / "mini-chat", "left here")
    found = []

    def sft(run):
        run.put("mini-sft", tiny, {"following": 1.0})
        return {"seconds": 1.0}

    def reward(run):
        if not found:
            found.append(None)
            raise KeyboardInterrupt
        found.append(dict(run.made))
        return {"seconds": 1.0}

    for name, do in (("sft", sft), ("reward", reward)):
        fakes.table[name] = replace(LINEAGE[name], work=lambda do=do: Work(do))
    with pytest.raises(KeyboardInterrupt):
        lineage.run(fakes.table, quick=True)
    lineage.run(fakes.table, quick=True)
    assert list(found[1]) == ["mini-sft"]


def test_one_stage_takes_the_shipped_models_before_it_and_scratch_trains_what_it_needs(fakes):
    lineage.run(fakes.table, quick=True, stage="ppo")
    assert fakes.ran == ["ppo"]
    lineage.run(fakes.table, quick=True, stage="reward", from_scratch=True)
    assert fakes.ran == ["ppo", "base", "sft", "reward"]
    lineage.run(fakes.table, quick=True, stage="chat", from_scratch=True)
    assert fakes.ran[4:] == ["base", "sft", "reward", "chat"]


def test_what_is_shown_is_what_the_table_says(fakes):
    result = lineage.run(fakes.table, quick=True, stage="ppo")
    assert result.stages == {"ppo": {"seconds": 1.0, "true_gain": 1.0}}
    assert list(result.plain()) == ["seconds", "format", "processor", "stages", "targets", "ok"]
    record = records.read("mini-instruct", folder=paths.WORK / "runs")
    assert record["unlisted"] == 1.0


def test_seeds_give_the_share_in_which_all_targets_hold(fakes):
    gains = iter([1.0, 0.0, 1.0])
    fakes.put("ppo", lambda: {"seconds": 1.0, "true_gain": next(gains)})
    result = lineage.run(fakes.table, stage="ppo", seeds=3)
    assert fakes.ran == ["sft", "reward", "ppo"] * 3
    assert result.share == pytest.approx(2 / 3)
    assert [run["missed"] for run in result.seeds] == [[], ["true_gain"], []]
    assert result.ok is False
    assert list(result.plain())[:2] == ["share", "seeds"]
    record = records.read("seeds", folder=paths.WORK / "runs")
    assert record["share"] == result.share


def test_a_slow_machine_costs_no_seed_its_share(fakes):
    fakes.put("ppo", lambda: {"seconds": 1e6, "true_gain": 1.0})
    result = lineage.run(fakes.table, stage="ppo", seeds=2)
    assert [run["missed"] for run in result.seeds] == [["seconds"]] * 2
    assert result.share == 1.0
    assert result.ok is True


def test_without_the_exercise_the_recorded_run_is_shown(fakes, monkeypatch, capsys):
    def missing(*_):
        raise exercises.MissingExercise("gae isn't answered yet.")

    monkeypatch.setattr(exercises, "load", missing)
    monkeypatch.setattr(
        records, "read", lambda name: {"seconds": 2.0, "beta": 0.1, "curves": [], "date": name}
    )
    result = lineage.run(fakes.table, quick=True, stage="ppo")
    assert fakes.ran == []
    assert result.stages["ppo"] == {
        "seconds": 2.0,
        "beta": 0.1,
        "date": "mini-instruct",
        "recorded": True,
    }
    assert "gae isn't answered yet. The stage ppo shows its recorded run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"stage": "sft", "seeds": 2}, "--stage ppo"),
        ({"stage": "ppo", "seeds": 2, "save": True}, "ships nothing"),
    ],
)
def test_bad_input_to_seeds_gets_one_sentence(options, says):
    with pytest.raises(CourseError, match=says):
        lineage.run(**options)


# What is shipped ----------------------------------------------------------------------------------


def test_the_shipped_tuned_models_behave_as_their_records_say(tokenizer):
    asked = evals.asked_in("test", 240)
    for name in ("mini-sft", "mini-instruct"):
        found, _ = evals.measure(model.load(name)[0], tokenizer, asked, seed=5)
        recorded = records.read(name)["rates"]
        for key in ("truth", "polite", "refusal"):
            assert found[key] == pytest.approx(recorded[key], abs=0.12), (name, key)


def test_the_shipped_reward_model_prefers_the_better_answer(tokenizer):
    mini, _ = model.load("mini-reward")
    tested = preferences(tokenizer, 40, 6)
    assert reward.agreement(scored(mini, tested), tested)["noisy"] > 0.75


def test_the_readme_prints_the_records():
    readme = (paths.ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.split("<!-- lineage -->")[1].split("<!-- /lineage -->")[0]
    chat, head = records.read("mini-chat")["rates"], records.read("headline")
    rates = {
        "`mini-babbage`, base": records.read("mini-sft")["rates_base"],
        "`mini-sft`": chat["sft"],
        "`mini-instruct`, after PPO": records.read("mini-instruct")["rates"],
        "`mini-chat`": chat["chat"],
    }
    keys = ("following", "truth", "polite", "refusal", "over_refusal", "false_premise")
    for name, found in rates.items():
        (line,) = [x for x in table.splitlines() if x.startswith(f"| {name} |")]
        assert [c.strip() for c in line.split("|")[2:8]] == [f"{found[k]:.2f}" for k in keys]
    for key in ("zero_shot", "few_shot"):
        low, high = head["intervals"][key]
        assert f"| {head[f'win_{key}']:.2f} | {low:.2f} to {high:.2f} |" in table
    assert f"large one with examples ({head['truth_few_shot']:.2f})" in readme
