"""Downloads from a real server that stalls, breaks off, lies about lengths, and serves other things than it should."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fcn_studio import paths
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.catalog.catalog import Digest, Entry, Kind, downloaded, embedded, published, read_digest
from fcn_studio.core.catalog.download import Fetched, addresses, download
from fcn_studio.core.catalog.http_stream import FetchError
from fcn_studio.core.catalog.transfer import Progress
from fcn_studio.core.errors import Cancelled, CheckpointError, OutputError
from tests.file_server import FileServer, Visit, file_server

CONTENT = np.random.default_rng(0).integers(0, 256, 300_000, dtype=np.uint8).tobytes()
HALF = len(CONTENT) // 2
NAME = "net.caffemodel"


@pytest.fixture
def server() -> Iterator[FileServer]:
    with file_server() as running:
        yield running


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that downloads go to."""
    for name in ("FCN_STUDIO_MIRROR", "FCN_STUDIO_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(paths, "cache", lambda: tmp_path / "fcn-studio")
    return tmp_path / "fcn-studio" / "weights"


@pytest.fixture
def entry(server: FileServer) -> Entry:
    """As torchvision's: the size and the beginning of the SHA-256 are known."""
    digest = Digest("sha256", hashlib.sha256(CONTENT).hexdigest()[:8])
    return Entry(
        name="net",
        kind=Kind.CAFFE,
        group="",
        title="a net",
        variants=("8s",),
        labels=("voc",),
        file=NAME,
        urls=(server.url(NAME),),
        size=len(CONTENT),
        approximate=False,
        licence="none",
        publisher="nobody",
        digest=digest,
    )


@pytest.fixture
def undigested(entry: Entry) -> Entry:
    """As the Caffe files: no digest is published."""
    return replace(entry, digest=None, approximate=True)


def fetch(entry: Entry, stall: float = 5.0) -> Fetched:
    return download(entry, stall=stall)


def left(cache: Path) -> list[str]:
    """Names in the cache, without locks."""
    return sorted(path.name for path in cache.iterdir() if path.suffix != ".lock") if cache.is_dir() else []


def test_a_file_is_fetched_checked_and_found_again(server: FileServer, entry: Entry, cache: Path) -> None:
    server.behave = lambda visit: visit.serve(CONTENT)
    seen: list[Progress] = []
    found = download(entry, report=seen.append)
    assert found.path == cache / NAME
    assert found.path.read_bytes() == CONTENT
    assert found.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert found.verified
    assert found.fresh
    assert left(cache) == [NAME, f"{NAME}.sha256"]
    assert (cache / f"{NAME}.sha256").read_text().split() == [found.sha256, NAME]
    assert read_digest(entry) == found.sha256
    fetched = [one.done for one in seen if not one.checking]
    assert fetched == sorted(fetched)
    assert seen[0] == Progress(0, len(CONTENT))
    assert seen[-1] == Progress(len(CONTENT), len(CONTENT), checking=True)
    again = download(entry)
    assert not again.fresh
    assert len(server.asked) == 1


def test_without_a_published_digest_the_file_is_taken_and_said_to_be_unverified(
    server: FileServer, undigested: Entry, cache: Path
) -> None:
    server.behave = lambda visit: visit.serve(CONTENT)
    found = fetch(undigested)
    assert found.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert not found.verified


def test_md5_is_checked_too(server: FileServer, entry: Entry, cache: Path) -> None:
    server.behave = lambda visit: visit.serve(CONTENT)
    assert fetch(replace(entry, digest=Digest("md5", hashlib.md5(CONTENT).hexdigest()))).verified
    with pytest.raises(FetchError, match="published md5 0000"):
        download(replace(entry, digest=Digest("md5", "0" * 32)), force=True)


def test_a_dropped_connection_is_gone_on_with(server: FileServer, entry: Entry, cache: Path) -> None:
    def once(visit: Visit) -> None:
        if len(server.asked) == 1:
            visit.begin(CONTENT[:HALF], len(CONTENT), ETag='"one"')
            visit.drop()
        else:
            visit.serve(CONTENT)

    server.behave = once
    assert fetch(entry).path.read_bytes() == CONTENT
    first, second = (headers for _, headers in server.asked)
    assert "Range" not in first
    assert 0 < int(second["Range"].removeprefix("bytes=").removesuffix("-")) <= HALF
    assert second["If-Range"] == '"one"'


def test_a_stalled_server_is_given_up_and_gone_on_with_another_day(
    server: FileServer, entry: Entry, cache: Path
) -> None:
    def stalls(visit: Visit) -> None:
        if visit.start:
            visit.stall()
        visit.begin(CONTENT[:HALF], len(CONTENT), ETag='"one"')
        visit.stall()

    server.behave = stalls
    begun = time.monotonic()
    with pytest.raises(FetchError, match=r"nothing has come for 0\.3 seconds") as caught:
        fetch(entry, stall=0.3)
    assert time.monotonic() - begun < 5
    assert "127.0.0.1" in str(caught.value)
    assert left(cache) == [f"{NAME}.part", f"{NAME}.part.json"]
    assert (cache / f"{NAME}.part").stat().st_size == HALF
    server.behave = lambda visit: visit.serve(CONTENT)
    assert fetch(entry).path.read_bytes() == CONTENT
    assert server.asked[-1][1]["Range"] == f"bytes={HALF}-"
    assert left(cache) == [NAME, f"{NAME}.sha256"]


def test_a_server_that_never_answers_is_given_up(server: FileServer, entry: Entry, cache: Path) -> None:
    server.behave = lambda visit: visit.stall()
    with pytest.raises(FetchError, match=r"nothing has come.*with a browser"):
        fetch(entry, stall=0.3)
    assert left(cache) == []


def test_a_slow_server_is_not_a_stalled_one(server: FileServer, entry: Entry, cache: Path) -> None:
    def slow(visit: Visit) -> None:
        visit.begin(CONTENT[:1000], len(CONTENT))
        for start in range(1000, len(CONTENT), 60_000):
            time.sleep(0.15)
            visit.wfile.write(CONTENT[start : start + 60_000])
            visit.wfile.flush()

    server.behave = slow
    assert fetch(entry, stall=0.4).path.read_bytes() == CONTENT  # takes 0.75 seconds
    assert len(server.asked) == 1


def test_a_server_that_ignores_ranges_starts_over(server: FileServer, entry: Entry, cache: Path) -> None:
    def ignores(visit: Visit) -> None:
        if len(server.asked) == 1:
            visit.begin(CONTENT[:HALF], len(CONTENT))
            visit.drop()
        else:
            visit.answer(CONTENT)

    server.behave = ignores
    assert fetch(entry).path.read_bytes() == CONTENT
    assert "Range" in server.asked[1][1]


def test_a_file_that_changed_meanwhile_is_not_mixed(server: FileServer, undigested: Entry, cache: Path) -> None:
    """Nothing but the entity tag tells: there is no digest and the length is the same."""
    other = CONTENT[::-1]

    def changes(visit: Visit) -> None:
        if len(server.asked) == 1:
            visit.begin(CONTENT[:HALF], len(CONTENT), ETag='"one"')
            visit.drop()
        else:
            visit.serve(other, '"two"')

    server.behave = changes
    assert fetch(undigested).path.read_bytes() == other


@pytest.mark.parametrize(
    "said",
    [f"bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}", f"bytes {HALF}-{len(CONTENT)}/{len(CONTENT) + 7}", "nonsense", ""],
)
def test_a_part_that_is_not_what_was_asked_for_is_not_appended(
    server: FileServer, undigested: Entry, cache: Path, said: str
) -> None:
    def confused(visit: Visit) -> None:
        if len(server.asked) == 1:
            visit.begin(CONTENT[:HALF], len(CONTENT))
            visit.drop()
        elif visit.start:
            visit.answer(CONTENT, 206, Content_Range=said)
        else:
            visit.answer(CONTENT)

    server.behave = confused
    assert fetch(undigested).path.read_bytes() == CONTENT


def test_a_part_that_is_longer_than_the_file_is_thrown_away(server: FileServer, undigested: Entry, cache: Path) -> None:
    def stalls(visit: Visit) -> None:
        visit.begin(CONTENT[:HALF], len(CONTENT), ETag='"one"')
        visit.stall()

    server.behave = stalls
    with pytest.raises(FetchError):
        fetch(undigested, stall=0.2)
    (cache / f"{NAME}.part").write_bytes(CONTENT + b"more")
    server.behave = lambda visit: visit.serve(CONTENT)
    assert fetch(undigested).path.read_bytes() == CONTENT


def test_a_whole_part_is_only_checked(server: FileServer, entry: Entry, cache: Path) -> None:
    def stalls(visit: Visit) -> None:
        visit.begin(CONTENT[:HALF], len(CONTENT), ETag='"one"')
        visit.stall()

    server.behave = stalls
    with pytest.raises(FetchError):
        fetch(entry, stall=0.2)
    asked = len(server.asked)
    (cache / f"{NAME}.part").write_bytes(CONTENT)
    assert fetch(entry).verified
    assert len(server.asked) == asked


def test_a_body_shorter_than_it_is_said_to_be(server: FileServer, entry: Entry, cache: Path) -> None:
    server.behave = lambda visit: visit.answer(CONTENT[:HALF], length=len(CONTENT))
    with pytest.raises(FetchError, match=rf"ended after {HALF} of {len(CONTENT)} bytes"):
        fetch(entry)
    assert not (cache / NAME).exists()
    assert len(server.asked) <= 4, "it is not asked for ever"


@pytest.mark.parametrize("digested", [True, False])
def test_a_body_longer_than_it_is_said_to_be(
    server: FileServer, entry: Entry, undigested: Entry, cache: Path, digested: bool
) -> None:
    server.behave = lambda visit: visit.answer(CONTENT, length=HALF)
    with pytest.raises(FetchError, match=f"says it has {HALF} bytes"):
        fetch(entry if digested else undigested)
    assert left(cache) == []


def test_a_length_that_hides_the_last_bytes_does_not_pass_the_digest(
    server: FileServer, entry: Entry, cache: Path
) -> None:
    server.behave = lambda visit: visit.answer(CONTENT, length=len(CONTENT) - 100)
    with pytest.raises(FetchError, match="published sha256"):
        fetch(entry)
    assert left(cache) == []


def test_a_huge_length_is_refused_before_anything_is_read(server: FileServer, entry: Entry, cache: Path) -> None:
    server.behave = lambda visit: visit.begin(CONTENT, 1 << 50)
    with pytest.raises(FetchError, match="another file"):
        fetch(entry)
    assert left(cache) == []


def test_an_endless_body_is_cut_off(server: FileServer, undigested: Entry, cache: Path) -> None:
    sent = 0

    def endless(visit: Visit) -> None:
        nonlocal sent
        visit.send_response(200)
        visit.end_headers()  # no length: the body ends with the connection
        while not server.over.is_set() and sent < 200 * len(CONTENT):
            visit.wfile.write(CONTENT)
            sent += len(CONTENT)

    server.behave = endless
    with pytest.raises(FetchError, match="sends more than the 600000 bytes"):
        fetch(undigested)
    assert left(cache) == []
    assert sent < 100 * len(CONTENT)


def chunked(visit: Visit, content: bytes, *, whole: bool) -> None:
    visit.send_response(200)
    visit.send_header("Transfer-Encoding", "chunked")
    visit.end_headers()
    for start in range(0, len(content), 100_000):
        piece = content[start : start + 100_000]
        visit.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
    if whole:
        visit.wfile.write(b"0\r\n\r\n")


def test_a_body_in_chunks_without_a_length(server: FileServer, undigested: Entry, cache: Path) -> None:
    server.behave = lambda visit: chunked(visit, CONTENT, whole=True)
    assert fetch(undigested).path.read_bytes() == CONTENT
    server.behave = lambda visit: chunked(visit, CONTENT, whole=False)
    with pytest.raises(FetchError, match="broke off"):
        download(undigested, force=True, stall=2)
    server.behave = lambda visit: chunked(visit, CONTENT[:HALF], whole=True)
    with pytest.raises(FetchError, match="ended after"):
        download(undigested, force=True, stall=2)
    assert (cache / NAME).read_bytes() == CONTENT, "the one that was there stays"


def test_wrong_bytes_are_removed(server: FileServer, entry: Entry, cache: Path) -> None:
    server.behave = lambda visit: visit.serve(CONTENT[:-1] + b"\0")
    with pytest.raises(FetchError, match="removed") as caught:
        fetch(entry)
    assert entry.urls[0] in str(caught.value)
    assert entry.digest is not None
    assert entry.digest.value in str(caught.value)
    assert left(cache) == []


def test_a_damaged_file_in_the_cache_is_fetched_again(server: FileServer, entry: Entry, cache: Path) -> None:
    server.behave = lambda visit: visit.serve(CONTENT)
    path = fetch(entry).path
    path.write_bytes(b"damaged")
    with pytest.raises(FetchError, match="does not have its published digest"):
        download(entry, offline=True)
    assert fetch(entry).path.read_bytes() == CONTENT


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_an_error_names_the_address_and_the_way_out(server: FileServer, entry: Entry, cache: Path, status: int) -> None:
    server.behave = lambda visit: visit.answer(b"sorry", status)
    with pytest.raises(FetchError, match=f"answers {status}") as caught:
        fetch(entry)
    for word in (entry.urls[0], NAME, "browser", "--mirror"):
        assert word in str(caught.value)
    assert left(cache) == []


def test_nobody_there(entry: Entry, cache: Path) -> None:
    with file_server() as gone:
        url = gone.url(NAME)
    with pytest.raises(FetchError, match="cannot be reached"):
        fetch(replace(entry, urls=(url,)))
    with pytest.raises(FetchError, match="cannot be reached"):
        fetch(replace(entry, urls=("http://no-such-host.invalid/x",)))


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/octet-stream"])
def test_a_web_page_in_place_of_the_file_is_told(server: FileServer, undigested: Entry, cache: Path, kind: str) -> None:
    page = b"\n<!DOCTYPE html><html>Google Drive can't scan this file" + b" " * len(CONTENT)
    server.behave = lambda visit: visit.answer(page[: len(CONTENT)], Content_Type=kind)
    with pytest.raises(FetchError, match="sends a web page in place of the file"):
        fetch(undigested)
    assert left(cache) == []


def test_the_next_address_is_tried(server: FileServer, entry: Entry, cache: Path) -> None:
    server.behave = lambda visit: visit.answer(b"", 404) if visit.path == "/gone" else visit.serve(CONTENT)
    assert fetch(replace(entry, urls=(server.url("gone"), server.url("there")))).verified
    assert [path for path, _ in server.asked] == ["/gone", "/there"]


def test_redirects_are_followed(server: FileServer, entry: Entry, cache: Path) -> None:
    def redirects(visit: Visit) -> None:
        if visit.path == "/real":
            visit.serve(CONTENT)
        else:
            visit.answer(b"", 302, Location="/real")

    server.behave = redirects
    assert fetch(entry).verified


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:text/plain,x"])
def test_redirects_elsewhere_are_not(server: FileServer, entry: Entry, cache: Path, place: str) -> None:
    server.behave = lambda visit: visit.answer(b"", 302, Location=place)
    with pytest.raises(FetchError, match=r"not followed|answers 302"):
        fetch(entry)
    assert left(cache) == []


def test_a_circle_of_redirects_ends(server: FileServer, entry: Entry, cache: Path) -> None:
    server.behave = lambda visit: visit.answer(b"", 302, Location=f"/{len(server.asked)}")
    with pytest.raises(FetchError, match="answers 302"):
        fetch(entry)
    assert len(server.asked) < 10


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_only_http_is_opened(entry: Entry, cache: Path, url: str) -> None:
    with pytest.raises(FetchError):
        fetch(replace(entry, urls=(url,)))


@pytest.mark.parametrize("before_the_answer", [True, False])
def test_it_stops_at_once_while_the_server_stalls(
    server: FileServer, entry: Entry, cache: Path, before_the_answer: bool
) -> None:
    token, arrived = CancelToken(), threading.Event()

    def stalls(visit: Visit) -> None:
        if not before_the_answer:
            visit.begin(CONTENT[:HALF], len(CONTENT), ETag='"one"')
        arrived.set()
        visit.stall()

    server.behave = stalls

    def cancel() -> None:
        arrived.wait(5)
        time.sleep(0.3)
        token.cancel()

    threading.Thread(target=cancel).start()
    begun = time.monotonic()
    with pytest.raises(Cancelled):
        download(entry, token=token)
    assert time.monotonic() - begun < 2
    kept = cache / f"{NAME}.part"
    assert kept.exists() is not before_the_answer
    assert not (cache / NAME).exists()
    if not before_the_answer:
        assert kept.stat().st_size == HALF
        server.behave = lambda visit: visit.serve(CONTENT)
        assert fetch(entry).verified
        assert "Range" in server.asked[-1][1]


def test_two_at_once_do_not_meet(server: FileServer, entry: Entry, cache: Path) -> None:
    arrived, go = threading.Event(), threading.Event()

    def waits(visit: Visit) -> None:
        visit.begin(CONTENT[:HALF], len(CONTENT))
        arrived.set()
        go.wait(10)
        visit.wfile.write(CONTENT[HALF:])

    server.behave = waits
    found: list[Fetched] = []
    first = threading.Thread(target=lambda: found.append(download(entry)))
    first.start()
    assert arrived.wait(10)
    with pytest.raises(FetchError, match="being downloaded already"):
        download(entry)
    go.set()
    first.join()
    assert found[0].path.read_bytes() == CONTENT
    assert len(server.asked) == 1


def test_a_full_disk_is_told(server: FileServer, entry: Entry, cache: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    server.behave = lambda visit: visit.serve(CONTENT)
    cache.mkdir(parents=True)
    (cache / f"{NAME}.part").symlink_to("/dev/full")
    with pytest.raises(OutputError, match=r"No space left.*free some space"):
        fetch(entry)
    assert not (cache / NAME).exists()


def test_too_little_space_is_told_before_anything_is_asked(server: FileServer, entry: Entry, cache: Path) -> None:
    free = shutil.disk_usage(cache.parents[1]).free
    with pytest.raises(OutputError, match=r"MB are needed and \d+ MB are free"):
        fetch(replace(entry, size=2 * free))
    assert server.asked == []


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="root may write everywhere")
def test_a_read_only_cache_is_told(server: FileServer, entry: Entry, cache: Path) -> None:
    cache.parent.mkdir(parents=True)
    cache.parent.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="writable"):
            fetch(entry)
    finally:
        cache.parent.chmod(0o700)


