"""Checkpoints of every kind that is known, told apart by their content and then by their layers' names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from fcn_studio.core.catalog.checkpoint_file import SUFFIXES, FileKind, kind_of
from fcn_studio.core.errors import CheckpointError
from fcn_studio.engine.checkpoints.binary import as_two_classes, is_binary
from fcn_studio.engine.checkpoints.classifiers import is_classifier, load_classifier
from fcn_studio.engine.checkpoints.decoder_states import (
    PREPROCESSING as DECODER_PREPROCESSING,
)
from fcn_studio.engine.checkpoints.decoder_states import WantedDecoder, is_decoder_state, load_decoder_state
from fcn_studio.engine.checkpoints.native import Checkpoint, file_digest, is_native, load_checkpoint
from fcn_studio.engine.checkpoints.parts import labels_for
from fcn_studio.engine.checkpoints.repositories import repository_of
from fcn_studio.engine.checkpoints.state_search import Found, find_state
from fcn_studio.engine.checkpoints.torchvision_segmenters import (
    PREPROCESSING as SEGMENTER_PREPROCESSING,
)
from fcn_studio.engine.checkpoints.torchvision_segmenters import is_torchvision_segmenter, load_torchvision_segmenter
from fcn_studio.engine.checkpoints.vgg_fcns import is_vgg_fcn, load_vgg_fcn
from fcn_studio.engine.checkpoints.wanted import HEADS, Wanted
from fcn_studio.engine.nets.build import Net
from fcn_studio.engine.nets.preprocess import Preprocessing

State = Mapping[str, Tensor]
SUFFIX = ".safetensors"
SCORES = ("classifier.6.bias", "fc.bias", "_fc.bias", "classifier.bias", "classifier.4.bias")
GUESSED = " (classes guessed)"  # behind the name of a checkpoint wherever it stands


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of state dict.

    Attributes:
        recognises: Whether layers are of this kind.
        load: The net of them.
    """

    recognises: Callable[[State], bool]
    load: Callable[[Path, State, Wanted], Checkpoint]


def open_checkpoint(path: Path, wanted: Wanted | None = None) -> Checkpoint:
    """Reads a checkpoint of any kind that is known. Nothing in it is executed.

    Args:
        path: Of any name.
        wanted: What a foreign file cannot say; of a native one, what the user knows better of its classes and photos.

    Raises:
        CheckpointError: Of another kind, damaged, or what it cannot say was not said.
    """
    found = _opened(path, wanted or Wanted())
    if is_binary(found):
        found = as_two_classes(found)
    return replace(found, name=f"{_plain_name(found.name)}{GUESSED if found.labels.guessed else ''}")


def _plain_name(name: str) -> str:
    """Without what is left of `.pth.tar`."""
    while Path(name).suffix.lower() in SUFFIXES:
        name = Path(name).stem
    return name


def holds_state(path: Path) -> bool:
    """Whether a file is of PyTorch or safetensors and of another program.

    Raises:
        CheckpointError: It cannot be read.
    """
    kind = kind_of(path)
    return kind is FileKind.TORCH or (kind is FileKind.SAFETENSORS and not is_native(path))


def find_layers(path: Path) -> Found:
    """The state dict in a file of PyTorch or safetensors, of a known kind if there is one.

    Raises:
        CheckpointError: As of `state_search.find_state`.
    """
    return find_state(path, lambda state: any(kind.recognises(state) for kind in KINDS))


def classes_in(path: Path, head: str | None = None) -> int:
    """How many classes a foreign checkpoint scores, for whoever must name them; one output tells two apart.

    Raises:
        CheckpointError: It is of no known kind, or damaged.
    """
    kind = kind_of(path)
    if kind is FileKind.SAFETENSORS and is_native(path):
        return load_checkpoint(path).net.architecture.num_classes
    if kind is FileKind.CAFFE:
        from fcn_studio.engine.checkpoints.caffe import SUFFIXES as SUFFIXES_OF_HEADS
        from fcn_studio.engine.checkpoints.caffe_reader import scan_caffemodel

        wanted = f"score_fr{SUFFIXES_OF_HEADS[head or HEADS[0]]}"
        kernels = {layer.name: layer.stored[0].shape for layer in scan_caffemodel(path) if layer.stored}
        shape = kernels.get(wanted, kernels.get("score_fr"))
        found = shape[0] if shape else None
    else:
        state = find_layers(path).tensors
        repository = repository_of(state)
        keys = (f"{repository.theirs('score_fr')}.bias",) if repository else SCORES
        found = next((len(state[key]) for key in keys if key in state), None)
    if found is None:
        raise CheckpointError(f"{path}: no layer of scores was found, so its classes cannot be counted.")
    return max(int(found), 2)


def _opened(path: Path, wanted: Wanted) -> Checkpoint:
    kind = kind_of(path)
    if kind is FileKind.CAFFE:
        from fcn_studio.engine.checkpoints.caffe import load_caffe  # and protobuf, which no other file needs

        return load_caffe(path, wanted)
    if kind is FileKind.SAFETENSORS and is_native(path):
        return _told_otherwise(path, load_checkpoint(path), wanted)
    state = find_layers(path)
    for known in KINDS:
        if known.recognises(state.tensors):
            found = known.load(path, state.tensors, wanted)
            unused = [*state.card.get("unused", ()), *found.card.get("unused", ())]
            return replace(found, card={**state.card, **found.card, **({"unused": unused} if unused else {})})
    first = sorted(state.tensors)[0]
    raise CheckpointError(
        f"{path}: no net that is known here (its first layer is {first[:80]}); FCN Studio reads pytorch-fcn's nets and "
        "others of its kind on VGG-16, torchvision's fcn_resnet50 and 101, its VGG-16, AlexNet and GoogLeNet, "
        "EfficientNet-Lite, and course-code decoders."
    )


def _told_otherwise(path: Path, found: Checkpoint, wanted: Wanted) -> Checkpoint:
    """A native checkpoint with the classes and the preprocessing that the user says it has."""
    labels, classes = wanted.labels or found.labels, found.net.architecture.num_classes
    if wanted.labels is not None or classes == 1:
        labels = labels_for(path, labels, classes, "of scores")
    return replace(found, labels=labels, preprocessing=wanted.preprocessing or found.preprocessing)


def _load_decoder(path: Path, state: State, wanted: Wanted) -> Checkpoint:
    net, card = load_decoder_state(path, state, WantedDecoder(wanted.decoder, wanted.enlargement))
    return _single(path, net, card, wanted, DECODER_PREPROCESSING, ())


def _load_segmenter(path: Path, state: State, wanted: Wanted) -> Checkpoint:
    net, card = load_torchvision_segmenter(path, state)
    return _single(path, net, card, wanted, SEGMENTER_PREPROCESSING, ("voc",))


def _single(
    path: Path, net: Net, card: Mapping[str, Any], wanted: Wanted, usual: Preprocessing, published: tuple[str, ...]
) -> Checkpoint:
    classes = net.architecture.num_classes
    return Checkpoint(
        net=net,
        labels=labels_for(path, wanted.labels, classes, "classifier", published=published),
        preprocessing=wanted.preprocessing or usual,
        digest=file_digest(path),
        name=path.stem,
        card=card,
    )


def _is_resnet(state: State) -> bool:
    return is_torchvision_segmenter(state) or "layer4.0.conv1.weight" in state


KINDS = (
    _Kind(is_vgg_fcn, load_vgg_fcn),
    _Kind(is_classifier, load_classifier),
    _Kind(is_decoder_state, _load_decoder),
    _Kind(_is_resnet, _load_segmenter),
)
