"""What lesson 06 shows: two teachers, choices as probabilities, tastes, agreement, the backflip.

The demos that train something run for less than a minute, can be stopped, and then go on with what
is recorded. Figures of our models come from run records, those of InstructGPT from ``data/labels``.
The labeler, whose rules are what learners are to find, is imported by functions only: while grading
it isn't loaded.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course.language import N_, _
from course.seeds import stream
from course.show import l06_clips, labeling, live, sources, style
from course.show.charts import HALVES, name_rows, note, percent_ticks, set_ticks
from course.show.style import ACCENT, INK, LINE, QUIET, Page, Picture, picture
from course.world import stick

LEAST_ANSWERS, LEAST_CLIPS = 15, 15  # labels from which on a learner's own are taken
COUNTS = (3, 10, 30, 100, 300)  # of corrections or comparisons, for Rufus
REPEATS = 12
SECONDS = 50.0  # of the live backflip, at most


# Rufus ------------------------------------------------------------------------------------------


def rufus() -> Picture:
    """Draw what Rufus says after corrections and after comparisons, by their number."""
    from course.studies import l06_rufus

    ways = {
        N_("corrections"): (l06_rufus.corrected, LINE),
        N_("comparisons"): (l06_rufus.compared, ACCENT),
    }
    runs = {
        name: [[way(n, seed) for seed in range(REPEATS)] for n in COUNTS]
        for name, (way, _x) in ways.items()
    }
    means = {
        name: [np.mean([one.quality for one in some]) for some in lots]
        for name, lots in runs.items()
    }
    last = {name: np.mean([one.shares for one in lots[-1]], axis=0) for name, lots in runs.items()}
    order = np.argsort(l06_rufus.QUALITY)
    people = {
        N_("before"): l06_rufus.lesson(l06_rufus.AT_FIRST),
        N_("the writer"): l06_rufus.lesson(np.exp(l06_rufus.WRITES * l06_rufus.QUALITY)),
    }
    alt = _(
        "Mean quality of what Rufus says after {few} to {many} of each (the writer: {writer:.1f}): "
    ).format(few=COUNTS[0], many=COUNTS[-1], writer=people["the writer"].quality) + "; ".join(
        f"{_(name)} " + ", ".join(f"{m:.1f}" for m in means[name]) for name in means
    )
    with picture(2, width=9.6, height=4.4, alt=alt, width_ratios=[2, 3]) as (shown, (left, right)):
        for (name, one), dashes, x in zip(
            people.items(), (":", "--"), (COUNTS[-1], COUNTS[0]), strict=True
        ):
            left.axhline(one.quality, color=QUIET, lw=1, ls=dashes)
            note(
                left, _(name), (x, one.quality), (0, 4), ha="right" if name == "before" else "left",
                fontsize=9, color=QUIET,
            )  # fmt: skip
        for (name, (_x, colour)), marker in zip(ways.items(), "so", strict=True):
            left.plot(COUNTS, means[name], marker=marker, color=colour, label=_(name))
        left.set(xscale="log", xlabel=_("how many of them"))
        left.set_ylabel(_("mean quality of what it says (our scale)"))
        set_ticks(left, "x", COUNTS)
        left.set_title(_("By their number"))
        left.legend(loc="lower right", fontsize=10, bbox_to_anchor=(1, 0.08))
        places = np.arange(len(order))
        for shift, (name, (_x, colour)) in zip((0.2, -0.2), ways.items(), strict=True):
            right.barh(places + shift, 100 * last[name][order], 0.38, color=colour, label=name)
        name_rows(right, [l06_rufus.SENTENCES[i] for i in order], fontsize=8.5)
        right.set_title(_("What it says after {count} (best on top)").format(count=COUNTS[-1]))
        right.set_xlabel(_("share of what it says, in %"))
    bad = l06_rufus.QUALITY < 0
    style.say(
        _(
            "After {count} corrections {by_corrections:.0%} of what Rufus says are sentences "
            "of the worse half, after {count} comparisons {by_comparisons:.0%}."
        ).format(
            count=COUNTS[-1],
            by_corrections=last["corrections"][bad].sum(),
            by_comparisons=last["comparisons"][bad].sum(),
        )
    )
    return shown


# Choices ----------------------------------------------------------------------------------------


def preference_curve() -> Picture:
    """Draw how the probability of a choice grows with the difference, for our labeler too."""
    from course.world import labeler

    gaps = np.linspace(-6, 6, 481)
    ours = [labeler.prefers(float(g), 0.0) for g in gaps]
    low, high = labeler.SLIP, 1 - labeler.SLIP
    alt = _(
        "The probability of a choice against the difference of the rewards: an S from 0 to 1 "
        "through one half at 0. The labeler's is steeper and stays between {low:g} and {high:g}."
    ).format(low=low, high=high)
    with picture(width=7.2, height=3.6, alt=alt) as (shown, (axis,)):
        for height, words, up in ((high, _("1 − slip"), -13), (low, _("slip"), 4)):
            axis.axhline(height, color=QUIET, lw=1, ls=":")
            side, place = ("left", -6) if height > 0.5 else ("right", 6)
            note(axis, words, (place, height), (0, up), ha=side, fontsize=9, color=QUIET)
        axis.plot(gaps, 1 / (1 + np.exp(-gaps)), color=LINE)
        axis.plot(gaps, ours, color=ACCENT)
        note(axis, _("Bradley and Terry"), (1.9, 0.87), (6, -10), color=QUIET)
        note(
            axis, _("the village's labeler,\nby true score"), (-0.1, 0.6), (-8, 0), ha="right",
            color=ACCENT,
        )  # fmt: skip
        axis.set(xlabel=_("difference, first minus second"), ylabel=_("probability of the first"))
        axis.set(ylim=(-0.03, 1.03), xlim=(-6, 6))
    return shown


# The learner as labeler -------------------------------------------------------------------------


def answer_rows() -> list[dict[str, str]]:
    """Return the pairs of answers as the desk and the CSV file show them."""
    from course.world import pairs

    return [
        {
            "pair": p.pair,
            "request": p.asked.request,
            "fact": p.asked.fact,
            "answer_a": p.answers[0],
            "answer_b": p.answers[1],
        }
        for p in pairs.read()
    ]


def clip_rows() -> list[dict[str, str]]:
    """Return the pairs of clips as the desk and the CSV file show them."""
    from course.world import pairs

    return pairs.rows(pairs.FOLDER / "clips.csv")


def answer_desk() -> Any | None:
    """Return the desk for pairs of answers; None if the learner's file can't be read."""
    labels = labeling.open_labels(answer_rows(), labeling.own_file("answers"))
    return None if labels is None else labeling.desk(labels)


def clip_desk() -> Any | None:
    """Return the desk for pairs of clips; None if the learner's file can't be read."""
    labels = labeling.open_labels(clip_rows(), labeling.own_file("clips"))
    if labels is None:
        return None
    return labeling.desk(labels, head=l06_clips.question, show=l06_clips.clip_card, word=_("Clip"))


def csv_for(name: str) -> None:
    """Write the learner's label file ``answers`` or ``clips`` where it's missing; say where it is.

    What is chosen in it already stays.
    """
    rows = answer_rows() if name == "answers" else clip_rows()
    labels = labeling.open_labels(rows, labeling.own_file(name))
    if labels is None:
        return
    labels.save()
    style.say(
        _(
            "The file is {name}, in work/{lesson}: {done} of {n} pairs have a "
            "label. Write A or B into its column “choice”, save it as CSV, and go "
            "on."
        ).format(name=labels.path.name, lesson=labeling.LESSON, done=labels.done, n=len(rows))
    )


def clip_sheet() -> Page:
    """Return all pairs of clips below each other, to label them in the CSV file."""
    return l06_clips.sheet(clip_rows())


def own_taste() -> Any | None:
    """Fit a reward model to the learner's labels (or the shipped ones) and show what it values.

    Returns
    -------
    Taste or None
        For `picks`.
    """
    from IPython.display import display

    from course.studies import l06_taste
    from course.world import pairs

    rows = answer_rows()
    shipped = pairs.FOLDER / "simulated_answers.csv"
    taken = labeling.own_or_shipped(rows, "answers", LEAST_ANSWERS, shipped)
    if taken is None:
        return None
    labels, own = taken
    gaps, took, chances = _compared(labels)
    fitted = l06_taste.fit(gaps, took)
    theirs = l06_taste.expected(gaps, chances)
    display(taste_picture(fitted, _("you") if own else _("the shipped labels"), theirs))
    hits = l06_taste.held_out_hits(gaps, took)
    style.say(
        _("A reward model that saw only the other pairs predicts {hits} of {n} choices.").format(
            hits=sum(hits), n=len(hits)
        )
    )
    if own:
        drawn = _simulated_choices(labels)
        same = [drawn[pair] == t for pair, t in labels.took_first().items()]
        display(agreement_picture({_("you and the simulated labeler"): same}))
        if differ := differences(labels, drawn):
            display(differ)
    else:
        expected = [p * p + (1 - p) * (1 - p) for p in chances]
        display(agreement_picture({_("two draws of the simulated labeler (expected)"): expected}))
    return fitted


def _compared(labels: labeling.Labels) -> tuple[NDArray[np.float64], list[bool], list[float]]:
    """Return differences of features, choices, and the labeler's chances for A."""
    from course.world import pairs

    known = {p.pair: p for p in pairs.read()}
    took = labels.took_first()
    chosen = [known[pair] for pair in took]
    both = [[pairs.features(one) for one in p.judged()] for p in chosen]
    gaps = [np.subtract(first, second) for first, second in both]
    return np.array(gaps), list(took.values()), [p.chance() for p in chosen]


