"""A student's page and the class's report: what they show, and what they must never show."""

import json
import re
import stat
from html.parser import HTMLParser

import grading_class as group
import pytest
from grading_class import LESSON, cell_of

from course import hooks, language, paths
from course.grader import feedback, grade, notebook, page, report, settings
from course.grader.errors import GraderError
from course.grader.job import TIMED_OUT, Outcome
from course.grader.notebook import Cell
from course.grader.source import read as read_source
from course.hooks import HOOKS

pytestmark = pytest.mark.slow

MEDIAN = "def average(values):\n    return float(sorted(v for v in values if v)[len(values) // 2])"
ZERO = "def average(values):\n    return sum(v or 0 for v in values) / (len(values) or 1)"
HIDDEN = [
    "assert average([4.0, None, 8.0]) == 6.0",
    "np.allclose(shares([1000.0, 1000.0])",
]


class Page(HTMLParser):
    """Counts the tags of a page and collects its words."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.words = [], [], []
        self.feed(text)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Grade a class with misconceptions, a comment, points by hand, and an unreadable notebook."""
    from nbgrader.api import Gradebook

    root = group.registered(tmp_path_factory.mktemp("feedback") / "course")
    path = notebook.path_of(LESSON, root / "source")
    nb = notebook.read(path)
    for cell in nb["cells"]:
        if cell["id"] == "1-the-average-of-what-is":
            cell["source"] = (
                "### Exercise 1 · `average` · 50 points · 5 minutes · ●●○○○\n\n"
                "<details><summary>Hint 1 · the idea</summary>\n\nThink of $x_1 < 2$ & `None`."
                "\n</details>"
            )
    path.write_text(json.dumps(nb), encoding="utf-8")
    right = group.solutions(root)
    group.hand_in(root, "ann", group.answered(root, right))
    group.hand_in(root, "김민수", group.answered(root, right | {"average": ZERO}))
    group.hand_in(root, "bob", group.answered(root, {"average": ZERO + "\n# <script>a()</script>"}))
    edited = group.answered(root, right | {"average": MEDIAN})
    cell_of(edited, "average_1")["source"] = "pass"
    group.hand_in(root, "eve", edited)
    group.hand_in(root, "mal", b"{")
    grade.grade(LESSON, engine=group.StandIn(root), root=root, hooks=HOOKS)
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}", "gpt-course") as book:
        book.find_comment("average", LESSON, LESSON, "bob").manual_comment = "Nearly! <b>None</b>"
        book.find_grade("average_1", LESSON, LESSON, "bob").manual_score = 7.5
        book.find_submission_notebook(LESSON, LESSON, "bob").late_submission_penalty = 1.5
        book.db.commit()
    return root


