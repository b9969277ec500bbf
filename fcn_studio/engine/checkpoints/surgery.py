"""A warm start from any checkpoint that opens: ImageNet classifiers, published FCNs, coarser nets, decoders.

classifier, 224x224     FCN, any size
features.* / conv*      conv1_1 ... conv5_3   the same numbers
classifier.0, 3         fc6, fc7              matrices reshaped to 7x7 and 1x1 convolutions
classifier.6            left out              score_fr is new, and zero
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.labels import LabelSet, numbered_label_set
from fcn_studio.engine.checkpoints.classifiers import (
    IMAGENET_CLASSES,
    NORM_EPSILON,
    STATISTICS,
    is_classifier,
    load_classifier,
)
from fcn_studio.engine.checkpoints.native import Checkpoint
from fcn_studio.engine.checkpoints.opening import classes_in, find_layers, holds_state, open_checkpoint
from fcn_studio.engine.checkpoints.wanted import Wanted
from fcn_studio.engine.nets.build import Net, net_name
from fcn_studio.engine.nets.decoder import DecoderArchitecture
from fcn_studio.engine.nets.preprocess import Preprocessing
from fcn_studio.engine.nets.surgery import Donor, Norm, Unit, donor_of, transplant, units_of
from fcn_studio.engine.nets.surgery_report import KEPT, Transplant
from fcn_studio.engine.nets.trunks.googlenet import BATCH_NORM_EPSILON


@dataclass(frozen=True, slots=True)
class Start:
    """Where a net's weights came from.

    Attributes:
        name: The checkpoint's.
        digest: SHA-256 of its file.
        card: What it says of itself.
        transplant: What became of each layer.
    """

    name: str
    digest: str
    card: Mapping[str, Any]
    transplant: Transplant

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the card of what is trained from it."""
        return {
            "name": self.name,
            "digest": self.digest,
            "card": dict(self.card),
            "layers": self.transplant.to_dict(),
        }


def start_from(net: Net, path: Path, *, labels: LabelSet, preprocessing: Preprocessing) -> Start:
    """Gives a fresh net the weights of a checkpoint, as far as they fit, in place.

    Of the same architecture all fit. Else what is behind the trunk fits only within a kind of net, and scores only
    where the classes have the same names; so a 16s net continues a 32s net, its new skip at zero.

    Raises:
        CheckpointError: The file does not open, or no layer of its trunk fits.
    """
    checkpoint, donor = _opened(path, preprocessing)
    architecture = checkpoint.net.architecture
    same = _essence(checkpoint.net) == _essence(net)
    same_classes = checkpoint.labels.classes == labels.classes
    done = transplant(net, donor, preprocessing=preprocessing, keep_scores=same or same_classes)
    if not set(donor.units) & set(done.named(*KEPT)):
        raise CheckpointError(
            f"{path}: no layer of its trunk ({net_name(checkpoint.net)}) fits the recipe's {net_name(net)}; take a "
            "checkpoint of the same trunk and width, or a recipe with the channels of this one."
        )
    notes = []
    if same and not same_classes:
        notes.append(f"the score layers are those of the classes of {checkpoint.labels.name}, by number")
    first = next(iter(donor.units))
    if first not in done.named(*KEPT):
        notes.append(f"{first} does not fit, so what was taken begins on features that it was not trained on")
    there, here = (getattr(each, "local_response_norm", False) for each in (architecture, net.architecture))
    if there != here:
        which = "the checkpoint" if there else "this net"
        notes.append(f"only {which} normalises responses after its first pools (local_response_norm)")
    return Start(checkpoint.name, checkpoint.digest, checkpoint.card, replace(done, notes=tuple(notes)))


def _essence(net: Net) -> dict[str, Any]:
    """The architecture but for dropout, which is no weight."""
    return {key: value for key, value in net.architecture.to_dict().items() if key != "dropout"}


def _opened(path: Path, preprocessing: Preprocessing) -> tuple[Checkpoint, Donor]:
    state = find_layers(path).tensors if holds_state(path) else {}
    if not is_classifier(state):
        checkpoint = open_checkpoint(path)
        return checkpoint, donor_of(checkpoint.net, checkpoint.preprocessing)
    classes = classes_in(path)
    # What a classifier's own classes are called does not matter here.
    named = Wanted() if classes == IMAGENET_CLASSES else Wanted(labels=numbered_label_set(classes))
    checkpoint = load_classifier(path, state, named)
    donor = donor_of(checkpoint.net, checkpoint.preprocessing)
    matrices = tuple(name for name in donor.units if name in ("fc6", "fc7"))
    units = {**donor.units, **_normalised(state, checkpoint.net)}
    return checkpoint, replace(donor, units=units, matrices=matrices)


def _normalised(state: Mapping[str, Tensor], net: Net) -> dict[str, Unit]:
    """The units of a classifier whose normalisations the opened net has folded, as the file has them."""
    if "inception3a.branch1.conv.weight" in state:
        pairs = {name: (name, f"{name.removesuffix('conv')}bn") for name in units_of(net)}
        epsilon = BATCH_NORM_EPSILON
    elif "features.1.running_mean" in state:
        blocks = DecoderArchitecture(1, batch_norm=True).convolution_names()  # numbered as torchvision's VGG-16
        pairs, epsilon = {}, NORM_EPSILON
        for block, names in enumerate(blocks, start=1):
            for number, name in enumerate(names, start=1):
                place = int(name.rpartition(".")[2])
                pairs[f"conv{block}_{number}"] = (f"features.{place}", f"features.{place + 1}")
    else:
        return {}
    found = {}
    for unit, (convolution, norm) in pairs.items():
        weight, bias, mean, variance = (state[f"{norm}.{name}"].float() for name in STATISTICS)
        own = state.get(f"{convolution}.bias")
        found[unit] = Unit(
            state[f"{convolution}.weight"].float(),
            None if own is None else own.float(),
            Norm(weight, bias, mean, variance, epsilon),
        )
    return found
