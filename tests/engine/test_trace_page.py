"""The page: it fetches nothing, hostile words stay words, and its numbers in a browser are those of the trace."""

from __future__ import annotations

import html
import itertools
import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import fcn_studio as fs
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.trace.trace import Trace
from fcn_studio.core.trace.trace_page import save_page
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from tests.conftest import random_net

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER = next((found for name in BROWSERS if (found := shutil.which(name))), "")
needs_browser = pytest.mark.skipif(not BROWSER, reason="needs Chromium or Chrome")
HOSTILE = '</script><script>alert("x")</script><img src=http://evil.example/a.png>'


def traced(folder: Path, labels: LabelSet, photo: NDArray[np.uint8], alignment: str, upsampling: str) -> Trace:
    values = {"num_classes": 11, "channels": (3, 4, 5, 6, 6), "fc_channels": 9}
    net = random_net(Architecture.from_dict({**values, "alignment": alignment, "upsampling": upsampling}))
    path = folder / "net.safetensors"
    save_checkpoint(path, net, labels=labels, preprocessing=IMAGENET_RGB, card={}, dtype=torch.float32)
    return fs.load(path, device="cpu", precision="fp32").trace(photo)


class References(HTMLParser):
    """Everything that a page could fetch, and the elements it has."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "action", "data")]


def test_it_asks_for_nothing_outside_itself(tmp_path: Path, camvid: LabelSet, photo: NDArray[np.uint8]) -> None:
    trace = traced(tmp_path, camvid, photo, "same", "bilinear")
    names = (HOSTILE, *camvid.classes[1:])
    labels = LabelSet("hostile", names, camvid.colours)
    save_page(replace(trace, labels=labels), tmp_path / "page.html", title=HOSTILE)
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    found = References()
    found.feed(text)
    assert all(address.startswith(("data:", "#")) for address in found.addresses)
    assert found.tags.count("script") == len(re.findall(r"</script>", text)) <= 2
    assert not re.search(r"url\((?!\s*[\"']?data:)", text)
    assert "@import" not in text
    assert html.escape(HOSTILE, quote=False) in text or html.escape(HOSTILE) in text


def reported(page: Path, x: int, y: int) -> dict[str, object]:
    """What the page computes, as a browser runs it."""
    command = [
        BROWSER,
        *("--headless", "--disable-gpu", "--no-sandbox", "--virtual-time-budget=10000", "--dump-dom"),
        f"{page.as_uri()}#report={x},{y}",
    ]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    content = re.search(r'id="report"[^>]*>(.*?)</', found.stdout, re.DOTALL)
    assert content is not None, found.stdout[-2000:]
    answer: dict[str, object] = json.loads(html.unescape(content.group(1)))
    return answer


def mask_of(text: object, size: tuple[int, int]) -> NDArray[np.uint8]:
    assert isinstance(text, str)
    return np.array(text.split(), dtype=np.uint8).reshape(size)


@needs_browser
@pytest.mark.slow
@pytest.mark.parametrize(
    ("alignment", "upsampling"), list(itertools.product(("same", "caffe"), ("bilinear", "learned")))
)
def test_its_masks_and_shares_are_those_of_the_trace(
    tmp_path: Path, camvid: LabelSet, photo: NDArray[np.uint8], alignment: str, upsampling: str
) -> None:
    trace = traced(tmp_path, camvid, photo, alignment, upsampling)
    save_page(trace, tmp_path / "page.html")
    x, y = 40, 30
    found = reported(tmp_path / "page.html", x, y)
    mixes, kept, probe = (found[name] for name in ("mixes", "masks", "probe"))
    assert isinstance(mixes, dict)
    assert isinstance(kept, dict)
    assert isinstance(probe, dict)
    for used, (pool4, pool3) in {"0": (0, 0), "1": (1, 0), "2": (1, 1)}.items():
        expected = trace.fuse(pool4=pool4, pool3=pool3).mask("8s")
        assert (mask_of(mixes[used], trace.size) == expected).mean() > 0.999
    for variant in trace.variants:
        np.testing.assert_array_equal(mask_of(kept[variant], trace.size), trace.mask(variant))
    np.testing.assert_allclose(probe["scores"], trace.scores("8s")[:, y, x], atol=1e-3)
    for layer, share in trace.contributions(x, y, "8s").items():
        np.testing.assert_allclose(probe["shares"][layer], share, atol=1e-3)
