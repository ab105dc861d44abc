"""Learners' own functions in the pictures that follow: used if they are answered and right."""

import copy
from collections.abc import Callable
from typing import Any

from course.checks import expect


def fault(function: Callable[..., Any], wanted: Any, *example: Any) -> str:
    """Return in a sentence why a learner's function isn't used; nothing if it is.

    Parameters
    ----------
    function : callable
        From the notebook.
    wanted : plain data
        What it should return for `example`.
    *example : plain data
        Its arguments.
    """
    name = function.__name__
    try:
        expect(function(*copy.deepcopy(example)), wanted, name, reveal=False)
    except NotImplementedError:
        return f"{name} isn't answered yet, so its part of this demo is left out."
    except AssertionError as problem:
        return f"Your {name} isn't used here, since it isn't right yet. {problem}"
    except Exception as problem:
        return f"Your {name} isn't used here: it stops with {type(problem).__name__}: {problem}."
    return ""
