"""The stage ``chat``: the SFT model learns dialogues, then is trained by PPO in their middle."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from course.lm import evals, model
from course.seeds import stream
from course.stages import freeze, ppo, reward, sft
from course.stages.context import DRAWS, Run, history, rehearsed, since, watch
from course.stages.ppo_stage import histories, rlhf
from course.stages.reward_stage import learn, own_answers, ranked
from course.stages.sft_stage import RECIPE
from course.stages.stage import SFT, Figures, Work
from course.world import demonstrate, talk
from course.world.talk import Example

TUNED = "chat-sft"  # after the dialogues, before PPO
# Shares of the requests that are compared and that PPO asks: those that go on with a dialogue, and
# those of all kinds that come after other questions.
FOLLOW_UPS, IN_TALK = 0.25, 0.45
# Of what kinds these are: more takes something false for granted, which the model forgets first.
CHAT_MIX = demonstrate.PPO_MIX | {"false premise": 0.65, "harmful": 0.8, "harmless": 0.65}
DIALOGUES = replace(RECIPE, epochs=3, embedding_noise=0.0)
# Small steps, and many questions in mid-dialogue: else what the dialogues have taught is unlearned.
PPO_RECIPE = ppo.Recipe(
    iterations=80,
    kl_coef=0.15,
    lr_policy=6e-4,
    clip=0.2,
    rehearsal=1.0,
    rows=8,
    freeze=freeze.PARTS,
)


@dataclass(frozen=True)
class Plan:
    """How much the stage does, and how.

    Parameters
    ----------
    dialogues : int
        Dialogues, as many demonstrations, and as many talks.
    recipe : sft.Recipe
        How they are learned.
    comparisons : int
        Requests whose answers are ranked for the reward model.
    ppo_recipe : ppo.Recipe
        How the policy is trained after that.
    """

    dialogues: int = 3_000
    recipe: sft.Recipe = DIALOGUES
    comparisons: int = 3_500
    ppo_recipe: ppo.Recipe = PPO_RECIPE


FULL = Plan()


def stage(run: Run) -> Figures:
    """Fine-tune the SFT model on dialogues with the earlier data mixed in, then run PPO."""
    plan: Plan = run.plan("chat")
    begin, functions = time.perf_counter(), run.given(*SFT)
    mini, sft_model = run.get("mini-sft"), run.get("mini-sft")
    tests = run.test_requests()
    examples = list(chat_examples(plan.dialogues, run.seed))
    done = watch(
        sft.sft(
            mini, run.tokenizer, examples, **functions,
            recipe=plan.recipe, seed=run.seed,
            web=rehearsed(run.tokenizer, stream("chat/web", run.seed)),
        ),
        "chat: dialogues",
        lambda p: f"loss {p.loss:.3f}",
    )  # fmt: skip
    run.made[TUNED] = mini
    rewarded = run.get("mini-reward")
    requests = chat_requests(plan.comparisons, stream("chat/requests", run.seed))
    rankings = ranked(run, [mini], requests, run.seed)
    learn(run, rewarded, rankings, "chat: comparisons")
    reward.normalise(rewarded, own_answers(run, mini, "train"))
    count = plan.ppo_recipe.iterations * plan.ppo_recipe.batch
    asked = chat_requests(count, stream("ppo/requests", run.seed))
    policy, rounds = rlhf(run, plan.ppo_recipe, TUNED, "mini-chat", rewarded, asked)
    seconds = since(begin)
    talks = list(talk.examples(run.tests // 3, run.split, 31, kinds=("dialogue",)))
    measured = {}
    for key, who in (("sft", sft_model), ("dialogues", mini), ("chat", policy)):
        rates, _ = evals.measure(who, run.tokenizer, tests, seed=run.seed, draws=DRAWS)
        said = evals.play(who, run.tokenizer, talks, seed=run.seed)
        behind = evals.in_talk(who, run.tokenizer, tests.talks, seed=run.seed)
        measured[key] = rates | evals.follows(talks, said) | behind
    last = measured["chat"]
    figures = {
        "false_premise": last["false_premise"],
        "sft_false_premise": measured["sft"]["false_premise"],
        "dialogue": last["dialogue"],
        "dialogue_truth": last["dialogue_truth"],
        "refusal": last["refusal"],
        "over_refusal": last["over_refusal"],
        **{key: rate for key, rate in last.items() if key.endswith("_in_talk")},
        "seconds": seconds,
        "rates": measured,
        "parameters": model.parameters(policy),
        "curve": history(done),
        "curves": histories(rounds),
    }
    run.put("mini-chat", policy, figures)
    return figures


def chat_examples(dialogues: int, seed: int) -> Iterator[Example]:
    """Yield dialogues, as many requests of one turn and as many talks, with good answers, mixed."""
    mix = demonstrate.TALK_MIX
    both = [
        *demonstrate.dialogues(dialogues, "train", stream("chat/dialogues", seed)),
        *demonstrate.requests(
            dialogues, "train", stream("chat/demonstrations", seed), wide=True, mix=mix
        ),
        *demonstrate.talks(dialogues, "train", stream("chat/talks", seed), mix=mix),
    ]
    random.Random(seed).shuffle(both)
    yield from both


def chat_requests(count: int, seed: int) -> list[Example]:
    """Return `count` requests, a part of them in the middle of a talk, in random order."""
    later, behind = int(count * FOLLOW_UPS), int(count * IN_TALK)
    alone = count - later - behind
    requests = [
        *demonstrate.requests(alone, "train", seed, wide=True, mix=CHAT_MIX),
        *demonstrate.follow_ups(later, "train", seed),
        *demonstrate.talks(behind, "train", seed, mix=CHAT_MIX),
    ]
    random.Random(seed).shuffle(requests)
    return requests


WORK = Work(
    stage,
    full=FULL,
    quick=Plan(dialogues=500, comparisons=300, ppo_recipe=replace(PPO_RECIPE, iterations=8)),
)
