"""The ``course`` command: help with examples, one sentence for bad input, and who imports whom."""

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from course import cli
from course.author.pack import ROOMS_LEFT_OUT
from course.errors import CourseError

ROOT = Path(__file__).parent.parent


def commands(group=None, words=()):
    """Yield each command with the words that call it."""
    group = group or typer.main.get_command(cli.app)
    for name, command in group.commands.items():
        yield (*words, name), command
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))


def call(monkeypatch, capsys, *arguments):
    """Return exit code, stdout and stderr of ``course`` with `arguments`."""
    monkeypatch.setattr(sys, "argv", ["course", *arguments])
    with pytest.raises(SystemExit) as left:
        cli.main()
    said = capsys.readouterr()
    return left.value.code or 0, said.out, said.err


# --- help -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [w for w, _ in commands()], ids=" ".join)
def test_help_has_an_example(monkeypatch, capsys, words):
    code, out, _ = call(monkeypatch, capsys, *words, "--help")
    assert code == 0
    assert f"Example: python3 start.py {' '.join(words)}" in out
    assert f"Usage: course {' '.join(words)}" in out


def test_help_of_all_names_each_command(monkeypatch, capsys):
    _, out, _ = call(monkeypatch, capsys, "--help")
    assert all(words[0] in out for words, _ in commands())


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["check", "--jsn"],
            "No such option: --jsn (Possible options: --json). `python3 start.py check --help` "
            "shows what there is.",
        ),
        (["nothing"], "No such command 'nothing'. `python3 start.py --help` shows what there is."),
        (
            ["grade", "--jobs"],
            "Option '--jobs' requires an argument. `python3 start.py --help` shows what there is.",
        ),
        (
            ["models", "nothing"],
            "No such command 'nothing'. `python3 start.py models --help` shows what there is.",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_command_line_is_one_sentence(monkeypatch, capsys, arguments, sentence):
    assert call(monkeypatch, capsys, *arguments) == (2, "", f"course: {sentence}\n")


def test_without_words_there_is_help(monkeypatch, capsys):
    code, out, err = call(monkeypatch, capsys)
    assert (code, err) == (0, "")
    assert "Usage: course [OPTIONS] COMMAND" in out


def test_nobody_reads_on(monkeypatch, capsys):
    def gone(*words, **more):
        raise BrokenPipeError

    monkeypatch.setattr(cli, "app", gone)
    assert call(monkeypatch, capsys, "check")[0::2] == (1, "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "99_nothing"],
        ["check", "nothing/here.ipynb"],
        ["update", "99_nothing"],
        ["build", "99_nothing"],
        ["verify", "99_nothing"],
        ["verify", "99_nothing", "--json"],
        ["lineage", "--stage", "nothing"],
        ["bench", "nothing"],
        ["pack", "nothing"],
        ["pack", "student", "99_nothing"],
        ["models", "fetch", "nothing"],
    ],
    ids=" ".join,
)
def test_wrong_name_is_one_sentence(monkeypatch, capsys, arguments):
    code, out, err = call(monkeypatch, capsys, *arguments)
    assert (code, out) == (2, "")
    assert "unexpected" not in err
    assert re.fullmatch(r"course: [^\n]*nothing[^\n]*\n", err), err


