"""`course build --lang`: catalogues in step with the English, and the lessons in that language.

The translated lessons are put together of the English lesson and its catalogue (`translate.built`),
and are in no commit; learners get theirs in ``work/`` from the same catalogues (`learner.desk`).

Which messages the library has is found by syntax tree: the strings in ``_("…")`` and ``N_("…")``,
and the help of commands (`of_help`). Tables of ``data`` add their sentences (`CELLS`, statements).
"""

import ast
import csv
import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polib

from course import language, paths
from course.author import guides
from course.errors import CourseError
from course.grader import settings, words
from course.grader.notebook import path_of
from course.site import words as site
from course.translate import built, catalogue, faults, lesson, markdown
from course.translate.catalogue import Entry
from course.translate.message import messages

DOCS = "docs"  # the catalogue of README and of the guides in docs/
SPOKEN = ("string", "fields", "format")  # kinds of messages that checks say
FIELD = re.compile(r"\{[^{}]*\}")
JS = r'"(?:[^"\\\n]|\\.)*"'  # a string in a script
# Tables of data → columns with sentences. The rest: names, sources, what code compares.
CELLS = {
    "family/afterwards": ("what", "a published fact", "here"),
    "family/api_names": ("released", "size", "how", "note"),
    "family/chatgpt": ("model", "fact", "value"),
    "family/gpt3_training": ("quantity", "unit"),
    "family/gpt4": ("heap", "what", "value"),
    "family/instructgpt": ("quantity", "value", "unit"),
    "family/instructgpt_sft": ("quantity", "unit"),
    "family/models": ("released", "size", "parent", "how"),
    "family/neighbours": ("released", "size", "parent", "how", "what"),
    "family/rlhf": ("quantity", "value", "unit"),
    "family/training_mix": ("part",),
    "family/transfer": ("pre-trained on", "what the transfer changes", "parameters"),
    "labels/instructgpt": ("who",),
}
HEADED = frozenset(  # shown with all their columns
    "family/chatgpt family/gpt3_training family/gpt4 family/instructgpt_sft family/transfer".split()
)
EXERCISE = "Exercise {number} · {name} · {points} points · {minutes} minutes · {hard}"


def build(code: str, names: list[str] | None = None, *, root: Path | None = None) -> dict[str, Any]:
    """Bring catalogues in step with the English, look for faults, and build the lessons.

    Parameters
    ----------
    code : str
        The language, such as ``"ko"``.
    names : list of str, optional
        Lessons; all, the library and the guides if left out.
    root : Path, optional
        The course's folder.

    Returns
    -------
    dict
        ``ok`` (nothing is wrong with what is said to be complete), ``language``, ``folder``,
        ``catalogues`` (rows: name, complete, messages, words, missing, stale, faults), ``missing``,
        ``stale``, ``words`` (of the English; sums), ``problems`` (sentences, those about complete
        catalogues first).

    Raises
    ------
    CourseError
        If the language or a lesson is unknown.
    """
    root = root or paths.ROOT
    if code not in language.LANGUAGES or code == "en":
        known = ", ".join(one for one in language.LANGUAGES if one != "en")
        raise CourseError(f"There is no translation into {code!r}: the languages are {known}.")
    wanted = {name: of_lesson(name, root) for name in settings.sources(names, root)}
    lessons = list(wanted)
    if not names:
        wanted |= {language.LIBRARY: of_library(), site.CATALOGUE: of_site(), DOCS: of_docs(root)}
    rows: list[dict[str, Any]] = []
    serious: list[str] = []
    others: list[str] = []
    files = {}
    for name, entries in wanted.items():
        path = language.place(name, code)
        file = files[name] = catalogue.in_step(catalogue.read(path), entries)
        catalogue.write(file, path)
        row, problems = report(name, file)
        rows.append(row)
        (serious if row["complete"] else others).extend(problems)
    language.catalogue.cache_clear()
    for name in lessons:
        for kind in built.PLACES:
            built.fresh(name, kind, root, code)
    if DOCS in wanted and not catalogue.missing(files[DOCS]):
        guides.write(root, code, DOCS)
    sums = {key: sum(row[key] for row in rows) for key in ("missing", "stale", "words")}
    return {
        "ok": not serious,
        "language": code,
        "folder": (built.BUILT / code).as_posix(),
        "catalogues": rows,
        **sums,
        "problems": serious + others,
    }


