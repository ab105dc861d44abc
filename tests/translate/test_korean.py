"""A learner in Korean: the language is remembered, lessons, checks and the map come in it.

Answers and points don't depend on it. One lesson is verified: each mutant falls by the Korean
sentence that stands for the English one that its file promises.
"""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from course import checks, claims, cli, hooks, language, paths
from course.author import font
from course.author.verify import verify
from course.grader import source
from course.learner import desk, map, progress, update
from course.show import answers, l04_family, live, sources
from course.show import l06_loop as loop_of_lesson_06
from course.stages import programs
from course.translate import built

ROOT = Path(__file__).parent.parent.parent
NAME = "00_start_here"


def said(function, *args, **kwargs):
    with pytest.raises(AssertionError) as caught:
        function(*args, **kwargs)
    return str(caught.value)


@pytest.fixture
def korean(monkeypatch):
    monkeypatch.setenv("COURSE_LANG", "ko")


@pytest.fixture
def learner(tmp_path, monkeypatch):
    """Return a learner's course: lesson 00 as released, and nobody has chosen a language."""
    shutil.copytree(ROOT / "release" / NAME, tmp_path / "release" / NAME)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    for name in ("ROOT", "RELEASE", "WORK"):
        folder = tmp_path / name.lower() if name != "ROOT" else tmp_path
        monkeypatch.setattr(paths, name, folder)
    monkeypatch.delenv("COURSE_LANG", raising=False)
    language.remembered.cache_clear()
    yield tmp_path
    language.remembered.cache_clear()


def cells(root):
    path = root / "work" / NAME / f"{NAME}.ipynb"
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return {cell["id"]: "".join(cell["source"]) for cell in found}


def test_the_help_of_commands_is_korean(korean):
    line = cli.command_line()
    check = line.commands["check"]
    assert check.help.startswith("내 노트북에 점수를 매기고")
    assert "\n" not in check.help.split("\n\n")[1]  # a paragraph is one line
    assert check.epilog == "예: python3 start.py check 01_pretraining"
    assert {p.name: p.help for p in check.params}["as_json"] == "JSON 객체 하나만 출력해요."
    stages = line.commands["lineage"].help
    assert "\n  ppo: 보상 모델을 상대로 PPO\n" in stages
    every = [line, *line.commands.values(), *line.commands["models"].commands.values()]
    words = [w for c in every for w in (c.help, *(p.help or "" for p in c.params)) if w]
    assert [w for w in words if not re.search("[가-힣]", w)] == []


def test_the_family_is_told_in_korean_and_what_code_compares_stays(korean):
    page = l04_family.shown_rows(
        [
            {
                "name": "GPT-2",
                "released": "not published",
                "how": "same design, trained from nothing",
            }
        ],
        ("name", "released", "how"),
    )
    assert page.text.splitlines()[-1].split(" | ") == [
        "GPT-2", "not published", "같은 설계, 처음부터 학습",
    ]  # fmt: skip
    assert sources.told("") == ""
    assert sources.told(175) == 175
    assert programs.refusal("import os").startswith("거부: 무언가를 임포트해요. x, 정수")


def test_columns_that_code_reads_back_may_be_korean(korean, monkeypatch):
    """Each of these tables is read again by the name of a column, which is in Korean here."""
    monkeypatch.setattr("course.real.reply.reply", lambda *_, **__: iter(["yes", "."]))
    shown = []
    monkeypatch.setattr(live.Output, "show", lambda self, page: shown.append(page))
    monkeypatch.setattr(live, "in_notebook", lambda: True)
    answers.written_live("SmolLM2", None, None, ["Is it so?"])
    assert shown[-1].text.splitlines()[-1] == "Is it so? | yes."
    assert loop_of_lesson_06.knowledge() is not None


