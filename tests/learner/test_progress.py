"""The learner's map: what `course check` without a notebook finds, remembers, says and draws.

Each test has a course of its own with two small lessons under their real names; answers are written
into the learner's copy as JupyterLab would do. Nothing looks at the real `work/`.
"""

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from browser import start_browser

from course import claims, hooks, paths
from course.checks import expect
from course.errors import CourseError
from course.grader import notebook
from course.grader.job import Outcome
from course.grader.notebook import Cell
from course.learner import check, desk, progress
from course.learner import map as map_module
from course.show import learners_map
from course.show import lineage_picture as stages
from course.show.style import COLOURS

FIRST, SECOND = "00_start_here", "01_pretraining"
SUM = "this is the sum; divide it by how many there are."
NONE = "None counts as zero with you: leave it out."

SETUP = "from course.checks import expect"
MEAN_CHECK = f"""expect(
    mean([1.0, 3.0]), 2.0, "mean", given="two numbers: 1 and 3",
    wrong={{{SUM!r}: 4.0, "this is the larger one, not the mean.": 3.0}},
)
### BEGIN HIDDEN TESTS
assert mean([4.0, None, 8.0]) == 6.0, {NONE!r}
### END HIDDEN TESTS"""
LARGEST_CHECK = (
    'expect(largest([1, 3, 2]), 3, "largest", wrong={"this is the last one of all.": 2})'
)
DECIDE_CHECK = """advice = "Look at the size of both."
verdict = decide()["small"]
assert verdict in ("true", "false"), f"decide, 'small': {verdict!r} isn't a verdict."
assert verdict == "true", f"decide, 'small': the figures say otherwise. {advice}"
"""

RIGHT = {
    "mean": "def mean(xs):\n    there = [x for x in xs if x is not None]\n"
    "    return sum(there) / len(there)",
    "largest": "def largest(xs):\n    return max(xs)",
    "decide": 'def decide():\n    return {"small": "true"}',
}
SUMMED = "def mean(xs):\n    return sum(x or 0 for x in xs)"
ZEROED = "def mean(xs):\n    return sum(x or 0 for x in xs) / len(xs)"


# --- small courses --------------------------------------------------------------------------------


def cell(kind, source, name="", points=None):
    meta = {}
    if name:
        meta = {"grade_id": name, "schema_version": 3, "task": False, "locked": points is not None}
        meta |= {"grade": points is not None, "solution": points is None}
        meta |= {"points": points} if points is not None else {}
    raw = {"cell_type": kind, "source": source, "metadata": {"nbgrader": meta} if meta else {}}
    return raw | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def exercise(number, name, points, code, stretch=False):
    rest = " · *stretch*" if stretch else ""
    signature = RIGHT[name].split("\n")[0]
    return [
        cell(
            "markdown", f"### Exercise {number} · `{name}` · {points} points · 5 minutes · ●{rest}"
        ),
        cell("code", f"{signature}\n    {notebook.STUB}", name),
        cell("code", code, f"{name}_1", points),
    ]


def lesson(title, uses, *exercises):
    about = f"**Time** an hour · **Points** 10 · **You use** {uses}"
    head = [cell("markdown", f"# {title}\n\n{about}"), cell("code", SETUP)]
    cells = head + [part for cells in exercises for part in cells]
    # Without a kernel JupyterLab would ask for one, in front of whatever is open by then.
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def write(path, nb):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(nb, indent=1), encoding="utf-8")


def released(nb):
    nb = json.loads(json.dumps(nb))
    for raw in nb["cells"]:
        raw["source"] = notebook.visible(raw["source"])
    return nb


@pytest.fixture
def root(tmp_path):
    """Two lessons, in `source/` and `release/` and untouched in `work/`."""
    first = lesson(
        "00 · Start here: the question",
        "lists",
        exercise(1, "mean", 6, MEAN_CHECK),
        exercise(2, "largest", 4, LARGEST_CHECK, stretch=True),
    )
    second = lesson("01 · Pre-training: guess", "loops", exercise(1, "decide", 10, DECIDE_CHECK))
    for name, nb in ((FIRST, first), (SECOND, second)):
        write(notebook.path_of(name, tmp_path / "source"), nb)
        write(notebook.path_of(name, tmp_path / "release"), released(nb))
        write(notebook.path_of(name, tmp_path / "work"), released(nb))
    return tmp_path


