"""The leak gate: nothing that learners get may hold a solution or a hidden check.

What is compared: functions and runs of statements by their syntax trees, with the names of
variables, docstrings, annotations and import aliases taken out; hidden checks, solutions and
nbgrader's markers by their text, without white space and comment signs.

Where: ``release/``, ``course/`` and ``data/``: Python files, all cells of notebooks, code fences in
text, strings in JSON. Not in the catalogues of the lessons: translators need the words of hidden
checks too, so these files stay with the authors, as ``source/`` does, and `course.author.pack`
takes those words out of them. A solution that is written in another way isn't found, and isn't
meant to be: the library may hold a fast form of an exercise. Nor are short everyday lines (the
sizes below): a ``return a / b`` is nobody's secret. Pictures, weights and archives aren't looked
into.
"""

import ast
import builtins
import copy
import itertools
import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course import paths
from course.grader import notebook, settings
from course.grader.notebook import Cell

# From how many syntax nodes on code counts as a secret: a whole function, one expression, and a
# run of two or three statements. In 676 files of 15 packages, 1 in 100 functions of 10 to 12 nodes
# is in two packages by chance, no expression of that size, and 1 in 5000 runs.
FUNCTION_NODES, EXPRESSION_NODES, RUN_NODES = 10, 15, 20
RUNS = (2, 3)
# From how many characters on (white space not counted) text counts as a secret: one check, any
# hidden line or two, three lines of a solution.
CHECK_TEXT, HIDDEN_TEXT, SOLUTION_TEXT = 20, 40, 60

VALUED = (ast.Return, ast.Assign, ast.AnnAssign, ast.Expr)  # statements that end in one expression
NOISE = re.compile(r"[\s#>|'\"\\`]+")  # white space, signs of comments and quotes
MARKER_COMMENT = re.compile(r"^\s*#+ *(BEGIN|END) (SOLUTION|HIDDEN TESTS)", re.MULTILINE)
MARKER = re.compile(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS)")
FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})[^\n]*\n(.*?)^[ \t>]*\1", re.MULTILINE | re.DOTALL)


@dataclass
class Secrets:
    """What must not appear outside ``source/``; each maps to what to call it."""

    functions: dict[str, str] = field(default_factory=dict)
    named: dict[tuple[str, str], str] = field(default_factory=dict)
    runs: dict[str, str] = field(default_factory=dict)
    text: dict[str, str] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)
    outlines: set[tuple[Any, ...]] = field(default_factory=set)


# --- syntax trees ------------------------------------------------------------------------------


def imports(tree: ast.AST) -> dict[str, str]:
    """Return the names that `tree` imports, as written → the full dotted name."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                found[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


class Plain(ast.NodeTransformer):
    """Take out of syntax trees what a copyist changes first.

    Parameters
    ----------
    imported : dict of str to str
        As `imports` returns it, of the whole file or notebook.
    """

    def __init__(self, imported: dict[str, str]) -> None:
        self.imported = imported
        self.kept: set[str] = set()
        self.bound: set[str] = set()
        self.names: dict[str, str] = {}

    def of(self, nodes: list[ast.AST]) -> tuple[str, int]:
        """Return the plain text of `nodes` and how many syntax nodes they have."""
        bound = {
            part.arg if isinstance(part, ast.arg) else part.id
            for node in nodes
            for part in ast.walk(node)
            if isinstance(part, ast.arg)
            or (isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store))
        }
        self.kept, self.names, self.bound = set(dir(builtins)) - bound, {}, bound
        plain = [self.visit(copy.deepcopy(node)) for node in nodes]
        little = (ast.expr_context, ast.operator, ast.cmpop, ast.unaryop, ast.boolop)
        size = sum(not isinstance(part, little) for node in plain for part in ast.walk(node))
        return "\n".join(ast.dump(node) for node in plain), size

    def rename(self, name: str) -> str:
        """Return the full name of what was imported, a built-in's own, else a number."""
        if name in self.imported and name not in self.bound:
            return self.imported[name]
        return name if name in self.kept else self.names.setdefault(name, f"v{len(self.names)}")

    def visit_Name(self, node: ast.Name) -> ast.AST:  # noqa: D102
        return ast.Name(self.rename(node.id), ast.Load())

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:  # noqa: D102
        value = self.visit(node.value)
        # numpy.exp and `from numpy import exp` are one thing
        if isinstance(value, ast.Name) and not re.fullmatch(r"v\d+", value.id):
            return ast.Name(f"{value.id}.{node.attr}", ast.Load())
        return ast.Attribute(value, node.attr, ast.Load())

    def visit_arg(self, node: ast.arg) -> ast.AST:  # noqa: D102
        return ast.arg(self.rename(node.arg))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:  # noqa: D102
        return self.visit(ast.Assign([node.target], node.value or ast.Constant(None)))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:  # noqa: D102
        arguments = self.visit(node.args)
        body = [self.visit(statement) for statement in statements(node.body)]
        return ast.FunctionDef("f", arguments, body or [ast.Pass()], [])


