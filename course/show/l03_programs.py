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

from course import paths
from course.errors import CourseError
from course.show import sources, style
from course.show.charts import name_rows, note, percent_ticks, set_ticks
from course.show.sizes import short
from course.show.style import ACCENT, INK, MARKERS, QUIET, Page, colour, picture, say, table
from course.stages.stage import LORA
from course.stats import mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BASE, CODE, RECORD = "mini-babbage", "mini-code", "fine_tuning"
SHOWN = 6  # tasks of the first look
ASKED = (  # key in the record of mini-code → in words, colour
    ("base_", "base", "mini-babbage, the comment alone", colour(BASE)),
    ("few_shot_", "few_shot", "mini-babbage, after three examples", QUIET),
    ("", CODE, "mini-code", colour(CODE)),
)
WAYS = {  # in the record → (in words, colour)
    "last layer": ("last layer", "#8a8f3c"),
    "last block": ("last block", "#cc79a7"),
    "LoRA": ("LoRA", ACCENT),
    "all": ("all", colour(CODE)),
    "all, with rehearsal": ("all, with rehearsal", "#1b639b"),
}
TIMES = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)  # ticks, milliseconds
STEP = re.compile(r"(add|plus|subtract|take away|multiply by|times) (\d{1,2})")


def listing(text: str) -> Page:
    """Return a program as it stands, with its line ends and indents."""
    style_ = "white-space:pre-wrap;font-family:monospace;font-size:90%"
    return Page(f'<span style="{style_}">{html.escape(text.rstrip())}</span>', text.rstrip())


def wanted(words: str) -> Any:
    """Return the task that `words` ask for, or None if they aren't of the learned kind."""
    from course.world.tasks import Task

    steps = [STEP.fullmatch(step.strip()) for step in words.split(", then ")]
    found = [step for step in steps if step]
    if len(found) < len(steps) or len(found) > 2:
        return None
    return Task(tuple((f"{step[1]} {{}}", int(step[2])) for step in found))


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
        for _, mini, tokenizer in (before, after):
            programs = code.written(mini, tokenizer, prompts)
            columns.append((programs, code.judge(asked, programs)))
    except CourseError as error:
        say(str(error))
        return None
    rows = []
    for i, task in enumerate(asked):
        row: dict[str, Any] = {"asked for": task.words}
        for name, (programs, verdicts) in zip((BASE, CODE), columns, strict=True):
            row[name] = listing(programs[i][0])
            row[f"run: {name}"] = verdicts[i][0].said
        rows.append(row)
    return table(rows)


def verdicts(*programs: str) -> Page | None:
    """Return programs with what the evaluator says of each, after running those that it may."""
    from course.stages.programs import run
    from course.world.tasks import INPUTS

    try:
        found = run(programs, INPUTS)
    except CourseError as error:
        say(str(error))
        return None
    rows = []
    for source, (values, said) in zip(programs, found, strict=True):
        runs = "Runs: " + ", ".join(f"f({x}) = {v}" for x, v in zip(INPUTS, values, strict=False))
        rows.append({"program": listing(source), "verdict": said or f"{runs}."})
    return table(rows)


def ask(words: str) -> None:
    """Let mini-code write a program for one's own words, run it, and show what it gives.

    Parameters
    ----------
    words : str
        What ``f`` shall do, such as ``"add 5, then times 3"``.
    """
    words = " ".join(str(words).split()).rstrip(".")
    if not words:
        say("There is no request: write what f shall do, such as add 5, then times 3.")
        return
    loaded = sources.load_model(CODE)
    if loaded is None:
        return
    from course.real.conversation import plain
    from course.stages import code, programs
    from course.world import tasks

    _, mini, tokenizer = loaded
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
    style.show(table([{"": "it gives", **row}]))
    if task is None:
        say(
            "Nobody can say whether this is right: these aren't words, numbers or steps of the "
            "kind that it was trained on. It writes a program all the same."
        )
    elif list(values) == task.values:
        say("It is right for all of these inputs.")
    else:
        say(f"It is wrong: right are {', '.join(map(str, task.values))}.")


# Rates --------------------------------------------------------------------------------------------


