"""How far a learner is: every notebook of `work/` checked, what was met on the way, what is next.

`survey` runs only notebooks that have changed since the last time. What it finds is kept in
`work/progress.json` after each lesson, so a run that is stopped goes on where it was. The file also
remembers each misconception that a check has named: it is *mended* once that check passes.

A notebook counts as changed if its code, its lesson's checks, our library or a module next to it is
another one; not if a file of `data/` is. The seal in the file finds a slip of the hand, no fraud:
nobody is graded from it. Left out on purpose: notebooks outside of `work/`, and a merge of two
computers' files.
"""

import datetime
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course import claims, language, paths
from course.errors import CourseError
from course.grader import notebook
from course.grader.errors import GraderError
from course.hooks import HEADER, STRETCH, without_answer
from course.language import _
from course.learner import check
from course.translate import built

LESSONS = (
    "00_start_here",
    "01_pretraining",
    "02_transfer_learning",
    "03_fine_tuning",
    "04_gpt_family",
    "05_instruction_following",
    "06_human_feedback",
    "07_rlhf_ppo",
    "08_chatgpt",
    "09_what_came_next",
)
OLDER = "older"  # where `course update` keeps files that it has replaced
FILE = "progress.json"
FORMAT = 1  # of its entries; another one makes older entries count as none
DAMAGED = "progress-damaged.json"
COMMAND = "python3 start.py check"
SHOWN = 8  # misconceptions that a terminal shows; the page shows all

_TO_MEND = ("missing", "broken")

# What a lesson's own text says of itself; the formats that all lessons share.
TITLE = re.compile(r"# (?:\d+ · )?(?P<title>[^:\n]+)(?:: (?P<promise>.+))?")
ABOUT = re.compile(r"\*\*(?P<key>Time|You use|시간|쓰는 것)\*\* (?P<value>.+?)(?= · \*\*|\n|$)")
KEYS = {"Time": "time", "시간": "time", "You use": "uses", "쓰는 것": "uses"}


# --- the survey -----------------------------------------------------------------------------------


def survey(*, run: bool = True, root: Path | None = None) -> dict[str, Any]:
    """Check every lesson in ``work/`` and tell how far the learner is.

    Parameters
    ----------
    run : bool
        Whether to run the notebooks that have changed; else what is remembered must do.
    root : Path, optional
        The course's folder.

    Returns
    -------
    dict
        ``ok`` (all checks of all lessons in this copy pass), ``students`` as `check.check` gives
        it, over all lessons; ``lessons``: id → what `describe` gives, with ``score``, ``visible``,
        ``note``, ``misconceptions`` (rows with ``exercise``, ``check``, ``says``, and the days
        ``met`` and ``mended``, "" if it isn't); ``next`` (``lesson``, ``exercise``, ``says``);
        ``checked`` and ``unchanged`` (lessons that ran, and that needn't); ``notes`` (sentences
        about what is wrong), ``date``.

    Raises
    ------
    CourseError
        If there is no ``work/``.
    """
    root = root or paths.ROOT
    work = root / "work"
    if not work.is_dir():
        raise CourseError(
            _("There is no work/ yet: run `python3 start.py`, which copies the lessons.")
        )
    memory, notes = recall(work)
    lessons = {name: describe(name, root) for name in LESSONS}
    keys: dict[str, str] = {}
    for name, lesson in lessons.items():
        if lesson["state"] == "begun":
            try:
                keys[name] = fingerprint(name, root)
            except (CourseError, GraderError) as error:
                lesson.update(state="broken", note=str(error))
    known = [name for name in keys if memory.get(name, {}).get("key") == keys[name]]
    stale = [name for name in keys if name not in known]
    for place, name in enumerate(stale if run else [], start=1):
        try:
            result = check.check(
                str(notebook.path_of(name, work)),
                root=root,
                title=_("Checking {name} ({place} of {n} that changed)").format(
                    name=name, place=place, n=len(stale)
                ),
            )
        except (CourseError, GraderError) as error:
            lessons[name].update(state="broken", note=str(error))
            continue
        memory[name] = remember(memory.get(name, {}), result, keys[name])
        keep(work / FILE, written(memory), notes)
    for name, lesson in lessons.items():
        lesson["misconceptions"] = memory.get(name, {}).get("misconceptions", [])
        if lesson["state"] == "begun" and name in memory:
            _take_over(lesson, memory[name]["result"])
        if not run and name in stale:
            lesson["state"] = "changed"
    notes += [lesson["note"] for lesson in lessons.values() if lesson["state"] in _TO_MEND]
    if others := strangers(work):
        named = ", ".join(others[:3]) + (
            _(" and {n} more").format(n=len(others) - 3) if others[3:] else ""
        )
        notes.append(_("Left out, since no lesson has this name: {named}.").format(named=named))
    here = [lesson for lesson in lessons.values() if lesson["state"] != "not in this copy"]
    return {
        "ok": bool(here) and all(lesson["state"] == "done" for lesson in here),
        "students": {"me": _together(here)},
        "lessons": lessons,
        "next": next_step(lessons),
        "checked": [name for name in stale if run and lessons[name]["state"] != "broken"],
        "unchanged": known,
        "notes": notes,
        "date": datetime.datetime.now().isoformat(sep=" ", timespec="minutes"),
    }


