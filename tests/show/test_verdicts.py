"""Statements that learners decide: what an answer must look like, and what they are told."""

import numpy as np
import pytest

from course import claims
from course.errors import CourseError
from course.show import verdicts

LESSON = "04_x"
ASKED = """id,statement,figure,kind
size,It has 175 billion parameters.,its parameters,number
share,It is a quarter.,the share,number
name,It is called ada.,its name,words
"""
TRUTH = {
    "size": ("true", 175_000_000_000, "The table has it."),
    "share": ("false", 1 / 3, "One of three."),
    "name": ("not published", "Ada", "Nobody says."),
}
RIGHT = {"size": ("true", 175e9), "share": ("false", 0.333), "name": ("not published", " ada")}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(claims.paths, "DATA", tmp_path)
    place = tmp_path / "verdicts"
    place.mkdir()
    (place / f"{LESSON}.csv").write_text(ASKED, encoding="utf-8")
    (place / f"{LESSON}.txt").write_text(claims.encode(TRUTH), encoding="ascii")
    return place


@pytest.fixture
def shown(monkeypatch):
    said = []
    monkeypatch.setattr(verdicts, "say", said.append)
    monkeypatch.setattr(verdicts.style, "show", lambda page: said.append(page.text))
    return said


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (None, "the answer is None. Did you forget `return`?"),
        ([1], "a dictionary is asked for"),
        ({}, "there is no answer for 'size'"),
        ({"size": "true"}, "two things are asked for"),
        ({"size": (None, None)}, "'size' isn't decided yet"),
        ({"size": ("true", None)}, "'size' isn't decided yet"),
        ({"size": (True, 3)}, "True isn't a verdict"),
        ({"size": ("yes", 3)}, "'yes' isn't a verdict; take one of 'true', 'false'"),
        ({"size": ("true", "175B")}, "the figure is '175B', but a number (a billion is 1e9)"),
        ({"size": ("true", float("nan"))}, "but a number"),
        ({"size": ("true", True)}, "but a number"),
        ({"size": ("true", [175e9])}, "but a number"),
        ({"size": ("true", np.arange(2.0))}, "the figure is array([0., 1.]), but a number"),
        ({"size": ("true", "x" * 500)}, "xxx..., but a number"),
    ],
)
def test_another_form_is_named(folder, answers, said):
    with pytest.raises(AssertionError, match=r"^decide: ") as caught:
        verdicts.expect_form(LESSON, lambda: answers, "size")
    assert said in str(caught.value)


def test_a_word_is_asked_for_where_a_number_came(folder):
    with pytest.raises(AssertionError, match=r"the figure is 3, but a string is asked for"):
        verdicts.expect_form(LESSON, lambda: {"name": ("true", 3)}, "name")


@pytest.mark.parametrize("figure", [175, 175.0, np.int64(175), np.float32(175), 1e300, -1, 0])
def test_every_number_has_the_form(folder, figure):
    verdicts.expect_form(LESSON, lambda: {"size": ["false", figure]}, "size")


@pytest.mark.parametrize(
    ("given", "wanted", "same"),
    [
        (3, 3, True),
        (3.0, 3, True),
        (np.float64(3), 3, True),
        (2049, 2048, False),  # whole numbers are met exactly
        (0, 0, True),
        (134.6, 175 / 1.3, True),
        (135, 175 / 1.3, True),
        (100, 175 / 1.3, False),
        ("Text-Davinci-001 ", "text-davinci-001", True),
        ("ada", "babbage", False),
        ("3", 3, False),
        (3, "3", False),
    ],
)
def test_figures_are_compared_by_their_kind(given, wanted, same):
    assert claims.right(("true", given), "true", wanted) == (True, same)
    assert claims.right(("true", given), "false", wanted) == (False, same)


def test_right_answers_pass_and_wrong_ones_hear_the_reason():
    verdicts.expect_verdicts(lambda: RIGHT, TRUTH)
    with pytest.raises(AssertionError, match=r"'size': the verdict isn't right. The table has it"):
        verdicts.expect_verdicts(lambda: RIGHT | {"size": ("false", 175e9)}, TRUTH)
    with pytest.raises(AssertionError, match=r"'share': another figure decides. One of three"):
        verdicts.expect_verdicts(lambda: RIGHT | {"share": ("false", 0.25)}, TRUTH)


def test_all_statements_are_listed(folder):
    assert "size | It has 175 billion parameters. | its parameters" in str(
        verdicts.statements(LESSON)
    )


def test_nothing_is_told_before_all_is_decided(folder, shown):
    def open_():
        raise NotImplementedError

    verdicts.verdicts(LESSON, open_)
    verdicts.verdicts(LESSON, lambda: RIGHT | {"name": (None, None)})
    assert shown == [
        "Nothing is decided yet: write your decide first, and run its cell.",
        "2 of 3 are decided; the table comes when all are.",
        "Next: 'name' isn't decided yet: put a verdict and a figure in place of None.",
    ]


def test_once_all_is_decided_each_is_told_with_its_reason(folder, shown):
    guesses = {"size": "true", "share": "true", "name": None}
    verdicts.verdicts(LESSON, lambda: RIGHT | {"share": ("true", 0.25)}, guesses)
    table, said = shown
    assert "✓ true, 175 billion | ✓ true, 175 billion | The table has it." in table
    assert "✗ true, 0.25 | ✓ false, 0.3333 | One of three." in table
    assert said == (
        "2 of 3 are right, verdict and figure. Of your 2 first guesses 1 had the right verdict."
    )


def test_without_the_file_everything_else_goes_on(folder, shown):
    (folder / f"{LESSON}.txt").unlink()
    verdicts.verdicts(LESSON, lambda: RIGHT)
    assert shown == [verdicts.LATER]
    claims.expect_all(LESSON, lambda: {})


@pytest.mark.parametrize("suffix", ["csv", "txt"])
def test_a_damaged_file_is_one_sentence(folder, shown, suffix):
    (folder / f"{LESSON}.{suffix}").write_text("nothing,of\nthe,kind\n", encoding="ascii")
    verdicts.verdicts(LESSON, lambda: RIGHT)
    assert len(shown) == 1
    assert "restore data/verdicts with git" in shown[0]
    with pytest.raises(CourseError):
        claims.asked("05_y")


def test_how_many_are_right_is_counted(folder):
    claims.expect_all(LESSON, lambda: RIGHT)
    with pytest.raises(AssertionError, match=r"^2 of 3 are right, verdict and figure"):
        claims.expect_all(LESSON, lambda: RIGHT | {"size": ("true", 1)})
