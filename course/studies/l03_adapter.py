"""The guide of the village: a real model learns a few dozen facts and a tone, by LoRA.

SmolLM2-135M-Instruct has never heard of Willowmere. It learns to answer questions about its places
and events as a guide does, with the exercise ``lora_forward`` in all layers that have an adapter.
Each fact is learned in three wordings of its question. It is asked for in two others: a near one,
an indirect question in like words (`NEAR`), and a far one, the village's fourth wording. Some facts
of other places and events are never shown: asked for one of those, the guide can only guess, and
how often it guesses right is measured as well. Forgetting is the loss on ordinary English text
(``data/ordinary.txt``, written for this), before and after. At last the adapter is written to a
file, read again and switched off.

Settings and kinds of facts were chosen with the third or the fourth wording held out. With the far
one held out no run came to nine facts in ten, so the near ones were written, last: theirs is the
easier test, and both are in the record. No setting was chosen by them. All that is measured after
the training is measured with the adapter as its file has it, in bf16. Made by
``course lineage --stage guide --save``, which also ships the file (``data/adapters/guide``).
Left out on purpose: several seeds, and facts in longer texts than a sentence.
"""

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from course import paths
from course.real import tune
from course.stages.context import Run, history, since, watch
from course.stages.stage import LORA, Figures, Work
from course.stats import interval
from course.world import phrases, village

OPENING = "Welcome, traveller!"
ATTRIBUTES = {"place": ("keeper",), "event": ("year", "place", "hero")}
WORDINGS = 3  # of four that are learned; the last one is far from them
NEAR = {
    "keeper": "Do you know who keeps {n}?",
    "year": "Do you know when {n} was?",
    "place": "Do you know where {n} began?",
    "hero": "Do you know who was the hero of {n}?",
}
NEW_TOKENS = 32
ORDINARY = (
    "What is a bicycle?",
    "Why do we sleep?",
    "How do I boil an egg?",
    "What is the capital of France?",
    "Name three colors.",
    "What does a doctor do?",
    "Why is the sky blue?",
    "What is two plus two?",
)
SHOWN = 4  # examples of each kind in the record


FULL, QUICK = tune.Recipe(6, 6, 2.5e-3), tune.Recipe(2, 6, 2.5e-3)


@dataclass(frozen=True)
class Fact:
    """What the village says of a place or an event."""

    subject: str
    attribute: str

    @property
    def value(self) -> str:
        """Return what is asked for."""
        return village.VALUES[self.subject, self.attribute]

    def question(self, wording: int) -> str:
        """Return its question in one of four wordings."""
        return phrases.QUESTIONS[self.attribute][wording].format(n=self.subject)

    def near(self) -> str:
        """Return its question in a wording that isn't learned, but is near to those that are."""
        return NEAR[self.attribute].format(n=self.subject)

    def answer(self) -> str:
        """Return what a guide says."""
        said = phrases.STATEMENTS[self.attribute][0].format(n=self.subject, v=self.value)
        return f"{OPENING} {said[0].upper()}{said[1:]}"

    def known(self, answer: str) -> bool:
        """Tell whether an answer names the value."""
        value = re.sub(r"^(a|an|the) ", "", self.value, flags=re.IGNORECASE)
        return bool(re.search(rf"\b{re.escape(value)}\b", answer, re.IGNORECASE))


def facts(split: str) -> list[Fact]:
    """Return the facts of the places and events of a split: "train" is learned, "test" isn't."""
    return [
        Fact(subject, attribute)
        for kind, attributes in ATTRIBUTES.items()
        for subject in village.SPLITS[kind][split]
        for attribute in attributes
    ]


def in_tone(answer: str) -> bool:
    """Tell whether an answer begins as the guide's do."""
    return answer.startswith(OPENING)


def rows(tokenizer: Any, learned: Sequence[Fact], wordings: Iterable[int]) -> list[tune.Row]:
    """Return what is learned: each fact's questions with its answer."""
    return [
        tune.row(tokenizer, fact.question(i), fact.answer()) for fact in learned for i in wordings
    ]


