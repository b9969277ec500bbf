"""What a score cell really looks at: the gradient of one score to the photo, within its receptive field."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fcn_studio.core.graph.names import BY_LAYER
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.tracing.tiling import STRIDE, Span, Tile, halo


def cell_tile(architecture: Architecture, canvas: tuple[int, int], layer: str, cell: tuple[int, int]) -> Tile:
    """What the net must see for one cell (row, column) of a score layer, in canvas pixels."""
    stride = BY_LAYER[layer].stride
    same = replace(architecture, alignment="same")
    # fc6 without padding lacks the cells whose window leaves its input.
    lost = same.fc6_padding() - architecture.fc6_padding() if layer == "score_fr" else 0
    margin = halo(architecture)

    def span(index: int, length: int) -> Span:
        start = (index + lost) * stride
        coarse = start // STRIDE * STRIDE
        seen = range(max(0, coarse - margin), min(length, coarse + STRIDE + margin))
        return Span(range(start, min(start + stride, length)), seen)

    return Tile(*(span(index, length) for index, length in zip(cell, canvas, strict=True)))


def own_cell(tile: Tile, layer: str) -> tuple[int, int]:
    """(row, column) of a tile's cell on the grid of what the tile sees."""
    stride = BY_LAYER[layer].stride
    return tile.rows.own_cells(stride).start, tile.columns.own_cells(stride).start


def gradient(net: FCN, pixels: Tensor, cell: tuple[int, int], layer: str, class_index: int) -> NDArray[np.float32]:
    """(h, w) float32: the size of the gradient of one score, summed over colours, at every pixel of the net's input.

    Args:
        net: For a tile, on the canvas (see `tiling.on_canvas`).
        pixels: (1, 3, h, w), the input.
        cell: (row, column) on the layer's grid.
        layer: The score layer.
        class_index: Whose score.
    """
    with torch.inference_mode(False), torch.enable_grad():
        seen = pixels.clone().requires_grad_()
        scores = net.score({name: tap.float() for name, tap in net.taps(seen).items()}).get(layer)
        if scores is None:
            raise ValueError(f"this net has no score layer {layer!r}")
        (found,) = torch.autograd.grad(scores[0, class_index, cell[0], cell[1]], seen)
    result: NDArray[np.float32] = found[0].float().abs().sum(0).cpu().numpy()
    return result
