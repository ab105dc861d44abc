"""Statements that learners decide: the list of them, the form of an answer, and what was right.

A lesson's cells name the lesson, such as ``"04_gpt_family"``. The statements, and what is right,
come from `course.claims`; a test holds that they are those of the source notebook.
"""

import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from course import claims, language
from course.errors import CourseError
from course.language import N_, _
from course.show import style
from course.show.sizes import short
from course.show.style import say

LATER = N_("The form is right. Whether the verdicts are, you hear when your work is graded.")
expect_form = claims.expect_form  # for the doors of lessons


def statements(lesson: str) -> style.Page:
    """Return the statements of a lesson as a table, with the figure that each asks for.

    Parameters
    ----------
    lesson : str
        Such as ``"04_gpt_family"``.
    """
    return style.table(
        [
            {
                "id": name,
                _("statement"): _(what["statement"]),
                _("the figure to give"): _(what["figure"]),
            }
            for name, what in claims.asked(lesson).items()
        ]
    )


def expect_verdicts(
    decide: Callable[[], Any], truth: Mapping[str, tuple[str, float | str, str]]
) -> None:
    """Check that the answers for the statements in `truth` are right.

    Parameters
    ----------
    decide : callable
        The learner's function.
    truth : dict
        Id → (verdict, figure, reason). A whole number has to be met exactly, another number to
        within one percent, words without regard to capitals.

    Raises
    ------
    AssertionError
        If one isn't, with the reason.
    """
    answers = decide()
    for name, (verdict, figure, reason) in truth.items():
        good, exact = claims.right(answers[name], verdict, figure)
        start = f"{claims.EXERCISE}, {name!r}: "
        assert good, start + _("the verdict isn't right. {reason}").format(reason=reason)
        assert exact, start + _("another figure decides. {reason}").format(reason=reason)


def verdicts(
    lesson: str, decide: Callable[[], Any], guesses: Mapping[str, str | None] | None = None
) -> None:
    """Show which of a learner's verdicts are right, and why, once all are decided.

    Parameters
    ----------
    lesson : str
    decide : callable
        The learner's function.
    guesses : dict of str to str, optional
        Verdicts that the learner wrote down before; None where there is none.
    """
    try:
        asked, truth = claims.asked(lesson), claims.told(lesson)
    except CourseError as error:
        say(str(error))
        return
    try:
        answers = decide()
    except NotImplementedError:
        say(
            _("Nothing is decided yet: write your {exercise} first, and run its cell.").format(
                exercise=claims.EXERCISE
            )
        )
        return
    faults = [found for name, what in asked.items() if (found := claims.fault(answers, name, what))]
    if faults:
        done = len(asked) - len(faults)
        say(
            _("{done} of {n} are decided; the table comes when all are.").format(
                done=done, n=len(asked)
            )
        )
        say(_("Next: {faults}").format(faults=faults[0]))
    elif truth is None:
        say(_(LATER))
    else:
        _tell(lesson, asked, truth, answers, guesses or {})


def _tell(
    lesson: str,
    asked: Mapping[str, Mapping[str, str]],
    truth: Mapping[str, Sequence[Any]],
    answers: Mapping[str, Sequence[Any]],
    guesses: Mapping[str, str | None],
) -> None:
    rows, good = [], 0
    for name, (verdict, figure, reason) in truth.items():
        fine = claims.right(answers[name], verdict, figure)
        good += all(fine)
        rows.append(
            {
                _("statement"): _(asked[name]["statement"]),
                _("you say"): _pair(answers[name][0], answers[name][1], all(fine)),
                _("right is"): _pair(verdict, figure, True),
                _("why"): _reason(lesson, reason),
            }
        )
    style.show(style.table(rows))
    said = [guesses[name] for name in truth if guesses.get(name)]
    before = sum(guesses.get(name) == what[0] for name, what in truth.items())
    say(
        _("{good} of {n} are right, verdict and figure.").format(good=good, n=len(truth))
        + (
            _(" Of your {n} first guesses {before} had the right verdict.").format(
                n=len(said), before=before
            )
            if said
            else ""
        )
    )


def _reason(lesson: str, text: str) -> str:
    """Return a reason in the reader's language: it is a text of the lesson's checks."""
    said = language.catalogue(lesson, language.current())
    return next((there for (_cell, english), there in said.items() if english == text), text)


def _pair(verdict: str, figure: float | str, fine: bool) -> style.Page:
    """Return a verdict with its figure, on the ground of what is right or of what isn't."""
    sign, ground = ("✓", style.TRUE) if fine else ("✗", style.FALSE)
    text = f"{sign} {verdict}, {_written(figure)}"
    return style.Page(
        f'<span style="background:{ground};color:{style.INK};border-radius:4px;padding:1px 4px">'
        f"{html.escape(text)}</span>",
        text,
    )


def _written(figure: float | str) -> str:
    """Return a figure as a person writes it."""
    if isinstance(figure, str):
        return figure
    if abs(figure) >= 1e6:
        return short(float(figure))
    return f"{figure:,.0f}" if figure == int(figure) else f"{figure:,.4g}"
