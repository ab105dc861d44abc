"""The live parts of lesson 08: a dialogue as tokens, fine-tuning on dialogues, a small league.

The live parts take less than a minute on two cores, can be interrupted (the lesson goes on with the
recorded runs) and give the same figures again, by their seed.
"""

import html
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from course.errors import CourseError
from course.show import style, text
from course.show.l01_training import bar
from course.show.sources import demo_seconds

LEARNED = style.TRUE  # ground of a token that is learned from, as in lesson 05
BOX = "border-radius:4px;padding:2px 3px;margin:1px;display:inline-block;white-space:pre"
FOLLOWED = 40  # dialogues in a live test


def conversation(tokenizer: Any, messages: Sequence[Mapping[str, str]]) -> style.Page:
    """Return a conversation as the model reads it, a line a message, learned tokens in green.

    Parameters
    ----------
    tokenizer : PreTrainedTokenizerFast
        With a chat template.
    messages : sequence of dict
        ``role`` and ``content``.
    """
    lines, plain, before = [], [], 0
    for i, message in enumerate(messages):
        rendered = tokenizer.apply_chat_template(messages[: i + 1], tokenize=False)
        parts = text.pieces(tokenizer, rendered)[before:]
        before += len(parts)
        boxes = "".join(
            f'<span style="{BOX};color:{style.INK};background:'
            f'{LEARNED if k and message["role"] == "assistant" else style.GRID}">'
            f"{html.escape(part)}</span>"
            for k, part in enumerate(parts)
        )
        lines.append(f'<div style="line-height:2">{boxes}</div>')
        plain.append("|".join(parts))
    note = f"{before} tokens; green: the model learns to write them"
    return style.Page(
        f'{"".join(lines)}<div style="font-size:85%;opacity:0.8">{note}</div>',
        "\n".join([*plain, note]),
    )


class Progress:
    """One line that is drawn again in its place: a bar, and what goes on."""

    def __init__(self) -> None:
        self.handle: Any = None

    def show(self, part: float, status: str) -> None:
        """Draw the bar at `part`, from 0 to 1; a terminal gets the line."""
        from IPython.display import display

        drawn = bar(part, html.escape(status))
        if self.handle is None:
            self.handle = display(drawn, display_id=True)
        elif self.handle:
            self.handle.update(drawn)


@contextmanager
def interruptible(progress: Progress) -> Iterator[None]:
    """Turn an interruption, or a thing that is missing, into one sentence."""
    try:
        yield
    except KeyboardInterrupt:
        progress.show(
            1, "Stopped. The recorded run is here all the same; run the cell for a new try."
        )
    except CourseError as error:
        progress.show(1, f"{error} So the live part is left out.")


def live_dialogues(dialogues: int = 1_000, seconds: float = 40, seed: int = 1) -> Any | None:
    """Fine-tune the SFT model on dialogues in front of the reader's eyes, and measure what it did.

    Parameters
    ----------
    dialogues : int
        Dialogues, and as many single requests mixed in.
    seconds : float
        How long it may train; ``COURSE_DEMO_SECONDS`` overrides it.
    seed : int
        Of everything.

    Returns
    -------
    GPT2LMHeadModel or None
        The model after training; None if it was interrupted or an answer of lesson 05 is missing.
    """
    from course.lm import model
    from course.stages import chat, exercises, sft
    from course.stages.context import rehearsed
    from course.stages.stage import SFT

    progress = Progress()
    with interruptible(progress):
        progress.show(0, "Writing the dialogues …")
        hearts = exercises.load(*SFT)
        if hearts.origin == "work":
            style.say("With your own loss_mask and sft_loss of lesson 05.")
        (before, tokenizer), (mini, _) = model.load("mini-sft"), model.load("mini-sft")
        examples = list(chat.chat_examples(dialogues, 500 + seed))
        steps = sft.sft(
            mini,
            tokenizer,
            examples,
            **hearts,
            recipe=replace(chat.DIALOGUES, epochs=2),
            web=rehearsed(tokenizer, 2500 + seed),
            seed=seed,
        )
        limit, losses = demo_seconds(seconds), []
        for p in steps:
            losses.append(p.loss)
            recent = sum(losses[-20:]) / len(losses[-20:])
            progress.show(p.step / p.steps, f"step {p.step} of {p.steps} · loss {recent:.2f}")
            if p.seconds > limit:
                break
        mini.eval()
        progress.show(1, "Asking both models …")
        asked = dialogue_tests()
        rows = [
            {"model": name} | _measured(who, tokenizer, asked)
            for name, who in (("mini-sft", before), ("after these dialogues", mini))
        ]
        ended = "" if p.step == p.steps else f", stopped by the clock at step {p.step}"
        progress.show(1, f"{2 * dialogues:,} conversations in {p.seconds:.0f} s{ended}.")
        _display(style.table(rows))
        return mini
    return None


def dialogue_tests() -> list[Any]:
    """Return dialogues about people that no training was about."""
    from course.world import talk

    return list(talk.examples(FOLLOWED, "test", 31, kinds=("dialogue",)))


def _measured(mini: Any, tokenizer: Any, dialogues: Sequence[Any]) -> dict[str, str]:
    from course.lm import evals

    found = evals.follows(dialogues, evals.play(mini, tokenizer, dialogues, seed=1))
    rates, _ = evals.measure(mini, tokenizer, evals.asked_in("test", 150), seed=1)
    shown = {
        "keeps to the dialogue": found["dialogue"],
        "and is right": found["dialogue_truth"],
        "answers single questions truly": rates["truth"],
        "corrects a false premise": rates["false_premise"],
        "declines harm": rates["refusal"],
    }
    return {key: f"{100 * value:.0f} %" for key, value in shown.items()}


def live_league(*names: str, paired: int = 150, asked: int = 60) -> dict[str, Any] | None:
    """Let some models answer the same requests, here and now.

    Parameters
    ----------
    *names : str
        Entrants of ``league.ENTRANTS``.
    paired, asked : int
        Requests for the wins, and for each rate.

    Returns
    -------
    dict or None
        ``models`` (name → figures) beside the standings; None if it was interrupted.
    """
    from course.lm import model
    from course.studies import l08_league as league

    progress, table = Progress(), {}
    known = {entrant.name: entrant for entrant in league.ENTRANTS}
    with interruptible(progress):
        playing = [known[name] for name in names]
        progress.show(0, f"{names[0]} is answering …")
        done = league.play(model.load, (), entrants=playing, paired=paired, asked=asked, seed=2)
        for name, figures in done:
            table[name] = figures
            following = names[len(table)] if len(table) < len(names) else "The labeler"
            progress.show(min(1, len(table) / len(names)), f"{following} is at work …")
        standing = table.pop("")
        seconds = sum(figures["seconds"] for figures in table.values())
        progress.show(1, f"{len(names)} models, {paired} requests for the wins, {seconds:.0f} s.")
        return {"models": table, **standing}
    return None


def _display(thing: Any) -> None:
    from IPython.display import display

    display(thing)
