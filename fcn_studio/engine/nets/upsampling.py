"""Upsampling as the FCN nets do it: an unpadded transposed convolution, bilinear at the start."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from fcn_studio.core.graph.fusion import bilinear_kernel, nearest_line
from fcn_studio.engine.nets.architecture import Upsampling


class Upscore(nn.Module):
    """(N, C, h, w) scores to (N, C, stride * (h - 1) + kernel, ...), uncropped, without bias.

    `weight` is (C, C, kernel, kernel) where learned, (C, 1, kernel, kernel) where each class has a kernel of its own;
    the fixed kernels hold no weight.
    """

    weight: nn.Parameter | None

    def __init__(self, channels: int, stride: int, *, kind: Upsampling, kernel: int | None = None) -> None:
        """Bilinear at the start, or for good.

        Args:
            channels: C.
            stride: Enlargement.
            kind: Of the kernel.
            kernel: Its size, `2 * stride` or one less; None for the former.
        """
        super().__init__()
        self.stride, self.kind = stride, kind
        self.kernel = 2 * stride if kernel is None else kernel
        if kind in ("bilinear", "nearest"):
            self.weight = None
        else:
            bilinear = torch.from_numpy(bilinear_kernel(self.kernel))
            weight = torch.zeros(channels, 1 if kind == "per_class" else channels, self.kernel, self.kernel)
            diagonal = torch.arange(channels)
            weight[diagonal, 0 if kind == "per_class" else diagonal] = bilinear
            self.weight = nn.Parameter(weight)

    def forward(self, scores: Tensor) -> Tensor:
        """Shapes as in the class's first line."""
        if self.weight is not None:
            groups = scores.shape[1] if self.kind == "per_class" else 1
            return functional.conv_transpose2d(scores, self.weight, stride=self.stride, groups=groups)
        if self.kind == "nearest":
            line = torch.from_numpy(nearest_line(self.kernel, self.stride)).to(scores)
            weight = torch.outer(line, line).expand(scores.shape[1], 1, -1, -1)
            return functional.conv_transpose2d(scores, weight, stride=self.stride, groups=scores.shape[1])
        # With one zero cell around it, resizing is the bilinear transposed convolution, several times as fast.
        padded = functional.pad(scores, (1, 1, 1, 1))
        if self.kernel % 2:
            # Cells lie on pixels then, and the outermost of them, which are zero, are not wanted.
            size = [self.stride * (cells - 1) + 1 for cells in padded.shape[-2:]]
            return functional.interpolate(padded, size=size, mode="bilinear", align_corners=True)[..., 1:-1, 1:-1]
        half = self.stride // 2
        enlarged = functional.interpolate(padded, scale_factor=self.stride, mode="bilinear", align_corners=False)
        return enlarged[..., half:-half, half:-half]
