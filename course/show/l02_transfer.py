"""What lesson 02 shows: accuracy against labels and seconds, with and without pre-training.

The demos train live and within their time, can be stopped, and go on with the recorded run where
something is missing. Intervals are of the mean over seeds (Student's t). Left out on purpose: the
training itself, which is `course.lm`'s, and any figure that isn't measured or recorded.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course import paths
from course.errors import CourseError
from course.language import N_, _
from course.show import live, sources, style
from course.show.charts import level, percent_ticks, set_ticks
from course.show.style import ACCENT, INK, QUIET, Picture, picture, say
from course.stats import mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RECORD = "transfer"
MINILM = "all-MiniLM-L6-v2"
WAYS = {  # in the record → (in words, colour, marker)
    "scratch": (N_("from scratch"), QUIET, "s"),
    "frozen": (N_("transferred, features frozen"), ACCENT, "o"),
    "full": (N_("transferred, all trained"), style.COLOURS["mini-curie"], "^"),
}
TEXT_WAYS = {
    "words": (N_("words only"), QUIET, "s"),
    "mini-babbage": (N_("token vectors of mini-babbage"), style.COLOURS["mini-babbage"], "^"),
    MINILM: ("MiniLM", ACCENT, "o"),
}
HERE = N_("this run, on your computer")


def _percent(axis: "Axes", chance: float) -> None:
    """Give an axis of accuracies its scale, and the line of guessing."""
    axis.set_ylim(0, 1.04)
    percent_ticks(axis, "y")
    level(axis, chance, _("guessing"), ls=":", below=True)


def _against_labels(
    axis: "Axes",
    labels: Sequence[int],
    lines: Mapping[str, Sequence[Sequence[float]]],
    ways: Mapping[str, tuple[str, str, str]],
) -> None:
    for way, (words, shade, marker) in ways.items():
        if way in lines:
            mean, half = mean_interval(lines[way])
            if len(lines[way]) > 2:  # an interval from two seeds says nothing
                low, high = np.clip(mean - half, 0, 1), np.clip(mean + half, 0, 1)
                axis.fill_between(labels, low, high, color=shade, alpha=0.2, lw=0)
            axis.plot(labels, mean, marker=marker, color=shade, label=_(words))
    axis.set(xscale="log", xlabel=_("labelled examples (log scale)"))
    set_ticks(axis, "x", labels)


def digit_pictures(seed: int = 0) -> Picture:
    """Draw a picture of each digit as the networks get it: the old classes, then the new ones."""
    import torch

    from course.studies import l02_digits

    chance = torch.Generator().manual_seed(seed)
    parts = (
        (l02_digits.OLD, _("old classes: pre-training")),
        (l02_digits.NEW, _("new classes: few labels")),
    )
    alt = _(
        "Ten handwritten digits of 8 by 8 pixels, each at a random place of a dark ground: 0 to 6 "
        "are the old classes, 7 to 9 the new ones."
    )
    columns = len(l02_digits.OLD) + 1 + len(l02_digits.NEW)
    with picture(columns, width=8.6, height=1.3, alt=alt) as (shown, axes):
        for axis in axes:
            axis.set_axis_off()
        start = 0
        for classes, title in parts:
            images, labels = l02_digits.of_classes(classes)
            for place in range(len(classes)):
                one = images[labels == place][seed : seed + 1]
                ground = l02_digits.placed(one, chance)[0].reshape(l02_digits.SIDE, l02_digits.SIDE)
                axis = axes[start + place]
                axis.imshow(ground.numpy(), cmap="gray", vmin=0, vmax=1)
                name = axis.text(
                    0.5,
                    -0.08,
                    f"{classes[place]}",
                    transform=axis.transAxes,
                    ha="center",
                    va="top",
                    color=INK,
                )
                name.set_in_layout(False)
            head = axes[start].text(
                0, 1.12, title, transform=axes[start].transAxes, fontsize=11, color=INK
            )
            head.set_in_layout(False)  # or its column would become as wide as the words
            start += len(classes) + 1
    return shown


def digit_rows(labels: int, seed: int = 1) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Return pictures as rows of numbers, for a loop on the page.

    Parameters
    ----------
    labels : int
        Pictures of the new classes that are learned from, equally many of each.
    seed : int
        Of their places on the background, and of which are learned from.

    Returns
    -------
    old, few, tests : tuple of ndarray
        Pictures, shape (n, 144), from 0 to 1, and their classes, shape (n,), from 0: of the old
        classes (each picture at four places); of the new ones, with a label; of the new ones, to
        be tested on.
    """
    import torch

    from course.studies import l02_digits

    chance = torch.Generator().manual_seed(seed)
    images, classes = l02_digits.of_classes(l02_digits.OLD)
    old = torch.cat([l02_digits.placed(images, chance) for _ in range(4)]), classes.repeat(4)
    images, classes = l02_digits.of_classes(l02_digits.NEW)
    rows, order = l02_digits.placed(images, chance), torch.randperm(len(images), generator=chance)
    tests, pool = order[: l02_digits.TESTED], order[l02_digits.TESTED :]
    each = labels // len(l02_digits.NEW)
    few = torch.cat([pool[classes[pool] == c][:each] for c in range(len(l02_digits.NEW))])
    pairs = (old, (rows[few], classes[few]), (rows[tests], classes[tests]))
    return tuple((x.double().numpy(), y.numpy()) for x, y in pairs)


