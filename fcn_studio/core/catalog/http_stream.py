"""One answer of a web server, read so that it can be given up at any moment.

A thread of its own reads and hands over pieces; whoever waits for them checks a token and a clock meanwhile. Looking up
a host or reading from a server that stalls cannot be interrupted, so the thread is left to its own time-out then. It
touches no file.
"""

from __future__ import annotations

import contextlib
import http.client
import queue
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.errors import FcnStudioError

PIECE = 1 << 18  # bytes that are handed over at once
WAITING = 8  # pieces that may wait to be taken: 2 MB
TICK = 0.05  # seconds between two looks at the token
REDIRECTS = 5


class FetchError(FcnStudioError):
    """A file could not be had from the web."""


class NoAnswerError(FetchError):
    """No usable answer at all, so that another address may be tried."""


class BrokenOffError(FetchError):
    """The answer began and broke off, so that it can be gone on with."""


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of an answer.

    Attributes:
        url: Where it came from, after redirects.
        status: Such as 200, or 206 for a part of a file.
        headers: By lower-case name.
    """

    url: str
    status: int
    headers: Mapping[str, str]

    @property
    def length(self) -> int | None:
        """Bytes that the body is said to have."""
        text = self.headers.get("content-length", "").strip()
        return int(text) if text.isascii() and text.isdigit() else None


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows to http and https only, and never from the second to the first."""

    max_redirections = REDIRECTS

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        before, after = (url.partition(":")[0].lower() for url in (req.full_url, newurl))
        if after not in ("http", "https") or (before == "https" and after == "http"):
            fp.close()
            raise NoAnswerError(f"{req.full_url}: leads to {newurl}, which is not followed.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class Stream:
    """Asks for an address at once; `head` and `pieces` wait for what comes.

    Args:
        url: http or https.
        headers: To send.
        token: Gives up within `TICK` seconds.
        stall: Seconds without a byte after which the server is given up.
    """

    def __init__(self, url: str, headers: Mapping[str, str], token: CancelToken, *, stall: float) -> None:
        self.url = url
        self._headers, self._token, self._stall = dict(headers), token, stall
        self._queue: queue.Queue[Head | bytes | FetchError] = queue.Queue(WAITING)
        self._given_up = threading.Event()
        threading.Thread(target=self._run, name=f"fetch {url}", daemon=True).start()

    def head(self) -> Head:
        """The answer's beginning.

        Raises:
            NoAnswerError: There is none, or it is an error.
            Cancelled: The token says so.
        """
        try:
            first = self._next()
        except BrokenOffError as error:
            raise NoAnswerError(str(error)) from error
        if not isinstance(first, Head):
            raise NoAnswerError(f"{self.url}: no answer.")
        return first

    def pieces(self) -> Iterator[bytes]:
        """The body, until it ends.

        Raises:
            BrokenOffError: It stalled or broke off.
            Cancelled: The token says so.
        """
        while piece := self._next():
            if isinstance(piece, bytes):
                yield piece

    def close(self) -> None:
        """Nobody waits for the rest."""
        self._given_up.set()

    def _next(self) -> Head | bytes:
        last = time.monotonic()
        while True:
            self._token.check()
            try:
                item = self._queue.get(timeout=TICK)
            except queue.Empty:
                if time.monotonic() - last > self._stall:
                    self.close()
                    raise BrokenOffError(
                        f"{self.url}: nothing has come for {self._stall:g} seconds; try again later."
                    ) from None
                continue
            if isinstance(item, FetchError):
                raise item
            return item

    # In the thread

    def _run(self) -> None:
        try:
            # The longer time-out: the one who waits gives up first, and says so.
            request = urllib.request.Request(self.url, headers={"User-Agent": "fcn-studio", **self._headers})
            with contextlib.closing(_opener().open(request, timeout=2 * self._stall)) as answer:
                headers = {name.lower(): value for name, value in answer.headers.items()}
                self._put(Head(answer.url, answer.status, headers))
                while not self._given_up.is_set():
                    piece = answer.read1(PIECE)  # what is there: a slow server is no stalled one
                    self._put(piece)
                    if not piece:
                        return
        except urllib.error.HTTPError as error:
            with error:
                headers = {name.lower(): value for name, value in error.headers.items()}
                self._put(Head(error.url or self.url, error.code, headers))
                self._put(b"")
        except FetchError as error:
            self._put(error)
        except urllib.error.URLError as error:
            self._put(NoAnswerError(f"{self.url}: cannot be reached ({_reason(error.reason)})."))
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._put(BrokenOffError(f"{self.url}: the connection broke off ({_reason(error)})."))

    def _put(self, item: Head | bytes | FetchError) -> None:
        while not self._given_up.is_set():
            with contextlib.suppress(queue.Full):
                self._queue.put(item, timeout=TICK)
                return


def _opener() -> urllib.request.OpenerDirector:
    """Of http and https only: urllib's own would also open files and ftp."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(),
    ):
        opener.add_handler(handler)
    return opener


def _reason(error: object) -> str:
    """What an exception says, or its kind if it says nothing."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
