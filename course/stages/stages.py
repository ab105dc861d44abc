"""The stages after the base model, as `lineage` runs them: train, then measure on the test split.

SFT → reward model → PPO → hacking → chat → headline. Each stage is one function: it takes the
models before it from the `Shop`, puts its own there and returns its figures. Recipes were chosen on
the tuning split. The functions at the heart come from the notebooks (`exercises.load`).
"""

import copy
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from course import stats
from course.lm import data, evals, evaluate, model, train
from course.lm import tokenizer as tok
from course.lm.evaluate import standard_error
from course.stages import exercises, freeze, ppo, reward
from course.stages import sft as tune
from course.world import demonstrate, talk
from course.world.talk import Example

Figures = dict[str, Any]

# The exercises that a stage needs: their lesson, then their names.
SFT = ("05_instruction_following", "loss_mask", "sft_loss")
REWARD = ("06_human_feedback", "reward_loss")
PPO = (
    "07_rlhf_ppo",
    "token_logprobs",
    "kl_penalised_rewards",
    "gae",
    "ppo_loss",
    "value_loss",
)

TUNING = tune.Recipe(batch=24, muon=0.015, hold=freeze.PARTS, blur=0.5)
# Small steps, and many questions in mid-dialogue: else what the dialogues have taught is unlearned.
CHAT = ppo.Recipe(
    iterations=45, beta=0.15, policy=6e-4, clip=0.2, rehearsal=1.0, rows=8, hold=freeze.PARTS
)
DRAWS = 4  # times that each test request is answered where rewards or PPO are measured
PLAIN = "plain-reward"
FOLLOW_UPS = 0.5  # share of the chat stage's requests that come in the middle of a dialogue
# Nothing is held still or blurred, no text is rehearsed: then there is more that can go wrong.
HACK = ppo.Recipe(
    iterations=60, batch=128, epochs=2, beta=0.0, policy=1e-3, rehearsal=0.0, hold=(), average=0.0,
    blur=0.0,
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """How much each stage does, and how.

    Parameters
    ----------
    demonstrations : int
        Conversations of supervised fine-tuning.
    comparisons : int
        Requests whose answers are ranked; `second` is the same for the round that repairs.
    dialogues : int
        Dialogues, and as many demonstrations, of the chat stage; `chat_comparisons` are its
        requests whose answers are ranked.
    tests : int
        Requests in a test.
    """

    demonstrations: int = 12_000
    sft_recipe: tune.Recipe = TUNING
    comparisons: int = 16_000
    reward_recipe: reward.Recipe = field(default_factory=reward.Recipe)
    ppo_recipe: ppo.Recipe = field(default_factory=ppo.Recipe)
    hack_recipe: ppo.Recipe = HACK
    chat_ppo_recipe: ppo.Recipe = CHAT
    second: int = 2_500
    dialogues: int = 5_000
    chat_comparisons: int = 3_500
    chat_recipe: tune.Recipe = field(default_factory=lambda: replace(TUNING, epochs=2, blur=0.0))
    tests: int = evals.REQUESTS


FULL = Plan()
QUICK = Plan(
    demonstrations=4_000,
    comparisons=1_500,
    ppo_recipe=ppo.Recipe(iterations=16),
    hack_recipe=replace(HACK, iterations=15),
    chat_ppo_recipe=replace(CHAT, iterations=8),
    second=300,
    dialogues=1_000,
    chat_comparisons=300,
    tests=150,
)


@dataclass
class Shop:
    """The models of a run: those that it has made so far, else the shipped ones.

    Parameters
    ----------
    seed : int
        Of everything in the run.
    plan : Plan
        How much each stage does.
    split : str
        Whose people the tests ask about: "test" for figures, "tuning" to choose settings.
    keep : callable, optional
        Called as ``keep(name, model, figures)`` with each model that is done.
    """

    seed: int = 1
    plan: Plan = FULL
    split: str = "test"
    keep: Callable[[str, PreTrainedModel, Figures], None] | None = None
    made: dict[str, PreTrainedModel] = field(default_factory=dict)
    rankings: list[reward.Ranking] | None = None  # the first round's, once they are made
    tokenizer: PreTrainedTokenizerFast = field(default_factory=tok.load)

    def get(self, name: str | Path) -> PreTrainedModel:
        """Return a copy of the model `name` that may be trained further."""
        if name in self.made:
            return copy.deepcopy(self.made[name])
        return model.load(name)[0]

    def put(self, name: str, made: PreTrainedModel, figures: Figures) -> None:
        """Take in a finished model with its figures."""
        self.made[name] = made
        if self.keep:
            self.keep(name, made, figures)


def given(lesson: str, *names: str) -> exercises.Exercises:
    """Return the exercises `names` of a lesson; says so if they are the learner's own."""
    loaded = exercises.load(lesson, *names)
    if loaded.origin == "work":
        print(f"With your own answers of {lesson}: {', '.join(loaded)}.", file=sys.stderr)
    return loaded


def watch(steps: Iterable[Any], what: str, shown: Callable[[Any], str]) -> list[Any]:
    """Go through `steps` with a progress bar and return them all."""
    done: list[Any] = []
    with tqdm(desc=what, unit="step", file=sys.stderr, leave=True) as bar:
        for p in steps:
            bar.total = getattr(p, "steps", None) or p.iterations
            bar.update()
            bar.set_postfix_str(shown(p))
            done.append(p)
    return done


def web(shop: Shop, seed: int, rows: int = 4) -> Iterator[torch.Tensor]:
    """Yield batches of the web text that is rehearsed while a model is tuned."""
    return data.batches(data.web_rows(shop.tokenizer, seed, demonstrate.rehearsal()), rows)


def curve(done: Sequence[Any], key: str = "loss", points: int = 100) -> list[tuple[int, float]]:
    """Return (step, mean of `key` since the last point) at about `points` steps."""
    size = max(1, len(done) // points)
    parts = [done[i : i + size] for i in range(0, len(done), size)]
    return [
        ((i + 1) * size, round(sum(getattr(p, key) for p in part) / len(part), 4))
        for i, part in enumerate(parts)
    ]


def _seconds(start: float) -> float:
    return round(time.perf_counter() - start, 1)


# The stages ---------------------------------------------------------------------------------------


def sft(shop: Shop, base: str = model.DEFAULT, name: str = "mini-sft") -> Figures:
    """Fine-tune the base model on flawed demonstrations."""
    hearts = given(*SFT)
    mini, tests = shop.get(base), evals.asked_in(shop.split, shop.plan.tests)
    asked = evals.base_prompts(shop.tokenizer, tests.mixed)
    before = evals.rates(
        tests.mixed, evals.judge(tests.mixed, evals.answers(mini, shop.tokenizer, asked))
    )
    start = time.perf_counter()
    examples = list(demonstrate.demonstrations(shop.plan.demonstrations, shop.seed))
    done = watch(
        tune.sft(
            mini, shop.tokenizer, examples, **hearts,
            recipe=shop.plan.sft_recipe, web=web(shop, 1000 + shop.seed), seed=shop.seed,
        ),
        name,
        lambda p: f"loss {p.loss:.3f}",
    )  # fmt: skip
    seconds = _seconds(start)
    greedy, _ = evals.measure(mini, shop.tokenizer, tests, temperature=0.0)
    drawn, _ = evals.measure(mini, shop.tokenizer, tests, seed=shop.seed)
    figures = {
        "base_following": before["following"],
        "following": greedy["following"],
        "seconds": seconds,
        "examples": len(examples),
        "rates_base": before,
        "rates_greedy": greedy,
        "rates": drawn,
        "parameters": model.parameters(mini),
        "curve": curve(done),
    }
    shop.put(name, mini, figures)
    return figures


def train_reward(shop: Shop) -> Figures:
    """Collect rankings of the SFT model's answers and train the reward model on them."""
    hearts, plan = given(*REWARD), shop.plan
    policy, start = shop.get("mini-sft"), time.perf_counter()
    rankings = first_round(shop)
    sampled = _seconds(start)
    mini, done = from_first_round(shop, hearts, "mini-reward")
    seconds = _seconds(start)
    asked = evals.asked_in(shop.split, plan.tests).mixed * DRAWS
    tested = reward.compare([policy], shop.tokenizer, asked, 900 + shop.seed)
    found = reward.agreement(rows_scored(mini, tested), tested)
    figures = found | {
        "below_ceiling": found["ceiling"] - found["noisy"],
        "seconds": seconds,
        "sampling_seconds": sampled,
        "rankings": len(rankings),
        "answers_ranked": len(rankings[0].rows),
        "labels_each": 1 + len(rankings[0].others),
        "curve": curve(done),
    }
    shop.put("mini-reward", mini, figures)
    return figures


def first_round(shop: Shop) -> list[reward.Ranking]:
    """Return the rankings of the SFT model's answers that reward models first learn from."""
    if shop.rankings is None:
        mix, count = demonstrate.COMPARED_MIX, shop.plan.comparisons
        asked = list(demonstrate.requests(count, "train", 500 + shop.seed, mix=mix))
        shop.rankings = ranked(shop, [shop.get("mini-sft")], asked, shop.seed)
    return shop.rankings


def from_first_round(
    shop: Shop, hearts: exercises.Exercises, what: str, trust: float = reward.TRUST
) -> tuple[PreTrainedModel, list[train.Progress]]:
    """Return a reward model that has learned from the first round, and the course of that."""
    policy = shop.get("mini-sft")
    mini = reward.new(policy, shop.tokenizer, shop.seed, trust)
    done = learn(shop, mini, first_round(shop), hearts, what)
    reward.normalise(mini, own_answers(shop, policy, "train"))
    return mini, done


def plain_reward(shop: Shop) -> PreTrainedModel:
    """Return a reward model that reads the last token of an answer alone, as InstructGPT's.

    It learns from the same rankings as `mini-reward`, and is easier to hack: so it is what the runs
    are for that show how much can go wrong.
    """
    if PLAIN not in shop.made:
        shop.made[PLAIN], _ = from_first_round(shop, given(*REWARD), PLAIN, trust=0.0)
    return shop.get(PLAIN)


def ranked(
    shop: Shop, models: Sequence[PreTrainedModel], asked: Sequence[Example], seed: int
) -> list[reward.Ranking]:
    """Return rankings to learn from: some answers have a slip in them, several labelers rank."""
    return reward.compare(
        models, shop.tokenizer, asked, seed, labelers=reward.LABELERS, slips=reward.SLIPS
    )


def learn(
    shop: Shop,
    mini: PreTrainedModel,
    rankings: Sequence[reward.Ranking],
    hearts: exercises.Exercises,
    what: str,
) -> list[train.Progress]:
    """Train a reward model on `rankings` and return the course of it."""
    recipe = shop.plan.reward_recipe
    text = web(shop, 3000 + shop.seed, recipe.rows) if mini.config.trust else None
    steps = reward.train(
        mini, rankings, **hearts, recipe=recipe, web=text, seed=shop.seed,
        frozen=freeze.Frozen(mini, shop.tokenizer, freeze.FEEDBACK_PARTS),
    )  # fmt: skip
    return watch(steps, what, lambda p: f"loss {p.loss:.3f}")


def own_answers(shop: Shop, policy: PreTrainedModel, split: str) -> list[list[int]]:
    """Return requests of `split` with answers drawn from `policy`, as tokens."""
    asked = evals.asked_in(split, shop.plan.tests).mixed
    drawn = reward.compare([policy], shop.tokenizer, asked, 700 + shop.seed, answers=1)
    return [list(ranking.rows[0]) for ranking in drawn]


def rows_scored(mini: PreTrainedModel, rankings: Sequence[reward.Ranking]) -> list[float]:
    """Return the rewards of all answers of `rankings`, one after the other."""
    return reward.score(mini, [row for r in rankings for row in r.rows]).tolist()


def rlhf(
    shop: Shop,
    recipe: ppo.Recipe,
    start: str,
    name: str,
    rewarded: PreTrainedModel | None = None,
    follow_ups: float = 0.0,
) -> tuple[PreTrainedModel, list[ppo.Progress]]:
    """Train a copy of the model `start` by PPO; return it and the course of the training."""
    policy, asked = shop.get(start), ppo_requests(recipe, shop.seed, follow_ups)
    steps = ppo.train(
        policy,
        shop.get(start),
        rewarded or shop.get("mini-reward"),
        shop.tokenizer,
        evals.chat_prompts(shop.tokenizer, asked),
        **given(*PPO),
        recipe=recipe,
        web=web(shop, 5000 + shop.seed, recipe.rows) if recipe.rehearsal else None,
        seed=shop.seed,
    )
    done = watch(steps, name, lambda p: f"reward {p.reward:.2f} kl {p.kl:.2f}")
    return policy, done


def ppo_requests(recipe: ppo.Recipe, seed: int, follow_ups: float = 0.0) -> list[Example]:
    """Return what the policy is asked during PPO, in order."""
    return mixed(recipe.iterations * recipe.batch, 100_000 + seed, follow_ups)


def mixed(count: int, seed: int, follow_ups: float) -> list[Example]:
    """Return `count` requests about people of the training, in random order.

    `follow_ups` is the share of them that come in the middle of a dialogue.
    """
    later = int(count * follow_ups)
    asked = [
        *demonstrate.requests(count - later, "train", seed, mix=demonstrate.PPO_MIX),
        *demonstrate.follow_ups(later, "train", seed),
    ]
    random.Random(seed).shuffle(asked)
    return asked


def courses(done: Sequence[ppo.Progress]) -> Figures:
    """Return reward and KL after each iteration, for plots."""
    return {"reward": curve(done, "reward"), "kl": curve(done, "kl")}


def train_ppo(
    shop: Shop,
    start: str = "mini-sft",
    name: str = "mini-instruct",
    recipe: ppo.Recipe | None = None,
) -> Figures:
    """Train the SFT model against the reward model, by the plan's recipe if none is given."""
    recipe, tests = recipe or shop.plan.ppo_recipe, evals.asked_in(shop.split, shop.plan.tests)
    begin = time.perf_counter()
    policy, done = rlhf(shop, recipe, start, name)
    seconds = _seconds(begin)
    before, before_scores = evals.measure(
        shop.get(start), shop.tokenizer, tests, seed=shop.seed, draws=DRAWS
    )
    after, scores = evals.measure(policy, shop.tokenizer, tests, seed=shop.seed + 1, draws=DRAWS)
    won, error = evals.wins(scores, before_scores)
    figures = {
        "true_before": before["true_score"],
        "true_after": after["true_score"],
        "true_gain": after["true_score"] - before["true_score"],
        "truth_before": before["truth"],
        "truth_after": after["truth"],
        "truth_gain": after["truth"] - before["truth"],
        "polite": after["polite"],
        "refusal": after["refusal"],
        "over_refusal": after["over_refusal"],
        "refusal_heldout": after["refusal_heldout"],
        "over_refusal_heldout": after["over_refusal_heldout"],
        "win_vs_sft": won,
        "win_error": error,
        "seconds": seconds,
        "rates_before": before,
        "rates": after,
        "parameters": model.parameters(policy),
        "beta": recipe.beta,
        "curves": courses(done),
    }
    shop.put(name, policy, figures)
    return figures


def hacking(shop: Shop) -> Figures:
    """Train without a price for leaving the reference model, then repair the reward model.

    That is a plain one (`plain_reward`). The policy finds answers that the reward model likes and
    the labeler doesn't. Then the labeler ranks answers of that policy beside the SFT model's, and
    the reward model learns on.
    """
    plan, begin = shop.plan, time.perf_counter()
    old, start = plain_reward(shop), shop.get("mini-sft")
    policy, done = rlhf(shop, plan.hack_recipe, "mini-sft", "hacking", old)
    asked = evals.asked_in(shop.split, plan.tests).mixed
    drawn = {
        mini: reward.compare([mini], shop.tokenizer, asked, 800 + shop.seed, answers=1)
        for mini in (start, policy)
    }
    before, after = ([r.scores[0] for r in drawn[mini]] for mini in (start, policy))
    proxies = (rows_scored(old, drawn[mini]) for mini in (start, policy))
    proxy_before, proxy_after = (sum(found) / len(asked) for found in proxies)
    honest = reward.compare([start], shop.tokenizer, asked, 840 + shop.seed, answers=2)
    trusted = reward.agreement(rows_scored(old, honest), honest)
    tested = reward.compare([start, policy], shop.tokenizer, asked, 850 + shop.seed, answers=2)
    broken = reward.agreement(rows_scored(old, tested), tested)
    more = list(demonstrate.requests(plan.second, "train", 600 + shop.seed))
    second = ranked(shop, [start, policy], more, 60 + shop.seed)
    mended = copy.deepcopy(old)
    learn(shop, mended, second, given(*REWARD), "repair: comparisons")
    repaired = reward.agreement(rows_scored(mended, tested), tested)
    change = [a - b for a, b in zip(after, before, strict=True)]
    return {
        "proxy_before": proxy_before,
        "proxy_after": proxy_after,
        "proxy_gain": proxy_after - proxy_before,  # the reward has deviation 1 under SFT
        "true_before": sum(before) / len(before),
        "true_after": sum(after) / len(after),
        "true_drop_errors": -sum(change) / len(change) / max(standard_error(change), 1e-9),
        "clear_honest": trusted.get("clear"),
        "clear_hacked": broken.get("clear"),
        "clear_repaired": repaired.get("clear"),
        "seconds": _seconds(begin),
        "curves": courses(done),
        "answers": [shop.tokenizer.decode(r.rows[0]) for r in drawn[policy][:12]],
    }


def chat(shop: Shop) -> Figures:
    """Fine-tune the SFT model on dialogues with the earlier data mixed in, then run PPO."""
    plan, begin, hearts = shop.plan, time.perf_counter(), given(*SFT)
    mini, sft_model = shop.get("mini-sft"), shop.get("mini-sft")
    tests = evals.asked_in(shop.split, plan.tests)
    examples = list(chat_examples(plan.dialogues, shop.seed))
    done = watch(
        tune.sft(
            mini, shop.tokenizer, examples, **hearts,
            recipe=plan.chat_recipe, web=web(shop, 2000 + shop.seed), seed=shop.seed,
        ),
        "chat: dialogues",
        lambda p: f"loss {p.loss:.3f}",
    )  # fmt: skip
    shop.made["chat-sft"] = mini
    rewarded = shop.get("mini-reward")
    asked = mixed(plan.chat_comparisons, 70 + shop.seed, FOLLOW_UPS)
    rankings = ranked(shop, [mini], asked, shop.seed)
    learn(shop, rewarded, rankings, given(*REWARD), "chat: comparisons")
    reward.normalise(rewarded, own_answers(shop, mini, "train"))
    policy, rounds = rlhf(shop, plan.chat_ppo_recipe, "chat-sft", "mini-chat", rewarded, FOLLOW_UPS)
    seconds = _seconds(begin)
    talks = list(talk.examples(plan.tests // 3, shop.split, 31, kinds=("dialogue",)))
    measured = {}
    for key, who in (("sft", sft_model), ("dialogues", mini), ("chat", policy)):
        found, _ = evals.measure(who, shop.tokenizer, tests, seed=shop.seed, draws=DRAWS)
        said = evals.play(who, shop.tokenizer, talks, seed=shop.seed)
        measured[key] = found | evals.follows(talks, said)
    last = measured["chat"]
    figures = {
        "false_premise": last["false_premise"],
        "sft_false_premise": measured["sft"]["false_premise"],
        "dialogue": last["dialogue"],
        "dialogue_truth": last["dialogue_truth"],
        "refusal": last["refusal"],
        "over_refusal": last["over_refusal"],
        "seconds": seconds,
        "rates": measured,
        "parameters": model.parameters(policy),
        "curve": curve(done),
        "curves": courses(rounds),
    }
    shop.put("mini-chat", policy, figures)
    return figures


def chat_examples(dialogues: int, seed: int) -> Iterator[Example]:
    """Yield dialogues and as many requests of one turn, with good answers, mixed."""
    mixed = [
        *demonstrate.dialogues(dialogues, "train", 40 + seed),
        *demonstrate.requests(dialogues, "train", 50 + seed, mix=demonstrate.COMPARED_MIX),
    ]
    random.Random(seed).shuffle(mixed)
    yield from mixed


SMALL, LARGE = "mini-ada", "mini-davinci"
SHOTS = 3


def polite_shots(shop: Shop) -> list[Example]:
    """Return worked examples, as many of `SHOTS` as fit into the context with any request."""
    shots = list(talk.examples(SHOTS, "shots", 5 + shop.seed, kinds=("fact",)))
    asked = evals.asked_in(shop.split, shop.plan.tests).mixed
    return evals.fitting(shop.tokenizer, shots, asked)


def headline(shop: Shop) -> Figures:
    """Take the smallest model through all stages and let it meet the largest base model.

    Both answer the same requests; the labeler sees which answer is the better one, not whose it
    is. The base model gets the bare request, or polite worked examples before it. Both answer with
    their most probable tokens.
    """
    begin, tests = time.perf_counter(), evals.asked_in(shop.split, shop.plan.tests)
    sft(shop, SMALL, f"{SMALL}-sft")
    # So small a model can't learn manners and read blurred names at once.
    recipe = replace(shop.plan.ppo_recipe, blur=0.0)
    small = train_ppo(shop, f"{SMALL}-sft", f"{SMALL}-instruct", recipe)
    seconds = _seconds(begin)
    policy, large = shop.get(f"{SMALL}-instruct"), shop.get(LARGE)
    shots = polite_shots(shop)
    tokenizer = shop.tokenizer
    mine = evals.answers(policy, tokenizer, evals.chat_prompts(tokenizer, tests.mixed))
    own = evals.judge(tests.mixed, mine)
    table: Figures = {}
    theirs = {}
    for key, examples in (("zero_shot", ()), ("few_shot", shots)):
        prompts = evals.base_prompts(tokenizer, tests.mixed, examples)
        theirs[key] = evals.first_line(evals.answers(large, tokenizer, prompts))
        judged = evals.judge(tests.mixed, theirs[key])
        won, _ = evals.wins([j.score for j in own], [j.score for j in judged])
        count = len(judged)
        table |= {
            f"win_{key}": won,
            # Equal answers are half a win each; whole wins would vary more, so this is wide enough.
            f"interval_{key}": list(stats.interval(won * count, count)),
            f"base_rates_{key}": evals.rates(tests.mixed, judged),
        }
        asked = [i for i, e in enumerate(tests.mixed) if e.kind == "fact"]
        by_truth, _ = evals.wins([own[i].right for i in asked], [judged[i].right for i in asked])
        table[f"truth_{key}"] = by_truth
        if examples:
            table["base_facts"] = sum(judged[i].right for i in asked) / len(asked)
    table["examples"] = [
        {"request": e.turns[-1].request, "small": a, "zero_shot": b, "few_shot": c}
        for e, a, b, c in zip(
            tests.mixed[:12], mine, theirs["zero_shot"], theirs["few_shot"], strict=False
        )
    ]
    fit = evaluate.fit(large, tokenizer)
    return {
        "parameter_ratio": model.parameters(large) / model.parameters(policy),
        "base_ratio": fit.ratio,
        **table,
        "intervals": {k: table[f"interval_{k}"] for k in ("zero_shot", "few_shot")},
        "rates": evals.rates(tests.mixed, own),
        "small": {k: v for k, v in small.items() if isinstance(v, float)},
        "seconds": seconds,
        "shots": [f"{s.turns[0].request} {s.turns[0].answer}" for s in shots],
    }
