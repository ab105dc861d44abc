"""What the grader must know of this course: its library and data, its checks, its lessons' forms.

The one place where `course.grader`, which grades any nbgrader course, meets this one.

A check that fails may name a *misconception*. Of a message we know by its end: advice that the
cell's author wrote for one wrong answer is a whole string of the cell, while a fault of type, shape
or value is put together from what the learner's function returned.
"""

import ast
import functools
import re
from pathlib import Path

from course import language, paths
from course.grader.hooks import Hooks
from course.grader.job import Outcome
from course.grader.notebook import Cell
from course.grader.words import message_of
from course.language import _, said

# How a lesson's text begins each exercise, in every language.
HEADER = re.compile(
    r"### (?:Exercise|연습문제) (?P<number>\d+) · `(?P<name>\w+)` · [\d.]+(?: points?|점)"
    r" · (?P<minutes>\d+)(?: minutes?|분)(?P<rest>.*)"
)
STRETCH = re.compile(r"\*(?:stretch|심화)\*")  # at its end if later lessons do without it
# What a score may depend on, in addition to our own files.
DISTRIBUTIONS = (
    *("ipython", "numpy", "scipy", "pandas", "scikit-learn", "matplotlib"),
    *("torch", "transformers", "tokenizers", "peft"),
)
# What many answers import, whatever their lesson does: a second of each submission's time.
SHARED = ("numpy", "scipy", "pandas", "sklearn", "matplotlib", "torch")


def mounts(root: Path) -> list[Path]:
    """Return what lessons read: the data of the course in `root`, and the library that we are."""
    return [root / "data", Path(__file__).resolve().parent]


def environment(root: Path) -> dict[str, str]:
    """Return the variables by which `course.paths` finds the course in `root`, and the caches.

    Also the language in which checks speak.
    """
    return {
        "COURSE_ROOT": str(root),
        "COURSE_CACHE": str(paths.cache()),
        "COURSE_LANG": language.current(),
    }


def source(folder: Path, root: Path) -> Path:
    """Return where a lesson's source is read: in the language in which it is graded."""
    if language.current() == "en":
        return folder
    from course.translate import built

    return built.fresh(folder.name, "source", root)


def translations(name: str, root: Path) -> list[Path]:
    """Return where the source of a lesson is in each language."""
    from course.translate import built

    return [built.fresh(name, "source", root, code) for code in language.LANGUAGES]


def misconception(cell: Cell, outcome: Outcome) -> str:
    """Return the words by which a check's author names the mistake that it met, or ""."""
    if cell.kind != "grade" or outcome.error != "AssertionError":
        return ""
    said = without_answer(" ".join(outcome.message.split()))
    ends = [text for text in _texts(cell.source) if said.endswith(text)]
    if not ends:
        return ""
    advice = max(ends, key=len)
    before = said.removesuffix(advice)
    # "shares, given two scores: advice" → the advice; "decide, 'x': look again. advice" → all of it
    return advice if before.endswith(": ") else said.removeprefix(cell.exercise).lstrip(",: ")


def without_answer(message: str) -> str:
    """Return a check's message without what `expect` puts after it."""
    yours = _("Your answer: {answer}").partition("{answer}")[0]
    return message.partition(f" ({yours}")[0]


@functools.cache
def _texts(source: str) -> list[str]:
    """Return the strings of a cell that may be advice: three words or more, nothing filled in."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    nodes = list(ast.walk(tree))
    filled = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    texts = [n.value for n in nodes if isinstance(n, ast.Constant) and id(n) not in filled]
    words = [" ".join(text.split()) for text in texts if isinstance(text, str)]
    return [text for text in words if text.count(" ") >= 2]


HOOKS = Hooks(
    address="course.hooks:HOOKS",
    home=lambda: paths.ROOT,
    command="python3 start.py grade",
    checks=("expect", "expect_gradient"),
    unless_grading=re.compile(r"\bnot (paths\.)?grading\(\)"),
    heading=HEADER,
    mounts=mounts,
    caches=lambda root: [paths.cache()],
    environment=environment,
    source=source,
    translations=translations,
    distributions=DISTRIBUTIONS,
    shared=SHARED,
    language=language.current,
    say=said,
    message=functools.partial(message_of, say=said),
    misconception=misconception,
)
