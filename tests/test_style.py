"""The code is clean under ruff and mypy, percent has one spelling, and no skip hides in CI."""

import ast
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("check", [["check"], ["format", "--check", "--diff"]], ids=" ".join)
def test_ruff_finds_nothing(check):
    command = [sys.executable, "-m", "ruff", *check, "--quiet", "--no-cache", str(ROOT)]
    found = subprocess.run(command, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


def test_mypy_finds_nothing():
    # With an empty cache it takes half a minute, later a second.
    found = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout + found.stderr


APART = re.compile(r"(?<=[\d})`½])\s+%(?![\w}])|^\s+%(?!\w)")  # also after the } of an f-string


def python_texts(code):
    """Yield the strings and comments of Python code."""
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if tokenize.tok_name[token.type] in ("STRING", "COMMENT", "FSTRING_MIDDLE"):
            yield token.string


def texts(path):
    """Yield what people read in a file: prose, strings, comments."""
    content = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from python_texts(content)
    elif path.suffix == ".ipynb":
        for cell in json.loads(content)["cells"]:
            source = "".join(cell["source"])
            yield from python_texts(source) if cell["cell_type"] == "code" else (source,)
    else:
        yield content


def covered(tree):
    """Return the lines of a module that speaks (`_("…")`) in which something else is named `_`."""
    imported = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    if not any(alias.name == "_" for node in imported for alias in node.names):
        return []
    own_scope = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

    def speaks(node):
        calls = (n.func for n in ast.walk(node) if isinstance(n, ast.Call))
        return any(isinstance(func, ast.Name) and func.id == "_" for func in calls)

    def stored(node, inside):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.Lambda) and speaks(child):
                yield from (arg.lineno for arg in child.args.args if arg.arg == "_")
            if isinstance(child, ast.Name) and child.id == "_" and not inside:
                yield from [child.lineno] if isinstance(child.ctx, ast.Store) else []
            yield from stored(child, inside or isinstance(child, own_scope))

    return [*stored(tree, False)]


def early(tree):
    """Return the lines in which a text is translated as soon as its module is imported."""
    found = []

    def look(node, inside):
        for child in ast.iter_child_nodes(node):
            function = isinstance(child, ast.FunctionDef | ast.Lambda)
            if isinstance(child, ast.Call) and getattr(child.func, "id", "") == "_" and not inside:
                found.append(child.lineno)
            for part in child.body if function and isinstance(child.body, list) else ():
                look(part, True)
            if function:  # its defaults are of where it stands
                look(child.args, inside)
            else:
                look(child, inside)

    look(tree, False)
    return found


def translated(node):
    """Return the text of ``_("the text")``, None of anything else."""
    called = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_"
    return node.args[0].value if called and isinstance(node.args[0], ast.Constant) else None


def mixed_up(tree):
    """Return the lines that take a translated text for an English one, or the other way round.

    A row whose column is named ``_("request")`` is read by ``row["request"]``; or a translated text
    is compared with something, or stands in a list of what something is compared with.
    """
    found = []
    for function in [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]:
        columns: dict[str, set[str]] = {}  # variable → what its rows' columns are in English
        for node in ast.walk(function):
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                dicts = [n for n in ast.walk(node.value) if isinstance(n, ast.Dict)]
                named = {translated(key) for n in dicts for key in n.keys} - {None}
                for name in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    columns.setdefault(getattr(name, "id", ""), set()).update(named)
        for node in ast.walk(function):
            if isinstance(node, ast.For | ast.comprehension):
                rows, variables = [node.iter], [node.target]
            elif isinstance(node, ast.Call):  # sorted(rows, key=lambda row: …)
                keys = [k.value for k in node.keywords if isinstance(k.value, ast.Lambda)]
                rows, variables = node.args, [key.args for key in keys]
            else:
                continue
            names = [n.id for row in rows for n in ast.walk(row) if isinstance(n, ast.Name)]
            for variable in [n for one in variables for n in ast.walk(one)]:
                name = getattr(variable, "id", getattr(variable, "arg", ""))
                columns.setdefault(name, set()).update(*(columns.get(n, ()) for n in names))
        for node in ast.walk(function):
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
                if node.slice.value in columns.get(getattr(node.value, "id", ""), ()):
                    found.append(node.lineno)
            elif isinstance(node, ast.Compare):
                beside = [n for side in (node.left, *node.comparators) for n in ast.walk(side)]
                found += [node.lineno] * any(map(translated, beside))
            elif getattr(getattr(node, "func", None), "attr", "") in ("startswith", "endswith"):
                found += [node.lineno] * any(map(translated, node.args))
    return sorted(set(found))


