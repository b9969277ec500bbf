"""VGG-16's trunk as a list of blocks, and who runs them.

A block is what lies between two places that somebody looks at: convolutions with their ReLUs, and the pool at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn

from fcn_studio.engine.nets.architecture import VGG16_CONVOLUTIONS
from fcn_studio.engine.nets.fcn import FCN

CANVAS_BLOCKS = 4  # after so many, with padding 100, the photo and the edge of its canvas have not met (see `canvas`)


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """A convolution of stride 1 and the ReLU behind it.

    Attributes:
        weight: (out, in, k, k).
        bias: (out,).
        padding: Zeros on each side.
    """

    weight: Tensor
    bias: Tensor
    padding: int


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Consecutive layers.

    Attributes:
        name: `block1` to `block5`, `fc6` or `fc7`.
        convolutions: In their order.
        pooled: Whether a 2x2 max pool of stride 2 in ceil mode ends it.
    """

    name: str
    convolutions: tuple[Convolution, ...]
    pooled: bool


class Runner(Protocol):
    """Something that can run blocks.

    Attributes:
        name: Such as `torch`.
    """

    name: str

    def run(self, block: Block, features: Tensor) -> Tensor:
        """(1, C, h, w) features to the block's output, on the same device and in the same precision.

        The caller owns the result: later runs leave it as it is.
        """


def blocks_of(net: FCN) -> tuple[Block, ...]:
    """block1 to block5, fc6 and fc7 of a net on VGG-16, on the net's own weights.

    With the `caffe` alignment blocks 1 to 4 are without padding: they run on the part of the canvas that the photo
    reaches, and whoever runs them adds what lies around it.

    Raises:
        ValueError: The net has another trunk, or batch normalisation layers (see `nets.fcn.folded`).
    """
    architecture = net.architecture
    if architecture.trunk != "vgg16" or architecture.batch_norm:
        raise ValueError("blocks are of VGG-16 without batch normalisation")
    bare = architecture.alignment == "caffe"
    found = []
    for number, count in enumerate(VGG16_CONVOLUTIONS, start=1):
        padding = 0 if bare and number <= CANVAS_BLOCKS else 1
        names = (f"conv{number}_{layer}" for layer in range(1, count + 1))
        found.append(Block(f"block{number}", tuple(_convolution(net, name, padding) for name in names), True))
    found.append(Block("fc6", (_convolution(net, "fc6", architecture.fc6_padding()),), False))
    found.append(Block("fc7", (_convolution(net, "fc7", 0),), False))
    return tuple(found)


def _convolution(net: FCN, name: str, padding: int) -> Convolution:
    layer = net.get_submodule(name)
    if not isinstance(layer, nn.Conv2d) or layer.bias is None:
        raise ValueError(f"{name} is no convolution with a bias")
    return Convolution(layer.weight, layer.bias, padding)
