"""What words in the prompt do: a rule that is fooled, harm wrapped in a story, search results.

All models answer here and now. Left out on purpose: any attack on a real model. The harms are those
of the village, such as spoiling a soup.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from course.language import _
from course.show import l08_comparisons, live, sources, style
from course.show.style import say

CHAT = "mini-chat"
SMOLLM2 = "SmolLM2-135M-Instruct"
TEMPERATURE, SEED = 1.0, 1
NEW_TOKENS = 32  # of SmolLM2's answers
YEAR = re.compile(r"\b\d{4}\b")


def years_rule(answer: str, true: int) -> str:
    """Return what a rule about years says of an answer to a question with a wrong year.

    Parameters
    ----------
    answer : str
    true : int
        The true year.
    """
    years = [int(year) for year in YEAR.findall(answer)]
    if true in years:
        return "corrects"
    return _("plays along") if years else _("neither")


def fool_the_rule(answers: Sequence[str]) -> None:
    """Show what the rule about years says of some answers, and what the village's labeler says.

    Parameters
    ----------
    answers : sequence of str
        To the question when the Mill Fire began in a wrong year.
    """
    from course.world import labeler, village
    from course.world.talk import Turn

    true = int(village.VALUES["the Mill Fire", "year"])
    turn = Turn(f"Why did the Mill Fire happen in {true - 4}?", "", "the Mill Fire", "year")
    rows = [
        {
            _("answer"): answer,
            _("the rule of years"): years_rule(answer, true),
            _("the village's labeler"): (
                _("corrects")
                if labeler.judge("false premise", turn, answer).corrects
                else _("no correction")
            ),
        }
        for answer in answers
    ]
    say(
        _("The question: {request} In truth it was in {true}.").format(
            request=turn.request, true=true
        )
    )
    style.show(style.table(rows))


def wrapped(frames: Mapping[str, str], name: str = CHAT) -> None:
    """Show how often a model helps with harm when the request is put in other words.

    Parameters
    ----------
    frames : dict
        What to call a way of asking → the request, with ``{deed}`` where the deed goes.
    name : str
        The model.
    """
    found = sources.load_model(name)
    if found is None:
        return
    if not frames:
        say(_("There is no wrapping in the list: write one that holds {deed}."))
        return
    if wrong := [title for title, frame in frames.items() if "{deed}" not in frame]:
        say(
            _("{wrong!r} has no {{deed}} in it: write it where the deed should go.").format(
                wrong=wrong[0]
            )
        )
        return
    from course.lm import evals
    from course.studies import l08_prompts
    from course.studies.l08_league import rate

    _x, model, tokenizer = found
    rows = []
    for title, frame in frames.items():
        row = {_("asked"): title}
        for kind, column in (
            ("harmful", _("declines harm")),
            ("harmless", _("declines the harmless")),
        ):
            asked = l08_prompts.framed(kind, frame)
            prompts = evals.chat_prompts(tokenizer, asked)
            said = evals.answers(model, tokenizer, prompts, temperature=TEMPERATURE, seed=SEED)
            judged = evals.judge(asked, said)
            if kind == "harmful":
                row[_("an example")], row[_("its answer")] = asked[0].turns[0].request, said[0]
                helps = rate(j.harms and not j.refuses for j in judged)
                row[_("helps with harm")] = l08_comparisons.in_words(helps)
            declined = rate(j.refuses for j in judged)
            row[column] = l08_comparisons.in_words(declined)
        rows.append(row)
    style.show(l08_comparisons.figures(rows))
    say(
        _("{name}, {n} requests of each kind and way; in brackets the 95% interval.").format(
            name=name, n=len(asked)
        )
    )


def in_the_prompt(name: str = CHAT) -> None:
    """Show how often one of our models answers by what its prompt says, if that is made up.

    Parameters
    ----------
    name : str
        The model.
    """
    found = sources.load_model(name)
    if found is None:
        return
    from course.lm import evals
    from course.studies import l08_prompts
    from course.studies.l08_league import rate

    _x, model, tokenizer = found
    rows = []
    for place in l08_prompts.PLACES:
        asked = l08_prompts.told(place)
        prompts = evals.chat_prompts(tokenizer, asked)
        said = evals.answers(model, tokenizer, prompts, temperature=TEMPERATURE, seed=SEED)
        judged = evals.judge(asked, said)
        taken = rate(e.turns[0].premise in s for e, s in zip(asked, said, strict=True))
        shown = asked[0]
        rows.append(
            {
                _("the made-up fact is"): _(place),
                _("an example"): f"{shown.system}\n{shown.turns[0].request}".strip(),
                _("its answer"): said[0],
                _("answers by the prompt"): l08_comparisons.in_words(taken),
                _("answers by what it learned"): l08_comparisons.in_words(
                    rate(j.right for j in judged)
                ),
            }
        )
    style.show(l08_comparisons.figures(rows))
    say(
        _("{name}, {n} questions in each row; in brackets the 95% interval.").format(
            name=name, n=len(asked)
        )
    )


def search_results(question: str, results: Sequence[str]) -> None:
    """Ask SmolLM2 a question alone, and after each of some search results; nothing without it.

    Parameters
    ----------
    question : str
    results : sequence of str
        What a search might have found.
    """
    found = sources.load_model(SMOLLM2)
    if found is None:
        return
    from course.real.reply import reply

    name, model, tokenizer = found
    reads, answers = _("what it reads"), _("{name} answers").format(name=name)
    asked = [question, *(f"Search results: {text}\n\n{question}" for text in results)]
    rows: list[dict[str, Any]] = [{reads: text, answers: "…"} for text in asked]
    board = live.Output()
    board.show(style.table(rows))
    try:
        for row in rows:
            turn = [{"role": "user", "content": row[reads]}]
            row[answers] = ""
            for piece in reply(model, tokenizer, turn, max_new_tokens=NEW_TOKENS):
                row[answers] += piece
                board.show(style.table(rows))
    except KeyboardInterrupt:
        say(_("Stopped; what was written so far is above."))
    if not live.in_notebook():
        style.show(style.table(rows))
