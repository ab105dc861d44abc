"""What the grader says is English, with its fields filled in; who shows it says it in Korean."""

import ast
import dataclasses
import json
import re
import sys
from pathlib import Path

import pytest
from grading_class import LESSON, Canned, hand_in, make, registered

from course import cli, language
from course.author import translate
from course.grader import grade, notebook, prepare, sandbox, source
from course.hooks import HOOKS
from course.translate import built

GRADER = Path(language.__file__).parent / "grader"
RAISED = ("GraderError", "UnreadableError", "LostWorkerError")


@pytest.fixture
def korean(monkeypatch):
    monkeypatch.setenv("COURSE_LANG", "ko")


FIELD = re.compile(r"\{(\w+)(![rs])?(:[^{}]*)?\}")


def filled(english: str, korean: str) -> tuple[str, str]:
    """Return a message with something in each field, and its translation with the same."""
    for number, field in enumerate(dict.fromkeys(FIELD.finditer(english))):
        value = str(number + 3) if field[3] else f"'v{number}'" if field[2] else f"v{number}"
        english, korean = (
            re.sub(rf"\{{{field[1]}\b[^{{}}]*\}}", value, text) for text in (english, korean)
        )
    return english, korean


def test_each_of_the_graders_messages_is_found_again_by_what_is_between_its_fields(korean):
    known = language.catalogue(language.LIBRARY, "ko")
    texts = {text for path in GRADER.glob("*.py") for text in translate.marked(path)}
    with_fields = [text for text in texts if language.FIELD.search(text)]
    assert len(with_fields) > 100
    wrong = {}
    for text in with_fields:
        own = sum(map(str.isalpha, language.FIELD.sub("", text)))
        english, expected = filled(text, known.get(("", text), ""))
        if own >= language.LEAST and language.said(english) != expected:
            wrong[english] = language.said(english)
    assert wrong == {}


def test_what_is_raised_is_marked_for_translators():
    bare = []
    for path in sorted(GRADER.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in RAISED and node.args:
                text = node.args[0]
                if isinstance(text, ast.JoinedStr) or (
                    isinstance(text, ast.Constant) and isinstance(text.value, str)
                ):
                    bare.append(f"{path.name}:{node.lineno}")
    assert bare == []


def test_words_in_a_field_are_said_too_and_names_stay(korean):
    said = language.said
    assert said("The sandbox doesn't start: it gives no reason.") == (
        "샌드박스가 시작되지 않아요: 이유를 말하지 않아요."
    )
    # "submission" is a message of its own; here it is the name of a file
    assert said("submission is empty.") == "submission: 비어 있어요."
    worker = (
        "The worker tcp://1.2.3.4:5 (b) can't grade. Submissions can't be isolated here: bwrap. "
    )
    found = said(f"{worker}{sandbox.NO_ISOLATION.split('. ', 1)[1]}")
    assert found.startswith("워커 tcp://1.2.3.4:5 (b): 채점할 수 없어요. 여기서는")
    assert "bwrap" in found
    assert "Grade on Linux" not in found
    two = "There is no a.ipynb in the submission. There is no b.ipynb in the submission."
    assert said(two) == "제출물에 a.ipynb 파일이 없어요. 제출물에 b.ipynb 파일이 없어요."
    assert said("Nobody has marked this.") == "Nobody has marked this."
    assert said("") == ""


def test_english_stays_what_it_is():
    assert language.said("a.ipynb is empty.") == "a.ipynb is empty."


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["grade", "01_pretrainin"], "'01_pretrainin': 이런 레슨은 없어요."),
        (["grade", "--jobs"], "'--jobs' 옵션에는 값이 필요해요."),
        (["grade", "--nothing"], "그런 옵션은 없어요: --nothing"),
        (["nothing"], "그런 명령은 없어요: 'nothing'."),
        (["lineage", "--stage", "nothing"], "nothing 단계는 없어요."),
    ],
)
def test_an_error_is_one_korean_sentence(korean, words, sentence, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["course", *words])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith(f"course: {sentence}")
    assert said.count("\n") == 1


def test_the_class_is_shown_in_korean_and_its_record_is_english(korean, tmp_path, capsys):
    root = registered(tmp_path / "course")
    hand_in(root, "ada", b"")
    hooks = dataclasses.replace(HOOKS, source=lambda folder, root: folder)
    result = grade.grade(LESSON, engine=Canned(), root=root, hooks=hooks)
    grade.show(result, language.said)
    told = capsys.readouterr().out
    assert "01_tiny.ipynb: 비어 있어요." in told
    assert "상태" in told
    page = root / result["report"]
    assert "01_tiny.ipynb: 비어 있어요." in page.read_text(encoding="utf-8")
    kept = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert kept["flagged"][0]["reason"] == "01_tiny.ipynb is empty."


@pytest.mark.parametrize("graded_in", language.LANGUAGES)
@pytest.mark.parametrize("handed_in", language.LANGUAGES)
def test_a_check_in_another_language_is_not_a_changed_one(graded_in, handed_in, tmp_path):
    root = make(tmp_path / "course", "00_start_here")
    given = built.fresh("00_start_here", "release", root, handed_in) / "00_start_here.ipynb"
    book = notebook.read(given)
    hand_in(root, "ada", book, "00_start_here")
    check = next(c for c in book["cells"] if c["metadata"].get("nbgrader", {}).get("grade"))
    check["source"] = "pass"
    hand_in(root, "bob", book, "00_start_here")
    with language.speaking(graded_in):
        assignment = source.read("00_start_here", root, HOOKS)
        assert prepare.prepare(assignment, "ada").notebooks[0].flags == []
        (flag,) = prepare.prepare(assignment, "bob").notebooks[0].flags
    assert flag.startswith("changed the check ")