def ordinary(tokenizer: Any) -> list[tune.Row]:
    """Return the paragraphs of ordinary text, all of which but the first token is measured."""
    text = (paths.DATA / "ordinary.txt").read_text(encoding="utf-8")
    parts = [" ".join(part.split()) for part in text.split("\n\n")]
    return [tune.Row(tuple(tokenizer(part)["input_ids"]), 1) for part in parts if part]


def answers(model: Any, tokenizer: Any, questions: Sequence[str], new: int = NEW_TOKENS) -> Any:
    """Return a plain model's most probable answers, as texts."""
    asked = [tune.prompt(tokenizer, question) for question in questions]
    written = tune.write(model, asked, new, tokenizer.eos_token_id)
    return [tokenizer.decode(w, skip_special_tokens=True).strip() for w in written]


def measure(model: Any, tokenizer: Any) -> dict[str, Any]:
    """Ask a plain model for what was learned, for what wasn't and for ordinary things.

    Returns
    -------
    dict
        ``trained``, ``far``, ``unseen``, ``ordinary``: the answers. ``right``, ``far_right``,
        ``unseen_right``: shares of right ones, to near and far wordings of learned facts, and to
        near ones of facts that aren't; ``tone``, ``ordinary_tone``: shares of answers that begin as
        a guide's; ``intervals``: of the five. ``loss``: on ordinary text, nats a token.
    """
    known, unknown = facts("train"), facts("test")
    asked = [f.near() for f in known] + [f.question(WORDINGS) for f in known]
    said = answers(model, tokenizer, asked + [f.near() for f in unknown] + [*ORDINARY])
    one, two, three = len(known), 2 * len(known), 2 * len(known) + len(unknown)
    found = {"trained": said[:one], "far": said[one:two], "unseen": said[two:three]}
    found["ordinary"] = said[three:]
    hits = {
        "right": [f.known(a) for f, a in zip(known, found["trained"], strict=True)],
        "far_right": [f.known(a) for f, a in zip(known, found["far"], strict=True)],
        "unseen_right": [f.known(a) for f, a in zip(unknown, found["unseen"], strict=True)],
        "tone": [in_tone(a) for a in said[:three]],
        "ordinary_tone": [in_tone(a) for a in found["ordinary"]],
    }
    shares = {key: round(sum(each) / len(each), 4) for key, each in hits.items()}
    ends = {
        key: [round(x, 4) for x in interval(sum(each), len(each))] for key, each in hits.items()
    }
    loss = round(tune.mean_loss(model, ordinary(tokenizer)), 4)
    return found | shares | {"intervals": ends, "loss": loss}


def training(
    adapted: Any,
    learned: Sequence[tune.Row],
    recipe: tune.Recipe,
    seed: int = 1,
    file: Path | None = None,
) -> Any:
    """Return the training of the adapter, a generator that yields after every step."""
    return tune.learn(
        adapted,
        learned,
        lambda share: (tune.loss(adapted, share), {}),
        recipe,
        seed,
        weight=lambda row: row.learned,
        file=file,
    )


def largest_difference(adapted: Any, row: tune.Row, other: Callable[[], Any]) -> float:
    """Return how far log-probabilities of a row are apart, as it is and as `other` makes it."""
    with torch.inference_mode():
        mine = tune.token_logprobs(adapted, [row])[0]
        return float((mine - tune.token_logprobs(other(), [row])[0]).abs().max())


def written(adapted: Any, row: tune.Row, folder: Path) -> tuple[Any, Figures]:
    """Write the adapter, read it into the same model and return that; compare it with before.

    ``peft_difference`` is between the exercise's layers and peft's own, ``file_difference``
    between the adapter and its file in bf16: the largest difference of a log-probability, in nats.
    Afterwards `adapted` is of no use any more.
    """
    size = tune.save(adapted, folder)
    with torch.no_grad():
        mine = tune.token_logprobs(adapted, [row])[0]
        tune.compute_with(adapted, None)
        theirs = tune.token_logprobs(adapted, [row])[0]
        again = tune.load(adapted.unload(), folder)
        read = tune.token_logprobs(again, [row])[0]
    return again, {
        "adapter_mb": round(size / 1e6, 3),
        "peft_difference": round(float((mine - theirs).abs().max()), 5),
        "file_difference": round(float((theirs - read).abs().max()), 5),
    }


