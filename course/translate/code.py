"""A code cell, cut into messages: what learners read of it. Found by syntax tree, never by guess.

Messages are the sentences of checks (what `expect` and its like are told in words, the message of
an ``assert`` or ``raise``, the reasons of verdicts), the words of a demo's calls (`DEMO`), the
prose of docstrings, and comments. A variable that holds such words is followed to where it is set,
but only if the cell uses it for nothing else: a string that is also data stays English. Solutions,
and comments in hidden checks, aren't shown to learners and stay too.

A string with ``{fields}`` is one message, with the fields as they are in the code.
"""

import ast
import io
import re
import tokenize
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from course.translate.message import Message, Piece

WIDTH = 100  # columns; a Hangul letter takes two
# Where words are handed to a call: its name → places, and names of keywords. Dictionaries of
# words have them as keys ("keys"), a label is the first of a tuple, and a reason the last. A "name"
# has words only if it is more than the function's name.
CHECKS: dict[str, dict[int | str, str]] = {
    "expect": {2: "name", "name": "name", "given": "text", "wrong": "keys", "shape": "name"},
    "expect_gradient": {2: "name", "name": "name", "given": "text"},
    "parts": {1: "name", "name": "name"},
    "expect_verdicts": {1: "verdicts"},
}
DEMO: dict[str, dict[int | str, str]] = {
    "print": {0: "text"},
    "figure_line": {1: "text"},
    "say": {0: "text"},
    "texts": {1: "label"},
    "loop_curve": {2: "text"},
}
HIDDEN = re.compile(r"### BEGIN (?P<what>HIDDEN TESTS|SOLUTION).*?### END (?P=what)", re.DOTALL)
NO_COMMENT = re.compile(r"###|# ?(?:fmt|type|noqa|isort|pragma|%%|ruff|mypy)\b|#!|# [Dd]emo: \w+$")
LITERAL = re.compile(
    r"""(?P<prefix>[rbfRBF]*)(?P<quote>\"\"\"|'''|"|')(?P<body>(?:\\.|(?!(?P=quote)).)*)(?P=quote)""",
    re.DOTALL,
)
SECTION = re.compile(r"(?m)^(?P<indent> *)\S[^\n]*\n(?P=indent)-{3,}$")


@dataclass
class _Found:
    """What a walk through a cell's tree has found: strings by what they are."""

    tree: ast.Module
    texts: dict[int, ast.expr] = field(default_factory=dict)
    seen: set[tuple[int, str]] = field(default_factory=set)


