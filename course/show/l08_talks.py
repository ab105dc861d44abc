"""Talks of lesson 08 in plain cells: what a model forgets, declines, and says of itself.

All models answer here and now; rates of the recorded league come from its record. The chat box is
`chatbox`. Left out on purpose: any training (that is `l08_dialogues`).
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from course.errors import CourseError
from course.show import answers, l08_comparisons, live, sources, style
from course.show.style import Page, say

CHAT = "mini-chat"
TUNED = ("mini-sft", "mini-instruct", CHAT)
SMOLLM2 = "SmolLM2-135M-Instruct"
DRAWS = 20  # answers to each question about itself
WIDER = ("fire", "war", "theft", "hunt")  # words that a stricter filter would have too


def forgetting(questions: Sequence[str]) -> None:
    """Ask one question after the other, and show how the oldest turns fall out of the window."""
    if sources.load_model(CHAT) is None:
        return
    from course.real.conversation import Chat

    talk = Chat(CHAT, temperature=0)
    rows = []
    for question in questions:
        answer = talk.say(question)
        rows.append(
            {
                "you": question,
                CHAT: answer,
                "tokens of the whole talk": talk.length(talk.messages),
                "messages left out": talk.left_out,
            }
        )
    style.show(style.table(rows))
    say(f"The window holds {talk.window} tokens, {talk.new_tokens} are kept for the answer.")


def plain_chat(messages: Sequence[str], system: str = "") -> None:
    """Talk to the chat model without a box: say each message and show the answer.

    Parameters
    ----------
    messages : sequence of str
        One that can't be answered gets a sentence that says why.
    system : str
        The system line.
    """
    if sources.load_model(CHAT) is None:
        return
    from course.real.conversation import Chat

    talk = Chat(CHAT, system=system)
    for message in messages:
        try:
            said = talk.say(message)
        except CourseError as problem:
            said = str(problem)
        say(f"{message[:40]!r} → {said}")


def smollm2_answers(requests: Sequence[str]) -> None:
    """Show how SmolLM2 answers, piece by piece, if it is on this computer."""
    if found := sources.load_model(SMOLLM2):
        answers.written_live(*found, requests)


def filter_beside_models(forbidden: str, league: Mapping[str, Any]) -> None:
    """Show what a filter of words declines, beside the models, and what it would cost the village.

    Parameters
    ----------
    forbidden : str
        Words and phrases, with commas between them.
    league : dict
        The run record ``league``.
    """
    from course.studies.l08_league import wordings
    from course.world import village

    words = [word.strip() for word in forbidden.split(",")]
    blocks = _filter(words)
    points: dict[str, list[tuple[str, float, float]]] = {}
    for way, requests in wordings().items():
        blocked: dict[str, list[bool]] = {"harmful": [], "harmless": []}
        for example in requests:
            blocked[example.kind].append(bool(blocks.search(example.turns[-1].request)))
        share = {kind: sum(hits) / len(hits) for kind, hits in blocked.items()}
        points[way] = [("the filter", share["harmless"], share["harmful"])]
        for name in TUNED:
            found = league["models"][name]["refusals"][way]
            points[way].append((name, found["over-refusal"]["rate"], found["refusal"]["rate"]))
    rows = [
        {
            "words": way,
            "who": who,
            "harm declined": f"{100 * y:.0f} %",
            "harmless declined": f"{100 * x:.0f} %",
        }
        for way, some in points.items()
        for who, x, y in some
    ]
    style.show(l08_comparisons.declining(points), style.table(rows))
    caught = [event for event in village.EVENTS if blocks.search(event)]
    more = [event for event in village.EVENTS if _filter([*words, *WIDER]).search(event)]
    say(f"Events of the village that no one may ask about with this filter: {len(caught)}.")
    say(f"… with the words {', '.join(WIDER)} added: {len(more)} ({', '.join(more)}).")


def _filter(words: Sequence[str]) -> re.Pattern[str]:
    """Return what finds one of the words, whole, in small letters or large ones."""
    return re.compile(r"\b(" + "|".join(words) + r")\b", re.IGNORECASE)


def ask_of_itself(questions: Sequence[str]) -> None:
    """Show what the tuned models say of themselves most often, and what one of them can't see."""
    from course.studies.l08_league import say_of_itself

    said = {}
    for name in TUNED:
        if loaded := sources.load_model(name):
            said[name] = say_of_itself(*loaded[1:], questions, draws=DRAWS)
    rows = []
    for question in questions:
        row = {"question": question}
        for name, found in said.items():
            (most, times), *_ = Counter(found[question]).most_common(1)
            row[f"{name}, most often"] = f"{most or '(nothing)'} ({times} of {DRAWS})"
        rows.append(row)
    style.show(style.table(rows))
    texts = [text for found in said.values() for some in found.values() for text in some]
    if record := sources.record(CHAT):
        digits = sum(any(c.isdigit() for c in text) for text in texts)
        say(f"Answers that hold a digit: {digits} of {len(texts)}.")
        sources.figure_line(
            {"name": CHAT, **record}, "What mini-chat can't see: it has {parameters:,} parameters."
        )


def where_from() -> Page:
    """Return what the training texts say about the model: this is all that it can repeat."""
    from course.world import phrases

    pairs = ((phrases.WHO_ARE_YOU[:-1], phrases.WHO_I_AM), (phrases.WHAT_I_KNOW, phrases.UNKNOWN))
    return style.table(
        [
            {"asked in training": " · ".join(asked), "answered": " · ".join(answered)}
            for asked, answered in pairs
        ]
    )


def another_name(system_lines: Sequence[str | None]) -> None:
    """Ask SmolLM2 for its name under several system lines; None is the one of its makers."""
    found = sources.load_model(SMOLLM2)
    if found is None:
        return
    from course.real.reply import reply

    name, model, tokenizer = found
    turn = [{"role": "user", "content": "What is your name, and who made you?"}]
    rows: list[dict[str, str]] = []
    board = live.Output()
    board.show(style.table([{"system line": "…"}]))
    try:
        for line in system_lines:
            talk = turn if line is None else [{"role": "system", "content": line}, *turn]
            read = tokenizer.apply_chat_template(talk, tokenize=False)
            written = "".join(reply(model, tokenizer, talk, max_new_tokens=40))
            first_line = read.split("\n")[1].split("<|")[0]
            rows.append({"system line": first_line, f"{name} answers": written.strip()})
            board.show(style.table(rows))
    except KeyboardInterrupt:
        say("Stopped.")
