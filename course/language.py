"""Which language people read, and what the library says in it.

All texts of the library are English where they are written, and are marked: `_("the text")` gives
the translation, from ``course/locale/LANGUAGE/LC_MESSAGES/course.po``. What varies is filled in
afterwards, by name: `_("{it} is None.").format(it=it)`; so a translation may have its own order.
A text that isn't translated, or no longer fits its English, stays English. Points and verdicts
never depend on a text.

Left out on purpose: compiled catalogues (they would have to be built and kept in step; ours are
read within a moment, and only if the language isn't English) and plural forms (Korean has none: a
number comes after a colon or with a unit).
"""

import contextlib
import functools
import os
import re
from collections.abc import Iterator
from pathlib import Path

from course.errors import CourseError

LANGUAGES = {"en": "English", "ko": "한국어"}
LOCALE = Path(__file__).resolve().parent / "locale"
LIBRARY = "course"  # the catalogue of the library
FIELD = re.compile(r"\{\{|\}\}|\{(\w+)[^{}]*\}")  # or a brace that is meant
INSIDE = r"(?:(?![.!?] [A-Z]).)*?"  # what a field may hold: no second sentence
LEAST = 6  # letters of its own by which a message is recognised
REMEMBERED = ".language"  # in work/, beside the learner's lessons


def current() -> str:
    """Return the language: that of ``COURSE_LANG``, else the remembered one, else ``en``."""
    named = os.environ.get("COURSE_LANG", "")
    return named if named in LANGUAGES else remembered()


@functools.cache
def remembered() -> str:
    """Return the language that the learner has chosen with ``start.py --lang``."""
    from course import paths

    try:
        named = (paths.WORK / REMEMBERED).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return "en"
    return named if named in LANGUAGES else "en"


def remember(language: str) -> None:
    """Remember the learner's language for all commands and notebooks."""
    from course import paths

    paths.write(paths.WORK / REMEMBERED, f"{language}\n")
    remembered.cache_clear()


def known(language: str) -> str:
    """Return a language that the course has.

    Raises
    ------
    CourseError
        If it hasn't.
    """
    if language not in LANGUAGES:
        names = ", ".join(f"{code} ({name})" for code, name in LANGUAGES.items())
        text = _("There is no language {language!r} in this course: it has {names}.")
        raise CourseError(text.format(language=language, names=names))
    return language


@contextlib.contextmanager
def speaking(language: str) -> Iterator[None]:
    """Have this process, and those that it starts, speak a language for a while."""
    before = os.environ.get("COURSE_LANG")
    os.environ["COURSE_LANG"] = language
    try:
        yield
    finally:
        del os.environ["COURSE_LANG"]
        if before is not None:
            os.environ["COURSE_LANG"] = before


def _(text: str) -> str:
    """Return a text of the library in the reader's language."""
    language = current()
    return text if language == "en" else catalogue(LIBRARY, language).get(("", text), text)


def N_(text: str) -> str:
    """Mark a text that is kept in English and translated where it is shown."""
    return text


def said(text: str) -> str:
    """Return a finished English text of the library in the reader's language.

    Records, results and errors of the grader keep their English, with the fields filled in. Of all
    messages from which the text may be made, the one with the most words of its own is taken; what
    is filled in is said too, if it is words. In a text of several sentences those that are known
    together are said together.
    """
    language = current()
    if language == "en" or not text:
        return text
    sentences = re.split(r"(?<=[.!?]) (?=[A-Z])", text)
    for number in range(len(sentences), 0, -1):
        if found := _known(" ".join(sentences[:number]), language):
            break
    rest = said(" ".join(sentences[number:]))
    return " ".join(filter(None, (found or sentences[0], rest)))


@functools.lru_cache(maxsize=4096)
def _known(text: str, language: str) -> str:
    """Return a message that is known as a whole in another language, or ""."""
    if exact := catalogue(LIBRARY, language).get(("", text)):
        return exact
    for start, pattern, translation in _patterns(language):
        if text.startswith(start) and (match := re.fullmatch(pattern, text, re.DOTALL)):
            return _filled(translation, match.groupdict())
    return ""


def _filled(text: str, fields: dict[str, str]) -> str:
    """Fill in a translation; what is filled in is said too if it is words, not a name or number."""
    own = {name: said(value) if " " in value else value for name, value in fields.items()}
    return FIELD.sub(lambda field: own[field[1]] if field[1] else field[0][0], text)


@functools.cache
def _patterns(language: str) -> list[tuple[str, str, str]]:
    """Return messages with fields, those with the most letters of their own first.

    Of each how it begins, a pattern of what it may become, and the translation.
    """
    found: list[tuple[int, str, str, str]] = []
    for (context, english), translation in catalogue(LIBRARY, language).items():
        own = FIELD.sub("", english)
        if context or own == english or sum(map(str.isalpha, own)) < LEAST:
            continue
        pattern, end, seen = "", 0, set()
        for field in FIELD.finditer(english):
            pattern += re.escape(english[end : field.start()])
            end = field.end()
            if not field[1]:
                pattern += re.escape(field[0][0])
            elif field[1] in seen:
                pattern += f"(?P={field[1]})"
            else:
                seen.add(field[1])
                pattern += f"(?P<{field[1]}>{INSIDE})"
        found.append(
            (len(own), FIELD.split(english)[0], pattern + re.escape(english[end:]), translation)
        )
    found.sort(key=lambda one: -one[0])
    return [one[1:] for one in found]


def place(name: str, language: str) -> Path:
    """Return the file of a catalogue."""
    return LOCALE / language / "LC_MESSAGES" / f"{name}.po"


@functools.cache
def catalogue(name: str, language: str) -> dict[tuple[str, str], str]:
    """Return a catalogue's translations that are finished: (context, English) → translation.

    Parameters
    ----------
    name : str
        A lesson, ``course`` for the library, or ``docs``.
    language : str
    """
    import polib

    path = place(name, language)
    if not path.exists():
        return {}
    return {
        (one.msgctxt or "", one.msgid): one.msgstr
        for one in polib.pofile(str(path))
        if one.msgstr and not one.fuzzy and not one.obsolete
    }
