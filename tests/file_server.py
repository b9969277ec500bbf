"""A real web server on this machine that serves one file as a test has it behave, and notes what it was asked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ETAG = '"one"'


class Visit(BaseHTTPRequestHandler):
    """One request; the server's `behave` answers it."""

    protocol_version = "HTTP/1.1"
    server: FileServer

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers.items())))
        self.close_connection = True
        try:
            self.server.behave(self)
        except OSError:  # the client went away
            return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its own name
        """Nothing on stderr."""

    def answer(self, body: bytes, status: int = 200, *, length: int | None = None, **headers: str) -> None:
        """Sends a body, said to have `length` bytes."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def begin(self, body: bytes, length: int, **headers: str) -> None:
        """Sends the beginning of a body and has it arrive."""
        self.answer(body, 200, length=length, **headers)
        self.wfile.flush()

    def stall(self) -> None:
        """Sends nothing more until the test is over."""
        self.server.over.wait(30)

    def drop(self) -> None:
        """Cuts the connection."""
        self.connection.shutdown(socket.SHUT_RDWR)

    @property
    def start(self) -> int:
        """The first byte that is asked for."""
        asked = self.headers.get("Range")
        return int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0

    def serve(self, content: bytes, etag: str = ETAG) -> None:
        """Answers as a server should, ranges included."""
        start = self.start
        if not start or self.headers.get("If-Range", etag) != etag:
            self.answer(content, ETag=etag)
        elif start >= len(content):
            self.answer(b"", 416, Content_Range=f"bytes */{len(content)}")
        else:
            said = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.answer(content[start:], 206, ETag=etag, Content_Range=said)


class FileServer(ThreadingHTTPServer):
    """On a free port of 127.0.0.1.

    Attributes:
        asked: (path, headers) of every request.
        behave: What to do with the next one.
        over: Set when the test is over.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Visit)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.behave: Callable[[Visit], None] = lambda visit: visit.answer(b"", 404)
        self.over = threading.Event()

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""


@contextmanager
def file_server() -> Iterator[FileServer]:
    server = FileServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
