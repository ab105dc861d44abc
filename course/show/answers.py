"""What models answer: several to the same requests side by side, real ones as they write."""

from collections.abc import Mapping, Sequence
from typing import Any

from course.language import _
from course.show import live, sources, style


def side_by_side(
    models: Mapping[str, Any], seed: int = 3, *, temperature: float = 1.0
) -> style.Page | None:
    """Return the models' answers to a few requests of the test, each with its true score.

    Parameters
    ----------
    models : dict of str to GPT2LMHeadModel or None
        Name → model; None for one that is on this computer.
    seed : int
        Of the draws.
    temperature : float
        0 for the most probable answer.

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
    mixed = evals.asked_in("test").mixed
    requests = [mixed[i] for i in shown(mixed)]
    prompts = evals.chat_prompts(words, requests)
    rows = [{_("request"): example.turns[-1].request} for example in requests]
    for name, model in found.items():
        replies = evals.answers(model, words, prompts, temperature=temperature, seed=seed)
        for row, reply, j in zip(rows, replies, evals.judge(requests, replies), strict=True):
            row[_("{name} (true score)").format(name=name)] = f"{reply} ({j.score:.2f})"
    return style.table(rows)


def written_live(
    name: str, model: Any, tokenizer: Any, requests: Sequence[str], most: int = 40
) -> None:
    """Show how a real model answers each request, piece by piece, in a table that fills.

    An interruption keeps what is written.

    Parameters
    ----------
    requests : sequence of str
    most : int
        Tokens of an answer, at most.
    """
    from course.real import reply

    rows = [{_("request"): request, name: "…"} for request in requests]
    board = live.Output()
    board.show(style.table(rows))
    try:
        for request, row in zip(requests, rows, strict=True):
            turn = [{"role": "user", "content": request}]
            row[name] = ""
            for piece in reply.reply(model, tokenizer, turn, max_new_tokens=most):
                row[name] += piece
                board.show(style.table(rows))
    except KeyboardInterrupt:
        style.say(_("Stopped; what was written so far is above."))
    if not live.in_notebook():
        style.show(style.table(rows))


def gpt2_goes_on(question: str, most: int = 40) -> None:
    """Show how GPT-2, a real base model, goes on after a question; nothing where it isn't fetched.

    Parameters
    ----------
    question : str
    most : int
        Tokens, at most.
    """
    found = sources.load_model("gpt2", quiet=True)
    if found is None:
        return
    from course.real import reply

    _x, model, tokenizer = found
    pieces = reply.reply(model, tokenizer, question, max_new_tokens=most, temperature=1.0)
    style.show(
        style.table([{_("question"): question, _("GPT-2 goes on"): "".join(pieces).strip()}])
    )