def _simulated_choices(labels: labeling.Labels) -> dict[str, bool]:
    from course.world import pairs

    shipped = labeling.Labels(labels.pairs, pairs.FOLDER / "simulated_answers.csv")
    return shipped.took_first()


def differences(labels: labeling.Labels, drawn: Mapping[str, bool], most: int = 6) -> Page | None:
    """Return pairs that the learner and the simulated labeler chose differently, or None.

    Those whose true scores differ most come first: they are about values, the last about noise.
    """
    from course.world import pairs

    known = {p.pair: p for p in pairs.read()}
    rows: list[tuple[float, dict[str, str]]] = []
    for pair, first in labels.took_first().items():
        if drawn[pair] == first:
            continue
        shown, scores = known[pair], [judged.score for judged in known[pair].judged()]
        own, other = (0, 1) if first else (1, 0)
        row = {
            _("request"): shown.asked.request,
            _("you chose"): shown.answers[own],
            _("the simulated labeler chose"): shown.answers[other],
            _("true scores"): _("{own:.2f} and {other:.2f}").format(
                own=scores[own], other=scores[other]
            ),
        }
        rows.append((abs(scores[0] - scores[1]), row))
    rows.sort(key=lambda gap_and_row: -gap_and_row[0])
    return style.table([row for _x, row in rows[:most]]) if rows else None


