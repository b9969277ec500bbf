"""Fetching a published checkpoint into the cache folder: whole and checked, or not at all, and gone on with later.

What is under way is `<file>.part`; the file has its name only when all of it is there and its digest is right.
"""

from __future__ import annotations

import hashlib
import os
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

import filelock

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.catalog.catalog import DIGEST_SUFFIX, Entry, folder
from fcn_studio.core.catalog.http_stream import FetchError, NoAnswerError
from fcn_studio.core.catalog.partial_file import PartialFile
from fcn_studio.core.catalog.transfer import STALL, Progress, Report, fetch_from
from fcn_studio.core.errors import CheckpointError, OutputError
from fcn_studio.core.files import whole_file

BLOCK = 1 << 20  # bytes hashed at once
MIRROR, OFFLINE = "FCN_STUDIO_MIRROR", "FCN_STUDIO_OFFLINE"  # environment variables


@dataclass(frozen=True, slots=True)
class Fetched:
    """A checkpoint in the cache.

    Attributes:
        path: Its file.
        sha256: In hexadecimal, as read.
        verified: Whether a digest is published and the file has it.
        fresh: Whether it was fetched now, rather than found.
    """

    path: Path
    sha256: str
    verified: bool
    fresh: bool


def download(
    entry: Entry,
    *,
    mirror: str | None = None,
    offline: bool = False,
    force: bool = False,
    report: Report | None = None,
    token: CancelToken | None = None,
    stall: float = STALL,
) -> Fetched:
    """Has an entry's file in the cache; fetches it if it is not there yet, from where an earlier try broke off.

    Args:
        entry: What is wanted.
        mirror: An http(s) address that stands for the publisher's server and folder; None for FCN_STUDIO_MIRROR's.
        offline: Whether the cache must do; FCN_STUDIO_OFFLINE says so too.
        force: Whether it is fetched anew even if it is there.
        report: Told of the progress, in this thread.
        token: Stops it; what has come is kept.
        stall: Seconds without a byte after which a server is given up.

    Raises:
        CheckpointError: The entry is no published file.
        FetchError: It cannot be had, or is not what was published.
        OutputError: The cache folder cannot be written, or the disk is full.
        Cancelled: The token said so.
    """
    if entry.path is not None or not entry.urls:
        raise CheckpointError(f"{entry.name} comes with the program; there is nothing to download.")
    token, report = token or CancelToken(), report or (lambda progress: None)
    target, offline = folder() / entry.file, offline or _is_set(OFFLINE)
    if target.is_file() and (offline or not force):
        found = _checked(entry, target, report, token)
        if found is not None:
            return found
    urls = addresses(entry, mirror)
    if offline:
        state = "does not have its published digest" if target.is_file() else "is not there"
        raise FetchError(f"{target} {state}, and offline nothing is fetched; go online, or copy the file there.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(target.with_name(f"{target.name}.lock"), blocking=False):
            return _fetch(entry, urls, target, force, report, token, stall)
    except filelock.Timeout as error:
        raise FetchError(f"{entry.name} is being downloaded already; wait for it, or stop it there.") from error
    except OSError as error:
        raise OutputError(
            f"{target.parent} could not be written ({error.strerror or error}); make that folder writable."
        ) from error


def addresses(entry: Entry, mirror: str | None = None) -> tuple[str, ...]:
    """Where the file is asked for, in order.

    Raises:
        FetchError: The mirror is no http(s) address.
    """
    mirror = mirror or os.environ.get(MIRROR)
    if not mirror:
        return entry.urls
    parts = urllib.parse.urlsplit(mirror)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise FetchError(f"{mirror}: a mirror is an http(s) address of a folder that holds {entry.file}.")
    return (f"{mirror.rstrip('/')}/{urllib.parse.quote(entry.file)}",)


def _is_set(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() not in ("", "0", "false", "no")


def _fetch(
    entry: Entry, urls: tuple[str, ...], target: Path, force: bool, report: Report, token: CancelToken, stall: float
) -> Fetched:
    part = PartialFile(target)
    if force:
        part.discard()
    for url in urls:
        try:
            fetch_from(entry, url, part, report, token, stall)
            break
        except NoAnswerError as error:
            if not part.size:
                part.discard()
            if url == urls[-1]:
                way_out = (
                    f"Download {entry.file} with a browser and open that file, or name a mirror (--mirror, {MIRROR})."
                )
                raise NoAnswerError(f"{error} {way_out}") from error
    found = _checked(entry, part.path, report, token)
    if found is None:
        part.discard()
        published = f"{entry.digest.algorithm} {entry.digest.value}" if entry.digest else ""
        raise FetchError(
            f"{url}: does not have the published {published}, so it is another file or was damaged on the way; "
            "it was removed. Download again, or from another place."
        )
    part.finish()
    with whole_file(target.with_name(f"{target.name}{DIGEST_SUFFIX}")) as temporary:
        temporary.write_text(f"{found.sha256}  {target.name}\n", encoding="ascii")
    return Fetched(target, found.sha256, found.verified, fresh=True)


def _checked(entry: Entry, path: Path, report: Report, token: CancelToken) -> Fetched | None:
    """What a file's bytes hash to; None if that is not what is published. Where nothing is, all are accepted."""
    hashes = {"sha256": hashlib.sha256()}
    if entry.digest is not None:
        hashes.setdefault(entry.digest.algorithm, hashlib.new(entry.digest.algorithm, usedforsecurity=False))
    try:
        done, total = 0, path.stat().st_size
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                token.check()
                for one in hashes.values():
                    one.update(block)
                done += len(block)
                report(Progress(done, total, checking=True))
    except OSError as error:
        raise OutputError(f"{path} could not be read ({error.strerror or error}); remove it and try again.") from error
    digest = entry.digest
    if digest is not None and not hashes[digest.algorithm].hexdigest().startswith(digest.value):
        return None
    return Fetched(path, hashes["sha256"].hexdigest(), verified=digest is not None, fresh=False)
