"""What a base model does with a beginning: it weighs the next token, and goes on.

The models write here and now. Left out on purpose: chat templates, which come with lesson 05.
"""

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

from course.language import _
from course.show import sources, style, text
from course.show.style import say

ASKED = 100  # questions for a base model
SHARE = 0.9  # of the probability


def likely_next(found: tuple[str, Any, Any], beginnings: Sequence[str]) -> None:
    """Draw the most probable next tokens, and say how many share nine tenths of the probability.

    Parameters
    ----------
    found : tuple
        Name, model and tokenizer, as `load_model` returns them.
    beginnings : sequence of str
        What the tokens come after.
    """
    from course.real import reply

    name, model, tokenizer = found
    start = tokenizer.eos_token if name.startswith("mini-") else ""  # ours begin every text so
    likely = {b: reply.next_tokens(model, tokenizer, start + b, n=1000) for b in beginnings}
    style.show(text.next_tokens(likely, fill=style.colour(name)))
    for beginning, tokens in likely.items():
        together, count = 0.0, 0
        for _x, probability in tokens:
            together += probability
            count += 1
            if together >= SHARE:
                break
        number = f"{count:,}" if together >= SHARE else _("more than 1,000")
        say(
            _("“{beginning} …”: {number} tokens share nine tenths of the probability.").format(
                beginning=beginning, number=number
            )
        )


def go_on_with_questions(*names: str) -> None:
    """Ask a base model for facts, show some of what it writes, and count what that is.

    Parameters
    ----------
    *names : str
        Of base models; the first one that is here is asked.
    """
    found = sources.load_model(*names)
    if found is None:
        return
    from course.lm import data, sample
    from course.world import phrases, village

    name, model, tokenizer = found
    chance = random.Random(1)
    facts = chance.sample(village.FACTS, ASKED)
    questions = [
        phrases.fill(chance.choice(phrases.QUESTIONS[fact.attribute]), fact.subject)
        for fact in facts
    ]
    end = tokenizer.eos_token_id  # every text of the village begins after it
    prompts = [[end, *ids] for ids in data.encode(tokenizer, questions)]
    written = sample.generate(model, prompts, 40, temperature=1.0, seed=1, end=end)

    begins = tuple(t.split()[0] for t in (*phrases.EXPLAIN, *phrases.HOW_TO))  # Explain, Tell …
    rows: list[dict[str, str]] = []
    kinds: Counter[str] = Counter()
    for question, fact, ids in zip(questions, facts, written, strict=True):
        whole = tokenizer.decode(ids).strip()
        line = whole.split("\n")[0]
        if fact.value in line:
            kinds[_("the answer")] += 1
        elif line.endswith("?") or line.startswith(begins):
            kinds[_("another question or request")] += 1
        else:
            kinds[_("something else, or nothing")] += 1
        rows.append(
            {
                _("question"): question,
                _("{name} goes on").format(name=name): whole or _("(nothing)"),
            }
        )
    style.show(style.table(rows[:5]))
    for kind, count in kinds.most_common():
        say(
            _("{name} went on with {kind}: {count} of {n}.").format(
                name=name, kind=kind, count=count, n=len(facts)
            )
        )
