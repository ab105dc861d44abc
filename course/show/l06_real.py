"""A reward model on a real model's replies: a desk for labels, the recorded run, and a live one.

Messages, replies, the labeler and the training are `course.studies.l06_real_reward`'s; how a live
demo goes on is `course.show.live`'s, and the desk `course.show.labeling`'s. Left out on purpose:
measuring what a learner's own labels teach against labels that nobody has seen; they are too few.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from course.language import N_, _
from course.show import labeling, live, sources, style
from course.show.charts import note, percent_ticks
from course.stages.stage import REWARD
from course.stats import interval, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RECORD, FILE = "smollm2_reward", "replies"
DESK, LEAST = 96, 30  # pairs on the desk, and labels from which on a learner's own are taken
SENTENCES = (
    "I am so happy for you, you did a wonderful job!",
    "A list of 12 steps is given in section 3 of the manual.",
)
MOST = 4  # sentences, and words of each that are named


# The desk -----------------------------------------------------------------------------------------


def _labels() -> labeling.Labels | None:
    from course.studies import l06_real_reward

    rows = l06_real_reward.pairs("train")[:DESK]
    return labeling.open_labels(rows, labeling.own_file(FILE))


def reply_desk() -> Any | None:
    """Return the desk for pairs of SmolLM2's replies; None if the learner's file can't be read."""
    labels = _labels()
    return None if labels is None else labeling.desk(labels, word=_("Reply"))


def replies_csv() -> None:
    """Write the learner's file of labels where it's missing, and say where it is."""
    labels = _labels()
    if labels is None:
        return
    labels.save()
    style.say(
        _(
            "The file is {name}, in work/{lesson}: {done} of {n} pairs have a "
            "label. Write A or B into its column “choice”, save it as CSV, and go "
            "on."
        ).format(
            name=labels.path.name, lesson=labeling.LESSON, done=labels.done, n=len(labels.pairs)
        )
    )


# The recorded run ---------------------------------------------------------------------------------


def real_reward() -> None:
    """Show what the recorded reward model agrees with, which words move it, and replies."""
    found = sources.record(RECORD)
    if found is None:
        return
    rows = [
        {
            _("message"): one["message"],
            _("reply of SmolLM2 (its beginning)"): " ".join(one["reply"].split()),
            _("reward"): f"{one['reward']:+.1f}",
            _("points of the labeler"): f"{one['score']:g}",
        }
        for one in found["examples"]
    ]
    style.show(_picture(found), style.table(rows))
    low, high = (percent(x, 0) for x in found["agreement_interval"])
    sources.figure_line(
        found | {"name": RECORD, "low": low, "high": high},
        _(
            "Learned from {pairs} pairs about {messages} messages, it agrees with "
            "{agreement:.0%} of "
            "the choices in {held_out_pairs} pairs about other messages (95%: {low} to {high}). "
            "The highest that can be expected is {ceiling:.0%}. In the {clear_pairs} of these "
            "pairs "
            "whose replies differ in points, it prefers the better one in {clear:.0%}. "
            "It took {computing:.0f} s of processor time."
        ),
    )


def _picture(found: dict[str, Any]) -> style.Picture:
    words = [*found["words_up"], *found["words_down"][::-1]]
    alt = (
        _(
            "Agreement on held-out pairs {agreement}, ceiling {ceiling}. Words by "
            "what they add to the reward: "
        ).format(agreement=percent(found["agreement"]), ceiling=percent(found["ceiling"]))
        + ", ".join(f"{word} {effect:+.2f}" for word, effect, _x in words)
        + "."
    )
    with style.picture(2, width=9.6, height=4.6, alt=alt, width_ratios=[2, 3]) as (
        picture,
        (left, right),
    ):
        low, high = found["agreement_interval"]
        value = found["agreement"]
        left.bar([0], [value], 0.5, color=style.ACCENT)
        ends = [[value - low], [high - value]]
        left.errorbar([0], [value], yerr=ends, color=style.INK, capsize=3, lw=1.2)
        for height, text in ((found["ceiling"], _("ceiling")), (0.5, _("a coin"))):
            left.axhline(height, color=style.QUIET, lw=1, ls="--")
            note(left, f"{text}: {percent(height, 0)}", (0.36, height), (0, 3))
        left.set(xlim=(-0.5, 1.1), ylim=(0, 1), xticks=[])
        percent_ticks(left, "y")
        left.set_title(_("Agreement on held-out pairs"))
        effects = [effect for _x, effect, _x in words]
        shades = [style.ACCENT if effect > 0 else style.QUIET for effect in effects]
        right.barh(range(len(words)), effects, 0.7, color=shades)
        right.set_yticks(range(len(words)), [f"{word} ({count}×)" for word, _x, count in words])
        right.invert_yaxis()
        right.axvline(0, color=style.INK, lw=0.8)
        right.set_title(_("What a word adds to the reward (deviations)"))
    return picture


# The live run -------------------------------------------------------------------------------------


