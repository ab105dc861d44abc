"""Set up what a class needs on one machine, and say what is missing, one line for each thing.

What is set up is the exchange, and the extension of Jupyter's server that lets it answer while the
formgrader's buttons work (`server.py`), in the environment that runs this.

The exchange is nbgrader's folder through which lessons go out and hand-ins come back. nbgrader
makes its folders when something is released; made here they have the sticky bit besides, so that
nobody renames or deletes what belongs to somebody else. What isn't ours is left alone and named.
"""

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

from course.grader import files, sandbox, settings
from course.grader.local import inherited, python
from course.grader.notebook import path_of

OK, MADE, LOOK, MISSING = "ok", "made", "look", "missing"
EXCHANGE = "/usr/local/share/nbgrader/exchange"  # nbgrader's own place
OPEN = 0o1777  # everybody may put something in, and take only their own away
# nbgrader's folders for one course, with its own permissions.
BELOW = {"": 0o755, "outbound": 0o755, "inbound": 0o3733, "feedback": 0o711}
BUTTONS, READER = "course.grader.buttons.Sandboxed", "course.grader.buttons.Unread"
PARTS = {
    "the formgrader": "nbgrader.server_extensions.formgrader",
    "the assignment list": "nbgrader.server_extensions.assignment_list",
    "the validate button": "nbgrader.server_extensions.validate_assignment",
}
PANELS = "@jupyter/nbgrader"
# By this file Jupyter's server finds our extension.
ENABLED = Path("etc", "jupyter", "jupyter_server_config.d", "course_grader.json")
EXTENSION = {"ServerApp": {"jpserver_extensions": {f"{__package__}.server": True}}}
COLOUR = re.compile(r"\x1b\[[\d;]*m")

Row = dict[str, str]


def classroom(root: Path) -> dict[str, Any]:
    """Make the exchange, enable our buttons, and look at everything that a class needs.

    Parameters
    ----------
    root : Path
        The course's folder.

    Returns
    -------
    dict
        ``ok`` (nothing is missing), ``exchange`` (its folder), ``rows``: what was looked at, each
        with ``what``, ``state`` (ok, made, look, missing) and ``do``, a sentence, or "" if all is
        well.
    """
    root = root.resolve()
    rows = [*of_course(root), *_extensions(), _buttons(), isolation(), private(root)]
    place = exchange(root)
    rows += of_exchange(place, course_id(root))
    ok = all(row["state"] != MISSING for row in rows)
    return {"ok": ok, "exchange": str(place), "rows": rows}


def course_id(root: Path) -> str:
    """Return the course's name, as ``nbgrader_config.py`` says; "" if it doesn't."""
    return str(settings.config(root).get("CourseDirectory", {}).get("course_id", ""))


def exchange(root: Path) -> Path:
    """Return the exchange's folder, as ``nbgrader_config.py`` says."""
    return Path(settings.config(root).get("Exchange", {}).get("root", EXCHANGE))


def line(what: str, missing: str = "", state: str = MISSING) -> Row:
    """Return what was looked at: it is well, or `missing` says what to do."""
    return {"what": what, "state": state if missing else OK, "do": missing}


def of_course(root: Path) -> list[Row]:
    """Look at the configuration and the lessons."""
    own = settings.config(root)
    there = (root / settings.FILE).exists()
    lost = "" if there else f"There is no {settings.FILE} in {root}: get it back."
    named = bool(own.get("CourseDirectory", {}).get("course_id"))
    unnamed = "" if named else f"Name the course in {settings.FILE}: c.CourseDirectory.course_id."
    safe = own.get("Autograde", {}).get("autograde_preprocessors", []) == [BUTTONS]
    unsafe = (
        f'Set c.Autograde.autograde_preprocessors = ["{BUTTONS}"] in {settings.FILE}: without it '
        "the formgrader runs students' code without a sandbox."
    )
    if safe:
        safe = own["Autograde"].get("exporter_class") == READER
        unsafe = f'Set c.Autograde.exporter_class = "{READER}": without it nothing is graded.'
    source, release = settings.folder(root, "source"), settings.folder(root, "release")
    lessons = [one for one in settings.lessons(root) if path_of(one, source).exists()]
    none = "" if lessons else f"There are no lessons in {source}: this needs the full course."
    unmade = [one for one in lessons if not path_of(one, release).exists()]
    make = f"Make {', '.join(unmade)} with `nbgrader generate_assignment`, or its button."
    closed = "" if os.access(root, os.W_OK) else f"You can't write into {root}: change that."
    return [
        line("configuration", lost or unnamed),
        line("safe autograde button", "" if safe else unsafe),
        line("lessons", none),
        line("release", make if unmade else ""),
        line("course folder", closed),
    ]


