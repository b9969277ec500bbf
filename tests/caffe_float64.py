"""Caffe's layers in plain float64 numpy: slow, short, and independent of OpenCV and of torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tests.caffe_nets import NetLayer

Grid = NDArray[np.float64]


def float64_scores(
    layers: Sequence[NetLayer], blobs: Mapping[str, Sequence[NDArray[np.float32]]], picture: NDArray[np.float32]
) -> dict[str, Grid]:
    """Every blob of the net for a (3, H, W) picture, (C, h, w) each."""
    values: dict[str, Grid] = {"data": picture.astype(np.float64)}
    for layer in layers:
        weights = [blob.astype(np.float64) for blob in blobs.get(layer.name, ())]
        inputs = [values[bottom] for bottom in layer.bottoms]
        values[layer.top] = _forward(layer, weights, inputs)
    return values


def _forward(layer: NetLayer, weights: Sequence[Grid], inputs: Sequence[Grid]) -> Grid:
    grid = inputs[0]
    numbers = {name: float(str(value)) for name, value in layer.params if isinstance(value, int | float)}
    number = {name: int(value) for name, value in numbers.items()}
    match layer.kind:
        case "Convolution":
            return convolution(
                grid, *weights, pad=number.get("pad", 0), stride=number.get("stride", 1), groups=number.get("group", 1)
            )
        case "Deconvolution":
            return deconvolution(grid, weights[0], number["stride"], number.get("group", 1))
        case "Pooling":
            return pooling(grid, number["kernel_size"], number["stride"])
        case "LRN":
            return response_norm(grid, number["local_size"], numbers["alpha"], numbers["beta"])
        case "ReLU":
            return np.maximum(grid, 0)
        case "Dropout":
            return grid
        case "Scale":
            return grid * weights[0][:, None, None]
        case "Power":
            return grid * numbers["scale"]
        case "Eltwise":
            return inputs[0] + inputs[1]
        case "Crop":
            first, (height, width) = number["offset"], inputs[1].shape[1:]
            return grid[:, first : first + height, first : first + width]
    raise ValueError(layer.kind)


def convolution(grid: Grid, weight: Grid, bias: Grid, *, pad: int, stride: int, groups: int) -> Grid:
    size = weight.shape[-1]
    padded = np.pad(grid, ((0, 0), (pad, pad), (pad, pad)))
    outputs = []
    for part, kernel in zip(np.split(padded, groups), np.split(weight, groups), strict=True):
        windows = sliding_window_view(part, (size, size), axis=(1, 2))[:, ::stride, ::stride]
        outputs.append(np.tensordot(kernel, windows, ((1, 2, 3), (0, 3, 4))))
    return np.concatenate(outputs) + bias[:, None, None]


def deconvolution(grid: Grid, weight: Grid, stride: int, groups: int) -> Grid:
    """Each cell adds its kernel to the output: weight (C, C / groups, k, k), input channels first."""
    size, per_group = weight.shape[-1], weight.shape[1]
    height, width = (stride * (length - 1) + size for length in grid.shape[1:])
    output = np.zeros((groups * per_group, height, width))
    members = len(grid) // groups
    for group in range(groups):
        cells = slice(group * members, (group + 1) * members)
        spread = np.tensordot(weight[cells], grid[cells], (0, 0))  # (C / groups, k, k, h, w)
        target = output[group * per_group : (group + 1) * per_group]
        for row in range(grid.shape[1]):
            for column in range(grid.shape[2]):
                top, left = row * stride, column * stride
                target[:, top : top + size, left : left + size] += spread[..., row, column]
    return output


def pooling(grid: Grid, size: int, stride: int) -> Grid:
    """The greatest of each window; the last window may reach over the edge."""
    rows, columns = (max(ceil((length - size) / stride), 0) + 1 for length in grid.shape[1:])
    output = np.empty((len(grid), rows, columns))
    for row in range(rows):
        for column in range(columns):
            top, left = row * stride, column * stride
            output[:, row, column] = grid[:, top : top + size, left : left + size].max(axis=(1, 2))
    return output


def response_norm(grid: Grid, size: int, alpha: float, beta: float) -> Grid:
    reach = size // 2
    squares = np.pad(grid**2, ((reach, reach), (0, 0), (0, 0)))
    total = sum(squares[shift : shift + len(grid)] for shift in range(size))
    return np.asarray(grid / (1 + alpha / size * total) ** beta)
