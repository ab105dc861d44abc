"""The pages before Sphinx makes them: lessons as released, with what their cells show.

A page holds what students get, never our answers: text, code and checks come from ``release/``,
outputs from `executed`, cell by cell by id. Set-up, checks and long demos begin folded.
"""

import copy
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course import language, paths
from course.grader import notebook
from course.language import N_
from course.site import companions, labs, models, words
from course.site.executed import Outputs
from course.site.words import _
from course.translate import built

FIRST = "00_start_here"
BUILT = Path(__file__).with_name("built")  # what front/build.mjs has made
CONF = """\
project = html_title = {title!r}
templates_path = ["_templates"]
extensions = ["myst_nb", "sphinx-mathjax-offline"]
html_theme = "sphinx_book_theme"
html_theme_options = {{
    "show_toc_level": 2,
    "navbar_persistent": [],
    "home_page_in_toc": True,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "footer_content_items": [],
    "article_header_end": {header!r},
}}
html_context = {{"default_mode": "auto"}}
html_static_path = ["_static"]
html_css_files, html_js_files = ["site.css"], ["words.js", "site.js", "offline.js"]
html_favicon = "_static/favicon.svg"
html_copy_source = html_show_sourcelink = html_show_sphinx = False
nb_execution_mode = "off"
nb_ipywidgets_js = {{}}
nb_code_prompt_show, nb_code_prompt_hide = {show!r}, {hide!r}
nb_mime_priority_overrides = [("html", "text/html", 0)]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header", "misc.highlighting_failure"]
language = {language!r}
locale_dirs = ["locales"]
"""
# In the header of each page: links to the same page in the other languages.
SWITCH = "language-switch.html"
LINK = (
    '<a class="btn btn-sm language-switch" lang="{code}" hreflang="{code}" '
    'href="{{{{ content_root }}}}{folder}{{{{ pagename }}}}.html">{name}</a>\n'
)
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

## {beside_title}

{beside}

## {offline_title}

```{{raw}} html
<div id="keep-offline"></div>
```

```{{toctree}}
:hidden:
:maxdepth: 1

{tree}
```
"""
TITLE = N_("How GPT-3 became ChatGPT")
ABOUT = N_("""\
GPT-3 of 2020 went on with any text and answered no question. ChatGPT of 2022 talks, corrects and
declines. What was done in between? In ten lessons you do the same to a small family of language
models, which we trained on an invented village, and measure what each step changes.

These pages show each lesson with all that its cells show when they run, and need nothing but this
browser. Exercises that need Python and numpy or pandas are answered and checked in the page, the
others in JupyterLab, after a set-up by one command. Begin with
[lesson 00]({first}/{first}.ipynb); it says what you need to know, and has a test for it.
""")
# Pages beside the lessons, in the order of the menu: the page, and what it is for.
BESIDE = {
    f"{FIRST}/primer": N_("the numpy and the mathematics that the lessons use, on two pages"),
    f"{FIRST}/readers": N_("short answers to what people ask about GPT-3 and ChatGPT"),
    "glossary": N_("the words of the field, each with the place where it is taught"),
    "references": N_("the papers and pages that the lessons name"),
    f"{FIRST}/differences": N_("what our small models do in another way than InstructGPT, and why"),
}


def prepare(
    folder: Path,
    root: Path,
    shown: dict[str, Outputs],
    code: str = "en",
    codes: Sequence[str] = ("en",),
) -> None:
    """Write everything that Sphinx needs for the pages in one language into an empty folder.

    Parameters
    ----------
    folder : Path
    root : Path
        The course's folder, with ``release/``.
    shown : dict
        Lesson → what its cells show; these lessons become pages, in this order.
    code : str
        The language.
    codes : sequence of str
        All languages that there are pages in.
    """
    with language.speaking(code):
        _prepare(folder, root, shown, code, codes)


def _prepare(
    folder: Path, root: Path, shown: dict[str, Outputs], code: str, codes: Sequence[str]
) -> None:
    with_models = models.prepare(folder)
    drawn = companions.course_map(root, list(shown))
    rows, sections = [_("| No. | Lesson |"), "|---|---|"], {}
    for lesson, outputs in shown.items():
        released = built.fresh(lesson, "release", root, code)
        shutil.copytree(released, folder / lesson, ignore=_ignored)
        for picture in (folder / lesson).glob("*.svg"):
            picture.write_text(in_the_dark(picture.read_text("utf-8")), encoding="utf-8")
        path = notebook.path_of(lesson, folder)
        nb = page(notebook.read(path), outputs | companions.own_map(drawn, outputs))
        if lesson == models.LESSON and with_models:
            nb["cells"].append(models.links())
        path.write_text(json.dumps(nb, ensure_ascii=False), encoding="utf-8")
        english = notebook.read(notebook.path_of(lesson, root / "release"))
        sections[lesson] = companions.sections(lesson, nb, english)
        number, _dot, name = title_of(nb).partition(" · ")
        rows.append(f"| {number} | [{name}]({lesson}/{lesson}.ipynb)<br>{promise_of(nb)} |")
    paths.write(folder / "glossary.md", companions.glossary(sections))
    paths.write(folder / "references.md", companions.references(sections, root / "data" / "family"))
    beside = {name: about for name, about in BESIDE.items() if (folder / f"{name}.md").exists()}
    index = INDEX.format(
        title=_(TITLE),
        about=_(ABOUT).format(first=next(iter(shown))),
        map=drawn,
        table="\n".join(rows),
        beside_title=_("Beside the lessons"),
        beside="\n".join(f"- [](/{name}.md): {_(about)}." for name, about in beside.items()),
        offline_title=_("Without a network"),
        more=_(models.LINKS).format(up="") if with_models else "",
        tree="\n".join([*(f"{lesson}/{lesson}" for lesson in shown), *with_models, *beside]),
    )
    for name, text in {
        "index.md": index,
        "conf.py": conf(code, several=len(codes) > 1),
        f"_templates/{SWITCH}": switch(code, codes),
        f"locales/{code}/LC_MESSAGES/sphinx.po": words.theme(),
        "_static/words.js": words.script(),
        "_static/favicon.svg": FAVICON,
    }.items():
        paths.write(folder / name, text)
    for name in ("site.css", "site.js", "offline.js"):
        shutil.copy(Path(__file__).with_name(name), folder / "_static")
    shutil.copytree(BUILT, folder / "_static", dirs_exist_ok=True)


def conf(code: str, *, several: bool) -> str:
    """Return Sphinx's settings for a language."""
    return CONF.format(
        title=_(TITLE),
        header=[*([SWITCH] if several else []), "article-header-buttons.html"],
        show=_("Show the code"),
        hide=_("Hide the code"),
        language=code,
    )


def switch(code: str, codes: Sequence[str]) -> str:
    """Return the template of what leads to the same page in each other language.

    English pages are at the root, all others in a folder with the language's code.
    """
    up = "" if code == "en" else "../"
    folders = {other: up if other == "en" else f"{up}{other}/" for other in codes if other != code}
    return "".join(
        LINK.format(code=other, folder=folder, name=language.LANGUAGES[other])
        for other, folder in folders.items()
    )


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
