"""What a text is cut into: pieces that stay, and messages that a translator gets.

The pieces of a text, joined, are the text again. So whatever isn't a message (code, numbers of
headings, links' targets in tags, empty lines) is the same in every language by construction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


def _same(text: str) -> str:
    return text


@dataclass(frozen=True)
class Message:
    """A part of a text that is translated.

    Attributes
    ----------
    text : str
        What a translator reads: a paragraph in one line.
    raw : str
        What the file has in its place; stays where there is no translation.
    kind : str
        What it is, for the translator: ``paragraph``, ``heading``, ``item``, ``table``, ``label``,
        ``string``, ``fields`` (a string with ``{fields}``), ``comment``, ``docstring``.
    put : callable
        Makes of a translation what the file has in its place.
    """

    text: str
    raw: str
    kind: str
    put: Callable[[str], str] = _same


Piece = str | Message


def joined(pieces: Sequence[Piece], translate: Callable[[Message], str | None]) -> str:
    """Return the text of pieces; a message for which `translate` has nothing stays as it is."""
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
        else:
            found = translate(piece)
            text += piece.raw if found is None else piece.put(found)
    return text


def messages(pieces: Sequence[Piece]) -> list[Message]:
    """Return the messages among pieces."""
    return [piece for piece in pieces if isinstance(piece, Message)]
