"""The stage ``headline``: the smallest model, tuned in all stages, meets the largest base model.

Both answer the same requests; the labeler sees which answer is the better one, not whose it is. The
base model gets the bare request, or polite worked examples before it. Both answer with their most
probable tokens.
"""

import time
from dataclasses import replace

from course import stats
from course.lm import evals, evaluate, model
from course.seeds import stream
from course.stages import ppo_stage, sft_stage
from course.stages.context import Run, since
from course.stages.stage import LARGE, SMALL, Figures, Work
from course.world import talk
from course.world.talk import Example

SHOTS = 3


def polite_shots(run: Run) -> list[Example]:
    """Return worked examples, as many of `SHOTS` as fit into the context with any request."""
    shots = list(talk.examples(SHOTS, "shots", stream("shots", run.seed), kinds=("fact",)))
    return evals.fitting(run.tokenizer, shots, run.test_requests().mixed)


def stage(run: Run) -> Figures:
    """Tune the smallest model and compare its answers with the largest base model's."""
    begin, tests = time.perf_counter(), run.test_requests()
    sft_stage.tuned(run, SMALL, f"{SMALL}-sft")
    # So small a model can't learn manners and read blurred names at once.
    recipe = replace(run.plan("ppo"), embedding_noise=0.0)
    small = ppo_stage.tuned(run, f"{SMALL}-sft", f"{SMALL}-instruct", recipe)
    seconds = since(begin)
    policy, large = run.get(f"{SMALL}-instruct"), run.get(LARGE)
    shots = polite_shots(run)
    tokenizer = run.tokenizer
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
        facts = [i for i, e in enumerate(tests.mixed) if e.kind == "fact"]
        by_truth, _ = evals.wins([own[i].right for i in facts], [judged[i].right for i in facts])
        table[f"truth_{key}"] = by_truth
        if examples:
            table["base_facts"] = sum(judged[i].right for i in facts) / len(facts)
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


WORK = Work(stage)