def answer(root, name, **answers):
    path = notebook.path_of(name, root / "work")
    nb = notebook.read(path)
    for raw in nb["cells"]:
        if (own := raw["metadata"].get("nbgrader", {}).get("grade_id")) in answers:
            raw["source"] = answers[own]
    write(path, nb)


def all_right(root):
    answer(root, FIRST, mean=RIGHT["mean"], largest=RIGHT["largest"])
    answer(root, SECOND, decide=RIGHT["decide"])


@pytest.fixture
def ran(monkeypatch):
    """Return the list of lessons that were really run."""
    names, run = [], check.check

    def spy(name, **arguments):
        names.append(Path(name).stem)
        return run(name, **arguments)

    monkeypatch.setattr(check, "check", spy)
    return names


def look(root, **more):
    """Survey the course and draw the map; return the result."""
    result = progress.survey(root=root, **more)
    map_module.write(result, root=root)
    json.dumps(result)  # plain data
    return result


def drawn(root):
    return (root / "work" / map_module.FILE).read_text(encoding="utf-8")


def says(result, name=FIRST):
    return [(m["says"], bool(m["mended"])) for m in result["lessons"][name]["misconceptions"]]


# --- states ---------------------------------------------------------------------------------------


def test_nothing_opened_runs_nothing(root, ran):
    result = look(root)
    assert ran == []
    assert not result["ok"]
    assert list(result["lessons"]) == list(progress.LESSONS)
    states = [result["lessons"][name]["state"] for name in progress.LESSONS]
    assert states == ["not opened"] * 2 + ["not in this copy"] * 8
    me = result["students"]["me"]
    assert (me["score"], me["max"], me["reason"], me["flags"]) == (0, 20, "", [])
    first = result["lessons"][FIRST]
    assert (first["title"], first["promise"]) == ("Start here", "the question")
    assert (first["time"], first["uses"]) == ("an hour", "lists")
    assert result["next"] == {
        "lesson": FIRST,
        "exercise": "mean",
        "says": "Answer exercise 1, mean, of lesson 00, Start here (6 points, about 5 minutes), "
        f"in work/{FIRST}/{FIRST}.ipynb. You use lists.",
    }
    assert result["notes"] == []
    assert "What came next" in drawn(root)
    assert "Not in this copy" in drawn(root)


def test_opened_without_an_answer_runs_nothing(root, ran):
    path = notebook.path_of(FIRST, root / "work")
    nb = notebook.read(path)
    nb["cells"][1] |= {"execution_count": 1, "outputs": [{"output_type": "stream", "text": "x"}]}
    write(path, nb)
    assert look(root)["lessons"][FIRST]["state"] == "no answer yet"
    assert ran == []


def test_an_older_release_without_an_answer(root):
    write(
        notebook.path_of(SECOND, root / "work"), lesson("Older", "x", exercise(1, "decide", 9, "1"))
    )
    result = look(root)
    assert result["lessons"][SECOND]["state"] == "no answer yet"
    assert result["students"]["me"]["score"] == 0


def test_half_answered_goes_on_with_the_core(root):
    answer(root, FIRST, mean=RIGHT["mean"])
    result = look(root)
    first = result["lessons"][FIRST]
    assert (first["state"], first["score"], first["max"]) == ("begun", 6, 10)
    assert [row["exercise"] for row in progress.left(first)] == ["largest"]
    # What is left of the first lesson is stretch, so the core of the second one comes before it.
    assert (result["next"]["lesson"], result["next"]["exercise"]) == (SECOND, "decide")
    answer(root, SECOND, decide=RIGHT["decide"])
    step = look(root)["next"]
    assert (step["lesson"], step["exercise"]) == (FIRST, "largest")
    assert "(4 points, about 5 minutes, stretch)" in step["says"]


