"""The nets that come with the program, by the short names that commands, API and window call them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fcn_studio import paths

SUFFIX = ".safetensors"


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:
    """Marks a text that the window translates for lupdate, which knows this name."""
    return text


DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class EmbeddedNet:
    """A short name, and which checkpoint it stands for.

    Attributes:
        name: What `load`, `--weights` and the window's settings call it.
        checkpoints: Files of weights/ without their ending; the first that is there.
        title: What it is for, as its button says.
        classes: What it knows, in a few words.
    """

    name: str
    checkpoints: tuple[str, ...]
    title: str
    classes: str

    @property
    def knows(self) -> str:
        """A sentence of both."""
        return f"{self.title}: {self.classes}"

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
        QT_TRANSLATE_NOOP("Nets", "Everyday photos"),
        QT_TRANSLATE_NOOP("Nets", "people, animals, vehicles, furniture"),
    ),
    EmbeddedNet(
        "streets",
        ("fcn-efficientnet-lite-camvid", CAMVID_VGG16),
        QT_TRANSLATE_NOOP("Nets", "Streets"),
        QT_TRANSLATE_NOOP("Nets", "road, pavement, sky, buildings, trees, cars, people, as seen from a car"),
    ),
    EmbeddedNet(
        "imagenet",
        ("efficientnet-lite0-imagenet",),
        QT_TRANSLATE_NOOP("Nets", "What is in it?"),
        QT_TRANSLATE_NOOP("Nets", "1000 kinds of things and animals, such as Egyptian cat, and where each is"),
    ),
    EmbeddedNet(
        "camvid-vgg16",
        (CAMVID_VGG16,),
        QT_TRANSLATE_NOOP("Nets", "Streets, VGG-16"),
        QT_TRANSLATE_NOOP("Nets", "the same classes, by a slim VGG-16 that was trained from random weights"),
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
