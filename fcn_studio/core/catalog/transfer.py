"""Bringing one address's bytes into a partial file: from where an earlier try broke off, never more than expected."""

from __future__ import annotations

import http
import os
import re
import shutil
import urllib.parse
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.catalog.catalog import Entry
from fcn_studio.core.catalog.http_stream import BrokenOffError, FetchError, Head, NoAnswerError, Stream
from fcn_studio.core.catalog.partial_file import Origin, PartialFile
from fcn_studio.core.errors import OutputError

STALL = 30.0  # seconds without a byte
ATTEMPTS = 4  # goes at one address, as long as each brings it further
MAX_BYTES = 4 << 30  # what the readers of checkpoints read at most
RESERVE = 16 << 20  # bytes that are left free on the disk
EXACT_TOLERANCE = 4096  # bytes; torchvision gives sizes in thousandths of a MiB
LEAST, MOST = 0.9, 2.0  # of an approximate size: Caffe's files may hold gradients beside the parameters
PAGE = (b"<!doctype html", b"<html")
OK, PARTIAL, BEYOND = (
    http.HTTPStatus.OK,
    http.HTTPStatus.PARTIAL_CONTENT,
    http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is.

    Attributes:
        done: Bytes.
        total: Bytes, or None while nobody knows.
        checking: Whether the bytes are being hashed, rather than fetched.
    """

    done: int
    total: int | None
    checking: bool = False


Report = Callable[[Progress], None]


class _AnewError(FetchError):
    """The part that was kept is of no use."""


def fetch_from(entry: Entry, url: str, part: PartialFile, report: Report, token: CancelToken, stall: float) -> None:
    """Goes at one address until all is there, or a try brings nothing new.

    Args:
        entry: Whose file it is, and so how long it should be.
        url: http or https.
        part: Is filled; keeps what it has if this fails.
        report: Told of the progress.
        token: Stops it.
        stall: Seconds without a byte after which the server is given up.

    Raises:
        NoAnswerError: The address does not have the file.
        FetchError: It broke off again and again, or sends more than is expected.
        OutputError: The disk is full.
        Cancelled: The token said so.
    """
    for attempt in range(ATTEMPTS):
        before = part.usable(url)
        origin = part.origin
        if before and origin is not None and origin.total == before:
            return
        try:
            _go_on(entry, url, part, report, token, stall)
            return
        except _AnewError as error:
            part.discard()
            if attempt == ATTEMPTS - 1:
                raise FetchError(f"{error} Download again.") from error
        except BrokenOffError as error:
            if part.size <= before or attempt == ATTEMPTS - 1:
                raise BrokenOffError(f"{error} What has come is kept: download again to go on from there.") from error


def _go_on(entry: Entry, url: str, part: PartialFile, report: Report, token: CancelToken, stall: float) -> None:
    start, origin = part.usable(url), part.origin
    _check_space(entry.size - start, part.path.parent)
    headers = {}
    if start and origin is not None:
        headers["Range"] = f"bytes={start}-"
        if origin.validator:
            headers["If-Range"] = origin.validator
    with closing(Stream(url, headers, token, stall=stall)) as stream:
        head = stream.head()
        start, total = _agreed(head, url, start, origin)
        _check_length(entry, url, total)
        _check_space((total or entry.size) - start, part.path.parent)
        if not start:
            origin = Origin(url, total, _strong_tag(head), head.headers.get("last-modified", ""))
        if origin is None:
            raise BrokenOffError(f"{url}: the part that was kept is of no use.")
        done, most = start, total or _bounds(entry)[1]
        report(Progress(done, total))
        with part.writing(origin, start) as file:
            for piece in stream.pieces():
                if not done and piece[:64].lstrip().lower().startswith(PAGE):
                    raise NoAnswerError(_page(url))
                done += len(piece)
                if done > most:
                    break
                file.write(piece)
                report(Progress(done, total))
            file.flush()
            os.fsync(file.fileno())
    if done > most:
        part.discard()
        raise FetchError(f"{url}: sends more than the {most} bytes that are expected, and was given up.")
    whole = total if total is not None else _bounds(entry)[0]
    if done < whole:
        raise BrokenOffError(f"{url}: ended after {done} of {whole} bytes.")


def _agreed(head: Head, url: str, start: int, origin: Origin | None) -> tuple[int, int | None]:
    """(first byte of the body, bytes of the whole file) by the server's answer to a request from `start` on."""
    if head.status == OK:
        if head.headers.get("content-type", "").lower().startswith("text/html"):
            raise NoAnswerError(_page(url))
        return 0, head.length
    if head.status == PARTIAL and start:
        said = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", head.headers.get("content-range", "").strip())
        if said and int(said[1]) == start and (origin is None or origin.total in (None, int(said[2]))):
            return start, int(said[2])
        raise _AnewError(f"{url}: does not go on where it was asked to.")
    if head.status == BEYOND and start:
        raise _AnewError(f"{url}: has no more bytes than were kept, but not all of the file.")
    raise NoAnswerError(f"{url}: the server answers {head.status}{_meaning(head.status)}.")


def _meaning(status: int) -> str:
    try:
        return f" ({http.HTTPStatus(status).phrase})"
    except ValueError:
        return ""


def _page(url: str) -> str:
    host = urllib.parse.urlsplit(url).hostname or ""
    why = (
        "Google Drive asks whether you are sure, or the file was downloaded too often today."
        if host.endswith(("drive.google.com", "googleusercontent.com", "drive.usercontent.google.com"))
        else "Perhaps a network's sign-in page is in between."
    )
    return f"{url}: sends a web page in place of the file. {why}"


def _strong_tag(head: Head) -> str:
    tag = head.headers.get("etag", "").strip()
    return tag if tag.startswith('"') else ""  # a weak one says nothing of single bytes


def _bounds(entry: Entry) -> tuple[int, int]:
    """(least, most) bytes that the file may have."""
    if entry.approximate:
        return int(LEAST * entry.size), min(int(MOST * entry.size), MAX_BYTES)
    return entry.size - EXACT_TOLERANCE, min(entry.size + EXACT_TOLERANCE, MAX_BYTES)


def _check_length(entry: Entry, url: str, total: int | None) -> None:
    least, most = _bounds(entry)
    if total is not None and not least <= total <= most:
        raise NoAnswerError(f"{url}: says it has {total} bytes, where {entry.size_text} are expected: another file.")


def _check_space(needed: int, place: Path) -> None:
    free = shutil.disk_usage(place).free
    if needed + RESERVE > free:
        raise OutputError(
            f"{place}: {needed / 1e6:.0f} MB are needed and {free / 1e6:.0f} MB are free; free some space."
        )
