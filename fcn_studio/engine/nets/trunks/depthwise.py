"""Depthwise convolutions whose gradients are quick on CPUs."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


class _Depthwise(torch.autograd.Function):
    """oneDNN has no quick bf16 code for the weights' gradient of 5x5, nor for the input's gradient at stride 2.

    Measured on two cores with AMX, 16 images: 89 ms in bf16 and 17 in fp32 for 240 channels of 32x32, 5x5; 164 ms for
    the input's gradient of 96 channels of 128x128 at stride 2, where a convolution of the spread gradient takes 6.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, weight: Tensor, bias: Tensor | None, stride: int, padding: int) -> Tensor:
        ctx.save_for_backward(features, weight)
        ctx.stride, ctx.padding, ctx.has_bias = stride, padding, bias is not None
        return functional.conv2d(features, weight, bias, stride, padding, 1, len(weight))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        features, weight = ctx.saved_tensors
        stride, padding, groups = ctx.stride, ctx.padding, len(weight)
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        of_features = of_weight = None
        if ctx.needs_input_grad[0]:
            of_features = _gradient_of_features(gradient, features, weight, stride, padding)
        if ctx.needs_input_grad[1]:
            _, of_weight, _ = torch.ops.aten.convolution_backward(
                gradient.float(),
                features.float(),
                weight.float(),
                None,
                (stride, stride),
                (padding, padding),
                (1, 1),
                False,
                (0, 0),
                groups,
                (False, True, False),
            )
            of_weight = of_weight.to(weight.dtype)
        of_bias = gradient.sum((0, 2, 3)) if ctx.has_bias and ctx.needs_input_grad[2] else None
        return of_features, of_weight, of_bias, None, None  # neither stride nor padding has one


def _gradient_of_features(gradient: Tensor, features: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
    kernel = weight.shape[-1]
    if stride > 1:
        images, channels = gradient.shape[:2]
        sides = [side + 2 * padding - kernel + 1 for side in features.shape[-2:]]
        spread = gradient.new_zeros(images, channels, *sides).contiguous(memory_format=torch.channels_last)
        spread[..., ::stride, ::stride] = gradient
        gradient = spread
    turned = weight.flip(2, 3).contiguous()
    return functional.conv2d(gradient, turned, None, 1, kernel - 1 - padding, 1, len(weight))


def depthwise(features: Tensor, weight: Tensor, bias: Tensor | None, *, stride: int, padding: int) -> Tensor:
    """(N, C, h, w) and a kernel (C, 1, k, k) for each channel to (N, C, ...), as `conv2d` with C groups."""
    if features.device.type != "cpu" or not torch.is_grad_enabled() or not weight.requires_grad:
        return functional.conv2d(features, weight, bias, stride, padding, 1, len(weight))
    if torch.is_autocast_enabled("cpu"):  # which does not look into autograd's own functions
        dtype = torch.get_autocast_dtype("cpu")
        features, weight = features.to(dtype), weight.to(dtype)
        bias = None if bias is None else bias.to(dtype)
    result: Tensor = _Depthwise.apply(features, weight, bias, stride, padding)
    return result
