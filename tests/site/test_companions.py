"""The pages beside the lessons: that each word and each paper is where they say it is."""

import re

import pytest

from course import language, paths
from course.errors import CourseError
from course.grader import notebook, settings
from course.site import companions, words
from course.site.executed import Outputs
from course.translate import built

LESSONS = settings.lessons(paths.ROOT)


@pytest.fixture(scope="module")
def lessons():
    read = {name: notebook.read(notebook.path_of(name, paths.RELEASE)) for name in LESSONS}
    return {name: companions.sections(name, nb) for name, nb in read.items()}


def text_cell(text):
    return {"cell_type": "markdown", "source": text}


TINY = {
    "01_tiny": companions.sections(
        "01_tiny",
        {
            "cells": [
                text_cell("# 01 · Tiny: a lesson\n\n## 2 · Loss\n\nThe **loss** of `f`."),
                {"cell_type": "code", "source": "# no heading"},
                text_cell("### Exercise 3 · `f` · 6 points · 5 minutes\n\n```\n# no heading\n```"),
                text_cell("## Loss\n\nNamed again: arXiv:2005.14165, and **Step.** there."),
                text_cell(
                    "## Further reading\n\n- Brown et al. 2020, *Few: Shot*, arXiv:2005.14165. The "
                    "first.\n- Wilson 1927, *Inference*, JASA 22. Four pages.\n- [Ours](x.md): no."
                ),
            ]
        },
    )
}


# --- sections -------------------------------------------------------------------------------------


def test_a_lesson_falls_into_sections_with_anchors_of_their_own():
    found = [(one.title, one.anchor) for one in TINY["01_tiny"]]
    assert found == [
        ("Tiny: a lesson", "01--tiny-a-lesson"),
        ("Loss", "2--loss"),
        ("Exercise 3 · `f`", "exercise-3--f--6-points--5-minutes"),
        ("Loss", "loss"),
        ("Further reading", "further-reading"),
    ]


# --- the glossary ---------------------------------------------------------------------------------


def test_each_word_is_taught_where_the_glossary_says(lessons):
    rows = words.terms()
    assert 60 <= len(rows) <= 110
    for row in rows:
        assert row["lesson"] in LESSONS
        section = companions.taught(row, lessons)
        assert section.title not in (*companions.READING, "Recap")


def test_the_glossary_is_in_order_and_each_meaning_is_a_sentence_or_two():
    rows = words.terms()
    names = [row["term"].lower() for row in rows]
    assert names == sorted(set(names))
    for row in rows:
        assert re.fullmatch(r"[A-Z−e].{15,220}\.", row["meaning"]), row
        assert len(re.findall(r"[.!?](?: |$)", row["meaning"])) <= 3, row


@pytest.mark.parametrize(("words", "title"), [("", "Loss"), ("step", "Loss")])
def test_a_word_is_found_in_bold_whatever_its_capitals(words, title):
    row = {"term": "Loss", "lesson": "01_tiny", "words": words, "meaning": "."}
    assert companions.taught(row, TINY).title == title


def test_a_word_that_its_lesson_does_not_teach_is_named():
    row = {"term": "again", "lesson": "01_tiny", "words": "", "meaning": "."}
    with pytest.raises(CourseError, match="01_tiny has again nowhere in bold"):
        companions.taught(row, TINY)


@pytest.mark.parametrize(
    ("name", "letter"), [("loss", "L"), ("손실", "ㅅ"), ("쿼리", "ㅋ"), ("까닭", "ㄱ")]
)
def test_a_word_is_looked_up_under_its_first_letter(name, letter):
    assert companions.letter_of(name) == letter


def test_in_korean_each_word_leads_to_where_the_korean_lesson_teaches_it(lessons):
    korean = {
        name: companions.sections(
            name,
            notebook.read(built.notebook(name, "release", paths.ROOT, "ko")),
            notebook.read(notebook.path_of(name, paths.RELEASE)),
        )
        for name in ("01_pretraining", "07_rlhf_ppo")
    }
    row = next(one for one in words.terms() if one["term"] == "policy")
    english, found = (companions.taught(row, some) for some in (lessons, korean))
    assert found.heading == english.title
    assert "정책" in found.text
    with language.speaking("ko"):
        page = companions.glossary(korean)
    assert "\n손실 (loss)\n  모델이 평균으로" in page
    assert f"[레슨 07, {found.title}](07_rlhf_ppo/07_rlhf_ppo.ipynb#{found.anchor})" in page
    letters = re.findall(r"^## (.)$", page, re.MULTILINE)
    assert letters == sorted(letters, key=lambda one: (one.isascii(), one))


# --- references -----------------------------------------------------------------------------------


def test_a_paper_has_its_remark_and_its_other_places():
    first, second = companions.works(TINY, {"sizes.csv": ["arXiv:2005.14165 §2"]})
    assert first.named == "Brown et al. 2020, *Few: Shot*, arXiv:2005.14165"
    assert [remark for _, remark in first.remarks] == ["The first."]
    assert [section.anchor for section in first.places] == ["loss"]
    assert first.tables == ["sizes.csv"]
    assert second.named == "Wilson 1927, *Inference*, JASA 22"
    assert [remark for _, remark in second.remarks] == ["Four pages."]


def test_no_number_of_a_paper_is_left_out(lessons):
    family = paths.DATA / "family"
    page = companions.references(lessons, family)
    texts = [section.text for every in lessons.values() for section in every]
    texts += [path.read_text(encoding="utf-8") for path in family.glob("*.csv")]
    named = set(companions.ARXIV.findall("\n".join(texts)))
    assert len(named) > 50
    titles = set(companions.ARXIV.findall("\n".join(re.findall(r"^\*\*.+", page, re.MULTILINE))))
    assert named - titles == set()
    assert titles - named == set()


def test_each_work_is_there_once(lessons):
    works = companions.works(lessons, {})
    titles = [companions.key_of(work.named) for work in works]
    assert len(titles) == len(set(titles))
    assert max(len(work.remarks) for work in works) >= 5  # the paper of GPT-3, say


# --- the map --------------------------------------------------------------------------------------


def test_nobodys_own_map_is_on_the_page():
    mine: Outputs = {companions.MAP_CELL: [{"data": {"text/html": "7 of 10"}}], "other": []}
    shown = mine | companions.own_map('<a href="01_tiny/01_tiny.html">', mine)
    assert "7 of 10" not in str(shown)
    assert '<a href="../01_tiny/01_tiny.html">' in str(shown)
    assert companions.own_map("<a>", {"other": []}) == {}


def test_the_map_of_somebody_new_says_points_not_shares_in_each_language():
    for code, said in (("en", "100 points"), ("ko", "100점")):
        with language.speaking(code):
            drawn = companions.course_map(paths.ROOT, LESSONS)
        assert said in drawn
        assert not re.search(r"\b0 of \d|>0/\d", drawn)


def test_the_map_leads_to_the_lessons_that_are_there():
    drawn = companions.course_map(paths.ROOT, LESSONS[:2])
    assert drawn.count(f'href="{LESSONS[1]}/{LESSONS[1]}.html"') == 2
    assert LESSONS[2] not in drawn
    assert "not in this copy" in drawn
    assert "prefers-color-scheme: dark" not in drawn
