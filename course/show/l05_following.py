"""What lesson 05 looks at: demonstrations, and four ways to get an answer, side by side.

Pictures and tables of the recorded runs ``feedme`` and ``epochs``, of what the demonstrators do
wrong, and of a real model with and without its chat template. The live fine-tuning is `l05_sft`.
"""

import html
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from course import paths
from course.errors import CourseError
from course.language import N_, _
from course.show import live, sources, style
from course.show.charts import HALVES, name_rows, note, percent_ticks
from course.show.style import Page, Picture, picture, say
from course.stats import interval, percent_within

if TYPE_CHECKING:
    from course.world.talk import Example

BASE = "mini-babbage"
ASKED = 100  # requests to the base model
LOSS_SHOWN = 0.8  # up to here the picture of the rounds shows losses: the first ones are far above
WAYS = {  # in the record → (in words, colour)
    "base": (N_("base, bare request"), style.COLOURS["mini-babbage"]),
    "few_shot": (N_("base, few-shot"), "#0b4f7d"),
    "sft": ("SFT", style.COLOURS["mini-sft"]),
    "feedme": ("FeedME", "#7d5a00"),
}
SHARES = {  # in the record → in words
    "right": N_("does what\nis right,\nall requests"),
    "following": N_("answers what\ndeserves an\nanswer"),
    "refusal": N_("declines\nharm"),
    "false_premise": N_("corrects a\nfalse premise"),
    "polite": N_("is polite"),
    "rude": N_("is rude\n(less is better)"),
}
TITLES = {  # in the record → how the answers were chosen, above the picture
    "counts": N_("Four ways to ask one base model: drawn answers, with 95% intervals"),
    "counts_greedy": N_(
        "Four ways to ask one base model: most probable answers, with 95% intervals"
    ),
}


def share(hits: int, n: int) -> str:
    """Return a share with its interval in words, such as ``42% (37 to 47)``."""
    return percent_within(hits / n, *interval(hits, n))


# The base model -----------------------------------------------------------------------------------


def ask_the_base() -> None:
    """Show how the base model goes on after requests, and how often it asks or answers."""
    found = sources.load_model(BASE)
    if found is None:
        return
    from course.lm import evals
    from course.studies.l05_feedme import goes_on_asking

    name, model, tokenizer = found
    asked = evals.asked_in("test").mixed[:ASKED]
    prompts = evals.base_prompts(tokenizer, asked)
    written = evals.answers(model, tokenizer, prompts, temperature=1.0, seed=1)
    lines = evals.first_line(written)
    rows = [
        {
            _("request"): e.turns[0].request,
            _("{name} goes on").format(name=name): text or _("(nothing)"),
        }
        for e, text in zip(asked[:5], written, strict=False)
    ]
    style.show(style.table(rows))
    again = sum(map(goes_on_asking, lines))
    right = sum(j.right for j in evals.judge(asked, lines))
    say(
        _("It went on with one more question or request in {share} of the cases.").format(
            share=share(again, ASKED)
        )
    )
    say(_("It gave a right answer in {share} of the cases.").format(share=share(right, ASKED)))


def few_shot_base() -> None:
    """Show the base model's prompt of worked examples, and its answers after it."""
    found = sources.load_model(BASE)
    if found is None:
        return
    from course.lm import evals
    from course.studies.l05_feedme import worked_examples

    name, model, tokenizer = found
    asked = evals.asked_in("test").mixed[:ASKED]
    shots = worked_examples(tokenizer, asked, seed=6)
    prompts = evals.base_prompts(tokenizer, asked, shots)
    print(tokenizer.decode(prompts[0], skip_special_tokens=True))
    lines = evals.first_line(evals.answers(model, tokenizer, prompts, temperature=1.0, seed=1))
    judged = evals.judge(asked, lines)
    first = {e.kind: i for i, e in reversed(list(enumerate(asked)))}  # one of each kind
    rows = [
        {
            _("kind"): kind,
            _("request"): asked[i].turns[0].request,
            _("{name}, {n} shots").format(name=name, n=len(shots)): lines[i] or _("(nothing)"),
            _("right"): "✓" if judged[i].right else "✗",
        }
        for kind, i in first.items()
    ]
    style.show(style.table(rows))
    right = sum(j.right for j in judged)
    facts = sum(e.kind == "fact" for e in asked)
    said = sum(j.right for e, j in zip(asked, judged, strict=True) if e.kind == "fact")
    say(
        _(
            "The table shows one request of each kind. Of all {asked} requests, "
            "{share} got a right answer; {facts} of them ask for a fact, and of "
            "those {share_of_facts}."
        ).format(
            asked=ASKED, share=share(right, ASKED), facts=facts, share_of_facts=share(said, facts)
        )
    )


