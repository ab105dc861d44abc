"""What scores depend on in addition to the notebooks: the course's library and data, and packages.

One answer to "is it still the same code?": for what is kept of an earlier run, and for the workers
of a cluster.
"""

import functools
import hashlib
import json
import platform
from collections.abc import Collection
from importlib import metadata
from pathlib import Path

from course.grader.hooks import Hooks


@functools.cache
def fingerprint(root: Path, hooks: Hooks) -> dict[str, str]:
    """Return what scores depend on, by name.

    It is taken once a process, since a process keeps the library that it has loaded.

    Parameters
    ----------
    root : Path
        The course's folder.
    hooks : Hooks

    Returns
    -------
    dict of str to str
        A folder's name with ``/`` → a hash of its files; a package → its version.
    """
    found = {f"{place.name}/": files(place) for place in hooks.mounts(root) if place.exists()}
    found["Python"] = ".".join(platform.python_version_tuple()[:2])
    for name in hooks.distributions:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "nowhere"
    return found


def digest(root: Path, hooks: Hooks) -> str:
    """Return the fingerprint in one word."""
    text = json.dumps(fingerprint(root.resolve(), hooks), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def files(folder: Path, apart: Collection[str] = ()) -> str:
    """Return a hash of all files below a folder, whatever their dates.

    Parameters
    ----------
    folder : Path
    apart : collection of str
        What lies directly in it and doesn't count.
    """
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if name.parts[0] in apart:
            continue
        if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in name.parts):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            found.update(f"{name.as_posix()} {content}\n".encode())
    return found.hexdigest()