def report(name: str, file: polib.POFile) -> tuple[dict[str, Any], list[str]]:
    """Return the figures of a catalogue, and what is wrong with it in sentences."""
    problems = []
    said = [one for one in file if one.msgstr and not one.fuzzy and not one.obsolete]
    for one in said:
        for fault in faults.of(one.msgid, one.msgstr, one.comment, one.tcomment):
            problems.append(f"{name} · {one.msgctxt or '-'}: {fault} [{brief(one.msgid)}]")
    if name not in (language.LIBRARY, site.CATALOGUE, DOCS):
        problems += [f"{name}: {one}" for one in faults.first_uses([o.msgstr for o in said])]
    count = len(problems)
    missing, stale = catalogue.missing(file), catalogue.stale(file)
    problems += [f"{name} · {one.msgctxt or '-'}: stale: [{brief(one.msgid)}]" for one in stale]
    complete = catalogue.is_complete(file)
    if complete:
        problems += [f"{name} · {o.msgctxt or '-'}: missing: [{brief(o.msgid)}]" for o in missing]
    current = [one for one in file if not one.obsolete]
    row = {
        "catalogue": name,
        "complete": complete,
        "messages": len(current),
        "words": sum(len(one.msgid.split()) for one in current),
        "missing": len(missing),
        "stale": len(stale),
        "faults": count,
    }
    return row, problems


def behind(names: list[str], *, root: Path | None = None) -> list[str]:
    """Return which translations no longer fit the English of lessons, a sentence each.

    A catalogue that isn't complete yet is asked for what it had: only stale messages count there.
    """
    root = root or paths.ROOT
    found = []
    for code in (one for one in language.LANGUAGES if one != "en"):
        for name in names:
            path = language.place(name, code)
            if not path.exists():
                continue
            file = catalogue.in_step(catalogue.read(path), of_lesson(name, root))
            stale, missing = len(catalogue.stale(file)), len(catalogue.missing(file))
            missing = missing if catalogue.is_complete(file) else 0
            if stale or missing:
                found.append(
                    f"{code} · {name}: {stale} translations are stale and {missing} missing: "
                    f"`python3 start.py build {name} --lang {code}` lists them."
                )
    return found


def brief(text: str) -> str:
    """Return the beginning of a text, in one line."""
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "..."


# --- what there is to translate -------------------------------------------------------------------


def of_lesson(name: str, root: Path) -> list[Entry]:
    """Return the messages of a lesson, its pages and pictures."""
    path = path_of(name, root / "source")
    found = lesson.places(json.loads(path.read_text(encoding="utf-8")), path.parent)
    return [
        Entry(one.context, one.message.text, one.message.kind) for one in found if not one.shared
    ]


def for_students(name: str, code: str, root: Path) -> str:
    """Return a lesson's catalogue without what only its hidden checks say."""
    path = path_of(name, root / "release")
    released = json.loads(path.read_text(encoding="utf-8"))
    shown = {(one.context, one.message.text) for one in lesson.places(released, path.parent)}
    file = catalogue.read(language.place(name, code))
    for one in [one for one in file if (one.msgctxt or "", one.msgid) not in shown]:
        file.remove(one)
    return f"{file}".rstrip("\n") + "\n"


def of_library() -> list[Entry]:
    """Return the messages of our code, and what lessons say in many places."""
    entries = [Entry("", text, "exercise") for text in (EXERCISE, f"{EXERCISE} · *stretch*")]
    entries += [Entry("", text, "label") for text in lesson.EVERYWHERE]
    entries += [Entry("", text, "label") for text in (words.NOT_YET,)]  # the grader's own room
    code = language.LOCALE.parent
    files = [*code.rglob("*.py"), *code.rglob("*.jinja"), code.parent / "start.py"]
    for path in sorted(files):
        if site.HERE not in path.parents:
            entries += [Entry("", text, "format") for text in marked(path)]
    for path in sorted((code.parent / "data" / "verdicts").glob("*.csv")):  # statements to decide
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                entries += [Entry("", row[column], "label") for column in ("statement", "figure")]
    entries += [Entry("", text, "label") for text in of_help(code)]
    return [*entries, *(Entry("", text, "label") for text in of_family())]