def cut(source: str, *, graded: bool = False) -> list[Piece]:
    """Return the pieces of a code cell.

    Parameters
    ----------
    source : str
    graded : bool
        Whether nbgrader knows it, as a solution or a check.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a line that is IPython's own
        return [source]
    starts, parents = _line_starts(source), _parents(tree)
    spans: list[tuple[int, int, Message]] = []
    left_out = [found.span() for found in HIDDEN.finditer(source)]
    solved = [f.span() for f in HIDDEN.finditer(source) if f["what"] == "SOLUTION"]
    for node in _sentences(tree, graded):
        begin, end = _span(node, source, starts)
        if not _inside(begin, solved) and (message := _string(source, begin, end, node, parents)):
            spans.append((begin, end, message))
    for docstring in _docstrings(tree):
        begin, end = _span(docstring, source, starts)
        if not _inside(begin, left_out):
            spans += _prose(source, begin, end)
    for begin, end, message in _comments(source, starts):
        if not _inside(begin, left_out):
            spans.append((begin, end, message))
    pieces: list[Piece] = []
    at = 0
    for begin, end, message in sorted(spans, key=lambda span: span[:2]):
        pieces += [source[at:begin], message]
        at = end
    return [*pieces, source[at:]]


def _inside(place: int, spans: list[tuple[int, int]]) -> bool:
    return any(begin <= place < end for begin, end in spans)


def _line_starts(source: str) -> list[int]:
    starts = [0]
    for line in source.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    return starts


def _span(node: ast.expr, source: str, starts: list[int]) -> tuple[int, int]:
    """Return where a node begins and ends, in letters (the tree counts bytes)."""

    def place(line: int, column: int) -> int:
        text = source[starts[line - 1] : starts[line] - 1]
        return starts[line - 1] + len(text.encode()[:column].decode())

    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return place(node.lineno, node.col_offset), place(node.end_lineno, node.end_col_offset)


# --- sentences ------------------------------------------------------------------------------------


def _sentences(tree: ast.Module, graded: bool) -> list[ast.expr]:
    """Return the strings of a cell that are words for people."""
    found = _Found(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            name = node.func.id if isinstance(node.func, ast.Name) else name
            # A check's prints are its own affair; a demo may hold anything.
            places = CHECKS.get(name) or ({} if graded else DEMO.get(name, {}))
            given = [*enumerate(node.args), *((k.arg, k.value) for k in node.keywords)]
            for place, value in given:
                if place in places:
                    _reach(value, places[place], found)
        elif isinstance(node, ast.Assert) and node.msg:
            _reach(node.msg, "text", found)
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            for value in node.exc.args[:1]:
                _reach(value, "text", found)
    return list(found.texts.values())


def _reach(node: ast.expr | None, what: str, found: _Found) -> None:
    """Note the strings that `node` hands on as words; `what` says where in it they are."""
    if node is None or (id(node), what) in found.seen:
        return
    found.seen.add((id(node), what))
    if isinstance(node, ast.IfExp):
        _reach(node.body, what, found)
        _reach(node.orelse, what, found)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.BitOr):
        _reach(node.left, what, found)
        _reach(node.right, what, found)
    elif isinstance(node, ast.Name):
        if _words_only(node.id, found.tree):
            for value, inner in _sources(node.id, what, found.tree):
                _reach(value, inner, found)
    elif what == "keys":
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                _reach(value if key is None else key, "keys" if key is None else "text", found)
        elif isinstance(node, ast.DictComp):
            _reach(node.key, "text", found)
    elif what == "verdicts":
        for value in node.values if isinstance(node, ast.Dict) else ():
            if isinstance(value, ast.Tuple) and len(value.elts) == 3:
                _reach(value.elts[2], "text", found)
    elif what == "label":
        if isinstance(node, ast.Tuple) and node.elts:
            _reach(node.elts[0], "text", found)
    elif isinstance(node, ast.Dict):  # {True: "one", False: "other"}[x]
        for value in node.values:
            _reach(value, what, found)
    elif isinstance(node, ast.Subscript):
        _reach(node.value, what, found)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "format":
            _reach(node.func.value, what, found)
    elif isinstance(node, ast.JoinedStr):
        found.texts[id(node)] = node
        for part in node.values:
            if isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Name):
                _reach(part.value, "text", found)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        named = what == "name" and (" " not in node.value or node.value.startswith("("))
        if not named:
            found.texts[id(node)] = node


def _parents(tree: ast.Module) -> dict[int, ast.AST]:
    return {id(c): p for p in ast.walk(tree) for c in ast.iter_child_nodes(p)}


def _words_only(name: str, tree: ast.Module, above: tuple[str, ...] = ()) -> bool:
    """Tell whether a variable is used for words alone: handed on as such, filled, or gone through.

    Everything else might be data, which stays as it is. `above` are the variables for which it is
    asked, so that nothing goes round.
    """
    if name in above:
        return True
    above = (*above, name)
    parents = _parents(tree)
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)):
            continue
        child: ast.AST = node
        parent = parents[id(child)]
        while isinstance(parent, ast.IfExp | ast.BinOp | ast.FormattedValue | ast.JoinedStr):
            if isinstance(parent, ast.FormattedValue) and parent.conversion != -1:
                return False
            child, parent = parent, parents[id(parent)]
        if isinstance(parent, ast.Dict) and child in parent.keys:
            continue
        if isinstance(parent, ast.Dict) and any(
            key is None and value is child
            for key, value in zip(parent.keys, parent.values, strict=True)
        ):
            continue  # **more
        if isinstance(parent, ast.DictComp) and child is parent.key:
            continue
        if isinstance(parent, ast.keyword) and parent.arg in ("given", "wrong", "name"):
            continue
        if isinstance(parent, ast.Assert) and child is parent.msg:
            continue
        if isinstance(parent, ast.Call) and isinstance(parents[id(parent)], ast.Raise):
            continue
        if isinstance(parent, ast.Call) and child in parent.args:
            function = parent.func
            called = function.id if isinstance(function, ast.Name) else ""
            called = function.attr if isinstance(function, ast.Attribute) else called
            place = parent.args.index(child)
            if place in CHECKS.get(called, {}) or place in DEMO.get(called, {}):
                continue
            if _parameter(tree, called, place, above):
                continue
        stored = isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Store)
        if stored and isinstance(parent, ast.Subscript) and child in (parent.value, parent.slice):
            continue
        if isinstance(parent, ast.Assign | ast.AugAssign) and child is parent.value:
            target = parent.targets[0] if isinstance(parent, ast.Assign) else parent.target
            if isinstance(target, ast.Name) and _words_only(target.id, tree, above):
                continue
        if isinstance(parent, ast.For | ast.comprehension) and child is parent.iter:
            continue
        met = _met_as(child, parents)
        if met and _words_only(met, tree, above):
            continue
        if isinstance(parent, ast.Attribute) and parent.attr == "items":
            continue
        return False
    return True


def _met_as(node: ast.AST, parents: dict[int, ast.AST]) -> str:
    """Return the variable by which a loop over rows meets `node`, which is in one; else ""."""
    row = parents[id(node)]
    rows = parents.get(id(row))
    loop = parents.get(id(rows))
    if isinstance(row, ast.Tuple) and isinstance(rows, ast.List) and isinstance(loop, ast.For):
        place = next(i for i, one in enumerate(row.elts) if one is node)
        if isinstance(loop.target, ast.Tuple) and place < len(loop.target.elts):
            target = loop.target.elts[place]
            return target.id if isinstance(target, ast.Name) and loop.iter is rows else ""
    return ""


def _parameter(tree: ast.Module, called: str, place: int, above: tuple[str, ...]) -> bool:
    """Tell whether a function of the cell has words alone as its parameter at `place`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == called:
            names = [one.arg for one in node.args.args]
            if place < len(names):
                return _words_only(names[place], tree, above)
    return False


