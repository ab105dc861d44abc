"""PPO at several prices for leaving the reference model: the runs behind lesson 07's slider.

All runs are the run of `course.stages.hacking` but for their β, against a plain reward model; one
more, without a price, is against ``mini-reward``. During a run the labeler judges the very answers
that the policy learns from: the *true score*, which no model sees. Next to them is best-of-n,
which trains nothing: the SFT model answers n times, the reward model picks one. Made by ``course
lineage --stage beta --save``; not part of the lineage, ships no model. Left out on purpose: more
than one seed for each β.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from transformers import PreTrainedModel, PreTrainedTokenizerFast

from course.lm import evals
from course.lm.evaluate import standard_error
from course.seeds import stream
from course.stages import ppo, reward
from course.stages.context import Run, since
from course.stages.ppo_stage import ppo_requests, rlhf
from course.stages.reward_stage import plain_reward
from course.stages.stage import Figures, Work
from course.world.labeler import Judgement
from course.world.talk import Example

BETAS = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0)
BEST_OF = (1, 2, 4, 8, 16)
SHOWN = (("fact", 3), ("harmful", 1), ("harmless", 1), ("false premise", 1))  # kind, how many
LAST = 5  # iterations whose mean is called the KL of a finished run


def judgements(
    tokenizer: PreTrainedTokenizerFast, asked: Sequence[Example], answers: Sequence[ppo.Answer]
) -> list[Judgement]:
    """Return the labeler's judgement of each answer that `ppo.train` has yielded.

    Parameters
    ----------
    asked : sequence of Example
        The requests behind the prompts that ``ppo.train`` was given, in the same order.
    answers : sequence of Answer
    """
    replies = tokenizer.batch_decode([a.tokens for a in answers], skip_special_tokens=True)
    return evals.judge([asked[a.prompt] for a in answers], [reply.strip() for reply in replies])


def true_score(
    tokenizer: PreTrainedTokenizerFast, asked: Sequence[Example], progress: ppo.Progress
) -> float:
    """Return the mean true score of what an iteration of PPO has learned from."""
    judged = judgements(tokenizer, asked, progress.answers)
    return sum(j.score for j in judged) / len(judged)


def drawn(
    run: Run,
    policy: PreTrainedModel,
    rewarded: PreTrainedModel,
    asked: Sequence[Example],
    times: int = 1,
) -> tuple[evals.Responses, list[float]]:
    """Return answers to each request, `times` one after the other, and their rewards."""
    seed = stream("prices/test", run.seed)
    done = evals.respond(policy, run.tokenizer, asked, times=times, seed=seed)
    return done, reward.score(rewarded, done.rows).tolist()


def tested(run: Run, policy: PreTrainedModel, rewarded: PreTrainedModel) -> dict[str, Any]:
    """Return means over the test's requests (with errors), rates, and a few answers to read."""
    asked = run.test_requests().mixed
    done, rewards = drawn(run, policy, rewarded, asked)
    return {
        "reward": sum(rewards) / len(asked),
        "true": sum(done.scores) / len(asked),
        "true_error": standard_error(done.scores),
        "rates": evals.rates(asked, done.judgements),
        "answers": [
            {
                "request": asked[i].turns[-1].request,
                "answer": done.texts[i],
                "reward": round(rewards[i], 2),
                "true": round(done.scores[i], 2),
            }
            for i in shown(asked)
        ],
    }


def shown(asked: Sequence[Example]) -> list[int]:
    """Return the numbers of the requests whose answers are kept: the same ones for each β."""
    chosen = []
    for kind, count in SHOWN:
        chosen += [i for i, example in enumerate(asked) if example.kind == kind][:count]
    return chosen


def best_of(run: Run, rewarded: PreTrainedModel) -> list[dict[str, float]]:
    """Return reward and true score of the answer that the reward model picks out of n."""
    asked, most = run.test_requests().mixed, max(BEST_OF)
    done, rewards = drawn(run, run.get("mini-sft"), rewarded, asked, most)
    points = []
    for n in BEST_OF:
        picked = [
            max(range(start, start + n), key=rewards.__getitem__)
            for start in range(0, len(rewards), most)
        ]
        points.append(
            {
                "n": n,
                "reward": sum(rewards[i] for i in picked) / len(picked),
                "true": sum(done.scores[i] for i in picked) / len(picked),
                "kl_bound": math.log(n) - (n - 1) / n,  # the real KL is lower
            }
        )
    return points


def study(run: Run) -> Figures:
    """Train the SFT model at each β and return all that the lesson shows of it.

    Returns
    -------
    dict
        ``start`` (the SFT model, as `tested`), ``runs``: for each β its ``reward``, ``kl`` and
        ``true`` score by iteration and ``end``, as `tested` with ``kl``; ``wary``, the same of the
        run against ``mini-reward``; ``best_of``; ``recipe``.
    """
    begin, plain = time.perf_counter(), plain_reward(run)
    hacking: ppo.Recipe = run.plan("hacking").recipe
    asked = ppo_requests(hacking, run.seed)

    def trained(beta: float, rewarded: PreTrainedModel) -> dict[str, Any]:
        recipe = replace(hacking, kl_coef=beta)
        policy, done = rlhf(run, recipe, "mini-sft", f"beta {beta:g}", rewarded)
        last = [p.kl for p in done[-LAST:]]
        return {
            "beta": beta,
            "reward": [round(p.reward, 4) for p in done],
            "kl": [round(p.kl, 4) for p in done],
            "true": [round(true_score(run.tokenizer, asked, p), 4) for p in done],
            "end": {"kl": sum(last) / len(last)} | tested(run, policy, rewarded),
        }

    runs = [trained(beta, plain) for beta in BETAS]
    wary = trained(0.0, run.get("mini-reward"))
    return {
        "runs": runs,
        "wary": wary,
        "start": tested(run, run.get("mini-sft"), plain),
        "best_of": best_of(run, plain),
        "batch": hacking.batch,
        "recipe": {k: v for k, v in vars(hacking).items() if k != "kl_coef"},
        "seed": run.seed,
        "true_free": runs[0]["end"]["true"],
        "true_wary": wary["end"]["true"],
        "true_best": max(r["end"]["true"] for r in runs),
        "seconds": since(begin),
    }


WORK = Work(study)
