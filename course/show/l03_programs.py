"""What lesson 03 shows of models that write programs, and of the ways to fine-tune one.

Programs are really run (`course.stages.programs`), whoever wrote them. Rates, ways and sizes come
from run records, so they are the same on every computer; the training that runs here and now is in
`live_lora`. A model or a record that isn't there gives one sentence, and the lesson goes on. Left
out on purpose: anything that trains, and a view with buttons.
"""

import csv
import html
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course import language, paths
from course.errors import CourseError
from course.language import N_, _
from course.show import sources, style
from course.show.charts import name_rows, note, percent_ticks, set_ticks
from course.show.sizes import short
from course.show.style import ACCENT, INK, MARKERS, Page, colour, picture, say, table
from course.stages.stage import LORA
from course.stats import interval, mean_interval, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BASE, CODE, RECORD = "mini-babbage", "mini-code", "fine_tuning"
SHOWN = 6  # tasks of the first look
ASKED = (  # prefix of the keys in the record of mini-code → in words, colour
    ("base_", N_("mini-babbage, the comment alone"), colour(BASE)),
    ("few_shot_", N_("mini-babbage, after three examples"), colour(BASE)),
    ("", "mini-code", colour(CODE)),
)
WAYS = {  # in the record → (in words, colour)
    "last layer": (N_("last layer"), "#8a8f3c"),
    "last block": (N_("last block"), "#cc79a7"),
    "LoRA": ("LoRA", ACCENT),
    "all": (N_("all"), colour(CODE)),
    "all, with rehearsal": (N_("all, with rehearsal"), "#1b639b"),
}
COMPARED = {  # ways that are trained at several rates → (in words, colour, marker)
    "LoRA": ("LoRA", ACCENT, "o"),
    "all": (N_("all"), colour(CODE), "s"),
    "all, AdamW alone": (N_("all, with LoRA's optimizer"), "#4d4dff", "^"),
}
SUSPECTS = (  # programs for the fences
    "def f(x):\n    return (x + 5) * 3\n",
    "def f(x):\n    while True:\n        x = x + 1\n",
    "import os\n",
    "def f(x):\n    return print(x)\n",
    "def f(x):\n    return 7 // (x - 3)\n",
    "def f(x):\n    return " + "(" * 8 + "x" + " ** 9)" * 8 + " ** 9\n",
    "def f(x)\n    return x\n",
)
GOOD = 0.95  # right programs: ways are compared where they have at least as many
USEFUL = 0.05  # right programs, below which nobody has any use for a model
TIMES = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)  # ticks, milliseconds
NATS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)  # ticks
STEP = re.compile(r"(add|plus|subtract|take away|multiply by|times) (\d{1,2})")


def listing(text: str) -> Page:
    """Return a program with its line ends and indents; no line is broken anew."""
    style_ = "white-space:pre;font-family:monospace;font-size:90%"
    return Page(f'<span style="{style_}">{html.escape(text.rstrip())}</span>', text.rstrip())


def wanted(words: str) -> Any:
    """Return the task that `words` ask for, or None if they aren't of the learned kind."""
    from course.world.tasks import Task

    steps = [STEP.fullmatch(step.strip()) for step in words.split(", then ")]
    found = [step for step in steps if step]
    if len(found) < len(steps) or len(found) > 2:
        return None
    return Task(tuple((f"{step[1]} {{}}", int(step[2])) for step in found))


def outcome(verdict: Any) -> str:
    """Return what came of a program in few words, with a mark that is seen at once."""
    if verdict.right:
        return _("✓ right")
    said = verdict.said.removeprefix(_("Wrong: ")).rstrip(".")
    return "✗ " + re.sub(r"^(f\(.+\)) is (.+) instead of ", r"\1 = \2, not ", said)


# Programs -----------------------------------------------------------------------------------------