def test_a_wrong_answer_is_a_misconception_until_it_is_mended(root):
    answer(root, FIRST, mean=SUMMED)
    result = look(root)
    assert says(result) == [(SUM, False)]
    assert result["lessons"][FIRST]["exercises"][0]["state"] == "wrong"
    assert result["next"]["says"] == (
        "Mend exercise 1, mean, of lesson 00, Start here (6 points, about 5 minutes), in "
        f"work/{FIRST}/{FIRST}.ipynb. Its check says: mean, given two numbers: 1 and 3: {SUM}"
    )
    assert "Misconceptions to mend" in drawn(root)

    answer(root, FIRST, mean="def mean(xs):\n    return xs[")  # says nothing of the sum
    assert says(look(root)) == [(SUM, False)]
    answer(root, FIRST, mean=ZEROED)  # another mistake, and the check doesn't pass
    assert says(look(root)) == [(SUM, False), (NONE, False)]

    answer(root, FIRST, mean=RIGHT["mean"])
    assert says(look(root)) == [(SUM, True), (NONE, True)]
    assert "Misconceptions met and mended" in drawn(root)
    assert "Misconceptions to mend" not in drawn(root)
    answer(root, FIRST, mean=SUMMED)  # it comes back
    assert says(look(root)) == [(SUM, False), (NONE, True)]


def test_days_of_meeting_and_mending():
    def result(passes, *met):
        row = {"exercise": "f", "check": "f_1", "says": "so"}
        me = {"cells": {"f_1": 3.0 if passes else 0.0}, "flags": []}
        return {"students": {"me": me}, "misconceptions": [row] if met else []}

    entry = progress.remember({}, result(False, "so"), "key", "2025-01-01")
    entry = progress.remember(entry, result(False, "so"), "key", "2025-01-02")
    (row,) = entry["misconceptions"]
    assert (row["met"], row["mended"]) == ("2025-01-01", "")
    entry = progress.remember(entry, result(True), "key", "2025-01-03")
    entry = progress.remember(entry, result(True), "key", "2025-01-04")
    (row,) = entry["misconceptions"]
    assert (row["met"], row["mended"]) == ("2025-01-01", "2025-01-03")
    gone = result(True)
    gone["students"]["me"]["cells"] = {"g_1": 1.0}  # the lesson has another check now
    assert progress.remember(entry, gone, "key")["misconceptions"] == []


def test_all_done(root):
    all_right(root)
    result = look(root)
    assert result["ok"]
    assert result["students"]["me"]["score"] == 20
    assert [result["lessons"][name]["state"] for name in (FIRST, SECOND)] == ["done"] * 2
    assert result["next"]["says"] == (
        "All exercises that could be checked are done: there is nothing left to answer."
    )
    assert drawn(root).count('class="m-full"') == 2 * 2  # two lessons, lying and standing
    assert 'class="m-halo"' not in drawn(root)


@pytest.mark.parametrize(
    ("damage", "state", "said"),
    [
        (lambda path: path.write_text("{", encoding="utf-8"), "broken", "ipynb is damaged"),
        (
            lambda path: path.write_text("[]", encoding="utf-8"),
            "broken",
            "isn't a notebook of today",
        ),
        (lambda path: write(path, {"cells": []}), "broken", "holds no exercise of this lesson"),
        (lambda path: path.unlink(), "missing", "isn't there: `python3 start.py` copies it anew."),
    ],
    ids=["no JSON", "no notebook", "no marks", "deleted"],
)
def test_a_broken_notebook_is_one_sentence_and_the_rest_goes_on(root, damage, state, said, capsys):
    damage(notebook.path_of(FIRST, root / "work"))
    answer(root, SECOND, decide=RIGHT["decide"])
    result = look(root)
    assert result["lessons"][FIRST]["state"] == state
    assert result["lessons"][SECOND]["score"] == 10
    (note,) = result["notes"]
    assert said in note
    assert "\n" not in note
    assert not result["ok"]
    assert f"now bring back {FIRST}." in result["next"]["says"]
    progress.show(result)
    assert " ".join(note.split()) in " ".join(capsys.readouterr().out.split())
    assert 'class="m-status m-alert"' in drawn(root)


def test_unknown_notebooks_are_named_and_left_out(root, ran):
    for name in ("notes.ipynb", f"{FIRST}/{FIRST}-Copy1.ipynb", "a/b.ipynb", "z.ipynb"):
        write(root / "work" / name, {"cells": []})
    write(root / "work" / FIRST / ".ipynb_checkpoints" / "x-checkpoint.ipynb", {})
    result = look(root)
    assert ran == []
    assert result["notes"] == [
        f"Left out, since no lesson has this name: {FIRST}/{FIRST}-Copy1.ipynb, a/b.ipynb, "
        "notes.ipynb and 1 more."
    ]


