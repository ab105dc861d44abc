"""Texts are cut into messages, and what isn't a message is the same in every language.

Every lesson is "translated" by putting each message between ⟦ and ⟧: taken out again, it must be
the lesson as it was, whatever is in it. So code, names, formulas, numbers and ids are untouched by
construction, and here it is looked at.
"""

import ast
import html
import json
import re
from pathlib import Path

import pytest

from course.translate import code, lesson, markdown, svg
from course.translate.message import joined, messages

ROOT = Path(__file__).parent.parent.parent
LESSONS = sorted(path.name for path in (ROOT / "source").glob("*/"))


def marked(context, text):
    """Translate all but the headings of exercises, which are put together."""
    return None if text.startswith("Exercise {") else f"⟦{text}⟧"


def bare(text):
    return text.replace("⟦", "").replace("⟧", "")


def texts(pieces):
    return [message.text for message in messages(pieces)]


def tree(source):
    """Return a cell's syntax tree; docstrings without regard to where their lines end."""
    parsed = ast.parse(source)
    for node in ast.walk(parsed):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node):
            node.body[0].value.value = " ".join(node.body[0].value.value.split())
    return ast.dump(parsed)


@pytest.fixture(scope="module", params=LESSONS)
def notebooks(request):
    """Return a lesson's notebooks, of source and release, with what is made of each."""
    files = [
        ROOT / place / request.param / f"{request.param}.ipynb" for place in ("source", "release")
    ]
    raw = [file.read_bytes() for file in files]
    return [
        (one, lesson.page(file.name, one, marked)) for one, file in zip(raw, files, strict=True)
    ]


def test_a_lesson_without_translations_is_the_lesson(notebooks):
    for raw, _ in notebooks:
        assert lesson.page("lesson.ipynb", raw, lambda context, text: None) == raw


def test_a_translated_lesson_has_the_same_code_cells_and_ids(notebooks):
    for raw, made in notebooks:
        old, new = json.loads(raw), json.loads(made)
        assert {key: old[key] for key in old if key != "cells"} == {
            key: new[key] for key in new if key != "cells"
        }
        for before, after in zip(old["cells"], new["cells"], strict=True):
            for cell in (before, after):  # nbgrader's own, of the text
                cell["metadata"].get("nbgrader", {}).pop("checksum", None)
            assert {**before, "source": 0} == {**after, "source": 0}
            one, other = "".join(before["source"]), "".join(after["source"])
            if before["cell_type"] == "code":
                assert tree(bare(other)) == tree(one), before["id"]
                assert max(map(len, other.split("\n"))) <= 104, before["id"]


def test_a_translated_text_keeps_its_marks(notebooks):
    raw, made = notebooks[0]
    for before, after in zip(json.loads(raw)["cells"], json.loads(made)["cells"], strict=True):
        one, other = "".join(before["source"]), "".join(after["source"])
        if before["cell_type"] == "markdown":
            assert " ".join(bare(other).split()) == " ".join(one.split()), before["id"]
            fenced = re.findall(r"(?ms)^ *```.*?^ *```$", other)
            assert not any("⟦" in code for code in fenced), before["id"]


def test_nbgrader_makes_the_same_release_of_a_translated_source(tmp_path):
    from course.author.build import generate

    name = "00_start_here"
    for file in (ROOT / "source" / name).iterdir():
        target = tmp_path / "source" / name / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(lesson.page(file.name, file.read_bytes(), marked))
    (tmp_path / "nbgrader_config.py").write_bytes((ROOT / "nbgrader_config.py").read_bytes())
    generate(name, tmp_path, tmp_path / "release")
    for file in (ROOT / "release" / name).iterdir():
        ours = lesson.page(file.name, file.read_bytes(), marked)
        assert (tmp_path / "release" / name / file.name).read_bytes() == ours, file.name


def test_pages_and_pictures_are_cut_too():
    folder = ROOT / "source" / "00_start_here"
    for file in lesson.pages(folder):
        raw = file.read_bytes()
        assert lesson.page(file.name, raw, lambda context, text: None) == raw
        made = lesson.page(file.name, raw, marked).decode()
        ours, theirs = (html.unescape(bare(one)) for one in (made, raw.decode()))
        assert ours.split() == theirs.split()
        assert "⟦" in made