def taste_picture(fitted: Any, who: str, theirs: Any) -> Picture:
    """Draw the weights of a taste with their intervals, next to the simulated labeler's.

    Parameters
    ----------
    fitted, theirs : Taste
        What the labels teach, and what the simulated labeler's of the same pairs would.
    who : str
        Whose labels they are.
    """
    from course.world import pairs

    names = [_(name) for name in pairs.FEATURES]
    places = np.arange(len(names))[::-1]
    alt = _("What {labels} labels value, as weights with 90% intervals: ").format(
        labels=fitted.labels
    ) + "; ".join(
        _(
            "{name} {weight:.1f} ({low:.1f} to {high:.1f}; the simulated labeler's labels: "
            "{their_low:.1f} to {their_high:.1f})"
        ).format(name=n, weight=w, low=a, high=b, their_low=c, their_high=d)
        for n, w, a, b, c, d in zip(
            names, fitted.weights, fitted.low, fitted.high, theirs.low, theirs.high, strict=True
        )
    )
    with picture(width=8.6, height=4.1, alt=alt) as (shown, (axis,)):
        axis.axvline(0, color=LINE, lw=1)
        axis.hlines(
            places, theirs.low, theirs.high, color=LINE, lw=11, alpha=0.6,
            label=_("9 of 10 sets of labels by the simulated labeler (diamond: mean of all)"),
        )  # fmt: skip
        axis.plot(theirs.weights, places, "D", color=QUIET, ms=5)
        spans = [fitted.weights - fitted.low, fitted.high - fitted.weights]
        axis.errorbar(
            fitted.weights, places, xerr=np.maximum(spans, 0), fmt="o", color=ACCENT, capsize=4,
            label=_("learned from {labels} labels ({who}), 90% interval").format(
                labels=fitted.labels, who=who
            ),
        )  # fmt: skip
        name_rows(axis, names, places, lines=True)
        axis.set_xlabel(_("weight: what one more of it adds to the reward"))
        axis.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), fontsize=9.5)
    return shown