def rates() -> None:
    """Draw pass@1 and pass@10 of the base model and of mini-code, and say them."""
    record = sources.record(CODE)
    if record is None:
        return
    with picture(width=7.6, height=3.6) as (shown, (axis,)):
        said = []
        for place, (prefix, key, words, shade) in enumerate(ASKED):
            for step, k in enumerate((1, 10)):
                value = record[f"{prefix}pass_at_{k}"]
                low, high = record["intervals"][key][f"pass_at_{k}"]
                y = place + 0.38 * step
                axis.barh(y, value, 0.32, color=shade, alpha=0.6 if k == 1 else 1.0)
                axis.plot([low, high], [y, y], color=INK, lw=1.6)
                note(
                    axis, f"pass@{k}  {percent(value)}", (max(value, high), y), (6, 0), va="center",
                    fontsize=10.5,
                )  # fmt: skip
                said.append(f"{words}, pass@{k} {percent(value)}")
        places = [i + 0.19 for i in range(len(ASKED))]
        name_rows(axis, [words for _, _, words, _ in ASKED], places)
        axis.set(xlim=(0, 1.34), ylim=(len(ASKED) - 0.42, -0.3), xlabel="share of tasks")
        percent_ticks(axis, "x")
        axis.set_title(f"{record['tests']} tasks that no training has seen, 95 % interval")
        shown.alt = "; ".join(said)
    style.show(shown)
    sources.figure_line(
        record | {"name": CODE},
        "mini-code learned from {pairs:,} tasks, read {epochs} times, in {seconds:.0f} seconds. "
        "Its loss on the village's text went from {base_web_loss:.2f} to {web_loss:.2f} nats a "
        "token.",
    )


def percent(share: float) -> str:
    """Return a share in per cent, one near 0 or 1 with a digit behind the point."""
    return f"{share:.0%}" if 0.095 <= share < 0.99 or share in (0, 1) else f"{share:.1%}"


# Ways ---------------------------------------------------------------------------------------------


def means(trials: Sequence[Mapping[str, float]], key: str) -> tuple[float, float]:
    """Return the mean of `key` over seeds and the half width of its 95 % interval."""
    mean, half = mean_interval([[trial[key]] for trial in trials])
    return float(mean[0]), float(half[0])


def _around(value: tuple[float, float], form: str) -> str:
    return f"{value[0]:{form}} ± {value[1]:{form}}" if value[1] else f"{value[0]:{form}}"


def four_ways() -> None:
    """Show the table and the picture of the ways of fine-tuning, and what follows from them."""
    record = sources.record(RECORD)
    if record is None:
        return
    ways, base = record["ways"], record["base_web_loss"]
    total = record["parameters_with_embeddings"]
    rows = []
    for way, trials in ways.items():
        forgotten = [{"rise": t["web_loss"] - base} for t in trials]
        rows.append(
            {
                "what moves": WAYS[way][0],
                "numbers": f"{trials[0]['trained']:,}",
                "of the model": f"{trials[0]['trained'] / total:.0%}",
                "pass@1": _around(means(trials, "pass_at_1"), ".2f"),
                "pass@10": _around(means(trials, "pass_at_10"), ".2f"),
                "forgotten (nats a token)": _around(means(forgotten, "rise"), ".2f"),
                "seconds of computing": f"{means(trials, 'computing')[0]:.0f}",
            }
        )
    style.show(table(rows))
    style.show(_learned_and_forgotten(record))
    best = max(ways, key=lambda way: means(ways[way], "pass_at_1")[0])
    rises = {way: means(trials, "web_loss")[0] - base for way, trials in ways.items()}
    good = [way for way in ways if means(ways[way], "pass_at_1")[0] > 0.8]
    mildest = min(good, key=rises.__getitem__) if good else best
    say(
        f"Most right programs: {WAYS[best][0]} ({means(ways[best], 'pass_at_1')[0]:.0%} at the "
        f"first try). Of the ways with more than 80 %, {WAYS[mildest][0]} forgets least: "
        f"{rises[mildest]:.2f} nats a token; training all without rehearsal forgets "
        f"{rises['all']:.2f}, so its perplexity on village text grows by the factor "
        f"{np.exp(rises['all']):.1f}.",
        sources.origin(RECORD, record),
    )


