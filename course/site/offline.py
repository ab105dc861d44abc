"""What a browser needs to keep the pages: the service worker at their root, and all files listed.

A worker may handle only what lies below its own folder. The list has each file's size, for the
button that names the sum, and its hash, so that a file is fetched again only when it has changed.
Left out on purpose: what is heavy and not read by all, such as other versions of MathJax; `trim`
takes that out of the pages.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from course import language, paths
from course.site.words import _

WORKER = "offline_worker.js"
LIST = "offline.json"
HASH = 12  # letters of it


def write(
    site: Path, also: Iterable[tuple[str, int, str]] = (), codes: Iterable[str] = ("en",)
) -> int:
    """Put the worker and the list into a folder of pages; return how many bytes the list names.

    Parameters
    ----------
    site : Path
    also : iterable
        Address, bytes and hash of files on other hosts that the pages need. The host has to allow
        it (CORS), and the address to hold a version (1.2.3), since such a file is never asked for
        again.
    codes : iterable of str
        The languages of the pages.
    """
    worker = Path(__file__).with_name(WORKER).read_text(encoding="utf-8")
    filled = json.dumps({code: away(code) for code in codes}, ensure_ascii=False)
    paths.write(site / WORKER, worker.replace("TOLD = {}", f"TOLD = {filled}"))
    files: list[list[str | int]] = []
    for path in sorted(site.rglob("*")):
        name = path.relative_to(site).as_posix()
        if path.is_file() and not name.startswith(".") and name not in (WORKER, LIST):
            content = path.read_bytes()
            files.append([name, len(content), hashlib.sha256(content).hexdigest()[:HASH]])
    files += [list(one) for one in also]  # last: if that host can't be reached, all pages are kept
    paths.write(site / LIST, json.dumps({"files": files}, separators=(",", ":")))
    return sum(int(size) for _, size, _ in files)


def away(code: str) -> list[str]:
    """Return what a page that isn't kept says without a network: title, sentence, link."""
    with language.speaking(code):
        return [
            _("No network"),
            _(
                "There is no network, and this page isn't kept on this device: open it again when "
                "there is one."
            ),
            _("The first page of the course"),
        ]


def trim(site: Path) -> None:
    """Take out what no page loads: maps of the theme's scripts, and MathJax for other inputs."""
    for path in [*(site / "_static").rglob("*.map"), *(site / "_static" / "mathjax").glob("*.js")]:
        if path.name not in ("tex-chtml.js", "core.js", "loader.js", "startup.js"):
            path.unlink()
    for folder in ("output/svg", "adaptors"):
        shutil.rmtree(site / "_static" / "mathjax" / folder, ignore_errors=True)
    for path in (site / "_static" / "mathjax" / "sre" / "mathmaps").glob("*.json"):
        if path.stem not in ("base", "en", "nemeth"):  # formulas read aloud, in English
            path.unlink()
