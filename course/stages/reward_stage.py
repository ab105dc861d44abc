"""The stage ``reward``: rankings of the SFT model's answers, and a reward model from them.

Later stages rank more answers with what is here, and learn on; `plain_reward` is the reward model
of those runs that show how much can go wrong.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from transformers import PreTrainedModel

from course.lm import evals, train
from course.seeds import stream
from course.stages import freeze, reward
from course.stages.context import DRAWS, Run, history, rehearsed, since, watch
from course.stages.stage import REWARD, Figures, Work
from course.world import demonstrate
from course.world.talk import Example

PLAIN = "plain-reward"


@dataclass(frozen=True)
class Plan:
    """How many requests have their answers ranked, and how a reward model learns from that."""

    comparisons: int = 16_000
    recipe: reward.Recipe = field(default_factory=reward.Recipe)


def stage(run: Run) -> Figures:
    """Collect rankings of the SFT model's answers and train the reward model on them."""
    policy, start = run.get("mini-sft"), time.perf_counter()
    rankings = first_round(run)
    sampled = since(start)
    mini, done = from_first_round(run, "mini-reward")
    seconds = since(start)
    requests = run.test_requests().mixed * DRAWS
    tested = reward.compare([policy], run.tokenizer, requests, stream("reward/test", run.seed))
    agreement = reward.agreement(scores(mini, tested), tested)
    figures = agreement | {
        "below_ceiling": agreement["ceiling"] - agreement["noisy"],
        "seconds": seconds,
        "sampling_seconds": sampled,
        "rankings": len(rankings),
        "answers_ranked": len(rankings[0].rows),
        "labels_each": 1 + len(rankings[0].others),
        "curve": history(done),
    }
    run.put("mini-reward", mini, figures)
    return figures


def first_round(run: Run) -> list[reward.Ranking]:
    """Return the rankings of the SFT model's answers that reward models first learn from."""

    def make() -> list[reward.Ranking]:
        mix, count = demonstrate.COMPARED_MIX, run.plan("reward").comparisons
        requests = list(
            demonstrate.requests(count, "train", stream("reward/requests", run.seed), mix=mix)
        )
        return ranked(run, [run.get("mini-sft")], requests, run.seed)

    return run.once("the first round of rankings", make)


def from_first_round(
    run: Run, what: str, trust: float = reward.TRUST
) -> tuple[PreTrainedModel, list[train.Progress]]:
    """Return a reward model that has learned from the first round, and the course of that."""
    policy = run.get("mini-sft")
    mini = reward.new(policy, run.tokenizer, run.seed, trust)
    done = learn(run, mini, first_round(run), what)
    reward.normalise(mini, own_answers(run, policy, "train"))
    return mini, done


def plain_reward(run: Run) -> PreTrainedModel:
    """Return a reward model that reads the last token of an answer alone, as InstructGPT's.

    It learns from the same rankings as `mini-reward`, and is easier to hack.
    """
    if PLAIN not in run.made:
        run.made[PLAIN], _ = from_first_round(run, PLAIN, trust=0.0)
    return run.get(PLAIN)


def ranked(
    run: Run, models: Sequence[PreTrainedModel], requests: Sequence[Example], seed: int
) -> list[reward.Ranking]:
    """Return rankings to learn from: some answers have a slip in them, several labelers rank."""
    return reward.compare(
        models, run.tokenizer, requests, seed, labelers=reward.LABELERS, slips=reward.SLIPS
    )


def learn(
    run: Run, mini: PreTrainedModel, rankings: Sequence[reward.Ranking], what: str
) -> list[train.Progress]:
    """Train a reward model on `rankings` and return the course of it."""
    functions = run.given(*REWARD)
    recipe: reward.Recipe = run.plan("reward").recipe
    web = (
        rehearsed(run.tokenizer, stream("reward/web", run.seed), recipe.rows)
        if mini.config.trust
        else None
    )
    frozen = freeze.Frozen(mini, run.tokenizer, freeze.FEEDBACK_PARTS)
    steps = reward.train(
        mini, rankings, **functions, recipe=recipe, web=web, seed=run.seed, frozen=frozen
    )
    return watch(steps, what, lambda p: f"loss {p.loss:.3f}")


def own_answers(run: Run, policy: PreTrainedModel, split: str) -> list[list[int]]:
    """Return requests of `split` with answers drawn from `policy`, as tokens."""
    requests = evals.asked_in(split, run.tests).mixed
    drawn = reward.compare(
        [policy], run.tokenizer, requests, stream("reward/normalise", run.seed), answers=1
    )
    return [list(ranking.rows[0]) for ranking in drawn]


def scores(mini: PreTrainedModel, rankings: Sequence[reward.Ranking]) -> list[float]:
    """Return the rewards of all answers of `rankings`, one after the other."""
    return reward.score(mini, [row for r in rankings for row in r.rows]).tolist()


WORK = Work(stage, full=Plan(), quick=Plan(comparisons=1_500))