def test_without_hidden_checks_there_is_no_score(root):
    for name in (FIRST, SECOND):
        notebook.path_of(name, root / "source").unlink()
    answer(root, FIRST, mean=ZEROED, largest="def largest(xs):\n    return xs[-1]")
    result = look(root)
    me = result["students"]["me"]
    assert (me["score"], me["visible"]) == (None, [1, 3])
    assert "Hidden checks run when your instructor grades" in me["reason"]
    assert [row["state"] for row in result["lessons"][FIRST]["exercises"]] == ["done", "wrong"]
    assert progress.status(result["lessons"][FIRST]) == "1 of 2 checks"
    assert "1 of 3 visible checks" in drawn(root)
    assert NONE not in drawn(root)  # it stands in a hidden check


FORM = """answers = decide()
assert isinstance(answers["small"], tuple), "decide: two things are asked for."
### BEGIN HIDDEN TESTS
assert answers["small"] == ("true", 3)
### END HIDDEN TESTS"""


@pytest.mark.parametrize(
    ("verdict", "told", "said"),
    [
        ("false", True, "0 of 1 are right, verdict and figure."),
        ("true", True, "all right"),
        ("false", False, "the form is right; your marks will tell"),
    ],
)
def test_the_form_of_a_verdict_alone_is_not_all_right(root, verdict, told, said, capsys):
    """Where visible checks can see the form alone, what the lesson tells is asked."""
    place = root / "data" / "verdicts"
    place.mkdir(parents=True)
    table = "id,statement,figure,kind\nsmall,It is small.,how many,number\n"
    (place / f"{SECOND}.csv").write_text(table, encoding="utf-8")
    if told:
        truth = claims.encode({"small": ("true", 3, "Three.")})
        (place / f"{SECOND}.txt").write_text(truth, encoding="ascii")
    nb = lesson("01 · Pre-training: guess", "loops", exercise(1, "decide", 10, FORM))
    for folder in ("release", "work"):
        write(notebook.path_of(SECOND, root / folder), released(nb))
    for name in (FIRST, SECOND):
        notebook.path_of(name, root / "source").unlink()
    answer(root, SECOND, decide=f'def decide():\n    return {{"small": ({verdict!r}, 3)}}')
    result = check.check(SECOND, root=root)
    check.show(result)
    assert said in " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert result["ok"] == (said != "0 of 1 are right, verdict and figure.")
    state = look(root)["lessons"][SECOND]["exercises"][0]["state"]
    assert state == ("done" if result["ok"] else "wrong")


def test_without_work_it_says_how_to_get_it(tmp_path):
    with pytest.raises(CourseError, match=r"^There is no work/ yet: run `python3 start.py`"):
        progress.survey(root=tmp_path)


# --- what is remembered ---------------------------------------------------------------------------


def test_only_what_changed_runs_again(root, ran):
    all_right(root)
    once = look(root)
    assert once["checked"] == [FIRST, SECOND]
    assert progress.how_checked(once) == "2 notebooks checked just now."
    again = look(root)
    assert ran == [FIRST, SECOND]
    assert again["unchanged"] == [FIRST, SECOND]
    assert progress.how_checked(again) == "2 unchanged since the last check."
    same = ("lessons", "next", "students", "ok")
    assert {key: again[key] for key in same} == {key: once[key] for key in same}

    nb = notebook.read(notebook.path_of(FIRST, root / "work"))
    nb["cells"][0]["source"] += " A remark."  # text can't change what a check finds
    write(notebook.path_of(FIRST, root / "work"), nb)
    look(root)
    assert ran == [FIRST, SECOND]
    answer(root, FIRST, largest="def largest(xs):\n    return sorted(xs)[-1]")
    look(root)
    assert ran == [FIRST, SECOND, FIRST]


