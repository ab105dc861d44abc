"""Who needs which packages: pyproject.toml, requirements.txt, start.py and all imports agree.

pyproject.toml declares ranges of what is imported, by audience; requirements.txt pins all that
these need in turn, in one part for each audience; start.py installs the parts that a command needs.
What packages need in turn is read from those that are installed here, so pins for another system or
of an audience that isn't installed are only compared with what is declared.
"""

import ast
import importlib.util
import json
import sys
import tomllib
from collections import defaultdict
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from test_rooms import reached

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NAME = PROJECT["project"]["name"]
EXTRAS = PROJECT["project"]["optional-dependencies"]
PARTS = ("learner", *EXTRAS)


def load_start():
    spec = importlib.util.spec_from_file_location("start_for_dependencies", ROOT / "start.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


start = load_start()


def declared(part):
    """Return what a part declares itself: its requirements, and the parts that it is built on."""
    lines = PROJECT["project"]["dependencies"] if part == "learner" else EXTRAS[part]
    requirements = [Requirement(line) for line in lines]
    own = [r for r in requirements if r.name != NAME]
    if part == "learner":  # the course is built without a network, by a package that is here
        own += [Requirement(line) for line in PROJECT["build-system"]["requires"]]
        return own, set()
    return own, {"learner"}.union(*(r.extras for r in requirements if r.name == NAME))


def below(part):
    """Return all parts that a part is built on."""
    parts = declared(part)[1]
    return parts.union(*(below(each) for each in parts)) if parts else parts


def pins():
    """Return part → name → the pin, as a requirement."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    found = {part: list(map(Requirement, lines)) for part, lines in start.pins_of(text).items()}
    return {part: {canonicalize_name(r.name): r for r in pins} for part, pins in found.items()}


PINS = pins()


def needed(requirements):
    """Return each package that `requirements` need, directly or not: name → who asks for it."""
    asked, todo = defaultdict(list), list(requirements)
    seen = set()
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        asked[name].append(requirement)
        key = (name, frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        try:
            lines = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        for line in map(Requirement, lines):
            extras = ("", *requirement.extras)
            if not line.marker or any(line.marker.evaluate({"extra": one}) for one in extras):
                todo.append(line)
    return asked


def installed(part):
    return all(
        any(metadata.distributions(name=requirement.name)) for requirement in declared(part)[0]
    )


# --- the three files ------------------------------------------------------------------------------


def test_the_parts_have_the_same_names_everywhere():
    assert tuple(sorted(PINS)) == tuple(sorted(start.SIZES)) == tuple(sorted(PARTS))
    for words, parts in start.NEEDS.items():
        for part in parts:
            assert below(part) <= {"learner", *parts}, words


@pytest.mark.parametrize("part", PARTS)
def test_what_is_declared_is_pinned_and_fits(part):
    at_hand = {name: pin for each in (part, *below(part)) for name, pin in PINS[each].items()}
    for requirement in declared(part)[0]:
        pin = at_hand[canonicalize_name(requirement.name)]
        (exact,) = pin.specifier
        assert exact.operator == "=="
        assert requirement.specifier.contains(exact.version), requirement


@pytest.mark.parametrize("part", PARTS)
def test_the_pins_are_what_the_declared_packages_need(part):
    if not installed(part):
        pytest.skip(f"{part} isn't installed: `python3 start.py install {part}`")
    own = needed(declared(part)[0])
    under = {name for each in below(part) for name in PINS[each]}
    here = {n for n, pin in PINS[part].items() if not pin.marker or pin.marker.evaluate()}
    assert set(own) - under == here
    at_hand = {name: pin for each in (part, *below(part)) for name, pin in PINS[each].items()}
    for name, asked in own.items():
        (exact,) = at_hand[name].specifier
        for requirement in asked:
            assert requirement.specifier.contains(exact.version, prereleases=True), requirement


def test_a_pin_is_there_twice_only_for_parts_that_come_without_each_other():
    for part in PARTS:
        for other in set(PARTS) - {part}:
            for name in set(PINS[part]) & set(PINS[other]):
                assert part not in below(other), (name, part, other)
                assert PINS[part][name].specifier == PINS[other][name].specifier


# --- imports --------------------------------------------------------------------------------------


def packages_of(parts):
    """Return the names of all packages that the declared ones of these parts name themselves."""
    every = {part for one in parts for part in (one, *below(one))} | {"learner"}
    return {canonicalize_name(r.name) for part in every for r in declared(part)[0]}


DISTRIBUTIONS = metadata.packages_distributions()


def foreign(names):
    """Return the distributions that modules are from, without Python's own and ours."""
    found = set()
    for top in {name.partition(".")[0] for name in names}:
        if top not in {"course", *sys.stdlib_module_names}:
            found |= {canonicalize_name(each) for each in DISTRIBUTIONS.get(top, [top])}
    return found


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module


def file_of(name):
    """Return the file of the module of ours that a dotted name begins with, or None."""
    parts = name.split(".")
    for end in range(len(parts), 1, -1):
        place = ROOT.joinpath(*parts[:end])
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if file.exists():
                return file
    return None


# File → a module that it imports only if a part is there, since somebody has asked for it.
ON_REQUEST = {
    "course/cli.py": {"course/grader/hub.py", "course/site/build.py"},
    "course/grader/grade.py": {"course/grader/cluster.py"},
    "course/bench/pretrain.py": {"course/bench/rlhf.py"},
    # A learner's check reads notebooks by this file; only grading needs what of it is nbgrader's.
    "course/grader/source.py": {"course/grader/adapter.py"},
}


def reach(files):
    """Return the files of ours that `files` import, or start, directly or not; they included."""
    found, todo = set(), set(files)
    while todo:
        file = todo.pop()
        found.add(file)
        path = file.relative_to(ROOT).as_posix()
        beside = {module for module in map(file_of, reached(file)) if module}
        later = {ROOT / each for each in ON_REQUEST.get(path, ())}
        assert later <= beside, f"{path} no longer imports {later}"
        todo |= beside - later - found
    return found


def used(files):
    """Return distribution → the files of ours that import it."""
    found = defaultdict(set)
    for file in files:
        for name in foreign(imports(ast.parse(file.read_text(encoding="utf-8")))):
            found[name].add(file.relative_to(ROOT).as_posix())
    return found


def surplus(files, parts):
    """Return what `files` import and `parts` don't declare: distribution → files."""
    return {n: sorted(f) for n, f in used(files).items() if n not in packages_of(parts)}


def entries():
    """Yield each command of start.py with the files that it begins in."""
    tree = ast.parse((ROOT / "course/cli.py").read_text(encoding="utf-8"))
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        calls = [d for d in function.decorator_list if isinstance(d, ast.Call)]
        if any(ast.unparse(call.func).endswith((".command", ".callback")) for call in calls):
            yield function.name, function


def files_in(node):
    names = []
    for each in ast.walk(node):
        if isinstance(each, ast.ImportFrom):
            names += [f"{each.module}.{alias.name}" for alias in each.names]
    return {file for file in map(file_of, names) if file}


COMMANDS = {name: files_in(node) for name, node in entries() if name != "bench"}
COMMANDS |= {  # `bench` is one command for each file; with an underscore it is a part of another's
    f"bench {path.stem}": {path}
    for path in (ROOT / "course/bench").glob("*.py")
    if "_" not in path.stem
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_gets_what_it_imports(command):
    assert COMMANDS[command]
    files = reach(COMMANDS[command]) | {ROOT / "course/cli.py"}
    assert surplus(files, start.needs(command.split())) == {}


def test_only_what_a_command_needs_is_installed_for_it():
    for words, parts in start.NEEDS.items():
        if words == "test":
            continue
        files = reach(COMMANDS[words])
        names = set(used(files)) | ({"ruff"} if words == "build" else set())  # ruff runs apart
        for part in parts:
            assert names & {canonicalize_name(r.name) for r in declared(part)[0]}, (words, part)


def test_a_learners_notebooks_get_what_they_import():
    ours, theirs = set(), set()
    for path in (ROOT / "release").glob("*/*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                tree = ast.parse("".join(cell["source"]))
                ours |= files_in(tree)
                theirs |= foreign(imports(tree))
    assert len(ours) > 10
    assert theirs - packages_of([]) == set()
    assert surplus(reach(ours), []) == {}


def test_the_rooms_of_learners_import_nothing_that_only_others_have():
    rooms = "world lm stages studies real show learner".split()
    files = {file for room in rooms for file in (ROOT / "course" / room).rglob("*.py")}
    assert len(files) > 50
    assert surplus(files | set((ROOT / "course").glob("*.py")), []) == {}


def test_only_some_files_know_what_few_have():
    files = set((ROOT / "course").rglob("*.py"))
    only = {"distributed": "course/grader/cluster.py", "trl": "course/bench/rlhf.py"}
    found = used(files)
    assert {name: found[name] for name in only} == {n: {file} for n, file in only.items()}


def test_tests_get_what_they_import():
    files = {f for f in (ROOT / "tests").rglob("*.py")} | {ROOT / "nbgrader_config.py"}
    helpers = {file.stem for file in files}
    found = surplus(files, ["test"])
    assert [name for name in found if name.replace("-", "_") not in helpers] == []


def test_the_first_look_loads_what_is_declared():
    names = foreign(start.LOADED)
    assert names <= packages_of(EXTRAS)
    for name in start.LOADED:
        if name.partition(".")[0] in DISTRIBUTIONS:
            assert importlib.util.find_spec(name), name


def test_a_command_knows_which_part_brings_a_package():
    from course import cli

    assert cli.part_of("nbgrader") == "grading"
    assert cli.part_of("psycopg") == "postgres"
    assert cli.part_of("rich") == ""
    assert cli.part_of("nowhere") == ""
