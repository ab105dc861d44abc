"""Learners' own functions in the pictures that follow: used if they are answered and right."""

from collections.abc import Callable, Mapping
from typing import Any

from course.checks import ask, expect

Function = Callable[..., Any]


def function(
    names: Mapping[str, Any], name: str, wanted: Any, *example: Any
) -> tuple[Function | None, str]:
    """Return a learner's function, or None and a sentence that says why it isn't used.

    Parameters
    ----------
    names : dict
        The notebook's ``globals()``.
    name : str
        Of the function.
    wanted : plain data
        What it should return for `example`.
    *example : plain data
        Its arguments.
    """
    missing = f"{name} isn't answered yet, so its part of this demo is left out."
    found = names.get(name)
    if found is None:
        return None, missing
    try:
        expect(ask(found, *example), wanted, name, reveal=False)
    except NotImplementedError:
        return None, missing
    except AssertionError as problem:
        return None, f"Your {name} isn't used here, since it isn't right yet. {problem}"
    except Exception as problem:
        kind = type(problem).__name__
        return None, f"Your {name} isn't used here: it stops with {kind}: {problem}."
    return found, ""
