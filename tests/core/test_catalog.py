"""The catalog against torchvision's own tables and against the parameters of the nets."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from torchvision.models import AlexNet_Weights, GoogLeNet_Weights, VGG16_BN_Weights, VGG16_Weights, WeightsEnum
from torchvision.models.segmentation import FCN_ResNet50_Weights, FCN_ResNet101_Weights

from fcn_studio import paths
from fcn_studio.core.catalog.catalog import Entry, Kind, State, embedded, entries, find, published, state
from fcn_studio.core.catalog.embedded import here_by_net
from fcn_studio.core.errors import CheckpointError, DataError
from fcn_studio.core.labels import read_label_set

TORCHVISION: dict[str, WeightsEnum] = {
    "torchvision-vgg16": VGG16_Weights.IMAGENET1K_V1,
    "torchvision-vgg16-bn": VGG16_BN_Weights.IMAGENET1K_V1,
    "torchvision-alexnet": AlexNet_Weights.IMAGENET1K_V1,
    "torchvision-googlenet": GoogLeNet_Weights.IMAGENET1K_V1,
    "torchvision-fcn-resnet50": FCN_ResNet50_Weights.COCO_WITH_VOC_LABELS_V1,
    "torchvision-fcn-resnet101": FCN_ResNet101_Weights.COCO_WITH_VOC_LABELS_V1,
}
METRICS = {"top-1 acc.": "acc@1", "top-5 acc.": "acc@5", "mean IU": "miou", "pixel acc.": "pixel_acc"}


def test_the_default_checkpoint_comes_first_and_is_here() -> None:
    first = entries()[0]
    assert "default" in first.short_names
    assert state(first) is State.EMBEDDED
    assert first.path == paths.weights() / first.file
    assert first.variants == ("32s", "16s", "8s")
    assert len(first.figures) == 3
    assert find("default") == first


def test_nets_are_found_by_their_short_names_and_say_what_they_know() -> None:
    for net, path in here_by_net():
        entry = find(net.name)
        assert entry.path == path
        assert entry.knows
    slim = find("camvid-vgg16")
    assert slim.name == "fcn-vgg16-slim-camvid"
    assert slim.labels == ("camvid",)
    assert "CC BY-NC" in slim.licence
    imagenet = find("imagenet")
    assert imagenet.licence == "Apache-2.0"
    assert "1000 classes" in imagenet.title


def test_names_and_files_are_each_there_once() -> None:
    everything = entries()
    assert len({entry.name for entry in everything}) == len(everything)
    assert len({entry.file for entry in everything}) == len(everything)


@pytest.mark.parametrize("entry", published(), ids=lambda entry: entry.name)
def test_every_entry_says_what_a_user_must_know(entry: Entry) -> None:
    assert entry.title
    assert entry.publisher
    assert entry.licence
    assert entry.links
    assert all(link.startswith("https://") for link in entry.links)
    assert all(url.startswith(("http://", "https://")) for url in entry.urls)
    assert entry.size > 10e6
    assert bool(entry.variants) is (entry.labels != ("imagenet",))
    assert all(0 < figure.percent <= 100 and figure.data and figure.source for figure in entry.figures)
    if entry.digest is not None:
        digits = {"md5": 32, "sha256": 8}[entry.digest.algorithm]
        assert len(entry.digest.value) >= digits
        int(entry.digest.value, 16)
    assert (entry.digest is None) is (entry.kind is Kind.CAFFE)
    json.dumps(entry.to_dict())


def test_label_sets_are_ones_that_there_are() -> None:
    known = {read_label_set(path).name for path in (paths.resources() / "labels").glob("*.toml")}
    used = {name for entry in entries() for name in entry.labels} - {"imagenet"}
    assert used <= known


@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvision_entries_are_torchvisions_own(name: str) -> None:
    entry, weights = find(name), TORCHVISION[name]
    assert entry.urls == (weights.url,)
    assert entry.file == weights.url.rsplit("/", 1)[1]
    assert entry.digest is not None
    assert weights.url.endswith(f"-{entry.digest.value}.pth")
    assert math.isclose(entry.size, weights.meta["_file_size"] * 2**20, abs_tol=600)
    (measured,) = weights.meta["_metrics"].values()
    assert {METRICS[figure.metric]: figure.percent for figure in entry.figures} == measured


# Classes of each head, and by variant the enlarging kernels' sizes.
HEADS = {"voc": (21,), "pascal-context": (60,), "siftflow": (33, 3), "nyud": (40,)}
KERNELS = {"32s": (64,), "16s": (4, 32), "8s": (4, 4, 16)}
TRUNK = [(3, 64), (64, 64), (64, 128), (128, 128), (128, 256), *[(256, 256)] * 2, (256, 512), *[(512, 512)] * 5]


def parameters(entry: Entry) -> int:
    """Of an FCN on VGG-16 with dense enlarging kernels, counted layer by layer."""
    count = sum(9 * before * after + after for before, after in TRUNK)
    count += 49 * 512 * 4096 + 4096 + 4096 * 4096 + 4096
    (variant,) = entry.variants
    taps = (4096, 512, 256)[: len(KERNELS[variant])]
    for classes in HEADS[entry.labels[0]]:
        count += sum((tap + 1) * classes for tap in taps)
        count += sum(kernel**2 * classes**2 for kernel in KERNELS[variant])
    return count


@pytest.mark.parametrize(
    "entry",
    [
        entry
        for entry in published()
        if entry.kind in (Kind.CAFFE, Kind.PYTORCH_FCN) and entry.variants and "alexnet" not in entry.name
    ],
    ids=lambda entry: entry.name,
)
def test_sizes_of_caffe_nets_follow_from_their_parameters(entry: Entry) -> None:
    assert entry.approximate
    scales = 2 * (256 + 512) if entry.kind is Kind.CAFFE and "atonce" in entry.name else 0
    assert math.isclose(entry.size, 4 * parameters(entry), rel_tol=1e-4), (entry.size, 4 * parameters(entry), scales)


def test_reading_the_catalog_needs_no_torch() -> None:
    """In a process of its own, since tests have torch."""
    code = (
        "import sys; from fcn_studio.core.catalog.catalog import entries; "
        "print(len(entries()) > 20, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


def test_an_unknown_name_is_told_what_there_is() -> None:
    with pytest.raises(CheckpointError, match=r"fcn9s: not in the catalog.*fcn8s-heavy-pascal"):
        find("fcn9s")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[[entry]]", "[[entry"),
        ('file = "fcn8s', 'file = "../fcn8s'),
        ('source = "caffe"', 'source = "coffee"'),
        ("size = ", "length = "),
        ('kind = "caffe"', 'kind = "pickle"'),
    ],
)
def test_a_malformed_catalog_is_told(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "catalog.toml"
    text = (paths.resources() / "catalog.toml").read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(DataError, match="malformed"):
        published(path)


def test_files_in_weights_that_are_no_checkpoints_are_left_out(
    tmp_path: Path, tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(tiny_checkpoint, tmp_path / "a.safetensors")
    (tmp_path / "b.safetensors").write_bytes(b"no tensors")
    monkeypatch.setenv("FCN_STUDIO_WEIGHTS", str(tmp_path))
    found: Any = [(entry.name, entry.labels) for entry in embedded()]
    assert found == [("a", ("camvid",))]
