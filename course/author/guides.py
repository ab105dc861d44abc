"""The guides of ``docs/`` in another language: ``docs/LANGUAGE``, from the English and a catalogue.

They are in the repository, where readers find them without a command; a test holds them to what
`write` makes. A link leads to the guide in the same language where there is one, and to a heading
by that language's words. Left out on purpose: README (``README.ko.md`` is shorter, and written by
hand) and the training log, a diary in English.
"""

import re
from pathlib import Path

from course import paths
from course.translate import catalogue, lesson

SKIPPED = ("training-log.md",)  # of docs/: a diary for those who work on the course
LINK = re.compile(r"(?<=\]\()(?!https?:)([^()#\s]*)(#[^()\s]*)?(?=\))")
HEADING = re.compile(r"(?m)^#+ (.+)$")
CODE = re.compile(r"(?ms)^```.*?^```$")


def english(root: Path) -> list[Path]:
    """Return the guides that are translated."""
    return [p for p in sorted((root / "docs").glob("*.md")) if p.name not in SKIPPED]


def anchors(text: str) -> list[str]:
    """Return by which words a page's headings are linked to, as GitHub and Sphinx make them."""
    found = [re.sub(r"[^\w\- ]", "", one.lower()) for one in HEADING.findall(CODE.sub("", text))]
    return [f"#{one.replace(' ', '-')}" for one in found]


def made(root: Path, code: str, name: str, find: lesson.Find | None = None) -> dict[Path, str]:
    """Return the guides in a language: path → text.

    Parameters
    ----------
    root : Path
        The course's folder.
    code : str
        The language.
    name : str
        The guides' catalogue.
    find : callable, optional
        In place of that catalogue.
    """
    find = find or catalogue.finder_for(name, code)
    told: dict[str, str] = {}
    known: dict[str, dict[str, str]] = {}
    for path in english(root):
        content = path.read_bytes()
        told[path.name] = lesson.page(path.name, content, find).decode()
        before, after = anchors(content.decode()), anchors(told[path.name])
        known[path.name] = dict(zip(before, after, strict=True))

    def linked(page: str, text: str) -> str:
        def there(link: re.Match[str]) -> str:
            file, anchor = link[1], link[2] or ""
            if file and file not in told:
                return f"../{file}{anchor}"
            return file + known[file or page].get(anchor, anchor)

        return LINK.sub(there, text)

    return {root / "docs" / code / page: linked(page, text) for page, text in told.items()}


def write(root: Path, code: str, name: str) -> None:
    """Write the guides in a language, and take away those of which there is no English one."""
    files = made(root, code, name)
    for old in {*(root / "docs" / code).glob("*.md")} - {*files}:
        old.unlink()
    for path, text in files.items():
        paths.write(path, text)