def of_help(code: Path) -> Iterator[str]:
    """Yield the paragraphs of our commands' help, and what it says of the stages.

    That is in ``help=``, in the docstrings of commands, and in a stage's ``about=``.
    """

    def strings(node: ast.AST) -> Iterator[str]:
        for one in ast.walk(node):
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                yield one.value

    for node in ast.walk(ast.parse((code / "cli.py").read_text(encoding="utf-8"))):
        found: list[str] = []
        if isinstance(node, ast.keyword) and node.arg == "help":
            found = [*strings(node.value)]
        elif isinstance(node, ast.FunctionDef) and node.decorator_list:
            found = [ast.get_docstring(node) or ""]
        paragraphs = [part for text in found for part in text.split("\n\n")]
        yield from (" ".join(one.split()) for one in paragraphs if one.strip())
    for file in ("stages/stage.py", "studies/registry.py"):
        for node in ast.walk(ast.parse((code / file).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Stage", "Study"):
                abouts = [one.value for one in node.keywords if one.arg == "about"]
                yield from (text for about in abouts for text in strings(about))


def of_family() -> Iterator[str]:
    """Yield what is to be read in the tables of the real family: sentences, and some headers."""
    for name, columns in CELLS.items():
        with (language.LOCALE.parents[1] / "data" / f"{name}.csv").open(
            encoding="utf-8", newline=""
        ) as file:
            reader = csv.DictReader(file)
            yield from (reader.fieldnames or ()) if name in HEADED else ()
            for row in reader:
                yield from (row[c] for c in columns if re.search("[a-z]{3}", row[c]))


def of_site() -> list[Entry]:
    """Return the messages of the pages for a browser: of their code, and what is beside it."""
    scripts = [*site.HERE.glob("*.js"), *(site.HERE / "front").glob("*.js")]
    entries = [
        Entry("", text, "format")
        for path in sorted([*site.HERE.glob("*.py"), *scripts])
        for text in marked(path)
    ]
    return [*entries, *(Entry(*one) for one in site.beside_the_code())]


def marked(path: Path) -> Iterator[str]:
    """Yield the strings that a Python file, a script or a template hands to ``_`` (or ``N_``)."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".jinja":
        yield from re.findall(r'\b_\("([^"]*)"\)', source)
        return
    if path.suffix == ".js":
        for call in re.finditer(rf"\bN?_\(\s*({JS}(?:\s*\+\s*{JS})*)", source):
            yield "".join(json.loads(one) for one in re.findall(JS, call[1]))
        return
    for node in ast.walk(ast.parse(source)):
        called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id
        if isinstance(node, ast.Call) and called in ("_", "N_") and len(node.args) == 1:
            text = node.args[0]
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield text.value


def of_docs(root: Path) -> list[Entry]:
    """Return the messages of README and of the guides."""
    files = [root / "README.md", *guides.english(root)]
    return [
        Entry(file.name, one.text, one.kind)
        for file in files
        if file.exists()
        for one in messages(markdown.cut(file.read_text(encoding="utf-8")))
    ]


# --- what a mutant's file promises ----------------------------------------------------------------


def promised(name: str, says: str, code: str) -> list[re.Pattern[str]]:
    """Return patterns of what a check says in a language where the English has the words `says`.

    Parameters
    ----------
    name : str
        The lesson.
    says : str
        Words of an English message.
    code : str
        The language.
    """
    find = catalogue.finder_for(name, code)
    patterns = [
        _filled(find(one.context, one.text) or one.text)
        for one in _spoken(name)
        if _may_say(one.text, says)
    ]
    same = says.isidentifier() or not patterns  # names stay what they are in any language
    return [*patterns, re.compile(re.escape(says))] if same else patterns


@functools.cache
def _spoken(name: str) -> list[Entry]:
    """Return all that checks of a lesson may say; found once, for verify asks a hundred times."""
    every = (*of_lesson(name, paths.ROOT), *of_library())
    return [one for one in every if one.kind in SPOKEN]


def _may_say(text: str, says: str) -> bool:
    """Tell whether a message with its fields filled in may have the words."""
    parts = [" ".join(part.split()).strip(" .,;:()") for part in FIELD.split(text)]
    filled = len(parts) > 1 and any(len(one) > 2 and one in says for one in parts)
    return says in " ".join(text.split()) or filled


def _filled(text: str) -> re.Pattern[str]:
    """Return the pattern of a message with its fields filled in."""
    parts = FIELD.split(" ".join(text.split()))
    return re.compile(".*?".join(re.escape(one.strip()) for one in parts))