def first_look(count: int = SHOWN) -> Page | None:
    """Return what the base model and mini-code write for the same tasks, and what came of it."""
    before, after = sources.load_model(BASE), sources.load_model(CODE)
    if before is None or after is None:
        return None
    from course.stages import code
    from course.world import tasks

    asked = tasks.tasks(count, "test", 4)
    prompts = [task.prompt for task in asked]
    columns = []
    try:
        for _x, mini, tokenizer in (before, after):
            programs = code.written(mini, tokenizer, prompts)
            columns.append((programs, code.judge(asked, programs)))
    except CourseError as error:
        say(str(error))
        return None
    rows = []
    for i, task in enumerate(asked):
        row: dict[str, Any] = {_("asked for"): task.words}
        for name, (programs, verdicts) in zip((BASE, CODE), columns, strict=True):
            row[name] = listing(programs[i][0])
            row[_("run: {name}").format(name=name)] = outcome(verdicts[i][0])
        rows.append(row)
    return table(rows)


def verdicts(*programs: str) -> Page | None:
    """Return programs with what the evaluator says of each, after running those that it may.

    Parameters
    ----------
    *programs : str
        Seven of all kinds, if left out.
    """
    programs = programs or SUSPECTS
    from course.stages.programs import run
    from course.world.tasks import INPUTS

    try:
        found = run(programs, INPUTS)
    except CourseError as error:
        say(str(error))
        return None
    rows = []
    for source, (values, said) in zip(programs, found, strict=True):
        runs = _("Runs: ") + ", ".join(
            f"f({x}) = {v}" for x, v in zip(INPUTS, values, strict=False)
        )
        rows.append({_("program"): listing(source), _("verdict"): said or f"{runs}."})
    return table(rows)


def ask(words: str) -> None:
    """Let mini-code write a program for one's own words, run it, and show what it gives.

    Parameters
    ----------
    words : str
        What ``f`` should do, such as ``"add 5, then times 3"``.
    """
    words = " ".join(str(words).split()).rstrip(".")
    if not words:
        say(_("There is no request: write what f should do, such as add 5, then times 3."))
        return
    loaded = sources.load_model(CODE)
    if loaded is None:
        return
    from course.real.conversation import plain
    from course.stages import code, programs
    from course.world import tasks

    _x, mini, tokenizer = loaded
    prompt = tasks.prompt(plain(tokenizer, words))
    try:
        ((source,),) = code.written(mini, tokenizer, [prompt])
        ((values, said),) = programs.run([source], tasks.INPUTS)
    except CourseError as error:
        say(str(error))
        return
    task = wanted(words)
    style.show(listing(prompt.removesuffix(tasks.HEADER) + source))
    if said:
        say(said)
        return
    row = {f"f({x})": v for x, v in zip(tasks.INPUTS, values, strict=True)}
    style.show(table([{"": _("it gives"), **row}]))
    if task is None:
        say(
            _(
                "Nobody can say whether this is right: the model was trained on other words, "
                "numbers "
                "or steps. It writes a program all the same."
            )
        )
    elif list(values) == task.values:
        say(_("It is right for all of these inputs."))
    else:
        say(
            _("It is wrong. The right values are {values}.").format(
                values=", ".join(map(str, task.values))
            )
        )


# Rates --------------------------------------------------------------------------------------------


def rates() -> None:
    """Draw pass@1 and pass@10 of the base model and of mini-code, and say them."""
    record = sources.record(CODE)
    if record is None:
        return
    tests = record["tests"]
    with picture(width=7.6, height=3.6) as (shown, (axis,)):
        said = []
        for place, (prefix, words, shade) in enumerate(ASKED):
            for step, k in enumerate((1, 10)):
                value = record[f"{prefix}pass_at_{k}"]
                low, high = interval(value * tests, tests)
                y = place + 0.38 * step
                axis.barh(y, value, 0.32, color=shade, alpha=0.6 if k == 1 else 1.0)
                axis.plot([low, high], [y, y], color=INK, lw=1.6)
                note(
                    axis, f"pass@{k}  {percent(value)}", (max(value, high), y), (6, 0), va="center",
                    fontsize=10.5,
                )  # fmt: skip
                said.append(f"{_(words)}, pass@{k} {percent(value)}")
        places = [i + 0.19 for i in range(len(ASKED))]
        name_rows(axis, [_(words) for _x, words, _x in ASKED], places)
        axis.set(xlim=(0, 1.42), ylim=(len(ASKED) - 0.42, -0.3), xlabel=_("share of tasks"))
        percent_ticks(axis, "x")
        axis.set_title(
            _("{tests} tasks that no training has seen, 95% interval").format(tests=tests)
        )
        shown.alt = "; ".join(said)
    style.show(shown)
    sources.figure_line(
        record | {"name": CODE},
        _(
            "mini-code learned from {pairs:,} tasks, read {epochs} times, in {seconds:.0f} "
            "seconds. "
            "Its loss on the village's text went from {base_web_loss:.2f} to {web_loss:.2f} "
            "nats per "
            "token."
        ),
    )
    say(_grown(record))


