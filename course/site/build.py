"""From lessons to a folder of pages: run what must run, then Sphinx, then an index to search.

All that a page needs lies in the folder: letters, formulas, search. It works below any address.
English pages are at its root. Those in another language are in a folder of it, named by the
language's code, and load from the root what is the same.
"""

import contextlib
import email.utils
import gzip
import http.server
import importlib.util
import io
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Collection
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote

from course import language, paths, shield
from course.errors import CourseError
from course.grader import settings
from course.site import executed, labs, offline, pages, words

MISSING = "The site needs more packages: `python3 start.py site` installs them."
PACKED = {".html", ".css", ".js", ".mjs", ".json", ".svg", ".wasm", ".ipynb", ".txt"}
OURS = ".course-site"  # marks a folder that may be made anew
SHARED = ("_static", "_images")  # folders of which other languages have a part in common with ours


def build(
    out: Path,
    *,
    lang: str | None = None,
    run: list[str] | None = None,
    root: Path | None = None,
    pyodide: Path | None = None,
) -> dict[str, Any]:
    """Make the pages.

    Parameters
    ----------
    out : Path
        The folder; one that we have made is replaced.
    lang : str, optional
        A language in which there are pages, too.
    run : list of str, optional
        The lessons whose cells run, and show what they show; all if left out.
    root : Path, optional
        The course's folder.
    pyodide : Path, optional
        A folder with the official distribution of Pyodide: pages then ask no other host for Python.

    Returns
    -------
    dict
        ``ok``, ``out``, ``pages``, ``mb``, ``seconds`` and ``problems``, what Sphinx warned of.

    Raises
    ------
    CourseError
        If a language or a lesson is unknown, if a lesson fails, if packages are missing, or if
        `out` is somebody's folder.
    """
    if not all(importlib.util.find_spec(name) for name in ("myst_nb", "pagefind", "sphinx")):
        raise CourseError(MISSING)
    codes = list(dict.fromkeys(["en", language.known(lang or "en")]))
    begin, root = time.monotonic(), root or paths.ROOT
    names = settings.sources(None, root)
    running = settings.sources(run, root) if run is None or run else []
    if out.exists() and any(out.iterdir()) and not (out / OURS).exists():
        raise CourseError(f"{out} holds files that this command hasn't made: name another folder.")
    if pyodide:
        labs.hold(pyodide, labs.runtime()["files"])  # before lessons run for minutes
    ground = executed.common(root) if running else ""
    shown = {
        code: {n: executed.outputs(n, root, ground, code) if n in running else {} for n in names}
        for code in codes
    }
    with tempfile.TemporaryDirectory(prefix="course-site-") as scratch:
        folders = {code: Path(scratch) / code for code in codes}
        for code, folder in folders.items():
            pages.prepare(folder, root, shown[code], code, codes)
        problems = sphinx(folders.values())
        made = folders["en"] / "html"
        for code, folder in folders.items():
            labs.notebooks(folder / "html", root, names, code)
            offline.trim(folder / "html")
            find(folder / "html")
            if code != "en":
                with language.speaking(code):
                    share(folder / "html", made)
                shutil.move(folder / "html", made / code)
        labs.add(made, root, codes, pyodide)
        (made / OURS).touch()
        offline.write(made, () if pyodide else labs.elsewhere(), codes)
        (made / ".nojekyll").touch()  # or GitHub Pages would leave out folders such as _static
        if out.exists():
            shutil.rmtree(out)
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, out)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    return {
        "ok": not problems,
        "out": str(out),
        "pages": len([p for p in out.rglob("*.html") if "_static" not in p.parts]),
        "mb": round(size / 1e6, 1),
        "seconds": round(time.monotonic() - begin, 1),
        "problems": problems,
    }