@pytest.mark.parametrize("change", ["check", "module", "timeout"])
def test_what_a_check_depends_on_makes_it_run_again(root, ran, change):
    all_right(root)
    look(root)
    if change == "check":
        nb = notebook.read(notebook.path_of(FIRST, root / "source"))
        nb["cells"][4]["source"] += "\nassert False, 'harder than before'"
        write(notebook.path_of(FIRST, root / "source"), nb)
    elif change == "module":
        (root / "work" / FIRST / "mine.py").write_text("x = 1\n", encoding="utf-8")
    else:
        config = (paths.ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
        (root / "nbgrader_config.py").write_text(config, encoding="utf-8")
    result = look(root)
    assert ran[2:] == ([FIRST, SECOND] if change == "timeout" else [FIRST])
    assert result["ok"] == (change != "check")


def test_what_may_end_otherwise_next_time_isnt_settled(root, ran):
    answer(root, FIRST, mean="def mean(xs):\n    import os\n    os._exit(0)")
    for _ in range(2):
        result = look(root)
        assert "ended Python" in result["lessons"][FIRST]["exercises"][0]["message"]
    assert ran == [FIRST, FIRST]


def test_an_interruption_keeps_what_is_done(root, monkeypatch, ran):
    all_right(root)
    run = check.check

    def interrupted(name, **arguments):
        if SECOND in name:
            raise KeyboardInterrupt
        return run(name, **arguments)

    with monkeypatch.context() as patch:
        patch.setattr(check, "check", interrupted)
        with pytest.raises(KeyboardInterrupt):
            look(root)
    assert look(root)["ok"]
    assert ran == [FIRST, SECOND]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "3", '{"lessons": []}', "{}", "\udcff"], ids=repr
)
def test_a_damaged_memory_is_kept_aside(root, content):
    all_right(root)
    file = root / "work" / progress.FILE
    file.write_bytes(content.encode(errors="surrogateescape"))
    result = look(root)
    assert result["notes"] == [
        "work/progress.json is damaged: all lessons are checked anew, and the old file is kept as "
        "work/progress-damaged.json."
    ]
    assert result["ok"]
    kept = (root / "work" / progress.DAMAGED).read_bytes()
    assert kept == content.encode(errors="surrogateescape")
    assert look(root)["notes"] == []


def edited(entries):
    entries[FIRST]["result"]["students"]["me"]["score"] = 1000.0


def history_edited(entries):
    entries[FIRST]["misconceptions"] = [{"exercise": 3}]


def other_shape(entries):
    entries[FIRST] = [1, 2]


@pytest.mark.parametrize("edit", [edited, history_edited, other_shape])
def test_an_edited_memory_is_checked_anew(root, ran, edit):
    all_right(root)
    look(root)
    file = root / "work" / progress.FILE
    memory = json.loads(file.read_text(encoding="utf-8"))
    edit(memory["lessons"])
    file.write_text(json.dumps(memory), encoding="utf-8")
    result = look(root)
    assert result["notes"] == [f"work/progress.json was edited: {FIRST} is checked anew."]
    assert result["students"]["me"]["score"] == 20
    assert ran == [FIRST, SECOND, FIRST]


def test_another_layout_of_the_file_is_no_edit_and_counts(root, ran):
    all_right(root)
    look(root)
    file = root / "work" / progress.FILE
    memory = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(memory, sort_keys=True), encoding="utf-8")
    assert look(root)["notes"] == []
    assert len(ran) == 2


def test_where_nothing_can_be_written_the_result_is_still_shown(root, monkeypatch, capsys):
    def full(path, content):
        raise OSError(28, "No space left on device")

    all_right(root)
    monkeypatch.setattr(paths, "write", full)
    result = look(root)
    assert result["ok"]
    assert result["notes"] == [
        f"work/{name} can't be written (No space left on device), so it stays as it was."
        for name in ("progress.json", "map.html")
    ]
    assert "map" not in result
    progress.show(result)
    assert "20 of 20 points in all." in capsys.readouterr().out


