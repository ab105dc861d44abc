"""Bring a newer version of a lesson into a notebook that a learner has begun.

Three notebooks meet: *mine*, the learner's; *new*, the lesson as it is now; and *base*, the version
that the learner began with, if it is known. Cells are matched by nbgrader's name, else by id, else
by what they hold. What is the lesson's follows the lesson. What is the learner's (answers, cells of
their own, changes in demos and text) stays, and where both have changed, both are there, with a
note that says so.

Left out on purpose: merging lines within a cell.
"""

import ast
import copy
import json
from dataclasses import dataclass, field
from typing import Any

from course.grader import notebook
from course.grader.notebook import Cell, Notebook, bare, text_of
from course.language import _

Raw = dict[str, Any]
MARK = "course_update"  # in a note's metadata: which cell it is about
OUR_OWN = ("nbgrader", "deletable", "editable")  # metadata of a lesson's cell


@dataclass
class Merged:
    """The notebook as it should be now.

    Attributes
    ----------
    notebook : dict
    changed : bool
        Whether it differs from the learner's.
    counts : dict
        How many ``texts``, ``checks``, ``demos`` and ``exercises`` came or changed, and how many
        ``answers`` and ``own`` cells stayed.
    conflicts : list of dict
        What a person has to look at: ``cell`` and ``says``.
    """

    notebook: Notebook
    changed: bool = False
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("texts", "checks", "demos", "exercises", "answers", "own"), 0
        )
    )
    conflicts: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Part:
    """A cell of a notebook, as the file has it and as it is understood."""

    raw: Raw
    cell: Cell

    @property
    def text(self) -> str:
        """What it holds, without what an editor changes on its own."""
        return bare(self.cell.source)

    @property
    def answered(self) -> bool:
        """Whether it is a learner's to fill in."""
        return self.cell.kind in ("solution", "manual") and not self.cell.task


def parts(version: Notebook) -> dict[str, Part]:
    """Return the cells of a lesson by their key: nbgrader's name, or ``#`` and the id."""
    raws = [raw for raw in version["cells"] if isinstance(raw, dict)]
    found = {}
    for raw, cell in zip(raws, notebook.cells({"cells": raws}), strict=True):
        found[cell.name or f"#{raw.get('id')}"] = Part(raw, cell)
    return found


def likeness(mine: Notebook, version: Notebook) -> int:
    """Return how well a version of the lesson fits what is in the learner's notebook as it was.

    The version that they began with fits best: of the cells it counts those that are there less
    those that aren't.
    """
    have = {bare(text_of(raw)) for raw in mine["cells"]}
    return sum(1 if part.text in have else -1 for part in parts(version).values())


