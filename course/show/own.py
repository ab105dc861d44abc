"""A learner's own functions in a demo: used if they are there and answered, else a replacement.

One way to find them for all lessons. `find` tries a function on a small example; `take` also says,
once, whose functions run. A function that is handed out gets copies of its arguments on each call,
since it may change them. Lessons decide what the example is, and what takes the place of a missing
answer. `answered` is for loops on the page that run with nothing else. Live trainings read the
answers from the notebook's file instead (`course.stages.exercises`).
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from course.checks import ask, expect
from course.language import N_, _
from course.show.style import say

Function = Callable[..., Any]
LEFT_OUT = N_("its part of this demo is left out")
COURSES_OWN = N_("the course's own does its work")


@dataclass(frozen=True)
class Wanted:
    """A function that a demo calls.

    Parameters
    ----------
    name : str
        Of the exercise.
    function : callable or None
        The learner's, as the notebook has it; None if it isn't there.
    trial : callable
        Takes a function and tries it; an AssertionError says what is wrong with it.
    otherwise : callable
        What takes its place.
    place : str
        How it does so, in words that follow "so".
    """

    name: str
    function: Function | None
    trial: Callable[[Function], object]
    otherwise: Function
    place: str = COURSES_OWN


def find(
    name: str,
    function: Function | None,
    trial: Callable[[Function], object],
    place: str = LEFT_OUT,
) -> tuple[Function | None, str]:
    """Return a learner's function, which now copies its arguments, or None and a sentence why.

    Parameters
    ----------
    name, function, trial, place
        As of `Wanted`.
    """
    unanswered = _("{name} isn't answered yet, so {place}.").format(name=name, place=_(place))
    if function is None:
        return None, unanswered
    copying = functools.partial(ask, function)
    try:
        trial(copying)
    except NotImplementedError:
        return None, unanswered
    except AssertionError as problem:
        return None, _("Your {name} isn't right yet, so {place}. {problem}").format(
            name=name, place=_(place), problem=problem
        ).strip()
    except Exception as problem:
        said = f"{type(problem).__name__}: {problem}".rstrip(": .")
        return None, _("Your {name} stops with an error, so {place}. {said}.").format(
            name=name, place=_(place), said=said
        )
    return copying, ""


def function(
    names: Mapping[str, Any], name: str, wanted: Any, *example: Any
) -> tuple[Function | None, str]:
    """Return the notebook's function if it gives what it should, or None and a sentence why.

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
    return find(
        name, names.get(name), lambda own: expect(own(*example), wanted, name, reveal=False)
    )


def take(*all_wanted: Wanted) -> list[Function]:
    """Return for each function the learner's own or what takes its place; say once which."""
    taken, own, said = [], [], []
    for one in all_wanted:
        found, why = find(one.name, one.function, one.trial, one.place)
        taken.append(one.otherwise if found is None else found)
        if found is None:
            said.append(why)
        else:
            own.append(one.name)
    if own:
        said.insert(0, _("This runs with your own {listed}.").format(listed=listed(own)))
    say(" ".join(said))
    return taken


def listed(names: list[str]) -> str:
    """Return names as one says them: "a, b and c"."""
    *others, last = names
    return _("{others} and {last}").format(others=", ".join(others), last=last) if others else last


def answered(*functions: Any) -> SimpleNamespace | None:
    """Return the functions of a loop on the page, if all of them have an answer.

    Parameters
    ----------
    *functions : callable
        The learner's own, from the notebook. They aren't called.

    Returns
    -------
    SimpleNamespace or None
        With each function by its name; it copies its arguments on each call. If None, it has been
        said which exercises come first.
    """
    missing = [
        function.__name__
        for function in functions
        if "NotImplementedError" in getattr(getattr(function, "__code__", None), "co_names", ())
    ]
    if missing:
        one = _("This cell runs with your own {listed}: answer it first.")
        more = _("This cell runs with your own {listed}: answer them first.")
        say((one if len(missing) == 1 else more).format(listed=listed(missing)))
        return None
    return SimpleNamespace(**{one.__name__: functools.partial(ask, one) for one in functions})
