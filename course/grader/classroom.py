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
from course.grader.errors import N_
from course.grader.local import inherited, python
from course.grader.notebook import path_of

OK, MADE, LOOK, MISSING = N_("ok"), N_("made"), N_("look"), N_("missing")
EXCHANGE = "/usr/local/share/nbgrader/exchange"  # nbgrader's own place
OPEN = 0o1777  # everybody may put something in, and take only their own away
# nbgrader's folders for one course, with its own permissions.
BELOW = {"": 0o755, "outbound": 0o755, "inbound": 0o3733, "feedback": 0o711}
BUTTONS, READER = "course.grader.buttons.Sandboxed", "course.grader.buttons.Unread"
PARTS = {
    N_("the formgrader"): "nbgrader.server_extensions.formgrader",
    N_("the assignment list"): "nbgrader.server_extensions.assignment_list",
    N_("the validate button"): "nbgrader.server_extensions.validate_assignment",
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
    file, buttons = settings.FILE, own.get("Autograde", {})
    lost = N_("There is no {file} in {root}: get it back.").format(file=file, root=root)
    unnamed = N_("Name the course in {file}: c.CourseDirectory.course_id.").format(file=file)
    named = bool(own.get("CourseDirectory", {}).get("course_id"))
    unsafe = N_(
        'Set c.Autograde.autograde_preprocessors = ["{name}"] in {file}: without it the '
        "formgrader runs students' code without a sandbox."
    ).format(name=BUTTONS, file=file)
    safe = buttons.get("autograde_preprocessors", []) == [BUTTONS]
    if safe:
        unsafe = N_(
            'Set c.Autograde.exporter_class = "{name}": without it nothing is graded.'
        ).format(name=READER)
        safe = buttons.get("exporter_class") == READER
    source, release = settings.folder(root, "source"), settings.folder(root, "release")
    lessons = [one for one in settings.lessons(root) if path_of(one, source).exists()]
    none = N_("There are no lessons in {source}: this needs the full course.").format(source=source)
    unmade = [one for one in lessons if not path_of(one, release).exists()]
    make = N_("Make {unmade} with `nbgrader generate_assignment`, or its button.").format(
        unmade=", ".join(unmade)
    )
    closed = N_("You can't write into {root}: change that.").format(root=root)
    return [
        line(N_("configuration"), lost if not (root / file).exists() else "" if named else unnamed),
        line(N_("safe autograde button"), "" if safe else unsafe),
        line(N_("lessons"), "" if lessons else none),
        line(N_("release"), make if unmade else ""),
        line(N_("course folder"), "" if os.access(root, os.W_OK) else closed),
    ]


def _extensions() -> list[Row]:
    """Ask JupyterLab which of nbgrader's parts are enabled."""
    listed = _said("server", "extension", "list") + _said("labextension", "list")
    rows = []
    for what, name in {**PARTS, N_("panels in JupyterLab"): PANELS}.items():
        kind = "labextension" if name == PANELS else "server extension"
        found = re.findall(rf"(?m)^\s*{re.escape(name)}\s.*?\b(enabled|disabled)\b(.*)$", listed)
        states = [state for state, _ in found]
        do = N_("Run `jupyter {kind} enable {name}`.") if states else N_("{name} isn't installed.")
        do = do.format(kind=kind, name=name)
        rows.append(line(what, "" if "enabled" in states and "disabled" not in states else do))
    return rows


def _buttons() -> Row:
    """Enable our extension of Jupyter's server: a file, as packages bring one."""
    path = Path(sys.prefix) / ENABLED
    text = json.dumps(EXTENSION, indent=2) + "\n"
    what = N_("buttons in the server")
    try:
        if path.exists() and path.read_text(encoding="utf-8") == text:
            return line(what)
        files.write(path, text)
    except OSError as error:
        do = N_("{path} can't be written ({why}): change that.")
        return line(what, do.format(path=path, why=error.strerror))
    return line(what, N_("Restart JupyterLab if it runs."), MADE)


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
    do = N_("Nothing can be graded here, since {why}.").format(why=why)
    return line(N_("sandbox"), do if why else "")


def private(root: Path) -> Row:
    """Look whether other users of this machine can get into the course's folder."""
    if os.name != "posix":
        return line(N_("private folder"))
    closed = not root.stat().st_mode & 0o005
    closed |= any(not one.stat().st_mode & 0o001 for one in root.parents)
    do = N_(
        "Others on this machine can read {root}, with solutions and gradebook: if "
        "students have accounts here, run `chmod 700 {root}`."
    ).format(root=root)
    return line(N_("private folder"), "" if closed else do, LOOK)


# --- the exchange ---------------------------------------------------------------------------------


def of_exchange(place: Path, course: str) -> list[Row]:
    """Make the exchange and the course's folders in it, with the right permissions."""
    if sys.platform == "win32":
        do = N_("nbgrader's exchange isn't for Windows: use a Linux machine.")
        return [line(N_("exchange"), do)]
    rows = [folder(N_("exchange"), place, OPEN, shared=True)]
    if rows[0]["state"] == MISSING or not course:
        return rows
    for name, mode in BELOW.items():
        row = folder(
            N_("exchange: {name}").format(name=name or course),
            place / course / name,
            mode,
            shared=False,
        )
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
            return line(what, N_("{path} is no folder: take it away.").format(path=path))
        if about.st_uid != os.geteuid() and not (shared and about.st_uid == 0):
            do = N_("{path} belongs to {owner}: have it taken away.")
            return line(what, do.format(path=path, owner=_name(about.st_uid)))
        if stat.S_IMODE(about.st_mode) != mode:
            os.chmod(path, mode)
            state = MADE
    except OSError as error:
        do = N_(
            "{path} can't be made or opened ({why}): as administrator run `mkdir -p {path} && "
            "chmod {mode:o} {path}`, or name another folder in COURSE_EXCHANGE."
        )
        return line(what, do.format(path=path, why=error.strerror, mode=mode))
    return line(what) | {"state": state}


def _name(number: int) -> str:
    """Return a user's name, or the number where there is none."""
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"
