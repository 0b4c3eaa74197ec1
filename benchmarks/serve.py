"""A server on loopback that sends files as GitHub Pages does: packed, named by ETag, kept for ten minutes.

Text is packed with gzip, pictures and data are not; `/a/b` also finds `a/b.html`; where nothing is found, the
answer is 404 and the book's own page for it.
"""

import contextlib
import functools
import gzip
import hashlib
import http.server
import mimetypes
import threading
from pathlib import Path

# What GitHub Pages packs. Named here, because systems differ in what they take a file's end to mean.
TEXT = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "application/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".md": "text/markdown",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
    ".xml": "application/xml",
}


@functools.lru_cache(maxsize=1000)
def packed(path, _changed):
    """Return a file's bytes as they are sent, their headers, and what makes these two known again."""
    body, headers = path.read_bytes(), {"Cache-Control": "max-age=600", "Vary": "Accept-Encoding"}
    kind = TEXT.get(path.suffix)
    headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    headers["Content-Type"] = (
        f"{kind}; charset=utf-8" if kind else mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    )
    return (gzip.compress(body, mtime=0) if kind else body), body, headers


class Handler(http.server.SimpleHTTPRequestHandler):
    """Answers GET and HEAD; says nothing."""

    protocol_version = "HTTP/1.1"  # connections stay open, as they do there

    def found(self):
        """Return the file that an address means, or None."""
        path = Path(self.translate_path(self.path))
        is_folder = self.path.partition("?")[0].endswith("/")
        tried = [path / "index.html"] if is_folder else [path, path.with_name(f"{path.name}.html")]
        return next((path for path in tried if path.is_file()), None)

    def do_GET(self):  # noqa: N802
        """Send a file."""
        path, status = self.found(), 200
        if path is None:
            path, status = Path(self.directory, "404.html"), 404
        if not path.is_file():
            self.send_error(404)
            return
        small, body, headers = packed(path, path.stat().st_mtime_ns)
        if status == 200 and self.headers.get("If-None-Match") == headers["ETag"]:
            status, body = 304, b""
        elif small is not body and "gzip" in self.headers.get("Accept-Encoding", ""):
            body, headers = small, headers | {"Content-Encoding": "gzip"}
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815

    def handle(self):
        """Let a browser hang up when it likes: it does so when a page closes."""
        with contextlib.suppress(ConnectionError):
            super().handle()

    def log_message(self, *args):
        """Print nothing."""


@contextlib.contextmanager
def served(folder):
    """Serve a folder while the block runs; yield its address, which ends in a slash."""
    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