def _grown(record: Mapping[str, Any]) -> str:
    """Return by which factor the base model's chance grows from 1 try to 10, if that is known."""
    one, ten = (record[f"base_pass_at_{k}"] for k in (1, 10))
    tests = record["tests"]
    (low_1, high_1), (low_10, high_10) = (interval(v * tests, tests) for v in (one, ten))
    words = _("For the base model the chance goes from {with_one} to {with_ten}").format(
        with_one=percent(one, 1), with_ten=percent(ten, 1)
    )
    if one and low_1 and high_10 / low_1 < 3 * low_10 / high_1:
        return _("{words}: a factor of {ten:.0f}.").format(words=words, ten=ten / one)
    return _(
        "{words}. Both are so small that the intervals ({low_with_one} to "
        "{high_with_one}, and {low_with_ten} to {high_with_ten}) are too wide to say by "
        "which factor."
    ).format(
        words=words,
        low_with_one=percent(low_1, 1),
        high_with_one=percent(high_1, 1),
        low_with_ten=percent(low_10, 1),
        high_with_ten=percent(high_10, 1),
    )


# Ways ---------------------------------------------------------------------------------------------


def means(trials: Sequence[Mapping[str, float]], key: str) -> tuple[float, float]:
    """Return the mean of `key` over seeds and the half width of its 95% interval."""
    mean, half = mean_interval([[trial[key]] for trial in trials])
    return float(mean[0]), float(half[0])


def _around(value: tuple[float, float], form: str) -> str:
    return f"{value[0]:{form}} ± {value[1]:{form}}" if value[1] else f"{value[0]:{form}}"


def megabytes(trained: int, total: int, copied: bool) -> float:
    """Return the memory of a training without what the layers compute on the way.

    A frozen number takes 2 bytes, a trained one 16.

    Parameters
    ----------
    trained, total : int
        Numbers that move, and numbers of the model.
    copied : bool
        Whether those that move were added to the model, which is then frozen as a whole.
    """
    frozen = total if copied else total - trained
    return (2 * frozen + 16 * trained) / 1e6