SAID = {"title", "xlabel", "ylabel", "label", "labels"}  # what pictures say of themselves
SAYING = {"set_title", "set_xlabel", "set_ylabel", "suptitle", "annotate", "note", "level"}


def marked(node):
    """Return where ``N_()`` texts are in a value: "N", a list for a tuple, None elsewhere."""
    if isinstance(node, ast.Call):
        return "N" if getattr(node.func, "id", "") == "N_" else None
    return [marked(one) for one in node.elts] if isinstance(node, ast.Tuple | ast.List) else None


def of_rows(rows):
    """Return where the texts are in each of several values."""
    if rows and all(isinstance(row, list) and len(row) == len(rows[0]) for row in rows):
        return [of_rows([row[i] for row in rows]) for i in range(len(rows[0]))]
    return "N" if "N" in rows else None


def constants(tree):
    """Return the constants of a module that hold texts to translate: name → keys, values."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            if isinstance(node.value, ast.Tuple | ast.List):
                found[node.targets[0].id] = (None, of_rows(marked(node.value)))
            elif isinstance(node.value, ast.Dict):
                keys, values = node.value.keys, node.value.values
                parts = of_rows(list(map(marked, keys))), of_rows(list(map(marked, values)))
                found[node.targets[0].id] = parts
    return {name: parts for name, parts in found.items() if "N" in str(parts)}


def worded(node):
    """Tell whether something is a text in words; names of models are none."""
    text = getattr(node, "value", "")
    return isinstance(text, str) and bool(re.search("[a-z]{3}", re.sub(r"mini-\w+", "", text)))


def untranslated(tree, known):
    """Return the lines where a picture says a text that is marked for translation, as it is.

    `known` are the constants of all modules (`constants`); a loop over one gives such texts.
    """

    def inside(node):
        """Return where the texts are in what a loop over `node` gives."""
        if isinstance(node, ast.Subscript):
            return inside(node.value)
        name = getattr(node, "id", getattr(node, "attr", ""))
        if isinstance(node, ast.Name | ast.Attribute):
            keys, values = known.get(name, (None, None))
            return values if keys is None and isinstance(node, ast.Name) else keys
        if not isinstance(node, ast.Call):
            return None
        if getattr(node.func, "id", "") == "zip":
            return [inside(one) for one in node.args]
        if getattr(node.func, "id", "") == "enumerate":
            return [None, inside(node.args[0])]
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("items", "values"):
            keys, values = known.get(getattr(node.func.value, "id", ""), (None, None))
            return values if node.func.attr == "values" else [keys, values]
        return None

    def names(target, parts):
        """Return the names of a loop that hold such texts."""
        if isinstance(target, ast.Name):
            return {target.id} if parts == "N" else set()
        if not isinstance(target, ast.Tuple) or not isinstance(parts, list):
            return set()
        pairs = zip(target.elts, parts, strict=False)
        return set().union(*(names(one, part) for one, part in pairs))

    found = []
    for function in [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]:
        nodes = [*ast.walk(function)]
        loops = [n for n in nodes if isinstance(n, ast.For | ast.comprehension)]
        texts = set().union(*(names(loop.target, inside(loop.iter)) for loop in loops))
        for node in nodes:
            said = []
            if isinstance(node, ast.FormattedValue):
                said = [node.value]
            elif isinstance(node, ast.Call):
                called = getattr(node.func, "attr", getattr(node.func, "id", ""))
                said = [k.value for k in node.keywords if k.arg in SAID]
                said += node.args if called in SAYING else []
            found += [node.lineno for one in said if getattr(one, "id", "") in texts or worded(one)]
    return sorted(set(found))


def test_pictures_say_no_text_untranslated():
    tried = """
PANELS = (("a", N_("reward")), ("b", N_("price")))
WAYS = {"x": (N_("few"), 1)}
def f(axes):
    for axis, (key, title) in zip(axes, PANELS, strict=True):
        axis.set(title=title, label=key)
        axis.set_title(_(title))
    for way, (words, n) in WAYS.items():
        axis.annotate(way, f"{n} {words}")
        axis.annotate("mini-chat", label="a coin")
