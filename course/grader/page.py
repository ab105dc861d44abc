"""The look that the class's report and a student's feedback share: one file each, no script.

Pages need no network and fit a phone. Formulas in a hint are drawn by matplotlib, since a page
without scripts can't; one that it doesn't know stays as it was typed.
"""

import functools
import hashlib
import html
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import markupsafe

    from course.grader.hooks import Hooks

MATH = re.compile(r"\$\$(?P<block>.+?)\$\$|(?<!\\)\$(?P<inline>[^$\n]+?)\$", re.DOTALL)
SIZE = 11  # points of a formula's letters, before it is scaled to the text around it
# What the course writes and matplotlib calls by another name.
SPELLINGS = {r"\text{": r"\mathrm{", r"\operatorname{": r"\mathrm{", r"\lvert": "|", r"\rvert": "|"}


def render(template: str, hooks: "Hooks", **values: Any) -> str:
    """Return a page in the language of the course; every text in `values` is escaped."""
    spoken = {"_": hooks.say, "lang": hooks.language()}
    return _environment().get_template(template).render(**spoken, **values)


@functools.cache
def _environment() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"code": code, "points": points, "percent": percent}
    return environment


def code(text: str) -> "markupsafe.Markup":
    """Escape a text, and set what is between backticks as code."""
    import markupsafe

    safe = str(markupsafe.escape(text))
    return markupsafe.Markup(re.sub("`([^`]+)`", r"<code>\1</code>", safe))


def points(number: float) -> str:
    """Write a number of points without needless zeros."""
    return f"{round(number, 2):g}"


def percent(share: float) -> str:
    """Write a share as a percentage."""
    return f"{100 * share:.0f}%"


def prose(text: str) -> "markupsafe.Markup":
    """Return Markdown of the course's own as HTML, its formulas as pictures."""
    import markupsafe
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    drawn: list[str] = []

    def keep(match: re.Match[str]) -> str:
        drawn.append(_formula(match["block"] or match["inline"], match["block"] is not None))
        return f"\ue000{len(drawn) - 1}\ue001"

    pieces = re.split(r"(```.*?```|`[^`\n]*`)", text, flags=re.DOTALL)
    text = "".join(p if p.startswith("`") else MATH.sub(keep, p) for p in pieces)
    renderer = IPythonRenderer(escape=False, exclude_anchor_links=True)
    page = MarkdownWithMath(renderer=renderer).render(text)
    return markupsafe.Markup(re.sub("\ue000(\\d+)\ue001", lambda m: drawn[int(m[1])], page))


@functools.cache
def _formula(tex: str, block: bool) -> str:
    """Return a formula as SVG that takes the colour of the text around it."""
    from matplotlib import mathtext
    from matplotlib.font_manager import FontProperties

    spelled = tex.strip()
    for word, other in SPELLINGS.items():
        spelled = spelled.replace(word, other)
    out = io.BytesIO()
    try:
        depth = mathtext.math_to_image(
            f"${spelled}$", out, prop=FontProperties(size=SIZE), dpi=72, format="svg"
        )
    except (ValueError, RuntimeError):  # not of matplotlib's subset of TeX
        return f"<code>{html.escape(tex)}</code>"
    picture = re.sub("(?s)<!--.*?-->", "", out.getvalue().decode())
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', picture)
    drawn = re.search(r'(?s)<g id="text_1">.*?</svg>', picture)
    assert box is not None
    assert drawn is not None
    width, height = box.groups()
    drawing = drawn[0].rpartition("</g>")[0]
    name = hashlib.sha256(tex.encode()).hexdigest()[:8]  # ids are the whole page's
    drawing = re.sub(r'(id="|href="#)', rf"\g<1>{name}-", drawing)
    style = f"width:{float(width) / SIZE:.2f}em;height:{float(height) / SIZE:.2f}em"
    style += "" if block else f";vertical-align:{-float(depth) / SIZE:.2f}em"
    return (
        f'<svg class="{"formula block" if block else "formula"}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="{html.escape(tex)}" style="{style}">{drawing}</svg>'
    )
