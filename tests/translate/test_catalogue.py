"""Catalogues stay in step with the English; what is said to be complete is held to it."""

import json
import shutil
from pathlib import Path

import polib
import pytest

from course import language
from course.author import translate
from course.errors import CourseError
from course.site import words
from course.translate import built, catalogue, faults
from course.translate.catalogue import Entry

ROOT = Path(__file__).parent.parent.parent
FILES = sorted((ROOT / "course" / "locale").glob("*/LC_MESSAGES/*.po"))
NAME = "00_start_here"


def po(*entries):
    """Return a catalogue of (context, English, translation, fuzzy)."""
    file = polib.POFile()
    for context, text, said, *fuzzy in entries:
        flags = ["fuzzy"] if fuzzy else []
        file.append(polib.POEntry(msgctxt=context, msgid=text, msgstr=said, flags=flags))
    return file


def wanted(name):
    if name == language.LIBRARY:
        return translate.of_library()
    if name == words.CATALOGUE:
        return translate.of_site()
    return translate.of_docs(ROOT) if name == translate.DOCS else translate.of_lesson(name, ROOT)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_catalogue_that_is_said_to_be_complete_is(path):
    file = catalogue.read(path)
    if not catalogue.is_complete(file):
        return  # only reported, by `build --lang`
    now = catalogue.in_step(file, wanted(path.stem))
    row, problems = translate.report(path.stem, now)
    assert problems == []
    assert (row["missing"], row["stale"]) == (0, 0)


def test_lesson_00_and_the_library_are_complete_in_korean():
    for name in (NAME, language.LIBRARY):
        assert catalogue.is_complete(catalogue.read(language.place(name, "ko")))


def test_a_text_of_a_script_is_a_message(tmp_path):
    script = tmp_path / "one.js"
    script.write_text(
        'say(_("{n} of " +\n  "{of}", { n }), N_(\n"It is \\"so\\".",\n), __("no"), f("no"))'
    )
    assert list(translate.marked(script)) == ["{n} of {of}", 'It is "so".']


def test_a_changed_paragraph_makes_its_translation_stale():
    old = po(
        ("cell", "A mean is the sum divided by the number.", "평균은 합을 개수로 나눈 값이에요.")
    )
    new = catalogue.in_step(
        old, [Entry("cell", "A mean is the sum, divided by how many there are.")]
    )
    (entry,) = catalogue.stale(new)
    assert entry.msgstr == "평균은 합을 개수로 나눈 값이에요."
    assert entry.previous_msgid == "A mean is the sum divided by the number."
    assert catalogue.finished(new) == {}  # readers see English
    assert catalogue.missing(new) == []


def test_an_unchanged_paragraph_keeps_its_translation_wherever_it_goes():
    old = po(("old-name", "The same words.", "같은 말이에요."))
    new = catalogue.in_step(old, [Entry("new-name", "The same words.")])
    assert catalogue.finished(new) == {("new-name", "The same words."): "같은 말이에요."}


def test_a_translation_without_english_goes_to_the_end_and_stays():
    old = po(("cell", "Gone altogether.", "사라졌어요."))
    new = catalogue.in_step(old, [Entry("cell", "1 2 3 4 5 6 7 8 9")])
    assert [entry.msgid for entry in catalogue.missing(new)] == ["1 2 3 4 5 6 7 8 9"]
    assert [(entry.msgid, entry.obsolete) for entry in new][1:] == [("Gone altogether.", True)]
    again = catalogue.in_step(new, [Entry("cell", "Gone altogether.")])
    assert catalogue.finished(again) == {("cell", "Gone altogether."): "사라졌어요."}


def test_being_brought_in_step_again_changes_nothing(tmp_path):
    path = tmp_path / "ko" / "LC_MESSAGES" / f"{NAME}.po"
    path.parent.mkdir(parents=True)
    shutil.copy(language.place(NAME, "ko"), path)
    before = path.read_text()
    assert not catalogue.write(catalogue.in_step(catalogue.read(path), wanted(NAME)), path)
    assert path.read_text() == before


@pytest.fixture
def little(tmp_path, monkeypatch):
    """Return a course of one lesson of one cell, with a catalogue of its own."""
    monkeypatch.setattr(language, "LOCALE", tmp_path / "course" / "locale")
    language.catalogue.cache_clear()
    cell = {
        "cell_type": "markdown",
        "id": "title",
        "metadata": {},
        "source": ["# A title\n", "\n", "Some `code` here."],
    }
    lesson = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    for place in ("source", "release"):
        folder = tmp_path / place / "01_little"
        folder.mkdir(parents=True)
        (folder / "01_little.ipynb").write_text(json.dumps(lesson))
    yield tmp_path
    language.catalogue.cache_clear()


def text(root, place="release"):
    made = json.loads(
        (root / built.BUILT / "ko" / place / "01_little" / "01_little.ipynb").read_text()
    )
    return "".join(made["cells"][0]["source"])


