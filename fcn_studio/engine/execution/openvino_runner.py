"""Blocks by OpenVINO, on CPUs: each block is a compiled model of its own, on the net's weights.

The models are built from OpenVINO's operations, with height and width left open: no conversion, no files. Features go
in and out in torch's memory, in its channels_last order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from fcn_studio.engine.execution.blocks import Block, Convolution
from fcn_studio.engine.execution.openvino_model import TYPES, CompiledModel, check_type, shared
from fcn_studio.engine.execution.openvino_package import openvino


class OpenVinoRunner:
    """See `blocks.Runner`.

    Args:
        blocks: Those that it will be asked for, on the CPU, in fp32 or bf16: the precision of their weights is that of
            the arithmetic. Weights in rows-last order are shared, those in channels_last are copied.
        threads: How many cores to use; None for as many as torch does.

    Raises:
        DeviceError: OpenVINO is not installed, or does not compute in this precision on this CPU.
        RuntimeError: It cannot compile a block.
    """

    name = "openvino"

    def __init__(self, blocks: tuple[Block, ...], *, threads: int | None = None) -> None:
        check_type({layer.weight.dtype for block in blocks for layer in block.convolutions})
        self._compiled = {block: CompiledBlock(block, _type_of(block), threads) for block in blocks}

    def run(self, block: Block, features: Tensor) -> Tensor:
        """See `blocks.Runner`.

        Raises:
            MemoryError: OpenVINO could not allocate what the block needs.
        """
        return self._compiled[block].run(features)


class CompiledBlock:
    """A block as a compiled model, (1, h, w, C) to (1, h, w, C).

    Args:
        block: On the CPU.
        execution: See `CompiledModel`, as its errors.
        threads: How many cores to use.
    """

    def __init__(self, block: Block, execution: str, threads: int | None) -> None:
        # OpenVINO packs the weights when the first photo comes, and does not keep what it shares alive.
        self._weights = [_weights(layer, _is_product(block)) for layer in block.convolutions]
        self._block = block
        self._model = CompiledModel(_model(block, self._weights), block.name, execution, threads)

    def run(self, features: Tensor) -> Tensor:
        """(1, C, h, w) to (1, C, h, w), in memory of its own."""
        seen = features.permute(0, 2, 3, 1).contiguous()  # no copy in channels_last
        _, height, width, _ = seen.shape
        result = torch.empty(_output_shape(self._block, height, width), dtype=features.dtype)
        widest = max(layer.weight.shape[0] for layer in self._block.convolutions)
        self._model.run(seen, (result,), height * width * widest * features.element_size())
        return result.permute(0, 3, 1, 2)


def _model(block: Block, weights: list[tuple[Any, Any]]) -> Any:
    ov = openvino()
    channels = block.convolutions[0].weight.shape[1]
    photo = ov.opset8.parameter(ov.PartialShape([1, -1, -1, channels]), getattr(ov.Type, _type_of(block)))
    features = _products(photo, weights) if _is_product(block) else _convolutions(photo, block, weights)
    return ov.Model([features], [photo], block.name)


def _weights(layer: Convolution, as_product: bool) -> tuple[Any, Any]:
    weight, bias = layer.weight.detach(), layer.bias.detach()
    if as_product:
        return shared(weight[:, :, 0, 0].contiguous()), shared(bias)
    return shared(weight.contiguous()), shared(bias[None, :, None, None])


def _is_product(block: Block) -> bool:
    return not block.pooled and all(layer.weight.shape[-1] == 1 and not layer.padding for layer in block.convolutions)


def _products(features: Any, weights: list[tuple[Any, Any]]) -> Any:
    """1x1 convolutions. As what they are they take a third of the time at some sizes: 13x17 cells, of 4096 channels."""
    ov = openvino()
    op = ov.opset8
    for weight, bias in weights:
        features = op.matmul(features, ov.op.Constant(weight, shared_memory=True), False, True)
        features = op.relu(op.add(features, ov.op.Constant(bias, shared_memory=True)))
    return features


def _convolutions(features: Any, block: Block, weights: list[tuple[Any, Any]]) -> Any:
    ov = openvino()
    op = ov.opset8
    features = op.transpose(features, op.constant(np.array([0, 3, 1, 2])))
    for layer, (weight, bias) in zip(block.convolutions, weights, strict=True):
        pads = [layer.padding, layer.padding]
        features = op.convolution(features, ov.op.Constant(weight, shared_memory=True), [1, 1], pads, pads, [1, 1])
        features = op.relu(op.add(features, ov.op.Constant(bias, shared_memory=True)))
    if block.pooled:
        # A row and a column that never win round up: by its own "ceil" OpenVINO leaves sides of one cell undone.
        features = op.max_pool(features, [2, 2], [1, 1], [0, 0], [1, 1], [2, 2], "floor").output(0)
    return op.transpose(features, op.constant(np.array([0, 2, 3, 1])))


def _output_shape(block: Block, height: int, width: int) -> tuple[int, int, int, int]:
    """(1, h, w, C) of what a block makes of features of this size."""
    lost = sum(layer.weight.shape[-1] - 1 - 2 * layer.padding for layer in block.convolutions)
    height, width = height - lost, width - lost
    if block.pooled:
        height, width = -(-height // 2), -(-width // 2)
    return 1, height, width, block.convolutions[-1].weight.shape[0]


def _type_of(block: Block) -> str:
    return TYPES[block.convolutions[0].weight.dtype]