def sphinx(folders: Collection[Path]) -> list[str]:
    """Have Sphinx make ``html`` in each folder, all at once; return what it warned of.

    Each language is a process of its own, since Sphinx keeps one for as long as it runs.
    """
    started = []
    for folder in folders:
        command = shield.python("-m", "sphinx", "-q", "-E", "-b", "html")
        command += ["-d", str(folder / ".doctrees"), str(folder), str(folder / "html")]
        ours = shield.environment() | {"PYTHONUTF8": "1"}
        started.append(
            subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=ours,
                encoding="utf-8", errors="replace",
            )
        )  # fmt: skip
    said = [one.communicate()[1] for one in started]
    for one, text in zip(started, said, strict=True):
        if one.returncode:
            raise CourseError(f"Sphinx has failed: {text.strip().split(chr(10))[-1]}")
    return [line for text in said for line in text.split("\n") if "WARNING" in line]


def share(pages: Path, ours: Path) -> None:
    """Take out of pages in the reader's language the files that ours have too, and lead there.

    The pages are one folder below ours: so what was ``_static/site.css`` is now
    ``../_static/site.css``.
    """
    same = set()
    for path in (one for name in SHARED for one in (pages / name).rglob("*") if one.is_file()):
        name = path.relative_to(pages).as_posix()
        if (ours / name).is_file() and (ours / name).read_bytes() == path.read_bytes():
            same.add(name)
            path.unlink()
    leads = re.compile(rf"""(?<=["'])(?:\.\./)*((?:{"|".join(SHARED)})/[^"'?#]+)""")
    for page in pages.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        text = leads.sub(lambda m: f"../{m[0]}" if unquote(m[1]) in same else m[0], text)
        paths.write(page, words.renamed(text))
    for folder in sorted((one for one in pages.rglob("*") if one.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def find(site: Path) -> None:
    """Make the index that the search reads."""
    command = shield.python("-m", "pagefind", "--site", str(site), "--quiet")
    exclude = ".cell_output, .cell_input, .headerlink, .math, nav, footer"
    command += ["--root-selector", "article", "--exclude-selectors", exclude]
    ran = subprocess.run(command, capture_output=True, text=True, env=shield.environment())
    if ran.returncode:
        raise CourseError(f"The search index can't be made: {ran.stderr.strip()[-200:]}")


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder without a word for each request.

    Text and programs go packed over the wire. The headers isolate the pages from others, without
    which a browser gives them no memory to share with Python, that *Stop* is written to.
    """

    extensions_map = {  # noqa: RUF012 - as it is in the class above
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        ".ipynb": "application/json",
    }

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def end_headers(self) -> None:
        """Add the headers of every answer."""
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Cache-Control", "no-cache")  # ask whether it has changed
        super().end_headers()

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """Send a file packed if it gets smaller by it and the browser takes it."""
        path = Path(self.translate_path(self.path))
        takes = "gzip" in self.headers.get("Accept-Encoding", "")
        if not takes or path.suffix not in PACKED or not path.is_file():
            return super().send_head()
        if "If-Modified-Since" in self.headers and "If-None-Match" not in self.headers:
            with contextlib.suppress(TypeError, ValueError):
                then = email.utils.parsedate_to_datetime(self.headers["If-Modified-Since"])
                if int(path.stat().st_mtime) <= then.timestamp():
                    self.send_response(304)
                    self.end_headers()
                    return None
        content = packed(path, path.stat().st_mtime_ns)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Last-Modified", self.date_time_string(path.stat().st_mtime))
        self.end_headers()
        return io.BytesIO(content)


@lru_cache(maxsize=200)
def packed(path: Path, changed: int) -> bytes:
    """Return what is in a file that was `changed` then, packed."""
    return gzip.compress(path.read_bytes(), 6, mtime=0)


class Server(http.server.ThreadingHTTPServer):
    """A page asks for dozens of files at once: on a busy computer five in the queue are too few."""

    request_queue_size = 128


def server(folder: Path, port: int = 0) -> Server:
    """Return a server of a folder for this computer alone; 0 takes a free port.

    Raises
    ------
    CourseError
        If the port is taken.
    """
    try:
        return Server(("127.0.0.1", port), partial(Handler, directory=str(folder)))
    except OSError:
        raise CourseError(f"Port {port} is taken: name another with --port.") from None
