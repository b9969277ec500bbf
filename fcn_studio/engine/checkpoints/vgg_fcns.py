"""State dicts of FCNs on VGG-16: pytorch-fcn's FCN32s, FCN16s, FCN8s and FCN8sAtOnce, and others' of its kind.

The nets are the Caffe ones layer for layer: padding 100, unpadded fc6, ceil-mode pooling, the same crops.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.graph.names import BY_VARIANT, COARSEST, PUBLISHED, upsamplings_of
from fcn_studio.engine.checkpoints.native import Checkpoint, file_digest
from fcn_studio.engine.checkpoints.parts import filled, labels_for, layer_of, upsampling_kind, upscores
from fcn_studio.engine.checkpoints.repositories import (
    AT_ONCE_SCALES,
    NO_SCALES,
    PYTORCH_FCN,
    Repository,
    repository_of,
)
from fcn_studio.engine.checkpoints.wanted import Wanted
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.preprocess import Preprocessing

NEEDED = ("fc6", "fc7", "score_fr")
AT_ONCE_NAMES = ("atonce", "at-once", "at_once")


def is_vgg_fcn(state: Mapping[str, Tensor]) -> bool:
    """Whether the keys are those of one of the repositories' nets."""
    return repository_of(state) is not None


def load_vgg_fcn(path: Path, state: Mapping[str, Tensor], wanted: Wanted | None = None) -> Checkpoint:
    """The net of a state dict of one of the repositories.

    Args:
        path: The file, for its name and for messages.
        state: From `state_search.find_state`.
        wanted: What the file cannot say.

    Raises:
        CheckpointError: It is no such state, or a layer is missing, surplus or misshapen.
    """
    wanted = wanted or Wanted()
    repository = repository_of(state)
    if repository is None:
        raise CheckpointError(f"{path}: no FCN on VGG-16 under names that are known; which program wrote it?")
    renames = repository.renames()
    tensors = {_renamed(key, renames): value.float() for key, value in state.items()}
    if "fc8.weight" in tensors and "score_fr.weight" not in tensors:
        raise CheckpointError(
            f"{path}: layer fc8 makes this a classifier of whole photos, not a segmenter; an FCN has a layer score_fr."
        )
    if missing := [layer for layer in NEEDED if f"{layer}.weight" not in tensors]:
        theirs = [repository.theirs(layer) for layer in missing]
        words = ", ".join(name if name == own else f"{name} ({own})" for name, own in zip(theirs, missing, strict=True))
        one = len(missing) == 1
        raise CheckpointError(
            f"{path}: layer{'' if one else 's'} {words} {'is' if one else 'are'} missing; is the file complete?"
        )
    variant = [name for name in PUBLISHED if f"{BY_VARIANT[name].layer}.weight" in tensors][-1]
    resized = _is_resized(path, repository, tensors, variant)
    classes = int(layer_of(path, tensors, "score_fr.weight").shape[0])
    scales, at_once = _scales(path, repository, variant, wanted.at_once)
    first, second, third, fourth, fifth = (
        int(layer_of(path, tensors, f"conv{block}_1.weight").shape[0]) for block in range(1, 6)
    )
    try:
        architecture = Architecture(
            num_classes=classes,
            alignment="caffe",
            channels=(first, second, third, fourth, fifth),
            fc_channels=int(layer_of(path, tensors, "fc6.weight").shape[0]),
            upsampling=upsampling_kind(path, tensors),
            variants=(variant,),
            pool4_scale=scales[0],
            pool3_scale=scales[1],
        )
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {str(error).removeprefix(f'{path}: ')}") from error
    return Checkpoint(
        net=filled(path, architecture, tensors),
        labels=labels_for(path, wanted.labels, classes, repository.theirs("score_fr"), published=("voc",)),
        preprocessing=wanted.preprocessing or _preprocessing(path, repository, classes),
        digest=file_digest(path),
        name=path.stem,
        card={
            "source": repository.name,
            "at_once": at_once,
            **({"resizes": repository.resizes} if resized else {}),
        },
    )


def _renamed(key: str, renames: Mapping[str, str]) -> str:
    layer, _, rest = key.rpartition(".")
    return f"{renames.get(layer, layer)}.{rest}"


def _is_resized(path: Path, repository: Repository, tensors: Mapping[str, Tensor], variant: str) -> bool:
    """Whether the file has no layers that enlarge, since its net resizes instead.

    Raises:
        CheckpointError: It has some of them, or its net has them always.
    """
    there = {key.rpartition(".")[0] for key in tensors if upscores(key)}
    if not there and repository.resizes:
        return True
    for layer in upsamplings_of(variant):
        if layer not in there:
            raise CheckpointError(
                f"{path}: layer {repository.theirs(layer)}, which FCN-{variant} enlarges its scores by, is missing; is "
                "the file complete?"
            )
    if surplus := sorted(there - set(upsamplings_of(variant))):
        raise CheckpointError(
            f"{path}: unexpected layer {repository.theirs(surplus[0])} of an FCN-{variant}; a different net?"
        )
    return False


def _scales(path: Path, repository: Repository, variant: str, wanted: bool | None) -> tuple[tuple[float, float], bool]:
    """The factors on pool4 and pool3, and whether there are any: as wanted, by the code, or by the file's name."""
    scaled = wanted
    if scaled is None:
        named = repository is PYTORCH_FCN and any(word in path.stem.lower() for word in AT_ONCE_NAMES)
        scaled = variant != COARSEST.variant and (
            repository.scales != NO_SCALES or (variant == PUBLISHED[-1] and named)
        )
    return (AT_ONCE_SCALES, True) if scaled else (NO_SCALES, False)


def _preprocessing(path: Path, repository: Repository, classes: int) -> Preprocessing:
    if repository.caffe is not None and "caffe" in f"{path.absolute().parent.name}/{path.stem}".lower():
        return repository.caffe
    return repository.preprocessing.get(classes, repository.preprocessing[None])
