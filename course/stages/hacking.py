"""The stage ``hacking``: PPO at no price, against a plain reward model, and its repair.

The policy finds answers that the reward model likes and the labeler doesn't. Then the labeler ranks
answers of that policy next to the SFT model's, and the reward model learns on. Ships no model.
"""

import copy
import time
from dataclasses import dataclass, replace

from course.lm.evaluate import standard_error
from course.seeds import stream
from course.stages import ppo, reward
from course.stages.context import Run, since
from course.stages.ppo_stage import histories, rlhf
from course.stages.reward_stage import learn, plain_reward, ranked, scores
from course.stages.stage import Figures, Work
from course.world import demonstrate

# Nothing is held still or blurred, no text is rehearsed: then there is more that can go wrong.
RECIPE = ppo.Recipe(
    iterations=60, batch=128, epochs=2, kl_coef=0.0, lr_policy=1e-3, rehearsal=0.0, freeze=(),
    average=0.0, embedding_noise=0.0,
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """How PPO is run, and how many requests have their answers ranked for the repair."""

    recipe: ppo.Recipe = RECIPE
    comparisons: int = 2_500


def stage(run: Run) -> Figures:
    """Train without a price for leaving the reference model, then repair the reward model."""
    plan: Plan = run.plan("hacking")
    begin = time.perf_counter()
    old, start = plain_reward(run), run.get("mini-sft")
    policy, done = rlhf(run, plan.recipe, "mini-sft", "hacking", old)
    requests = run.test_requests().mixed
    own, hacked = (
        reward.compare(
            [mini], run.tokenizer, requests, stream("hacking/answers", run.seed), answers=1
        )
        for mini in (start, policy)
    )
    before, after = ([r.scores[0] for r in drawn] for drawn in (own, hacked))
    proxies = (scores(old, drawn) for drawn in (own, hacked))
    proxy_before, proxy_after = (sum(rewards) / len(requests) for rewards in proxies)
    honest = reward.compare(
        [start], run.tokenizer, requests, stream("hacking/honest", run.seed), answers=2
    )
    trusted = reward.agreement(scores(old, honest), honest)
    tested = reward.compare(
        [start, policy], run.tokenizer, requests, stream("hacking/test", run.seed), answers=2
    )
    broken = reward.agreement(scores(old, tested), tested)
    more = list(
        demonstrate.requests(plan.comparisons, "train", stream("repair/requests", run.seed))
    )
    second = ranked(run, [start, policy], more, stream("repair/answers", run.seed))
    mended = copy.deepcopy(old)
    learn(run, mended, second, "repair: comparisons")
    repaired = reward.agreement(scores(mended, tested), tested)
    kept = reward.agreement(scores(mended, honest), honest)
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
        "clear_kept": kept.get("clear"),  # honest pairs, after the second round
        "seconds": since(begin),
        "curves": histories(done),
        "answers": [run.tokenizer.decode(r.rows[0]) for r in hacked[:12]],
    }


WORK = Work(stage, full=Plan(), quick=Plan(recipe=replace(RECIPE, iterations=15), comparisons=300))
