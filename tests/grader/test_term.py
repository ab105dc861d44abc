"""The class over the term: who is stuck where, week by week, and answers that are alike."""

import json
import re
import shutil

import grading_class as group
import pytest
from grading_class import LESSON

from course import cli, paths
from course.author import verify
from course.grader import grade, notebook, page, similar, source, term
from course.grader.errors import GraderError
from course.hooks import HOOKS

LESSON_01 = "01_pretraining"
RIGHT = """
def average(values):
    known, total = 0, 0.0
    for value in values:
        if value is None:
            continue
        known = known + 1
        total = total + value
    return total / known if known > 0 else None
"""
COPIED = '''
def average(values):
    """My own words, of course."""
    n,s=0,0.0     # sums
    for v in values:
        if v is None: continue
        n=n+1
        s=s+v
    return s/n if n>0 else None
'''
SHARES = """
def shares(counts):
    # wrong
    whole = sum(counts) or 1
    answer = []
    for count in counts:
        answer.append(100 * count / whole)
    return [round(one, 3) for one in answer]
"""


# --- alike ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lesson():
    """Return lesson 01: the names that are given, what is known, and other answers to each."""
    if not paths.SOURCE.exists():
        pytest.skip("source/ isn't here")
    original = source.open_notebook(notebook.path_of(LESSON_01, paths.SOURCE), paths.ROOT, HOOKS)
    known, others = {}, {}
    for cell in original.cells:
        if cell.kind == "solution":
            texts = (cell.source, original.released(cell))
            known[cell.name] = [similar.tokens(text, original.given) for text in texts]
            folder = paths.ROOT / "tests"
            others[cell.name] = [
                variant.code
                for kind in ("alternates", "mutants")
                for variant in verify.variants(folder / kind / LESSON_01 / f"{cell.name}.py")
            ]
    return original.given, known, others


def a_class(lesson, size):
    """Return students of whom no two have the same other answer to three exercises."""
    given, known, others = lesson
    answers = {}
    for number in range(size):
        own = answers[f"s{number:03d}"] = {name: words[0] for name, words in known.items()}
        for place, (name, codes) in enumerate(others.items()):
            if (number + place) % 3 == 0:  # the others are the course's solution
                chosen = 1 + (number * (place + 1)) % (len(codes) - 1)  # the first is nobody's
                own[name] = similar.tokens(codes[chosen], given)
    return answers


def renamed(code, names):
    for number, name in enumerate(names):
        code = re.sub(rf"\b{name}\b", f"other{number}", code)
    return "# mine\n" + re.sub(r" ([=+*/-]) ", r"\1", code)


def test_a_copy_with_other_names_is_found_among_400(lesson):
    given, known, others = lesson
    answers = a_class(lesson, 400)
    assert similar.groups(answers, known) == []
    names = list(known)[:4]
    codes = {name: others[name][0] for name in names}
    answers["s005"] |= {name: similar.tokens(code, given) for name, code in codes.items()}
    words = [
        {word for word in re.findall(r"[a-z_]\w*", code) if word not in given | similar.KNOWN}
        for code in codes.values()
    ]
    answers["s377"] |= {
        name: similar.tokens(renamed(codes[name], sorted(own - set(known))), given)
        for name, own in zip(names, words, strict=True)
    }
    found = similar.groups(answers, known)
    assert [one.who for one in found] == [["s005", "s377"]]
    assert len(found[0].exercises) >= similar.ENOUGH
    assert set(found[0].exercises) <= set(names)


def test_stubs_solutions_and_short_answers_are_not_alike(lesson):
    _, known, _ = lesson
    stubs = {name: words[1] for name, words in known.items()}
    right = {name: words[0] for name, words in known.items()}
    short = {name: similar.tokens("def f(x):\n    return x") for name in known}
    alike = {f"{kind}{i}": own for i in (1, 2) for kind, own in
             {"stub": stubs, "right": right, "short": short, "blank": {}}.items()}  # fmt: skip
    assert similar.groups(alike, known) == []


def test_what_many_have_is_no_sign(lesson):
    given, known, others = lesson
    code = {name: similar.tokens(codes[0], given) for name, codes in others.items()}
    nobody = {name: [[]] for name in known}
    few = {f"s{i}": code for i in range(similar.FEW)}
    assert [len(one.who) for one in similar.groups(few, nobody)] == [similar.FEW]
    assert similar.groups(few | {"one more": code}, nobody) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1  # a", "x = 1"),
        ("def f(x):\n    '''Words.'''\n    return x", "def f(y):\n  return y"),
        ("total = a.sum()", "whole = b.sum()"),
        ("f(1,\n  2)", "f(1, 2)"),
    ],
)
def test_what_makes_no_difference(one, other):
    assert similar.tokens(one) == similar.tokens(other) != []