def four_ways() -> None:
    """Show the table and the picture of the ways of fine-tuning, and what follows from them."""
    record = sources.record(RECORD)
    if record is None:
        return
    ways, base = record["ways"], record["base_web_loss"]
    total = record["parameters_with_embeddings"]
    rows: list[Any] = []
    for way, trials in ways.items():
        forgotten = [{"rise": t["web_loss"] - base} for t in trials]
        moved = trials[0]["trained"]
        memory = megabytes(moved, total, way in ("LoRA", "last layer"))
        rows.append(
            {_("what moves"): _(WAYS[way][0])}
            | {
                right_aligned(words, wrap=True): right_aligned(text)
                for words, text in (
                    (_("numbers"), f"{moved:,}"),
                    (_("of the model"), f"{percent(moved / total, 0)}"),
                    (_("memory (MB)"), f"{memory:.1f}"),
                    ("pass@1", _around(means(trials, "pass_at_1"), ".2f")),
                    ("pass@10", _around(means(trials, "pass_at_10"), ".2f")),
                    (_("forgotten (nats per token)"), _around(means(forgotten, "rise"), ".2f")),
                    (_("seconds of computing"), f"{means(trials, 'computing')[0]:.0f}"),
                )
            }
        )
    style.show(table(rows))
    style.show(_learned_and_forgotten(record))
    right = {way: means(trials, "pass_at_1")[0] for way, trials in ways.items()}
    most = percent(max(right.values()), 0)
    best = [way for way in ways if percent(right[way], 0) == most]
    rises = {way: means(trials, "web_loss")[0] - base for way, trials in ways.items()}
    mildest = min([way for way in ways if right[way] > 0.8] or best, key=rises.__getitem__)
    say(
        _(
            "Most right programs: {ways} ({percent} with one try). Of the ways "
            "with more than 80%, {mildest} forgets least: {least:.2f} nats per "
            "token; training all without rehearsal forgets {forgotten:.2f}, so its "
            "perplexity on village text grows by the factor {factor:.1f}."
        ).format(
            ways="; ".join(_(WAYS[way][0]) for way in best),
            percent=most,
            mildest=_(WAYS[mildest][0]),
            least=rises[mildest],
            forgotten=rises["all"],
            factor=np.exp(rises["all"]),
        ),
        sources.origin(RECORD, record),
    )
    if "by_rate" in record:
        style.show(_by_rate(record))
        say(fair_comparison(record), sources.origin(RECORD, record))
    else:
        say(
            _(
                "Each way has one learning rate here, chosen for right programs alone. A larger "
                "rate "
                "forgets more, so this record can't say whether LoRA as such forgets more or less "
                "than training all."
            )
        )


def right_aligned(text: str, wrap: bool = False) -> Page:
    """Return text for a table on the right, where the digits of a number meet those below."""
    style_ = f"display:block;text-align:right;white-space:{'normal' if wrap else 'nowrap'}"
    return Page(f'<span style="{style_}">{html.escape(text)}</span>', text)


def _learned_and_forgotten(record: Mapping[str, Any]) -> style.Picture:
    """Draw right programs against what was forgotten, a point for each seed and way."""
    base = record["base_web_loss"]
    seeds = max(len(trials) for trials in record["ways"].values())
    centres: dict[str, tuple[float, float]] = {}
    with picture(width=7.6, height=3.9) as (shown, (axis,)):
        for way, trials in record["ways"].items():
            words, shade = WAYS[way]
            x = [t["web_loss"] - base for t in trials]
            y = [t["pass_at_1"] for t in trials]
            axis.plot(x, y, "o", color=shade, ms=8, alpha=0.85)
            centres[way] = sum(x) / len(x), sum(y) / len(y)
        left, right = axis.get_xlim()
        for way, (rise, share) in centres.items():
            words, shade = WAYS[way]
            room = rise + 0.3 * (right - left)
            crowded = any(rise < a < room and abs(b - share) < 0.1 for a, b in centres.values())
            end = max(t["web_loss"] - base for t in record["ways"][way])
            note(
                axis, _(words), (rise if crowded else end, share), (-6, -12) if crowded else (9, 0),
                va="top" if crowded else "center", color=shade, fontsize=10.5,
            )  # fmt: skip
        axis.set(ylim=(-0.08, 1.12), xlabel=_("forgotten: rise of the loss on village text (nats)"))
        percent_ticks(axis, "y")
        axis.set_xlim(min(-0.05, left), right + 0.12 * (right - left))
        axis.set_ylabel(_("right with one try"))
        axis.set_title(
            _(
                "Top left is best: much learned, little forgotten. Each dot is one of {seeds} seeds"
            ).format(seeds=seeds)
        )
        shown.alt = _("Right programs against forgetting: ") + "; ".join(
            _("{way} {percent} and {forgotten:.2f} nats").format(
                way=_(WAYS[way][0]),
                percent=percent(means(t, "pass_at_1")[0], 0),
                forgotten=means(t, "web_loss")[0] - base,
            )
            for way, t in record["ways"].items()
        )
    return shown


