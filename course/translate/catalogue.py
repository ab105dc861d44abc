"""Catalogues of translations (gettext's ``.po``): read, and brought in step with the English.

`in_step` keeps every translation whose English is the same. Where the English has changed, the old
translation stays in the file as *stale* (gettext's ``fuzzy``, with the English that it was made
for); readers see English there until a translator has looked at it. Nothing is thrown away: what
has no English any more goes to the file's end.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polib

from course import language, paths
from course.translate.lesson import Find

COMPLETE = "X-Complete"  # a header: "yes" if a test holds the catalogue to be complete
LIKE = 0.5  # how alike two English texts are if one is the other's new version, from 0 to 1
NO_WRAP = 1_000_000
Said = dict[tuple[str, str], str]  # context and English → translation


@dataclass(frozen=True)
class Entry:
    """What a catalogue should have: a message, where it is, and what it is."""

    context: str
    text: str
    kind: str = ""


def read(path: Path) -> polib.POFile:
    """Return a catalogue; an empty one if there is no file."""
    if path.exists():
        return polib.pofile(path.read_text(encoding="utf-8"), wrapwidth=NO_WRAP)
    made = polib.POFile(wrapwidth=NO_WRAP)
    made.metadata = {
        "Language": path.parent.parent.name,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        COMPLETE: "no",
    }
    return made


def write(file: polib.POFile, path: Path) -> bool:
    """Write a catalogue if that changes it; tell whether it did."""
    text = f"{file}".rstrip("\n") + "\n"
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    paths.write(path, text)
    return True


def is_complete(file: polib.POFile) -> bool:
    """Tell whether the catalogue is said to be complete."""
    return file.metadata.get(COMPLETE, "no").strip().lower() == "yes"


def in_step(old: polib.POFile, wanted: Sequence[Entry]) -> polib.POFile:
    """Return a catalogue of the messages `wanted`, with all that can be kept of the old one."""
    entries = list(dict.fromkeys((one.context, one.text) for one in wanted if one.text.strip()))
    kinds = {(one.context, one.text): one.kind for one in reversed(wanted)}
    before = {(one.msgctxt or "", one.msgid): one for one in old if one.msgstr or not one.obsolete}
    left = {key: one for key, one in before.items() if key not in kinds and one.msgstr}
    said = {one.msgid: one.msgstr for one in before.values() if one.msgstr and not one.fuzzy}
    new = polib.POFile(wrapwidth=NO_WRAP)
    new.metadata, new.header = old.metadata, old.header
    for context, text in entries:
        entry = polib.POEntry(msgctxt=context or None, msgid=text, comment=kinds[context, text])
        known = before.get((context, text))
        if known and known.msgstr:
            entry.msgstr, entry.flags = known.msgstr, known.flags
            entry.previous_msgid, entry.tcomment = known.previous_msgid, known.tcomment
        elif text in said:  # the same words elsewhere, or in a cell with a new name
            entry.msgstr = said[text]
        elif nearest := _nearest(context, text, left):
            earlier = left.pop(nearest)
            entry.msgstr, entry.flags = earlier.msgstr, ["fuzzy"]
            entry.previous_msgid, entry.tcomment = earlier.msgid, earlier.tcomment
        new.append(entry)
    for one in left.values():
        one.obsolete = True
        new.append(one)
    return new


def _nearest(
    context: str, text: str, left: dict[tuple[str, str], polib.POEntry]
) -> tuple[str, str] | None:
    """Return which of the translations without English was most likely made for this text."""
    like = {
        key: difflib.SequenceMatcher(None, key[1], text, autojunk=False).ratio()
        for key in left
        if key[0] == context
    }
    best = max(like, key=lambda key: like[key], default=None)
    return best if best is not None and like[best] >= LIKE else None


def missing(file: polib.POFile) -> list[polib.POEntry]:
    """Return the messages without a translation."""
    return [one for one in file if not one.obsolete and not one.msgstr]


def stale(file: polib.POFile) -> list[polib.POEntry]:
    """Return the messages whose translation was made for other English."""
    return [one for one in file if not one.obsolete and one.msgstr and one.fuzzy]


def finished(file: polib.POFile) -> Said:
    """Return the translations that readers see."""
    return {
        (one.msgctxt or "", one.msgid): one.msgstr
        for one in file
        if one.msgstr and not one.fuzzy and not one.obsolete
    }


def finder(own: Said, library: Said) -> Find:
    """Return what finds a lesson's translations: in its own catalogue, else in the library's."""
    return lambda context, text: own.get((context, text)) or library.get(("", text))


def finder_for(name: str, code: str) -> Find:
    """Return what finds the translations of a lesson in a language, as readers get them."""
    return finder(language.catalogue(name, code), language.catalogue(language.LIBRARY, code))
