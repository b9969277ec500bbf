"""What the layers and nodes of each stride are called: the one table of skips, in the names of the Caffe nets."""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple

STRIDES = (32, 16, 8, 4)  # coarsest first; the first is that of score_fr, the others are skips'
OUTPUT = "output"  # the only variant of nets that do not fuse scores: decoders, dilated nets
SCORE = "score"  # their only score layer
UPSCORE = "upscore"  # what enlarges it to the photo
PHOTO_NODE = "photo"


class StrideNames(NamedTuple):
    """The names that belong to one stride.

    Attributes:
        stride: Photo pixels from one cell to the next.
        variant: The net that ends here, such as `8s`.
        tap: The features that are scored, by their name in VGG-16: `pool3`.
        layer: Their score layer: `score_pool3`.
        upscored: What comes from the next coarser stride, and the layer that enlarges it: `upscore_pool4`; empty for
            the coarsest.
        fused: The sum of both: `fuse_pool3`; for the coarsest, its scores alone.
        last: The layer that enlarges the sum to the photo: `upscore8`.
    """

    stride: int
    variant: str
    tap: str
    layer: str
    upscored: str
    fused: str
    last: str


def _names(stride: int) -> StrideNames:
    variant, last = f"{stride}s", f"upscore{stride}"
    if stride == STRIDES[0]:
        return StrideNames(stride, variant, "fc7", "score_fr", "", "score_fr", last)
    pool, coarser = f"pool{stride.bit_length() - 1}", f"pool{stride.bit_length()}"
    upscored = "upscore2" if 2 * stride == STRIDES[0] else f"upscore_{coarser}"
    return StrideNames(stride, variant, pool, f"score_{pool}", upscored, f"fuse_{pool}", last)


BY_STRIDE = MappingProxyType({stride: _names(stride) for stride in STRIDES})
BY_VARIANT = MappingProxyType({names.variant: names for names in BY_STRIDE.values()})
BY_LAYER = MappingProxyType({names.layer: names for names in BY_STRIDE.values()})
COARSEST = BY_STRIDE[STRIDES[0]]
VARIANTS = tuple(BY_VARIANT)
SCORE_LAYERS = tuple(BY_LAYER)
TAPS = MappingProxyType({names.layer: names.tap for names in BY_STRIDE.values()})
# The outputs that the paper's nets have, and nets here unless they are told otherwise.
PUBLISHED = VARIANTS[:3]
# Which upsampling brings each variant to the photo, and from which node.
LAST_STEP = MappingProxyType(
    {**{names.variant: (names.fused, names.last) for names in BY_STRIDE.values()}, OUTPUT: (SCORE, UPSCORE)}
)
# How much each upsampling layer enlarges.
ENLARGES = MappingProxyType(
    {
        **{names.upscored: 2 for names in BY_STRIDE.values() if names.upscored},
        **{names.last: names.stride for names in BY_STRIDE.values()},
    }
)
UPSAMPLINGS = (*ENLARGES, UPSCORE)


def layers_of(variant: str) -> tuple[str, ...]:
    """The score layers that a variant uses, coarsest first."""
    if variant == OUTPUT:
        return (SCORE,)
    return SCORE_LAYERS[: 1 + VARIANTS.index(variant)]


def upsamplings_of(variant: str) -> tuple[str, ...]:
    """The upsampling layers that a variant uses, in their order."""
    if variant == OUTPUT:
        return (UPSCORE,)
    return (*(BY_LAYER[layer].upscored for layer in layers_of(variant)[1:]), BY_VARIANT[variant].last)


def variant_title(variant: str, net: str = "") -> str:
    """How a variant is called: `FCN-16s`; a net's only output bears the net's own name."""
    return f"FCN-{variant}" if variant != OUTPUT else net or "Output"
