"""How sure models are and how often they are right: pictures of the recorded run ``calibration``.

What is measured, and how, is `course.studies.l05_calibration`'s. Left out on purpose: answers as a
whole, and models of other sizes.
"""

from collections.abc import Mapping
from typing import Any

from course.errors import CourseError
from course.language import N_, _
from course.show import sources, style
from course.show.charts import note, percent_ticks
from course.show.style import Page, Picture, picture, say
from course.stats import interval

LESSON = "05_instruction_following"
NAMES = {  # in the record → in words
    "mini-babbage": N_("base (mini-babbage)"),
    "mini-sft": "SFT (mini-sft)",
    "mini-instruct": "PPO (mini-instruct)",
}
TEXTS = {  # in the record → title of the panel
    "web": N_("Pages of the village's web"),
    "demonstrations": N_("Demonstrators' answers"),
}
FEWEST = 50  # places in a bin, below which no point is drawn
LIVE = 150  # demonstrations that the live part reads


def reliability(record: Mapping[str, Any]) -> Picture:
    """Draw for each text how often each model is right where it is so sure, with intervals."""
    found = record["models"]
    errors = {
        text: ", ".join(f"{_(name)} {found[m][text]['error']:.3f}" for m, name in NAMES.items())
        for text in TEXTS
    }
    alt = _(
        "How often right (upwards) where so sure (to the right); calibration errors. "
    ) + " ".join(f"{_(title)}: {errors[text]}." for text, title in TEXTS.items())
    with picture(2, width=9.2, height=4.6, alt=alt) as (shown, axes):
        for axis, (text, title) in zip(axes, TEXTS.items(), strict=True):
            axis.plot([0, 1], [0, 1], color=style.QUIET, ls="--", lw=1.2)
            note(
                axis, _("as sure as it is right"), (0.3, 0.3), (-13, 2), rotation=45,
                rotation_mode="anchor", fontsize=9, color=style.QUIET,
            )  # fmt: skip
            for model, name in NAMES.items():
                rows = [row for row in found[model][text]["bins"] if row[1] >= FEWEST]
                sure, right = [row[2] for row in rows], [row[3] for row in rows]
                ends = [interval(round(row[3] * row[1]), row[1]) for row in rows]
                off = [[max(0.0, r - e[0]) for r, e in zip(right, ends, strict=True)],
                       [max(0.0, e[1] - r) for r, e in zip(right, ends, strict=True)]]  # fmt: skip
                axis.errorbar(
                    sure, right, off, color=style.colour(model), marker="o", ms=4, elinewidth=1,
                    label=f"{_(name)}: {found[model][text]['error']:.3f}",
                )  # fmt: skip
            axis.set(
                xlim=(0, 1.02), ylim=(0, 1.02), xlabel=_("how sure: mean confidence of the bin")
            )
            percent_ticks(axis, "x")
            percent_ticks(axis, "y")
            axis.set_title(_(title))
            axis.legend(
                fontsize=9, loc="upper left", title=_("calibration error"), title_fontsize=9
            )
        axes[0].set_ylabel(_("how often right"))
    return shown


def calibration_errors(record: Mapping[str, Any]) -> Page:
    """Return the calibration error of each model on each text, as a table."""
    rows = []
    for model, name in NAMES.items():
        row: dict[str, Any] = {_("model"): _(name)}
        for text, title in (*TEXTS.items(), ("facts", _("true values of facts"))):
            one = record["models"][model][text]
            hits, n = one["right"]
            row[_(title)] = _(
                "{error:.3f} (right in {hits:.1%} of {n:,} places; chance alone: {by_chance:.3f})"
            ).format(error=one["error"], hits=hits / n, n=n, by_chance=one["by_chance"])
        rows.append(row)
    return style.table(rows)


def gpt4_calibration() -> None:
    """Say what is published of GPT-4's calibration, with its source."""
    import csv

    from course import paths

    with (paths.DATA / "family" / "gpt4.csv").open(encoding="utf-8", newline="") as file:
        row = next(r for r in csv.DictReader(file) if r["key"] == "calibration")
    say(
        _("GPT-4, {what}: {value}, {source}.").format(
            what=sources.told(row["what"]), value=sources.told(row["value"]), source=row["source"]
        )
    )


def your_calibration() -> None:
    """Compute the calibration error of two models here and now, with the learner's own function."""
    from course.stages import exercises

    try:
        own = exercises.load(LESSON, "calibration")["calibration"]
    except CourseError as missing:
        say(_("{missing} Until then the record below has to do.").format(missing=missing))
        return
    rows = []
    for model in ("mini-sft", "mini-instruct"):
        found = sources.load_model(model)
        if found is None:
            return
        from course.lm.evaluate import SEED
        from course.studies.l05_calibration import BINS, answered, sureness
        from course.world import demonstrate

        name, network, tokenizer = found
        shown = list(demonstrate.demonstrations(LIVE, SEED, "test"))
        said = sureness(network, tokenizer, answered(tokenizer, shown, False, 1))
        try:
            _x, error = own(said.confidence, said.right.astype(float), BINS)
        except Exception as problem:
            say(
                _("Your calibration stopped with {name}: {problem}.").format(
                    name=type(problem).__name__, problem=problem
                )
            )
            return
        rows.append(
            {
                _("model"): _(NAMES[name]),
                _("demonstrators' answers"): _("{n:,} tokens").format(n=len(said.right)),
                _("mean confidence"): f"{said.confidence.mean():.1%}",
                _("right"): f"{said.right.mean():.1%}",
                _("calibration error"): f"{error:.3f}",
            }
        )
    say(_("Computed here and now, with your own calibration:"))
    style.show(style.table(rows))
