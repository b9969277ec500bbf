"""Checkpoints of every kind that is known, told apart by their ending and then by their layers' names."""

from __future__ import annotations

from pathlib import Path

from fcn_studio.core.errors import CheckpointError
from fcn_studio.engine.checkpoints.classifiers import is_classifier, load_classifier
from fcn_studio.engine.checkpoints.decoder_states import (
    PREPROCESSING as DECODER_PREPROCESSING,
)
from fcn_studio.engine.checkpoints.decoder_states import WantedDecoder, is_decoder_state, load_decoder_state
from fcn_studio.engine.checkpoints.native import Checkpoint, file_digest, load_checkpoint
from fcn_studio.engine.checkpoints.parts import labels_for
from fcn_studio.engine.checkpoints.pytorch_fcn import is_pytorch_fcn, load_pytorch_fcn
from fcn_studio.engine.checkpoints.torch_file import read_state
from fcn_studio.engine.checkpoints.torchvision_segmenters import (
    PREPROCESSING as SEGMENTER_PREPROCESSING,
)
from fcn_studio.engine.checkpoints.torchvision_segmenters import is_torchvision_segmenter, load_torchvision_segmenter
from fcn_studio.engine.checkpoints.wanted import HEADS, Wanted
from fcn_studio.engine.nets.build import Net

SUFFIX = ".safetensors"
TORCH_SUFFIXES = (".pth", ".pt")
CAFFE_SUFFIX = ".caffemodel"
SCORES = ("score_fr.bias", "classifier.6.bias", "fc.bias", "_fc.bias", "classifier.bias", "classifier.4.bias")
SUFFIXES = (SUFFIX, *TORCH_SUFFIXES, CAFFE_SUFFIX)


def open_checkpoint(path: Path, wanted: Wanted | None = None) -> Checkpoint:
    """Reads a checkpoint of any kind that is known. Nothing in it is executed.

    Args:
        path: Of one of SUFFIXES.
        wanted: What a foreign file cannot say; a native one says all.

    Raises:
        CheckpointError: Of another kind, damaged, or what it cannot say was not said.
    """
    suffix = path.suffix.lower()
    if suffix == SUFFIX:
        return load_checkpoint(path)
    if suffix == CAFFE_SUFFIX:
        from fcn_studio.engine.checkpoints.caffe import load_caffe  # and protobuf, which no other file needs

        return load_caffe(path, wanted)
    if suffix in TORCH_SUFFIXES:
        return _open_torch(path, wanted or Wanted())
    raise CheckpointError(
        f"{path}: {suffix or 'a file without an ending'} cannot be opened; FCN Studio reads {', '.join(SUFFIXES[:-1])} "
        f"and {SUFFIXES[-1]}."
    )


def classes_in(path: Path, head: str | None = None) -> int:
    """How many classes a foreign checkpoint scores, for whoever must name them.

    Raises:
        CheckpointError: It is of no known kind, or damaged.
    """
    if path.suffix.lower() == CAFFE_SUFFIX:
        from fcn_studio.engine.checkpoints.caffe import SUFFIXES as SUFFIXES_OF_HEADS
        from fcn_studio.engine.checkpoints.caffe_reader import scan_caffemodel

        wanted = f"score_fr{SUFFIXES_OF_HEADS[head or HEADS[0]]}"
        kernels = {layer.name: layer.stored[0].shape for layer in scan_caffemodel(path) if layer.stored}
        shape = kernels.get(wanted, kernels.get("score_fr"))
        found = shape[0] if shape else None
    else:
        state = read_state(path) if path.suffix.lower() in TORCH_SUFFIXES else {}
        found = next((len(state[key]) for key in SCORES if key in state), None)
    if found is None:
        raise CheckpointError(f"{path}: no layer of scores was found, so its classes cannot be counted.")
    return int(found)


def _open_torch(path: Path, wanted: Wanted) -> Checkpoint:
    state = read_state(path)
    if is_pytorch_fcn(state):
        return load_pytorch_fcn(path, state, wanted)
    if is_classifier(state):
        return load_classifier(path, state, wanted)
    net: Net
    if is_decoder_state(state):
        choice = WantedDecoder(wanted.decoder, wanted.enlargement)
        net, card = load_decoder_state(path, state, choice)
        preprocessing = DECODER_PREPROCESSING
    elif is_torchvision_segmenter(state) or "layer4.0.conv1.weight" in state:
        net, card = load_torchvision_segmenter(path, state)
        preprocessing = SEGMENTER_PREPROCESSING
    else:
        first = sorted(state)[0]
        raise CheckpointError(
            f"{path}: no net that is known here (its first layer is {first[:80]}); FCN Studio reads pytorch-fcn's "
            "nets, torchvision's fcn_resnet50 and 101, its VGG-16, AlexNet and GoogLeNet, and course-code decoders."
        )
    return Checkpoint(
        net=net,
        labels=labels_for(path, wanted.labels, net.architecture.num_classes, "classifier"),
        preprocessing=wanted.preprocessing or preprocessing,
        digest=file_digest(path),
        name=path.stem,
        card=card,
    )
