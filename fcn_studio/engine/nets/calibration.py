"""Batch normalisations put into a trained net without changing what it computes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from fcn_studio.engine.nets.build import Net


@torch.no_grad()
def calibrate(net: Net, norms: Collection[str], photos: Iterable[Tensor]) -> None:
    """Gives normalisations that change nothing the statistics of pictures, so that they still change nothing.

    In training a normalisation goes by its batch: one that was merely set to the identity would change all features at
    the first step. With the mean and deviation of its input as running statistics and as its own shift and factor, it
    is the identity in evaluation exactly, and in training up to how a batch differs from `photos`.

    Args:
        net: After `transplant`.
        norms: Its `set_up`.
        photos: (N, 3, H, W) inputs of the net, some typical ones.
    """
    seen: dict[str, list[tuple[int, Tensor, Tensor]]] = {name: [] for name in norms}

    def watch(name: str, features: Tensor) -> None:
        variance, mean = torch.var_mean(features.float(), dim=(0, 2, 3), correction=0)
        seen[name].append((features.numel() // features.shape[1], mean.cpu().double(), variance.cpu().double()))

    def hook(name: str) -> Any:
        return lambda module, inputs: watch(name, inputs[0])

    handles = [net.get_submodule(name).register_forward_pre_hook(hook(name)) for name in norms]
    training = net.training
    try:
        net.eval()
        for photo in photos:
            net(photo)
    finally:
        net.train(training)
        for handle in handles:
            handle.remove()
    for name, parts in seen.items():
        norm = net.get_submodule(name)
        if parts and isinstance(norm, nn.BatchNorm2d) and norm.running_mean is not None:
            _settle(norm, parts)


def _settle(norm: nn.BatchNorm2d, parts: list[tuple[int, Tensor, Tensor]]) -> None:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    total = sum(count for count, _, _ in parts)
    mean = sum((count * each for count, each, _ in parts), start=torch.zeros(())) / total
    square = sum((count * (each**2 + spread) for count, each, spread in parts), start=torch.zeros(())) / total
    variance = (square - mean**2).clamp(min=0)
    factor = norm.weight.cpu().double() / (norm.running_var.cpu().double() + norm.eps).sqrt()  # 1 after `transplant`
    norm.bias.add_((factor * (mean - norm.running_mean.cpu().double())).to(norm.bias))
    norm.weight.copy_(factor * (variance + norm.eps).sqrt())
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