def test_a_file_in_place_of_the_cache_is_told(server: FileServer, entry: Entry, cache: Path) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_text("in the way")
    with pytest.raises(OutputError, match="could not be written"):
        fetch(entry)


def test_a_mirror_stands_for_server_and_folder(
    server: FileServer, entry: Entry, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.behave = lambda visit: visit.serve(CONTENT)
    far = replace(entry, urls=("http://no-such-host.invalid/deep/folder/other-name",))
    assert download(far, mirror=server.url("nets/")).verified
    monkeypatch.setenv("FCN_STUDIO_MIRROR", server.url("nets"))
    assert download(far, force=True).fresh
    assert [path for path, _ in server.asked] == [f"/nets/{NAME}"] * 2
    for bad in ("nets", "file:///srv/nets", "http://"):
        with pytest.raises(FetchError, match=r"a mirror is an http\(s\) address"):
            addresses(entry, bad)


def test_offline_only_the_cache_counts(
    server: FileServer, entry: Entry, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.behave = lambda visit: visit.serve(CONTENT)
    with pytest.raises(FetchError, match=r"is not there, and offline nothing is fetched"):
        download(entry, offline=True)
    monkeypatch.setenv("FCN_STUDIO_OFFLINE", "1")
    with pytest.raises(FetchError, match="offline"):
        download(entry)
    assert server.asked == []
    monkeypatch.setenv("FCN_STUDIO_OFFLINE", "0")
    download(entry)
    assert download(entry, offline=True, force=True).path.read_bytes() == CONTENT
    assert len(server.asked) == 1


def test_what_comes_with_the_program_is_not_downloaded(cache: Path) -> None:
    with pytest.raises(CheckpointError, match="comes with the program"):
        download(embedded()[0])


def test_downloaded_knows_published_names_only(cache: Path) -> None:
    one = published()[0]
    assert downloaded(one.name) is None
    cache.mkdir(parents=True)
    (cache / f"{one.file}.part").write_bytes(b"half")
    assert downloaded(one.name) is None
    (cache / one.file).write_bytes(b"whole")
    assert downloaded(one.name) == cache / one.file
    assert downloaded("default") is None
    assert downloaded(f"../{one.name}") is None