def test_build_says_what_is_missing_stale_and_wrong_and_falls_back_to_english(little):
    result = translate.build("ko", ["01_little"], root=little)
    assert (result["ok"], result["missing"], result["stale"], result["words"]) == (True, 2, 0, 5)
    assert text(little) == "# A title\n\nSome `code` here."

    path = language.place("01_little", "ko")
    file = catalogue.read(path)
    for entry, said in zip(file, ["제목", "`code`가 있다."], strict=True):
        entry.msgstr = said
    catalogue.write(file, path)
    result = translate.build("ko", ["01_little"], root=little)
    assert result["missing"] == 0
    assert ["있다" in problem for problem in result["problems"]] == [True]
    assert text(little) == text(little, "source") == "# 제목\n\n`code`가 있다."

    english = little / "source" / "01_little" / "01_little.ipynb"
    english.write_text(english.read_text().replace("Some", "Here is some"))
    file = catalogue.read(path)
    file.metadata[catalogue.COMPLETE] = "yes"
    catalogue.write(file, path)
    result = translate.build("ko", ["01_little"], root=little)
    assert (result["ok"], result["stale"]) == (False, 1)
    (told,) = translate.behind(["01_little"], root=little)
    assert told.startswith("ko · 01_little: 1 translations are stale and 0 missing")
    assert text(little, "source") == "# 제목\n\nHere is some `code` here."


def test_a_language_that_the_course_does_not_speak_is_said_in_one_sentence():
    with pytest.raises(CourseError, match="no translation into 'xx': the languages are ko"):
        translate.build("xx")


def test_a_students_catalogue_has_nothing_of_hidden_checks():
    told = translate.for_students(NAME, "ko", ROOT)
    whole = language.place(NAME, "ko").read_text(encoding="utf-8")
    assert "무작위로 뽑은 글" in whole
    assert "무작위로 뽑은 글" not in told
    assert "17승 3패" in told


GOOD = [
    (
        "It has 135 million numbers, GPT-3 has 175 billion.",
        "숫자가 1억 3,500만 개, GPT-3는 1,750억 개예요.",
    ),
    ("On 30 November 2022, in ten lessons.", "2022년 11월 30일, 레슨 10개로요."),
    ("Half an hour, half a million.", "30분, 50만이에요."),
    ("175 or 1.3 billion", "1,750억 또는 13억"),
    ("`a` and $x$ at [home](x.md)", "[집](x.md)에 있는 `a`와 $x$"),
    ("The **reward model** scores.", "**보상 모델**(reward model)이 점수를 매겨요."),
]
WRONG = [
    ("135 million numbers.", "숫자 1억 3,000만 개예요.", "the figure 135,000,000 is missing."),
    ("Three of 4.", "5개 중 3개예요.", "the figure 4 is missing."),
    ("Run `a`.", "`b`를 실행하세요.", "the code `a` is missing."),
    ("So $x$ grows.", "그래서 커져요.", "the formula $x$ is missing."),
    ("See [it](x.md).", "[이것](y.md)을 보세요.", "the link ](x.md) is missing."),
    ("**Bold** words.", "굵은 말이에요.", "it has more or fewer bold words (**) than the English."),
    ("The **reward model** is.", "**보상 모델(reward model)**은 있어요.", "doesn't end bold type"),
    ("It is so.", "그렇다.", "write 해요체"),
    ("It is so.", "그렇습니다.", "write 해요체"),
    ("A reward model.", "상을 주는 모델.", "the glossary has “보상 모델” for reward model."),
    ("| a |\n|---|\n| b |", "| a |\n|---|\n| b | c |", "rows or columns"),
]  # fmt: skip


@pytest.mark.parametrize(("english", "said"), GOOD)
def test_a_good_translation_has_no_fault(english, said):
    assert faults.of(english, said, "paragraph") == []


@pytest.mark.parametrize(("english", "said", "fault"), WRONG)
def test_a_fault_is_named(english, said, fault):
    kind = "table" if "|" in english else "paragraph"
    assert any(fault in one for one in faults.of(english, said, kind))


def test_a_lost_field_is_named_and_so_is_a_particle_that_no_number_fits():
    assert "the field {n:,} is missing." in faults.of("{n:,} words", "단어 {n}개", "fields")
    assert "“{n:.2f}로”" in faults.of("to {n:.2f}", "{n:.2f}로 가요.", "format")[0]
    assert faults.of("to {n:.0%} and {m:.2f}", "{n:.0%}로 가요. 끝: {m:.2f}.", "format") == []


def test_a_translator_may_free_a_term():
    assert faults.of("the weight of a word", "말의 무게", "paragraph", "free: weight") == []


def test_a_term_comes_first_with_its_english():
    said = ["보상 모델이 점수를 매겨요.", "보상 모델(reward model)이에요."]
    assert "보상 모델(reward model)" in faults.first_uses(said)[0]
    assert faults.first_uses(said[1:]) == []