@pytest.mark.parametrize("arguments", [["nothing"], ["lab", "--nothing"], ["bench"]], ids=" ".join)
def test_wrong_usage_says_how_to_get_help(monkeypatch, capsys, arguments):
    code, _, err = call(monkeypatch, capsys, *arguments)
    assert code == 2
    assert "--help" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (CourseError("Do this."), 2, "course: Do this.\n"),
        (KeyboardInterrupt(), 130, "\ncourse: interrupted; "),
        (
            OSError(errno.ENOSPC, "No space left", "data/x"),
            2,
            "course: The disk is full (data/x): ",
        ),
        (PermissionError(errno.EACCES, "no", "work"), 2, "course: No permission to read or write "),
        (ZeroDivisionError("oh"), 2, "course: something unexpected went wrong (ZeroDivisionError"),
        (
            ModuleNotFoundError("oh", name="nbgrader.api"),
            2,
            "course: nbgrader isn't installed: run `python3 start.py install grading`.\n",
        ),
        *(
            (
                ModuleNotFoundError("oh", name=f"course.{room}"),
                2,
                "course: this command is for instructors, and this copy of the course is a "
                "student's",
            )
            for room in ROOMS_LEFT_OUT
        ),
        (
            ModuleNotFoundError("oh", name="course.nothing"),
            2,
            "course: something unexpected went wrong (ModuleNotFoundError",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_no_error_shows_a_traceback(monkeypatch, capsys, error, code, says):
    def fail(*_words, **_options):
        raise error

    monkeypatch.delenv("COURSE_DEBUG", raising=False)
    monkeypatch.setattr(cli, "app", fail)
    got, out, err = call(monkeypatch, capsys, "models")
    assert (got, out) == (code, "")
    assert err.startswith(says)
    assert len(err.strip().splitlines()) == 1


def test_an_interrupted_command_says_that_it_goes_on(monkeypatch, capsys):
    from course.real import catalogue

    def stop():
        raise KeyboardInterrupt

    monkeypatch.setattr(catalogue, "list_models", stop)
    code, out, err = call(monkeypatch, capsys, "models")
    assert (code, out) == (130, "")
    assert "course: interrupted; run the same command again" in err


def test_debug_shows_where(monkeypatch):
    def fail(*_words, **_options):
        raise ZeroDivisionError

    monkeypatch.setenv("COURSE_DEBUG", "1")
    monkeypatch.setattr(cli, "app", fail)
    monkeypatch.setattr(sys, "argv", ["course", "models"])
    with pytest.raises(ZeroDivisionError):
        cli.main()


def test_a_folder_without_lessons_is_one_sentence(tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "course.cli", "lab"],
        env=os.environ | {"COURSE_ROOT": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2
    assert re.fullmatch(r"course: There are no lessons in [^\n]*\n", run.stderr)


# --- results --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ok", "code"), [(True, 0), (False, 1)])
def test_exit_code_says_whether_all_is_well(capsys, ok, code):
    if ok:
        cli.finish({"ok": ok, "ratio": 1.5}, as_json=True)
    else:
        with pytest.raises(typer.Exit) as left:
            cli.finish({"ok": ok, "ratio": 1.5}, as_json=True)
        assert left.value.exit_code == code
    assert json.loads(capsys.readouterr().out) == {"ok": ok, "ratio": 1.5}


def test_without_json_nothing_is_printed_twice(capsys):
    cli.finish({"ok": True}, as_json=False)
    assert capsys.readouterr().out == ""


# --- what the documents say -----------------------------------------------------------------------


GUIDES = ["docs/instructor.md", "docs/student.md", "docs/self-learner.md"]
PAGES = [
    "docs/grading.md",
    "docs/cluster.md",
    "docs/site.md",
    *GUIDES,
]  # of docs/, those with commands


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", *PAGES])
def test_documents_name_commands_that_exist(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    named = set(re.findall(r"start\.py ([a-z]+)", text)) | set(
        re.findall(r"`course ([a-z]+)", text)
    )
    assert named
    assert named <= {"test", "install"} | {words[0] for words, _ in commands()}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", *PAGES])
def test_documents_name_options_that_exist(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    options = {
        words: {name for p in command.params for name in p.opts} for words, command in commands()
    }
    for words, rest in re.findall(r"start\.py ([a-z]+)([^`\n#|;]*)", text):
        if (words,) in options:
            assert set(re.findall(r"--[a-z-]+", rest)) <= options[words,], (words, rest)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", *PAGES])
def test_links_inside_the_repository_lead_somewhere(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)\)|src=\"([^\":]+)\"", text)
    folder = (ROOT / name).parent
    missing = [link for pair in links for link in pair if link and not (folder / link).exists()]
    assert missing == []


def test_the_licence_names_each_kind_of_text_and_picture():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8").split("2. Text")[1]
    for folder in ("source", "release", "docs"):
        kinds = {path.suffix for path in (ROOT / folder).rglob("*.*") if path.is_file()}
        assert f"{folder}/" in text
        assert all(f"*{kind}`" in text or f"/*{kind}`" in text for kind in kinds)
    for path in [*ROOT.glob("*.md"), *ROOT.glob("data/*.svg")]:
        assert f"`{path.relative_to(ROOT).as_posix()}`" in text