def agreement_picture(measured: Mapping[str, Sequence[float]]) -> Picture:
    """Draw shares of equal choices with 95% intervals, next to those of InstructGPT's paper."""
    from course import stats
    from course.world import pairs

    names, middles, low, high, colours = [], [], [], [], []
    for name, hits in measured.items():
        share = float(np.mean(hits))
        below, above = stats.interval(np.sum(hits), len(hits))
        names.append(_("{name}, {n} pairs").format(name=name, n=len(hits)))
        middles.append(share)
        low.append(share - below)
        high.append(above - share)
        colours.append(ACCENT)
    for row in pairs.rows(pairs.FOLDER / "instructgpt.csv"):
        names.append(sources.told(row["who"]))
        middles.append(float(row["percent"]) / 100)
        low.append(float(row["error"]) / 100)
        high.append(float(row["error"]) / 100)
        colours.append(QUIET)
    places = np.arange(len(names))[::-1]
    alt = _("Agreement: ") + "; ".join(f"{n} {m:.0%}" for n, m in zip(names, middles, strict=True))
    with picture(width=8.6, height=0.9 + 0.5 * len(names), alt=alt) as (shown, (axis,)):
        for place, middle, a, b, colour in zip(places, middles, low, high, colours, strict=True):
            axis.errorbar(middle, place, xerr=[[a], [b]], fmt="o", color=colour, capsize=4)
            note(
                axis, f"{middle:.1%}", (middle, place), (0, 7), ha="center", fontsize=9,
                color=colour,
            )  # fmt: skip
        axis.axvline(0.5, color=LINE, lw=1, ls=":")
        name_rows(axis, names, places, lines=True, fontsize=10)
        start = min(0.4, *(m - b - 0.03 for m, b in zip(middles, low, strict=True)))
        axis.set(xlim=(max(0.0, start), 1.0), ylim=(-0.6, len(names) - 0.3))
        tens = [k for k in range(11) if k / 10 >= start]
        set_ticks(axis, "x", [k / 10 for k in tens], [f"{10 * k}" for k in tens])
        axis.set_xlabel(_("choices that are the same, in % (dotted: by chance)"))
    return shown