def _sources(name: str, what: str, tree: ast.Module) -> Iterator[tuple[ast.expr, str]]:
    """Yield the expressions that a variable's words come from, and where in them the words are."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _unpacked(target, node.value, name, what)
                if isinstance(target, ast.Subscript) and _is(target.value, name):
                    yield (target.slice, "text") if what == "keys" else (node.value, what)
        elif isinstance(node, ast.AugAssign) and _is(node.target, name):
            yield node.value, what
        elif isinstance(node, ast.For | ast.comprehension):
            for values in _gone_through(node.iter, tree):
                yield from _unpacked(node.target, values, name, what)
        elif isinstance(node, ast.FunctionDef):
            names = [one.arg for one in (*node.args.args, *node.args.kwonlyargs)]
            if name in names:
                yield from _handed(node.name, names.index(name), name, what, tree)


def _handed(
    called: str, place: int, name: str, what: str, tree: ast.Module
) -> Iterator[tuple[ast.expr, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is(node.func, called):
            if place < len(node.args):
                yield node.args[place], what
            yield from ((k.value, what) for k in node.keywords if k.arg == name)


def _gone_through(node: ast.expr, tree: ast.Module, deep: int = 2) -> Iterator[ast.expr]:
    """Yield what a loop over `node` meets one by one, where the text shows it."""
    pairs = False
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        pairs = node.func.attr == "items"
        node = node.func.value
    for value in _assigned(node, tree, deep):
        if isinstance(value, ast.Dict):
            for key, its in zip(value.keys, value.values, strict=True):
                if key is not None:
                    yield ast.Tuple([key, its], ast.Load()) if pairs else key
        elif isinstance(value, ast.List | ast.Tuple):
            yield from value.elts


def _assigned(node: ast.expr, tree: ast.Module, deep: int = 2) -> Iterator[ast.expr]:
    """Yield an expression, or if it is a name, what it is set to, by loops in loops too."""
    if not isinstance(node, ast.Name):
        yield node
        return
    for other in ast.walk(tree):
        if isinstance(other, ast.Assign) and any(_is(one, node.id) for one in other.targets):
            yield other.value
        elif isinstance(other, ast.For) and deep:
            for values in _gone_through(other.iter, tree, deep - 1):
                yield from (v for v, _ in _unpacked(other.target, values, node.id, ""))


def _unpacked(
    target: ast.expr, value: ast.expr, name: str, what: str
) -> Iterator[tuple[ast.expr, str]]:
    if _is(target, name):
        yield value, what
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple | ast.List):
        for one, its in zip(target.elts, value.elts, strict=False):
            if isinstance(one, ast.Starred) or isinstance(its, ast.Starred):
                return
            yield from _unpacked(one, its, name, what)


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


# --- strings --------------------------------------------------------------------------------------


def _string(
    source: str, begin: int, end: int, node: ast.expr, parents: dict[int, ast.AST]
) -> Message | None:
    """Return the message that a string is, or None if it has no words."""
    raw = source[begin:end]
    text, bare = "", ""
    with_fields = isinstance(node, ast.JoinedStr)
    for literal in LITERAL.finditer(raw):
        if "f" not in literal["prefix"].lower():
            said = ast.literal_eval(literal[0])
            bare += said
            text += said.replace("{", "{{").replace("}", "}}") if with_fields else said
            continue
        for part in _fields(literal["body"]):
            is_field = part.startswith("{") and not part.startswith("{{")
            said = part if is_field else _unescaped(part, literal["quote"])
            text += said
            bare += " " if is_field else said
    if not re.search(r"[^\W\d_]{2}", bare) or "\n" in text:
        return None
    indent = begin - (source.rfind("\n", 0, begin) + 1)
    breakable = source[:begin].rstrip()[-1:] in ("(", "[") or _in_brackets(node, parents)

    def put(said: str) -> str:
        return _literal(said, with_fields, indent if breakable else -1)

    return Message(text, raw, "fields" if with_fields else "string", put)


def _fields(body: str) -> Iterator[str]:
    """Yield the parts of an f-string's body: its text, and its ``{fields}``."""
    at = begin = 0
    while at < len(body):
        if body[at : at + 2] in ("{{", "}}"):
            at += 2
        elif body[at] == "{":
            if begin < at:
                yield body[begin:at]
            depth, end = 1, at + 1
            while depth:
                depth += {"{": 1, "}": -1}.get(body[end], 0)
                end += 1
            yield body[at:end]
            at = begin = end
        else:
            at += 1
    if begin < at:
        yield body[begin:at]