def test_markdown_becomes_paragraphs_headings_items_and_tables():
    text = """## A title

A paragraph that
goes on.

- one item
- another,
  of two lines

| a bar | b |
|---|---|
| 1 | 2 |

$$x = \\text{rate}$$

```
code stays
```
<details><summary>Hint 1 · the idea</summary>

A hint.
</details>
> **Quoted** words.
>
> More words."""
    pieces = markdown.cut(text)
    assert texts(pieces) == [
        "A title",
        "A paragraph that goes on.",
        "one item",
        "another, of two lines",
        "| a bar | b |\n|---|---|\n| 1 | 2 |",
        "Hint 1 · the idea",
        "A hint.",
        "**Quoted** words.",
        "More words.",
    ]
    assert joined(pieces, lambda message: None) == text


def test_the_heading_of_an_exercise_is_put_together():
    heading = "### Exercise 3 · `share` · 1 point · 12 minutes · ●●○○○ · *stretch*"
    (message,) = messages(markdown.cut(heading))
    korean = "연습문제 {number} · {name} · {points}점 · {minutes}분 · {hard} · *심화*"
    assert joined(markdown.cut(heading), lambda m: korean) == (
        "### 연습문제 3 · `share` · 1점 · 12분 · ●●○○○ · *심화*"
    )
    assert "3" not in message.text


def test_a_check_says_its_sentences_and_keeps_its_data():
    source = """# Check: the share
expect(
    share("two words", 3),
    "two words",
    "share, the first",
    given=f"{n} words of 'it'",
    wrong={"take the other one.": "one word", **more},
)
more = {"not that one.": 1.0}
for given, word in [("a text", "it is")]:
    expect(share(word), 1, "share", given=given)
assert share("") == 0, "share: an empty text has none."
"""
    assert texts(code.cut(source, graded=True)) == [
        "Check: the share",
        "share, the first",
        "{n} words of 'it'",
        "take the other one.",
        "not that one.",
        "a text",
        "share: an empty text has none.",
    ]


def test_a_string_that_is_also_data_stays():
    source = 'for word in ["one two"]:\n    expect(f(word), 1, "f", given=word)\n'
    assert texts(code.cut(source, graded=True)) == []


def test_solutions_and_comments_of_hidden_checks_stay():
    source = '''def share(a):
    """Return the share.

    Parameters
    ----------
    a : int
        How many.
    """
    ### BEGIN SOLUTION
    # divide
    return a
    ### END SOLUTION
### BEGIN HIDDEN TESTS
# nobody reads this
expect(share(1), 2, "share", given="a hidden number")
### END HIDDEN TESTS
'''
    assert texts(code.cut(source, graded=True)) == [
        "Return the share.",
        "How many.",
        "a hidden number",
    ]


def test_a_long_translation_is_written_in_several_lines():
    source = 'expect(\n    f(1),\n    1,\n    "f",\n    given="a number",\n)\n'
    said = "아주 긴 문장이에요. " * 9
    made = joined(code.cut(source, graded=True), lambda message: said)
    assert ast.parse(made).body[0].value.keywords[0].value.value == said
    assert max(map(code._width, made.split("\n"))) <= code.WIDTH


def test_quotes_and_fields_of_a_translation_are_written_as_python_does():
    source = 'expect(f(1), 1, "f", given=f\'{n:,} "words" {{x}}\')\n'
    said = "{n:,}개 \"단어\"와 '말' {{x}} \\"
    made = joined(code.cut(source, graded=True), lambda message: said)
    assert eval(made.partition("given=")[2].strip()[:-1], {"n": 1200}) == (
        "1,200개 \"단어\"와 '말' {x} \\"
    )


def test_a_picture_says_its_words():
    picture = '<svg><title>A path</title><text x="1">one &amp; two</text><text>3</text></svg>'
    assert texts(svg.cut(picture)) == ["A path", "one & two"]
    assert joined(svg.cut(picture), lambda m: "하나 & 둘") == (
        '<svg><title>하나 &amp; 둘</title><text x="1">하나 &amp; 둘</text><text>3</text></svg>'
    )


def test_words_are_followed_through_loops_over_rows():
    source = """more = {"not that one.": 1}
for value, given, faults in [(1, "the first text", more), (2, "the second text", {})]:
    expect(f(value), 1, "f", given=given, wrong={"no.": 2, **faults})
"""
    assert texts(code.cut(source, graded=True)) == [
        "not that one.",
        "the first text",
        "the second text",
        "no.",
    ]