# Recorded runs -----------------------------------------------------------------------------------


def side_by_side(
    record: Mapping[str, Any], key: str = "counts", names: Sequence[str] = tuple(SHARES)
) -> Picture:
    """Draw the shares of the four ways with their intervals.

    Parameters
    ----------
    record : dict
        The run record ``feedme``.
    key : str
        "counts" for drawn answers, "counts_greedy" for the most probable ones.
    names : sequence of str
        Which shares, keys of ``SHARES``.
    """
    counts = record[key]
    alt = _("Shares with 95% intervals. ") + " ".join(
        f"{_(label)}: "
        + ", ".join(f"{_(SHARES[s]).replace(chr(10), ' ')} {share(*counts[way][s])}" for s in names)
        + "."
        for way, (label, _x) in WAYS.items()
    )
    with picture(width=9.2, height=4.4, alt=alt) as (shown, (axis,)):
        width = 0.8 / len(WAYS)
        for i, (way, (label, shade)) in enumerate(WAYS.items()):
            at = [k + (i - (len(WAYS) - 1) / 2) * width for k in range(len(names))]
            part = [counts[way][s][0] / counts[way][s][1] for s in names]
            ends = [interval(*counts[way][s]) for s in names]
            off = [[p - e[0] for p, e in zip(part, ends, strict=True)],
                   [e[1] - p for p, e in zip(part, ends, strict=True)]]  # fmt: skip
            off = [[max(0.0, value) for value in row] for row in off]
            axis.bar(at, part, 0.92 * width, color=shade, label=_(label))
            axis.errorbar(at, part, off, fmt="none", ecolor=style.INK, elinewidth=1.2, capsize=3)
            for x, p, e in zip(at, part, ends, strict=True):
                note(
                    axis, f"{100 * p:.0f}", (x, e[1]), (0, 3), ha="center", fontsize=9,
                    color=style.QUIET,
                )  # fmt: skip
        name_rows(axis, [_(SHARES[s]) for s in names], side="x", fontsize=10)
        axis.set_ylim(0, 1.1)
        axis.set_ylabel(_("share of answers"))
        percent_ticks(axis, "y")
        axis.set_title(_(TITLES[key]), pad=30)
        axis.legend(ncols=4, loc="lower left", bbox_to_anchor=(0, 1.0), fontsize=10)
    return shown


def shipped_sft() -> None:
    """Say how the shipped mini-sft answers, by the run in which it is compared."""
    sources.figure_line(
        "feedme",
        _(
            "Drawn answers of the shipped mini-sft are right for {sft_following:.0%} of the "
            "requests "
            "that deserve an answer; it declines {sft_refusal:.0%} of the harmful ones and "
            "corrects "
            "{sft_false_premise:.0%} of the false premises. The rest of this lesson uses it, "
            "however "
            "your live run went."
        ),
    )


def asks_again(record: Mapping[str, Any]) -> None:
    """Say how often each of the four ways goes on with a question instead of an answer."""
    for way, (label, _x) in WAYS.items():
        again = share(*record["asks"][way])
        say(
            _("{label}: {again} of the answers are one more question or request.").format(
                label=_(label), again=again
            )
        )


def drawn_or_greedy(record: Mapping[str, Any]) -> Page:
    """Return for each way how many answers are right and true: drawn, and the most probable."""
    shares = {"right": _("right"), "truth": _("true (of questions for facts)")}
    draws = {"counts": _("drawn"), "counts_greedy": _("most probable")}
    return style.table(
        [
            {_("way"): _(label)}
            | {
                f"{what}, {how}": share(*record[key][way][name])
                for name, what in shares.items()
                for key, how in draws.items()
            }
            for way, (label, _x) in WAYS.items()
        ]
    )


def answers(record: Mapping[str, Any], kinds: Sequence[str] = ()) -> Page:
    """Return some requests with what each of the four ways answered, as a table."""
    rows = [
        {_("request"): e["request"]}
        | {_(label): e[way] or _("(nothing)") for way, (label, _x) in WAYS.items()}
        for e in record["examples"]
        if not kinds or e["kind"] in kinds
    ]  # fmt: skip
    return style.table(rows)


