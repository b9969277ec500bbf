"""The nets that come with the program, by the short names that commands, API and window call them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fcn_studio import paths

SUFFIX = ".safetensors"
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class EmbeddedNet:
    """A short name, and which checkpoint it stands for.

    Attributes:
        name: What `load`, `--weights` and the window's settings call it.
        checkpoints: Files of weights/ without their ending; the first that is there.
        knows: What it can tell, in a few words.
    """

    name: str
    checkpoints: tuple[str, ...]
    knows: str

    @property
    def path(self) -> Path | None:
        """Its file, if it is there."""
        files = (paths.weights() / f"{checkpoint}{SUFFIX}" for checkpoint in self.checkpoints)
        return next((file for file in files if file.is_file()), None)


CAMVID_VGG16 = "fcn-vgg16-slim-camvid"
# In the order in which they are offered.
NETS = (
    EmbeddedNet(
        DEFAULT,
        ("fcn-efficientnet-lite-voc",),
        "Everyday photos: people, animals, vehicles, furniture",
    ),
    EmbeddedNet(
        "streets",
        ("fcn-efficientnet-lite-camvid", CAMVID_VGG16),
        "Streets seen from a car: road, pavement, buildings, trees, cars, people",
    ),
    EmbeddedNet(
        "imagenet",
        ("efficientnet-lite0-imagenet",),
        "What is in it, of 1000 kinds of things and animals, and where",
    ),
    EmbeddedNet(
        "camvid-vgg16",
        (CAMVID_VGG16,),
        "Streets, by a slim VGG-16 that was trained from random weights",
    ),
)


def here_by_net() -> tuple[tuple[EmbeddedNet, Path], ...]:
    """The nets whose files are there, in the order in which they are offered."""
    return tuple((net, path) for net in NETS if (path := net.path) is not None)


def named_nets() -> Mapping[str, Path]:
    """The files that are there by their nets' short names; `default` is always one of them, unless there is none."""
    found = {net.name: path for net, path in here_by_net()}
    if found and DEFAULT not in found:
        found = {DEFAULT: next(iter(found.values())), **found}
    return found


def nets_of(path: Path) -> tuple[EmbeddedNet, ...]:
    """The nets whose file this is: none of a file of the user's own."""
    return tuple(net for net in NETS if net.path == path)
