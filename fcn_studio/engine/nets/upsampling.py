"""Upsampling as the FCN nets do it: an unpadded transposed convolution, bilinear at the start."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from fcn_studio.core.fusion import bilinear_kernel
from fcn_studio.engine.nets.architecture import Upsampling


class Upscore(nn.Module):
    """(N, C, h, w) scores to (N, C, stride * (h - 1) + kernel, ...), uncropped, without bias.

    `weight` is (C, C, kernel, kernel) where learned; the fixed bilinear kernel holds no weight.
    """

    weight: nn.Parameter | None

    def __init__(self, channels: int, stride: int, *, kind: Upsampling) -> None:
        super().__init__()
        self.stride = stride
        self.kernel = 2 * stride
        if kind == "bilinear":
            self.weight = None
        else:
            weight = torch.zeros(channels, channels, self.kernel, self.kernel)
            diagonal = torch.arange(channels)
            weight[diagonal, diagonal] = torch.from_numpy(bilinear_kernel(self.kernel))
            self.weight = nn.Parameter(weight)

    def forward(self, scores: Tensor) -> Tensor:
        """Shapes as in the class's first line."""
        if self.weight is not None:
            return functional.conv_transpose2d(scores, self.weight, stride=self.stride)
        # With one zero cell around it, resizing is the bilinear transposed convolution, several times as fast.
        padded = functional.pad(scores, (1, 1, 1, 1))
        half = self.stride // 2
        enlarged = functional.interpolate(padded, scale_factor=self.stride, mode="bilinear", align_corners=False)
        return enlarged[..., half:-half, half:-half]