def test_a_single_check_is_remembered_too(root, ran):
    answer(root, FIRST, mean=SUMMED)
    result = progress.check_one(FIRST, root=root)
    assert result["exercises"][0]["score"] == 0
    assert result["notes"] == []
    answer(root, FIRST, mean=RIGHT["mean"])
    assert says(progress.survey(root=root)) == [(SUM, True)]
    assert ran == [FIRST, FIRST]
    elsewhere = root / "elsewhere" / f"{FIRST}.ipynb"
    write(elsewhere, notebook.read(notebook.path_of(FIRST, root / "work")))
    before = (root / "work" / progress.FILE).read_bytes()
    assert "notes" not in progress.check_one(str(elsewhere), root=root)
    assert (root / "work" / progress.FILE).read_bytes() == before


def test_a_glance_runs_nothing_and_says_what_changed(root, ran):
    answer(root, FIRST, mean=RIGHT["mean"])
    look(root)
    answer(root, SECOND, decide=RIGHT["decide"])
    result = look(root, run=False)
    assert ran == [FIRST]
    assert result["lessons"][FIRST]["score"] == 6
    assert result["lessons"][SECOND]["state"] == "changed"
    assert result["next"]["says"] == (
        f"{SECOND} has changed since it was checked: run `python3 start.py check`."
    )


# --- which messages name a misconception ----------------------------------------------------------


def found(source, message, error="AssertionError"):
    return hooks.misconception(Cell("grade", source, "mean_1", 1), Outcome(error, message))


def message_of(*arguments, **more):
    with pytest.raises(AssertionError) as error:
        expect(*arguments, **more)
    return str(error.value)


@pytest.mark.parametrize("given", ["", "two numbers: 1 and 3"])
def test_a_named_wrong_answer_is_a_misconception(given):
    wrong = {SUM: 4.0, "this is the larger one, not the mean.": 3.0}
    assert found(MEAN_CHECK, message_of(4.0, 2.0, "mean", given=given, wrong=wrong)) == SUM
    assert found(MEAN_CHECK, NONE) == NONE
    assert found(MEAN_CHECK, f"mean: {NONE}") == NONE


@pytest.mark.parametrize("got", [None, "2", [2.0], 5.0, float("nan"), float("inf")], ids=repr)
def test_a_fault_of_type_shape_or_value_is_none(got):
    assert found(MEAN_CHECK, message_of(got, 2.0, "mean", given="two numbers: 1 and 3")) == ""


def test_a_wrong_verdict_keeps_its_statement():
    said = "decide, 'small': the figures say otherwise. Look at the size of both."
    cell = Cell("grade", DECIDE_CHECK, "decide_1", 1)
    assert hooks.misconception(cell, Outcome("AssertionError", said)) == said.removeprefix(
        "decide, "
    )
    form = "decide, 'small': 'yes' isn't a verdict."
    assert hooks.misconception(cell, Outcome("AssertionError", form)) == ""


def test_other_ends_of_a_cell_name_nothing():
    assert found(MEAN_CHECK, SUM, error="ValueError") == ""
    assert found("not python (", SUM) == ""
    solution = Cell("solution", MEAN_CHECK, "mean")
    assert hooks.misconception(solution, Outcome("AssertionError", SUM)) == ""


# --- the page -------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Tags with their attributes, and the text; an unbalanced page fails."""

    VOID = ("meta", "link", "br", "img")

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.words = [], [], ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "title"} & set(self.open):
            self.words += data


def test_the_page_is_whole_and_needs_nothing_else(root):
    answer(root, FIRST, mean=SUMMED)
    look(root)
    page = Page(drawn(root))
    names = [tag for tag, _ in page.tags]
    assert not {"script", "img", "link", "iframe", "object"} & set(names)
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert links == [f"#lesson-{name[:2]}" for name in progress.LESSONS] * 2
    assert {link[1:] for link in links} <= ids
    urls = set(re.findall(r"https?://[^\"'\s<]+", drawn(root)))
    assert urls == {"http://www.w3.org/2000/svg"}
    assert "@import" not in drawn(root)
    assert "url(" not in drawn(root)
    for words in ("an hour", "2 of 2 exercises open", SUM, f"{FIRST}/{FIRST}.ipynb", "0 of 10"):
        assert words in page.words, words


def parts(svg, kind):
    return [e for e in svg.iter() if kind in e.get("class", "").split()]


