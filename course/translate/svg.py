"""A lesson's picture (SVG), cut into messages: what its ``<text>`` elements and titles say.

What stays is everything else, the places of the words too: so a translation should be no longer
than the English. Fonts are no matter: for a letter that the picture's font hasn't got, a browser
takes one of the system's that has it.
"""

import html
import re

from course.translate.message import Message, Piece

TEXT = re.compile(
    r"(?<=>)(?P<words>[^<>]*[^\W\d_]{2}[^<>]*)(?=</(?:text|tspan|title|desc)>|<tspan)"
)


def cut(text: str) -> list[Piece]:
    """Return the pieces of a picture."""
    pieces: list[Piece] = []
    at = 0
    for found in TEXT.finditer(text):
        raw = found["words"]
        shown = " ".join(html.unescape(raw).split())
        pieces += [text[at : found.start()], Message(shown, raw, "label", _escaped)]
        at = found.end()
    return [*pieces, text[at:]]


def _escaped(said: str) -> str:
    return html.escape(said, quote=False)