def few_labels(figures: Mapping[str, Any], title: str = "") -> Picture:
    """Draw accuracy on new pictures against labels and against seconds of training.

    Parameters
    ----------
    figures : dict
        As `course.studies.l02_transfer.pictures` returns them.
    title : str
        Where the figures come from.
    """
    trials = figures["trials"]
    chance = 1 / len(figures["new"])
    lines = {way: [t["accuracy"][way] for t in trials] for way in WAYS}
    at = figures["labels"].index(figures["watched"])
    alt = _("Accuracy on the new classes with {watched} labels: ").format(
        watched=figures["watched"]
    ) + ", ".join(
        f"{_(words)} {np.mean([line[at] for line in lines[way]]):.0%}"
        for way, (words, _x, _x) in WAYS.items()
    )
    with picture(2, width=9.6, height=4.3, alt=alt, sharey=True) as (shown, (left, right)):
        _percent(left, chance)
        _against_labels(left, figures["labels"], lines, WAYS)
        left.set_ylabel(_("accuracy on new pictures"))
        left.set_title(
            title
            or _("By labels, {n} seeds").format(n=len(trials))
            + (_(", 95% interval") if len(trials) > 2 else "")
        )
        left.legend(loc="lower right", fontsize=9.5, bbox_to_anchor=(1.0, 0.02))
        for way, (_x, shade, marker) in WAYS.items():
            course = np.array([t["course"][way] for t in trials])  # (seeds, stops, 2)
            mean, half = mean_interval(course[:, :, 1])
            seconds = 1000 * np.median(course[:, :, 0], axis=0)
            if len(trials) > 2:
                low, high = np.clip(mean - half, 0, 1), np.clip(mean + half, 0, 1)
                right.fill_between(seconds, low, high, color=shade, alpha=0.2, lw=0)
            right.plot(seconds, mean, marker=marker, ms=5, color=shade)
        level(right, chance, ls=":")
        right.set(xscale="log", xlabel=_("milliseconds of training (log scale)"))
        right.xaxis.set_major_formatter("{x:g}")
        right.set_title(_("By time, {watched} labels").format(watched=figures["watched"]))
    return shown


def few_words(figures: Mapping[str, Any]) -> Picture:
    """Draw accuracy on new notes against labels, for each way of turning a note into numbers.

    Parameters
    ----------
    figures : dict
        As `course.studies.l02_transfer.sort_notes` returns them.
    """
    lines, labels = figures["accuracy"], figures["labels"]
    seeds = len(lines["words"])
    alt = _("Accuracy on new notes with {labels} labels: ").format(labels=labels[0]) + ", ".join(
        f"{_(words)} {np.mean([line[0] for line in lines[way]]):.0%}"
        for way, (words, _x, _x) in TEXT_WAYS.items()
        if way in lines
    )
    with picture(width=7.6, height=4.2, alt=alt) as (shown, (axis,)):
        chance = 1 / len(figures["topics"])
        _percent(axis, chance)
        _against_labels(axis, labels, lines, TEXT_WAYS)
        axis.set_ylabel(_("accuracy on new notes"))
        axis.set_title(
            _("The same linear head on three kinds of numbers, {seeds} draws of labels").format(
                seeds=seeds
            )
        )
        axis.legend(loc="lower right")
    return shown


