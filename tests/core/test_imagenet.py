"""ImageNet's names."""

from __future__ import annotations

from torchvision.models import AlexNet_Weights

from fcn_studio.core.catalog.imagenet import imagenet_labels


def test_names_are_torchvisions_and_each_is_there_once() -> None:
    published = AlexNet_Weights.IMAGENET1K_V1.meta["categories"]
    labels = imagenet_labels()
    assert len(labels) == len(set(labels.classes)) == 1000
    assert labels.classes[285] == "Egyptian cat"
    assert list(labels.classes) == list(published)
