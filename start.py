"""Set the course up once in `.venv`, then run a command of it; see `python3 start.py --help`.

Standard library only, and syntax that Python 3.6 can read: an old Python has to get far enough to
refuse with one clear sentence. `.venv/setup.json` remembers which steps are done and for which
pins, so a later start looks at that file only, and an interrupted set-up goes on where it stopped.
All messages go to stderr: what a command prints stays clean for scripts.

A learner gets what lessons need, the first part of requirements.txt. Its other parts, each under a
line such as `# [grading]`, come with the first command that needs them and stay from then on.

Left out on purpose: other package managers, and a lock against two set-ups at the same time.
"""

import os
import sys


def around():  # noqa: ANN201 - old Pythons run this, and types would stop them
    """Return the folders of modules that aren't Python's own: here, this file's, PYTHONPATH."""
    named = os.environ.get("PYTHONPATH")
    try:
        here = os.getcwd()
    except OSError:  # it was removed meanwhile
        here = os.sep
    places = ["", os.path.dirname(__file__)] + (named.split(os.pathsep) if named else [])
    return [os.path.normpath(os.path.join(here, place)) for place in places]


if __name__ == "__main__":  # a file there that is called json.py is not the json that we mean
    library = os.path.dirname(os.__file__)
    sys.path[:] = [p for p in sys.path if p and (p == library or p not in around())]

import ast
import contextlib
import errno
import functools
import hashlib
import importlib.util
import json
import locale
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterable
from pathlib import Path


def refusal(version):  # noqa: ANN001, ANN201 - old Pythons run this, and types would stop them
    """Return one sentence if a Python of this `version` (numbers) can't run the course, else ""."""
    if (3, 11) <= tuple(version)[:2] <= (3, 13):
        return ""
    wanted = ["python3.12", "python3.13", "python3.11"]
    found = [name for name in wanted if shutil.which(name)]
    return "This course needs Python 3.11, 3.12 or 3.13, and this is Python {}.{}: {} {}".format(
        version[0],
        version[1],
        "you have another one, so use" if found else "install one of them (python.org) and use",
        (found or wanted)[0] + " start.py",
    )


if refusal(sys.version_info):
    print(refusal(sys.version_info), file=sys.stderr)
    sys.exit(2)

# From here on a supported Python runs.

ROOT = Path(__file__).resolve().parent


def N_(text: str) -> str:
    """Mark a text that is translated where it is shown."""
    return text


@functools.cache
def translations() -> dict[str, str]:
    """Return the library's translations into the language that is chosen: English → said.

    As `course.language` reads them, but without a package: there may be none yet.
    """
    with contextlib.suppress(OSError, ValueError):
        lang = os.environ.get("COURSE_LANG") or (ROOT / "work" / ".language").read_text("utf-8")
        path = ROOT / "course" / "locale" / lang.strip() / "LC_MESSAGES" / "course.po"
        entries = path.read_text(encoding="utf-8").split("\n\n")
        finished = [one for one in entries if "#, fuzzy" not in one]
        found = [re.search('(?m)^msgid (".+")\nmsgstr (".+")$', one) for one in finished]
        return {ast.literal_eval(one[1]): ast.literal_eval(one[2]) for one in found if one}
    return {}


def _(text: str) -> str:
    """Return a text in the language that is chosen."""
    return translations().get(text, text)