def fields(text: str) -> list[str]:
    """Return the ``{fields}`` of a message."""
    try:
        return [p for p in _fields(text) if p.startswith("{") and not p.startswith("{{")]
    except IndexError:  # one that isn't closed
        return [text]


def _unescaped(part: str, quote: str) -> str:
    return str(ast.literal_eval(quote + part + quote))


def _literal(said: str, with_fields: bool, indent: int) -> str:
    """Write a text as Python does: one literal, or several lines of them within brackets."""
    if indent < 0 or _width(said) + indent + 5 <= WIDTH:
        return _quoted(said, with_fields)
    lines, line = [], ""
    for word in re.findall(r"(?:\{[^{}]*\}|[^\s{}]|[{}])+\s*|\s+", said):
        if line and indent + _width(line + word) + 4 > WIDTH:
            lines.append(line)
            line = ""
        line += word
    return ("\n" + " " * indent).join(_quoted(one, with_fields) for one in [*lines, line])


def _quoted(said: str, with_fields: bool) -> str:
    parts = list(_fields(said)) if with_fields else [said]
    inner = [p for p in parts if with_fields and p.startswith("{") and not p.startswith("{{")]
    quote = '"'
    if any('"' in one for one in inner) or ('"' in said and "'" not in said):
        quote = "'"
    text = ""
    for part in parts:
        if part in inner:
            text += part
        else:
            text += part.replace("\\", "\\\\").replace(quote, "\\" + quote)
    return ("f" if inner or (with_fields and "{{" in said) else "") + quote + text + quote


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _in_brackets(node: ast.AST, parents: dict[int, ast.AST]) -> bool:
    """Tell whether a string is within a call's or a display's brackets, so that lines may break."""
    holders = (ast.Call, ast.Dict, ast.List, ast.Tuple, ast.DictComp)
    while parent := parents.get(id(node)):
        bare = isinstance(parent, ast.Tuple) and parent.col_offset == parent.elts[0].col_offset
        if isinstance(parent, holders) and not bare:
            return True
        node = parent
    return False


