"""The words of the pages in another language: those of `course.site`, its scripts and its glossary.

All are English where they are written, and are marked: ``_("…")`` in Python and in JavaScript
alike, ``N_("…")`` (of `course.language` in Python) where a text is kept in English and translated
where it is shown. Translations are in the catalogue ``site.po``; a script finds them in
``words.js``, which a page loads before all others. What the theme says is here, since nobody has
translated it into all our languages. Left out on purpose: what the library's checks say
(`course.language`), and the lessons (`course.translate`).
"""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

from course import language

HERE = Path(__file__).parent
CATALOGUE = "site"
GLOSSARY = "glossary"  # the context of its words
THEME = "theme"  # the context of what the theme says, outside of our own texts
TERMS = HERE / "glossary.csv"
SAID_BY_THE_THEME = (
    "Back to top",
    "Click to collapse",
    "Click to expand",
    "Collapse Sidebar",
    "Color mode",
    "Contents",
    "Dark",
    "Error",
    "Expand Sidebar",
    "Home",
    "Index",
    "Light",
    "Link to this heading",
    "Link to this term",
    "On this page",
    "Please activate JavaScript to enable the search functionality.",
    "Search",
    "Section Navigation",
    "Site navigation",
    "Skip to main content",
    "System Settings",
    "next",
    "next page",
    "previous",
    "previous page",
)
# Names that its templates have in English, whatever the language.
NAMES_IN_THE_THEME = (
    "Main",
    "Page",
    "Search...",
    "Toggle primary sidebar",
    "Toggle secondary sidebar",
    "Version warning",
)
NAMED = re.compile(
    rf'\b(aria-label|data-bs-title|placeholder|title)="({"|".join(NAMES_IN_THE_THEME)})"'
)


def said(context: str, text: str) -> str:
    """Return a text in the reader's language."""
    code = language.current()
    found = {} if code == "en" else language.catalogue(CATALOGUE, code)
    return found.get((context, text), text)


def _(text: str) -> str:
    """Return a text of the pages in the reader's language."""
    return said("", text)


def terms() -> list[dict[str, str]]:
    """Return the rows of `glossary.csv`: ``term``, ``lesson``, ``words`` and ``meaning``."""
    with TERMS.open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def beside_the_code() -> Iterator[tuple[str, str, str]]:
    """Yield what no call marks: the context, the text, and what it is."""
    for row in terms():
        yield GLOSSARY, row["term"], "label"
        yield GLOSSARY, row["meaning"], "paragraph"
    for text in (*SAID_BY_THE_THEME, *NAMES_IN_THE_THEME):
        yield THEME, text, "label"


def script() -> str:
    """Return ``words.js`` in the reader's language."""
    code = language.current()
    every = {} if code == "en" else language.catalogue(CATALOGUE, code)
    known = {text: found for (context, text), found in every.items() if not context}
    plain = (HERE / "words.js").read_text(encoding="utf-8")
    filled = json.dumps(known, ensure_ascii=False, sort_keys=True)
    return plain.replace("WORDS = {}", f"WORDS = {filled}")


def theme() -> str:
    """Return what the theme says, as a catalogue for Sphinx (``.po``), in the reader's language."""
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n'
    lines = [
        f"msgid {json.dumps(text)}\nmsgstr {json.dumps(said(THEME, text), ensure_ascii=False)}\n"
        for text in SAID_BY_THE_THEME
    ]
    return "\n".join([head, *lines])


def renamed(html: str) -> str:
    """Return a page in which the theme's own English names are in the reader's language."""
    return NAMED.sub(lambda named: f'{named[1]}="{said(THEME, named[2])}"', html)