@pytest.mark.parametrize(
    ("one", "other"),
    [("a.sum()", "a.mean()"), ("x = 1", "x = 2"), ("len(x)", "sum(x)"), ("a + b", "a - b")],
)
def test_what_makes_a_difference(one, other):
    assert similar.tokens(one) != similar.tokens(other)


@pytest.mark.parametrize(
    "text", ["", "def f(:\n  '", "\0", "   x\n y", "%%time\nx = 1", "(" * 9999]
)
def test_what_no_python_can_read(text):
    assert isinstance(similar.tokens(text), list)


def test_names_that_are_given_stay():
    assert similar.tokens("np.exp(x)", similar.names(["import numpy as np"]))[0] == "np"
    assert similar.tokens("np.exp(x)")[0] == similar.OWN


# --- a class that hands in more than once ---------------------------------------------------------


def graded(root, force=False):
    return grade.grade(LESSON, engine=group.Canned(), root=root, hooks=HOOKS, force=force)


def hand_in(root, student, answers, time):
    path = group.hand_in(root, student, group.answered(root, answers))
    path.with_name("timestamp.txt").write_text(time, encoding="utf-8")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Grade three hand-ins of ann, the last one better; cem copies bob; dan's can't be read."""
    root = group.registered(tmp_path_factory.mktemp("term") / "course")
    wrong = {"average": "def average(): 'wrong'", "shares": SHARES}
    hand_in(root, "ann", wrong, "2026-11-03 10:00:00 UTC")
    hand_in(root, "bob", {"average": RIGHT, "shares": SHARES}, "2026-11-04 10:00:00 UTC")
    group.hand_in(root, "dan", b"{")
    graded(root)
    hand_in(
        root, "ann", wrong | {"average": "def average(): return 'wrong'"}, "2026-11-18 9:00 UTC"
    )
    hand_in(
        root, "ann", wrong | {"average": "def average(): return 'wrong'"}, "2026-11-18 09:00:00"
    )
    graded(root)
    graded(root, force=True)  # is no hand-in
    hand_in(root, "ann", wrong | {"average": RIGHT.replace("+", "- -")}, "2026-11-19 09:00:00 UTC")
    copied = {"average": COPIED, "shares": re.sub("count\\b", "c", SHARES)}
    hand_in(root, "cem", copied, "2026-11-19 10:00:00 UTC")
    (root / "result.json").write_text(json.dumps(graded(root)), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def found(root):
    return json.loads((root / ".grading" / "term.json").read_text(encoding="utf-8"))


def test_grading_writes_the_term(root, found):
    result = json.loads((root / "result.json").read_text(encoding="utf-8"))
    assert result["term"] == ".grading/term.html"
    assert found["lessons"] == [
        {
            "lesson": LESSON,
            "handed_in": 4,
            "mean": 0.375,
            "median": 0.5,
            "complete": 0,
            "due": True,
        }
    ]


def test_who_is_stuck_where(found):
    rows = {row["student"]: row for row in found["students"]}
    assert [*rows] == ["dan", "ann", "bob", "cem"]
    stuck = {
        name: [(s["exercise"], s["times"]) for s in row["stuck"]] for name, row in rows.items()
    }
    assert stuck["ann"] == [("shares", 3)]  # and average no more
    assert stuck["bob"] == [("shares", 1)]
    assert [name for name, _ in stuck["dan"]] == ["average", "shares"]


def test_week_by_week(found):
    weeks = {row["week"]: row for row in found["weeks"]}
    assert weeks["2026-11-02"]["hand_ins"] == 2
    assert weeks["2026-11-02"]["mean"] == 0.25
    assert weeks["2026-11-09"] == {
        "week": "2026-11-09",
        "hand_ins": 0,
        "students": 0,
        "mean": None,
    }
    assert weeks["2026-11-16"]["hand_ins"] == 3
    assert weeks["2026-11-16"]["students"] == 2
    assert [*weeks] == sorted(weeks)


def test_a_copy_is_flagged_and_keeps_its_points(root, found):
    assert found["similar"] == [{"who": ["bob", "cem"], "lessons": {LESSON: ["average", "shares"]}}]
    assert {row["student"] for row in found["flagged"]} == {"dan"}
    assert group.scores(root, "cem") == group.scores(root, "bob")
    text = (root / ".grading" / LESSON / "report.html").read_text(encoding="utf-8")
    assert re.search(r"<code>bob</code>, <code>cem</code>", text)


def test_the_command_shows_points_that_a_person_gave(root, found, monkeypatch, capsys):
    with group.gradebook(root) as book:
        book.find_grade("shares_1", LESSON, LESSON, "bob").manual_score = 50.0
        book.db.commit()
    monkeypatch.setattr(paths, "ROOT", root)
    cli.report()
    said = capsys.readouterr().out
    assert "shares (3)" in said
    now = json.loads((root / ".grading" / "term.json").read_text(encoding="utf-8"))
    assert now["lessons"][0]["complete"] == 1
    assert now["weeks"] == found["weeks"]


def test_a_gradebook_that_lacks_a_row_is_said_with_the_cure(root, tmp_path):
    copy = shutil.copytree(root, tmp_path / "course")
    with group.gradebook(copy) as book:
        book.db.delete(book.find_grade("average_1", LESSON, LESSON, "bob"))
        book.db.commit()
    result = graded(copy, force=True)
    assert {name for name, row in result["students"].items() if row["status"] == "failed"} == {
        "bob"
    }
    assert "put an earlier copy of gradebook.db back" in result["students"]["bob"]["reason"]
    assert "run it again" not in result["students"]["bob"]["reason"]


def test_nothing_is_graded(tmp_path):
    with pytest.raises(GraderError, match="Nothing is graded yet"):
        term.refresh(group.make(tmp_path / "course"), HOOKS)


# --- several lessons, as plain data ---------------------------------------------------------------


def a_report(lesson, people, **more):
    empty = ("exercises", "misconceptions", "flagged", "similar", "slowest")
    return {"assignment": lesson, "people": people} | {key: [] for key in empty} | more


def person(share, *times):
    hand_ins = [{"time": time, "share": share} for time in times]
    return {"score": 100 * share, "share": share, "missing": {}, "hand_ins": hand_ins}


def test_a_lesson_that_is_not_handed_in_counts_as_soon_as_it_is_due():
    first = a_report("01_a", {"ann": person(0.5), "bob": person(1.0)})
    second = a_report("02_b", {"ann": person(1.0)})
    third = a_report("03_c", {})
    found = term.collect([first, second, third])
    assert [row["due"] for row in found["lessons"]] == [True, True, False]
    assert [(r["student"], r["share"], r["late"]) for r in found["students"]] == [
        ("bob", 0.5, ["02_b"]),
        ("ann", 0.75, []),
    ]


def test_the_same_students_alike_in_two_lessons_are_one_row():
    rows = [{"notebook": n, "who": ["a", "b"], "exercises": [n]} for n in ("01_a", "02_b")]
    reports = [a_report(row["notebook"], {}, similar=[row]) for row in rows]
    assert term.collect(reports)["similar"] == [
        {"who": ["a", "b"], "lessons": {"01_a": ["01_a"], "02_b": ["02_b"]}}
    ]


def test_a_long_year_shows_its_last_weeks():
    people = {"ann": person(1.0, "2025-12-30 10:00", "2026-11-30 10:00")}
    weeks = term.collect([a_report("01_a", people)])["weeks"]
    assert len(weeks) == term.WEEKS
    assert weeks[-1] == {"week": "2026-11-30", "hand_ins": 1, "students": 1, "mean": 1.0}


def test_the_page_of_nobody_and_of_names_that_look_like_tags():
    more = {"bars": [], "shown": 1, "first": 1}
    assert "Nothing is graded yet" in page.render(
        "term.html.jinja", HOOKS, **term.collect([]), **more
    )
    people = {f"<i>{n}": person(0.5, "2026-11-30 10:00") | {"missing": {"<q>": 2}} for n in "ab"}
    flagged = {"student": "<u>", "reason": "<s>", "flags": ["<em>"], "status": "", "score": 0}
    found = term.collect([a_report("01_a", people, flagged=[flagged])])
    text = page.render(
        "term.html.jinja", HOOKS, **found, **more | {"bars": term._chart(found["weeks"])}
    )
    assert not re.search("<(q|u|s|em|script)>|<i>[ab]", text)
    assert "1 more students" in text