def test_the_pictures_show_each_station_and_its_share(root):
    answer(root, FIRST, mean=RIGHT["mean"])
    look(root)
    pictures = re.findall(r"<svg.*?</svg>", drawn(root), re.DOTALL)
    assert len(pictures) == 2
    for picture in pictures:
        svg = ElementTree.fromstring(picture)
        of = functools.partial(parts, svg)
        assert [e.text for e in of("m-number")] == [name[:2] for name in progress.LESSONS]
        (share,) = of("m-share")
        assert share.get("stroke-dasharray") == "60.0 100"
        assert len(of("m-away")) == 8
        assert len(of("m-halo")) == 1
        places = {(e.get("cx"), e.get("cy")) for e in of("m-disc")}
        assert len(places) == 10
        width, height = map(float, svg.get("viewBox").split()[2:])
        for e in [*of("m-disc"), *of("m-status")]:
            x, y = float(e.get("cx") or e.get("x")), float(e.get("cy") or e.get("y"))
            assert 0 < x < width
            assert 0 < y < height


def test_all_text_of_a_learner_is_escaped(root):
    evil = '<script>alert("1")</script>&<b>`x`'
    source = f"def largest(xs):\n    raise ValueError({evil!r})"
    answer(root, FIRST, mean=RIGHT["mean"], largest=source)
    answer(root, SECOND, decide=RIGHT["decide"])
    write(root / "work" / f"{evil.replace('/', '')}.ipynb", {})
    result = look(root)
    page = Page(drawn(root))
    assert "script" not in [tag for tag, _ in page.tags]
    assert page.words.count('<script>alert("1")</script>&<b>x') == 2  # what is next, and its row
    assert evil.replace("/", "").replace("`", "") in page.words
    assert evil in result["next"]["says"]


def test_colours_are_those_of_the_models():
    models = {
        "01_pretraining": "mini-babbage",
        "02_transfer_learning": "all-MiniLM-L6-v2",
        "03_fine_tuning": "mini-code",
        "05_instruction_following": "mini-sft",
        "06_human_feedback": "mini-reward",
        "07_rlhf_ppo": "mini-instruct",
        "08_chatgpt": "mini-chat",
    }
    assert {name: map_module.COLOURS[name] for name in models} == {
        name: COLOURS[model] for name, model in models.items()
    }
    assert set(map_module.COLOURS) == set(progress.LESSONS)
    assert map_module.COLOURS["04_gpt_family"] in stages.lineage().html
    for layout in map_module.LAYOUTS:
        assert set(layout.places) == set(progress.LESSONS)


@pytest.mark.browser
def test_the_page_fits_a_phone_and_a_desk(root, tmp_path):
    answer(root, FIRST, mean=SUMMED)
    look(root)
    driver = start_browser(tmp_path)
    try:
        driver.get((root / "work" / map_module.FILE).as_uri())
        for width, shown in ((390, "standing"), (1280, "lying")):
            size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            scroll = driver.execute_script("return document.documentElement.scrollWidth")
            assert scroll <= width  # nothing to scroll sideways
            seen = [e for e in driver.find_elements("css selector", "svg") if e.is_displayed()]
            assert [e.get_attribute("class") for e in seen] == [shown]
            smallest = driver.execute_script(
                "const svg = arguments[0], scale = svg.getScreenCTM().a;"
                "return Math.min(...[...svg.querySelectorAll('text')]"
                ".map(t => scale * parseFloat(getComputedStyle(t).fontSize)))",
                seen[0],
            )
            assert smallest > 11  # CSS pixels
            boxes = driver.execute_script(
                "return [...arguments[0].querySelectorAll('text')]"
                ".map(t => t.getBoundingClientRect()).map(b => [b.x, b.y, b.right, b.bottom])",
                seen[0],
            )
            across = [
                (a, b)
                for i, a in enumerate(boxes)
                for b in boxes[:i]
                if min(a[2], b[2]) - max(a[0], b[0]) > 1 and min(a[3], b[3]) - max(a[1], b[1]) > 4
            ]
            assert across == []
    finally:
        driver.quit()


# --- in a lesson, at the desk, as a command -------------------------------------------------------