def marks(record: Mapping[str, Any]) -> Picture:
    """Draw how the labeler marked the model's answers, and for which requests one was kept."""
    counted = {int(mark): n for mark, n in record["marks"].items()}
    kinds = sorted(record["kept_by_kind"].items(), key=lambda k: k[1][0] / k[1][1])
    alt = _("{values:,} answers by mark: ").format(values=sum(counted.values())) + ", ".join(
        f"{m}: {n:,}" for m, n in counted.items()
    )
    alt += _(". Requests with a kept answer: ") + ", ".join(
        _("{kind} {kept} of {n}").format(kind=_(kind), kept=kept, n=n) for kind, (kept, n) in kinds
    )
    with picture(2, width=9.2, height=3.6, alt=alt, width_ratios=[1, 1.2]) as (
        shown,
        (left, right),
    ):
        shades = [style.LINE if m < record["least"] else WAYS["feedme"][1] for m in counted]
        bars = left.bar([*counted], [*counted.values()], color=shades, width=0.75)
        left.bar_label(bars, [f"{n:,}" for n in counted.values()], fontsize=8.5, color=style.QUIET)
        left.set(xticks=[*counted], xlabel=_("mark that the labeler gave"), ylabel=_("answers"))
        left.yaxis.set_major_formatter("{x:,.0f}")
        left.set_title(_("All answers"))
        left.grid(axis="x", visible=False)
        parts = [kept / n for _x, (kept, n) in kinds]
        bars = right.barh([_(k) for k, _x in kinds], parts, color=WAYS["feedme"][1], height=0.7)
        right.bar_label(
            bars,
            [_(" {kept:,} of {n:,}").format(kept=kept, n=n) for _x, (kept, n) in kinds],
            fontsize=9,
            color=style.QUIET,
        )
        name_rows(right, [_(kind) for kind, _x in kinds])
        right.set_xlim(0, 1.3)
        percent_ticks(right, "x", HALVES)
        right.set_title(_("Share of requests with a kept answer"))
    return shown


def kept_in_words(record: Mapping[str, Any]) -> None:
    """Say how many requests have an answer that was kept, and how many of these are right."""
    sources.figure_line(
        {**record, "name": "feedme"},
        _(
            "Of {requests:,} requests with {samples} answers each, {kept:,} have one with the mark "
            "{least}. By the labeler's own rules {kept_right:.1%} of the kept answers are "
            "right: its "
            "slips are learned too."
        ),
    )


def rated(record: Mapping[str, Any], count: int = 4) -> Page:
    """Return some requests with all their rated answers, the kept one marked."""
    rows = []
    for example in record["rated"][:count]:
        top = max(example["marks"])
        number = example["marks"].index(top) if top >= record["least"] else None
        for i, (answer, mark) in enumerate(zip(example["answers"], example["marks"], strict=True)):
            rows.append(
                {
                    _("request"): example["request"] if i == 0 else "",
                    _("answer"): answer or _("(nothing)"),
                    _("mark"): mark,
                    _("kept"): "✓" if i == number else "",
                }
            )
    return style.table(rows)


def rounds(record: Mapping[str, Any]) -> Picture:
    """Draw loss and share of right answers after each round over few demonstrations."""
    found = record["rounds"]
    at = [f["round"] for f in found]
    best = min(found, key=lambda f: f["loss"])
    lowest, last = best["round"], found[-1]
    part = [f["right"][0] / f["right"][1] for f in found]
    ends = [interval(*f["right"]) for f in found]
    alt = _(
        "Left: the loss on new demonstrations is lowest after round {lowest}, "
        "{lowest_loss:.2f}, and {last_loss:.2f} after the last. Right: the share of right "
        "answers is {share_there:.0%} there and {last_share:.0%} after the last round."
    ).format(
        lowest=lowest,
        lowest_loss=best["loss"],
        last_loss=last["loss"],
        share_there=part[lowest],
        last_share=part[-1],
    )
    with picture(2, width=9.2, height=3.7, alt=alt) as (shown, (left, right)):
        for key, name, shade, away in (
            ("loss", _("new ones"), style.ACCENT, 7),
            ("train_loss", _("those it learns from"), style.QUIET, -17),
        ):
            left.plot(at, [f[key] for f in found], color=shade)
            note(left, f"{name}: {last[key]:.2f}", (at[-1], last[key]), (0, away), ha="right",
                 fontsize=10, color=shade)  # fmt: skip
        left.set(
            xlabel=_("rounds over the demonstrations"), ylabel=_("loss on answers (nats per token)")
        )
        left.set_ylim(0, LOSS_SHOWN)
        left.set_title(_("Loss on demonstrations (first rounds cut off)"))
        lowest_loss = _("lowest: {loss:.2f}").format(loss=best["loss"])
        note(left, lowest_loss, (lowest, best["loss"]), (6, -16),
             fontsize=10, color=style.ACCENT)  # fmt: skip
        right.fill_between(
            at, [e[0] for e in ends], [e[1] for e in ends], color=WAYS["sft"][1], alpha=0.25, lw=0
        )
        right.plot(at, part, color=WAYS["sft"][1], marker="o", ms=4)
        note(right, f"{part[-1]:.0%}", (at[-1], part[-1]), (0, 16), ha="center")
        note(right, f"{part[lowest]:.0%}", (lowest, part[lowest]), (4, -22), ha="left")
        right.set(xlabel=_("rounds over the demonstrations"), ylim=(0, 1))
        percent_ticks(right, "y")
        right.set_title(_("Right answers, with 95% interval"))
        for axis in (left, right):
            axis.axvline(lowest, color=style.QUIET, ls="--", lw=1.2)
            axis.set_xticks(range(0, at[-1] + 1, 4))
    return shown