"""
    tree = ast.parse(tried)
    assert constants(tree) == {"PANELS": (None, [None, "N"]), "WAYS": (None, ["N", None])}
    assert untranslated(tree, constants(tree)) == [6, 9, 10]
    trees = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): ast.parse(
            path.read_text(encoding="utf-8")
        )
        for path in (ROOT / "course").rglob("*.py")
    }
    held = {module: constants(tree) for module, tree in trees.items()}
    assert sum(map(bool, held.values())) > 20
    found = {}
    for module, tree in trees.items():
        taken = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
        known = {
            name.name: parts
            for node in taken
            for name in node.names
            if (parts := held.get(node.module or "", {}).get(name.name))
        }
        if lines := untranslated(tree, known | held[module]):
            found[module] = lines
    assert not found


def test_no_text_is_translated_before_the_language_is_known():
    tried = "x = _('a')\ndef f(y=_('b')):\n    return _('c')\nclass A:\n    z = lambda: _('d')\n"
    assert early(ast.parse(tried)) == [1, 2]
    found = {
        path.relative_to(ROOT).as_posix(): lines
        for path in [*(ROOT / "course").rglob("*.py"), ROOT / "start.py"]
        if (lines := early(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert found == {}


def test_nothing_english_is_compared_with_a_translation():
    tried = (
        "def f(rows):\n    rows = [{_('a'): 1, 'b': 2}]\n    for row in rows:\n"
        "        row['a'], row['b'], row[_('a')]\n"
        "    sorted(rows, key=lambda one: one['a'])\n"
        "    x in ('c', _('d'))\n    x.endswith(_('?'))\n"
    )
    assert mixed_up(ast.parse(tried)) == [4, 5, 6, 7]
    found = {
        path.relative_to(ROOT).as_posix(): lines
        for path in (ROOT / "course").rglob("*.py")
        if (lines := mixed_up(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert found == {}


def test_nothing_covers_the_translation():
    tried = "from course.language import _\n\ndef f(_, x):\n    a, _ = x\n    [0 for _ in _(x)]\n"
    assert covered(ast.parse(tried)) == [3, 4]
    found = {
        path.relative_to(ROOT).as_posix(): lines
        for path in (ROOT / "course").rglob("*.py")
        if (lines := covered(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert found == {}


def test_percent_is_written_without_a_space():
    for written, wrong in [
        ("# 42 % of", True), ('f"{share:.0f} %"', True), ('"42%"', False), ("x = 7 % 3", False),
    ]:  # fmt: skip
        assert any(APART.search(text) for text in python_texts(written)) == wrong
    kinds = {".py", ".ipynb", ".md", ".csv", ".svg", ".html", ".jinja", ".js"}
    made = {".ipynb_checkpoints", "node_modules", "built"}
    found = [
        f"{path.relative_to(ROOT)}: …{text[max(0, at.start() - 30) : at.end() + 10]!r}"
        for room in ("source", "course", "docs", "data/family", "data/verdicts", "README.md")
        for path in ([ROOT / room] if "." in room else sorted((ROOT / room).rglob("*")))
        if path.suffix in kinds and not made & set(path.parts)
        for text in texts(path)
        for at in [APART.search(text)]
        if at
    ]
    assert not found, "\n".join(found)


TESTS = """
import pytest

def test_that_skips():
    pytest.skip("no model here")

@pytest.mark.xfail
def test_that_is_expected_to_fail():
    assert False
"""


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("whole_module", [True, False])
def test_a_skip_fails_only_where_it_must_not_be(tmp_path, strict, whole_module):
    for name in ("conftest.py", "browser.py", "warm.py"):  # the one imports the other
        shutil.copy(ROOT / "tests" / name, tmp_path)
    first = 'import pytest\npytest.skip("no model here", allow_module_level=True)\n'
    (tmp_path / "test_it.py").write_text(first if whole_module else TESTS, encoding="utf-8")
    (tmp_path / "test_other.py").write_text("def test_other():\n    pass\n", encoding="utf-8")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("COURSE_", "PYTEST_"))}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-ra", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env=env | ({"COURSE_NO_SKIP": "1"} if strict else {}),
        capture_output=True,
        text=True,
    )
    assert "no model here" in run.stdout
    assert (run.returncode != 0) == strict, run.stdout
