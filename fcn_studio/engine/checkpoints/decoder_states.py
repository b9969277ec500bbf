"""State dicts of decoder FCNs: `FCN32s`, `FCN16s`, `FCN8s` and `FCNs` on torchvision's VGG, and `FCN` from scratch.

The four classes on VGG have the same layers and differ only in their code: which one it was, no file can say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, get_args

from torch import Tensor

from fcn_studio.core.errors import CheckpointError
from fcn_studio.engine.checkpoints.states import fill, plain_state, set_apart, shape_of
from fcn_studio.engine.nets.decoder import (
    CONVOLVED,
    SCHEMES,
    DecoderArchitecture,
    DecoderFCN,
    Enlargement,
    Trunk,
)
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from fcn_studio.engine.nets.unstarted import unstarted

PREPROCESSING = IMAGENET_RGB  # what these classes' training scripts do, as their trunk is torchvision's
FEATURES = "pretrained_net.features."
UNUSED = "pretrained_net.classifier."  # VGG's own, kept where the script said remove_fc=False
TRUNKS = (FEATURES, "block")


@dataclass(frozen=True, slots=True)
class WantedDecoder:
    """What the file cannot say.

    Attributes:
        scheme: A key of SCHEMES; None goes by the file's name, and is `fcns` where that says nothing.
        upsampling: None for transposed convolutions, as in the classes that these files come from.
    """

    scheme: str | None = None
    upsampling: Enlargement | None = None


def is_decoder_state(tensors: Mapping[str, Tensor]) -> bool:
    """Whether the keys are those of a decoder FCN."""
    names = {key.removeprefix("module.") for key in tensors}
    return "deconv1.weight" in names and any(name.startswith(TRUNKS) for name in names)


def load_decoder_state(
    path: Path, tensors: Mapping[str, Tensor], wanted: WantedDecoder | None = None
) -> tuple[DecoderFCN, dict[str, Any]]:
    """The net of a state dict, with what its card is to say.

    Args:
        path: The file, for its name and for messages.
        tensors: Its state dict.
        wanted: What the file cannot say.

    Raises:
        CheckpointError: A layer is missing, surplus or misshapen, or what was wanted is unknown.
    """
    wanted = wanted or WantedDecoder()
    if not is_decoder_state(tensors):
        raise CheckpointError(
            f"{path}: no state dict of a decoder FCN (no layer deconv1 after {FEATURES}* or block1.*); "
            "which program wrote it?"
        )
    state = plain_state(path, tensors)
    unused = set_apart(state, UNUSED)
    scheme, chosen_by = _scheme(path, wanted.scheme)
    trunk = _nearest_trunk(state)
    first, second, third, fourth, fifth = (
        shape_of(path, state, f"{block[-1]}.weight", dimensions=4)[0] for block in trunk.convolution_names()
    )
    classes, last_channels = shape_of(path, state, "classifier.weight", dimensions=4)[:2]
    upsampling = _upsampling(path, state, wanted.upsampling, (fourth, third))
    skips, addition = SCHEMES[scheme]
    try:
        architecture = DecoderArchitecture(
            num_classes=classes,
            skips=skips,
            addition=addition,
            trunk=trunk.trunk,
            channels=(first, second, third, fourth, fifth),
            last_channels=last_channels,
            batch_norm=trunk.batch_norm,
            upsampling=upsampling,
        )
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    with unstarted():
        net = DecoderFCN(architecture)
    fill(path, net, state)
    card = {
        "source": "decoder FCN state dict",
        "scheme": scheme,
        "scheme_chosen_by": chosen_by,
        "upsampling": upsampling,
        "unused": [unused] if unused else [],
    }
    return net, card


def _scheme(path: Path, wanted: str | None) -> tuple[str, str]:
    if wanted is not None:
        if wanted not in SCHEMES:
            raise CheckpointError(f"{path}: unknown scheme {wanted!r}; it is one of {', '.join(SCHEMES)}.")
        return wanted, "request"
    name = "".join(letter for letter in path.stem.lower() if letter.isalnum())
    named = next((scheme for scheme in SCHEMES if scheme in name), None)
    return (named, "the file's name") if named else ("fcns", "default, as the file's name says nothing")


def _nearest_trunk(state: Mapping[str, Tensor]) -> DecoderArchitecture:
    """The trunk whose convolutions are most nearly those of the file: where some lack, `fill` can name them."""
    found = {key.removesuffix(".weight") for key, value in state.items() if key.startswith(TRUNKS) and value.ndim == 4}
    trunks: tuple[Trunk, ...] = get_args(Trunk)
    candidates = [
        DecoderArchitecture(1, trunk=trunk, batch_norm=batch_norm)
        for trunk, batch_norm in product(trunks, (False, True))
    ]
    return min(candidates, key=lambda candidate: len(found ^ _names(candidate)))


def _names(trunk: DecoderArchitecture) -> set[str]:
    return {name for block in trunk.convolution_names() for name in block}


def _upsampling(
    path: Path, state: Mapping[str, Tensor], wanted: Enlargement | None, channels: tuple[int, int]
) -> Enlargement:
    """What was wanted; else transposed convolutions, unless deconv2 has its axes as a plain convolution has them."""
    if wanted is not None:
        return wanted
    into, out = channels
    if into != out and shape_of(path, state, "deconv2.weight", dimensions=4)[:2] == (out, into):
        raise CheckpointError(
            f"{path}: layer deconv2 is a plain convolution {tuple(state['deconv2.weight'].shape)}, so the net enlarges "
            f"before it; say how ({', '.join(CONVOLVED)})."
        )
    return "transposed"