def picks(fitted: Any, requests: int = 4) -> Page:
    """Return which of four answers a taste likes best, and the simulated labeler's best."""
    from course.world import pairs

    shown = []
    for asked, answers in pairs.lots()[:requests]:
        judged = [asked.judged(answer) for answer in answers]
        rewards = fitted.reward(np.array([pairs.features(j) for j in judged]))
        scores = [j.score for j in judged]
        best, theirs = int(np.argmax(rewards)), int(np.argmax(scores))
        shown.append(
            {
                _("request"): asked.request,
                _("what is true"): asked.fact,
                _("the reward model's best of four"): answers[best],
                _("its worst"): answers[int(np.argmin(rewards))],
                _("the simulated labeler's best"): (
                    _("the same, or as good") if scores[best] == scores[theirs] else answers[theirs]
                ),
            }
        )
    return style.table(shown)


# The reward model of the language line ----------------------------------------------------------


def ink_on(ground: str) -> str:
    """Return which reads better on a bar of the colour `ground`: white or dark words."""
    from matplotlib.colors import to_rgb

    light = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
             for part in to_rgb(ground)]  # fmt: skip
    return "white" if np.dot([0.2126, 0.7152, 0.0722], light) < 0.24 else INK


def ceiling_picture(figures: Mapping[str, Any]) -> Picture:
    """Draw a reward model's agreement with fresh labels between chance and the ceiling.

    Parameters
    ----------
    figures : dict
        A run record with ``noisy``, ``labelers``, ``ceiling``, ``clear``, ``pairs``.
    """
    own = style.colour("mini-reward")
    bars = {
        _("two draws of the labeler"): (3.4, figures["labelers"], QUIET),
        _("the reward model"): (2.4, figures["noisy"], own),
        _("the best possible"): (1.4, figures["ceiling"], INK),
        _("the reward model, against the truth"): (0, figures["clear"], own),
    }
    alt = _("On {pairs:,} held-out pairs: ").format(pairs=figures["pairs"]) + "; ".join(
        f"{name} {value:.1%}" for name, (_y, value, _x) in bars.items()
    )
    with picture(width=8.6, height=3.2, alt=alt) as (shown, (axis,)):
        for place, value, colour in bars.values():
            axis.barh(place, 100 * value, 0.62, color=colour)
            note(
                axis, f"{value:.1%}", (100 * value, place), (-6, 0), va="center", ha="right",
                color=ink_on(colour), fontweight="bold",
            )  # fmt: skip
        axis.plot([100 * figures["ceiling"]] * 2, [1.71, 3.9], color=INK, lw=1.4, ls="--")
        for words, place in ((_("agreement with noisy labels"), 3.85), (_("on clear pairs"), 0.45)):
            note(axis, words, (50, place), (6, 0), ha="left", va="bottom", fontsize=9, color=QUIET)
        name_rows(axis, list(bars), [place for place, _x, _x in bars.values()])
        axis.set(xlim=(50, 100), ylim=(-0.5, 4.4), xlabel=_("held-out pairs, in % (50: a coin)"))
    return shown


def reward_curve(figures: Mapping[str, Any]) -> Picture:
    """Draw the loss of a recorded reward model; without any knowledge it is ln 2."""
    steps, losses = zip(*figures["curve"], strict=True)
    alt = _("Loss of the reward model: from {first:.2f} to {last:.2f} nats per pair.").format(
        first=losses[0], last=losses[-1]
    )
    with picture(width=8.6, height=3.2, alt=alt) as (shown, (axis,)):
        axis.plot(steps, losses, color=style.colour("mini-reward"), lw=1.6)
        axis.axhline(np.log(2), color=INK, ls="--", lw=1.4)
        note(axis, _("ln 2: a coin"), (steps[-1], np.log(2)), (0, -14), ha="right")
        axis.set(xlabel=_("step"), ylabel=_("loss (nats per pair)"))
    return shown


class Number(float):
    """A number that a table writes with two decimals, on the right."""

    def __str__(self) -> str:
        return f"{self:.2f}".replace("-", "−")


