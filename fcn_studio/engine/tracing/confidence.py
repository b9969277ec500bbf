"""What wins at each pixel, and how surely: scores enlarged in strips, so that no full-size stack of them is held."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.graph.fusion import strips
from fcn_studio.core.graph.geometry import PHOTO, CoordMap
from fcn_studio.engine.nets.upsampling import Upscore


def score_strips(
    fused: Tensor,
    coords: CoordMap,
    upscore: Upscore,
    size: tuple[int, int],
    *,
    device: torch.device,
    cancel: CancelToken,
) -> Iterator[tuple[range, Tensor]]:
    """The rows of a strip of the photo and their (C, rows, W) scores on `device`, strip after strip.

    Args:
        fused: (1, C, h, w) float32 scores, on any device.
        coords: Where the cells of `fused` lie on the photo.
        upscore: What enlarges them to the photo; on `device`.
        size: (height, width) of the photo.
        device: Where to enlarge.
        cancel: Asked before each strip.

    Raises:
        Cancelled: `cancel` was set.
    """
    crop = coords.upsampled(upscore.stride, upscore.kernel).crop_to(PHOTO)
    height, width = size
    # A strip is enlarged with a cell more on each side, so one of few cells would be mostly waste.
    for rows in strips(height, width * fused.shape[1] * 4, at_least=4 * upscore.stride):
        cancel.check()
        strip = _upscored_rows(upscore, fused, range(rows.start + crop, rows.stop + crop), device)
        yield rows, strip[0, :, :, crop : crop + width]


def winning_classes(scores: Tensor) -> Tensor:
    """(n, W) uint8 index of the largest of (C, n, W) scores."""
    # max gives the index too, and on CPUs takes a fifteenth of the time of argmax
    return scores.max(0).indices.to(torch.uint8)


def winning_probabilities(scores: Tensor) -> Tensor:
    """(n, W) uint8, 255 for 1: the largest of the softmax of (C, n, W) scores."""
    # The winner's exponent is 0, so its probability is one over the sum of all.
    total = (scores - scores.amax(0)).exp_().sum(0)
    return total.reciprocal_().mul_(255).round_().to(torch.uint8)


def _upscored_rows(upscore: Upscore, fused: Tensor, rows: range, device: torch.device) -> Tensor:
    """Rows of `upscore(fused)`, from the cells that reach them only; columns are whole."""
    first = max(0, (rows.start - upscore.kernel) // upscore.stride + 1)
    last = min(fused.shape[-2], (rows.stop - 1) // upscore.stride + 1)
    enlarged: Tensor = upscore(fused[..., first:last, :].to(device))
    start = rows.start - upscore.stride * first
    return enlarged[..., start : start + len(rows), :]