def conclude(figures: Mapping[str, Any], origin: str = "") -> None:
    """Say in sentences what the pictures' figures show, whichever way they point."""
    trials = figures["trials"]
    at = figures["labels"].index(figures["watched"])
    gains = [[t["accuracy"]["frozen"][at] - t["accuracy"]["scratch"][at]] for t in trials]
    mean, half = mean_interval(gains)
    said = f"{100 * mean[0]:+.0f} points ({100 * (mean[0] - half[0]):+.0f} to " + (
        f"{100 * (mean[0] + half[0]):+.0f})"
    )
    sure = _("clear") if mean[0] > half[0] > 0 else _("not sure")
    say(
        _(
            "With {watched} labels, frozen features against from scratch: {said}; "
            "over {n} seeds the gain is {sure}."
        ).format(watched=figures["watched"], said=said, n=len(trials), sure=sure),
        origin,
    )
    most = figures["labels"][-1]
    ends = {way: float(np.mean([t["accuracy"][way][-1] for t in trials])) for way in WAYS}
    best = max(ends, key=ends.__getitem__)
    say(
        _("With {most} labels: ").format(most=most)
        + ", ".join(f"{_(WAYS[way][0])} {share:.0%}" for way, share in ends.items())
        + _(". Best here: {way}.").format(way=_(WAYS[best][0])),
        origin,
    )
    price = float(np.median([t["pretraining"] for t in trials]))
    known = float(np.mean([t["known"] for t in trials]))
    say(
        _(
            "Pre-training took {price:.1f} seconds, once, and gets {known:.0%} of "
            "the pictures of the old classes right. The right-hand plot leaves "
            "these seconds out."
        ).format(price=price, known=known),
        origin,
    )


class LivePictures(live.Demo):
    """Networks are pre-trained and transferred, seed by seed; ``trials`` are the finished ones."""

    instead = N_("is the recorded run")
    unit = N_("seed")
    kept = N_("; the finished seeds are kept.")
    least = 3  # seeds, or there is no interval to speak of
    measured = False

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.trials: list[Any] = []

    def load(self) -> None:
        """Load torch, before the clock runs."""
        from course.studies.l02_transfer import TRIALS

        self.planned = TRIALS

    def prepare(self) -> None:
        """Say what the first seed takes its time for."""
        line = _("First seed: pre-training on 0 to 6, then all ways …")
        self.progress.show(live.bar(0, line))

    def training(self, _: Any, __: bool) -> Iterator[Any]:
        """Return a trial a seed."""
        from course.studies import l02_transfer

        return l02_transfer.trials()

    def take(self, p: Any) -> None:
        """Keep a trial."""
        self.trials.append(p)

    def late(self) -> bool:
        """Tell whether the next seed couldn't end in time: it takes as long as those before."""
        return self.left() < (self.limit - self.left()) / max(1, self.done)

    def draw(self, scale: float) -> Any:
        """Draw what the finished seeds say."""
        from course.studies import l02_transfer

        figures = self.trials and l02_transfer.pictures(self.trials)
        return few_labels(figures).bundle(scale) if figures else None

    def conclude(self) -> None:
        """Say whether the gain is sure."""
        from course.studies import l02_transfer

        conclude(l02_transfer.pictures(self.trials), _(HERE))

    def recorded(self) -> None:
        """Draw the recorded run."""
        if record := sources.record(RECORD):
            style.show(few_labels(record["pictures"]))
            conclude(record["pictures"], sources.origin(RECORD, record))


def live_pictures(seconds: float = 50.0) -> LivePictures | None:
    """Pre-train and transfer, seed after seed, and draw what has been found so far.

    Parameters
    ----------
    seconds : float
        How long seeds may be started; ``COURSE_DEMO_SECONDS`` overrides it.

    Returns
    -------
    LivePictures or None
        None while grading.
    """
    return LivePictures(seconds).run()


def _recorded_notes(why: str) -> None:
    say(_("{why} Here is the recorded run.").format(why=why))
    record = sources.record(RECORD)
    if record is not None:
        style.show(few_words(record["notes"]))
        _conclude_notes(record["notes"], sources.origin(RECORD, record))