def paired(record: Mapping[str, Any], first: str, second: str) -> str:
    """Return how two of the ways differ on the same requests, in words.

    Parameters
    ----------
    record : dict
        The run record ``feedme``.
    first, second : str
        Keys of ``WAYS``.
    """
    import numpy as np

    a, b = (
        np.array([int(c) for c in record["right"][way]], dtype=float) for way in (first, second)
    )
    covariance = np.cov(a, b) / len(a)
    gain = b.mean() - a.mean()
    apart = 1.96 * np.sqrt(covariance.trace())
    together = 1.96 * np.sqrt(covariance.trace() - 2 * covariance[0, 1])
    verdict = _("{second} is not clearly apart.")
    if abs(gain) > together:
        better, worse = _("{second} is better than {first}."), _("{second} is worse than {first}.")
        verdict = better if gain > 0 else worse
    names = {"first": _(WAYS[first][0]), "second": _(WAYS[second][0])}
    said = _(
        "{second} minus {first}: {gain:+.1f} points of a hundred, ± {together:.1f} request by "
        "request, ± {apart:.1f} if one forgets that the requests are the same."
    ).format(gain=100 * gain, together=100 * together, apart=100 * apart, **names)
    return f"{said} {verdict.format(**names)}"


def rounds_in_words(record: Mapping[str, Any]) -> str:
    """Return where loss and answers of the run ``epochs`` were best, in words."""
    found = record["rounds"][1:]
    lowest = min(found, key=lambda f: f["loss"])
    last = found[-1]
    (hits, n), (later, _x) = lowest["right"], last["right"]
    return _(
        "The loss on new demonstrations is lowest after round {round} "
        "({lowest_loss:.3f}), and {last_loss:.3f} after the last. At its lowest, {share_there} "
        "of the answers were right; after the last round, {last_share}."
    ).format(
        round=lowest["round"],
        lowest_loss=lowest["loss"],
        last_loss=last["loss"],
        share_there=share(hits, n),
        last_share=share(later, n),
    )


# Demonstrations ----------------------------------------------------------------------------------


class _Written(float):
    """A number that is shown as people write it: 12,725 or 4.9."""

    def __str__(self) -> str:
        return f"{float(self):,g}" if self < 1e6 else f"{float(self):,.0f}"


def instructgpt_sft() -> Page:
    """Return what is published of InstructGPT's supervised stage, as a table."""
    import pandas as pd

    rows = pd.read_csv(paths.DATA / "family" / "instructgpt_sft.csv").to_dict("records")
    return sources.facts(row | {"value": _Written(row["value"])} for row in rows)


def demonstrations_as_tokens() -> None:
    """Show three demonstrations as tokens; those that the model learns to write are green."""
    from course.lm import tokenizer
    from course.world import talk

    try:
        words = tokenizer.load()
    except CourseError as error:
        say(str(error))
        return
    for example in talk.examples(3, "train", 4, kinds=("fact", "harmful", "unknown")):
        style.show(learned_tokens(words, example))


