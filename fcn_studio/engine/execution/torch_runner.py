"""Blocks by torch. On CPUs in strips of rows that stay in the cache, and fc6 and fc7 as the matrix products they are.

What that gains is measured in tests/benchmarks/SPEED.md.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

from fcn_studio.engine.execution.blocks import Block
from fcn_studio.engine.execution.product import product

STRIP_BYTES = 8 << 20  # of the widest features of a strip: input and output of a convolution share the last-level cache


class TorchRunner:
    """See `blocks.Runner`.

    Args:
        strip_bytes: Of the widest features of a strip, on CPUs.
    """

    name = "torch"

    def __init__(self, *, strip_bytes: int = STRIP_BYTES) -> None:
        self._strip_bytes = strip_bytes

    def run(self, block: Block, features: Tensor) -> Tensor:
        """See `blocks.Runner`."""
        if features.device.type != "cpu":
            return _pooled(_convolved(block, features), block)
        if block.pooled:
            return _in_strips(block, features, self._strip_bytes)
        for layer in block.convolutions:
            features = product(features, layer.weight, layer.bias, (layer.padding,) * 2).relu_()
        return features


def _convolved(block: Block, features: Tensor) -> Tensor:
    for layer in block.convolutions:
        features = functional.conv2d(features, layer.weight, layer.bias, padding=layer.padding)
        features = functional.relu(features, inplace=True)
    return features


def _pooled(features: Tensor, block: Block) -> Tensor:
    return functional.max_pool2d(features, 2, 2, ceil_mode=True) if block.pooled else features


def _in_strips(block: Block, features: Tensor, strip_bytes: int) -> Tensor:
    """The block of 3x3 convolutions and a pool, strip by strip."""
    lost = sum(1 - layer.padding for layer in block.convolutions)  # rows that the block takes off at each end
    margin = len(block.convolutions)
    height, width = (length - 2 * lost for length in features.shape[-2:])
    channels = max(layer.weight.shape[0] for layer in block.convolutions)
    row_bytes = width * channels * features.element_size()
    rows = max(4 * margin, strip_bytes // row_bytes) // 2 * 2  # even, so that pools stay whole
    if rows >= height:
        return _pooled(_convolved(block, features), block)
    size = (1, block.convolutions[-1].weight.shape[0], -(-height // 2), -(-width // 2))
    result = torch.empty(size, dtype=features.dtype, memory_format=torch.channels_last)
    for start, stop in _even(height, rows):
        # What the strip needs around it; at the features' own ends the padding does what it does in one piece.
        above = min(start, margin - lost)
        seen = features[..., start - above : min(features.shape[-2], stop + margin + lost), :]
        part = _convolved(block, seen)[..., above : above + stop - start, :]
        result[..., start // 2 : -(-stop // 2), :] = _pooled(part, block)
    return result


def _even(height: int, most: int) -> Iterator[tuple[int, int]]:
    """Strips of an even number of rows, `most` or fewer, all about as high."""
    count = -(-height // most)
    rows = -(-height // count)
    rows += rows % 2
    for start in range(0, height, rows):
        yield start, min(start + rows, height)