def outline(nodes: list[ast.AST]) -> tuple[Any, ...]:
    """Return what two pieces of code have in common if their plain text is the same.

    That is little and soon found: a plain text takes a hundred times as long, and hardly any piece
    has the outline of a secret.
    """
    return tuple(_outline(node) for node in nodes)


def _outline(node: ast.AST) -> tuple[Any, ...]:
    if isinstance(node, ast.FunctionDef):
        return len(node.args.args), *map(_kind, statements(node.body))
    if isinstance(node, ast.AnnAssign):
        return "Assign", _kind(node.target), _kind(node.value)
    if isinstance(node, ast.expr | ast.Assign):
        parts = (part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr))
        return _kind(node), *map(_kind, parts)
    return (_kind(node),)


def _kind(node: ast.AST | None) -> str:
    """Return what `Plain` leaves of a node's type: it makes names of attributes."""
    name = type(node).__name__
    return {"AnnAssign": "Assign", "Attribute": "Name"}.get(name, name)


def parse(source: str) -> ast.Module | None:
    """Return the syntax tree of `source`, or None if it isn't Python; magics are left out."""
    lines = [" " if line.lstrip().startswith(("%", "!")) else line for line in source.split("\n")]
    try:
        return ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def statements(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return a body without docstrings, imports, ``pass`` and bare annotations."""
    return [
        s
        for s in body
        if not isinstance(s, ast.Import | ast.ImportFrom | ast.Pass)
        and not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
        and not (isinstance(s, ast.AnnAssign) and s.value is None)
    ]


def shape(source: str, name: str) -> str | None:
    """Return the plain form of function `name` in `source`; None if it isn't defined there."""
    tree = parse(source)
    if tree is None:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return Plain(imports(tree)).of([node])[0]
    return None


def runs(tree: ast.AST) -> Iterator[tuple[list[ast.AST], int, int]]:
    """Yield what could be a copied piece: nodes, line, and from which size on it counts.

    These are all runs of two or three statements, and the expression `e` of each ``return e``,
    ``x = e``, ``lambda: e`` and bare ``e``.
    """
    for node in ast.walk(tree):
        if isinstance(node, VALUED):
            if node.value is not None:
                yield [node.value], node.lineno, EXPRESSION_NODES
        elif isinstance(node, ast.Lambda):
            yield [node.body], node.lineno, EXPRESSION_NODES
        for name in ("body", "orelse", "finalbody"):
            inner = getattr(node, name, None)
            if isinstance(inner, list):
                kept = statements(inner)
                for length in RUNS:
                    for start in range(len(kept) - length + 1):
                        run = kept[start : start + length]
                        # how the result of a run is handed on, by name or return, is no matter
                        last = run[-1]
                        value = getattr(last, "value", None) if isinstance(last, VALUED) else None
                        yield [*run[:-1], value or last], run[0].lineno, RUN_NODES


# --- what is secret ----------------------------------------------------------------------------


def squash(text: str) -> str:
    """Return `text` without white space and the signs of comments and quotes."""
    return NOISE.sub("", text)


def secrets(root: Path) -> Secrets:
    """Collect all solutions and hidden checks of ``source/``."""
    lessons = {
        name: notebook.cells(notebook.read(notebook.path_of(name, root / "source")))
        for name in settings.sources(None, root)
    }
    # What a visible check says anyway is no secret, even if a hidden one says it too.
    checks = [cell for cells in lessons.values() for cell in cells if cell.kind == "grade"]
    public = squash("\n".join(notebook.visible(cell.source) for cell in checks))
    found = Secrets()
    for lesson, cells in lessons.items():
        imported = _imports_of([cell.source for cell in cells if cell.kind != "text"])
        found.imported |= imported
        for cell in cells:
            if cell.kind == "solution":
                label = f"the solution of {cell.name} ({lesson})"
                _solution_code(cell, label, found, imported)
                _solution_text(cell, label, found)
            elif cell.kind == "grade":
                label = f"a hidden check of {cell.exercise} ({lesson})"
                _hidden_text(cell, label, found, public)
    return found


def _imports_of(codes: list[str]) -> dict[str, str]:
    trees = [tree for code in codes if (tree := parse(code)) is not None]
    return {name: full for tree in trees for name, full in imports(tree).items()}


def _solution_code(cell: Cell, label: str, found: Secrets, imported: dict[str, str]) -> None:
    plain = Plain(imported)
    given: set[str] = set()
    for source, keep in ((notebook.stub(cell.source), given), (cell.source, None)):
        tree = parse(source)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.FunctionDef):
                form, size = plain.of([node])
                if keep is not None:
                    keep.add(form)
                elif form not in given:
                    found.named[node.name, form] = label
                    found.outlines.add(outline([node]))
                    if size >= FUNCTION_NODES:
                        found.functions[form] = label
        for nodes, _, least in runs(tree) if tree is not None else ():
            form, size = plain.of(nodes)
            if keep is not None:
                keep.add(form)
            elif size >= least and form not in given:
                found.runs[form] = label
                found.outlines.add(outline(nodes))


