"""A page for each student: points, what went wrong in words, hints, the grader's comments.

It is where nbgrader's feedback is (``feedback/STUDENT/ASSIGNMENT/NOTEBOOK.html``), so that
`nbgrader release_feedback` hands it out. It is made from the graded notebook and the gradebook,
whoever graded. Stock feedback shows the whole notebook, hidden tests included; this page shows an
exercise's points, messages, answer, comment and hints. A check's hidden part and any message that
quotes a line of it stay out. No output and no HTML of the student's is shown.
"""

import collections
import datetime
import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from course.grader import files, notebook, page, source
from course.grader.errors import N_, GraderError
from course.grader.hooks import Hooks
from course.grader.job import Outcome
from course.grader.notebook import Cell
from course.grader.prepare import NOT_GRADED
from course.grader.source import Assignment, SourceNotebook

if TYPE_CHECKING:
    from course.grader.adapter import Session

DETAILS = re.compile(
    r"<details>\s*<summary>(?P<title>.*?)</summary>(?P<text>.*?)</details>", re.DOTALL
)
STRING = re.compile(r"""\"[^"\n]*\"|'[^'\n]*'""")
TELLING = 20  # characters in a row that show that a message quotes a check
# The exchange's own files, by which nbgrader gives a page back to whoever handed in, and only once.
NEEDED = ("timestamp.txt", "submission_secret.txt")
WITHHELD = N_("a hidden check fails")


def feedback(
    name: str,
    student: str | None = None,
    *,
    hidden_tests: bool = False,
    root: Path,
    hooks: Hooks,
) -> dict[str, Any]:
    """Write the pages of an assignment.

    Parameters
    ----------
    name : str
        The assignment.
    student : str, optional
        This one only.
    hidden_tests : bool
        Show the hidden tests, too.
    root : Path
        The course's folder.
    hooks : Hooks

    Returns
    -------
    dict
        ``ok``, ``assignment``, ``pages`` (paths relative to the course's folder), ``notes``.

    Raises
    ------
    GraderError
        If there is no such assignment or student, or nothing is graded.
    """
    from course.grader import record

    assignment = source.read(name, root, hooks)
    places = assignment.places
    again = N_("run `{command} {name}`").format(command=hooks.command, name=name)
    pages, notes = [], []
    with record.existing(assignment.root) as session:
        who = sorted(record.totals(name, session))
        if student is not None and student not in who:
            raise GraderError(
                N_("{student} isn't graded in {name}: {again} first.").format(
                    student=student, name=name, again=again
                )
            )
        if not who:
            raise GraderError(
                N_("Nothing is graded in {name}: {again} first.").format(name=name, again=again)
            )
        for one in tqdm(
            who if student is None else [student], desc="Feedback", disable=None, leave=False
        ):
            graded = Path(places.format_path(places.autograded_directory, one, name))
            target = Path(places.format_path(places.feedback_directory, one, name))
            for original in assignment.notebooks.values():
                path = graded / f"{original.name}.ipynb"
                if not path.exists():
                    notes.append(
                        N_("{one} has no autograded {name}: {again}.").format(
                            one=one, name=path.name, again=again
                        )
                    )
                    continue
                made = _page(notebook.read(path), original, assignment, session, one, hidden_tests)
                files.write(target / f"{original.name}.html", made)
                pages.append(str((target / f"{original.name}.html").relative_to(assignment.root)))
            for path in (graded / name for name in NEEDED):
                if path.is_file():
                    files.write(target / path.name, path.read_bytes())
    return {"ok": not notes, "assignment": name, "pages": pages, "notes": notes}