def _at_rates(record: Mapping[str, Any], way: str) -> list[tuple[float, float, float]]:
    """Return for each rate of a way: what was forgotten, right programs, and AdamW's rate."""
    return [
        (
            means(one["trials"], "web_loss")[0] - record["base_web_loss"],
            means(one["trials"], "pass_at_1")[0],
            one["rates"][1],
        )
        for one in record["by_rate"][way]
    ]


def _by_rate(record: Mapping[str, Any]) -> style.Picture:
    """Draw right programs against what was forgotten, a line over learning rates for each way."""
    with picture(width=7.6, height=3.9) as (shown, (axis,)):
        said = []
        for way, (words, shade, marker) in COMPARED.items():
            points = _at_rates(record, way)
            axis.plot(
                [p[0] for p in points], [p[1] for p in points], f"{marker}-", color=shade, ms=8,
                lw=1.4, label=_(words),
            )  # fmt: skip
            said += [
                _("{words} at {rate:g}: {percent} and {forgotten:.2f} nats").format(
                    words=_(words), rate=rate, percent=percent(y, 0), forgotten=x
                )
                for x, y, rate in points
            ]
        axis.axhline(GOOD, color=INK, lw=1, ls=":")
        axis.set(ylim=(-0.08, 1.12), xlabel=_("forgotten: rise of the loss on village text (nats)"))
        forgotten = [p[0] for way in COMPARED for p in _at_rates(record, way)]
        if min(forgotten) > 0:
            axis.set_xscale("log")
            set_ticks(axis, "x", NATS)
            axis.set_xlim(0.7 * min(forgotten), 1.5 * max(forgotten))
            axis.set_xlabel(_("forgotten: rise of the loss on village text (nats, log scale)"))
        percent_ticks(axis, "y")
        axis.set_ylabel(_("right with one try"))
        axis.set_title(_("Each line is one way at several learning rates; dotted: 95% right"))
        axis.legend(fontsize=10, loc="lower right")
        shown.alt = "; ".join(said)
    return shown


def fair_comparison(record: Mapping[str, Any]) -> str:
    """Return what each way forgets at its gentlest rate with enough right programs, in words."""
    found = {}
    for way, (words, *_x) in COMPARED.items():
        # As percentages are printed: 94.7% reads 95%, and is among them.
        good = [point for point in _at_rates(record, way) if round(point[1], 2) >= GOOD]
        if good:
            found[_(words)] = min(good)
    if len(found) < 2:
        return _("Too few of these runs have {percent} right to compare the ways fairly.").format(
            percent=percent(GOOD, 0)
        )
    listed = "; ".join(
        _("{words} {rise:.2f} nats per token (rate {rate:g}, {percent} right)").format(
            words=words, rise=rise, rate=rate, percent=percent(right, 0)
        )
        for words, (rise, right, rate) in found.items()
    )
    return _(
        "Compared fairly, where at least {percent} of the programs are right "
        "and at the rate that forgets least: {listed}."
    ).format(percent=percent(GOOD, 0), listed=listed)


# Sizes --------------------------------------------------------------------------------------------


def front(points: Mapping[str, tuple[float, float]]) -> list[str]:
    """Return the names that no other is at least as fast and as good as, the fastest first.

    Parameters
    ----------
    points : dict
        Name → (latency, quality).
    """
    kept: list[str] = []
    for name in sorted(points, key=lambda n: (points[n][0], -points[n][1])):
        if not kept or points[name][1] > points[kept[-1]][1]:
            kept.append(name)
    return kept


def millions(count: int) -> str:
    """Return a number of parameters as people write it."""
    if language.current() == "ko":
        return short(count)
    return f"{count / 1e6:.{2 if count < 1e7 else 1}f} million"


