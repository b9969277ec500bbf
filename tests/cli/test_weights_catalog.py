"""`weights list` and `weights download`, against a real server that stands for all publishers."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fcn_studio import paths
from fcn_studio.cli.main import main
from fcn_studio.core.catalog.catalog import published
from fcn_studio.core.catalog.embedded import here_by_net
from tests.file_server import FileServer, file_server

CONTENT = np.random.default_rng(1).integers(0, 256, 200_000, dtype=np.uint8).tobytes()
SHA256 = hashlib.sha256(CONTENT).hexdigest()
CATALOG = """
[[source]]
id = "caffe"
kind = "caffe"
title = "Caffe"
publisher = "somebody"
licence = "Unrestricted use (really)"
links = ["https://example.org"]
"""
ENTRY = """
[[entry]]
name = "{name}"
source = "caffe"
title = "a net"
variants = ["8s"]
labels = ["voc"]
file = "{name}.caffemodel"
urls = ["http://no-such-host.invalid/{name}.caffemodel"]
size = 200_000
"""


@pytest.fixture
def server() -> Iterator[FileServer]:
    with file_server() as running:
        running.behave = lambda visit: visit.serve(CONTENT)
        yield running


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: FileServer) -> Path:
    """A small catalog, the server as its mirror, and a cache of its own."""
    resources = tmp_path / "resources"
    resources.mkdir()
    digest = f'digest = {{ algorithm = "sha256", value = "{SHA256[:8]}" }}\n'
    text = CATALOG + ENTRY.format(name="plain") + "approximate = true\n" + ENTRY.format(name="digested") + digest
    (resources / "catalog.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(paths, "resources", lambda: resources)
    monkeypatch.setattr(paths, "cache", lambda: tmp_path / "cache")
    monkeypatch.setenv("FCN_STUDIO_MIRROR", server.url("nets"))
    monkeypatch.delenv("FCN_STUDIO_OFFLINE", raising=False)
    return tmp_path / "cache" / "weights"


def test_the_list_has_every_checkpoint_the_embedded_one_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", "list"]) == 0
    heading, *rest = capsys.readouterr().out.splitlines()
    first = next(line for line in rest if line.startswith("fcn-vgg16-slim-camvid"))
    for word in ("name", "variants", "labels", "size", "figures", "licence", "state"):
        assert word in heading
    assert "embedded" in first
    assert "CC BY-NC 4.0" in first
    text = "\n".join(rest)
    for net, path in here_by_net():
        assert re.search(rf"^{net.name} +{re.escape(net.knows)} \({path.stem}\)", text, re.MULTILINE)
    assert all(entry.name in text and entry.size_text in text for entry in published())


def test_the_list_as_json(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", "download", "plain"]) == 0
    capsys.readouterr()
    assert main(["weights", "list", "--json"]) == 0
    found = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert [entry["state"] for entry in found.values()][-3:] == ["embedded", "downloaded", "not here"]
    assert found["efficientnet-lite0-imagenet"]["short_names"] == ["imagenet"]
    assert found["plain"]["path"] == str(cache / "plain.caffemodel")
    assert found["plain"]["sha256"] == SHA256
    assert found["digested"]["digest"] == {"algorithm": "sha256", "value": SHA256[:8]}
    assert found["digested"]["path"] is None


def test_a_download_says_where_it_is_and_whether_it_was_verified(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["weights", "download", "plain", "digested"]) == 0
    said = capsys.readouterr().out
    plain, digested = said.split(str(cache / "digested.caffemodel"))
    assert str(cache / "plain.caffemodel") in plain
    assert SHA256 in plain
    assert "not verified: no digest is published" in plain
    assert "Unrestricted use (really)" in plain
    assert "--weights plain" in plain
    assert f"verified: sha256 begins with the published {SHA256[:8]}" in digested
    assert (cache / "digested.caffemodel").read_bytes() == CONTENT
    assert main(["weights", "download", "plain"]) == 0
    assert "is here already" in capsys.readouterr().out


def test_one_that_fails_is_named_and_the_others_are_fetched(
    server: FileServer, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.behave = lambda visit: visit.answer(b"", 404) if "digested" in visit.path else visit.serve(CONTENT)
    assert main(["weights", "download", "digested", "plain"]) == 1
    captured = capsys.readouterr()
    assert "digested.caffemodel: the server answers 404 (Not Found)" in captured.err
    assert "plain.caffemodel: downloaded" in captured.out


@pytest.mark.parametrize(
    ("arguments", "status", "word"),
    [
        (["fcn9s"], 2, "not in the catalog"),
        (["plain", "fcn9s"], 2, "not in the catalog"),
        (["plain", "--offline"], 1, "offline nothing is fetched"),
        (["plain", "--mirror", "file:///srv"], 1, "a mirror is an http(s) address"),
    ],
)
def test_what_cannot_be_done(
    server: FileServer,
    cache: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    status: int,
    word: str,
) -> None:
    assert main(["weights", "download", *arguments]) == status
    assert word in capsys.readouterr().err
    assert server.asked == [], "nothing is begun"


def test_force_fetches_again(server: FileServer, cache: Path) -> None:
    assert main(["weights", "download", "plain"]) == 0
    assert main(["weights", "download", "plain", "--force"]) == 0
    assert len(server.asked) == 2


def test_the_embedded_one_needs_no_download(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", "download", "default"]) == 0
    assert "comes with the program" in capsys.readouterr().out


def test_a_terminal_sees_a_bar_and_a_pipe_does_not(server: FileServer, cache: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from fcn_studio import paths; from fcn_studio.cli.main import main; "
        f"paths.resources = lambda: Path({str(cache.parents[1] / 'resources')!r}); "
        f"paths.cache = lambda: Path({str(cache.parent)!r}); "
        "sys.exit(main(['weights', 'download', 'digested', '--force']))"
    )
    piped = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert piped.stderr == ""
    ours, theirs = pty.openpty()
    with open(ours, "rb", buffering=0) as terminal:
        with open(theirs, "wb") as end:
            running = subprocess.Popen(
                [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=end, env={**os.environ, "TERM": "xterm"}
            )
        seen = b""
        try:
            while block := terminal.read(4096):
                seen += block
        except OSError:  # the other end is closed
            pass
        assert running.stdout is not None
        running.stdout.close()
        assert running.wait() == 0
    assert b"checking digested" in seen
    assert b"kB" in seen or b"bytes" in seen