def check_one(name: str, *, root: Path | None = None) -> dict[str, Any]:
    """Check one notebook as `check.check` does; remember what was found if it lies in ``work/``."""
    root = root or paths.ROOT
    path = check.locate(name, root)
    mine = path.stem in LESSONS and path.resolve() == _mine(path.stem, root).resolve()
    key = fingerprint(path.stem, root) if mine else ""  # before it runs: it may be saved meanwhile
    result = check.check(name, root=root)
    if mine:
        memory, notes = recall(root / "work")
        memory[path.stem] = remember(memory.get(path.stem, {}), result, key)
        keep(root / "work" / FILE, written(memory), notes)
        result["notes"] = notes
    return result


def describe(name: str, root: Path) -> dict[str, Any]:
    """Return what a lesson says of itself, and in which state the learner's copy is.

    Returns
    -------
    dict
        ``title``, ``promise``, ``time``, ``uses`` (the lesson's own words), ``file`` (in
        ``work/``), ``max`` points, ``score`` and ``visible`` of a copy without an answer,
        ``exercises``: rows with ``exercise``, ``number``, ``points``, ``minutes``, ``stretch``,
        ``state`` ("open", "wrong", "done") and ``message``; ``note``, ``state``: "not in this
        copy" (of the course), "missing" (in ``work/``), "broken", "not opened", "no answer yet"
        or "begun", which may yet turn out to be "done".
    """
    words = name.partition("_")[2].replace("_", " ")
    lesson: dict[str, Any] = {
        "title": words.capitalize(),
        "promise": "",
        "time": "",
        "uses": "",
        "file": f"{name}/{name}.ipynb",
        "max": 0.0,
        "score": None,
        "visible": None,
        "exercises": [],
        "note": "",
        "state": "not in this copy",
    }
    release, source = (built.notebook(name, place, root) for place in ("release", "source"))
    if not (release.exists() or source.exists()):
        return lesson
    try:
        text = notebook.cells(notebook.read(release if release.exists() else source))
        truth = notebook.cells(notebook.read(source if source.exists() else release))
    except GraderError as error:
        return lesson | {"state": "broken", "note": str(error)}
    lesson |= _header(text)
    lesson["exercises"] = _exercises(text, truth)
    lesson["max"] = sum(cell.points for cell in truth if cell.kind == "grade")
    if source.exists():
        lesson["score"] = 0.0
    else:
        lesson["visible"] = [0, sum(cell.kind == "grade" for cell in truth)]
    mine = _mine(name, root)
    if not mine.exists():
        note = _("work/{file} isn't there: `python3 start.py` copies it anew.").format(
            file=lesson["file"]
        )
        return lesson | {"state": "missing", "note": note}
    try:
        answers = notebook.cells(check.mine(mine))
    except CourseError as error:
        return lesson | {"state": "broken", "note": str(error)}
    if release.exists() and [c.source for c in answers] == [c.source for c in text]:
        untouched = mine.read_bytes() == release.read_bytes()
        return lesson | {"state": "not opened" if untouched else "no answer yet"}
    return lesson | {"state": "begun"}