def test_checks_speak_korean(korean):
    assert said(checks.expect, None, 1, "mean", given="수 두 개") == (
        "mean (입력: 수 두 개): 답: 지금은 None이에요. `return`을 잊었나요?"
    )
    assert said(checks.expect, [4.0, 2], [4, 3], "mean") == ("mean: 답[1]: 지금은 2, 맞는 값은 3.")
    advice = said(checks.expect, 4, 2, "mean", wrong={"합이에요. 개수로 나누세요.": 4})
    assert advice == "mean: 합이에요. 개수로 나누세요. (내 답: 4)"
    assert hooks.without_answer(advice) == "mean: 합이에요. 개수로 나누세요."
    assert "모양이 (2,)인데, (3,) 모양이어야 해요" in said(
        checks.expect, np.zeros(2), np.zeros(3), "mean"
    )
    assert "값은 2개가 필요해요" in said(checks.parts, 1, "step", "a", "b")


def test_whether_an_answer_is_right_is_the_same_in_every_language(monkeypatch):
    tries = [(1, 1), (1, 2), ([1.0], [1.0]), ({"a": 1}, {"b": 1}), (None, 0), (np.nan, 1.0)]
    verdicts = []
    for code in language.LANGUAGES:
        monkeypatch.setenv("COURSE_LANG", code)
        passed = []
        for got, want in tries:
            try:
                checks.expect(got, want, "f", reveal=False)
                passed.append(True)
            except AssertionError:
                passed.append(False)
        verdicts.append(passed)
    assert verdicts[0] == verdicts[1]
    assert set(verdicts[0]) == {True, False}


def test_a_learner_chooses_korean_and_it_is_remembered(learner, capsys):
    desk.speak("ko")
    assert language.current() == "ko"
    found = cells(learner)
    assert "# 00 · 시작하기" in found["title"]
    assert re.search(
        r"(?m)^### 연습문제 1 · `win_share` · 4점 · 2분 · ●○○○○$", found["exercise-win-share"]
    )
    assert '"""비교 가운데 이긴 비율을 반환해요.' in found["win-share"]
    assert 'given="17승 3패"' in found["win-share-1"]
    assert hooks.HEADER.search(found["exercise-win-share"])["minutes"] == "2"
    assert (learner / "work" / NAME / "primer.md").read_text("utf-8").startswith("# 기초 다지기")
    assert 'html lang="ko"' in (learner / "work" / map.FILE).read_text("utf-8")
    lesson = progress.survey(run=False)["lessons"][NAME]
    assert (lesson["title"], lesson["state"]) == ("시작하기", "not opened")
    assert lesson["uses"] == "파이썬 함수와 리스트"
    assert update.waiting(learner) == []


def test_an_english_copy_becomes_korean_and_its_answers_stay(learner, capsys):
    desk.lay_out()
    path = learner / "work" / NAME / f"{NAME}.ipynb"
    english = path.read_text(encoding="utf-8")
    assert '"    raise NotImplementedError"' in english
    path.write_text(english.replace('"    raise NotImplementedError"', '"    return 0.25"', 1))
    desk.speak("ko")
    found = cells(learner)
    assert found["win-share"].endswith("return 0.25")
    assert found["title"].startswith("# 00 · 시작하기")
    assert "이건 백분율이에요." in found["win-share-1"]
    desk.speak("en")
    assert cells(learner)["title"].startswith("# 00 · Start here")
    assert cells(learner)["win-share"].endswith("return 0.25")


def test_a_language_that_is_not_there_is_said_in_one_sentence(learner):
    with pytest.raises(Exception, match="There is no language 'xx' in this course"):
        desk.speak("xx")
    assert language.current() == "en"


def test_a_lesson_is_put_together_again_only_if_something_has_changed(learner):
    made = built.notebook(NAME, "release", learner, "ko")
    first = made.stat().st_mtime_ns
    assert built.notebook(NAME, "release", learner, "ko").stat().st_mtime_ns == first
    english = learner / "release" / NAME / f"{NAME}.ipynb"
    english.write_text(english.read_text("utf-8").replace("The lineage", "The line"), "utf-8")
    again = built.notebook(NAME, "release", learner, "ko").read_text("utf-8")
    assert "The line" in again
    shutil.rmtree(learner / "release" / NAME)
    assert not built.notebook(NAME, "release", learner, "ko").exists()