def _learned_and_forgotten(record: Mapping[str, Any]) -> style.Picture:
    """Draw right programs against what was forgotten, a point for each seed and way."""
    base = record["base_web_loss"]
    with picture(width=7.6, height=3.9) as (shown, (axis,)):
        for way, trials in record["ways"].items():
            words, shade = WAYS[way]
            x = [t["web_loss"] - base for t in trials]
            y = [t["pass_at_1"] for t in trials]
            axis.plot(x, y, "o", color=shade, ms=8, alpha=0.85, label=words)
        axis.set(ylim=(-0.05, 1.08), xlabel="forgotten: rise of the loss on village text (nats)")
        percent_ticks(axis, "y")
        axis.set_xlim(left=min(-0.05, axis.get_xlim()[0]))
        axis.set_ylabel("right at the first try")
        axis.set_title("Learned much and forgotten little is at the top left")
        axis.legend(loc="best", fontsize=10)
        shown.alt = "Right programs against forgetting: " + "; ".join(
            f"{WAYS[way][0]} {means(t, 'pass_at_1')[0]:.0%} and "
            f"{means(t, 'web_loss')[0] - base:.2f} nats"
            for way, t in record["ways"].items()
        )
    return shown


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
        for name, (ms, quality) in points.items():
            axis.plot(ms, quality, MARKERS.get(name, "o"), color=colour(name), ms=11)
            left = ms == max(other for other, _ in points.values())
            note(
                axis, f"{name}, {short(sizes[name]['parameters'])}", (ms, quality),
                (6, -14) if left else (10, -14), va="top", ha="right" if left else "left",
                fontsize=10.5,
            )  # fmt: skip
        axis.set(xscale="log", ylim=(-0.12, 1.12), xlabel="milliseconds a token (log scale)")
        times = [p[0] for p in points.values()]
        low, high = 0.7 * min(times), 1.5 * max(times)
        percent_ticks(axis, "y")
        set_ticks(axis, "x", TIMES)
        axis.set_xlim(low, high)
        axis.set_ylabel("right at the first try")
        axis.set_title("Speed and quality of four sizes; the line is the front")
        shown.alt = "Milliseconds a token and right programs: " + "; ".join(
            f"{name} {ms:.2f} and {quality:.0%}" for name, (ms, quality) in points.items()
        )
    style.show(shown)
    beaten = [name for name in points if name not in best]
    say(
        f"On the front, the fastest first: {', '.join(best)}. "
        + (
            f"Not on it: {', '.join(beaten)}, since another size is at least as fast and as good."
            if beaten
            else "Each of the four is worth having."
        ),
        sources.origin(RECORD, record),
    )


def _draw_front(axis: "Axes", points: Sequence[tuple[float, float]]) -> None:
    """Draw the front as a stair: up to a model's time the one before it is the best."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    axis.step([*xs, 10 * xs[-1]], [*ys, ys[-1]], where="post", color=INK, lw=1.4, ls="--")


# peft ---------------------------------------------------------------------------------------------


def beside_peft(layer: int = 0) -> None:
    """Compare peft's LoRA on one layer of the base model with the exercise, and after merging."""
    loaded = sources.load_model(BASE)
    if loaded is None:
        return
    try:
        import peft
    except ImportError:
        say("The library peft isn't here: run `python3 start.py` once, which installs it.")
        return
    import torch

    from course.stages import code, exercises

    _, mini, _ = loaded
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
            ("peft's LoRA and the frozen layer", adapted, frozen),
            ("peft's LoRA before and after its own merging", adapted, _merged(wrapped, target)(x)),
        ]
        try:
            answers = exercises.load(*LORA)
            whose = "yours" if answers.origin == "work" else "the solution's"
            pair = a.detach(), b.detach()
            mine = answers["lora_forward"](x, weight, *pair, code.ALPHA) + bias
            rows.append((f"peft's LoRA and lora_forward ({whose}), plus the bias", adapted, mine))
        except CourseError as error:
            say(f"{error} So here peft stands alone.")
    size = float(adapted.abs().mean())
    style.show(
        table(
            [
                {
                    "compared, on one layer of mini-babbage": words,
                    "largest difference": f"{float((one - two).abs().max()):.1e}",
                    "the same?": "yes" if torch.allclose(one, two, atol=1e-4 * size) else "no",
                }
                for words, one, two in rows
            ]
        )
    )
    say(
        f"Layer {target}: {weight.shape[1]} numbers in, {weight.shape[0]} out, rank {code.RANK}. "
        f"Its own matrix has {weight.numel():,} numbers, the adapter {a.numel() + b.numel():,}."
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
                if row["name"] in CODE_MODELS:
                    rows.append(row)
    rows.sort(key=lambda row: CODE_MODELS.index(row["name"]))
    return table(
        [
            {
                "name": row["name"],
                "released": row["released"],
                "size": row["size"],
                "parent": row["parent"],
                "how it came from it": row["how"],
                "note": row.get("note") or row.get("what", ""),
                "source": "; ".join(
                    dict.fromkeys(filter(None, (row["source"], row.get("note_source"))))
                ),
            }
            for row in rows
        ]
    )