class LiveRealReward(live.Watched):
    """A head on MiniLM's vectors learns from pairs; `reward` is the finished reward model."""

    name, needs = N_("The reward model"), REWARD
    instead = N_("is the recorded run")
    stops = (0.02, 0.05, 0.1, 0.2, 0.5)
    form = (".2f", ".0%")
    measured = False
    reward: Any = None

    def __init__(self, sentences: Sequence[str], seconds: float) -> None:
        super().__init__(seconds)
        self.sentences = [str(text).strip()[:300] for text in sentences if str(text).strip()]
        self.own = False

    def load(self) -> None:
        """Read the pairs and the choices, and load MiniLM."""
        from course.studies import l02_transfer, l06_real_reward

        self.study = l06_real_reward
        self.vectors = l02_transfer.minilm()
        self.chosen = l06_real_reward.choices("train")
        labels = _labels()
        if labels is not None and labels.done >= LEAST:
            self.chosen, self.own = labels.took_first(), True
        if self.own:
            style.say(_("Taken: your own {n} labels.").format(n=len(self.chosen)))
        else:
            done = labels.done if labels is not None else 0
            style.say(
                _(
                    "You have {done} labels so far, and from {least} on they are taken. "
                    "Until then: the recorded choices."
                ).format(done=done, least=LEAST)
            )

    def prepare(self) -> None:
        """Let MiniLM read all replies."""
        import torch

        study = self.study
        self.data = study.compared(study.pairs("train"), self.chosen, self.vectors)
        self.held = study.compared(study.pairs("test"), study.choices("test"), self.vectors)
        self.head = torch.zeros(self.data.vectors.shape[-1])
        self.planned = study.FULL.steps

    def training(self, model: Any, trial: bool) -> Iterator[Any]:
        """Return the training of the head."""
        return self.study.training(self.head, self.data, **self.exercises, recipe=self.study.FULL)

    def look(self) -> tuple[float, float, float]:
        """Return the agreement with the choices in held-out pairs."""
        hits = self.held.accuracy(self.head.detach())
        return sum(hits) / len(hits), *interval(sum(hits), len(hits))

    def dress(self, left: "Axes", right: "Axes") -> None:
        """Give both axes their titles and scales."""
        left.set(ylim=(0, 1), ylabel=_("loss (nats per pair)"))
        left.set_title(_("Loss of the reward model, live"))
        left.legend(fontsize=9.5, loc="lower left")
        right.set_ylim(0, 1.1)
        percent_ticks(right, "y")
        right.axhline(
            self.study.ceiling(self.study.pairs("test")), color=style.QUIET, lw=1, ls="--"
        )
        right.set_title(_("Agreement on held-out pairs (dashed: ceiling)"), fontsize=11)

    def conclude(self) -> None:
        """Say how often it agrees, and which words of the reader's sentences move it."""
        self.reward = self.study.scaled(self.head.detach(), self.vectors)
        whose = _("your own") if self.own else _("the recorded")
        self.tell(
            _(
                "{done} steps on {n} pairs with {whose} choices, {seconds:.0f} s. It "
                "agrees with {percent} of the recorded choices in {held_out} pairs about "
                "other messages."
            ).format(
                done=self.done,
                n=len(self.data.order),
                whose=whose,
                seconds=self.seconds,
                percent=percent(self.points[-1][1], 0),
                held_out=len(self.held.order),
            )
        )
        rows = []
        for text in self.sentences[:MOST]:
            moved = sorted(self.study.effects(self.reward, text), key=lambda row: row[1])
            up, down = moved[::-1][:MOST], moved[:MOST]
            rows.append(
                {
                    _("reply"): text,
                    _("reward"): f"{self.reward([text])[0]:+.1f}",
                    _("words that raise it"): ", ".join(f"{w} {e:+.1f}" for w, e in up if e > 0.05),
                    _("words that lower it"): ", ".join(
                        f"{w} {e:+.1f}" for w, e in down if e < -0.05
                    ),
                }
            )
        if rows:
            style.show(style.table(rows))

    def recorded(self) -> None:
        """Say what the recorded run reached."""
        found = sources.record(RECORD)
        if found is not None:
            sources.figure_line(
                found | {"name": RECORD},
                _(
                    "The recorded reward model agrees with {agreement:.0%} of the choices in "
                    "{held_out_pairs} pairs about other messages; the ceiling is {ceiling:.0%}."
                ),
            )


def live_real_reward(
    sentences: Sequence[str] = SENTENCES, seconds: float = 50.0
) -> LiveRealReward | None:
    """Train a reward model on SmolLM2's replies, in front of the reader's eyes.

    Parameters
    ----------
    sentences : sequence of str
        Replies whose words are weighed at the end, `MOST` at most.
    seconds : float
        How long it may take; ``COURSE_DEMO_SECONDS`` overrides it. Loading comes on top.

    Returns
    -------
    LiveRealReward or None
        None while grading, and where MiniLM or an answer to `reward_loss` is missing.
    """
    return LiveRealReward(sentences, seconds).run()
