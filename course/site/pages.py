"""The pages before Sphinx makes them: lessons as released, with what their cells show.

A page holds what students get, never our answers: text, code and checks come from ``release/``,
outputs from `executed`, cell by cell by id. Set-up, checks and long demos begin folded.
"""

import copy
import json
import shutil
from pathlib import Path
from typing import Any

from course import paths
from course.grader import notebook
from course.site import labs, models
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
}}
html_context = {{"default_mode": "auto"}}
html_static_path = ["_static"]
html_css_files, html_js_files = ["site.css"], ["site.js"]
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

{table}

{more}

```{{toctree}}
:hidden:
:maxdepth: 1

{tree}
```
"""
TITLE = "How GPT-3 became ChatGPT"
ABOUT = """\
Ten lessons with exercises, on a small family of language models that we trained ourselves on an
invented village. Each step from GPT-3 to ChatGPT is taken with them and measured. These pages are
for reading: they show each lesson with all that its cells show when they run. Exercises that need
Python and numpy or pandas are answered and checked in the page, the others in JupyterLab, after a
set-up by one command.
"""


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
    titles, with_models = {}, models.prepare(folder)
    for lesson, outputs in shown.items():
        shutil.copytree(root / "release" / lesson, folder / lesson, ignore=_ignored)
        path = notebook.path_of(lesson, folder)
        nb = page(notebook.read(path), outputs)
        if lesson == models.LESSON and with_models:
            nb["cells"].append(models.links())
        path.write_text(json.dumps(nb, ensure_ascii=False), encoding="utf-8")
        titles[lesson] = title_of(nb)
    tree = [f"{lesson}/{lesson}" for lesson in shown]
    beside = [f"{FIRST}/{path.stem}" for path in sorted((folder / FIRST).glob("*.md"))]
    rows = ["| | Lesson |", "|---|---|"]
    for lesson, title in titles.items():
        number, _, name = title.partition(" · ")
        rows.append(f"| {number} | [{name}]({lesson}/{lesson}.ipynb) |")
    index = INDEX.format(
        title=TITLE,
        about=ABOUT,
        table="\n".join(rows),
        more=models.LINKS.format(up="") if with_models else "",
        tree="\n".join([*tree, *with_models, *beside]),
    )
    for name, text in {
        "index.md": index,
        "conf.py": CONF.format(title=TITLE),
        "_static/favicon.svg": FAVICON,
    }.items():
        paths.write(folder / name, text)
    for name in ("site.css", "site.js"):
        shutil.copy(Path(__file__).with_name(name), folder / "_static")
    shutil.copytree(BUILT, folder / "_static", dirs_exist_ok=True)


def _ignored(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name.startswith(".")}


def title_of(nb: dict[str, Any]) -> str:
    """Return the first heading of a notebook."""
    for cell in nb["cells"]:
        for line in notebook.text_of(cell).split("\n"):
            if cell["cell_type"] == "markdown" and line.startswith("# "):
                return line[2:].strip()
    return ""


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