def test_a_lesson_shows_the_picture_with_links(root, monkeypatch):
    monkeypatch.setattr(paths, "WORK", root / "work")
    assert "There is no map yet" in learners_map.latest_map().text
    (root / "work" / learners_map.FILE).write_bytes(b"\xff\xfe")
    assert "There is no map yet" in learners_map.latest_map().text
    answer(root, FIRST, mean=RIGHT["mean"])
    result = look(root)
    page = learners_map.latest_map()
    assert page.text == f"Next. {result['next']['says']} As of {result['date']}."
    tags = Page(page.html).tags
    links = [attributes["href"] for tag, attributes in tags if tag == "a"]
    assert links == [f"../{name}/{name}.ipynb" for name in (FIRST, SECOND)]
    assert sum(tag == "svg" for tag, _ in tags) == 2
    assert "Open exercises" not in page.html


@pytest.mark.timeout(240)
def test_in_jupyterlab_the_links_open_lessons(root, lab):
    look(root)
    shutil.copytree(root / "work", lab.folder, dirs_exist_ok=True)
    nb = lab.write(
        "from pathlib import Path\nfrom course import paths\nfrom course.show import learners_map\n"
        'paths.WORK = Path("..")\ndisplay(learners_map.latest_map())',
        name=f"{FIRST}/look",
    )
    nb.run(0)
    nb.wait_for_text(0, "Open a lesson: 00 · 01. As of ")
    assert "Error" not in nb.output(0)  # JupyterLab's own, where it can't handle a link
    nb.screenshot("map", 0)
    nb.wait_for_css(0, "p > a", "01").click()
    nb.wait("lesson 01", lambda: lab.driver.current_url.endswith(f"/{SECOND}.ipynb"), 30)


def test_the_desk_draws_the_map_when_it_lays_out_lessons(root, monkeypatch, ran):
    for name, folder in (("ROOT", root), ("RELEASE", root / "release"), ("WORK", root / "work")):
        monkeypatch.setattr(paths, name, folder)
    notebook.path_of(SECOND, root / "work").unlink()
    assert desk.lay_out() == [notebook.path_of(SECOND, root / "work")]
    assert "0 of 20 points" in Page(drawn(root)).words
    answer(root, FIRST, mean=RIGHT["mean"])
    assert desk.lay_out() == []
    assert f"{FIRST} has changed since it was checked" in drawn(root)
    assert ran == []


def command(root, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "course.cli", *arguments],
        env=os.environ | {"COURSE_ROOT": str(root), "COLUMNS": "100"},
        cwd=root,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def test_the_command(root):
    answer(root, FIRST, mean=SUMMED)
    told = command(root, "check")
    assert (told.returncode, told.stderr) == (1, "")
    for words in ("0 of 20 points in all.", "1 notebook checked just now.", f"00 mean: {SUM}",
                  "Next: Mend exercise 1, mean", "The map: work/map.html", "not in this copy",
                  "1 to mend"):  # fmt: skip
        assert words in told.stdout, words
    all_right(root)
    single = command(root, "check", SECOND)
    assert (single.returncode, single.stderr) == (0, "")
    assert "10 of 10 points." in single.stdout
    assert f"{FIRST} has changed since it was checked" in drawn(root)
    data = command(root, "check", "--json")
    assert (data.returncode, data.stderr) == (0, "")
    result = json.loads(data.stdout)
    assert result["ok"]
    assert result["students"]["me"].keys() >= {"score", "max", "status", "reason", "flags"}
    assert (result["checked"], result["unchanged"]) == ([FIRST], [SECOND])
    assert result["map"] == "work/map.html"
    none = command(root / "source", "check")
    assert (none.returncode, none.stdout) == (2, "")
    assert re.fullmatch(r"course: There is no work/ yet: [^\n]*\n", none.stderr)


# --- the real lessons -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted({p.name for p in paths.RELEASE.glob("[0-9][0-9]_*")}))
def test_real_lessons_say_what_the_map_needs(name):
    assert name in progress.LESSONS
    found = progress.describe(name, paths.ROOT)
    assert all(found[key] for key in ("title", "promise", "time", "uses"))
    assert [row["number"] for row in found["exercises"]] == list(
        range(1, len(found["exercises"]) + 1)
    )
    assert all(row["minutes"] > 0 and row["points"] > 0 for row in found["exercises"])
    assert len(map_module.textwrap.wrap(found["title"], map_module.WIDEST)) <= 2
