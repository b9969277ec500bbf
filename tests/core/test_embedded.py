"""Short names of the nets that come with the program: they stand for what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from fcn_studio.core.catalog.embedded import NETS, here_by_net, named_nets, nets_of

VOC, LITE, SLIM, IMAGENET = (
    "fcn-efficientnet-lite-voc",
    "fcn-efficientnet-lite-camvid",
    "fcn-vgg16-slim-camvid",
    "efficientnet-lite0-imagenet",
)


@pytest.mark.parametrize(
    ("files", "names"),
    [
        ((), {}),
        ((SLIM,), {"default": SLIM, "streets": SLIM, "camvid-vgg16": SLIM}),
        ((SLIM, IMAGENET), {"default": SLIM, "streets": SLIM, "imagenet": IMAGENET, "camvid-vgg16": SLIM}),
        ((IMAGENET,), {"default": IMAGENET, "imagenet": IMAGENET}),
        ((VOC, SLIM), {"default": VOC, "streets": SLIM, "camvid-vgg16": SLIM}),
        (
            (VOC, LITE, SLIM, IMAGENET),
            {"default": VOC, "streets": LITE, "imagenet": IMAGENET, "camvid-vgg16": SLIM},
        ),
    ],
)
def test_names_stand_for_the_files_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: tuple[str, ...], names: dict[str, str]
) -> None:
    monkeypatch.setenv("FCN_STUDIO_WEIGHTS", str(tmp_path))
    for name in files:
        (tmp_path / f"{name}.safetensors").touch()
    found = named_nets()
    assert {name: path.stem for name, path in found.items()} == names
    # A net is offered by its own file only: where there is none, `default` is another net's name.
    offered = [net.name for net, _ in here_by_net()]
    assert offered == [net.name for net in NETS if net.name in names and (net.name != "default" or VOC in files)]
    assert nets_of(tmp_path / "mine.safetensors") == ()


def test_the_four_nets_each_say_what_they_know() -> None:
    assert [net.name for net in NETS] == ["default", "streets", "imagenet", "camvid-vgg16"]
    assert len({net.knows for net in NETS}) == len(NETS)
    assert "people" in NETS[0].knows
    assert "road" in NETS[1].knows
    assert "1000" in NETS[2].knows