def test_a_korean_class_is_graded_by_korean_checks_with_the_same_points(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "source" / NAME, tmp_path / "source" / NAME)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    read = {}
    for code in language.LANGUAGES:
        with language.speaking(code):
            read[code] = source.read(NAME, tmp_path, hooks.HOOKS)
            assert hooks.HOOKS.environment(tmp_path)["COURSE_LANG"] == code
    english, korean = (read[code].notebooks[NAME].known for code in ("en", "ko"))
    assert {name: cell.points for name, cell in english.items()} == {
        name: cell.points for name, cell in korean.items()
    }
    assert "17 wins" in english["win_share_1"].source
    assert "17승" in korean["win_share_1"].source


@pytest.mark.slow
def test_korean_checks_say_what_mutants_promise(tmp_path, monkeypatch):
    monkeypatch.setattr(built, "BUILT", tmp_path)
    result = verify([NAME], lang="ko")
    assert result["problems"] == []
    found = result["lessons"][NAME]
    assert (found["solution"], found["release"]) == ([10.0, 10.0], [0.0, 10.0])
    assert found["mutants"] == [34, 34]


def test_statements_and_reasons_are_read_in_korean(korean):
    from course.show import verdicts

    assert "Codex는 GPT-3의 후손이에요." in verdicts.statements("04_gpt_family").text
    reason = claims.told("04_gpt_family")["codex"][2]
    assert "가중치를 물려받은 혈통" in verdicts._reason("04_gpt_family", reason)
    assert verdicts._reason("04_gpt_family", "nobody says so") == "nobody says so"


def test_pictures_of_lessons_speak_korean(korean, recwarn):
    from course.show import l07_pictures, lineage_picture, sizes, text

    drawn = [
        sizes.circles([{"model": "GPT-1", "date": "2018-06", "parameters": 117e6}]),
        text.next_tokens({"The": [("mill", 0.5)]}),
        l07_pictures.gae_arrows(),
    ]
    said = [axis.get_title(loc="left") + axis.get_xlabel() for one in drawn for axis in one.axes]
    assert "넓이 = 파라미터 수" in said[0]
    assert "확률" in said[1]
    assert "놀라움" in said[2]
    for one in drawn:
        one.png(scale=1.0)
    assert not [w for w in recwarn if "Glyph" in str(w.message)]
    assert "07 PPO" in lineage_picture.lineage("PPO").html
    assert "06 보상 모델" in lineage_picture.lineage("PPO").html
    assert (sizes.short(117e6), sizes.short(1.5e9), sizes.short(11_200)) == (
        "1.17억", "15억", "11,200",
    )  # fmt: skip


def test_what_a_model_reads_stays_english(korean):
    from course.show import l01_tables

    for beginning, choices in l01_tables._asked(20, 1):
        assert (beginning + "".join(choices)).isascii()


def test_what_is_in_a_commit_stays_english(korean):
    from course import paths
    from course.show import documents

    assert documents.files()[paths.DATA / documents.PICTURE].count("reward model") > 1
    assert language.current() == "ko"


def test_pictures_draw_hangul_on_any_computer(korean, recwarn):
    from course.show import style

    with style.picture() as (shown, (axis,)):
        axis.set_title("답 α", weight="bold")
    assert shown.png(scale=1.0).startswith(b"\x89PNG")
    assert not [w for w in recwarn if "Glyph" in str(w.message) or "font" in str(w.message)]
    assert style.families() == ["DejaVu Sans", "Course Hangul"]


def test_the_font_has_every_letter_that_the_library_says():
    from matplotlib.ft2font import FT2Font

    has = FT2Font(font.TO).get_charmap()
    said = language.place("course", "ko").read_text(encoding="utf-8")
    missing = sorted({one for one in font.HANGUL.findall(said) if ord(one) not in has})
    assert not missing, f"`python -m course.author.font` puts them in: {''.join(missing)}"
    assert font.TO.stat().st_size < 300_000
    assert "SIL OPEN FONT LICENSE" in font.TO.with_name("OFL.txt").read_text(encoding="utf-8")


def test_the_font_is_made_of_another_with_the_letters_that_are_used(tmp_path):
    from matplotlib.ft2font import FT2Font

    made = tmp_path / "again.ttf"
    font.make(font.TO, made)
    used = {ord(one) for one in font.letters()}
    assert FT2Font(made).family_name == font.NAME
    assert set(FT2Font(made).get_charmap()) == used & set(FT2Font(font.TO).get_charmap())
    assert len(used) > 500
