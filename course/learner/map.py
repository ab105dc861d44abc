"""The learner's map: one page with the ten lessons as stations of a line, and what to do next.

The line is the lineage: base, SFT, reward model, PPO, chat, what came next; a branch leads from the
base to transfer, code and the real family. A ring around a station's number is the share of its
points. The page is one file of HTML and SVG for a screen of any width, a dark one, and paper; it
needs no network and no script. `map.html.jinja` and `map_picture.html.jinja` hold words and look.

The picture comes twice, lying and standing, since SVG can't flow; a style sheet shows one of them.
Links lead to the lesson's part of the page, not to its notebook: JupyterLab shows HTML files in a
frame from which no link leads out. A notebook shows the same picture, without links, and has its
own below it: `work/map.json` holds what it needs (`course.show.learners_map`).
"""

import json
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course import language, paths
from course.language import N_, _
from course.learner import progress

if TYPE_CHECKING:
    import markupsafe

FILE = "map.html"
DATA = "map.json"  # for a notebook

# Of the model that a lesson makes or takes, as in course.show.style (a test holds them equal); the
# real family has the blue of the lineage picture.
COLOURS = {
    "00_start_here": "#56606b",
    "01_pretraining": "#2f94cf",
    "02_transfer_learning": "#8a8f3c",
    "03_fine_tuning": "#009e73",
    "04_gpt_family": "#3b6ea8",
    "05_instruction_following": "#e69f00",
    "06_human_feedback": "#cc79a7",
    "07_rlhf_ppo": "#d55e00",
    "08_chatgpt": "#6b3fa0",
    "09_what_came_next": "#56606b",
}
STANDS_FOR = {
    "01_pretraining": N_("as GPT-3"),
    "03_fine_tuning": N_("as Codex"),
    "04_gpt_family": N_("the real ones"),
    "07_rlhf_ppo": N_("as InstructGPT"),
    "08_chatgpt": N_("as ChatGPT"),
}
BRANCH = ("02_transfer_learning", "03_fine_tuning", "04_gpt_family")
WIDEST = 12  # letters of a title in one line, lying


@dataclass(frozen=True)
class Layout:
    """Where things are: `places` of the stations and `lines` between them, in units of the SVG."""

    name: str
    width: int
    height: int
    radius: int
    places: dict[str, tuple[int, int]]
    lines: tuple[str, ...]


def _lying() -> Layout:
    main = [name for name in progress.LESSONS if name not in BRANCH]
    places = {name: (66 + 134 * i, 78) for i, name in enumerate(main)}
    places |= {name: (267 + 134 * i, 258) for i, name in enumerate(BRANCH)}
    lines = ("M66 78H870", "M245 78Q267 78 267 100V258H535")
    return Layout("lying", 936, 356, 32, places, lines)


def _standing() -> Layout:
    places = {
        name: (96 if name in BRANCH else 40, 44 + 84 * i) for i, name in enumerate(progress.LESSONS)
    }
    lines = ("M40 44V800", "M40 148Q40 170 68 170Q96 170 96 192V380")
    return Layout("standing", 360, 846, 27, places, lines)


LAYOUTS = (_lying(), _standing())


def page(result: dict[str, Any]) -> str:
    """Return the map as one HTML file.

    Parameters
    ----------
    result : dict
        What `progress.survey` has found. Every text of it is escaped.
    """
    return _render(
        "map.html.jinja", result, picture=picture(result, linked=True), command=progress.COMMAND,
        counted=progress.how_checked(result),
    )  # fmt: skip


def picture(result: dict[str, Any], *, linked: bool) -> "markupsafe.Markup":
    """Return the picture alone; `linked` stations lead to the lesson's part of the page."""
    import markupsafe

    html = _render("map_picture.html.jinja", result, layouts=LAYOUTS, linked=linked)
    return markupsafe.Markup(html)  # jinja2 has escaped what came from outside


def data(result: dict[str, Any]) -> dict[str, Any]:
    """Return what a notebook shows: ``picture``, ``date``, ``next`` and ``files`` by number."""
    here = {
        name[:2]: lesson["file"]
        for name, lesson in result["lessons"].items()
        if lesson["state"] not in ("not in this copy", "missing")
    }
    return {
        "picture": str(picture(result, linked=False)),
        "date": result["date"],
        "next": result["next"]["says"],
        "files": here,
    }


def write(result: dict[str, Any], *, root: Path | None = None) -> None:
    """Write ``work/map.html`` and ``map.json``; name the page in `result`, or add a note there."""
    work = (root or paths.ROOT) / "work"
    texts = {FILE: page(result), DATA: json.dumps(data(result), ensure_ascii=False)}
    if all(progress.keep(work / name, text, result["notes"]) for name, text in texts.items()):
        result["map"] = f"work/{FILE}"


def _render(template: str, result: dict[str, Any], **more: Any) -> str:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"counting": progress.counting, "code": _code}
    environment.globals |= {"_": _, "lang": language.current(), "progress": progress}
    lessons = [_view(name, lesson, result) for name, lesson in result["lessons"].items()]
    return environment.get_template(template).render(result=result, lessons=lessons, **more)


def _code(text: str) -> "markupsafe.Markup":
    """Escape a text, and set what is between backticks as code."""
    import markupsafe

    safe = str(markupsafe.escape(text))
    return markupsafe.Markup(re.sub("`([^`]+)`", r"<code>\1</code>", safe))


def _view(name: str, lesson: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """Return what the template shows of a lesson."""
    left = progress.left(lesson)
    title = re.sub(r" ?\(.*?\)", "", lesson["title"])  # the English word behind a Korean one
    widest = WIDEST if title.isascii() else 2 * WIDEST // 3  # Hangul is wider
    return lesson | {
        "id": name,
        "number": name[:2],
        "colour": COLOURS[name],
        "stands_for": _(STANDS_FOR[name]) if name in STANDS_FOR else "",
        "lines": textwrap.wrap(title, widest, break_long_words=False)[:2],
        "percent": _percent(lesson),
        "status": progress.status(lesson),
        "said_state": progress.state(lesson),
        "left": left,
        "to_mend": [row for row in lesson["misconceptions"] if not row["mended"]],
        "mended": [row for row in lesson["misconceptions"] if row["mended"]],
        "is_next": name == result["next"]["lesson"],
        "next": result["next"]["exercise"] if name == result["next"]["lesson"] else "",
    }


def _percent(lesson: dict[str, Any]) -> float:
    """Return the share of the points, or of the visible checks, from 0 to 100."""
    got, most = (lesson["score"], lesson["max"]) if lesson["score"] is not None else (0, 0)
    if lesson["visible"]:
        got, most = lesson["visible"]
    return round(100 * got / most, 1) if most else 0.0