def next_step(lessons: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Return the first exercise that isn't done, in one sentence; the core of all comes first."""
    if changed := [name for name, lesson in lessons.items() if lesson["state"] == "changed"]:
        text = _("{lesson} has changed since it was checked: run `{command}`.")
        says = text.format(lesson=changed[0], command=COMMAND)
        return {"lesson": changed[0], "exercise": "", "says": says}
    open_to_all = ("not opened", "no answer yet", "begun", "done")
    rows = [
        (row["stretch"], name, lesson, row)
        for name, lesson in lessons.items()
        if lesson["state"] in open_to_all
        for row in lesson["exercises"]
        if row["state"] != "done"
    ]
    if not rows:
        left = [name for name, lesson in lessons.items() if lesson["state"] in _TO_MEND]
        says = _("All exercises that could be checked are done: there is nothing left to answer.")
        if left:
            says = _("All exercises that could be checked are done; now bring back {lessons}.")
            says = says.format(lessons=", ".join(left))
        return {"lesson": left[0] if left else "", "exercise": "", "says": says}
    stretch, name, lesson, row = min(rows, key=lambda r: r[0])  # the first of the least
    facts = [counting(row["points"], "point")]
    if row["minutes"]:
        facts.append(_("about {minutes}").format(minutes=counting(row["minutes"], "minute")))
    facts += [_("stretch")] if stretch else []
    text = _("Answer {which}, {exercise}, of lesson {number}, {title} ({facts}), in work/{file}.")
    if row["state"] == "wrong":
        text = _("Mend {which}, {exercise}, of lesson {number}, {title} ({facts}), in work/{file}.")
    number = _("exercise {number}").format(number=row["number"])
    says = text.format(
        which=number if row["number"] else _("the exercise"),
        exercise=row["exercise"],
        number=name[:2],
        title=lesson["title"],
        facts=", ".join(facts),
        file=lesson["file"],
    )
    if row["state"] == "wrong":
        message = without_answer(row["message"]).rstrip(".")
        says += " " + _("Its check says: {message}.").format(message=message)
    elif lesson["uses"]:
        says += " " + _("You use {uses}.").format(uses=lesson["uses"].rstrip("."))
    return {"lesson": name, "exercise": row["exercise"], "says": says}


def strangers(work: Path) -> list[str]:
    """Return the notebooks in ``work/`` that are no lesson's, and no older one's (`update`)."""
    ours = {notebook.path_of(name, work) for name in LESSONS}
    found = (path for path in sorted(work.rglob("*.ipynb")) if path not in ours)
    inside = (path.relative_to(work) for path in found)
    own = [p for p in inside if not any(one.startswith(".") for one in p.parts)]
    return [path.as_posix() for path in own if path.parts[0] != OLDER]


def _mine(name: str, root: Path) -> Path:
    return notebook.path_of(name, root / "work")


def _header(cells: list[notebook.Cell]) -> dict[str, str]:
    """Return title, promise, time and prerequisites, as the lesson's first cells give them."""
    found: dict[str, str] = {}
    for cell in [cell for cell in cells if cell.kind == "text"][:5]:
        if "title" not in found and (match := TITLE.match(cell.source)):
            found |= {key: value or "" for key, value in match.groupdict().items()}
        for match in ABOUT.finditer(cell.source):
            key = KEYS[match["key"]]
            found.setdefault(key, re.sub(r"[*`]", "", match["value"]).strip())
    return found


def _exercises(text: list[notebook.Cell], truth: list[notebook.Cell]) -> list[dict[str, Any]]:
    """Return the exercises in order, each with its points and what its header says."""
    headers = {m["name"]: m for cell in text for m in HEADER.finditer(cell.source)}
    points: dict[str, float] = {}
    for cell in truth:
        if cell.kind == "grade":
            points[cell.exercise] = points.get(cell.exercise, 0.0) + cell.points
    return [
        {
            "exercise": name,
            "number": int(headers[name]["number"]) if name in headers else 0,
            "points": most,
            "minutes": int(headers[name]["minutes"]) if name in headers else 0,
            "stretch": name in headers and bool(STRETCH.search(headers[name]["rest"])),
            "state": "open",
            "message": check.NOT_YET,
        }
        for name, most in points.items()
    ]


def _take_over(lesson: dict[str, Any], result: dict[str, Any]) -> None:
    """Put what a check has found into the lesson."""
    me = result["students"]["me"]
    lesson["score"], lesson["visible"] = me["score"], me.get("visible")
    found = {row["exercise"]: row for row in result["exercises"]}
    for row in lesson["exercises"]:
        if own := found.get(row["exercise"]):
            row["message"] = own["message"]
            row["state"] = "wrong" if own["message"] else "done"
            if own["message"] == check.NOT_YET:
                row["state"] = "open"
    if result["ok"]:
        lesson["state"] = "done"
    elif all(row["state"] == "open" for row in lesson["exercises"]):
        lesson["state"] = "no answer yet"  # an older release, or only text and demos were touched


def _together(lessons: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the scorecard over all lessons; without hidden checks there is no score."""
    scores = [lesson["score"] for lesson in lessons if lesson["max"]]
    full = None not in scores
    visible = [lesson["visible"] for lesson in lessons if lesson["visible"]]
    me: dict[str, Any] = {
        "score": sum(scores) if full else None,
        "max": sum(lesson["max"] for lesson in lessons),
        "status": "checked" if full else "visible checks only",
        "reason": "" if full else check.HIDDEN_LATER,
        "flags": [],
    }
    return me if full else me | {"visible": [sum(pair[i] for pair in visible) for i in (0, 1)]}


# --- the memory -----------------------------------------------------------------------------------


def fingerprint(name: str, root: Path) -> str:
    """Return a hash of all that decides what a check of the learner's notebook finds.

    Raises
    ------
    CourseError
        If the notebook is damaged.
    """
    mine = _mine(name, root)
    cells = [cell for cell in notebook.cells(check.mine(mine)) if cell.kind != "text"]
    code = [(cell.kind, cell.name, cell.source) for cell in cells]
    digest = hashlib.sha256(json.dumps(code).encode())
    source, release = (built.notebook(name, place, root) for place in ("source", "release"))
    files = [source if source.exists() else release, root / "nbgrader_config.py"]
    files += sorted(mine.parent.glob("*.py"))
    files += sorted(claims.place(root).glob(f"{name}.*"))
    files += sorted(Path(__file__).parent.parent.rglob("*.py"))
    for file in files:
        if file.is_file():
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def recall(work: Path) -> tuple[dict[str, Any], list[str]]:
    """Return what is remembered of each lesson, and sentences about what can't be read.

    A file that isn't JSON is kept next to the new one; an entry that was edited is forgotten.
    """
    file = work / FILE
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))["lessons"]
        items = list(entries.items())
    except FileNotFoundError:
        return {}, []
    except OSError as error:
        return {}, [
            _("work/{file} can't be read ({reason}): all lessons are checked anew.").format(
                file=FILE, reason=error.strerror
            )
        ]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        said = _("work/{file} is damaged: all lessons are checked anew").format(file=FILE)
        try:
            file.replace(work / DAMAGED)
        except OSError:
            return {}, [f"{said}."]
        return {}, [
            _("{said}, and the old file is kept as work/{copy}.").format(said=said, copy=DAMAGED)
        ]
    memory = {name: entry for name, entry in items if _sealed(name, entry)}
    edited = [str(name) for name, _x in items if name not in memory]
    if not edited:
        return memory, []
    return memory, [
        _("work/{file} was edited: {lessons} is checked anew.").format(
            file=FILE, lessons=", ".join(edited)
        )
    ]


def remember(
    entry: dict[str, Any], result: dict[str, Any], key: str, today: str = ""
) -> dict[str, Any]:
    """Return a lesson's new entry: the result, and all misconceptions met so far.

    Parameters
    ----------
    entry : dict
        The old entry; empty if there is none.
    result : dict
        What `check.check` has found.
    key : str
        The notebook's `fingerprint`. What may end otherwise the next time isn't taken as settled.
    today : str, optional
        A date, such as "2025-11-26".
    """
    today = today or datetime.date.today().isoformat()
    me = result["students"]["me"]
    met = {(m["exercise"], m["says"]): dict(m) for m in entry.get("misconceptions", [])}
    now = {(m["exercise"], m["says"]): m for m in result["misconceptions"]}
    for same, row in now.items():
        met[same] = {**row, "met": met.get(same, {}).get("met", today), "mended": ""}
    for same, row in met.items():
        if same not in now and not row["mended"] and me["cells"].get(row["check"]):
            row["mended"] = today
    return {
        "key": "" if me["flags"] else key,
        "result": result,
        "misconceptions": [row for row in met.values() if row["check"] in me["cells"]],
    }


def written(memory: dict[str, Any]) -> str:
    """Return the text of the file that keeps `memory`."""
    entries = {name: memory[name] | {"seal": _seal(name, memory[name])} for name in sorted(memory)}
    about = f"Written by `{COMMAND}`. If you delete this file, it begins anew."
    return json.dumps({"about": about, "lessons": entries}, indent=1, ensure_ascii=False) + "\n"


def keep(file: Path, text: str, notes: list[str]) -> bool:
    """Write a file in one step and say whether it worked; where it doesn't, note one sentence."""
    try:
        paths.write(file, text)
    except OSError as error:
        said = _("work/{name} can't be written ({why}), so it stays as it was.").format(
            name=file.name, why=error.strerror
        )
        notes += [said] if said not in notes else []
        return False
    return True


def _seal(name: str, entry: dict[str, Any]) -> str:
    content = {key: entry.get(key) for key in ("key", "result", "misconceptions")}
    text = json.dumps([FORMAT, name, content], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _sealed(name: str, entry: Any) -> bool:
    return isinstance(entry, dict) and entry.get("seal") == _seal(name, entry)


# --- what people see ------------------------------------------------------------------------------


def status(lesson: dict[str, Any]) -> str:
    """Return a lesson's points, or its visible checks, or why it has none, in a few words."""
    words = {"broken": _("can't be read"), "missing": _("notebook missing")}
    if lesson["state"] in ("not in this copy", *words):
        return words.get(lesson["state"], state(lesson))
    if lesson["score"] is not None:
        return check.progress_of(lesson["score"], lesson["max"])
    got, most = lesson["visible"]
    return _("{got} of {most} checks").format(got=got, most=most)


def state(lesson: dict[str, Any]) -> str:
    """Return the state of a lesson in the learner's language."""
    words = {
        "not in this copy": _("not in this copy"),
        "not opened": _("not opened"),
        "no answer yet": _("no answer yet"),
        "begun": _("begun"),
        "changed": _("changed"),
        "done": _("done"),
    }
    return words.get(lesson["state"], lesson["state"])


def left(lesson: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the exercises of a lesson that aren't done."""
    return [row for row in lesson["exercises"] if row["state"] != "done"]


def show(result: dict[str, Any]) -> None:
    """Print the survey for people: a table, the misconceptions that are still there, what next."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    me = result["students"]["me"]
    full = me["score"] is not None
    table = Table(title=_("The ten lessons"), title_justify="left")
    table.add_column(_("lesson"))
    table.add_column(_("points") if full else _("visible checks"), justify="right")
    table.add_column(_("open"), justify="right")
    table.add_column(_("misconceptions"))
    for name, lesson in result["lessons"].items():
        rows = lesson["exercises"]
        table.add_row(
            Text(f"{name[:2]} {lesson['title']}"),
            status(lesson),
            check.progress_of(len(left(lesson)), len(rows)) if rows else "",
            counted(lesson["misconceptions"]),
        )
    console = Console()
    console.print(table)
    console.print(f"{in_all(me)} {_(me['reason']) if me['reason'] else ''}".strip())
    if words := how_checked(result):
        console.print(words)
    wrong = list(_still_there(result["lessons"]))
    if wrong:
        console.print("\n" + _("Misconceptions met, and not mended yet:"))
    for name, row in wrong[:SHOWN]:
        console.print(Text(f"  {name[:2]} {row['exercise']}: {row['says']}"))
    if wrong[SHOWN:]:
        text = _("… and {count} more, all in the map.")
        console.print("  " + text.format(count=len(wrong) - SHOWN))
    if result["notes"]:
        console.print()
    for note in result["notes"]:
        console.print(Text(note))
    console.print()
    console.print(Text(_("Next: {says}").format(says=result["next"]["says"])))
    if result.get("map"):
        console.print(Text(_("The map: {file}").format(file=result["map"])))


def in_all(me: dict[str, Any]) -> str:
    """Return the points, or visible checks, of all lessons together."""
    text = _("{got} of {most} visible checks in all.")
    got, most = me.get("visible") or (me["score"], me["max"])
    if me["score"] is not None:
        got, most, text = me["score"], me["max"], _("{got} of {most} points in all.")
    return text.format(got=f"{got:g}", most=f"{most:g}")


def counting(number: float, word: str) -> str:
    """Return a number of things: "1 point", "2 points"."""
    if language.current() == "en":
        return f"{number:g} {word}{'' if number == 1 else 's'}"
    patterns = {
        "point": _("{number} points"),
        "minute": _("{number} minutes"),
        "notebook": _("{number} notebooks"),
    }
    return patterns[word].format(number=f"{number:g}")


def counted(misconceptions: list[dict[str, Any]]) -> str:
    """Return how many misconceptions are there and how many were mended, in words."""
    mended = sum(bool(row["mended"]) for row in misconceptions)
    parts = [(len(misconceptions) - mended, _("{number} to mend")), (mended, _("{number} mended"))]
    return ", ".join(text.format(number=number) for number, text in parts if number)


def how_checked(result: dict[str, Any]) -> str:
    """Return which notebooks ran and which didn't need to, in one sentence."""
    ran, rest = len(result["checked"]), len(result["unchanged"])
    parts = [
        _("{notebooks} checked just now").format(notebooks=counting(ran, "notebook"))
        if ran
        else "",
        _("{number} unchanged since the last check").format(number=rest) if rest else "",
    ]
    said = ", ".join(filter(None, parts))
    return said and said[0].upper() + said[1:] + "."


def _still_there(lessons: dict[str, dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, lesson in lessons.items():
        yield from ((name, row) for row in lesson["misconceptions"] if not row["mended"])
