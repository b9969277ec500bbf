"""What a net is made of, as a value: enough to build it, and what a checkpoint's metadata holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.geometry import PHOTO, CoordMap, Layer

Alignment = Literal["caffe", "same"]
Upsampling = Literal["bilinear", "learned"]

VARIANTS = ("32s", "16s", "8s")
VGG16_CONVOLUTIONS = (2, 2, 3, 3, 3)  # in each block; Simonyan and Zisserman 2014, configuration D
VGG16_CHANNELS = (64, 128, 256, 512, 512)
VGG16_FC_CHANNELS = 4096
POOL = Layer(kernel=2, stride=2, ceil=True)  # Caffe rounds up
MAX_CHANNELS = 8192  # a bound on what a stranger's metadata may ask for


@dataclass(frozen=True, slots=True)
class Architecture:
    """A VGG-16 FCN; the defaults are the published net (Long, Shelhamer, Darrell 2015).

    Attributes:
        num_classes: Channels of every score layer.
        alignment: `caffe` (conv1_1 padded by 100, fc6 unpadded) or `same` (fc6 padded by 3).
        channels: Output channels of the five convolution blocks.
        fc_channels: Output channels of fc6 and fc7.
        batch_norm: Whether each trunk convolution is followed by batch normalisation.
        upsampling: `bilinear` (fixed, as in the Caffe nets) or `learned` (bilinear at the start, dense).
        variants: The outputs this net has, coarsest first.
        pool4_scale: Factor on pool4 before score_pool4 (0.01 in the at-once Caffe net).
        pool3_scale: Factor on pool3 before score_pool3 (0.0001 in the at-once Caffe net).
        dropout: Drop probability after fc6 and fc7, in training.
    """

    num_classes: int
    alignment: Alignment = "caffe"
    channels: tuple[int, int, int, int, int] = VGG16_CHANNELS
    fc_channels: int = VGG16_FC_CHANNELS
    batch_norm: bool = False
    upsampling: Upsampling = "bilinear"
    variants: tuple[str, ...] = VARIANTS
    pool4_scale: float = 1.0
    pool3_scale: float = 1.0
    dropout: float = 0.5

    def __post_init__(self) -> None:
        if self.alignment not in ("caffe", "same"):
            raise CheckpointError(f"Unknown alignment {self.alignment!r}; it is 'caffe' or 'same'.")
        if self.upsampling not in ("bilinear", "learned"):
            raise CheckpointError(f"Unknown upsampling {self.upsampling!r}; it is 'bilinear' or 'learned'.")
        if not self.variants or any(variant not in VARIANTS for variant in self.variants):
            raise CheckpointError(f"Variants {self.variants} must be some of {', '.join(VARIANTS)}.")
        sizes = (self.num_classes, self.fc_channels, *self.channels)
        if len(self.channels) != len(VGG16_CHANNELS) or any(not 1 <= size <= MAX_CHANNELS for size in sizes):
            raise CheckpointError(f"Channel counts {sizes} must be five blocks of 1 to {MAX_CHANNELS}.")

    def first_padding(self) -> int:
        """Padding of conv1_1."""
        return 100 if self.alignment == "caffe" else 1

    def fc6_padding(self) -> int:
        """Padding of the 7x7 fc6."""
        return 0 if self.alignment == "caffe" else 3

    def pool_maps(self) -> dict[str, CoordMap]:
        """Where the cells of pool3, pool4 and fc7 lie on the photo."""
        maps: dict[str, CoordMap] = {}
        current, padding = PHOTO, self.first_padding()
        for block, count in enumerate(VGG16_CONVOLUTIONS, start=1):
            for _ in range(count):
                current = current.through(Layer(kernel=3, padding=padding))
                padding = 1
            current = current.through(POOL)
            maps[f"pool{block}"] = current
        maps["fc7"] = current.through(Layer(kernel=7, padding=self.fc6_padding()))
        return {name: maps[name] for name in ("pool3", "pool4", "fc7")}

    def to_dict(self) -> dict[str, Any]:
        """Plain values for metadata."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Architecture:
        """The architecture that `to_dict` wrote.

        Raises:
            CheckpointError: A key is unknown or missing, or a value out of bounds.
        """
        kinds: dict[str, tuple[type, ...]] = {
            "int": (int,),
            "float": (int, float),
            "bool": (bool,),
            "tuple": (list, tuple),
        }
        plain: dict[str, Any] = {}
        for entry in fields(cls):
            if entry.name not in values:
                continue
            value = values[entry.name]
            expected = kinds.get(str(entry.type).partition("[")[0], (str,))
            if not isinstance(value, expected) or (isinstance(value, bool) and expected != (bool,)):
                raise CheckpointError(f"The architecture in this checkpoint has {entry.name} = {value!r}.")
            plain[entry.name] = tuple(value) if isinstance(value, list) else value
        if unknown := sorted(set(values) - set(plain)):
            raise CheckpointError(f"The architecture in this checkpoint has an unknown entry {unknown[0]!r}.")
        try:
            return cls(**plain)
        except TypeError as error:
            raise CheckpointError(f"The architecture in this checkpoint is malformed ({error}).") from error