def rewards_of_answers(count: int = 6) -> Page | None:
    """Have mini-reward score the first pairs; return them as a table, or None without the model."""
    from course.world import pairs

    found = sources.load_model("mini-reward")
    if found is None:
        return None
    from course.lm import data
    from course.stages import reward

    _x, mini, tokenizer = found
    chosen = [(p.asked, answer) for p in pairs.read()[:count] for answer in p.answers]
    texts = [asked.text(answer) for asked, answer in chosen]
    scores = reward.score(mini, data.encode(tokenizer, texts)).tolist()
    return style.table(
        [
            {
                _("request"): asked.request,
                _("what is true"): asked.fact,
                _("answer"): answer,
                _("reward"): Number(value),
                _("true score"): Number(asked.judged(answer).score),
            }
            for (asked, answer), value in zip(chosen, scores, strict=True)
        ]
    )


# The backflip -----------------------------------------------------------------------------------


def hand_written(reward: Callable[[dict[str, Any]], Any] | None = None) -> None:
    """Search with a reward that a person wrote, and play the clip that it likes best."""
    from IPython.display import display

    from course.studies import l06_backflip

    reward = reward or stick.written
    if problem := unfit(reward):
        style.say(problem)
        return
    begin = time.perf_counter()
    try:
        plan = l06_backflip.by_hand(reward)
    except KeyboardInterrupt:
        style.say(_("Stopped; here is what the reward that we wrote found in the recorded run."))
        recorded = sources.record("backflip")
        if recorded is None:
            return
        plan = np.array(recorded["by_hand"])
    clip = stick.simulate(plan[None])[0]
    display(l06_clips.animation({_("What a written reward likes best"): clip}))
    style.say(_("Found in {seconds:.0f} s.").format(seconds=time.perf_counter() - begin))


def unfit(reward: Callable[[dict[str, Any]], Any]) -> str:
    """Return in a sentence why a written reward can't be searched with; nothing if it can."""
    frame = stick.quantities(stick.simulate(np.zeros((2, stick.NUMBERS))))
    shape = frame["spin"].shape
    try:
        gave = np.shape(np.asarray(reward(frame), dtype=float))
    except KeyError as error:
        return _("A frame holds no {error}: choose from {names}.").format(
            error=error, names=", ".join(frame)
        )
    except Exception as error:
        return _("Your reward can't be computed ({name}: {error}).").format(
            name=type(error).__name__, error=error
        )
    if gave != shape:
        return _(
            "Your reward has the shape {gave}, but each frame of each clip needs "
            "one: {shape} for {clips} clips of {frames} frames. Compute with the "
            "arrays as they are."
        ).format(gave=gave, shape=shape, clips=shape[0], frames=shape[1])
    return ""