# --- docstrings and comments ----------------------------------------------------------------------


def _docstrings(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            first = node.body[0]
            assert isinstance(first, ast.Expr)
            yield first.value


def _prose(source: str, begin: int, end: int) -> Iterator[tuple[int, int, Message]]:
    """Yield the paragraphs of a NumPy-style docstring; headings, names and types stay."""
    if not source.startswith('"""', begin) or not source.endswith('"""', begin, end):
        return
    indent = begin - (source.rfind("\n", 0, begin) + 1)
    begin, end = begin + 3, end - 3
    first_section = SECTION.search(source, begin, end)
    for found in re.finditer(r"(?:(?!\s*$)[^\n]+(?:\n|$))+", source[begin:end]):
        at = begin + found.start()
        if not first_section or at < first_section.start():
            yield _paragraph(source, at, begin + found.end(), indent, first=at == begin)
            continue
        # In a section: descriptions are indented more than what they describe.
        for inner in re.finditer(rf"(?m)(?:^ {{{indent + 4},}}\S[^\n]*(?:\n|$))+", found[0]):
            yield _paragraph(source, at + inner.start(), at + inner.end(), indent + 4)


def _paragraph(
    source: str, begin: int, end: int, indent: int, *, first: bool = False
) -> tuple[int, int, Message]:
    raw = source[begin:end]
    body = raw.strip()
    begin += len(raw) - len(raw.lstrip())
    end = begin + len(body)
    text = " ".join(body.split())

    def put(said: str) -> str:
        room = WIDTH - indent - (3 if first else 0)
        lines, line = [], ""
        for word in said.replace("\\", "\\\\").replace('"""', "'''").split(" "):
            if line and _width(f"{line} {word}") > room - 3:
                lines.append(line)
                line, room = word, WIDTH - indent
            else:
                line = f"{line} {word}" if line else word
        return ("\n" + " " * indent).join([*lines, line])

    return begin, end, Message(text, body, "docstring", put)


def _comments(source: str, starts: list[int]) -> Iterator[tuple[int, int, Message]]:
    """Yield comments; lines that follow each other are one."""
    block: list[tuple[int, int, str]] = []  # begin, end, text
    last = (-2, -1)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        line, column = token.start
        begin = starts[line - 1] + column
        own = not token.line[:column].strip()
        if block and not (own and (line - 1, column) == last):
            yield from _comment(source, block)
            block = []
        last = (line, column) if own else (-2, -1)
        if NO_COMMENT.match(token.string):
            yield from _comment(source, block)
            block, last = [], (-2, -1)
        else:
            block.append((begin, begin + len(token.string), token.string[1:].strip()))
    yield from _comment(source, block)


def _comment(source: str, block: list[tuple[int, int, str]]) -> Iterator[tuple[int, int, Message]]:
    text = " ".join(text for _, _, text in block)
    if not re.search(r"[^\W\d_]{2}", text):
        return
    begin, end = block[0][0], block[-1][1]
    indent = block[1][0] - block[0][1] - 1 if len(block) > 1 else 0

    def put(said: str) -> str:
        lines, line = [], "#"
        for word in said.split():
            if len(block) > 1 and indent + _width(f"{line} {word}") > WIDTH:
                lines.append(line)
                line = "#"
            line += f" {word}"
        return ("\n" + " " * indent).join([*lines, line])

    yield begin, end, Message(text, source[begin:end], "comment", put)
