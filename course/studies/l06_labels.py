"""How ``data/labels`` and ``data/runs/backflip.json`` came about: ``-m course.studies.l06_labels``.

Answers of mini-sft in pairs, clips of the stick in pairs, the simulated labeler's choices for both
(the same format as a learner's own file), and the recorded backflip. Run it when the village or the
stick changes; new models alone are no reason, since old answers are as good to compare.
"""

import csv
import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from course import records
from course.lm import evals, model
from course.seeds import stream
from course.studies import l06_backflip as backflip
from course.world import demonstrate, pairs, stick
from course.world import phrases as ph
from course.world import village as v
from course.world.labeler import choose
from course.world.talk import TOLD, Example

PAIRS, BEST_OF, ANSWERS = 60, 12, 4
CLIPS = 40
SEED = 6
SEEDS = 6  # runs of the backflip, to tell how often it is learned
DIGITS = 3  # of a plan's numbers in the file


def fact_of(example: Example) -> str:
    """Return what a labeler may look up to judge an answer, if there is something."""
    turn = example.turns[-1]
    if example.kind == "unknown":
        return f"The village knows nobody called {turn.subject}."
    attributes = {"fact": [turn.attribute], "false premise": [turn.attribute]}.get(
        example.kind, TOLD[v.KIND[turn.subject]] if example.kind == "explain" else []
    )
    return " ".join(
        ph.fill(ph.STATEMENTS[a][0], turn.subject, v.VALUES[turn.subject, a]) for a in attributes
    )


def answers() -> None:
    """Write the pairs of answers, the simulated labeler's choices, and the lots of four."""
    mini, tokenizer = model.load("mini-sft")
    asked = list(demonstrate.requests(3 * (PAIRS + BEST_OF), "test", SEED))
    texts = evals.respond(mini, tokenizer, asked, times=ANSWERS, seed=SEED).texts
    rng = random.Random(SEED)
    rows: list[dict[str, str]] = []
    labels: list[dict[str, str]] = []
    lots: list[dict[str, str]] = []
    for i, example in enumerate(asked):
        own = sorted(set(texts[i * ANSWERS : (i + 1) * ANSWERS]))
        if len(own) < 2 or example.turns[-1].request in {row["request"] for row in rows + lots}:
            continue
        turn = example.turns[-1]
        about = {
            "kind": example.kind,
            "subject": turn.subject,
            "attribute": turn.attribute,
            "premise": turn.premise,
        }
        shown = {"request": turn.request, "fact": fact_of(example)}
        if len(rows) < PAIRS:
            a, b = rng.sample(own, 2)
            row = {"pair": str(len(rows) + 1)} | shown | {"answer_a": a, "answer_b": b}
            rows.append(row | about)
            first, second = (j.score for j in evals.judge([example] * 2, [a, b]))
            labels.append(row | {"choice": "A" if choose(first, second, rng) else "B"})
        elif len(own) == ANSWERS and len(lots) < BEST_OF * ANSWERS:
            lots += [shown | {"answer": text} | about for text in own]
    write("answers", rows)
    write("simulated_answers", labels)
    write("best_of", lots)


def clips() -> None:
    """Write the pairs of clips, better and better ones, and the simulated judge's choices."""
    rng = np.random.default_rng(SEED)
    found = [backflip.Search().draw(CLIPS, rng)]
    for p in backflip.teach(backflip.simulated(SEED), seed=SEED):
        found.append(p.plan + 0.15 * rng.normal(size=(CLIPS // 2, stick.NUMBERS)))
    plans = np.concatenate(found).round(DIGITS)
    points = stick.found(stick.simulate(plans))["points"]
    first, second = rng.permutation(len(plans))[: 2 * CLIPS].reshape(2, CLIPS)
    took = stick.choices(points[first], points[second], rng)
    rows = [
        {"pair": str(k + 1)}
        | {
            f"clip_{side}": " ".join(f"{x:g}" for x in plans[i])
            for side, i in (("a", first[k]), ("b", second[k]))
        }
        for k in range(CLIPS)
    ]
    write("clips", rows)
    write("simulated_clips", [r | {"choice": "AB"[not t]} for r, t in zip(rows, took, strict=True)])


def record_backflip(seeds: int = SEEDS) -> None:
    """Teach the stick several times and write what came out; the best run is the one shown."""
    recipe, runs, begin = backflip.Recipe(), [], time.process_time()
    for seed in range(seeds):
        judge = backflip.simulated(stream("backflip/judge", seed))
        runs.append(list(backflip.teach(judge, seed=seed)))
    ends = [stick.flips(stick.simulate(run[-1].plan[None]))[0] for run in runs]
    shown = max(range(seeds), key=lambda k: (ends[k], runs[k][-1].flips))
    by_hand = backflip.by_hand(stick.written)
    figures: dict[str, Any] = {
        "name": "backflip",
        "seed": shown,
        "comparisons": recipe.rounds * recipe.pairs,
        "seeds": seeds,
        "flipped": int(sum(ends)),
        "rounds": [
            {
                "comparisons": p.comparisons,
                "points": round(p.points, 3),
                "flips": round(p.flips, 3),
                "plan": p.plan.round(DIGITS).tolist(),
            }
            for p in runs[shown]
        ],
        "all": [[[p.comparisons, round(p.flips, 3)] for p in run] for run in runs],
        "by_hand": by_hand.round(DIGITS).tolist(),
        "seconds": round((time.process_time() - begin) / seeds, 1),  # of one core
    }
    records.write("backflip", figures)


def write(name: str, rows: Sequence[Mapping[str, str]], folder: Path | None = None) -> None:
    """Write ``data/labels/NAME.csv``."""
    folder = folder or pairs.FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as f:
        writer = csv.DictWriter(f, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    answers()
    clips()
    record_backflip()
