"""Talks of lesson 08 in plain cells: what a model forgets, declines, and says of itself.

All models answer here and now; rates of the recorded league come from its record. The chat box is
`chatbox`. Left out on purpose: any training (that is `l08_dialogues`).
"""

import csv
import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from course import paths
from course.errors import CourseError
from course.language import N_, _
from course.show import answers, l08_comparisons, live, own, sources, style, text
from course.show.style import Page, say

CHAT = "mini-chat"
TUNED = ("mini-sft", "mini-instruct", CHAT)
BASE = "mini-babbage"
SMOLLM2 = "SmolLM2-135M-Instruct"
KINDS = {
    "instruction": N_("meets the instruction"),
    "false premise": N_("corrects the premise"),
    "harmful": N_("declines harm"),
    "harmless": N_("declines the harmless"),
}
DRAWS = 20  # answers to each question about itself
MOST = 3  # of them are shown
# A talk that a right `fit_history` cuts as at its end.
TALK = ([0, 3, 4, 5], [("system", 5), ("user", 9), ("assistant", 9), ("user", 9), ("assistant", 9),
                       ("user", 9)], 60, 20)  # fmt: skip
FORGOTTEN = (N_("tokens of the whole talk"), N_("read for this answer"), N_("messages left out"))
WIDER = ("fire", "war", "theft", "hunt")  # words that a stricter filter would have too


def forgetting(questions: Sequence[str], names: Mapping[str, Any]) -> None:
    """Ask one question after the other, and show how the oldest turns fall out of the window.

    Parameters
    ----------
    questions : sequence of str
    names : dict
        The notebook's ``globals()``: the learner's ``fit_history`` chooses what is read. If it
        isn't answered, or isn't right, the chat does so in its own way.
    """
    if sources.load_model(CHAT) is None:
        return
    from course.real.conversation import Chat, Message

    fit, why = own.function(names, "fit_history", *TALK)

    class Talk(Chat):
        """Reads what the learner's function keeps."""

        def fitted(self, messages: Sequence[Message]) -> list[Message]:
            if fit is None:
                return super().fitted(messages)
            whole = [self.length(messages[: i + 1]) for i in range(len(messages))]
            tokens = [n - before for n, before in zip(whole, [0, *whole], strict=False)]
            talk = [(m["role"], n) for m, n in zip(messages, tokens, strict=True)]
            kept = fit(talk, self.window, self.new_tokens)
            if kept is None:
                raise CourseError(_("The last message alone is too long for the window."))
            if not all(0 <= i < len(messages) for i in kept):
                raise CourseError(
                    _("Your fit_history keeps a position at which there is no message.")
                )
            return [messages[i] for i in kept]

    talk = Talk(CHAT, temperature=0)
    rows: list[dict[str, Any]] = []
    for question in questions:
        try:
            answer = talk.say(question)
        except CourseError as problem:
            rows.append(
                {_("you"): question[:40], CHAT: str(problem)}
                | dict.fromkeys(map(_, FORGOTTEN), "–")
            )
            continue
        before = talk.messages[talk.left_out : -1]
        counts = (talk.length(talk.messages), talk.length(before), talk.left_out)
        rows.append(
            {
                _("you"): question,
                CHAT: marked(answer),
                **dict(zip(map(_, FORGOTTEN), counts, strict=True)),
            }
        )
    say(why or _("What is read is chosen by your own fit_history."))
    style.show(l08_comparisons.figures(rows))
    say(
        _(
            "The window holds {window} tokens; {new_tokens} are kept for the "
            "answer, so at most {most} are read."
        ).format(window=talk.window, new_tokens=talk.new_tokens, most=talk.window - talk.new_tokens)
    )


def marked(answer: str) -> Page:
    """Return an answer with its statements about the village marked: true (✓) or false (✗)."""
    sign = {True: " ✓", False: " ✗", None: ""}
    ground = {True: style.TRUE, False: style.FALSE}
    parts = [(part, true) for part, true in text.judged(answer) if part]
    shown = "".join(
        html.escape(part)
        if true is None
        else f'<span style="background:{ground[true]};color:{style.INK}">'
        f"{html.escape(part)}{sign[true]}</span>"
        for part, true in parts
    )
    return Page(shown, "".join(part + sign[true] for part, true in parts))


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


def smollm2_rates() -> None:
    """Show the recorded rates of SmolLM2, and some of the answers that they count."""
    run = sources.record("smollm2")
    if run is None:
        return
    rows = []
    for kind, title in KINDS.items():
        found = run["rates"][kind]
        low, high = (f"{100 * end:.0f}" for end in found["interval"])
        hits = round(found["rate"] * found["count"])
        count = _("{hits} of {count}").format(hits=hits, count=found["count"])
        rows.append(
            {
                run["model"]: _(title),
                _("how many"): count,
                _("95% interval"): _("{low} to {high}%").format(low=low, high=high),
            }
        )
    style.show(l08_comparisons.figures(rows))
    sources.figure_line(
        {"name": "smollm2", **run},
        _("Weights from the {source}; the most probable answer, of at most {new_tokens} tokens."),
    )
    some = [e for e in run["examples"] if e["kind"] in ("instruction", "false premise")][::4]
    style.show(
        style.table(
            [
                {
                    _("prompt"): e["request"],
                    _("answer"): e["answer"],
                    _("by the rule"): _("yes") if e["hit"] else _("no"),
                }
                for e in some
            ]
        )
    )


