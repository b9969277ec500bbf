"""The sample photos: there, small, credited, and each with a net."""

from __future__ import annotations

from fcn_studio import paths
from fcn_studio.core.catalog.embedded import NETS
from fcn_studio.core.images.image import list_images, read_image
from fcn_studio.core.samples import sample_photos


def test_each_is_listed_once_small_credited_and_of_a_known_net() -> None:
    samples = sample_photos()
    folder = paths.resources() / "samples"
    assert samples[0].path.name == "jockey.jpg"
    assert sorted(sample.path for sample in samples) == sorted(list_images(folder))
    attribution = (folder / "ATTRIBUTION.md").read_text(encoding="utf-8")
    names = {net.name for net in NETS}
    for sample in samples:
        assert sample.net in names
        assert f"| {sample.path.name} |" in attribution
        assert sample.path.stat().st_size <= 300_000
        assert read_image(sample.path).shape[2] == 3
    assert {sample.net for sample in samples} == {"default", "streets", "imagenet"}
    assert "Permission is hereby granted" in attribution, "the MIT notice of what is under it"