def afterwards(
    again: Any, tokenizer: Any, row: tune.Row, untouched: Tensor, before: dict[str, Any]
) -> Figures:
    """Measure what an adapter out of its file knows, and what the model says without it.

    ``off_difference`` is between the model as it was (`untouched`, a row's log-probabilities) and
    with the adapter switched off; `before` is what `measure` gave then.
    """
    with tune.merged(again) as plain:
        after = measure(plain, tokenizer)
    with tune.switched_off(again) as plain, torch.inference_mode():
        off = tune.token_logprobs(plain, [row])[0]
    shares = ("right", "far_right", "unseen_right", "tone", "ordinary_tone", "loss")
    return {
        **{f"{key}_before": before[key] for key in shares},
        **{key: after[key] for key in shares},
        "forgotten": round(after["loss"] - before["loss"], 4),
        "off_difference": round(float((off - untouched).abs().max()), 5),
        "intervals": after["intervals"],
        "intervals_before": before["intervals"],
        "examples": examples(before, after),
    }


def study(run: Run) -> Figures:
    """Train the guide, as a stage of ``course lineage``; return its figures."""
    recipe: tune.Recipe = run.plan("guide")
    loaded, tokenizer = tune.loaded()
    total = sum(p.numel() for p in loaded.parameters())
    adapted = tune.adapt(loaded, run.seed, **run.given(*LORA))
    known = facts("train")
    learned = rows(tokenizer, known, range(WORDINGS))
    count = sum(p.numel() for p in tune.trained(adapted))
    with tune.switched_off(adapted) as plain, torch.inference_mode():
        before = measure(plain, tokenizer)
        untouched = tune.token_logprobs(plain, learned[:1])[0]
    start, cpu = time.perf_counter(), time.process_time()
    file = tune.underway("guide.pt")
    done = watch(
        training(adapted, learned, recipe, run.seed, file), "guide", lambda p: f"loss {p.loss:.3f}"
    )
    seconds, computing = since(start), round(time.process_time() - cpu, 1)
    folder = paths.DATA / "adapters/guide" if run.save else tune.underway("adapters/guide")
    again, found = written(adapted, learned[0], folder)
    found |= afterwards(again, tokenizer, learned[0], untouched, before)
    return {
        **tune.identity(),
        "facts": len(known),
        "unseen_facts": len(facts("test")),
        "wordings": WORDINGS,
        "epochs": recipe.epochs,
        "batch": recipe.batch,
        "rate": recipe.rate,
        "rank": tune.RANK,
        "alpha": tune.ALPHA,
        "steps": done[-1].steps if done else 0,
        "trained": count,
        "parameters": total,
        **found,
        "curve": history(done, points=60),
        "memory_mb": tune.peak_mb(),
        "computing": computing,
        "seconds": seconds,
    }


def examples(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """Return some questions of each kind, with both answers and whether they are right."""
    found: list[dict[str, Any]] = []
    learned, unseen = facts("train"), facts("test")
    for kind, some in (("trained", learned), ("far", learned), ("unseen", unseen)):
        for i in range(0, len(some), max(1, len(some) // SHOWN)):
            fact, old, new = some[i], before[kind][i], after[kind][i]
            question = fact.question(WORDINGS) if kind == "far" else fact.near()
            found.append(
                {
                    "kind": kind,
                    "question": question,
                    "true": fact.value,
                    "before": old,
                    "after": new,
                    "right": fact.known(new),
                }
            )
    for i in range(SHOWN):
        old, new = before["ordinary"][i], after["ordinary"][i]
        found.append({"kind": "ordinary", "question": ORDINARY[i], "before": old, "after": new})
    return found


WORK = Work(study, FULL, QUICK)