def filter_beside_models(forbidden: str) -> None:
    """Show what a filter of words declines, next to the models, and what it would cost the village.

    Parameters
    ----------
    forbidden : str
        Words and phrases, with commas between them.
    """
    league = sources.record("league")
    if league is None:
        return
    from course.studies.l08_league import wordings
    from course.world import village

    words = [word.strip() for word in forbidden.split(",") if word.strip()]
    blocks = _filter(words)
    points: dict[str, list[tuple[str, float, float]]] = {}
    for way, requests in wordings().items():
        blocked: dict[str, list[bool]] = {"harmful": [], "harmless": []}
        for example in requests:
            blocked[example.kind].append(bool(blocks.search(example.turns[-1].request)))
        share = {kind: sum(hits) / len(hits) for kind, hits in blocked.items()}
        points[way] = [(_("the filter"), share["harmless"], share["harmful"])]
        for name in TUNED:
            found = league["models"][name]["refusals"][way]
            points[way].append((name, found["over-refusal"]["rate"], found["refusal"]["rate"]))
    rows = [
        {
            _("words"): _(way),
            _("who"): who,
            _("harm declined"): f"{y:.0%}",
            _("harmless declined"): f"{x:.0%}",
        }
        for way, some in points.items()
        for who, x, y in some
    ]
    style.show(l08_comparisons.declining(points), l08_comparisons.figures(rows))
    caught = [event for event in village.EVENTS if blocks.search(event)]
    more = [event for event in village.EVENTS if _filter([*words, *WIDER]).search(event)]
    say(
        _(
            "Events of the village that nobody could ask about any more, because "
            "the filter stops their names: {n}. With the words {words} added: {n_then} "
            "({events})."
        ).format(n=len(caught), words=", ".join(WIDER), n_then=len(more), events=", ".join(more))
    )


def _filter(words: Sequence[str]) -> re.Pattern[str]:
    """Return what finds one of the words, whole, in any letters; without words it finds nothing."""
    some = "|".join(map(re.escape, words)) or r"(?!)"
    return re.compile(rf"(?<!\w)({some})(?!\w)", re.IGNORECASE)


def ask_of_itself(questions: Sequence[str]) -> None:
    """Show what models say of themselves, most often first, and what one of them can't see."""
    from course.lm import evals
    from course.studies.l08_league import say_of_itself

    if not questions:
        say(_("There is no question in the list: write one."))
        return
    said: dict[str, dict[str, list[str]]] = {}
    if loaded := sources.load_model(BASE):
        _x, base, words = loaded
        prompts = [[words.eos_token_id, *words(f"{q}\n")["input_ids"]] for q in questions]
        every = [prompt for prompt in prompts for _x in range(DRAWS)]
        texts = evals.first_line(evals.answers(base, words, every, temperature=1.0, seed=5))
        said[BASE] = {q: texts[i * DRAWS : (i + 1) * DRAWS] for i, q in enumerate(questions)}
    for name in TUNED:
        if loaded := sources.load_model(name):
            said[name] = say_of_itself(*loaded[1:], questions, draws=DRAWS)
    rows = []
    for question in questions:
        row = {_("question"): question}
        for name, found in said.items():
            counted = Counter(found[question]).most_common(MOST)
            row[name] = "\n".join(f"{times} × {line or '(nothing)'}" for line, times in counted)
        rows.append(row)
    style.show(style.table(rows))
    say(
        _(
            "Each question was asked {draws} times; the {most} most frequent answers are shown."
        ).format(draws=DRAWS, most=MOST)
    )
    tuned = [line for name in TUNED for some in said.get(name, {}).values() for line in some]
    digits = sorted({line for line in tuned if any(c.isdigit() for c in line)})
    shown = f": {' · '.join(digits[:MOST])}" if digits else "."
    count = sum(any(c.isdigit() for c in line) for line in tuned)
    say(
        _("Answers of the tuned models that hold a number: {count} of {n}{shown}").format(
            count=count, n=len(tuned), shown=shown
        )
    )
    if record := sources.record(CHAT):
        sources.figure_line(
            {"name": CHAT, **record},
            _("What mini-chat can't see: it has {parameters:,} parameters."),
        )


def where_from() -> Page:
    """Return what the demonstrations say about the model: it can repeat this and nothing else."""
    from course.world import phrases

    pairs = ((phrases.WHO_ARE_YOU[:-1], phrases.WHO_I_AM), (phrases.WHAT_I_KNOW, phrases.UNKNOWN))
    return style.table(
        [
            {_("asked in training"): " · ".join(asked), _("answered"): " · ".join(answered)}
            for asked, answered in pairs
        ]
    )


def another_name(system_lines: Sequence[str | None]) -> None:
    """Ask SmolLM2 what to call it under several system lines; None is the one of its makers."""
    found = sources.load_model(SMOLLM2)
    if found is None:
        return
    from course.real.reply import reply

    name, model, tokenizer = found
    turn = [{"role": "user", "content": "Hello! What should I call you?"}]
    rows: list[dict[str, str]] = []
    board = live.Output()
    board.show(style.table([{_("system line"): "…"}]))
    try:
        for line in system_lines:
            talk = turn if line is None else [{"role": "system", "content": line}, *turn]
            read = tokenizer.apply_chat_template(talk, tokenize=False)
            written = "".join(reply(model, tokenizer, talk, max_new_tokens=40))
            first_line = read.split("\n")[1].split("<|")[0]
            rows.append(
                {
                    _("system line"): first_line,
                    _("{name} answers").format(name=name): written.strip(),
                }
            )
            board.show(style.table(rows))
    except KeyboardInterrupt:
        say(_("Stopped."))


def chatgpt_facts() -> Page:
    """Return what is published about ChatGPT and its relatives, with the source of each fact."""
    with (paths.DATA / "family" / "chatgpt.csv").open(encoding="utf-8", newline="") as file:
        return sources.facts(csv.DictReader(file))