def signature(source: str, name: str) -> str | None:
    """Return the arguments of the function `name`, the last one if there are more, or None."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name]
    return ast.unparse(functions[-1].args) if functions else None


def unanswered(source: str, name: str) -> bool:
    """Tell whether a cell holds nothing but the function `name` without a body or a comment."""
    if "#" in source:
        return False
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    if len(body) != 1 or not isinstance(body[0], ast.FunctionDef) or body[0].name != name:
        return False
    inside = body[0].body[ast.get_docstring(body[0]) is not None :]
    return [ast.unparse(line) for line in inside] == [notebook.STUB]


def merge(mine: Notebook, new: Notebook, base: Notebook | None = None) -> Merged:
    """Return the learner's notebook with the lesson's newer text and checks.

    Parameters
    ----------
    mine : dict
        The learner's notebook; it isn't changed.
    new : dict
        The lesson as it is released now.
    base : dict, optional
        The version that the learner began with. Without it nobody knows which demos and texts were
        changed by the learner: an older demo stays below the new one, and a text that the lesson
        no longer has stays, too.

    Returns
    -------
    Merged
    """
    return _Merge(mine, new, base).run()


class _Merge:
    """One merge, step by step."""

    def __init__(self, mine: Notebook, new: Notebook, base: Notebook | None) -> None:
        self.before = mine
        self.mine = [raw for raw in copy.deepcopy(mine)["cells"] if isinstance(raw, dict)]
        self.new = parts(copy.deepcopy(new))
        self.knows_base = base is not None
        self.base = parts(base) if base else {}
        for raw in self.mine:
            if not isinstance(raw.get("id", ""), str):
                del raw["id"]
            if not isinstance(raw.get("metadata"), dict):
                raw["metadata"] = {}
        minors = [version.get("nbformat_minor") for version in (mine, new)]
        minor = max((one for one in minors if isinstance(one, int)), default=5)
        top = {key: value for key, value in mine.items() if key != "cells"}
        self.merged = Merged({"cells": [], **top, "nbformat": 4, "nbformat_minor": minor})
        every = [*self.mine, *(part.raw for part in (*self.base.values(), *self.new.values()))]
        self.taken = {raw.get("id") for raw in every}
        self.lessons: set[int] = set()  # which cells of the result are the lesson's
        self.noted: set[str] = set()

    def run(self) -> Merged:
        """Go through the lesson's cells in their order, each followed by what is the learner's."""
        keys = self.keys()
        here = {key: raw for raw, key in zip(self.mine, keys, strict=True) if key}
        loose: dict[str, list[Raw]] = {}
        anchor = ""
        for raw, key in zip(self.mine, keys, strict=True):
            if key in self.new:
                anchor = key
            else:
                loose.setdefault(anchor, []).extend(self.left_over(raw, key))
        result = loose.get("", [])
        for key, part in self.new.items():
            result += self.put(key, part, here.get(key)) + loose.get(key, [])
        ours = {id(raw) for raw in self.mine}
        once = [raw for raw in result if id(raw) not in ours or _mark(raw) not in self.noted]
        self.name_all(once)
        self.merged.notebook["cells"] = once
        self.merged.changed = _plain(self.merged.notebook) != _plain(self.before)
        return self.merged

    def keys(self) -> list[str]:
        """Return the key of each cell of mine; "" is the learner's own."""
        by_place: dict[int, str] = {}
        plain = notebook.cells({"cells": self.mine})
        called = {id(raw): cell.name for raw, cell in zip(self.mine, plain, strict=True)}
        for version in (self.base, self.new):
            known = [part.cell for part in version.values()]
            restored = notebook.restore({"cells": self.mine}, known)
            for cell, raw in zip(restored.cells, restored.origins, strict=True):
                if cell.name and called.get(id(raw)) in ("", cell.name):
                    by_place.setdefault(id(raw), cell.name)
        names = {*self.base, *self.new}
        for raw, cell in zip(self.mine, plain, strict=True):
            if cell.name and cell.name not in names:
                by_place.setdefault(id(raw), cell.name)
        used = set(by_place.values())
        rest = [
            r for r, c in zip(self.mine, plain, strict=True) if id(r) not in by_place and not c.name
        ]
        unnamed = {key: part for key, part in {**self.base, **self.new}.items() if key[0] == "#"}
        for raw in rest:  # all by their id first
            key = f"#{raw.get('id')}"
            if key in unnamed and key not in used:
                by_place[id(raw)] = key
                used.add(key)
        for version in (self.base, self.new):  # an editor may have dropped the ids
            by_text = {part.text: key for key, part in version.items() if key in unnamed}
            for raw in rest:
                key = by_text.get(bare(text_of(raw)), "")
                if key and key not in used and id(raw) not in by_place:
                    by_place[id(raw)] = key
                    used.add(key)
        return [by_place.get(id(raw), "") for raw in self.mine]

    # --- what the lesson no longer has, or never had ---

    def left_over(self, raw: Raw, key: str) -> list[Raw]:
        """Return what stays of a cell that isn't in the lesson."""
        if not key:
            self.merged.counts["own"] += not _mark(raw)
            return [raw]
        old = self.base.get(key)
        part = old or Part(raw, notebook.cells({"cells": [raw]})[0])
        if old and bare(text_of(raw)) == old.text:
            return []
        if part.answered:
            if not old and unanswered(text_of(raw), key):
                return []
            says = _(
                "The exercise `{key}` is no longer in this lesson. Your answer stays here."
            ).format(key=key)
        elif part.cell.name:
            return []  # a check, or what was locked
        else:
            says = _("The lesson no longer has this cell. You had changed it, so it stays here.")
        self.conflict(key, says)
        return [
            self.note(
                _("{says} Delete both cells when you need them no longer.").format(says=says)
            ),
            self.own(raw),
        ]

    # --- what the lesson has ---

    def put(self, key: str, part: Part, raw: Raw | None) -> list[Raw]:
        """Return what stands where the lesson has this cell."""
        old = self.base.get(key)
        if raw is None:
            if old and not part.cell.name and old.text == part.text:
                return []  # the learner deleted it, and it says nothing new
            return [self.theirs(part)]
        text = bare(text_of(raw))
        if text == part.text:
            return [self.same(raw, part)]
        if part.answered:
            return self.answer(key, part, raw, old)
        if part.cell.name:
            if old and text not in (old.text, bare(notebook.visible(old.cell.source))):
                self.conflict(key, _("You had changed this check. It is the lesson's own again."))
        elif old and old.text == part.text:
            return [self.same(raw, part)]  # only the learner has changed it
        elif (part.cell.kind == "code" and not old) or (old and text != old.text):
            says = _("The lesson has changed the cell above. Below is the one that you had.")
            self.conflict(key, _("The lesson has changed this cell, and yours stays below it."))
            note = self.note(_("{says} Delete what you need no longer.").format(says=says))
            return [self.theirs(part), note, self.own(raw)]
        return [self.theirs(part)]

    def answer(self, key: str, part: Part, raw: Raw, old: Part | None) -> list[Raw]:
        """Return an answer as it is, behind a note if the exercise begins in another way now."""
        same = bare(text_of(raw)) == old.text if old else unanswered(text_of(raw), key)
        if same:
            return [self.theirs(part)]
        self.merged.counts["answers"] += 1
        kept = self.same(raw, part)
        if old and old.text == part.text:
            return [kept]
        mine, now = signature(text_of(raw), key), signature(part.cell.source, key)
        before = signature(old.cell.source, key) if old else mine
        if before != now and mine != now and (old or mine):
            says = _("`{key}` takes other arguments now: ({now}).").format(key=key, now=now)
        elif old:
            says = _("The lesson now begins `{key}` with other lines.").format(key=key)
        else:
            return [kept]
        self.conflict(key, _("{says} Your answer is as you wrote it.").format(says=says))
        self.noted.add(key)
        note = self.note(
            _(
                "{says} This is how it begins. Your answer below is as you wrote it: "
                "take over what you need, then delete this "
                "cell.\n\n````python\n{source}\n````"
            ).format(says=says, source=part.cell.source),
            about=key,
        )
        return [note, kept]

    def same(self, raw: Raw, part: Part) -> Raw:
        """Return the learner's cell as the lesson's, with what nbgrader has to know of it."""
        metadata = raw["metadata"]
        theirs = part.raw.get("metadata", {})
        old = self.base.get(part.cell.name or f"#{part.raw.get('id')}")
        if old and metadata == old.raw.get("metadata"):  # such as whether the cell is folded
            metadata = theirs
        ours = {name: theirs[name] for name in OUR_OWN if name in theirs}
        kept = raw | {"metadata": metadata | ours}
        if "id" in part.raw:
            kept["id"] = part.raw["id"]
        self.lessons.add(id(kept))
        return kept

    def theirs(self, part: Part) -> Raw:
        """Return a cell as the lesson has it now."""
        kinds = {"text": "texts", "code": "demos", "solution": "exercises", "manual": "exercises"}
        self.merged.counts[kinds.get(part.cell.kind, "checks")] += 1
        self.lessons.add(id(part.raw))
        return part.raw

    # --- small things ---

    def conflict(self, key: str, says: str) -> None:
        self.merged.conflicts.append({"cell": key.removeprefix("#"), "says": says})

    def note(self, says: str, about: str = "") -> Raw:
        """Return a text cell that tells the learner something; `about` a cell there is one."""
        return {
            "cell_type": "markdown",
            "id": self.fresh("note"),
            "metadata": {MARK: about} if about else {},
            "source": _("> **Note of `course update`.** {says}").format(says=says),
        }

    def own(self, raw: Raw) -> Raw:
        """Return a cell that was the lesson's as one of the learner's own."""
        rest = {name: value for name, value in raw["metadata"].items() if name not in OUR_OWN}
        return raw | {"id": self.fresh(f"yours-{raw.get('id')}"), "metadata": rest}

    def fresh(self, wanted: str) -> str:
        """Return an id that no cell has."""
        wanted = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in wanted)
        name, number = wanted[:56], 1
        while name in self.taken:
            number += 1
            name = f"{wanted[:56]}-{number}"
        self.taken.add(name)
        return name

    def name_all(self, cells: list[Raw]) -> None:
        """Give an id to cells that have none, or another's: a notebook of today asks for it."""
        if self.merged.notebook["nbformat_minor"] < 5:
            return
        seen = {raw.get("id") for raw in cells if id(raw) in self.lessons}
        for raw in cells:
            identity = raw.get("id")
            if id(raw) in self.lessons:
                continue
            if not isinstance(identity, str) or not identity or identity in seen:
                raw["id"] = self.fresh("yours")
            seen.add(raw["id"])


def _mark(raw: Raw) -> str:
    """Return which cell a note of ours is about, or ""."""
    found = raw["metadata"].get(MARK)
    return found if isinstance(found, str) else ""


def _plain(version: Notebook) -> str:
    """Return a notebook as a text that two equal ones share, however their lines are stored."""
    cells = [raw | {"source": text_of(raw)} for raw in version["cells"] if isinstance(raw, dict)]
    return json.dumps(version | {"cells": cells}, sort_keys=True)
