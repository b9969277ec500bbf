"""The class of the largest enlarged score at each pixel, in the way that is quickest for the kernel and the device."""

from __future__ import annotations

import torch
from torch import Tensor

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.graph.geometry import PHOTO, CoordMap
from fcn_studio.engine.execution.squares import Lattice, winners_of_squares
from fcn_studio.engine.nets.upsampling import Upscore
from fcn_studio.engine.tracing.confidence import score_strips, winning_classes


def winners(
    fused: Tensor,
    coords: CoordMap,
    upscore: Upscore,
    size: tuple[int, int],
    *,
    device: torch.device,
    cancel: CancelToken,
) -> Tensor:
    """(H, W) uint8 class of the largest score at each pixel, of equal ones the lowest; on the CPU.

    The fixed bilinear kernels have short ways on CPUs (see `squares`) and on CUDA (see `triton_winners`), which round
    otherwise than enlarged scores do: where two scores are equal but for rounding, either may win. Other kernels, and
    scores that are not finite, are enlarged in strips.

    Args:
        fused: (1, C, h, w) float32 scores, on any device.
        coords: Where the cells of `fused` lie on the photo.
        upscore: What enlarges them to the photo; on `device`.
        size: (H, W) of the photo.
        device: Where to compute; of devices other than CUDA, the bilinear kernels do it on the CPU.
        cancel: Asked before each strip or band of rows.

    Raises:
        Cancelled: `cancel` was set.
    """
    lattice = lattice_of(coords, upscore)
    if lattice is not None and device.type == "cuda":
        from fcn_studio.engine.execution.gpu import downloaded, fused_winners  # needs what only GPUs need

        labels = fused_winners(fused[0].to(device), lattice, size)
        if labels is not None:
            cancel.check()
            return downloaded(labels)
    elif lattice is not None and bool(torch.isfinite(fused.sum())):  # a sum overflows only where scores nearly do
        return winners_of_squares(fused[0].float().cpu(), lattice, size, cancel)
    return winners_of_strips(fused, coords, upscore, size, device=device, cancel=cancel)


def winners_of_strips(
    fused: Tensor,
    coords: CoordMap,
    upscore: Upscore,
    size: tuple[int, int],
    *,
    device: torch.device,
    cancel: CancelToken,
) -> Tensor:
    """As `winners`, for any kernel: the scores are enlarged, strip by strip."""
    result = torch.empty(size, dtype=torch.uint8)
    for rows, scores in score_strips(fused, coords, upscore, size, device=device, cancel=cancel):
        result[rows.start : rows.stop] = winning_classes(scores)
    return result


def lattice_of(coords: CoordMap, upscore: Upscore) -> Lattice | None:
    """Where the photo's pixels lie between the cells; None of kernels that are not bilinear."""
    if upscore.kind != "bilinear" or upscore.kernel not in (2 * upscore.stride, 2 * upscore.stride - 1):
        return None
    crop = coords.upsampled(upscore.stride, upscore.kernel).crop_to(PHOTO)
    return Lattice.of(upscore.stride, upscore.kernel, crop)
