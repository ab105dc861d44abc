"""What several models answer to the same requests, side by side."""

from collections.abc import Mapping
from typing import Any

from course.show import sources, style


def side_by_side(models: Mapping[str, Any], seed: int = 3) -> style.Page | None:
    """Return the models' answers to a few requests of the test, each with its true score.

    Parameters
    ----------
    models : dict of str to GPT2LMHeadModel or None
        Name → model; None for one that is on this computer.
    seed : int
        Of the draws.

    Returns
    -------
    Page or None
        None if a model isn't here, which it says.
    """
    found = {}
    for name, model in models.items():
        loaded = (name, model, None) if model else sources.load_model(name)
        if loaded is None:
            return None
        found[name] = loaded[1]
    from course.lm import evals, tokenizer
    from course.studies.l07_prices import shown

    words = tokenizer.load()
    requests = evals.asked_in("test").mixed
    requests = [requests[i] for i in shown(requests)]
    prompts = evals.chat_prompts(words, requests)
    rows = [{"request": example.turns[-1].request} for example in requests]
    for name, model in found.items():
        replies = evals.answers(model, words, prompts, temperature=1.0, seed=seed)
        for row, reply, j in zip(rows, replies, evals.judge(requests, replies), strict=True):
            row[f"{name} (true score)"] = f"{reply} ({j.score:.2f})"
    return style.table(rows)