def read(root, student):
    return (root / "feedback" / student / LESSON / f"{LESSON}.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pages(root):
    result = feedback.feedback(LESSON, root=root, hooks=HOOKS)
    assert result["ok"]
    assert len(result["pages"]) == 5
    return {who: Page(read(root, who)) for who in ("ann", "bob", "eve", "mal", "김민수")}


def test_all_right(pages):
    assert "100 of 100 points" in pages["ann"].text
    assert "Both checks pass." in pages["ann"].text
    assert "Hint 1" not in pages["ann"].text


def test_a_mistake_its_words_and_its_hint(pages):
    text = pages["김민수"].text
    assert "Feedback for 김민수" in text
    assert "None counts as zero with you: leave it out of the count." in text
    assert "Hint 1 · the idea Think of" in text
    assert "x_1 < 2" in dict(pages["김민수"].attributes)["aria-label"]
    assert "Your answer def average(values): return sum(v or 0" in text


def test_the_graders_comment_points_and_penalty(pages):
    text = pages["bob"].text
    assert "Nearly! <b>None</b>" in text, "a comment is text"
    assert "Your grader gave these points by hand." in text
    assert "16 of 100 points (1.5 taken off, because it was late)" in text
    assert "17.5 of 50" in text
    assert "not answered yet" in text


def test_a_reason_instead_of_messages(pages):
    text = pages["mal"].text
    assert f"{LESSON}.ipynb is damaged" in text
    assert text.count("damaged") == 1
    assert "0 of 100 points" in text


def test_no_page_shows_a_hidden_test_or_runs_anything(pages):
    for who, one in pages.items():
        assert not [line for line in HIDDEN if line in one.text], who
        assert "HIDDEN" not in one.text
        assert not {"script", "iframe", "link", "img", "form"} & set(one.tags)
        assert not [name for name, _ in one.attributes if name.startswith("on")]
        assert not [v for n, v in one.attributes if n in ("src", "href") and not v.startswith("#")]
    assert "<script>a()</script>" in pages["bob"].text, "their answer is shown as text"


def test_a_korean_class_gets_korean_pages_with_the_same_points(root, pages):
    with language.speaking("ko"):
        feedback.feedback(LESSON, "bob", root=root, hooks=HOOKS)
        shown, korean = read(root, "bob"), Page(read(root, "bob")).text
        found = report.collect(read_source(LESSON, root, HOOKS), {}, {})
        none: dict = {"failed": {}, "notes": [], "bins": report._chart(found)}
        group_page = Page(page.render("report.html.jinja", HOOKS, **found, **none)).text
    feedback.feedback(LESSON, "bob", root=root, hooks=HOOKS)  # the others read English
    assert '<html lang="ko">' in shown
    assert "bob: 피드백" in korean
    assert "100점 중 16점 (늦게 내서 1.5점 뺌)" in korean
    assert "채점한 사람이 직접 준 점수예요." in korean
    assert "아직 답하지 않았어요" in korean
    assert "Nearly! <b>None</b>" in korean
    assert "연습문제, 어려운 것부터" in group_page


def test_how_a_cell_failed_is_said_in_korean():
    cell = Cell("grade", "", "average_1", points=1.0)
    with language.speaking("ko"):
        late = HOOKS.message(cell, Outcome(TIMED_OUT["error"]), 30)
    assert late == "검사: 30초를 넘겼어요"
    assert HOOKS.message(cell, Outcome(TIMED_OUT["error"]), 30) == (
        "a check took longer than 30 seconds"
    )


def test_fits_a_phone(root, pages):
    assert 'name="viewport" content="width=device-width' in read(root, "bob")


def test_instructors_may_show_hidden_tests(root, pages):
    result = feedback.feedback(LESSON, "bob", hidden_tests=True, root=root, hooks=HOOKS)
    assert result["pages"] == [f"feedback/bob/{LESSON}/{LESSON}.html"]
    assert HIDDEN[0] in Page(read(root, "bob")).text
    feedback.feedback(LESSON, "bob", root=root, hooks=HOOKS)
    assert HIDDEN[0] not in Page(read(root, "bob")).text


def test_a_message_that_quotes_a_hidden_test_is_withheld(root):
    """As after stock autograde, where a student's code can read the checks and raise them."""
    path = notebook.path_of(LESSON, root / "autograded" / "eve")
    before = path.read_bytes()
    nb = json.loads(before)
    cell_of(nb, "average_1")["outputs"] = [
        {
            "output_type": "error",
            "ename": "ValueError",
            "evalue": "seen:  assert average([4.0, None,  8.0]) == 6.0, 'x'"[:52],
            "traceback": [HIDDEN[0]],
        }
    ]
    mode = stat.S_IMODE(path.stat().st_mode)
    path.chmod(0o644)
    path.write_text(json.dumps(nb), encoding="utf-8")
    try:
        feedback.feedback(LESSON, "eve", root=root, hooks=HOOKS)
        assert HIDDEN[0] not in Page(read(root, "eve")).text
    finally:
        path.write_bytes(before)
        path.chmod(mode)


def test_ordinary_messages_are_no_quotes():
    """No message that a mutant gets from its own check may be taken for a leak."""
    cells = [
        cell
        for lesson in settings.lessons(paths.ROOT)
        for cell in notebook.cells(notebook.read(notebook.path_of(lesson, paths.SOURCE)))
        if cell.kind == "grade"
    ]
    told = 0
    for cell in cells:
        for text in hooks._texts(cell.source):
            said = (
                f"{cell.exercise}, given [1.0, 2.0, 3.0]: {text} (Your answer: [0.25, 0.5, 0.25])"
            )
            told += 1
            assert not feedback._quotes(said, cell), said
    assert told > 100


def test_after_stock_autograde_the_page_is_the_same(root, tmp_path, pages):
    import shutil

    import stock

    copy = shutil.copytree(root, tmp_path / "course")
    for student in ("mal", "eve", "ann", "bob"):
        shutil.rmtree(copy / "submitted" / student)
    stock.nbgrader(copy, "autograde", LESSON, "--force")
    feedback.feedback(LESSON, "김민수", root=copy, hooks=HOOKS)
    assert Page(read(copy, "김민수")).text == pages["김민수"].text


def test_nbgraders_own_command_leaves_the_page(root, pages):
    import stock

    before = read(root, "ann")
    stock.nbgrader(root, "generate_feedback", LESSON)
    assert read(root, "ann") == before


def test_bad_input(root, tmp_path):
    with pytest.raises(GraderError, match="nobody isn't graded"):
        feedback.feedback(LESSON, "nobody", root=root, hooks=HOOKS)
    fresh = group.registered(tmp_path / "fresh")
    with pytest.raises(GraderError, match="Nothing is graded"):
        feedback.feedback(LESSON, root=fresh, hooks=HOOKS)
    (fresh / "gradebook.db").unlink()
    with pytest.raises(GraderError, match="no gradebook yet"):
        feedback.feedback(LESSON, root=fresh, hooks=HOOKS)


def test_a_lost_notebook_is_said(root, tmp_path):
    import shutil

    copy = shutil.copytree(root, tmp_path / "course")
    shutil.rmtree(copy / "autograded" / "ann")
    result = feedback.feedback(LESSON, root=copy, hooks=HOOKS)
    assert not result["ok"]
    assert result["notes"] == [
        f"ann has no autograded {LESSON}.ipynb: run `python3 start.py grade {LESSON}`."
    ]


# --- the class ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def classroom(root):
    result = grade.grade(LESSON, engine=group.Canned(), root=root, hooks=HOOKS)
    assert result["report"] == f".grading/{LESSON}/report.html"
    folder = root / ".grading" / LESSON
    found = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return found, Page((folder / "report.html").read_text(encoding="utf-8"))


def test_scores_of_the_report_are_the_gradebooks(classroom):
    found, text = classroom[0], classroom[1].text
    assert (found["students"], found["max"]) == (5, 100)
    assert sum(found["distribution"]) == 5
    assert found["distribution"][0] == 1  # mal
    assert found["distribution"][9] == 1  # ann
    assert f"mean {page.points(found['mean'])} of 100" in text


def test_hardest_exercise_first(classroom):
    rows = classroom[0]["exercises"]
    assert [row["exercise"] for row in rows] == ["average", "shares"]
    assert [(row["solved"], row["students"]) for row in rows] == [(1, 5), (3, 5)]


def test_misconceptions_are_counted_by_student(classroom):
    rows = classroom[0]["misconceptions"]
    says = "None counts as zero with you: leave it out of the count."
    assert rows[0] == {
        "notebook": LESSON,
        "exercise": "average",
        "says": says,
        "students": 2,
        "who": ["bob", "김민수"],
    }
    assert says in classroom[1].text


def test_what_to_look_at(classroom):
    found, one = classroom
    assert [row["student"] for row in found["flagged"]] == ["eve", "mal"]
    assert "changed the check average_1 (the course's own was run)" in one.text
    assert f"{LESSON}.ipynb is damaged" in one.text


def test_the_report_is_one_file_without_scripts(classroom):
    one = classroom[1]
    assert not {"script", "link", "img", "iframe"} & set(one.tags)
    assert not [v for n, v in one.attributes if n in ("src", "href")]


def test_slow_cells_and_names_that_look_like_tags(root):
    assignment = read_source(LESSON, root, HOOKS)
    row = {
        "notebook": LESSON,
        "exercise": "average",
        "score": 0.0,
        "max": 50.0,
        "message": "",
        "misconceptions": [{"check": "average_1", "says": "<b>bold</b> `x`"}],
        "code": [],
        "seconds": 9.0,
        "slowest": 7.25,
    }
    mark = {"exercises": [row], "flags": ["<i>flag</i>"], "reason": "", "status": "graded"}
    mark["history"] = []
    totals = {"<u>": {"score": 0.0, "penalty": 2.0, "by_hand": False, "auto": {}}}
    found = report.collect(assignment, {"<u>": mark}, totals)
    assert found["slowest"] == [
        {"student": "<u>", "notebook": LESSON, "exercise": "average", "seconds": 7.25}
    ]
    assert found["mean"] == 0
    text = page.render(
        "report.html.jinja",
        HOOKS,
        **found,
        failed={"<s>": "gone"},
        notes=["<em>"],
        bins=report._chart(found),
    )
    one = Page(text)
    assert not {"u", "em", "s"} & set(one.tags)
    assert "<b>bold</b>" in one.text
    assert "7.2" in one.text


def test_a_class_of_nobody(root):
    found = report.collect(read_source(LESSON, root, HOOKS), {}, {})
    assert found["mean"] is None
    assert page.render(
        "report.html.jinja", HOOKS, **found, failed={}, notes=[], bins=report._chart(found)
    )


# --- formulas -------------------------------------------------------------------------------------


@pytest.mark.parametrize("lesson", settings.lessons(paths.ROOT))
def test_every_formula_of_the_hints_is_drawn(lesson):
    path = notebook.path_of(lesson, paths.SOURCE)
    if not path.exists():
        pytest.skip("source/ isn't here")
    for cell in notebook.cells(notebook.read(path)):
        for match in feedback.DETAILS.finditer(cell.source) if cell.kind == "text" else ():
            html = str(page.prose(match["text"]))
            assert "$" not in re.sub("(?s)<(pre|code).*?</\\1>", "", html)
            assert html.count("<svg") == len(page.MATH.findall(match["text"]))


def test_a_formula_that_cant_be_drawn_stays():
    assert page.prose(r"so $\unknownword{x} < 1$ it is") == (
        "<p>so <code>\\unknownword{x} &lt; 1</code> it is</p>\n"
    )
    assert "$5" in page.prose("costs `$5` or `$6`")
