"""The lineage picture that opens every lesson, with this lesson's stage lit.

Blue: the real family (its row is lesson 04's); grey: our miniature of it. Solid arrows: trained on
from there; the dashed one: the same method, on another model. SVG by hand, since it opens every
lesson: sharp at any size, no import to wait for. It has a white ground of its own for dark pages.
"""

import html
from dataclasses import dataclass

from course.errors import CourseError
from course.show.style import ACCENT, INK, QUIET, Page

WIDTH, HEIGHT = 866, 318


@dataclass(frozen=True)
class Box:
    """A stage: its name for ``lit``, what stands in the box, and where (CSS pixels)."""

    name: str
    title: str
    line: str
    x: int
    y: int
    width: int = 122
    height: int = 50


STAGES = (
    Box("pre-training", "base", "01 pre-training", 20, 150),
    Box("instruction", "SFT", "05 instructions", 184, 150),
    Box("reward model", "reward model", "06 feedback", 326, 150),
    Box("PPO", "PPO", "07 RLHF", 468, 150),
    Box("chat", "chat", "08 dialogue", 610, 150, 108),
    Box("next", "what next", "09 DPO", 738, 150, 108),
    Box("transfer", "transfer", "02 few labels", 184, 230),
    Box("fine-tuning", "code", "03 fine-tuning", 326, 230),
)
REAL = (
    Box("", "GPT-3", "2020", 20, 46),
    Box("", "InstructGPT", "2022: SFT, reward model, PPO", 184, 46, 406),
    Box("", "ChatGPT", "2022", 610, 46, 108),
    Box("", "Codex", "2021: GPT-3 on code", 468, 230, 150),
)
ARROWS = (  # path, dashed
    ("M142 71H182", False),
    ("M590 71H608", True),
    ("M142 175H182", False),
    ("M306 175H324", False),
    ("M448 175H466", False),
    ("M590 175H608", False),
    ("M718 175H736", False),
    ("M81 200V255H182", False),
    ("M81 255V300H387V282", False),
)
NAMES = (*(box.name for box in STAGES), "family")


def _box(box: Box, lit: bool, real: bool) -> str:
    fill, edge = ("#eaf1fb", "#8aa8d0") if real else ("#f3f5f7", "#9aa4ae")
    ink, quiet = INK, QUIET
    if lit:
        fill, edge, ink, quiet = ACCENT, ACCENT, "#ffffff", "#ffffff"
    middle = box.x + box.width / 2
    return (
        f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="8"'
        f' fill="{fill}" stroke="{edge}" stroke-width="1.4"/>'
        + _text(middle, box.y + box.height / 2 - 3, box.title, 14, ink, bold=True)
        + _text(middle, box.y + box.height / 2 + 15, box.line, 12, quiet)
    )


def _text(
    x: float, y: float, text: str, size: int, ink: str, bold: bool = False, anchor: str = "middle"
) -> str:
    weight = "bold" if bold else "normal"
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" font-weight="{weight}" fill="{ink}"'
        f' text-anchor="{anchor}">{html.escape(text)}</text>'
    )


def lineage(lit: str | None = None) -> Page:
    """Return the lineage picture.

    Parameters
    ----------
    lit : str, optional
        The stage of this lesson: "pre-training", "transfer", "fine-tuning", "instruction",
        "reward model", "PPO", "chat", "next", or "family" for the real family; none if left out.

    Raises
    ------
    CourseError
        If there is no such stage.
    """
    if lit is not None and lit not in NAMES:
        raise CourseError(f"There is no stage {lit!r}: choose from {', '.join(NAMES)}.")
    said = "The lineage. Pre-training gives the base model. From it come the code model and, by way"
    said += " of instructions, human feedback and dialogue, the chat model."
    said += f" This lesson: {lit}." if lit else ""
    parts = [
        _text(20, 30, "The real family (lesson 04)", 13, "#3b6ea8", bold=True, anchor="start"),
        _text(20, 134, "Ours, on your laptop", 13, QUIET, bold=True, anchor="start"),
        _text(600, 114, "the same method, on dialogues", 12, QUIET, anchor="start"),
    ]
    for path, dashed in ARROWS:
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        parts.append(
            f'<path d="{path}" stroke="{QUIET}" stroke-width="1.5" fill="none"{dash}'
            ' marker-end="url(#lineage-arrow)"/>'
        )
    parts += [_box(box, lit == "family", real=True) for box in REAL]
    parts += [_box(box, lit == box.name, real=False) for box in STAGES]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' style="max-width:{WIDTH}px;width:100%;height:auto"'
        f' font-family="Helvetica, Arial, sans-serif"><title>{html.escape(said)}</title>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="10" fill="#ffffff"/>'
        '<defs><marker id="lineage-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
        f' markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="{QUIET}"/></marker></defs>'
        + "".join(parts)
        + "</svg>"
    )
    return Page(svg, said)