def _conclude_notes(figures: Mapping[str, Any], origin: str) -> None:
    for at in (0, -1):
        say(
            _("{labels} labels: ").format(labels=figures["labels"][at])
            + ", ".join(
                f"{_(words)} {np.mean([line[at] for line in figures['accuracy'][way]]):.0%}"
                for way, (words, _x, _x) in TEXT_WAYS.items()
                if way in figures["accuracy"]
            )
            + ".",
            origin,
        )


def live_notes() -> dict[str, Any] | None:
    """Sort notes by topic from few labels, live; without MiniLM show the recorded run.

    Returns
    -------
    dict or None
        As `course.studies.l02_transfer.sort_notes`; None where nothing was computed.
    """
    if paths.grading():
        return None
    try:
        from course.studies import l02_transfer

        ways = {l02_transfer.BABBAGE: l02_transfer.token_vectors(), MINILM: l02_transfer.minilm()}
        found = l02_transfer.sort_notes(ways)
    except CourseError as error:
        _recorded_notes(str(error))
        return None
    except KeyboardInterrupt:
        _recorded_notes("Stopped.")
        return None
    style.show(few_words(found))
    _conclude_notes(found, _(HERE))
    return found


def note_examples(count: int = 8) -> style.Page:
    """Return a table of notes with their topics."""
    from course.world import notes

    names = list(notes.TOPICS)
    rows = [
        {_("the note"): text, _("topic"): names[topic]} for text, topic in notes.notes(count, 1)
    ]
    return style.table(rows)


def nearest() -> style.Page | None:
    """Return how alike sentences are for MiniLM (cosine), and how many words they share.

    Without MiniLM the cosines are those of the recorded run.
    """
    try:
        from course.studies import l02_transfer

        sentences, cosines = l02_transfer.SENTENCES, l02_transfer.alike(l02_transfer.minilm())
    except CourseError as error:
        say(_("{error} The cosines are those of the recorded run.").format(error=error))
        record = sources.record(RECORD)
        if record is None:
            return None
        sentences, cosines = record["sentences"], record["cosines"]
    first, *others = (set(s.lower().strip(".?").split()) for s in sentences)
    return style.table(
        [
            {
                _("compared with “{sentences}”").format(sentences=sentences[0]): sentence,
                _("words in common"): len(first & words),
                _("cosine, MiniLM"): round(cosine, 2),
            }
            for sentence, words, cosine in zip(sentences[1:], others, cosines, strict=True)
        ]
    )


def reached(labels: Sequence[int], accuracy: Sequence[float], target: float) -> str:
    """Return in words with how many labels a curve first has an accuracy, read on a log axis."""
    enough = np.flatnonzero(np.asarray(accuracy) >= target)
    if not enough.size:
        return _("more than {labels}").format(labels=labels[-1])
    last = int(enough[0])
    pair = slice(max(0, last - 1), last + 1)
    return f"{np.exp(np.interp(target, accuracy[pair], np.log(labels[pair]))):.0f}"


def worth() -> None:
    """Show how many labels it takes without pre-training to be as good as with few and with it."""
    record = sources.record(RECORD)
    if record is None:
        return
    pictures, notes = record["pictures"], record["notes"]
    done = pictures["trials"]
    by_way = {way: [t["accuracy"][way] for t in done] for way in ("scratch", "frozen")}
    cases = (
        (
            _("pictures: frozen features, from scratch"),
            pictures["labels"],
            by_way,
            "frozen",
            "scratch",
        ),
        (_("notes: MiniLM, words only"), notes["labels"], notes["accuracy"], MINILM, "words"),
    )
    rows = []
    for words, labels, lines, rich, poor in cases:
        better, plain = (np.mean(lines[way], axis=0) for way in (rich, poor))
        for at in (0, 1, 2):
            rows.append(
                {
                    _("the two ways"): words,
                    _("labels with pre-training"): labels[at],
                    _("accuracy"): f"{better[at]:.0%}",
                    _("labels without it, for the same accuracy"): reached(
                        labels, plain, better[at]
                    ),
                }
            )
    style.show(style.table(rows))
    say(_("Means over seeds, read from the curves."), sources.origin(RECORD, record))


def family() -> style.Page:
    """Return the table of how the family transfers, with its sources."""
    import csv

    with (paths.DATA / "family" / "transfer.csv").open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    for row in rows:
        row["parameters"] = (
            f"{int(row['parameters']):,}" if row["parameters"].isdigit() else row["parameters"]
        )
    return sources.facts(rows)
