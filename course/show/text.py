"""What models read and write: tokens as boxes, next tokens as bars, texts with their facts judged.

Village statements in a text are marked true or false by the village's own facts, so that a reader
who doesn't know the village sees when a model begins to know it. Left out: statements with a
pronoun ("He has a dog."), and values that no such statement has ("works as a soup").
"""

import html
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from course.language import N_, _
from course.show.charts import HALVES, name_rows, percent_ticks
from course.show.style import FALSE, INK, QUIET, TABLE, TRUE, Page, Picture, picture

BOXES = ("#dbeaf7", "#fdebd3")  # grounds of neighbouring tokens, in turn
SPACE, NEWLINE, UNKNOWN = "␣", "⏎", "▯"
BYTES = re.compile(r"^␣*([0-9A-F]{2}( |$))+$")


@cache
def _bytes() -> dict[str, int]:
    """Return which byte each letter of byte-level BPE stands for (Radford et al. 2019)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    letters = {chr(b): b for b in plain}
    return letters | {chr(256 + i): b for i, b in enumerate(others)}


def pieces(tokenizer: Any, text: str) -> list[str]:
    """Return the tokens of `text` as a person can read them.

    Parameters
    ----------
    tokenizer : PreTrainedTokenizerFast
        A byte-level one: GPT-2's kind, SmolLM2's or ours.
    text : str

    Returns
    -------
    list of str
        A space is shown as ``␣``; what isn't a whole character as its bytes, such as ``EB B0``.
    """
    shown = []
    for token in tokenizer.tokenize(text):
        data = bytes(_bytes().get(letter, 63) for letter in token)
        try:
            shown.append(data.decode("utf-8").replace(" ", SPACE))
        except UnicodeDecodeError:
            rest = data.lstrip(b" ")
            shown.append(SPACE * (len(data) - len(rest)) + rest.hex(" ").upper())
    return shown


def tokens(tokenizer: Any, text: str, title: str = "") -> Page:
    """Return `text` with a box for each token and the number of tokens.

    Parameters
    ----------
    tokenizer : PreTrainedTokenizerFast
    text : str
    title : str
        Stands above it.
    """
    parts = pieces(tokenizer, text)
    head = _("{title}: {tokens} tokens, {characters} characters, {bytes} bytes").format(
        title=title, tokens=len(parts), characters=len(text), bytes=len(text.encode())
    )
    boxes = "".join(
        f'<span style="background:{BOXES[i % 2]};color:{INK};border-radius:4px;padding:2px 3px;'
        "margin:1px;display:inline-block;white-space:pre;"
        f'{"font-size:75%;" if BYTES.search(part) else ""}">{html.escape(part)}</span>'
        for i, part in enumerate(parts)
    )
    return Page(
        f'<p style="margin:8px 0 2px"><b>{html.escape(head)}</b></p>'
        f'<div style="line-height:2">{boxes}</div>',
        f"{head}\n{'|'.join(parts)}",
    )


def _label(token: str) -> str:
    """Return a token as a label that the plots' font can draw."""
    token = token.replace(" ", SPACE).replace("\n", NEWLINE)
    known = (SPACE, NEWLINE, "’", "‘", "“", "”", "…", "–", "—")
    return "".join(c if ord(c) < 0x250 or c in known else UNKNOWN for c in token) or _("(empty)")


def _percent(p: float) -> str:
    return f"{p:.0%}" if p >= 0.01 else "< 1%"


def next_tokens(
    distributions: Mapping[str, Sequence[tuple[str, float]]], fill: str = QUIET, top: int = 8
) -> Picture:
    """Draw the most probable next tokens after some beginnings, side by side.

    Parameters
    ----------
    distributions : dict of str to sequence of (str, float)
        Beginning → (token, probability), most probable first, as ``pretrained.next_tokens`` gives.
    fill : str
        Colour of the bars.
    top : int
        How many are drawn.
    """
    alt = _("Bars: the most probable next tokens after ") + _(", after ").join(
        f"{beginning!r}: " + ", ".join(f"{t.strip()} {_percent(p)}" for t, p in likely[:3])
        for beginning, likely in distributions.items()
    )
    with picture(len(distributions), height=3.6, alt=alt) as (shown, axes):
        for axis, (beginning, likely) in zip(axes, distributions.items(), strict=True):
            part = list(likely[:top])[::-1]
            bars = axis.barh(range(len(part)), [p for _x, p in part], color=fill, height=0.72)
            axis.bar_label(
                bars, [_percent(p) for _x, p in part], padding=4, fontsize=9, color=QUIET
            )
            labels = [_label(t) for t, _x in part]
            name_rows(axis, labels, fontsize=10)
            axis.set_xlim(0, 1.15)
            percent_ticks(axis, "x", HALVES)
            axis.set_title(textwrap.fill(f"“{beginning}\u00a0…”", 26), fontsize=11)
            axis.set_xlabel(_("probability"))
    return shown


def judged(text: str) -> Iterator[tuple[str, bool | None]]:
    """Yield the sentences of `text` in order, and whether what they state of the village is true.

    A sentence that states no fact comes with None.
    """
    from course.world import labeler, village  # here: while grading, the labeler is out of reach

    for found in re.finditer(r"\s*[^.!?\n]*[.!?\n]?", text):
        fact = labeler.statement(found[0].strip())
        start = len(found[0]) - len(found[0].lstrip())
        yield found[0][:start], None
        yield found[0][start:], fact and village.VALUES[fact[:2]] == fact[2]


def texts(
    written: Mapping[Any, str],
    head: tuple[str, str] = (N_("step"), N_("it writes")),
    notes: Mapping[Any, str] | None = None,
) -> Page:
    """Return texts as a table, with true (✓) and false (✗) statements about the village marked.

    Parameters
    ----------
    written : dict
        Step (or any name) → text.
    head : tuple of str
        Titles of the two columns.
    notes : dict, optional
        Step → what stands small below it.
    """
    sign = {True: " ✓", False: " ✗", None: ""}
    ground = {True: TRUE, False: FALSE}
    rows, lines = [], []
    for name, text in written.items():
        text = "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)
        parts = [(part, true) for part, true in judged(text) if part]
        shown = "".join(
            html.escape(part).replace("\n", "<br>")
            if true is None
            else f'<span style="background:{ground[true]};color:{INK};border-radius:4px;'
            f'padding:1px 4px">{html.escape(part)}<b>{sign[true]}</b></span>'
            for part, true in parts
        )
        note = (notes or {}).get(name, "")
        name = f"{int(name):,}" if str(name).isdigit() else str(name)
        rows.append(
            '<tr style="background:none"><td style="text-align:right;vertical-align:top;'
            f'padding:4px 14px 4px 0;white-space:nowrap">{html.escape(name)}<br>'
            f'<span style="font-size:80%;opacity:0.75">{html.escape(note)}</span></td>'
            '<td style="text-align:left;white-space:normal;padding:4px 0;line-height:1.6">'
            f"{shown}</td></tr>"
        )
        plain = "".join(part + sign[true] for part, true in parts)
        lines.append(f"{name} ({note}): {plain}" if note else f"{name}: {plain}")
    titles = "".join(
        f'<th style="text-align:{side};padding:4px 14px 4px 0">{html.escape(title)}</th>'
        for side, title in zip(("right", "left"), map(_, head), strict=True)
    )
    return Page(
        f'<table style="{TABLE}"><tr>{titles}</tr>{"".join(rows)}</table>',
        "\n".join(lines),
    )
