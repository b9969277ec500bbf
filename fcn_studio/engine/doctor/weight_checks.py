"""What a checkpoint's weights tell of its faults, without a photo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from fcn_studio.core.graph.fusion import bilinear_kernel
from fcn_studio.core.graph.names import SCORE_LAYERS, VARIANTS, variant_title
from fcn_studio.core.judging.diagnosis import Finding, Severity
from fcn_studio.engine.checkpoints.native import Checkpoint
from fcn_studio.engine.nets.build import Net
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.nets.upsampling import Upscore

# By skip: the variant that it makes, and the one that it makes it from.
SKIPS = {
    layer: (variant_title(finer), variant_title(coarser))
    for layer, (coarser, finer) in zip(SCORE_LAYERS[1:], pairwise(VARIANTS), strict=True)
}

# Relative distances of an upsampling kernel from bilinear: of rounding, and where learning hardly ever gets to.
HARDLY, FAR = 0.01, 0.5

# Filters' norms vary by this much more than those of independent random numbers in a trained layer (`norm_spread`;
# 1 for any random start). The embedded net's layers have a median of 17, and every wide one more than 2.
RANDOM_BELOW = 1.5
LEAST_FILTERS, WIDE, LONG = 8, 64, 512  # filters of a layer that counts at all, and of one that is judged alone


def weight_findings(checkpoint: Checkpoint) -> list[Finding]:
    """All of them, in no order."""
    net = checkpoint.net
    findings = _not_finite(net)
    if findings:
        return findings  # every other number would be undefined too
    return [
        *_dead_scores(net),
        *_classes(net, checkpoint.labels.classes),
        *_scales(net),
        *_kernels(net),
        *_untrained(net),
    ]


def score_layers(net: Net) -> dict[str, nn.Conv2d]:
    """The convolutions that give scores, by name, the coarsest first."""
    if isinstance(net, FCN):
        found = {name: net.get_submodule(name) for name in net.architecture.score_layers}
        return {name: layer for name, layer in found.items() if isinstance(layer, nn.Conv2d)}
    classes = net.architecture.num_classes
    layers = [(name, layer) for name, layer in _convolutions(net) if layer.out_channels == classes]
    return dict(layers[-1:])


def trunk_is_random(net: Net) -> bool:
    """Whether most of its convolutions are still random numbers."""
    spreads = sorted(_spreads(net).values())
    return bool(spreads) and spreads[len(spreads) // 2] < RANDOM_BELOW


def _spreads(net: Net) -> dict[str, float]:
    """`norm_spread` of the convolutions that do not score, where they have filters enough."""
    scores = score_layers(net)
    return {
        name: norm_spread(layer.weight.detach())
        for name, layer in _convolutions(net)
        if name not in scores and layer.out_channels >= LEAST_FILTERS
    }


def norm_spread(weight: Tensor) -> float:
    """How much more filters' squared norms vary than those of independent numbers of the same distribution would.

    For n independent entries of kurtosis k the squared relative deviation of squared norms is (k - 1) / n; whatever
    the distribution and its width, the ratio to that is 1 but for chance.

    Args:
        weight: (filters, ...) weights.
    """
    rows = weight.double().flatten(1)
    squares = (rows - rows.mean()).square()
    norms = squares.sum(1)
    kurtosis = float(squares.square().mean() / squares.mean().square().clamp_min(1e-300))
    if kurtosis <= 1 or not float(norms.mean()):
        return 1.0
    return float(norms.var() / norms.mean().square()) * rows.shape[1] / (kurtosis - 1)


def kernel_distance(weight: Tensor) -> float:
    """||W - B|| / ||B|| of a (C, C, k, k) or (C, 1, k, k) upsampling weight W and the bilinear one B."""
    bilinear = torch.zeros_like(weight, dtype=torch.float64)
    diagonal = torch.arange(len(weight))
    bilinear[diagonal, diagonal if weight.shape[1] > 1 else 0] = torch.from_numpy(
        bilinear_kernel(weight.shape[-1])
    ).double()
    return float((weight.double() - bilinear).norm() / bilinear.norm())


def _convolutions(net: nn.Module) -> Iterator[tuple[str, nn.Conv2d]]:
    return ((name, layer) for name, layer in net.named_modules() if isinstance(layer, nn.Conv2d))


def _not_finite(net: Net) -> list[Finding]:
    bad = [
        name
        for name, value in net.state_dict().items()
        if value.is_floating_point() and not bool(torch.isfinite(value).all())
    ]
    if not bad:
        return []
    more = f" ({len(bad)} layers in all)" if len(bad) > 1 else ""
    sentence = f"{bad[0]} holds infinite or undefined numbers{more}; the file is damaged, or training diverged."
    return [Finding(Severity.FAULT, bad[0].rpartition(".")[0], sentence)]


def _dead_scores(net: Net) -> Iterator[Finding]:
    for name, layer in score_layers(net).items():
        if bool(layer.weight.any()):
            continue
        if name in SKIPS:
            fine, coarse = SKIPS[name]
            sentence = (
                f"{name} is all zero, a dead skip: {fine} sees no more than {coarse}. It starts so, and was never "
                "trained, or its layer was not found when the file was converted."
            )
            yield Finding(Severity.WARNING, name, sentence)
        else:
            sentence = f"{name} is all zero: every pixel gets the same scores. The net was not trained on any classes."
            yield Finding(Severity.FAULT, name, sentence)


def _classes(net: Net, names: Sequence[str]) -> Iterator[Finding]:
    layers = [layer for layer in score_layers(net).values() if bool(layer.weight.any())]
    if not layers:
        return
    rows = torch.cat([layer.weight.detach().flatten(1) for layer in layers], dim=1)
    where = next(iter(score_layers(net)))
    if silent := [names[index] for index in range(len(rows)) if not bool(rows[index].any())]:
        sentence = f"{_listed(silent)}: no weights in any score layer, so that only the bias speaks for the class."
        yield Finding(Severity.WARNING, where, sentence)
    distinct = torch.unique(rows[rows.any(1)], dim=0)
    if len(distinct) < len(rows) - len(silent):
        sentence = "Two or more classes have the same weights in every score layer and cannot be told apart."
        yield Finding(Severity.WARNING, where, sentence)


def _scales(net: Net) -> Iterator[Finding]:
    if not isinstance(net, FCN):
        return
    for name, scale in net.architecture.scales.items():
        if scale != 1:
            sentence = f"{name} takes its pool times {scale:g}, as nets trained at once do."
            yield Finding(Severity.NOTE, name, sentence)


def _kernels(net: Net) -> Iterator[Finding]:
    for name, layer in net.named_modules():
        if not isinstance(layer, Upscore) or layer.weight is None:
            continue
        distance = kernel_distance(layer.weight.detach())
        if not bool(layer.weight.any()):
            sentence = f"{name} is all zero: nothing passes it, and what it enlarges is lost."
            yield Finding(Severity.FAULT, name, sentence)
        elif distance > FAR:
            sentence = (
                f"{name}'s kernels are {100 * distance:.0f} % away from bilinear. Learning moves them by little; are "
                "they of another layer, with axes exchanged, or a random start?"
            )
            yield Finding(Severity.WARNING, name, sentence)
        elif distance > HARDLY:
            sentence = f"{name}'s kernels are learned, {100 * distance:.0f} % away from bilinear."
            yield Finding(Severity.NOTE, name, sentence)


def _untrained(net: Net) -> Iterator[Finding]:
    norms = [(name, layer) for name, layer in net.named_modules() if isinstance(layer, nn.BatchNorm2d)]
    fresh = [name for name, layer in norms if _is_fresh(layer)]
    if fresh:
        sentence = (
            f"{_listed(fresh)}: the running mean is 0 and the variance 1, as at the start; "
            "these statistics were never gathered, or lost in a conversion."
        )
        yield Finding(Severity.FAULT, fresh[0], sentence)
    if trunk_is_random(net):
        sentence = (
            "The trunk was never trained, it seems: its filters differ no more than independent random numbers do. "
            "Was the file saved before training, or were its layers not found when it was converted?"
        )
        yield Finding(Severity.FAULT, next(iter(_spreads(net))), sentence)
        return
    layers = dict(_convolutions(net))
    random = [
        name
        for name, spread in _spreads(net).items()
        if spread < RANDOM_BELOW and len(layers[name].weight) >= WIDE and layers[name].weight[0].numel() >= LONG
    ]
    if random:
        sentence = f"{_listed(random)}: as random as at the start, while other layers are trained."
        yield Finding(Severity.WARNING, random[0], sentence)


def _is_fresh(layer: nn.BatchNorm2d) -> bool:
    mean, variance = layer.running_mean, layer.running_var
    return mean is not None and variance is not None and not bool(mean.any()) and bool((variance == 1).all())


def _listed(names: Sequence[str], most: int = 4) -> str:
    """`a, b, c, d and 7 more`."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