def plane() -> None:
    """Draw the four sizes by speed and quality with the front, and say who isn't on it."""
    record = sources.record(RECORD)
    if record is None:
        return
    sizes = record["by_size"]
    points = {
        name: (found["milliseconds"], means(found["trials"], "pass_at_1")[0])
        for name, found in sizes.items()
    }
    best = front(points)
    with picture(width=7.6, height=4.0) as (shown, (axis,)):
        _draw_front(axis, [points[name] for name in best])
        rows: list[float] = []  # of labels that begin at a dot, the heights of those dots
        for name, (ms, quality) in points.items():
            trials = [t["pass_at_1"] for t in sizes[name]["trials"]]
            axis.plot([ms, ms], [min(trials), max(trials)], color=colour(name), lw=2)
            axis.plot(ms, quality, MARKERS.get(name, "o"), color=colour(name), ms=11)
            left = ms == max(other for other, _x in points.values())
            low = quality < 0.1
            down = 14 if left else 14 + 18 * sum(abs(quality - other) < 0.15 for other in rows)
            rows += [] if left else [quality]
            note(
                axis, f"{name}, {millions(sizes[name]['parameters'])}", (ms, quality),
                (-10 if left else 12, 10 if low else -down), va="bottom" if low else "top",
                ha="right" if left else "left", fontsize=10.5,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
            )  # fmt: skip
        axis.set(xscale="log", ylim=(-0.08, 1.12), xlabel=_("milliseconds per token (log scale)"))
        times = [p[0] for p in points.values()]
        low, high = 0.7 * min(times), 1.5 * max(times)
        percent_ticks(axis, "y")
        set_ticks(axis, "x", TIMES)
        axis.set_xlim(low, high)
        axis.set_ylabel(_("right with one try"))
        axis.set_title(_("Speed and quality of four sizes; the dashed line is the front"))
        shown.alt = _("Milliseconds per token and right programs: ") + "; ".join(
            _("{name} {ms:.2f} and {percent}").format(name=name, ms=ms, percent=percent(quality, 0))
            for name, (ms, quality) in points.items()
        )
    style.show(shown)
    beaten = [name for name in points if name not in best]
    useless = [name for name in best if points[name][1] < USEFUL]
    rest = _("Another size beats each of the others: ") + ", ".join(beaten) if beaten else ""
    say(
        _("On the front, the fastest first: {names}. ").format(names=", ".join(best))
        + (f"{rest}. " if rest else "")
        + "".join(
            _("Of {name}'s programs {percent} are right. ").format(
                name=name, percent=percent(points[name][1], 0)
            )
            for name in useless
        )
        + tuning_of(sizes),
        sources.origin(RECORD, record),
    )


def tuning_of(sizes: Mapping[str, Mapping[str, Any]]) -> str:
    """Return how the learning rates of the sizes were chosen, in words."""
    if all("rates" in found for found in sizes.values()):
        chosen = ", ".join(f"{name} {found['rates'][1]:g}" for name, found in sizes.items())
        edge = [
            name
            for name, found in sizes.items()
            if found["rates"] in (found["tried"][0]["rates"], found["tried"][-1]["rates"])
        ]
        more = (
            _(
                " For {ways} that is the last one that was tried on its side, so a "
                "rate beyond it may be better still."
            ).format(ways=", ".join(edge))
            if edge
            else ""
        )
        return _(
            "Each size has the learning rate that was best for it on other tasks "
            "(AdamW's: {chosen}).{more}"
        ).format(chosen=chosen, more=more)
    return _(
        "All sizes had the same learning rate, which wasn't tuned for each of them: mini-davinci "
        "may do badly here for that reason alone."
    )


