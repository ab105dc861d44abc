"""Take the danger out of what a student's notebook shows, before anybody's browser shows it.

The formgrader puts outputs and text cells raw into a page of the instructor's origin: a script in
one of them could change grades. So an HTML output keeps a list of harmless tags, a picture in SVG
becomes an image (scripts in an image never run), and what isn't on the list is dropped. A text cell
is rendered as the formgrader does it; if the result holds anything but harmless tags, the cell is
shown as its source.
"""

import base64
import binascii
import functools
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bleach.css_sanitizer import CSSSanitizer

# Kept of one notebook's outputs, whatever the worker says that it kept.
MOST_BYTES = 1_000_000
CUT = "... Output truncated ..."

TAGS = frozenset(
    "a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure"
    " h1 h2 h3 h4 h5 h6 hr i img input ins kbd li mark ol p pre q s samp small span strong sub"
    " summary sup table tbody td tfoot th thead tr u ul var".split()
)
ATTRIBUTES = frozenset(
    "align alt border cellpadding cellspacing checked class colspan dir disabled height href id"
    " lang open rowspan scope src start style title type valign width".split()
)
PROTOCOLS = frozenset({"http", "https", "mailto", "data"})
# Of tables, of coloured code and of Markdown; not those by which the formgrader finds its fields.
CLASSES = re.compile(
    r"dataframe|highlight|anchor-link|language-\w+|task-list-[a-z-]+|[a-z]{1,2}\d?"
)
LINK = re.compile(r"https?://|mailto:|#|[\w./?-]*(?![\w./?:-]|&)|data:image/(png|jpeg|gif);", re.I)
IMAGE = ("image/png", "image/jpeg")
TEXT = ("text/plain", "text/latex")


@functools.lru_cache(maxsize=200)  # what a lesson's own cells show is the same for everybody
def html(text: str) -> str:
    """Return HTML without anything that acts: scripts, handlers, frames, forms, foreign styles."""
    import bleach

    # What is inside these isn't text for readers.
    text = re.sub(r"(?is)<(style|script)\b[^>]*>.*?</\1\s*>", "", text)
    return bleach.clean(text, TAGS, _allowed, protocols=PROTOCOLS, strip=True, css_sanitizer=_css())


def markdown(text: str, attachments: dict[str, dict[str, str]] | None = None) -> str:
    """Return a text cell's source as it is if it renders to harmless HTML, else quoted."""
    return text if _harmless(text, attachments or {}) else quoted(text)


def quoted(text: str) -> str:
    """Return Markdown that shows `text` letter by letter."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def attachments(given: Any) -> dict[str, dict[str, str]]:
    """Return the pictures among a text cell's attachments."""
    kept: dict[str, dict[str, str]] = {}
    for name, bundle in given.items() if isinstance(given, dict) else ():
        pictures = {
            kind: bundle[kind]
            for kind in (IMAGE if isinstance(bundle, dict) else ())
            if _is_base64(bundle.get(kind))
        }
        if pictures:
            kept[name] = pictures
    return kept


def outputs(given: list[Any], room: int = MOST_BYTES) -> tuple[list[dict[str, Any]], int]:
    """Return outputs of a cell that are valid and harmless.

    Parameters
    ----------
    given : list
        As nbformat stores them, or anything else.
    room : int
        Bytes that are left for this notebook. Errors are kept without any, but short.

    Returns
    -------
    kept : list of dict
    room : int
        What is left.
    """
    kept: list[dict[str, Any]] = []
    for output in given if isinstance(given, list) else ():
        clean = _output(output) if isinstance(output, dict) else None
        if clean is None:
            continue
        size = _size(clean)
        if size > room and clean["output_type"] == "error":
            clean["traceback"] = []
            clean["evalue"] = clean["evalue"][:1000]
        elif size > room:
            text = clean.get("text", "")[: max(0, room)] if room > 0 else ""
            note = "\n" if text else ""
            clean = {"output_type": "stream", "name": "stdout", "text": f"{text}{note}{CUT}"}
            if room <= 0:
                continue
        room -= size
        kept.append(clean)
    return kept, room


def _output(output: dict[str, Any]) -> dict[str, Any] | None:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": _text(output.get("text"))}
    if kind == "error":
        lines = output.get("traceback")
        return {
            "output_type": "error",
            "ename": _text(output.get("ename"))[:200] or "Error",
            "evalue": _text(output.get("evalue")),
            "traceback": [_text(line) for line in lines] if isinstance(lines, list) else [],
        }
    if kind in ("display_data", "execute_result"):
        data = _data(output.get("data"))
        clean = {"output_type": kind, "data": data, "metadata": {}}
        return (
            (clean | {"execution_count": None} if kind == "execute_result" else clean)
            if data
            else None
        )
    return None


def _data(given: Any) -> dict[str, str]:
    data = {key: _text(value) for key, value in given.items()} if isinstance(given, dict) else {}
    kept = {key: data[key] for key in TEXT if key in data}
    kept |= {key: data[key] for key in IMAGE if _is_base64(data.get(key))}
    if "text/markdown" in data:
        kept["text/markdown"] = markdown(data["text/markdown"])
    if "text/html" in data:
        kept["text/html"] = html(data["text/html"])
    elif "image/svg+xml" in data:
        code = base64.b64encode(data["image/svg+xml"].encode()).decode()
        kept["text/html"] = f'<img alt="" src="data:image/svg+xml;base64,{code}">'
    return kept


def _text(value: Any) -> str:
    """Return a text of nbformat (a string or a list of lines) that UTF-8 can hold."""
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _size(output: dict[str, Any]) -> int:
    texts = [output.get("text", ""), output.get("evalue", ""), *output.get("traceback", [])]
    return sum(len(text.encode()) for text in [*texts, *output.get("data", {}).values()])


def _is_base64(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _allowed(tag: str, name: str, value: str) -> bool:
    if name not in ATTRIBUTES:
        return False
    if name in ("href", "src"):
        return bool(LINK.match(value.strip()))
    if name == "id":
        return bool(re.fullmatch("h[1-6]", tag))
    if name == "class":
        return all(CLASSES.fullmatch(one) for one in value.split())
    return name != "type" or (tag == "input" and value == "checkbox")


@functools.cache
def _css() -> "CSSSanitizer":
    from bleach.css_sanitizer import ALLOWED_CSS_PROPERTIES, CSSSanitizer

    return CSSSanitizer(allowed_css_properties=ALLOWED_CSS_PROPERTIES)


def _harmless(text: str, attachments: dict[str, dict[str, str]]) -> bool:
    """Tell whether Markdown renders to nothing but allowed tags and attributes."""
    import bleach
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    try:
        renderer = IPythonRenderer(escape=False, attachments=attachments)
        page = MarkdownWithMath(renderer=renderer).render(text)
    except Exception:  # an attachment that isn't there, nesting too deep
        return False
    refused: list[str] = []

    def allowed(tag: str, name: str, value: str) -> bool:
        fine = _allowed(tag, name, value)
        if name == "style":
            fine = "".join(_css().sanitize_css(value).split()) == "".join(value.split())
        if not fine:
            refused.append(name)
        return fine

    # The same parser as a browser's: if nothing is refused, dropping and escaping come to the same.
    clean = [
        bleach.clean(page, TAGS, allowed, protocols=PROTOCOLS, strip=strip, css_sanitizer=_css())
        for strip in (True, False)
    ]
    return not refused and clean[0] == clean[1]
