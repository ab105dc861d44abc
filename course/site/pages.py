"""The pages before Sphinx makes them: lessons as released, with what their cells show.

A page holds what students get, never our answers: text, code and checks come from ``release/``,
outputs from `executed`, cell by cell by id. Set-up, checks and long demos begin folded.
"""

import copy
import json
import re
import shutil
from pathlib import Path
from typing import Any

from course import paths
from course.grader import notebook
from course.site import companions, labs, models
from course.site.executed import Outputs

FIRST = "00_start_here"
BUILT = Path(__file__).with_name("built")  # what front/build.mjs has made
CONF = """\
project = html_title = {title!r}
extensions = ["myst_nb", "sphinx-mathjax-offline"]
html_theme = "sphinx_book_theme"
html_theme_options = {{
    "show_toc_level": 2,
    "navbar_persistent": [],
    "home_page_in_toc": True,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "footer_content_items": [],
}}
html_context = {{"default_mode": "auto"}}
html_static_path = ["_static"]
html_css_files, html_js_files = ["site.css"], ["site.js", "offline.js"]
html_favicon = "_static/favicon.svg"
html_copy_source = html_show_sourcelink = html_show_sphinx = False
nb_execution_mode = "off"
nb_ipywidgets_js = {{}}
nb_code_prompt_show, nb_code_prompt_hide = "Show the code", "Hide the code"
nb_mime_priority_overrides = [("html", "text/html", 0)]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header", "misc.highlighting_failure"]
language = "en"
"""
FAVICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" '
    'fill="#1f6f8b"/><path d="M8 20l5-8 5 8 6-10" fill="none" stroke="#fff" stroke-width="3"/>'
    "</svg>"
)
INDEX = """\
# {title}

{about}

```{{raw}} html
{map}
```

{table}

{more}

## Beside the lessons

{beside}

## Without a network

```{{raw}} html
<div id="keep-offline"></div>
```

```{{toctree}}
:hidden:
:maxdepth: 1

{tree}
```
"""
TITLE = "How GPT-3 became ChatGPT"
ABOUT = """\
GPT-3 of 2020 went on with any text and answered no question. ChatGPT of 2022 talks, corrects and
declines. What was done in between? In ten lessons you do the same to a small family of language
models, which we trained on an invented village, and measure what each step changes.

These pages show each lesson with all that its cells show when they run, and need nothing but this
browser. Exercises that need Python and numpy or pandas are answered and checked in the page, the
others in JupyterLab, after a set-up by one command. Begin with
[lesson 00]({first}/{first}.ipynb); it says what you need to know, and has a test for it.
"""
# Pages beside the lessons, in the order of the menu: the page, and what it is for.
BESIDE = {
    f"{FIRST}/primer": "the numpy and the mathematics that the lessons use, on two pages",
    f"{FIRST}/readers": "short answers to what people ask about GPT-3 and ChatGPT",
    "glossary": "the words of the field, each with the place where it is taught",
    "references": "the papers and pages that the lessons name",
    f"{FIRST}/differences": "what our small models do in another way than InstructGPT, and why",
}


def prepare(folder: Path, root: Path, shown: dict[str, Outputs]) -> None:
    """Write everything that Sphinx needs into an empty folder.

    Parameters
    ----------
    folder : Path
    root : Path
        The course's folder, with ``release/``.
    shown : dict
        Lesson → what its cells show; these lessons become pages, in this order.
    """
    with_models = models.prepare(folder)
    drawn = companions.course_map(root, list(shown))
    rows, sections = ["| No. | Lesson |", "|---|---|"], {}
    for lesson, outputs in shown.items():
        shutil.copytree(root / "release" / lesson, folder / lesson, ignore=_ignored)
        for picture in (folder / lesson).glob("*.svg"):
            picture.write_text(in_the_dark(picture.read_text("utf-8")), encoding="utf-8")
        path = notebook.path_of(lesson, folder)
        nb = page(notebook.read(path), outputs | companions.own_map(drawn, outputs))
        if lesson == models.LESSON and with_models:
            nb["cells"].append(models.links())
        path.write_text(json.dumps(nb, ensure_ascii=False), encoding="utf-8")
        sections[lesson] = companions.sections(lesson, nb)
        number, _, name = title_of(nb).partition(" · ")
        rows.append(f"| {number} | [{name}]({lesson}/{lesson}.ipynb)<br>{promise_of(nb)} |")
    paths.write(folder / "glossary.md", companions.glossary(sections))
    paths.write(folder / "references.md", companions.references(sections, root / "data" / "family"))
    beside = {name: about for name, about in BESIDE.items() if (folder / f"{name}.md").exists()}
    index = INDEX.format(
        title=TITLE,
        about=ABOUT.format(first=next(iter(shown))),
        map=drawn,
        table="\n".join(rows),
        beside="\n".join(f"- [](/{name}.md): {about}." for name, about in beside.items()),
        more=models.LINKS.format(up="") if with_models else "",
        tree="\n".join([*(f"{lesson}/{lesson}" for lesson in shown), *with_models, *beside]),
    )
    for name, text in {
        "index.md": index,
        "conf.py": CONF.format(title=TITLE),
        "_static/favicon.svg": FAVICON,
    }.items():
        paths.write(folder / name, text)
    for name in ("site.css", "site.js", "offline.js"):
        shutil.copy(Path(__file__).with_name(name), folder / "_static")
    shutil.copytree(BUILT, folder / "_static", dirs_exist_ok=True)


def in_the_dark(drawing: str) -> str:
    """Return an SVG that turns round in the dark and keeps its hues, if it has no dark form."""
    if "prefers-color-scheme" in drawing:
        return drawing
    style = (
        "@media (prefers-color-scheme: dark) { :root { filter: invert(.93) hue-rotate(180deg) }}"
    )
    return re.sub(r"<svg\b[^>]*>", rf"\g<0><style>{style}</style>", drawing, count=1)


def _ignored(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name.startswith(".")}


def title_of(nb: dict[str, Any]) -> str:
    """Return the first heading of a notebook."""
    for cell in nb["cells"]:
        for line in notebook.text_of(cell).split("\n"):
            if cell["cell_type"] == "markdown" and line.startswith("# "):
                return line[2:].strip()
    return ""


def promise_of(nb: dict[str, Any]) -> str:
    """Return what a lesson promises: the bold sentences below its title."""
    found = re.search(r"^# .+\n\n\*\*(.+?)\*\*$", notebook.text_of(nb["cells"][0]), re.MULTILINE)
    return found[1] if found else ""


def page(nb: dict[str, Any], outputs: Outputs) -> dict[str, Any]:
    """Return a released notebook with outputs, and tags in place of nbgrader's marks."""
    nb = copy.deepcopy(nb)
    here = labs.in_page(nb)
    for cell in nb["cells"]:
        marks = notebook.marks(cell)
        folded = cell["metadata"].get("jupyter", {}).get("source_hidden", False)
        tags: list[str] = []
        if cell["cell_type"] == "code":
            check = bool(marks.get("grade"))
            if not check and not marks.get("solution"):
                cell["outputs"] = outputs.get(cell.get("id", ""), [])
            if check or folded or cell.get("id") == "setup":
                tags.append("hide-input")
            if marks.get("solution"):
                kind = "answer" if here.get(marks["grade_id"]) else "elsewhere"
                tags += [f"lab-{kind}", f"cid--{cell['id']}"]
        cell["metadata"] = {"tags": tags} if tags else {}
    return nb
