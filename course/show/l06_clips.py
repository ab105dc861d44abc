"""The stick in motion: a clip as a small animated picture that plays without a script.

SVG with its own animation (SMIL): a few kilobytes, sharp at any size, and it plays in JupyterLab,
in a button desk, in a saved page, offline. It loops; a click holds it, where scripts are allowed.
The words next to it say what happens, for people who can't see it. Left out on purpose: a
player's bar.
"""

import html
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from course.language import _
from course.show.style import ACCENT, INK, LINE, QUIET, Page
from course.world import stick

SCALE = 70  # CSS pixels for a metre
PAUSE = 0.8  # seconds that the last frame stays
HOLD = "this.animationsPaused()?this.unpauseAnimations():this.pauseAnimations()"


def words(clip: NDArray[np.float64]) -> str:
    """Return in a sentence what the stick does in a clip, shape (frames, state)."""
    seen = stick.found(clip[None])
    turns, highest = float(seen["turns"][0]), float(seen["high"][0])
    turns = 0.0 if abs(turns) < 0.05 else turns  # no "-0.0"
    stands, falls = seen["stands"][0] == 1, bool(seen["falls"][0])
    end = _("stands at the end") if stands else _("doesn't come to rest")
    end = _("falls on its head") if falls else end
    return _("turns {turns:.1f} times backwards, its middle {highest:.1f} m high, {end}").format(
        turns=turns, highest=highest, end=end
    )


def svg(clip: NDArray[np.float64], title: str = "", width: int = 380, height: int = 240) -> str:
    """Return a clip as an animated SVG.

    Parameters
    ----------
    clip : ndarray, shape (frames, state)
        Of ``stick.simulate``.
    title : str
        Written above the stick.
    width, height : int
        CSS pixels; three metres of height have room at 240.
    """
    of = dict(zip(stick.STATE, np.asarray(clip, dtype=float).T, strict=True))
    ground, metres = height - 24, width / SCALE / 2
    middle = np.clip(of["x"], -metres + 0.3, metres - 0.3)
    ux, uy = -np.sin(of["angle"]), np.cos(of["angle"])
    half = of["length"] / 2
    ends = {}
    for name, side in (("foot", -1), ("head", 1)):
        ends[name] = (
            width / 2 + SCALE * (middle + side * half * ux),
            ground - SCALE * (of["height"] + side * half * uy),
        )
    # The springy foot reaches to the ground where it can.
    reach = np.clip(of["height"] - half * uy, 0, stick.REACH) * (uy > 0)
    toe = (
        ends["foot"][0] - SCALE * reach * ux,
        ends["foot"][1] + SCALE * reach * np.maximum(uy, 0),
    )
    seconds = stick.FRAME * len(clip) + PAUSE
    share = stick.FRAME * len(clip) / seconds
    times = [f"{share * i / (len(clip) - 1):.4f}" for i in range(len(clip))] + ["1"]

    def moves(attribute: str, values: NDArray[np.float64]) -> str:
        steps = ";".join(f"{v:.1f}" for v in (*values, values[-1]))
        return (
            f'<animate attributeName="{attribute}" dur="{seconds:g}s" repeatCount="indefinite"'
            f' keyTimes="{";".join(times)}" values="{steps}"/>'
        )

    def line(one: tuple, two: tuple, colour: str, thick: int) -> str:
        return (
            f'<line x1="{one[0][0]:.1f}" y1="{one[1][0]:.1f}" x2="{two[0][0]:.1f}"'
            f' y2="{two[1][0]:.1f}" stroke="{colour}" stroke-width="{thick}"'
            ' stroke-linecap="round">'
            + moves("x1", one[0])
            + moves("y1", one[1])
            + moves("x2", two[0])
            + moves("y2", two[1])
            + "</line>"
        )

    ball = (
        f'<circle cx="{ends["head"][0][0]:.1f}" cy="{ends["head"][1][0]:.1f}" r="8"'
        f' fill="{ACCENT}">{moves("cx", ends["head"][0])}{moves("cy", ends["head"][1])}</circle>'
    )
    said = html.escape(f"{title}: {words(clip)}" if title else words(clip))
    marks = "".join(
        f'<line x1="0" y1="{ground - SCALE * m}" x2="6" y2="{ground - SCALE * m}" stroke="{LINE}"/>'
        f'<text x="9" y="{ground - SCALE * m + 4}" font-size="10" fill="{QUIET}">{m} m</text>'
        for m in (1, 2)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        f' aria-label="{said}" onclick="{HOLD}" class="stick"'
        f' style="max-width:{width}px;width:100%;height:auto;display:block;margin:auto"'
        ' font-family="Helvetica, Arial, sans-serif">'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
        f'<text x="{width / 2}" y="16" font-size="13" font-weight="bold" fill="{INK}"'
        f' text-anchor="middle">{html.escape(title)}</text>'
        f'<rect y="{ground}" width="{width}" height="24" fill="#e6eaee"/>{marks}'
        + f'<text x="10" y="{ground + 17}" font-size="12" fill="{QUIET}">↶ backwards</text>'
        + line(ends["foot"], toe, LINE, 3)
        + line(ends["foot"], ends["head"], INK, 6)
        + ball
        + "</svg>"
    )


def animation(clips: Mapping[str, NDArray[np.float64]], *, told: bool = True) -> Page:
    """Return clips side by side, title → clip.

    Parameters
    ----------
    clips : mapping of str to ndarray, shape (frames, state)
    told : bool
        Whether words below a clip say what it shows; not where one is still to judge it.
    """

    def caption(clip: NDArray[np.float64]) -> str:
        words_below = _("It {words}.").format(words=html.escape(words(clip))) if told else ""
        return f'<figcaption style="font-size:90%">{words_below}</figcaption>'

    cells = "".join(
        f'<figure style="margin:4px;flex:1 1 260px;max-width:380px">{svg(clip, title)}'
        f"{caption(clip)}</figure>"
        for title, clip in clips.items()
    )
    text = "\n".join(
        _("{title}: it {words}.").format(title=title, words=words(clip))
        for title, clip in clips.items()
    )
    return Page(f'<div style="display:flex;flex-wrap:wrap;max-width:860px">{cells}</div>', text)


def plan_of(text: str) -> NDArray[np.float64]:
    """Return a plan that is written as numbers with spaces between them."""
    return np.array([float(number) for number in text.split()])


def clip_of(pair: Mapping[str, str], side: str) -> NDArray[np.float64]:
    """Return the clip of one side of a pair, shape (frames, state)."""
    return stick.simulate(plan_of(pair["clip_a" if side == "A" else "clip_b"])[None])[0]


def clip_card(pair: Mapping[str, str], side: str) -> str:
    """Return one side of a pair as the desk shows it."""
    return svg(clip_of(pair, side), _("Clip {side}").format(side=side))


def question(pair: Mapping[str, str]) -> str:
    """Return the line above both clips."""
    return f"<p><b>Pair {html.escape(pair['pair'])}:</b> which one is more of a backflip?</p>"


def sheet(pairs: Sequence[Mapping[str, str]]) -> Page:
    """Return all pairs of clips below each other, to label them in the CSV file."""
    pages = [
        (
            p["pair"],
            animation({_("Clip {s}").format(s=s): clip_of(p, s) for s in ("A", "B")}, told=False),
        )
        for p in pairs
    ]
    return Page(
        "".join(f"<p><b>Pair {html.escape(name)}</b></p>{page.html}" for name, page in pages),
        "\n".join(
            _("Pair {name}\n{text}").format(name=name, text=page.text) for name, page in pages
        ),
    )