class LiveBackflip(live.Demo):
    """The stick learns by comparisons; ``rounds`` are the finished ones."""

    instead = N_("is the recorded run")
    unit = N_("round")
    kept = "."
    measured = False

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.rounds: list[dict[str, Any]] = []

    def load(self) -> None:
        """Look for the recorded run, and begin by its seed."""
        from course.studies import l06_backflip

        self.past = sources.record("backflip")
        self.planned = self.least = l06_backflip.Recipe().rounds

    def training(self, model: Any, trial: bool) -> Iterator[Any]:
        """Return the teaching."""
        from course.studies import l06_backflip

        self.progress.show(live.bar(0, _("The judge looks at the first clips …")))
        seed = self.past["seed"] if self.past else 0
        return l06_backflip.teach(l06_backflip.simulated(stream("backflip/judge", seed)), seed=seed)

    def take(self, p: Any) -> None:
        """Keep a round."""
        self.rounds.append({"comparisons": p.comparisons, "flips": p.flips, "plan": p.plan})

    def draw(self, scale: float) -> Any:
        """Play the clip that the reward model likes best."""
        return liked_clips(self.rounds[-1:]) if self.rounds else None

    def figures(self) -> str:
        """Return what the last round is like."""
        if not self.rounds:
            return ""
        count, share = self.rounds[-1]["comparisons"], self.rounds[-1]["flips"]
        return _("{count} comparisons · {share:.0%} of the last clips are backflips").format(
            count=count, share=share
        )

    def conclude(self) -> None:
        """Play three clips, and draw how many were backflips."""
        self._tell(self.rounds)

    def recorded(self) -> None:
        """Show the same of the recorded run; what was live stays as it is."""
        if self.past:
            self._tell(self.past["rounds"])

    def _tell(self, rounds: Sequence[Mapping[str, Any]]) -> None:
        one_each = [rounds[i] for i in (0, len(rounds) // 2, -1)]
        style.show(liked_clips(one_each), flips_picture(rounds, self.past))


def learned_backflip(seconds: float = SECONDS) -> LiveBackflip | None:
    """Teach the stick by comparisons in front of the reader's eyes, and play what it learned.

    Run again, it starts anew from the same seed.

    Parameters
    ----------
    seconds : float
        How long rounds may be begun; ``COURSE_DEMO_SECONDS`` overrides it.

    Returns
    -------
    LiveBackflip or None
        None while grading.
    """
    return LiveBackflip(seconds).run()


def liked_clips(rounds: Sequence[Mapping[str, Any]]) -> Page:
    """Return the clips that the reward model liked best after some rounds."""
    chosen = {
        _("After {comparisons} comparisons").format(comparisons=r["comparisons"]): np.array(
            r["plan"]
        )
        for r in rounds
    }
    return l06_clips.animation(
        {title: stick.simulate(plan[None])[0] for title, plan in chosen.items()}
    )


def flips_picture(done: Sequence[Mapping[str, Any]], recorded: Mapping[str, Any] | None) -> Picture:
    """Draw the share of backflips by comparisons: this run, and other seeds of the record."""
    counts, shares = [d["comparisons"] for d in done], [d["flips"] for d in done]
    alt = _(
        "Share of backflips from {first_share:.0%} after {first_count} comparisons to "
        "{last_share:.0%} after {last_count}."
    ).format(
        first_share=shares[0], first_count=counts[0], last_share=shares[-1], last_count=counts[-1]
    )
    with picture(width=7.2, height=3.2, alt=alt) as (shown, (axis,)):
        for k, run in enumerate(recorded["all"] if recorded else []):
            axis.plot(*zip(*run, strict=True), color=LINE, lw=1, label=_("other seeds") * (not k))
        axis.plot(counts, shares, "o-", color=ACCENT, label=_("the run above"))
        axis.set(ylim=(-0.03, 1.03), xlabel=_("comparisons"))
        axis.set_ylabel(_("backflips among all last clips"))
        percent_ticks(axis, "y", HALVES)
        axis.legend(loc="upper left", fontsize=10)
    return shown


def own_backflip() -> None:
    """Teach the stick from the learner's labels of clips (or the shipped ones), and play it."""
    from IPython.display import display

    from course.studies import l06_backflip
    from course.world import pairs

    rows = clip_rows()
    shipped = pairs.FOLDER / "simulated_clips.csv"
    taken = labeling.own_or_shipped(rows, "clips", LEAST_CLIPS, shipped)
    if taken is None:
        return
    labels, own = taken
    took = labels.took_first()
    chosen = [p for p in rows if p["pair"] in took]
    first, second = (
        np.array([l06_clips.plan_of(p[f"clip_{side}"]) for p in chosen]) for side in "ab"
    )
    try:
        plan, _x = l06_backflip.from_choices(first, second, list(took.values()))
    except KeyboardInterrupt:
        style.say(_("Stopped; your labels are kept. Run the cell again to train from the start."))
        return
    whose = _("your") if own else _("the shipped")
    title = _("Taught by {whose} {n} labels").format(whose=whose, n=len(took))
    display(l06_clips.animation({title: stick.simulate(plan[None])[0]}))
