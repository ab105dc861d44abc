"""Lessons in another language, in a folder of their own: ``work/.lang/LANGUAGE``.

It has ``source/`` and ``release/`` as a course has, so that nbgrader, `verify` and `course check`
take it for one. Everything in it is made of the English lesson and its catalogue, and made again
when either has changed. In English the folder is the course's own.

They are in no commit: a second copy of each lesson could only go out of step with the first. And
they aren't in ``release/``, where nbgrader takes each folder for an assignment.
"""

import hashlib
import shutil
from pathlib import Path

from course import language, paths
from course.translate import catalogue, lesson

BUILT = Path("work") / ".lang"
PLACES = ("source", "release")


def folder(kind: str, root: Path, code: str | None = None) -> Path:
    """Return where the lessons of a language are.

    Parameters
    ----------
    kind : str
        ``source`` or ``release``.
    root : Path
        The course's folder.
    code : str, optional
        The language; the reader's if left out.
    """
    code = code or language.current()
    return root / kind if code == "en" else root / BUILT / code / kind


def fresh(name: str, kind: str, root: Path, code: str | None = None) -> Path:
    """Return the folder of a lesson in a language, put together anew if that is due.

    Where the course has no such lesson, there is none in the language either.
    """
    code = code or language.current()
    english, target = root / kind / name, folder(kind, root, code) / name
    if code == "en" or not english.is_dir():
        return target if code == "en" or not target.is_dir() else _gone(target)
    files = [
        file
        for file in sorted(english.rglob("*"))
        if file.is_file() and not {".ipynb_checkpoints", "__pycache__"} & set(file.parts)
    ]
    stamp = _stamp([*files, *(language.place(one, code) for one in (name, language.LIBRARY))])
    made_of = target.with_name(f".{name}")
    if not (target.is_dir() and made_of.exists() and made_of.read_text() == stamp):
        find = catalogue.finder_for(name, code)
        draft = target.with_name(f".{name}.part")
        shutil.rmtree(draft, ignore_errors=True)
        for file in files:
            made = lesson.page(file.name, file.read_bytes(), find)
            paths.write(draft / file.relative_to(english), made)
        shutil.rmtree(target, ignore_errors=True)
        draft.replace(target)
        paths.write(made_of, stamp)
    return target


def notebook(name: str, kind: str, root: Path, code: str | None = None) -> Path:
    """Return the notebook of a lesson in a language, put together anew if that is due."""
    return fresh(name, kind, root, code) / f"{name}.ipynb"


def _gone(target: Path) -> Path:
    shutil.rmtree(target)
    return target


def _stamp(files: list[Path]) -> str:
    """Return a digest of what a lesson is made of, and of how."""
    digest = hashlib.sha256()
    for file in [*files, *sorted(Path(__file__).parent.glob("*.py"))]:
        content = file.read_bytes() if file.exists() else b""
        digest.update(file.name.encode() + hashlib.sha256(content).digest())
    return digest.hexdigest()