def _extensions() -> list[Row]:
    """Ask JupyterLab which of nbgrader's parts are enabled."""
    listed = _said("server", "extension", "list") + _said("labextension", "list")
    rows = []
    for what, name in {**PARTS, "panels in JupyterLab": PANELS}.items():
        kind = "labextension" if name == PANELS else "server extension"
        found = re.findall(rf"(?m)^\s*{re.escape(name)}\s.*?\b(enabled|disabled)\b(.*)$", listed)
        states = [state for state, _ in found]
        do = f"Run `jupyter {kind} enable {name}`." if states else f"{name} isn't installed."
        rows.append(line(what, "" if "enabled" in states and "disabled" not in states else do))
    return rows


def _buttons() -> Row:
    """Enable our extension of Jupyter's server: a file, as packages bring one."""
    path = Path(sys.prefix) / ENABLED
    text = json.dumps(EXTENSION, indent=2) + "\n"
    what = "buttons in the server"
    try:
        if path.exists() and path.read_text(encoding="utf-8") == text:
            return line(what)
        files.write(path, text)
    except OSError as error:
        return line(what, f"{path} can't be written ({error.strerror}): change that.")
    return line(what, "Restart JupyterLab if it runs.", MADE)


def _said(*words: str) -> str:
    """Return what one of Jupyter's commands prints, without colours."""
    ran = subprocess.run(
        python("-m", "jupyter", *words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=inherited(),
    )
    return COLOUR.sub("", ran.stdout.decode("utf-8", "replace"))


def isolation() -> Row:
    """Look whether there is a sandbox to grade in."""
    why = sandbox.missing()
    return line("sandbox", f"Nothing can be graded here, since {why}." if why else "")


def private(root: Path) -> Row:
    """Look whether other users of this machine can get into the course's folder."""
    if os.name != "posix":
        return line("private folder")
    closed = not root.stat().st_mode & 0o005
    closed |= any(not one.stat().st_mode & 0o001 for one in root.parents)
    do = (
        f"Others on this machine can read {root}, with solutions and gradebook: if students have "
        f"accounts here, run `chmod 700 {root}`."
    )
    return line("private folder", "" if closed else do, LOOK)


# --- the exchange ---------------------------------------------------------------------------------


def of_exchange(place: Path, course: str) -> list[Row]:
    """Make the exchange and the course's folders in it, with the right permissions."""
    if sys.platform == "win32":
        return [line("exchange", "nbgrader's exchange isn't for Windows: use a Linux machine.")]
    rows = [folder("exchange", place, OPEN, shared=True)]
    if rows[0]["state"] == MISSING or not course:
        return rows
    for name, mode in BELOW.items():
        row = folder(f"exchange: {name or course}", place / course / name, mode, shared=False)
        rows.append(row)
        if row["state"] == MISSING:
            break
    return rows


def folder(what: str, path: Path, mode: int, *, shared: bool) -> Row:
    """Make one folder, or give it its permissions; `shared`: it may be the administrator's."""
    state = OK
    try:
        if not os.path.lexists(path):
            path.mkdir(parents=shared)
            state = MADE
        about = path.lstat()
        if not stat.S_ISDIR(about.st_mode):
            return line(what, f"{path} is no folder: take it away.")
        if about.st_uid != os.geteuid() and not (shared and about.st_uid == 0):
            return line(what, f"{path} belongs to {_name(about.st_uid)}: have it taken away.")
        if stat.S_IMODE(about.st_mode) != mode:
            os.chmod(path, mode)
            state = MADE
    except OSError as error:
        do = f"{path} can't be made or opened ({error.strerror}): as administrator run "
        command = f"`mkdir -p {path} && chmod {mode:o} {path}`"
        return line(what, f"{do}{command}, or name another folder in COURSE_EXCHANGE.")
    return line(what) | {"state": state}


def _name(number: int) -> str:
    """Return a user's name, or the number where there is none."""
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"