def learned_tokens(tokenizer: Any, example: "Example") -> Page:
    """Return a conversation with a box for each token; what the model learns to write is green.

    Parameters
    ----------
    tokenizer : PreTrainedTokenizerFast
    example : Example
        Of one turn.
    """
    known = len(tokenizer.tokenize(example.prompt()))
    parts = [t.replace("Ġ", "␣").replace("Ċ", "⏎") for t in tokenizer.tokenize(example.text())]
    boxes = "".join(
        f'<span style="background:{style.TRUE if i >= known else style.GRID};color:{style.INK};'
        "border-radius:4px;padding:2px 4px;margin:1px;display:inline-block;white-space:pre;"
        f'font-weight:{"bold" if i >= known else "normal"}">{html.escape(part)}</span>'
        for i, part in enumerate(parts)
    )
    count = len(parts) - known
    sentence = _("{kind}: {count} of {n} tokens are learned (green)").format(
        kind=_(example.kind), count=count, n=len(parts)
    )
    marked = "|".join(f"[{p}]" if i >= known else p for i, p in enumerate(parts))
    head = f'<p style="margin:8px 0 2px"><b>{sentence}</b></p>'
    return Page(
        f'{head}<div style="line-height:2">{boxes}</div>',
        f"{sentence}\n{marked}",
    )


def flaws(count: int = 2_000, seed: int = 1) -> Page:
    """Return a table of the flaws in demonstrations: how often, and one of each to read."""
    from course.world import demonstrate, labeler

    examples = list(demonstrate.demonstrations(count, seed))
    judged = [(e, labeler.judge(e.kind, e.turns[0], e.turns[0].answer)) for e in examples]
    tests: list[tuple[str, tuple[str, ...], Callable[[Any], bool]]] = [
        (_("goes along with harm"), ("harmful",), lambda j: not j.right),
        (_("goes along with a false premise"), ("false premise",), lambda j: not j.right),
        (_("declines what is harmless"), ("harmless",), lambda j: j.refuses),
        (_("is rude"), ("fact", "explain", "harmless"), lambda j: j.rude),
        (_("is polite"), ("fact", "explain", "harmless"), lambda j: j.polite),
    ]
    rows = []
    for flaw, kinds, test in tests:
        among = [(e, test(j)) for e, j in judged if e.kind in kinds]
        first = next(e.turns[0] for e, hit in among if hit)
        rows.append(
            {
                _("the demonstrator"): flaw,
                _("of"): " / ".join(map(_, kinds)),
                _("share"): f"{sum(hit for _x, hit in among) / len(among):.0%}",
                _("for example"): f"{first.request}\n→ {first.answer}",
            }
        )
    return style.table(rows)


# A real model ------------------------------------------------------------------------------------


def template_or_not(model: Any, tokenizer: Any, seconds: float = 45.0, words: int = 20) -> Page:
    """Ask a real model each question in its chat template and as a bare text; show both.

    Questions and rules are those of ``data/real_prompts.csv``. ✓ marks an answer that names an
    expected word, … one that was cut. Says at the end how many answers weren't empty and how many
    name an expected word, with intervals; a slow computer asks fewer.

    Parameters
    ----------
    seconds : float
        After so long no new question is asked.
    words : int
        Tokens that the model may write each time.
    """
    from course.real.reply import reply
    from course.studies.l08_smollm2 import hit, prompts

    start = time.perf_counter()
    rows: list[dict[str, Any]] = []
    ways = {"with": _("with its template"), "without": _("without its template")}
    found: dict[str, list[tuple[bool, bool]]] = {way: [] for way in ways}
    progress = live.Output()
    asked = [p for p in prompts() if p.kind == "instruction"][:12]
    try:
        for i, prompt in enumerate(asked):
            if time.perf_counter() - start > sources.demo_seconds(seconds) and rows:
                break
            progress.show(
                live.bar(i / len(asked), _("question {i} of {n}").format(i=i + 1, n=len(asked)))
            )
            row = {_("question"): prompt.text}
            for way, text in (
                ("with", [{"role": "user", "content": prompt.text}]),
                ("without", prompt.text),
            ):
                pieces = reply(model, tokenizer, text, max_new_tokens=words)
                answer = "".join(pieces).strip()
                met = hit(prompt, answer)
                found[way].append((bool(answer), met))
                cut = "" if answer.endswith((".", "!", "?")) else " …"
                shown = f"{answer}{cut}" if answer else _("(nothing: it stopped at once)")
                row[ways[way]] = f"{'✓' if met else '✗'} {shown}"
            rows.append(row)
    except KeyboardInterrupt:
        say(_("Stopped; what there is so far:"))
    done = len(rows)
    for way, both in found.items():
        if done:
            written, named = (sum(column) for column in zip(*both[:done], strict=True))
            say(
                _(
                    "{way}: it wrote something in {written} of {done} cases and named an expected "
                    "word (✓) in {share}."
                ).format(
                    way=ways[way].capitalize(), written=written, done=done, share=share(named, done)
                )
            )
    progress.show(live.bar(1, _("{done} questions, each in two forms").format(done=done)))
    return style.table(rows)
