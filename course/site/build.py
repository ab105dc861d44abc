"""From lessons to a folder of pages: run what must run, then Sphinx, then an index to search.

All that a page needs lies in the folder: letters, formulas, search. It works below any address.
"""

import contextlib
import email.utils
import gzip
import http.server
import io
import shutil
import subprocess
import tempfile
import time
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, BinaryIO

from course import paths, shield
from course.errors import CourseError
from course.grader import settings
from course.site import executed, labs, offline, pages

MISSING = "The site needs more packages: `python3 start.py site` installs them."
PACKED = {".html", ".css", ".js", ".mjs", ".json", ".svg", ".wasm", ".ipynb", ".txt"}
OURS = ".course-site"  # marks a folder that may be made anew


def build(
    out: Path,
    *,
    run: list[str] | None = None,
    root: Path | None = None,
    pyodide: Path | None = None,
) -> dict[str, Any]:
    """Make the pages.

    Parameters
    ----------
    out : Path
        The folder; one that we have made is replaced.
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
        If a lesson is unknown or fails, if packages are missing, or if `out` is somebody's folder.
    """
    try:
        import myst_nb  # noqa: F401
        import pagefind  # noqa: F401
        from sphinx.cmd.build import build_main
    except ImportError:
        raise CourseError(MISSING) from None
    begin, root = time.monotonic(), root or paths.ROOT
    names = settings.sources(None, root)
    running = settings.sources(run, root) if run is None or run else []
    if out.exists() and any(out.iterdir()) and not (out / OURS).exists():
        raise CourseError(f"{out} holds files that this command hasn't made: name another folder.")
    if pyodide:
        labs.hold(pyodide, labs.runtime()["files"])  # before lessons run for minutes
    ground = executed.common(root) if running else ""
    shown = {
        name: executed.outputs(name, root, ground) if name in running else {} for name in names
    }
    with tempfile.TemporaryDirectory(prefix="course-site-") as scratch:
        folder, made = Path(scratch) / "pages", Path(scratch) / "html"
        pages.prepare(folder, root, shown)
        said = io.StringIO()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
            failed = build_main(["-q", "-E", "-b", "html", str(folder), str(made)])
        problems = [line for line in said.getvalue().split("\n") if "WARNING" in line]
        if failed:
            raise CourseError(f"Sphinx has failed: {said.getvalue().strip().split(chr(10))[-1]}")
        shutil.rmtree(made / ".doctrees", ignore_errors=True)
        offline.trim(made)
        find(made)
        labs.add(made, root, names, pyodide)
        (made / OURS).touch()
        offline.write(made)
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


def server(folder: Path, port: int = 0) -> http.server.ThreadingHTTPServer:
    """Return a server of a folder for this computer alone; 0 takes a free port.

    Raises
    ------
    CourseError
        If the port is taken.
    """
    try:
        return http.server.ThreadingHTTPServer(
            ("127.0.0.1", port), partial(Handler, directory=str(folder))
        )
    except OSError:
        raise CourseError(f"Port {port} is taken: name another with --port.") from None
