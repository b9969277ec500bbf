"""EfficientNet-Lite as a table: Tan and Le 2019 in the `lite` form of the TensorFlow TPU repository.

Inverted residual blocks without squeeze-and-excitation; stem and head of fixed width, first and last stage not
deepened. All other widths and depths follow from two multipliers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

from fcn_studio.core.graph.geometry import Layer

LiteKind = Literal[
    "efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2", "efficientnet_lite3", "efficientnet_lite4"
]
LITE_KINDS: tuple[LiteKind, ...] = get_args(LiteKind)

STEM_CHANNELS = 32
COARSEST = 32  # photos are padded at the right and bottom to a multiple of it, so that every grid halves evenly


class Stage(NamedTuple):
    """Blocks in a row; the first has the stage's stride."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


# efficientnet_builder.py of that repository, before the multipliers.
STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
# Width and depth, efficientnet_lite_builder.py.
MULTIPLIERS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "efficientnet_lite0": (1.0, 1.0),
        "efficientnet_lite1": (1.0, 1.1),
        "efficientnet_lite2": (1.1, 1.2),
        "efficientnet_lite3": (1.2, 1.4),
        "efficientnet_lite4": (1.4, 1.8),
    }
)
LAST_OF_STRIDE = (1, 2, 3, 5, 7)  # the stages that end the grids of strides 2, 4, 8, 16 and 32


def _rounded(channels: float) -> int:
    """To a multiple of 8, never more than a tenth below (`round_filters`)."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest


def stages_of(trunk: str) -> tuple[Stage, ...]:
    """The table of `efficientnet_lite0` to `efficientnet_lite4`."""
    width, depth = MULTIPLIERS[trunk]
    return tuple(
        stage._replace(
            channels=_rounded(stage.channels * width),
            repeats=stage.repeats if stage in (STAGES[0], STAGES[-1]) else ceil(stage.repeats * depth),
        )
        for stage in STAGES
    )


def block_channels(trunk: str) -> tuple[int, int, int, int, int]:
    """`Architecture.channels`: those of the last stage at strides 2, 4, 8, 16 and 32."""
    first, second, third, fourth, fifth = (stages_of(trunk)[number - 1].channels for number in LAST_OF_STRIDE)
    return first, second, third, fourth, fifth


def same_padding(kernel: int, stride: int) -> tuple[int, int]:
    """Cells before and after an axis by TensorFlow's "same" rule, of an even number of cells at stride 2."""
    total = kernel - stride
    return total // 2, total - total // 2


def lite_layers_of(trunk: str) -> Iterator[tuple[str, Layer]]:
    """Geometry of the stem and the stages, by name; 1x1 convolutions change nothing."""
    yield "stem", _layer(3, 2)
    for number, stage in enumerate(stages_of(trunk), start=1):
        for repeat in range(stage.repeats):
            yield f"stage{number}", _layer(stage.kernel, stage.stride if repeat == 0 else 1)


def _layer(kernel: int, stride: int) -> Layer:
    before, after = same_padding(kernel, stride)
    return Layer(kernel=kernel, stride=stride, padding=before, padding_after=after)