HELP = {  # what one writes → what it does
    "": N_("set up once, then open JupyterLab on your copy of the lessons"),
    "test": N_("set up once, then run all tests (more words go to pytest)"),
    "COMMAND": N_("set up once, then run `course COMMAND` (`models`, `check`, ...)"),
    "install COMMAND": N_("only set up what that command needs"),
    "--lang ko": N_("the lessons, checks and commands in Korean, from now on; en: English"),
}
AGAIN = N_("then run the same command again")
NOTHING_CAME = (
    "Pip says that it has installed {name}, but .venv doesn't have it: see .venv/pip.log, look "
    f"whether settings of pip say where to install, {AGAIN}."
)
PARALLEL = ["-n", "auto", "--dist", "loadfile"]  # see tests/conftest.py
WHEELS = ["--only-binary=:all:", "--no-compile"]  # for compiling see FIRST_LOOK
CPU_INDEX = "https://download.pytorch.org/whl/cpu"  # torch without CUDA, for Linux
# Variables of Python, and settings of pip, that a person may give to what we start.
HARMLESS = ("PYTHONUTF8", "PYTHONIOENCODING", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE")
DOWNLOADING = (
    *("index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "proxy", "cert"),
    *("client-cert", "cache-dir", "no-cache-dir", "timeout", "default-timeout", "retries"),
    *("keyring-provider",),
)
INSIDE = """\
import importlib.metadata, importlib.util, json
found = [(one.metadata["Name"], one.version) for one in importlib.metadata.distributions()]
print(json.dumps([found, getattr(importlib.util.find_spec("course"), "origin", "")]))
"""
DISK = 2_000_000_000  # bytes that a whole set-up takes with the CPU build of torch
# Parts of requirements.txt that a command needs besides the learner's, by its first word or two.
NEEDS = {
    "bench grading": ["grading"],
    "bench rlhf": ["bench"],
    "build": ["grading", "author"],
    "classroom": ["grading"],
    "export": ["grading"],
    "feedback": ["grading"],
    "grade": ["grading"],
    "hub": ["grading", "hub"],
    "report": ["grading"],
    "site": ["grading", "site"],
    "test": ["grading", "author", "bench", "cluster", "hub", "postgres", "site", "test"],
}
# MB to download for each part; measured once, so "about".
SIZES = {
    "learner": 190,
    "grading": 25,
    "author": 11,
    "cluster": 3,
    "hub": 14,
    "postgres": 4,
    "bench": 60,
    "site": 55,
    "test": 30,
}
# What notebooks and commands load. A first import tells early what can't be loaded, and compiles
# what is needed: pip would compile all files there are, most of which nobody loads.
FIRST_LOOK = """\
import importlib, importlib.util, sys
sys.dont_write_bytecode = False
for name in sys.argv[1:]:
    if importlib.util.find_spec(name.partition(".")[0]):
        importlib.import_module(name)
"""
LOADED = """
IPython ipykernel.kernelapp ipywidgets jupyterlab.labapp matplotlib.pyplot numpy pandas peft
rich.table scipy.stats sklearn.linear_model torch transformers.models.gpt2.modeling_gpt2
transformers.tokenization_utils_tokenizers typer nbgrader.apps alembic.script sqlalchemy.orm
distributed jupyterhub.app psycopg selenium.webdriver
jupyterhub.singleuser.app nbgrader.server_extensions.formgrader
nbgrader.server_extensions.assignment_list nbgrader.server_extensions.validate_assignment
""".split()
# What a step does and downloads; measured once, so "about".
STEPS = {
    "environment": N_("a Python environment, .venv: no download"),
    "torch": "torch {torch}",
    "packages": "{packages}",
    "course": N_("the course itself: no download"),
    "models": N_("two real models: about 180 to 360 MB, unless your cache folder has them"),
    "work": N_("your own copy of the lessons in work/: no download"),
}


class Problem(Exception):
    """What a person can put right; its text is one sentence that says how."""


class PipFailed(Exception):
    """Pip failed; its text is all that pip printed."""


def say(text: str) -> None:
    """Print a line for people."""
    print(text, file=sys.stderr, flush=True)


class Status:
    """One line that says what goes on: redrawn on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()
        self.text, self.shown = "working", 0
        self.began = time.monotonic()
        self.over = threading.Event()

    def __enter__(self) -> "Status":
        if self.live:
            threading.Thread(target=self._redraw, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        if self.live:
            print("\r" + " " * 78 + "\r", end="", file=sys.stderr, flush=True)

    def _redraw(self) -> None:
        while not self.over.wait(0.5):
            line = f"      {self.text} ({time.monotonic() - self.began:.0f} s)"
            print("\r" + line[:78].ljust(78), end="", file=sys.stderr, flush=True)

    def show(self, text: str, *, important: bool = False) -> None:
        """Say `text`; without a terminal only if it is `important` or the 25th since."""
        self.text = text
        self.shown += 1
        if not self.live and (important or self.shown % 25 == 0):
            say(f"      {text}")


# --- the environment and pip ----------------------------------------------------------------------


def python_of(venv: Path) -> Path:
    """Return where the environment's Python is, or would be."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def packages_of(venv: Path, version: str) -> Path:
    """Return the environment's folder of packages, for a `version` such as "3.11"."""
    return venv / ("Lib" if os.name == "nt" else f"lib/python{version}") / "site-packages"


def version_of(venv: Path) -> str:
    """Return the version of the environment's Python, such as "3.11", or "" if none works."""
    ask = [str(python_of(venv)), "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    try:
        answer = subprocess.run(ask, capture_output=True, text=True, timeout=60)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return ""
    version = answer.stdout.strip()
    fits = re.fullmatch(r"\d+\.\d+", version) and not refusal([int(n) for n in version.split(".")])
    return version if fits else ""


def half_installed(packages: Path) -> list[Path]:
    """Return what a killed pip left: only at the end it writes INSTALLER's line into RECORD."""
    left = list(packages.glob("~*"))
    for folder in packages.glob("*.dist-info"):
        record = ""
        with contextlib.suppress(OSError):
            record = (folder / "RECORD").read_text(encoding="utf-8")
        if f"{folder.name}/INSTALLER" not in record.replace("\\", "/"):
            left.append(folder)
    return left


def variables(venv: Path) -> dict[str, str]:
    """Return the environment variables for a child process: as if `venv` were activated.

    Another program's settings of Python stay out, but for those of text on a pipe.
    """
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith("PYTHON") or name.upper() in HARMLESS
    }
    path = str(python_of(venv).parent) + os.pathsep + ours.get("PATH", "")
    return ours | {"VIRTUAL_ENV": str(venv), "PATH": path}


def pip_variables(venv: Path) -> dict[str, str]:
    """Return the variables for pip: of a person's settings those that say how to download.

    Others (target, user, prefix, dry-run ...) would have it install elsewhere, or nothing.
    """
    wanted = {f"PIP_{name.upper().replace('-', '_')}" for name in (*DOWNLOADING, "config-file")}
    # The build of the course in its own folder isn't to meet files there that look like modules.
    ours = {"PYTHONSAFEPATH": "1", "PYTHONUTF8": "1"} | {
        name: value
        for name, value in variables(venv).items()
        if not name.upper().startswith("PIP_") or name.upper() in wanted
    }
    asked = [*python_command(venv, "pip"), "config", "list", "--disable-pip-version-check"]
    listed = subprocess.run(
        asked, capture_output=True, env=ours, encoding="utf-8", errors="replace", cwd=venv
    )
    files = {}  # what their lines say, such as global.index-url='https://...'
    for section in ("global", "install"):  # the later counts
        for line in listed.stdout.splitlines():
            key, _x, value = line.partition("=")
            name = "PIP_" + key[len(section) + 1 :].upper().replace("-", "_")
            if key.startswith(section + ".") and name in wanted:
                with contextlib.suppress(ValueError, SyntaxError):
                    files[name] = ast.literal_eval(value)
    return names_in(venv) | files | ours | {"PIP_CONFIG_FILE": os.devnull}


def names_in(folder: Path) -> dict[str, str]:
    """Return variables that leave a folder's name as it is where it holds ``{name}``.

    setuptools fills variables into its paths, and knows those of the environment.
    """
    return {name: f"{{{name}}}" for name in re.findall(r"{([^{}=]+)}", str(folder))}


def python_command(venv: Path, *words: str) -> list[str]:
    """Return the command that runs a module in `venv`, and never one from the current folder."""
    return [str(python_of(venv)), "-P", "-m", *words]


def inside(venv: Path) -> tuple[dict[str, str], str]:
    """Return what the environment's Python finds: name → version, and where `course` comes from."""
    ask = [str(python_of(venv)), "-I", "-c", INSIDE]
    answer = subprocess.run(ask, capture_output=True, env=variables(venv), cwd=venv, text=True)
    with contextlib.suppress(ValueError):
        found, course = json.loads(answer.stdout)
        return {spelled(name): version for name, version in found}, course or ""
    return {}, ""


def spelled(name: object) -> str:
    """Return a package's name in the one spelling of folders of its kind."""
    return re.sub(r"[-_.]+", "_", str(name)).lower()


def make_environment(venv: Path) -> None:
    """Make the environment `venv` with pip in it, in place of what is there."""
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise Problem(
            _(
                "This Python lacks its venv module: install it (on Debian or Ubuntu: "
                "sudo apt install python3-venv), {again}."
            ).format(again=_(AGAIN))
        )
    if venv.exists():
        shutil.rmtree(venv)
    command = [sys.executable, "-I", "-m", "venv", str(venv)]
    with Status():
        made = subprocess.run(
            command, capture_output=True, text=True, errors="replace", env=variables(venv)
        )
    if made.returncode:
        raise PipFailed(made.stdout + made.stderr)


def pip(venv: Path, arguments: list[str], *, total: int = 0) -> None:
    """Run ``pip install`` with `arguments`; everything it says is kept in `.venv/pip.log`.

    Parameters
    ----------
    venv : Path
        The environment.
    arguments : list of str
        What follows ``pip install``.
    total : int
        How many packages there are, to show how far it is; 0: one large file, for which pip
        draws its own progress bar if there is a terminal.

    Raises
    ------
    PipFailed
        With what pip printed.
    """
    command = [*python_command(venv, "pip"), "install", "--disable-pip-version-check"]
    command += ["--no-input", *arguments]
    own_bar = not total and sys.stderr.isatty()
    with (venv / "pip.log").open("w+", encoding="utf-8") as log:
        process = subprocess.Popen(
            command if own_bar else [*command, "--progress-bar", "off"],
            stdout=sys.stderr if own_bar else subprocess.PIPE,
            stderr=log if own_bar else subprocess.STDOUT,
            env=pip_variables(venv),
            encoding="utf-8",
            errors="replace",
        )
        try:
            if not own_bar:
                follow(process, log, total)
            code = process.wait()
        except BaseException:
            end(process)
            raise
        if code:
            log.flush()
            log.seek(0)
            raise PipFailed(log.read())


def follow(process: subprocess.Popen, log: object, total: int) -> None:
    """Copy what pip prints to `log`, and show from it how far pip is."""
    names = set()
    with Status() as status:
        for line in process.stdout:
            log.write(line)
            found = re.match(r"(?:Collecting|Requirement already satisfied:) ([\w.-]+)", line)
            size = re.match(r"\s+Downloading .* (\(.*B\))", line)
            if found:
                names.add(found[1].lower())
                status.show(
                    _("{n} of {total}: {found}").format(
                        n=len(names), total=max(total, len(names)), found=found[1]
                    )
                )
            elif size:
                status.text += f" {size[1]}"
            elif line.startswith("Installing collected packages"):
                status.show("unpacking", important=total > 1)


def end(process: subprocess.Popen) -> None:
    """Give a process that was interrupted with us time to end, then make it end."""
    for act in (lambda: None, process.terminate, process.kill):
        act()
        with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            process.wait(timeout=5)
            return


def cause(text: str) -> str:
    """Return one sentence for what pip or venv printed as it failed."""
    known = {
        r"No space left|not enough space": _("The disk is full: make room, {again}.").format(
            again=_(AGAIN)
        ),
        r"Permission denied|Access is denied|Read-only file system": (
            _(
                "No permission to write here: move the course to a folder of your own, "
                "close programs that use its .venv, {again}."
            ).format(again=_(AGAIN))
        ),
        r"NewConnectionError|Connection\w*Error|Connect\w*Timeout|timed out|name resolution"
        r"|getaddrinfo|ProxyError|SSLError|MaxRetryError|Incomplete|Connection broken": (
            _("The packages could not be downloaded: see that the network works, {again}.").format(
                again=_(AGAIN)
            )
        ),
        r"invalid variable|Single '[{}]' encountered|positional fields": (
            _(
                "The build tool can't read the name of this folder: take {{ and }} out "
                "of it, {again}."
            ).format(again=_(AGAIN))
        ),
        r"DO NOT MATCH THE HASHES|BadZipFile|Wheel .* is invalid": (
            _(
                "A download is damaged: empty pip's cache (python3 -m pip cache purge), {again}."
            ).format(again=_(AGAIN))
        ),
    }
    for pattern, says in known.items():
        if re.search(pattern, text, re.IGNORECASE):
            return says
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return _("The set-up failed ({more}); see .venv/pip.log.").format(
        more=lines[-1] if lines else "no reason given"
    )


# --- which packages -------------------------------------------------------------------------------


def pins_of(requirements: str) -> dict[str, list[str]]:
    """Return the pins in the text of requirements.txt by its parts, the first one "learner"."""
    parts: dict[str, list[str]] = {"learner": []}
    pins = parts["learner"]
    for line in requirements.splitlines():
        head = re.match(r"# \[(\w+)\]", line)
        if head:
            pins = parts.setdefault(head[1], [])
        elif line.strip() and not line.startswith(("#", "-")):
            pins.append(line)
    return parts


def needs(arguments: list[str]) -> list[str]:
    """Return the parts that the command in `arguments` needs besides the learner's."""
    words = [word for word in arguments if not word.startswith("-")]
    if {"-h", "--help"} & set(arguments) or not words:
        return []
    if words[0] == "install":
        for word in words[1:]:
            if word not in (*NEEDS, *SIZES):
                one = ", ".join(sorted({*(name.split()[0] for name in NEEDS), *SIZES}))
                raise Problem(
                    _("There is no {word} to install: name one of {one}.").format(
                        word=word, one=one
                    )
                )
        found = [part for word in words[1:] for part in NEEDS.get(word, [word])]
        return list(dict.fromkeys(part for part in found if part != "learner"))
    found = NEEDS.get(words[0]) or NEEDS.get(" ".join(words[:2]), [])
    away = words[0] == "grade" and any(word.startswith("--scheduler") for word in arguments)
    return [*found, "cluster"] if away else found


# --- the steps ------------------------------------------------------------------------------------


class Setup:
    """The set-up of the course in the folder `root`, as far as it has come.

    ``done`` lists the finished steps; each step can be stopped at any point and run again.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.venv = root, root / ".venv"
        self.stamp = self.venv / "setup.json"
        self.state: dict = {"done": []}
        with contextlib.suppress(OSError, ValueError):
            state = json.loads(self.stamp.read_text(encoding="utf-8"))
            if isinstance(state, dict) and isinstance(state.get("done"), list):
                self.state = state
        try:
            files = [(root / name).read_bytes() for name in ("requirements.txt", "pyproject.toml")]
        except FileNotFoundError as error:
            name = Path(error.filename).name
            raise Problem(
                _("{name} is missing: get it back (git checkout {name}).").format(name=name)
            ) from None
        self.pins = hashlib.sha256(b"".join(files)).hexdigest()
        named = re.search(r'^name *= *"([^"]+)"', files[1].decode("utf-8"), re.MULTILINE)
        self.project = spelled(named[1]) if named else "course"
        self.pins_of = pins_of(files[0].decode("utf-8"))
        self.parts: list[str] = self.state.setdefault("parts", [])

    @property
    def done(self) -> list[str]:
        """Return the finished steps."""
        return self.state["done"]

    def save(self) -> None:
        """Write the state down, in one piece."""
        draft = self.stamp.with_suffix(".part")
        draft.write_text(json.dumps(self.state, indent=1) + "\n", encoding="utf-8")
        draft.replace(self.stamp)

    def undo(self, *steps: str) -> None:
        """Take `steps` back."""
        self.state["done"] = [step for step in self.done if step not in steps]

    def look(self) -> None:
        """Take back what no longer holds. Cheap, for it comes before every command."""
        if not self.done:
            return
        version = version_of(self.venv)
        gone = set(self.state.get("names", []))
        with contextlib.suppress(OSError):
            gone -= set(os.listdir(packages_of(self.venv, version)))
        if version != self.state.get("python") or gone:
            say(
                _(".venv is damaged ({gone} is gone): making it anew.").format(
                    gone=min(gone, default="its Python")
                )
            )
            self.stamp.unlink()
            shutil.rmtree(self.venv)
            self.state = {"done": []}
        elif self.state.get("pins") != self.pins:
            self.undo("torch", "packages", "course")
        elif self.state.get("root") != str(self.root) or not self.has_course(version):
            self.undo("course")  # the folder was moved or copied, or the course isn't in .venv
        self.state.update(pins=self.pins, root=str(self.root))

    @property
    def pinned(self) -> list[str]:
        """Return the pins of all parts that are wanted here."""
        return [pin for part in ("learner", *self.parts) for pin in self.pins_of.get(part, [])]

    def want(self, parts: Iterable[str]) -> None:
        """Have more `parts` of requirements.txt in the environment from now on."""
        more = [part for part in parts if part not in self.parts]
        if not more:
            return
        if "packages" in self.done:  # and not again if we are stopped before all of them are here
            self.undo("packages")
            self.save()
        self.parts = [*self.parts, *more]

    def run(self, parts: Iterable[str] = (), *, fetch: bool = True, retry: bool = False) -> None:
        """Do what is left to do.

        Parameters
        ----------
        parts : iterable of str
            The parts of requirements.txt that are wanted besides the learner's.
        fetch : bool
            Whether to fetch the real models, too.
        retry : bool
            Whether to try that again if it has failed before.
        """
        self.look()
        self.want(parts)
        todo = [step for step in STEPS if step not in self.done]
        if "models" in todo and (not fetch or (self.state.get("tried") and not retry)):
            todo.remove("models")
        if "packages" in todo:
            say(_("Setting up the course. You may stop with Ctrl-C; the same command goes on."))
        for step in todo:
            began = time.monotonic()
            torch = f"{self.torch_pin()}: {self.torch_build()[1]}"
            what = _(STEPS[step]).format(torch=torch, packages=self.packages_in_words())
            say(f"[{list(STEPS).index(step) + 1}/{len(STEPS)}] {what}")
            if getattr(self, step)() is not False:
                self.done.append(step)
                say(_("      done in {seconds:.0f} s").format(seconds=time.monotonic() - began))
            self.save()

    # One method for each of STEPS, in their order; False says that it could not be done, but that
    # the rest works without.

    def environment(self) -> None:
        """Make .venv, unless there is one that works."""
        free = shutil.disk_usage(self.root).free
        if free < DISK and not self.venv.exists():
            raise Problem(
                _(
                    "The set-up takes about {needed:.1f} GB and the disk has {free:.1f} GB "
                    "left: make room, {again}."
                ).format(needed=DISK / 1e9, free=free / 1e9, again=_(AGAIN))
            )
        if not self.usable():
            make_environment(self.venv)
        self.state.update(python=version_of(self.venv), pins=self.pins, root=str(self.root))

    def usable(self) -> bool:
        """Tell whether .venv has a fitting Python and a whole pip; nobody knows who made it."""
        version = version_of(self.venv)
        packages = packages_of(self.venv, version)
        pips = set(packages.glob("pip-*.dist-info"))
        return bool(version and pips - set(half_installed(packages)))

    def torch(self) -> None:
        """Install torch alone: on Linux there is a build for the CPU, a tenth of the size."""
        self.sweep()
        alone = ["--no-deps", *WHEELS]
        pin = f"torch=={self.torch_pin()}"
        if self.torch_build()[0] == "+cpu":
            source = ["--extra-index-url", CPU_INDEX, "--retries", "2", "--timeout", "15"]
            try:
                pip(self.venv, [*alone, *source, pin + "+cpu"])
                return self.verify([pin])
            except PipFailed as error:
                # "none" means that no index answered at all.
                if not re.search(r"\(from versions: (?!none).*No matching", str(error), re.DOTALL):
                    raise
            say(
                _(
                    "      there is no build for the CPU here: it takes the one with CUDA, about "
                    "2.5 GB"
                )
            )
        pip(self.venv, [*alone, pin])
        return self.verify([pin])

    def packages_in_words(self) -> str:
        """Say how many packages the next step brings, and how large their download is."""
        have = ["learner", *self.state["parts"]] if "names" in self.state else []
        new = [part for part in ("learner", *self.parts) if part not in have]
        count = sum(len(self.pins_of.get(part, [])) for part in new or ("learner", *self.parts))
        size = sum(SIZES.get(part, 0) for part in new)
        if not new:
            return _("{count} packages: what has changed of them").format(count=count)
        return _("{count} packages: about {size} MB").format(count=count, size=size)

    def packages(self) -> None:
        """Install the pins of all wanted parts, then load once what the course loads of them."""
        self.sweep()
        pins = self.venv / "pins.txt"
        pins.write_text("\n".join(self.pinned) + "\n", encoding="utf-8")
        patient = [*WHEELS, "--retries", "3", "--timeout", "30"]
        pip(self.venv, [*patient, "-r", str(pins)], total=len(self.pinned))
        self.verify([line for line in self.pinned if ";" not in line])  # others depend on a machine
        names = os.listdir(packages_of(self.venv, self.state["python"]))
        ours = [
            n for n in names if not n.startswith("_") and not n.endswith((".dist-info", ".pth"))
        ]
        self.state.update(names=ours, parts=self.parts)
        self.first_look()

    def first_look(self) -> None:
        """Load what the course loads, and say so if something can't be loaded."""
        command = [str(python_of(self.venv)), "-I", "-c", FIRST_LOOK, *LOADED]
        with Status() as status:
            status.show(_("loading them once"), important=True)
            look = subprocess.run(
                command,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd=self.venv,
                env=variables(self.venv),
                encoding="utf-8",
                errors="replace",
            )
        if look.returncode:
            why = (
                look.stderr.strip() or _("it ended with {code}").format(code=look.returncode)
            ).splitlines()[-1]
            say(
                _("      A package can't be loaded, and lessons may miss it: {why}").format(why=why)
            )

    def course(self) -> None:
        """Install the course in place, with the build tool that `packages` brought: offline."""
        build = ["--no-build-isolation", "--no-deps", "--no-index"]
        pip(self.venv, [*build, "--editable", str(self.root)], total=1)
        where = Path(inside(self.venv)[1])
        if where.parent != self.root / "course" or not self.has_course(self.state["python"]):
            raise Problem(NOTHING_CAME.format(name="the course"))

    def models(self) -> bool:
        """Fetch the real models; all works without them, but for the demos that show them."""
        self.state["tried"] = True
        if self.child("course.cli", "models", "fetch") == 0:
            return True
        say(
            _(
                "      Not fetched, but all else works. Try again with: "
                "python3 start.py models fetch"
            )
        )
        return False

    def work(self) -> bool:
        """Give the learner a copy of each lesson that isn't there yet."""
        return self.child("course.learner.desk") == 0

    # What the steps share.

    def child(self, *arguments: str) -> int:
        """Run a module of the environment as a step and return its exit code."""
        code = wait(python_command(self.venv, *arguments), self.venv, stdout=sys.stderr)
        if code == 130:
            raise KeyboardInterrupt
        return code

    def verify(self, pins: list[str]) -> None:
        """See that `pins` are in the environment: pip may have put them elsewhere, or nowhere."""
        found = inside(self.venv)[0]
        for pin in pins:
            name, _x, version = pin.partition("==")
            if found.get(spelled(name.strip()), "").partition("+")[0] != version.strip():
                raise Problem(NOTHING_CAME.format(name=name))

    def has_course(self, version: str) -> bool:
        """Tell whether the course was installed into the environment."""
        return any(packages_of(self.venv, version).glob(f"{self.project}-*.dist-info"))

    def sweep(self) -> None:
        """Remove what a killed pip left, or pip would take it for installed."""
        for path in half_installed(packages_of(self.venv, self.state["python"])):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def torch_pin(self) -> str:
        """Return the pinned version of torch."""
        return next(
            line[7:].split()[0] for line in self.pins_of["learner"] if line.startswith("torch==")
        )

    def torch_build(self) -> tuple[str, str]:
        """Return the build of torch that fits this machine (a suffix) and its size in words."""
        if not sys.platform.startswith("linux"):
            return "", _("about 120 MB")
        if shutil.which("nvidia-smi") or Path("/proc/driver/nvidia").exists():
            return "", _("with CUDA about 2.5 GB")
        return "+cpu", _("build for the CPU, about 190 MB")


# --- the command ----------------------------------------------------------------------------------


def wait(command: list[str], venv: Path, *, stdout: object = None, cwd: object = None) -> int:
    """Run `command` to its end and return its exit code.

    In a terminal Ctrl-C reaches the child as well, and what it means is the child's to say
    (JupyterLab asks first); elsewhere we pass it on. After the third we end it.
    """
    process = subprocess.Popen(command, stdout=stdout, cwd=cwd, env=variables(venv))
    before = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        for _x in range(3):
            try:
                code = process.wait()
                return code if code >= 0 else 128 - code
            except KeyboardInterrupt:
                if os.name != "nt" and not (sys.stdin and sys.stdin.isatty()):
                    process.send_signal(signal.SIGINT)
        end(process)
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)


def korean() -> bool:
    """Tell whether the system speaks Korean."""
    named = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    with contextlib.suppress(ValueError, TypeError):
        named.append(locale.getlocale()[0] or "")
    first = next(filter(None, named), "")
    return first.lower().startswith(("ko", "korean"))


def in_parallel(words: list[str]) -> list[str]:
    """Return the words for pytest, with as many workers as it finds good, unless they say else."""
    own = ("-n", "--numprocesses", "--dist", "--pdb", "--trace")
    return words if any(word.startswith(own) for word in words) else [*PARALLEL, *words]


def help_text() -> str:
    """Return what may be written after ``python3 start.py``, and what it does."""
    lines = [f"  python3 start.py {words:<17}{_(what)}" for words, what in HELP.items()]
    return "\n".join(
        [
            _("Usage:") + " python3 start.py [--lang LANGUAGE] [test | install | COMMAND] [...]",
            "",
            *lines,
            "",
            _("The set-up goes to .venv. You may stop it at any time: the same command goes on."),
            _("Example:") + " python3 start.py models",
        ]
    )


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Set up, do what `arguments` say, and return the exit code."""
    lang = ""
    if arguments[:1] == ["--lang"]:
        if len(arguments) < 2:
            raise Problem(_("Which language? For example: python3 start.py --lang ko"))
        lang, arguments = arguments[1], arguments[2:]
        os.environ["COURSE_LANG"] = lang  # for the first copy of the lessons, too
    if arguments[:1] in (["-h"], ["--help"], ["help"]):
        print(help_text())
        return 0
    testing, fetching = arguments[:1] == ["test"], arguments[:2] == ["models", "fetch"]
    parts = needs(arguments)
    setup = Setup(root)
    setup.run(parts, fetch=not fetching, retry=testing)
    if lang:
        code = setup.child("course.learner.desk", "--lang", lang)
        if code:
            return code
    elif not arguments and korean() and not (root / "work" / ".language").exists():
        say("이 코스는 한국어로도 볼 수 있어요: python3 start.py --lang ko  (English: --lang en)")
    if arguments[:1] == ["install"]:
        return 0
    if testing:
        command = python_command(setup.venv, "pytest", *in_parallel(arguments[1:]))
        return wait(command, setup.venv, cwd=root)
    command = python_command(setup.venv, "course.cli", *(arguments or ["lab"]))
    return wait(command, setup.venv)


def sentence(error: OSError, root: Path) -> str:
    """Say in one sentence what the operating system refused."""
    where = error.filename or root
    if error.errno == errno.ENOSPC:
        return _("The disk is full: make room, {again}.").format(again=_(AGAIN))
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return _(
            "No permission to write {where}: move the course to a folder of your "
            "own, for example in your home folder, {again}."
        ).format(where=where, again=_(AGAIN))
    return _("{it} ({where}): put that right, {again}.").format(
        it=error.strerror or error, where=where, again=_(AGAIN)
    )


def guarded(arguments: list[str], root: Path = ROOT) -> int:
    """Run `main`; whatever goes wrong, a person reads one sentence and no traceback."""
    try:
        return main(arguments, root)
    except Problem as problem:
        say(f"start.py: {problem}")
    except PipFailed as error:
        say(f"start.py: {cause(str(error))}")
    except OSError as error:
        say(f"start.py: {sentence(error, root)}")
    except KeyboardInterrupt:
        said = _("interrupted; nothing is lost, and the same command goes on.")
        say(f"\nstart.py: {said}")
        return 130
    return 2


if __name__ == "__main__":
    sys.exit(guarded(sys.argv[1:]))
