"""The live parts of lesson 08: a dialogue as tokens, fine-tuning on dialogues, a small league.

How a live demo goes on is `course.show.live`'s. The recorded run of each has a cell of its own in
the lesson, so nothing is shown in their place.
"""

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from course.errors import CourseError
from course.language import N_, _
from course.seeds import stream
from course.show import charts, l08_comparisons, live, sources, style, text
from course.show.style import say
from course.stages.stage import SFT

START = "mini-sft"

LEARNED = style.TRUE  # ground of a token that is learned from, as in lesson 05
BOX = "border-radius:4px;padding:2px 3px;margin:1px;display:inline-block;white-space:pre"
FOLLOWED = 40  # dialogues in a live test
ENOUGH = 0.7  # of the training, below which its figures say little
STEPS = {
    "sft": "mini-sft",
    "dialogues": N_("after the dialogues"),
    "chat": N_("after PPO: mini-chat"),
}
# What is measured, in the words of the lesson: as a first message, and in the third turn of a talk.
MEASURED = {
    N_("keeps to the dialogue"): "dialogue",
    N_("… and is right"): "dialogue_truth",
    N_("answers single questions truly"): "truth",
    N_("corrects a false premise"): "false_premise",
    N_("… a false premise in the third turn"): "false_premise_in_talk",
    N_("declines harm"): "refusal",
    N_("… harm in the third turn"): "refusal_in_talk",
    N_("declines the harmless"): "over_refusal",
    N_("… the harmless in the third turn"): "over_refusal_in_talk",
}


def what_it_reads(messages: Sequence[Mapping[str, str]]) -> None:
    """Show a conversation as our models read it, see `conversation`."""
    from course.lm import tokenizer

    try:
        style.show(conversation(tokenizer.load(), messages))
    except CourseError as error:
        say(str(error))


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
    note = _("{before} tokens; green: the model learns to write them").format(before=before)
    return style.Page(
        f'{"".join(lines)}<div style="font-size:85%;opacity:0.8">{note}</div>',
        "\n".join([*plain, note]),
    )


