"""Where demos take their figures and models from, and the sentence where one of them is missing.

Numbers that a lesson prints come from run records, never from prose. A demo whose record or model
isn't there says so in one sentence and gives the next cell its turn.
"""

import os
from collections.abc import Iterable, Mapping
from typing import Any

from course import records
from course.errors import CourseError
from course.language import _
from course.show.style import Page, say, table


def demo_seconds(seconds: float) -> float:
    """Return how long a live demo may run: `seconds`, unless ``COURSE_DEMO_SECONDS`` is set."""
    try:
        return float(os.environ["COURSE_DEMO_SECONDS"])
    except (KeyError, ValueError):
        return seconds


def record(name: str) -> dict[str, Any] | None:
    """Return a run record; if it isn't there, say so and return None."""
    try:
        return records.read(name)
    except CourseError as error:
        say(str(error))
        return None


def records_of(*names: str) -> dict[str, dict[str, Any]]:
    """Return those of the named run records that are there; say which aren't."""
    found = {name: record(name) for name in names}
    return {name: figures for name, figures in found.items() if figures is not None}


def told(value: Any) -> Any:
    """Return a cell of ``data/family`` in the reader's language: these tables are English.

    Translated are the sentences (`course.author.translate.CELLS`); the rest is as it stands.
    """
    return _(value) if isinstance(value, str) and value else value


def facts(rows: Iterable[Mapping[str, Any]]) -> Page:
    """Return rows of ``data/family`` as a table in the reader's language."""
    return table([{_(name): told(value) for name, value in row.items()} for row in rows])


def origin(name: str, figures: Mapping[str, Any]) -> str:
    """Return where figures of a run record come from, in words; nothing if that isn't known."""
    known = [str(v) for v in (name, figures.get("machine"), figures.get("date")) if v]
    return _("recorded run: {names}").format(names=", ".join(known)) if known else ""


def figure_line(source: str | Mapping[str, Any] | None, sentence: str) -> None:
    """Show a sentence with figures of a run record, and where they come from.

    Parameters
    ----------
    source : str, dict or None
        Name of a record, or the record; None shows nothing.
    sentence : str
        A format string over the record's keys, ``"The loss is {loss:.2f} nats a token."``.
    """
    figures = record(source) if isinstance(source, str) else source
    if figures is None:
        return
    name = source if isinstance(source, str) else figures.get("name", "")
    say(sentence.format_map(figures), origin(name, figures))


def load_model(*names: str, quiet: bool = False) -> tuple[str, Any, Any] | None:
    """Return the first of the named models that is on this computer, or None.

    Parameters
    ----------
    *names : str
        Of our own models (``mini-…``) or of real ones, best first.
    quiet : bool
        Say nothing about those that are missing.

    Returns
    -------
    (name, model, tokenizer) or None
    """
    for name in names:
        try:
            if name.startswith("mini-"):
                from course.lm import model

                return name, *model.load(name)
            from course.real import catalogue

            return name, *catalogue.load(name)
        except CourseError as error:
            if not quiet:
                say(str(error))
    if not quiet:
        say(_("So this demo is left out; the lesson goes on without it."))
    return None
