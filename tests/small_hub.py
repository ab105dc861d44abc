"""A small Hugging Face Hub on loopback, for tests of what is fetched from there."""

import hashlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Where a file of a model lies, and where a large one really does.
PLACE = r"/([\w-]+/\w+)/resolve/{commit}/(.+)|/cdn/([\w-]+/\w+)/(.+)"


def sha(data: bytes) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(data).hexdigest()


class SmallHub:
    """What the Hub does for one download, on loopback, with faults on demand.

    `files` are by the model's name on the Hub and their own; `commit` is the only one there is.
    """

    def __init__(self, files, commit):
        self.files, self.commit = files, commit
        self.requests: list[tuple[str, str, str | None]] = []  # method, file, Range
        self.drop_next: set[str] = set()  # files that break off in the middle, once
        self.stall: set[str] = set()  # files that stop in the middle and hang
        self.stalled, self.go_on = threading.Event(), threading.Event()
        self.missing: set[str] = set()
        self.portal = False  # answers everything with a page of its own, as hotels do
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_HEAD(self):
                hub.answer(self, with_body=False)

            def do_GET(self):
                hub.answer(self, with_body=True)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, request, *, with_body):
        if self.portal:
            self.send(request, 200, {"Content-Type": "text/html"}, b"<p>Log in" * with_body)
            return
        path = re.fullmatch(PLACE.format(commit=self.commit), request.path)
        if not path or (path[2] or path[4]) in self.missing:
            self.send(request, 404, {"X-Error-Code": "EntryNotFound"}, b"")
            return
        name = path[2] or path[4]
        data = self.files[path[1] or path[3], name]
        headers = {"X-Repo-Commit": self.commit, "ETag": f'"{sha(data)}"'}
        if path[1] and name == "model.safetensors":  # large files lie elsewhere
            headers |= {"X-Linked-Size": str(len(data)), "X-Linked-Etag": f'"{sha(data)}"'}
            headers |= {"Location": f"/cdn/{path[1]}/{name}"}
            self.send(request, 302, headers, b"")
            return
        span = request.headers.get("Range")
        self.requests.append((request.command, name, span))
        start = int(span.removeprefix("bytes=").removesuffix("-")) if span else 0
        if span:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        half = len(data) // 2
        if with_body and name in self.drop_next:
            self.drop_next.discard(name)
            self.send(request, 206 if span else 200, headers, data[start:], cut=half)
            request.connection.close()
        elif with_body and name in self.stall:
            self.send(request, 206 if span else 200, headers, data[start:], cut=half)
            self.stalled.set()
            self.go_on.wait(60)
        else:
            headers |= {} if with_body else {"Content-Length": str(len(data))}
            self.send(request, 206 if span else 200, headers, data[start:] if with_body else b"")

    @staticmethod
    def send(request, status, headers, body, cut=None):
        request.send_response(status)
        for key, value in ({"Content-Length": str(len(body))} | headers).items():
            request.send_header(key, value)
        request.end_headers()
        request.wfile.write(body if cut is None else body[:cut])
        request.wfile.flush()

    def gets(self, name):
        return [span for method, file, span in self.requests if (method, file) == ("GET", name)]