def _page(
    graded: dict[str, Any],
    original: SourceNotebook,
    assignment: Assignment,
    session: "Session",
    student: str,
    hidden_tests: bool,
) -> str:
    """Return one notebook's page."""
    submission = session.find_submission_notebook(original.name, assignment.name, student)
    grades = {grade.name: grade for grade in submission.grades}
    comments = {comment.name: comment for comment in submission.comments}
    cells = {
        cell.name: (cell, raw)
        for cell, raw in zip(notebook.cells(graded), graded["cells"], strict=True)
        if cell.name
    }
    headings = _headings(original, assignment.hooks)
    unanswered = original.code_stub.split("\n")[-1].strip()
    rows = []
    for name, checks in _checks(original).items():
        own = [grades[cell.name] for cell in checks if cell.name in grades]
        if not own:
            continue
        failed = [_failed(cell, cells.get(cell.name), assignment, hidden_tests) for cell in checks]
        answer = cells[name][0].source if name in cells else ""
        comment = comments.get(name)
        rows.append(
            headings[name]
            | {
                "exercise": name,
                "score": sum(grade.score for grade in own),
                "max": sum(grade.max_score for grade in own),
                "by_hand": any(g.manual_score is not None or g.extra_credit for g in own),
                "failed": [one for one in failed if one],
                "passed": sum(one is None for one in failed),
                "checks": len(failed),
                "answer": "" if unanswered in answer else answer,
                # nbgrader's own "No response." says what the message says, too.
                "comment": comment.manual_comment if comment else "",
            }
        )
    penalty = submission.late_submission_penalty or 0.0
    return page.render(
        "feedback.html.jinja",
        assignment.hooks,
        title=_title(original),
        student=student,
        date=datetime.datetime.now().strftime("%Y-%m-%d"),
        score=max(0.0, submission.score - penalty),
        max=submission.max_score,
        penalty=penalty,
        exercises=rows,
        said=_reason(graded),
    )


def _checks(original: SourceNotebook) -> dict[str, list[Cell]]:
    found: dict[str, list[Cell]] = {}
    for cell in original.cells:
        if cell.kind == "grade":
            found.setdefault(cell.exercise, []).append(cell)
    return found


def _title(original: SourceNotebook) -> str:
    first = next((cell.source for cell in original.cells if cell.kind == "text"), original.name)
    return first.split("\n")[0].lstrip("# ")


@functools.cache
def _headings(original: SourceNotebook, hooks: Hooks) -> dict[str, dict[str, Any]]:
    """Return the number and the hints of each exercise, from the text cell that explains it."""
    found: dict[str, dict[str, Any]] = collections.defaultdict(lambda: {"number": "", "hints": []})
    for cell in original.cells:
        header = hooks.heading.search(cell.source) if cell.kind == "text" else None
        if header:
            hints = [
                {"title": match["title"], "text": page.prose(match["text"].strip())}
                for match in DETAILS.finditer(cell.source)
            ]
            found[header["name"]] = {"number": header["number"], "hints": hints}
    return found


def _failed(
    cell: Cell, found: tuple[Cell, Any] | None, assignment: Assignment, hidden_tests: bool
) -> dict[str, str] | None:
    """Return what a check said, and what of it may be seen; None if it passed."""
    outputs = found[1].get("outputs", []) if found else []
    error = next((one for one in outputs if one.get("output_type") == "error"), None)
    if error is None and found is not None:
        return None
    name, said = (NOT_GRADED, "") if error is None else (error["ename"], error["evalue"])
    seconds = assignment.limits.cell_seconds
    message = assignment.hooks.message(cell, Outcome(name, said), seconds)
    message = said if name == NOT_GRADED else message
    if not hidden_tests and _quotes(message, cell):
        message = WITHHELD
    shown = cell.source if hidden_tests else notebook.visible(cell.source)
    return {"message": assignment.hooks.say(message), "source": shown.strip()}


def _quotes(message: str, cell: Cell) -> bool:
    """Tell whether a message holds code of the check's hidden part.

    Only after a grader that runs checks and answers in one process can that be. Strings of the
    check don't count, they are its author's messages; neither do the exercise's own name and bare
    numbers.
    """
    message = message.replace(cell.exercise, " ")
    for words in STRING.findall(cell.source):
        message = message.replace(words[1:-1], " ")
    code = STRING.sub("", "\n".join(_hidden(cell)))
    known = _pieces(code)
    return bool(known) and not known.isdisjoint(_pieces(message))


def _hidden(cell: Cell) -> list[str]:
    numbers = notebook.hidden_lines(cell.source)
    lines = cell.source.split("\n")
    return [line.split("#")[0] for n, line in enumerate(lines, start=1) if n in numbers]


def _pieces(text: str) -> set[str]:
    """Return all runs of `TELLING` characters that hold a name, without white space."""
    bare = "".join(text.split())
    runs = (bare[start : start + TELLING] for start in range(len(bare) - TELLING + 1))
    return {run for run in runs if re.search("[A-Za-z_]{3}", run)}


def _reason(graded: dict[str, Any]) -> str:
    """Return why nothing at all was graded, if that is so."""
    checks = [
        raw
        for raw, cell in zip(graded["cells"], notebook.cells(graded), strict=True)
        if cell.kind == "grade"
    ]
    said = {
        output["evalue"] if output.get("ename") == NOT_GRADED else ""
        for raw in checks
        for output in raw.get("outputs") or [{}]
    }
    return said.pop() if len(said) == 1 else ""
