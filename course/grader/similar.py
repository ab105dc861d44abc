"""Answers that are nearly the same: for an instructor to look at, and no verdict.

An answer is reduced to its tokens (`tokens`): without comments, docstrings and layout, and with one
sign for every name that is the author's own choice. Runs of `RUN` tokens are compared. What the
task itself gives, what the course's own solution says, and what many in the class write is no sign
of anything, so it doesn't count, and a short or a common answer has nothing to compare. One answer
that two people share may be chance: it takes several. All pairs of a class are counted by one
product of matrices for each exercise. Left out on purpose: other classes, the web, and who had it
from whom.
"""

import builtins
import keyword
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

RUN = 8  # tokens in a row that are compared
ALIKE = 0.8  # share of the shorter answer's own runs that the other one has, too
LEAST = 15  # own runs that an answer must have to be compared
ENOUGH = 3  # answers that must be alike, or all, where a notebook has fewer
FEW, PART = 5, 0.03  # what more than these (students, or a part of the class) write is common
LONGEST = 20_000  # characters of an answer that are read
OWN = "_"  # in place of a name that its author chose
KNOWN = frozenset(keyword.kwlist) | frozenset(dir(builtins))
# Not the tokenizer of Python, which is slower and gives up where an answer is none.
TOKEN = re.compile(
    r"""
    (?P<comment> \#[^\n]* )
    | (?P<text> [A-Za-z]{0,2} (?: \"{3}(?:\\.|[^\\])*?\"{3} | '{3}(?:\\.|[^\\])*?'{3}
        | "(?:\\.|[^\\"\n])*" | '(?:\\.|[^\\'\n])*' ) )
    | (?P<name> [^\W\d]\w* )
    | (?P<number> \d[\w.]* | \.\d\w* )
    | (?P<end> \n )
    | (?P<sign> \*\*=? | //=? | <<=? | >>=? | -> | [-+*/%&|^@<>!=:]= | \S )
    """,
    re.VERBOSE | re.DOTALL,
)


class Group(NamedTuple):
    """Students whose answers to one notebook are alike.

    Attributes
    ----------
    who : list of str
    exercises : list of str
        In which each of them is like another one, in the order of the notebook.
    """

    who: list[str]
    exercises: list[str]


def names(sources: Iterable[str]) -> frozenset[str]:
    """Return all names in code that everybody was given."""
    found = (TOKEN.finditer(source) for source in sources)
    return frozenset(match["name"] for one in found for match in one if match["name"])


def tokens(source: str, given: frozenset[str] = frozenset()) -> list[str]:
    """Return an answer as tokens that don't depend on names, comments and layout.

    Parameters
    ----------
    source : str
        Python, or what a student takes for it: as far as it can be read.
    given : frozenset of str
        Names that aren't the author's choice.
    """
    found: list[str] = []
    open_brackets, alone = 0, True  # whether a statement begins here
    for match in TOKEN.finditer(source[:LONGEST]):
        kind, text = match.lastgroup, match[0]
        if kind == "comment":
            continue
        if kind == "end":
            alone = alone or open_brackets <= 0
            continue
        if kind == "text" and alone:
            continue  # a docstring, or a text that does nothing
        if kind == "name" and found[-1:] != ["."] and text not in KNOWN and text not in given:
            text = OWN
        open_brackets += (text in "([{") - (text in ")]}")
        found.append(text)
        alone = False
    return found


def runs(words: list[str]) -> set[int]:
    """Return the runs of `RUN` tokens in an answer, as numbers that hold in this process only."""
    return {hash(tuple(words[i : i + RUN])) for i in range(len(words) - RUN + 1)}


def groups(
    answers: Mapping[str, Mapping[str, list[str]]], known: Mapping[str, list[list[str]]]
) -> list[Group]:
    """Return who has answered a notebook nearly alike.

    Parameters
    ----------
    answers : mapping
        student → exercise → tokens of the answer.
    known : mapping
        Of each exercise in order: the tokens of what everybody was given, and of the course's own
        solution.

    Returns
    -------
    list of Group
        The largest first.
    """
    who = sorted(answers)
    alike = {exercise: _alike(exercise, who, answers, known[exercise]) for exercise in known}
    count = sum((table.astype(int) for table in alike.values()), np.zeros((len(who),) * 2, int))
    met = np.triu(count >= min(ENOUGH, len(known) or 1), 1)
    found: list[set[int]] = []
    for pair in np.argwhere(met).tolist():
        near = [one for one in found if one & {*pair}]
        found = [one for one in found if one not in near] + [set(pair).union(*near)]
    result = []
    for places in map(sorted, found):
        table = met[np.ix_(places, places)]
        where = [e for e, one in alike.items() if (one[np.ix_(places, places)] & table).any()]
        result.append(Group([who[place] for place in places], where))
    return sorted(result, key=lambda one: (-len(one.who), -len(one.exercises), one.who))


def _alike(
    exercise: str,
    who: list[str],
    answers: Mapping[str, Mapping[str, list[str]]],
    known: list[list[str]],
) -> Any:
    """Return a table of all pairs of students: whether their answers to an exercise are alike."""
    free = set().union(*map(runs, known))
    holders: dict[int, list[int]] = {}
    for place, student in enumerate(who):
        for run in runs(answers[student].get(exercise, [])) - free:
            holders.setdefault(run, []).append(place)
    common = max(FEW, PART * len(who))
    own = [places for places in holders.values() if len(places) <= common]
    has = np.zeros((len(who), len(own)), np.float32)
    for column, places in enumerate(own):
        has[places, column] = 1
    both = has @ has.T
    size = np.minimum.outer(np.diag(both), np.diag(both))
    return (size >= LEAST) & (both >= ALIKE * size)
