"""How a photo becomes a net's input; a property of the checkpoint, never guessed from the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

ChannelOrder = Literal["rgb", "bgr"]

STRIP_ROWS = 256


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """(value * scale - mean) / std in the given channel order, from 8-bit values.

    Attributes:
        order: Channel order of the net's input; mean and std are in this order.
        scale: Factor on 0..255 values (1/255 for 0..1 nets, 1 for Caffe's).
        mean: Subtracted from each channel, after scaling.
        std: Divides each channel.
    """

    order: ChannelOrder
    scale: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def __post_init__(self) -> None:
        if self.order not in ("rgb", "bgr"):
            raise TypeError(f"channel order {self.order!r}")
        if len(self.mean) != 3 or len(self.std) != 3 or not all(value > 0 for value in self.std):
            raise TypeError(f"mean {self.mean} and std {self.std}")

    def to_tensor(self, image: NDArray[np.uint8]) -> Tensor:
        """(H, W, 3) RGB uint8 to (1, 3, H, W) float32."""
        # (H, W, 3) in memory is channels_last already, which is what convolutions on CPUs want.
        pixels = torch.empty(image.shape, dtype=torch.float32)
        # In strips: the copy of a large photo in one piece would hold Python's lock, and the window up.
        for top in range(0, len(image), STRIP_ROWS):
            pixels[top : top + STRIP_ROWS] = torch.tensor(image[top : top + STRIP_ROWS])
        return self.normalise(pixels[None].permute(0, 3, 1, 2))

    def normalise(self, pixels: Tensor) -> Tensor:
        """(N, 3, H, W) RGB values of 0..255 in float32 to the net's input."""
        if self.order == "bgr":
            pixels = pixels.flip(1)
        images, _, height, width = pixels.shape
        mean, std = (torch.tensor(values, device=pixels.device) for values in (self.mean, self.std))
        # One pass: photos can be large. By whole rows: along three values at a time it takes three times as long.
        rows = pixels.permute(0, 2, 3, 1).reshape(images, height, 3 * width)
        normal = torch.addcmul((-mean / std).repeat(width), rows, (self.scale / std).repeat(width))
        return normal.view(images, height, width, 3).permute(0, 3, 1, 2)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for metadata."""
        return {"order": self.order, "scale": self.scale, "mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Preprocessing:
        """What `to_dict` wrote; KeyError or TypeError where it did not."""
        mean, std = (_triple(values[key]) for key in ("mean", "std"))
        return cls(order=values["order"], scale=float(values["scale"]), mean=mean, std=std)


def _triple(values: Any) -> tuple[float, float, float]:
    if not isinstance(values, list) or len(values) != 3:
        raise TypeError(f"three numbers expected, not {values!r}")
    first, second, third = (float(value) for value in values)
    return first, second, third


# Mean of ImageNet in Caffe's order, as in the official data layers (FCN-32s, 16s, 8s).
CAFFE = Preprocessing(order="bgr", scale=1.0, mean=(104.00698793, 116.66876762, 122.67891434), std=(1.0, 1.0, 1.0))
# torchvision's ImageNet statistics, 0..1 RGB.
IMAGENET_RGB = Preprocessing(order="rgb", scale=1 / 255, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
# torchvision's GoogLeNet was trained in TensorFlow, and turns ImageNet's statistics into these (`transform_input`).
HALVES = Preprocessing(order="rgb", scale=1 / 255, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
# EfficientNet-Lite's (efficientnet_lite_builder.py: MEAN_RGB and STDDEV_RGB), so that integer kernels lose nothing.
LITE = Preprocessing(order="rgb", scale=1.0, mean=(127.0, 127.0, 127.0), std=(128.0, 128.0, 128.0))
PRESETS: Mapping[str, Preprocessing] = MappingProxyType(
    {"caffe": CAFFE, "imagenet": IMAGENET_RGB, "halves": HALVES, "lite": LITE}
)
