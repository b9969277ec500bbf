"""Whether a net has something to say of a photo, on the samples and with the checkpoints that come with the program."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import fcn_studio as fs
from fcn_studio.core.catalog.embedded import here_by_net
from fcn_studio.core.catalog.fit import Fit, fit_of
from fcn_studio.core.images.image import read_image
from fcn_studio.core.samples import sample_photos

SAMPLES = {sample.path.stem: sample for sample in sample_photos()}
HERE = {net.name for net, _ in here_by_net()}
needs_default = pytest.mark.skipif("default" not in HERE, reason="the net for everyday photos is not in weights/")


@pytest.mark.parametrize("net", ["streets", "camvid-vgg16"])
def test_a_net_for_streets_is_unsure_of_everything_else(net: str) -> None:
    model = fs.load(net, device="cpu", precision="fp32")
    found = {name: fit_of(model.trace(sample.path)) for name, sample in SAMPLES.items()}
    assert found.pop("highway") is Fit.FINDS
    assert set(found.values()) == {Fit.UNSURE}


@needs_default
def test_the_net_for_everyday_photos_finds_what_it_knows() -> None:
    model = fs.load("default", device="cpu", precision="fp32")
    for name in ("jockey", "woman-and-dog", "cat"):
        assert fit_of(model.trace(SAMPLES[name].path)) is Fit.FINDS, name
    sky_and_trees = read_image(SAMPLES["highway"].path)[:320, :640]
    assert fit_of(model.trace(sky_and_trees)) is Fit.FINDS_NOTHING


def test_a_classifier_of_all_sorts_always_finds_something() -> None:
    model = fs.load("imagenet", device="cpu", precision="fp32")
    assert {fit_of(model.trace(sample.path)) for sample in SAMPLES.values()} == {Fit.FINDS}


def test_the_net_of_each_sample_finds_something_in_it() -> None:
    for sample in SAMPLES.values():
        if sample.net in HERE:
            assert fit_of(fs.load(sample.net, device="cpu").trace(sample.path)) is Fit.FINDS, sample.path.name


@pytest.mark.parametrize(("share", "fit"), [(0.02, Fit.FINDS_NOTHING), (0.04, Fit.FINDS)])
def test_three_in_a_hundred_pixels_are_next_to_nothing(share: float, fit: Fit) -> None:
    trace = fs.load("camvid-vgg16", device="cpu").trace(np.zeros((50, 100, 3), np.uint8))
    mask = np.zeros((50, 100), np.uint8)
    mask.flat[: round(share * mask.size)] = 3
    labels = replace(trace.labels, background=0)
    assert fit_of(replace(trace, labels=labels, masks={"8s": mask})) is fit
