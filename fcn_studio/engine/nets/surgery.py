"""Transplants: the weights of one net in another, layer by layer, with a word on what became of each.

A trunk is seen as units, a convolution each with the normalisation behind it, by the names of VGG-16's, AlexNet's or
GoogLeNet's layers whatever the net calls them. A unit fits where trunk, name and shape agree; alignments do not matter,
since paddings are no weights. What a unit computes is kept where one side has a normalisation and the other has none,
and where the two nets' inputs are prepared differently.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor, nn

from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.build import Net
from fcn_studio.engine.nets.decoder import CONVOLVED, DecoderArchitecture
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.nets.preprocess import Preprocessing
from fcn_studio.engine.nets.surgery_report import Fate, LayerFate, Transplant

COUNTER = "num_batches_tracked"


class Norm(NamedTuple):
    """Batch normalisation: (x - mean) / sqrt(variance + epsilon) * weight + bias, each (channels,)."""

    weight: Tensor
    bias: Tensor
    mean: Tensor
    variance: Tensor
    epsilon: float


class Unit(NamedTuple):
    """A convolution, (out, in, k, k) with (out,) or no bias, and the normalisation behind it, if there is one."""

    weight: Tensor
    bias: Tensor | None
    norm: Norm | None


@dataclass(frozen=True, slots=True)
class Donor:
    """What is transplanted from.

    Attributes:
        kind: Of the trunk, see `trunk_kind`.
        family: Of the layers behind the trunk: layers of different families are not exchanged.
        units: The trunk, in order.
        rest: The other layers' tensors, by layer and then by key.
        preprocessing: Of the input that the first unit was trained on.
        scales: Factors on the features of pool4 and pool3 before their scores.
        matrices: Units that were fully connected layers in the file.
    """

    kind: str
    family: str
    units: Mapping[str, Unit]
    rest: Mapping[str, Mapping[str, Tensor]]
    preprocessing: Preprocessing
    scales: Mapping[str, float] = field(default_factory=dict)
    matrices: Collection[str] = ()


def trunk_kind(architecture: object) -> str:
    """Trunks of one kind have the same layers by name: FCN-VGG16's and a decoder's on VGG-16 do."""
    if isinstance(architecture, Architecture):
        return architecture.trunk
    if isinstance(architecture, DecoderArchitecture):
        return "vgg13" if architecture.trunk == "blocks" else architecture.trunk
    return "another"


def units_of(net: Net) -> dict[str, tuple[str, str | None]]:
    """Module names of each unit's convolution and normalisation, by the unit's name, in order."""
    modules = dict(net.named_modules())
    found: dict[str, tuple[str, str | None]] = {}
    if isinstance(net.architecture, DecoderArchitecture):
        for block, names in enumerate(net.architecture.convolution_names(), start=1):
            for number, name in enumerate(names, start=1):
                parent, _, place = name.rpartition(".")
                norm = f"{parent}.{int(place) + 1}" if net.architecture.batch_norm else None
                found[f"conv{block}_{number}"] = (name, norm)
    elif isinstance(net, FCN):
        for name, module in modules.items():
            if isinstance(module, nn.Conv2d) and not name.startswith("score"):
                parent, dot, own = name.rpartition(".")
                norm = f"{parent}{dot}bn{own.removeprefix('conv').removeprefix('fc')}"
                found[name] = (name, norm if norm in modules else None)
    return found


def donor_of(net: Net, preprocessing: Preprocessing) -> Donor:
    """A net as a donor; its tensors are shared."""
    units = {}
    for unit, (convolution, norm) in units_of(net).items():
        layer = net.get_submodule(convolution)
        behind = None if norm is None else net.get_submodule(norm)
        assert isinstance(layer, nn.Conv2d)
        units[unit] = Unit(layer.weight.detach(), None if layer.bias is None else layer.bias.detach(), _norm(behind))
    scales = {}
    if isinstance(net.architecture, Architecture):
        scales = net.architecture.scales
    return Donor(trunk_kind(net.architecture), _family(net), units, _rest(net), preprocessing, scales)


def transplant(net: Net, donor: Donor, *, preprocessing: Preprocessing, keep_scores: bool) -> Transplant:
    """Gives `net` what fits of the donor, in place; what does not fit stays as it is, and is named.

    Args:
        net: With fresh weights: score layers at zero, upsampling bilinear.
        donor: Of any kind; of another kind of trunk nothing fits.
        preprocessing: How photos become the input of `net`.
        keep_scores: Whether the classes are the donor's, so that score layers and what enlarges them mean the same.
    """
    fates: list[LayerFate] = []
    used: set[str] = set()
    set_up: list[str] = []
    units = units_of(net)
    same_trunk = donor.kind == trunk_kind(net.architecture)
    for place, (name, (convolution, norm)) in enumerate(units.items()):
        unit = donor.units.get(name) if same_trunk else None
        layer, behind = net.get_submodule(convolution), None if norm is None else net.get_submodule(norm)
        assert isinstance(layer, nn.Conv2d)
        if unit is None:
            fates.append(LayerFate(name, "new", "not in the checkpoint"))
            continue
        if unit.weight.shape != layer.weight.shape:
            fates.append(LayerFate(name, "new", "of another shape", _shapes(unit.weight, layer.weight)))
            continue
        used.add(name)
        adapted: list[str] = []
        if place == 0 and donor.preprocessing != preprocessing:
            bias = torch.zeros(len(unit.weight)) if unit.bias is None else unit.bias
            weight, bias = adapt_input(unit.weight, bias, donor.preprocessing, preprocessing)
            unit = Unit(weight, bias, unit.norm)
            adapted.append("channel order, scale and mean of its input folded in")
        adapted += _graft(layer, behind, unit)
        if norm is not None and unit.norm is None:
            set_up.append(norm)
        usual: Fate = "reshaped" if name in donor.matrices else "copied"
        why = "from a fully connected layer" if usual == "reshaped" else ""
        fates.append(LayerFate(name, "adapted" if adapted else usual, "; ".join(adapted) or why))
    fates += _transplant_rest(net, donor, used, keep_scores=keep_scores)
    fates += [LayerFate(name, "left out", _why_left(name, units)) for name in donor.units if name not in used]
    return Transplant(tuple(fates), tuple(set_up))


def adapt_input(weight: Tensor, bias: Tensor, source: Preprocessing, target: Preprocessing) -> tuple[Tensor, Tensor]:
    """A first convolution that gives on the target's input what it gave on the source's.

    Exact but for the padded rim, whose zeros are the source's mean before and the target's mean after.

    Args:
        weight: (out, 3, k, k).
        bias: (out,).
        source: What it was trained on.
        target: What it will be given.
    """
    wide = weight.double()
    values = {"mean": source.mean, "std": source.std}
    if source.order != target.order:
        wide = wide.flip(1)
        values = {name: (third, second, first) for name, (first, second, third) in values.items()}
    mean, std, target_mean, target_std = (
        torch.tensor(each, dtype=torch.float64) for each in (values["mean"], values["std"], target.mean, target.std)
    )
    # source input = gain * target input + shift, channel by channel
    ratio = source.scale / target.scale
    gain, shift = target_std * ratio / std, (target_mean * ratio - mean) / std
    adapted = wide * gain[:, None, None]
    return adapted.to(weight.dtype), (bias.double() + wide.sum((2, 3)) @ shift).to(bias.dtype)


@torch.no_grad()
def _graft(layer: nn.Conv2d, norm: nn.Module | None, unit: Unit) -> list[str]:
    """Puts a unit where it fits; what had to be done to keep what it computes."""
    weight, bias = unit.weight, unit.bias if unit.bias is not None else torch.zeros(len(unit.weight))
    done = []
    if isinstance(norm, nn.BatchNorm2d):
        given = unit.norm
        if given is None:
            one = torch.ones(len(weight))
            given = Norm(one * (1 + norm.eps) ** 0.5, one * 0, one * 0, one, norm.eps)
            done.append("normalisation set up to change nothing")
        # A convolution before a normalisation may have no bias; the running mean takes it.
        mean = given.mean - bias if layer.bias is None else given.mean
        # Where the two differ in epsilon, its sum with the variance stays.
        variance = (given.variance + given.epsilon - norm.eps).clamp(min=0)
        values = {"weight": given.weight, "bias": given.bias, "running_mean": mean, "running_var": variance}
        norm.load_state_dict(values, strict=False)  # all but the counter of batches
    elif unit.norm is not None:
        factor = unit.norm.weight / torch.sqrt(unit.norm.variance + unit.norm.epsilon)
        weight, bias = weight * factor[:, None, None, None], (bias - unit.norm.mean) * factor + unit.norm.bias
        done.append("normalisation folded in")
    layer.weight.copy_(weight)
    if layer.bias is not None:
        layer.bias.copy_(bias)
    return done


@torch.no_grad()
def _transplant_rest(net: Net, donor: Donor, used: set[str], *, keep_scores: bool) -> Iterator[LayerFate]:
    """Score layers, upsampling and decoder stages; the names of those taken go into `used`."""
    same_family = donor.family == _family(net)
    scales = donor_of(net, donor.preprocessing).scales
    taken: set[str] = set()
    reasons: dict[str, str] = {}
    for name, tensors in _rest(net).items():
        given = donor.rest.get(name)
        scores = not name.startswith(("deconv", "bn"))
        detail, why = "", ""
        if given is None:
            why = "not in the checkpoint"
        elif not same_family:
            why = "of another kind of net"
        elif scores and not keep_scores:
            why = "for other classes"
        elif mismatched := [key for key in tensors if key not in given or given[key].shape != tensors[key].shape]:
            why = "of another shape"
            detail = _shapes(given.get(mismatched[0]), tensors[mismatched[0]])
        if given is None or why:
            reasons[name] = why
            yield LayerFate(name, "new", why, detail)
            continue
        taken.add(name)
        factor = donor.scales.get(name, 1.0) / scales.get(name, 1.0)
        for key, value in tensors.items():
            value.copy_(given[key] * factor if key.endswith(".weight") else given[key])
        fate: Fate = "copied" if factor == 1 else "adapted"
        yield LayerFate(name, fate, "" if factor == 1 else "scale of its pool folded in")
    for name in donor.rest:
        if name not in taken:
            yield LayerFate(name, "left out", reasons.get(name, "no such layer here"))


def _why_left(name: str, units: Mapping[str, object]) -> str:
    return "of another shape" if name in units else "no such layer here"


def _norm(layer: nn.Module | None) -> Norm | None:
    if not isinstance(layer, nn.BatchNorm2d) or layer.running_mean is None or layer.running_var is None:
        return None
    return Norm(layer.weight.detach(), layer.bias.detach(), layer.running_mean, layer.running_var, layer.eps)


def _family(net: Net) -> str:
    if isinstance(net.architecture, DecoderArchitecture):
        # Plain and transposed convolutions have their axes in another order.
        return "convolved decoder" if net.architecture.upsampling in CONVOLVED else "transposed decoder"
    return "fusing" if isinstance(net, FCN) else net.architecture.kind


def _rest(net: Net) -> dict[str, dict[str, Tensor]]:
    """The tensors outside the trunk, shared, by layer."""
    trunk = {name for pair in units_of(net).values() for name in pair}
    found: dict[str, dict[str, Tensor]] = {}
    for key, value in net.state_dict().items():
        layer, _, own = key.rpartition(".")
        if layer not in trunk and own != COUNTER:
            found.setdefault(layer, {})[key] = value
    return found


def _shapes(there: Tensor | None, here: Tensor) -> str:
    first = "missing" if there is None else "x".join(map(str, there.shape))
    return f"{first} there, {'x'.join(map(str, here.shape))} here"
