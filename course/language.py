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
from collections.abc import Iterator
from pathlib import Path

from course.errors import CourseError

LANGUAGES = {"en": "English", "ko": "한국어"}
LOCALE = Path(__file__).resolve().parent / "locale"
LIBRARY = "course"  # the catalogue of the library
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
