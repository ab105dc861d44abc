"""Markdown, cut into messages: a paragraph, heading, list item, table or folded part's label each.

What stays: fenced code, displayed formulas, tags, the marks before headings, items and quotations,
and text without words. The heading of an exercise is the library's (`EXERCISE`), so that new points
or numbers make no translation old. Left out on purpose: Markdown that no text of ours has, such as
nested quotations or tables without a bar at the left.
"""

import re

from course.translate.message import Message, Piece

FENCE = re.compile(r"\s*(```|~~~)")
FOLD = re.compile(
    r"(?P<before>(?:</details>)?\s*<details>\s*<summary>)(?P<label>.*)(?P<after></summary>)"
)
TAGS = re.compile(r"\s*(?:<[^<>]*>\s*)+")
PREFIX = re.compile(r"(?P<quote>(?:> ?)?)(?P<mark>#{1,6} +|\s*(?:[-*+]|\d+[.)]) +|)")
EXERCISE = re.compile(
    r"Exercise (?P<number>\d+) · (?P<name>`\w+`) · (?P<points>[\d.]+) points?"
    r" · (?P<minutes>\d+) minutes? · (?P<hard>[●○]+)(?P<stretch> · \*stretch\*)?"
)
# What is left of a text without words: formulas, code, links' targets, tags.
NO_WORDS = re.compile(r"\$\$.*?\$\$|\$[^$]*\$|`+[^`]*`+|\]\([^)]*\)|<[^<>]*>", re.DOTALL)
HARD = re.compile(r"(?: {2,}|\\)$")  # a line that ends so isn't joined with the next


def cut(text: str) -> list[Piece]:
    """Return the pieces of a Markdown text."""
    pieces: list[Piece] = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        if at:
            pieces.append("\n")
        at = _block(lines, at, pieces)
    return pieces


def _block(lines: list[str], at: int, pieces: list[Piece]) -> int:
    """Append the pieces of the block that begins in line `at`; return the line after it."""
    line = lines[at]
    if fence := FENCE.match(line):
        end = at + 1
        while end < len(lines) and not lines[end].lstrip().startswith(fence[1]):
            end += 1
        pieces.append("\n".join(lines[at : end + 1]))
        return min(end + 1, len(lines))
    if line.lstrip().startswith("$$"):
        end = at
        while "\n".join(lines[at : end + 1]).count("$$") % 2 and end + 1 < len(lines):
            end += 1
        pieces.append("\n".join(lines[at : end + 1]))
        return end + 1
    if fold := FOLD.fullmatch(line):
        pieces += [fold["before"], *_words(fold["label"], fold["label"], "label"), fold["after"]]
        return at + 1
    if not line.strip(" >") or TAGS.fullmatch(line) or line.startswith("    "):
        pieces.append(line)
        return at + 1
    if line.startswith("|"):
        end = at
        while end < len(lines) and lines[end].startswith("|"):
            end += 1
        table = "\n".join(lines[at:end])
        pieces += _words(table, table, "table")
        return end
    prefix = PREFIX.match(line)
    assert prefix is not None  # it matches anything
    end = at + 1
    if "#" not in prefix["mark"]:
        while end < len(lines) and _goes_on(lines[end], prefix["quote"]):
            end += 1
    raw = "\n".join(lines[at:end])[prefix.end() :]
    pieces.append(prefix[0])
    if "#" in prefix["mark"]:
        pieces += _heading(raw)
    else:
        pieces += _words(
            _in_one(raw, prefix["quote"]), raw, "item" if prefix["mark"] else "paragraph"
        )
    return end


def _goes_on(line: str, quote: str) -> bool:
    """Tell whether a line belongs to the paragraph or item before it."""
    if quote and not line.startswith(">"):
        return False
    inner = line.removeprefix(quote)
    begins = PREFIX.match(inner)
    return bool(
        inner.strip(" >")
        and not (begins and begins[0])
        and not inner.lstrip().startswith(("|", "<details", "</details", "$$"))
        and not FENCE.match(inner)
    )


def _in_one(raw: str, quote: str) -> str:
    """Join lines that an author has wrapped."""
    text = ""
    for line in raw.split("\n"):
        line = line.removeprefix(quote) if text else line
        text += ("\n" if HARD.search(text) else " ") + line.strip() if text else line
    return text


def _heading(raw: str) -> list[Piece]:
    found = EXERCISE.fullmatch(raw.strip())
    if not found:
        return _words(raw, raw, "heading")
    fields = found.groupdict()
    pattern = "Exercise {number} · {name} · {points} points · {minutes} minutes · {hard}"
    if fields["stretch"]:
        pattern += " · *stretch*"
    return [Message(pattern, raw, "exercise", lambda said: said.format(**fields))]


def _words(text: str, raw: str, kind: str) -> list[Piece]:
    """Return a message, or the raw text if it has no words."""
    if not re.search(r"[^\W\d_]{2}", NO_WORDS.sub(" ", text)):
        return [raw]
    return [Message(text, raw, kind)]