def _solution_text(cell: Cell, label: str, found: Secrets) -> None:
    for region in notebook.regions(cell.source, notebook.BEGIN_SOLUTION, notebook.END_SOLUTION):
        lines = [line for line in map(squash, region) if line]
        for start in range(max(1, len(lines) - 2)):
            text = "".join(lines[start : start + 3])
            if len(text) >= SOLUTION_TEXT:
                found.text[text] = label


def _hidden_text(cell: Cell, label: str, found: Secrets, public: str) -> None:
    for region in notebook.regions(cell.source, notebook.BEGIN_HIDDEN, notebook.END_HIDDEN):
        code = [line for line in region if not re.match(r"\s*(import|from)\s", line)]
        lines = [line for line in map(squash, code) if line]
        texts = [(line, HIDDEN_TEXT) for line in lines]
        texts += [("".join(pair), HIDDEN_TEXT) for pair in itertools.pairwise(lines)]
        # What a check asks is secret by itself, however it is wrapped and whatever it says.
        tree = parse(textwrap.dedent("\n".join(region)))
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.Assert):
                texts.append((squash(ast.unparse(node.test)), CHECK_TEXT))
            elif isinstance(node, ast.Expr):
                texts.append((squash(ast.unparse(node.value)), CHECK_TEXT))
        for text, least in texts:
            if len(text) >= least and text not in public:
                found.text[text] = label


# --- where it could be -------------------------------------------------------------------------


def find(root: Path | None = None, release: Path | None = None) -> list[str]:
    """Return a sentence for each leak of a solution or a hidden check; none is the good case.

    Parameters
    ----------
    root : Path, optional
        The course's folder.
    release : Path, optional
        A release that isn't in its place yet; else ``release/`` of `root`.
    """
    root = root or paths.ROOT
    hidden = secrets(root)
    found: list[str] = []
    places = {"release": release or root / "release"}
    catalogues = {f"{name}.po" for name in settings.sources(None, root)}
    for title, folder in (places | {n: root / n for n in ("course", "data")}).items():
        marker = MARKER_COMMENT if title == "course" else MARKER
        for path in sorted(folder.rglob("*")):
            if "__pycache__" in path.parts or path.name in catalogues:
                continue
            if path.is_file():
                name = f"{title}/{path.relative_to(folder).as_posix()}"
                found += [f"{name}{at}: {what}." for at, what in _in_file(path, hidden, marker)]
    return list(dict.fromkeys(found))


def _in_file(path: Path, hidden: Secrets, marker: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Yield where in the file at `path` something secret is, and what it is."""
    try:
        content = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return  # pictures and weights
    pieces = [("", content)]
    if path.suffix in (".ipynb", ".json", ".jsonl"):
        pieces = list(_strings_of(content))
    # The pieces together: cutting a text into a JSON list hides nothing.
    everything = squash("\n".join(text for _, text in pieces))
    for secret, label in hidden.text.items():
        if secret in everything:
            yield "", f"holds text of {label}"
    imported = hidden.imported | _imports_of([text for _, text in pieces if "import" in text])
    for place, text in pieces:
        if found := marker.search(text):
            yield place, f"holds the marker {found.group().strip()!r}"
        fences = [re.sub(r"(?m)^[ \t]*>[ ]?", "", m.group(2)) for m in FENCE.finditer(text)]
        for code in (text, *fences):
            for line, what in _in_code(code, hidden, imported):
                yield (f", line {line}" if path.suffix == ".py" else place), what


def _strings_of(content: str) -> Iterator[tuple[str, str]]:
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        for line in content.split("\n"):  # JSON lines
            try:
                yield from _strings("", json.loads(line))
            except (ValueError, RecursionError):
                yield "", line
        return
    if isinstance(data, dict) and isinstance(data.get("cells"), list):
        for number, cell in enumerate(data.pop("cells"), start=1):
            yield f", cell {number}", notebook.text_of(cell)
            if isinstance(cell, dict):
                rest = {key: value for key, value in cell.items() if key != "source"}
                yield from _strings(f", cell {number}", rest)
    yield from _strings("", data)


def _strings(place: str, data: Any) -> Iterator[tuple[str, str]]:
    if isinstance(data, str):
        yield place, data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from _strings(place, key)
            yield from _strings(place, value)
    elif isinstance(data, list):
        if data and all(isinstance(item, str) for item in data):
            yield place, "".join(data)
        else:
            for item in data:
                yield from _strings(place, item)


def _in_code(code: str, hidden: Secrets, imported: dict[str, str]) -> Iterator[tuple[int, str]]:
    if "=" not in code and "return" not in code and "lambda" not in code:
        return  # a word, a sentence: nothing to parse
    tree = parse(code)
    if tree is None:
        return
    plain = Plain(imported)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and outline([node]) in hidden.outlines:
            form, _ = plain.of([node])
            if label := hidden.functions.get(form) or hidden.named.get((node.name, form)):
                yield node.lineno, f"holds {label}"
    for nodes, line, _ in runs(tree):
        if outline(nodes) not in hidden.outlines:
            continue
        if label := hidden.runs.get(plain.of(nodes)[0]):
            yield line, f"holds a part of {label}"
