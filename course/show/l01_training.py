"""A model learns in front of your eyes: its loss, and what it writes, drawn again as it goes.

The training itself is the engine's; what a live demo does is `course.show.live`'s. How many tokens
are read is planned by the computer's speed, so that the learning rate comes down to its end in time
everywhere. Left out on purpose: several runs in a picture.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from course.language import N_, _
from course.show import live, sources, style, text
from course.show.charts import level, note, set_ticks
from course.show.sizes import short

if TYPE_CHECKING:
    from course.lm.model import Size

SHOWN_STEPS = (50, 500)  # after which the model writes a text, as in the recorded run
START = "Facts:"  # what it goes on with
CURVE_POINTS = 150
FEW = 200  # steps: after fewer the live run hasn't come to words yet
TICKS = (0.3, 0.5, 0.7, 1, 2, 3, 5, 7, 10)


class LossCurve:
    """The picture of a run: on the left it grows, on the right is the whole recorded run.

    Parameters
    ----------
    entropy : float
        Nats a token; the dashed line.
    tokens : int
        How many the run will see.
    recorded : dict or None
        A run record with ``curve``, ``loss`` and ``recipe``.
    name : str
        Of the model, for its colour.
    """

    def __init__(
        self, entropy: float, tokens: int, recorded: Mapping[str, Any] | None, name: str
    ) -> None:
        form: dict[str, Any] = {"width": 9.2, "height": 3.7, "sharey": True}
        ratios = [3, 2] if recorded is not None else [1]
        with style.picture(len(ratios), width_ratios=ratios, **form) as (self.picture, axes):
            left = axes[0]
            (self.line,) = left.plot([], [], color=style.colour(name))
            (self.dot,) = left.plot([], [], "o", color=style.colour(name), ms=6)
            self.label = note(left, "", (0, 1), (8, 6), color=style.colour(name), fontsize=13)
            left.set(xlim=(0, 1.14 * tokens / 1e6), yscale="log", ylim=(0.8 * entropy, 9))
            left.set_xlabel(_("million tokens read"))
            left.set_ylabel(_("loss (nats a token, log scale)"))
            left.set_title(_("Live, on this computer"))
            set_ticks(left, "y", TICKS)
            left.set_ylim(0.8 * entropy, 9)
            level(
                left, entropy, _("true entropy of the text {entropy:.2f}").format(entropy=entropy)
            )
            if recorded is not None:
                right = axes[1]
                level(right, entropy)
                seen, losses = zip(*recorded["curve"], strict=True)
                right.plot(
                    [t / 1e6 for t in seen], losses, color=style.colour(name), alpha=0.45, lw=1.8
                )
                right.axvline(tokens / 1e6, color=style.ACCENT, lw=1.5)
                note(
                    right, _("{loss:.2f} on\nnew text").format(loss=recorded["loss"]),
                    (seen[-1] / 1e6, losses[-1]), (0, 14), ha="right", color=style.QUIET,
                )  # fmt: skip
                right.set_xlim(0, 1.02 * seen[-1] / 1e6)
                right.set_xlabel(_("million tokens read"))
                note(
                    right, _("the live run ends here"), (tokens / 1e6, 0.97), (5, 0),
                    xycoords=("data", "axes fraction"), va="top", color=style.ACCENT,
                )  # fmt: skip
                right.set_title(_("A longer run, recorded"))

    def draw(self, curve: Sequence[tuple[int, float]], scale: float) -> Any:
        """Return the picture with `curve`, [(tokens, nats a token), …], for display."""
        seen, losses = [t / 1e6 for t, _x in curve], [loss for _x, loss in curve]
        self.line.set_data(seen, losses)
        self.dot.set_data(seen[-1:], losses[-1:])
        if curve:
            self.label.set_text(f"{losses[-1]:.2f}")
            self.label.xy = (seen[-1], losses[-1])
            self.picture.alt = _(
                "Loss curve of the live run: from {first:.2f} to {last:.2f} nats a "
                "token after {tokens} tokens."
            ).format(first=losses[0], last=losses[-1], tokens=short(curve[-1][0]))
        bundle = self.picture.bundle(scale)
        self.picture.figure.set_layout_engine("none")  # what is laid out stays: half of the time
        return bundle


def loss_curve(recorded: Mapping[str, Any]) -> style.Picture:
    """Return the picture of a recorded run: its loss, falling towards the true entropy.

    Parameters
    ----------
    recorded : dict
        A run record with ``name``, ``curve`` ([tokens, nats a token]), ``entropy``, ``loss``.
    """
    curve = LossCurve(
        recorded["entropy"], recorded["curve"][-1][0], None, recorded.get("name", "mini-babbage")
    )
    curve.picture.axes[0].set_title(
        _("{name}, recorded").format(name=recorded.get("name", "A run"))
    )
    curve.draw(recorded["curve"], 1.0)
    return curve.picture


class LiveTraining(live.Demo):
    """A new model is pre-trained; ``texts`` and ``recall`` (share of all facts) go by step."""

    instead = N_("is the recorded run")

    def __init__(self, seconds: float, name: str, size: "Size | None", seed: int) -> None:
        super().__init__(seconds)
        self.name, self.size, self.seed = name, size, seed
        self.losses: list[tuple[int, float]] = []
        self.texts: dict[int, str] = {}
        self.recall: dict[int, float] = {}
        self.tokens = 0
        self.table = live.Output()

    @property
    def curve(self) -> list[tuple[int, float]]:
        """Return [(tokens, nats a token), …], thinned."""
        return thinned(self.losses, len(self.losses) if self.over else self.planned)

    def load(self) -> None:
        """Make a new model."""
        from course.lm import model, tokenizer

        self.tokenizer = tokenizer.load()
        size = self.size or model.SIZES[self.name]
        self.model = model.new(size, self.seed, len(self.tokenizer))
        self.past = sources.record(self.name)

    def prepare(self) -> None:
        """Write the first texts of the village."""
        from course.lm import data
        from course.stages import base

        self.progress.show(live.bar(0, _("Writing the first texts of the village …")))
        self.recipe = base.QUICK
        rows = data.web_rows(self.tokenizer, self.seed)
        self.batches = data.batches(rows, self.recipe.batch)
        self.first = next(self.batches)
        self.entropy = self.past["entropy"] if self.past else _entropy(self.tokenizer)

    def training(self, model: Any, trial: bool) -> Iterator[Any]:
        """Return the training, which goes on writing texts; a trial reads the same ones again."""
        from course.lm import train

        more = itertools.repeat(self.first) if trial else self.batches
        batches = itertools.chain([self.first], more)
        return train.pretrain(model, batches, self.recipe, self.tokenizer.pad_token_id)

    def plan(self, steps: int) -> None:
        """Read as many tokens as fit."""
        tokens = steps * self.recipe.batch * self.model.config.n_positions
        self.recipe, self.planned = replace(self.recipe, tokens=tokens), steps
        self.picture = LossCurve(self.entropy, tokens, self.past, self.name)

    def marks(self) -> set[int]:
        """Return the steps at which the recorded run writes a text too."""
        return set(SHOWN_STEPS)

    def take(self, p: Any) -> None:
        """Keep loss and tokens."""
        self.losses.append((p.tokens, p.loss))
        self.tokens, self.planned = p.tokens, p.steps

    def watch(self) -> None:
        """Have the model write a text and complete all facts of the village; show it."""
        from course.lm import evaluate, sample

        self.texts[self.done] = sample.continue_text(self.model, self.tokenizer, START, seed=1)
        hits = evaluate.recalled(self.model, self.tokenizer)
        self.recall[self.done] = sum(hits) / len(hits)
        self.table.show(self._texts())

    def _texts(self) -> style.Page:
        notes = {
            step: _("knows {share:.0%} of the facts").format(share=share)
            for step, share in self.recall.items()
        }
        return text.texts(
            self.texts, ("step", _("after “{beginning}” it writes").format(beginning=START)), notes
        )

    def draw(self, scale: float) -> Any:
        """Draw the loss so far."""
        return self.picture.draw(self.curve, scale)

    def figures(self) -> str:
        """Return speed and loss."""
        loss = _(" · loss {losses:.2f}").format(losses=self.losses[-1][1]) if self.losses else ""
        return _("{speed:,.0f} tokens a second{loss}").format(speed=self._speed(), loss=loss)

    def _speed(self) -> float:
        return self.tokens / max(self.seconds, 1e-9)

    def conclude(self) -> None:
        """Say how the loss fell; a terminal gets the texts only now."""
        if not live.in_notebook():
            print(self._texts().text)
        self.tell(
            _(
                "This run: {done:,} steps, {tokens} tokens in {seconds:.0f} s "
                "({speed:,.0f} tokens a second). The loss fell from {first:.2f} to "
                "{last:.2f} nats a token; the entropy is {entropy:.2f}."
            ).format(
                done=self.done,
                tokens=short(self.tokens),
                seconds=self.seconds,
                speed=self._speed(),
                first=self.curve[0][1],
                last=self.curve[-1][1],
                entropy=self.entropy,
            )
        )
        if self.done < FEW:
            style.say(
                _(
                    "{done:,} steps are too few to answer the questions above: this "
                    "computer is slow, or busy with other things. Take the answers from "
                    "the recorded run and from the next demo, or run this cell again with "
                    "more seconds."
                ).format(done=self.done)
            )

    def recorded(self) -> None:
        """Draw the recorded run with its texts."""
        if past := sources.record(self.name):
            style.show(loss_curve(past), text.texts(past["texts"]))


def live_training(
    seconds: float = 50.0,
    *,
    name: str = "mini-babbage",
    size: "Size | None" = None,
    seed: int = 1,
) -> LiveTraining | None:
    """Pre-train a new mini-GPT in front of the reader's eyes.

    Parameters
    ----------
    seconds : float
        How long it may take; ``COURSE_DEMO_SECONDS`` overrides it. Loading torch comes on top.
    name : str
        The size of the model, and of the recorded run next to it.
    size : Size, optional
        Another size than `name` has.
    seed : int
        Of weights and text.

    Returns
    -------
    LiveTraining or None
        None while grading, and where the tokenizer is missing.
    """
    return LiveTraining(seconds, name, size, seed).run()


def _entropy(tokenizer: Any) -> float:
    """Return the true entropy of the village's text, in nats a token."""
    from course.lm import data, evaluate
    from course.world import web

    corpus = list(web.documents(evaluate.DOCUMENTS, evaluate.SEED))
    ids = data.encode(tokenizer, [d.text for d in corpus])
    return -sum(d.logprob for d in corpus) / sum(len(i) + 1 for i in ids)


def thinned(losses: Sequence[tuple[int, float]], steps: int) -> list[tuple[int, float]]:
    """Return the curve that is drawn: the first 20 losses, then means over equal stretches.

    Parameters
    ----------
    losses : sequence of (tokens, nats a token)
        Of every step so far.
    steps : int
        Of the whole run; a stretch is one part of `CURVE_POINTS` of it.
    """
    length = max(1, steps // CURVE_POINTS)
    curve = list(losses[:20])
    for begin in range(20, len(losses), length):
        part = losses[begin : begin + length]
        if len(part) == length or not curve:
            curve.append((part[-1][0], sum(loss for _, loss in part) / len(part)))
    return curve
