"""EfficientNet-Lite's ImageNet classifiers, as efficientnet_pytorch names their layers, made convolutional.

    _conv_stem, _bn0                          stem.conv, stem.bn
    _blocks.N._expand_conv, _bn0              stageS.R.expand.conv, .bn
    _blocks.N._depthwise_conv, _bn1           stageS.R.depthwise.conv, .bn
    _blocks.N._project_conv, _bn2             stageS.R.project.conv, .bn
    _conv_head, _bn1                          head.conv, head.bn
    _fc (1000, 1280)                          score_fr, 1x1

The mean of a class's map is the classifier's logit: the mean over the grid and the linear layer can change places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from torch import Tensor

from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.graph.names import PUBLISHED
from fcn_studio.engine.checkpoints.parts import filled
from fcn_studio.engine.nets.architecture import Architecture, TrunkKind
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.nets.trunks.efficientnet_lite_table import LITE_KINDS, block_channels, stages_of

DROPOUT = {0: 0.2, 1: 0.2, 2: 0.3, 3: 0.3, 4: 0.3}  # efficientnet_lite_builder.py


def is_efficientnet_lite(state: Mapping[str, Tensor]) -> bool:
    """Whether the keys are those of efficientnet_pytorch."""
    return {"_conv_stem.weight", "_conv_head.weight", "_fc.weight"} <= set(state)


def efficientnet_lite(path: Path, state: Mapping[str, Tensor]) -> FCN:
    """The convolutional net of a classifier's state dict, its normalisations as they are.

    Raises:
        CheckpointError: It is none of lite0 to lite4, or a layer is missing, surplus or misshapen.
    """
    trunk = _trunk(path, state)
    found: dict[str, Tensor] = {}
    left = dict(state)
    for there, here in _names(trunk):
        for key in [key for key in left if key.startswith(f"{there}.")]:
            found[f"{here}.{key.removeprefix(f'{there}.')}"] = left.pop(key)
    score = left.pop("_fc.weight")
    if score.ndim != 2:
        raise CheckpointError(f"{path}: layer _fc is {tuple(score.shape)}, not (classes, channels).")
    found["score_fr.weight"] = score[:, :, None, None]
    if "_fc.bias" in left:
        found["score_fr.bias"] = left.pop("_fc.bias")
    found = {key: value for key, value in found.items() if not key.endswith("num_batches_tracked")}
    architecture = Architecture(
        num_classes=len(score),
        alignment="classifier",
        channels=block_channels(trunk),
        fc_channels=score.shape[1],
        batch_norm=True,
        variants=PUBLISHED[:1],
        trunk=trunk,
        dropout=DROPOUT[int(trunk[-1])],
    )
    return filled(path, architecture, found | left)  # what is left is surplus, and is named


def _trunk(path: Path, state: Mapping[str, Tensor]) -> TrunkKind:
    """Which of the five, by the number of blocks and the last one's channels."""
    numbers = [int(key.split(".")[1]) for key in state if key.startswith("_blocks.") and key.split(".")[1].isdigit()]
    blocks = max(numbers, default=-1) + 1
    channels = state["_conv_head.weight"].shape[1] if state["_conv_head.weight"].ndim == 4 else 0
    if any("_se_" in key for key in state):
        raise CheckpointError(
            f"{path}: an EfficientNet with squeeze-and-excitation; FCN Studio reads EfficientNet-Lite 0 to 4, which "
            "have none."
        )
    known = {name: (sum(stage.repeats for stage in stages_of(name)), block_channels(name)[-1]) for name in LITE_KINDS}
    for name, shape in known.items():
        if shape == (blocks, channels):
            return name
    told = ", ".join(f"{name[-1]}: {count} and {width}" for name, (count, width) in known.items())
    raise CheckpointError(
        f"{path}: {blocks} blocks that end in {channels} channels are no EfficientNet-Lite's ({told}); another width?"
    )


def _names(trunk: str) -> Iterator[tuple[str, str]]:
    """Each convolution's and normalisation's name there and here."""
    yield from (("_conv_stem", "stem.conv"), ("_bn0", "stem.bn"), ("_conv_head", "head.conv"), ("_bn1", "head.bn"))
    block = 0
    for number, stage in enumerate(stages_of(trunk), start=1):
        for repeat in range(stage.repeats):
            there, here = f"_blocks.{block}", f"stage{number}.{repeat}"
            parts = ("expand", "depthwise", "project") if stage.expansion > 1 else ("depthwise", "project")
            norms = range(0 if stage.expansion > 1 else 1, 3)
            for part, norm in zip(parts, norms, strict=True):
                yield f"{there}._{part}_conv", f"{here}.{part}.conv"
                yield f"{there}._bn{norm}", f"{here}.{part}.bn"
            block += 1