class LiveDialogues(live.Demo):
    """The SFT model is fine-tuned on dialogues, and as many single requests."""

    needs = SFT
    measured = False
    least = 20

    def __init__(self, seconds: float, dialogues: int, seed: int) -> None:
        super().__init__(seconds)
        self.dialogues, self.seed = dialogues, seed
        self.losses: list[float] = []

    def load(self) -> None:
        """Load the model twice: as it is, and to be trained."""
        from course.lm import model

        self.before, self.tokenizer = model.load(START)
        self.model, _x = model.load(START)

    def prepare(self) -> None:
        """Write the dialogues."""
        from course.stages import chat

        self.progress.show(live.bar(0, _("Writing the dialogues …")))
        self.examples = list(
            chat.chat_examples(self.dialogues, stream("live/dialogues", self.seed))
        )
        self.recipe = replace(chat.DIALOGUES, epochs=2)
        self.planned = self.recipe.epochs * -(-len(self.examples) // self.recipe.batch)

    def training(self, model: Any, _: bool) -> Iterator[Any]:
        """Return the training."""
        from course.stages import sft
        from course.stages.context import rehearsed

        return sft.sft(
            model, self.tokenizer, self.examples, **self.exercises, recipe=self.recipe,
            web=rehearsed(self.tokenizer, stream("live/dialogues-web", self.seed)), seed=self.seed,
        )  # fmt: skip

    def take(self, p: Any) -> None:
        """Keep the loss."""
        self.losses.append(p.loss)

    def figures(self) -> str:
        """Return the loss, over some batches."""
        means = charts.running_mean(self.losses)
        return _("loss {loss:.2f}").format(loss=means[-1]) if means else ""

    def conclude(self) -> None:
        """Ask both models, and show what the dialogues have changed."""
        self.progress.show(live.bar(1, _("Asking both models …")))
        asked = dialogue_tests()
        models = {START: self.before, _("after these dialogues"): self.model}
        found = {name: _measured(mini, self.tokenizer, asked) for name, mini in models.items()}
        rows = [
            {_("what it does"): _(title)} | {name: rates[_(title)] for name, rates in found.items()}
            for title in MEASURED
        ]
        short = _(
            " These are figures of a half-trained model: draw no conclusion from them, and look at "
            "the recorded run below."
        )
        self.tell(
            _(
                "This run: {done:,} of {planned:,} steps over {n:,} conversations in "
                "{seconds:.0f} s.{short}"
            ).format(
                done=self.done,
                planned=self.planned,
                n=len(self.examples),
                seconds=self.seconds,
                short=short * (self.done < ENOUGH * self.planned),
            )
        )
        style.show(l08_comparisons.figures(rows))


def dialogue_record() -> None:
    """Show what the dialogues and PPO changed in the recorded run, as a table."""
    run = sources.record("mini-chat")
    if run is None:
        return
    rows = [
        {_("what it does"): _(title)}
        | {_(name): f"{run['rates'][step][key]:.0%}" for step, name in STEPS.items()}
        for title, key in MEASURED.items()
    ]
    style.show(l08_comparisons.figures(rows))
    by_ppo = run["rates"]["chat"]["dialogue"] - run["rates"]["dialogues"]["dialogue"]
    sources.figure_line(
        {"name": "mini-chat", "points": f"{100 * by_ppo:+.0f}".replace("-", "−"), **run},
        _("PPO changed the share that keeps to the dialogue by {points} percentage points."),
    )


def live_dialogues(
    seconds: float = 50.0, *, dialogues: int = 700, seed: int = 1
) -> LiveDialogues | None:
    """Fine-tune the SFT model on dialogues in front of the reader's eyes, and measure what it did.

    Parameters
    ----------
    seconds : float
        How long it may train; ``COURSE_DEMO_SECONDS`` overrides it. Loading torch comes on top.
    dialogues : int
        Dialogues, and as many single requests and talks mixed in.
    seed : int
        Of everything.

    Returns
    -------
    LiveDialogues or None
        None while grading, and where something is missing: the exercises of lesson 05, answered so
        that they pass their visible checks, or the SFT model.
    """
    return LiveDialogues(seconds, dialogues, seed).run()


def dialogue_tests() -> list[Any]:
    """Return dialogues about people that no training was about."""
    from course.world import talk

    return list(talk.examples(FOLLOWED, "test", 31, kinds=("dialogue",)))


def _measured(mini: Any, tokenizer: Any, dialogues: Sequence[Any]) -> dict[str, str]:
    from course.lm import evals

    found = evals.follows(dialogues, evals.play(mini, tokenizer, dialogues, seed=1))
    tests = evals.asked_in("test", 150)
    rates, _x = evals.measure(mini, tokenizer, tests, seed=1)
    rates |= found | evals.in_talk(mini, tokenizer, tests.talks, seed=1)
    return {_(title): f"{rates[key]:.0%}" for title, key in MEASURED.items()}


def live_league(*names: str, paired: int = 150, asked: int = 60) -> dict[str, Any] | None:
    """Let some models answer the same requests, here and now, and draw their ratings.

    Parameters
    ----------
    *names : str
        Entrants of the league.
    paired, asked : int
        Requests for the wins, and for each rate: few enough to take less than a minute.

    Returns
    -------
    dict or None
        ``models`` (name → figures) and the standings; None if it was interrupted, or a name is
        unknown.
    """
    from course.lm import model
    from course.studies import l08_league

    known = {entrant.name: entrant for entrant in l08_league.ENTRANTS}
    if unknown := [name for name in names if name not in known]:
        say(
            _("There is no {unknown!r} in the league: choose from {names}.").format(
                unknown=unknown[0], names=", ".join(known)
            )
        )
        return None
    if not names:
        say(_("A league needs models: choose from {names}.").format(names=", ".join(known)))
        return None
    progress, table = live.Output(), {}
    progress.show(live.bar(0, _("{names} is answering …").format(names=names[0])))
    entrants = [known[name] for name in names]
    played = l08_league.play(
        model.load, (), entrants=entrants, paired=paired, asked=asked, seed=2
    )  # fmt: skip
    try:
        for name, figures in played:
            table[name] = figures
            following = names[len(table)] if len(table) < len(names) else _("The labeler")
            part = min(1.0, len(table) / len(names))
            progress.show(live.bar(part, _("{following} is at work …").format(following=following)))
    except KeyboardInterrupt:
        say(_("Stopped. The recorded league is here all the same; run the cell for a new try."))
        return None
    except CourseError as error:
        say(_("{error} So the live part is left out.").format(error=error))
        return None
    standing = table.pop("")
    seconds = sum(figures["seconds"] for figures in table.values())
    progress.show(
        live.bar(
            1,
            _("{n} models, {paired} requests, {seconds:.0f} s.").format(
                n=len(table), paired=paired, seconds=seconds
            ),
        )
    )
    style.show(l08_comparisons.ratings(standing, _("Your league, answers drawn just now")))
    return {_("models"): table, **standing}