def _draw_front(axis: "Axes", points: Sequence[tuple[float, float]]) -> None:
    """Draw the front as a stair: up to a model's time the one before it is the best."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    axis.step([*xs, 100 * xs[-1]], [*ys, ys[-1]], where="post", color=INK, lw=1.4, ls="--")


# peft ---------------------------------------------------------------------------------------------


def beside_peft(layer: int = 0) -> None:
    """Compare peft's LoRA on one layer of the base model with the exercise, and after merging."""
    loaded = sources.load_model(BASE)
    if loaded is None:
        return
    try:
        import peft
    except ImportError:
        say(_("The library peft isn't here: run `python3 start.py` once, which installs it."))
        return
    import torch

    from course.stages import code, exercises

    _x, mini, _x = loaded
    try:
        answers, why = exercises.load(*LORA), ""
    except CourseError as error:
        answers, why = None, str(error)
    target = f"transformer.h.{layer}.mlp.c_fc"
    plain = mini.get_submodule(target)
    weight, bias = plain.weight.detach().T.clone(), plain.bias.detach().clone()
    config = peft.LoraConfig(
        r=code.RANK, lora_alpha=code.ALPHA, target_modules=[target], fan_in_fan_out=True
    )
    with warnings.catch_warnings():  # of things that peft itself will have to change
        warnings.simplefilter("ignore")
        wrapped = peft.get_peft_model(mini, config)
    theirs = wrapped.base_model.model.get_submodule(target)
    chance = torch.Generator().manual_seed(1)
    with torch.no_grad():
        a, b = theirs.lora_A["default"].weight, theirs.lora_B["default"].weight
        a.copy_(torch.randn(a.shape, generator=chance))
        b.copy_(torch.randn(b.shape, generator=chance))
        x = torch.randn(4, weight.shape[1], generator=chance)
        frozen, adapted = x @ weight.T + bias, theirs(x)
        rows = [
            (_("peft's LoRA and the frozen layer"), adapted, frozen),
            (
                _("peft's LoRA before and after its own merging"),
                adapted,
                _merged(wrapped, target)(x),
            ),
        ]
        if answers:
            whose = _("yours") if answers.origin == "work" else _("the solution's")
            pair = a.detach(), b.detach()
            mine = answers["lora_forward"](x, weight, *pair, code.ALPHA) + bias
            rows.append(
                (
                    _("peft's LoRA and lora_forward ({whose}), plus the bias").format(whose=whose),
                    adapted,
                    mine,
                )
            )
        else:
            say(_("{why} So here peft is compared with itself only.").format(why=why))
    size = float(adapted.abs().mean())
    style.show(
        table(
            [
                {
                    _("compared, on one layer of mini-babbage"): words,
                    _("largest difference"): f"{float((one - two).abs().max()):.1e}",
                    _("the same?"): _("yes")
                    if torch.allclose(one, two, atol=1e-4 * size)
                    else _("no"),
                }
                for words, one, two in rows
            ]
        )
    )
    say(
        _(
            "The layer {target} takes {inputs} numbers and gives {outputs}; the rank "
            "is {rank}. Its own matrix has {matrix:,} numbers, the adapter "
            "{adapter:,}."
        ).format(
            target=target,
            inputs=weight.shape[1],
            outputs=weight.shape[0],
            rank=code.RANK,
            matrix=weight.numel(),
            adapter=a.numel() + b.numel(),
        )
    )


def _merged(wrapped: Any, target: str) -> Any:
    """Return the layer after peft has merged its adapter into the matrix."""
    return wrapped.merge_and_unload().get_submodule(target)


# The family ---------------------------------------------------------------------------------------

CODE_MODELS = ("Codex", "code-cushman-001", "code-davinci-002", "davinci", "GitHub Copilot")


def family() -> Page:
    """Return what the family's tables know of models that write code, each with its source."""
    rows = []
    for file in ("models", "api_names", "neighbours"):
        with (paths.DATA / "family" / f"{file}.csv").open(encoding="utf-8", newline="") as f:
            for row in csv.DictReader(f):
                if row["name"] == "davinci":
                    row |= {_("note"): "", "note_source": ""}  # about its window, not shown here
                if row["name"] in CODE_MODELS:
                    rows.append(row)
    rows.sort(key=lambda row: CODE_MODELS.index(row["name"]))
    return table(
        [
            {
                _("name"): row["name"],
                _("released"): sources.told(row["released"]),
                _("size"): sources.told(row["size"]),
                _("parent"): sources.told(row["parent"]),
                _("how it came from it"): sources.told(row["how"]),
                _("note"): sources.told(row.get("note") or row.get("what", "")),
                _("source"): "; ".join(
                    dict.fromkeys(
                        one
                        for some in (row["source"], row.get("note_source"))
                        if some
                        for one in some.split("; ")
                    )
                ),
            }
            for row in rows
        ]
    )
