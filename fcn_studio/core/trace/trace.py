"""The trace: what one trunk pass leaves, and every mask, score and share that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fcn_studio.core.graph.build import graph_of, score_node
from fcn_studio.core.graph.evaluation import evaluate
from fcn_studio.core.graph.fusion import Grid, Scores, Upsampling, softmax, strips
from fcn_studio.core.graph.geometry import PHOTO, CoordMap, aligned_kernel
from fcn_studio.core.graph.graph import Enlargement, Graph, Node
from fcn_studio.core.graph.names import COARSEST, SCORE_LAYERS, TAPS, layers_of, variant_title
from fcn_studio.core.graph.unpooling import Switches, unpoolings
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.maps.presence import Presence
from fcn_studio.core.trace.stages import DecoderStage

HeatmapKind = Literal["score", "probability"]
UpsamplingKind = Literal["learned", "bilinear", "nearest", "max_unpooling"]

CHUNK = 1 << 20  # pixels counted at a time
SHIFT = COARSEST.stride  # photo pixels after which all grids repeat


BACKENDS = MappingProxyType({"torch": "torch", "openvino": "OpenVINO"})  # by what they are called in options


def arithmetic(precision: str, backend: str) -> str:
    """How pages and captions name a precision and the library that computed in it: `bf16`, `bf16 (OpenVINO)`."""
    return precision if backend == "torch" else f"{precision} ({BACKENDS.get(backend, backend)})"


def node_upsampling(coords: CoordMap) -> Upsampling:
    """What enlarges a node's cells bilinearly to the photo."""
    stride = int(coords.scale)
    return Upsampling(stride, aligned_kernel(coords, stride, PHOTO))


def _class_shares(mask: NDArray[np.uint8], classes: int) -> NDArray[np.float64]:
    counts = np.zeros(256, dtype=np.int64)
    flat = mask.ravel()
    for start in range(0, flat.size, CHUNK):
        counts += np.bincount(flat[start : start + CHUNK], minlength=256)  # bincount copies its input to int64
    shares: NDArray[np.float64] = counts[:classes] / mask.size
    _frozen(shares)
    return shares


def _frozen(array: NDArray[Any]) -> None:
    array.setflags(write=False)


@dataclass(frozen=True, slots=True)
class ScoreMap:
    """The output of one 1x1 score layer on its own grid, with the bias apart from the evidence.

    Attributes:
        evidence: (C, h, w) float32, the score less the bias.
        bias: (C,) float32.
        coords: Where the cells lie on the photo.
        input_scale: The net's own factor on the features that the layer reads, such as 0.01 on pool4 in the at-once
            Caffe net; the evidence has it already.
        tap: The features that the layer reads, such as `pool4`, or `pool2` in FCN-AlexNet; empty where unknown.
    """

    evidence: NDArray[np.float32]
    bias: NDArray[np.float32]
    coords: CoordMap
    input_scale: float = 1.0
    tap: str = ""

    def __post_init__(self) -> None:
        _frozen(self.evidence)
        _frozen(self.bias)

    @property
    def scores(self) -> Scores:
        """(C, h, w) float32."""
        return self.evidence + self.bias[:, None, None]

    @property
    def stride(self) -> int:
        """Photo pixels from one cell to the next."""
        return int(self.coords.scale)

    @property
    def size(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.evidence.shape[1], self.evidence.shape[2]

    def scaled(self, gain: float) -> ScoreMap:
        """Evidence and bias times `gain`."""
        if gain == 1.0:
            return self
        return replace(self, evidence=self.evidence * np.float32(gain), bias=self.bias * np.float32(gain))

    def cell_at(self, pixel: float) -> float:
        """The place on this grid, in cells, of a photo coordinate along either axis."""
        return float((pixel - self.coords.offset) / self.coords.scale)

    def window(self, rows: range, columns: range) -> ScoreMap:
        """Some of the cells, on the same coordinates as if they were the first ones."""
        evidence = self.evidence[:, rows.start : rows.stop, columns.start : columns.stop]
        return replace(self, evidence=evidence)


def score_nodes(score_maps: Mapping[str, ScoreMap]) -> tuple[Node, ...]:
    """The score layers as nodes of a graph."""
    return tuple(
        score_node(name, found.coords, len(found.bias), tap=found.tap, scale=found.input_scale)
        for name, found in score_maps.items()
    )


def enlargements(upsamplings: Mapping[str, Upsampling]) -> tuple[Enlargement, ...]:
    """Upsampling layers as a graph has them."""
    return tuple(Enlargement(name, step.stride, step.kernel) for name, step in upsamplings.items())


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a trace comes from: what a figure that a user may quote must carry.

    Attributes:
        checkpoint: Name of the weights.
        digest: SHA-256 of the checkpoint file, in hexadecimal.
        device: Such as `cpu` or `cuda:0`.
        device_name: The hardware's own name.
        precision: Of the trunk: `fp32`, `bf16` or `fp16`.
        alignment: `caffe` or `same`.
        size_policy: `native`: the photo's own size in one piece, or `strips of N rows`: its own size, so many rows at a
            time through the trunk; `in K spans of columns` behind it where the rows were split, too.
        version: Of FCN Studio.
        note: One sentence on a fallback that happened, such as to the CPU; empty otherwise.
        net: The net's own name, such as `FCN-AlexNet` or `FCN-ResNet50`; empty where unknown.
        backend: The library that ran the trunk: `torch` or `openvino`.
        reading: Sentences on how the photo was read, where its values, bands or colours are not the usual ones.
    """

    checkpoint: str
    digest: str
    device: str
    device_name: str
    precision: str
    alignment: str
    size_policy: str
    version: str
    note: str = ""
    net: str = ""
    backend: str = "torch"
    reading: str = ""

    @property
    def arithmetic(self) -> str:
        """The trunk's precision, and whose it was if not torch's: `bf16`, `bf16 (OpenVINO)`."""
        return arithmetic(self.precision, self.backend)

    @property
    def layout(self) -> str:
        """How the net's grids lie on the photo, in words."""
        known = {"caffe": "caffe alignment", "same": "same alignment", "classifier": "the classifier's own padding"}
        return known.get(self.alignment, self.alignment)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Trace:
    """One trunk pass over one photo, immutable and free of torch.

    Attributes:
        image: (H, W, 3) uint8 RGB, what the net saw before preprocessing.
        labels: Names and colours of the classes.
        variants: What this checkpoint can show, coarsest first.
        score_maps: By score layer: score_fr, score_pool4, score_pool3 (those the net has); `score` alone in nets that
            do not fuse scores.
        upsamplings: By layer: upscore32, upscore2, upscore16, upscore_pool4, upscore8 (those the net has); `upscore`.
        graph: How variants come of them: nodes, steps and exits.
        masks: (H, W) uint8 by variant, as the engine computed them; others are computed when asked for.
        provenance: Checkpoint, device, precision.
        timings: Seconds by stage.
        taps: pool3, pool4 and fc7 as (C, h, w) float32, if they were kept.
        score_weights: (C, channels) float32 by score layer, if taps were kept: evidence is their product with the tap.
        stages: Of a decoder, coarsest first.
        switches: Where the pools of VGG-16 found their maxima, pool1 to pool5, if taps were kept of a photo that was
            traced in one piece by a net that fuses scores: what max-unpooling needs.
        presence: How probable each class is, of a classifier of more classes than a mask can hold; None of other nets.
    """

    image: NDArray[np.uint8]
    labels: LabelSet
    variants: tuple[str, ...]
    score_maps: Mapping[str, ScoreMap]
    upsamplings: Mapping[str, Upsampling]
    masks: Mapping[str, NDArray[np.uint8]]
    provenance: Provenance
    timings: Mapping[str, float] = field(default_factory=dict)
    taps: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    score_weights: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    stages: tuple[DecoderStage, ...] = ()
    switches: Mapping[str, Switches] = field(default_factory=dict)
    presence: Presence | None = None
    graph: Graph = field(init=False, repr=False)
    _shares: Mapping[str, NDArray[np.float64]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        _frozen(self.image)
        for arrays in (self.masks, self.taps, self.score_weights):
            for array in arrays.values():
                _frozen(array)
        for name in ("score_maps", "upsamplings", "masks", "timings", "taps", "score_weights", "switches"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        stages = tuple((stage.name, stage.skip, stage.stride) for stage in self.stages)
        graph = graph_of(score_nodes(self.score_maps), self.variants, enlargements(self.upsamplings), stages)
        object.__setattr__(self, "graph", graph)
        # Counted here, by whoever makes the trace: a window that asks for them must not wait.
        shares = {variant: _class_shares(mask, len(self.labels)) for variant, mask in self.masks.items()}
        object.__setattr__(self, "_shares", MappingProxyType(shares))

    def __repr__(self) -> str:
        """One line; the arrays would be hundreds."""
        height, width = self.size
        return f"<Trace of {width}x{height} px by {self.provenance.checkpoint}, masks {' '.join(self.masks) or 'none'}>"

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the photo and of every mask."""
        return self.image.shape[0], self.image.shape[1]

    def mask(self, variant: str) -> NDArray[np.uint8]:
        """(H, W) uint8 class indices of a variant.

        After max-unpooling, void (`labels.void`) at the pixels that no cell's score was put back to: all their scores
        are zero, which says nothing for any class.
        """
        self._check(variant)
        if variant in self.masks:
            return self.masks[variant]
        height, width = self.size
        mask = np.empty(self.size, dtype=np.uint8)
        grid, upsampling = self._last_step(variant)
        for rows in strips(height, width * len(self.labels) * 4):
            part = mask[rows.start : rows.stop]
            part[:] = grid.at_photo(upsampling, rows, range(width)).argmax(axis=0)
            reached = grid.reached(upsampling, np.arange(rows.start, rows.stop), np.arange(width))
            if reached is not None:
                part[~reached] = self.labels.void
        _frozen(mask)
        return mask

    def scores(self, variant: str) -> Scores:
        """(C, H, W) float32 scores of a variant at the photo's size: what Caffe calls the output blob."""
        self._check(variant)
        grid, upsampling = self._last_step(variant)
        height, width = self.size
        return grid.at_photo(upsampling, range(height), range(width))

    def node(self, name: str) -> Scores:
        """(C, h, w) float32 of a node of the fusion graph, on its own grid.

        Nodes are those of `graph`: score_fr, upscore2, score_pool4, fuse_pool4, upscore_pool4, score_pool3 and
        fuse_pool3; of nets that do not fuse scores, score.

        Raises:
            ValueError: This net has no such node.
        """
        return self._grid(name).scores

    def heatmap(self, class_name: str, *, node: str = "score_fr", kind: HeatmapKind = "score") -> NDArray[np.float32]:
        """(H, W) float32 of one class at one node, enlarged bilinearly from its grid to the photo.

        Args:
            class_name: One of `labels.classes`.
            node: As in `node`, or a variant's name for its final scores.
            kind: `score`, or `probability`: the softmax over classes, at the photo's size.

        Raises:
            ValueError: This net has no such node.
            DataError: No such class.
        """
        index = self.labels.index(class_name)
        if node in self.variants:
            grid, upsampling = self._last_step(node)
        else:
            grid = self._grid(node)
            upsampling = node_upsampling(grid.coords)
        height, width = self.size
        heat = np.empty(self.size, dtype=np.float32)
        for rows in strips(height, width * len(self.labels) * 4):
            scores = grid.at_photo(upsampling, rows, range(width))
            heat[rows.start : rows.stop] = (softmax(scores) if kind == "probability" else scores)[index]
        return heat

    def contributions(self, x: int, y: int, variant: str) -> dict[str, NDArray[np.float32]]:
        """What each score layer adds to the scores of the pixel at column `x`, row `y`.

        Exact, since everything after the score layers is linear: the (C,) arrays of score_fr, score_pool4 and
        score_pool3 (those the variant uses) sum to `scores(variant)[:, y, x]`.

        Raises:
            ValueError: The pixel lies outside the photo, or the net has no such variant.
        """
        self._check(variant)
        height, width = self.size
        if not (0 <= x < width and 0 <= y < height):
            raise ValueError(f"pixel ({x}, {y}) lies outside the {width}x{height} photo")
        near, x, y = self.near(x, y)
        shares = {}
        for layer in layers_of(variant):
            grid, upsampling = near._last_step(variant, only=layer)
            shares[layer] = grid.at_photo(upsampling, range(y, y + 1), range(x, x + 1))[:, 0, 0]
        return shares

    def biases(self, x: int, y: int, variant: str) -> dict[str, NDArray[np.float32]]:
        """The part of each of `contributions` that is the score layer's bias and not evidence from the photo."""
        return self.without_evidence().contributions(x, y, variant)

    def without_evidence(self) -> Trace:
        """The trace of a photo that says nothing: only the score layers' biases are left."""
        bare = {name: replace(layer, evidence=np.zeros_like(layer.evidence)) for name, layer in self.score_maps.items()}
        return replace(self, score_maps=bare, masks={})

    def skip_crop(self, layer: str) -> int:
        """The leading cells of a skip's score map that are cut off to align it with what it is added to."""
        return self.graph.skip_step(layer).skip_crop

    def part(self, node: str, layer: str) -> Grid:
        """What one score layer adds to a node, on the node's grid."""
        return self._grid(node, only=layer)

    def layer_scores(self, layer: str, variant: str, rows: range, columns: range | None = None) -> Scores:
        """(C, rows, columns) float32: what one score layer adds to a variant's scores in a part of the photo."""
        grid, upsampling = self._last_step(variant, only=layer)
        return grid.at_photo(upsampling, rows, columns if columns is not None else range(self.size[1]))

    def fuse(self, *, upsampling: UpsamplingKind = "learned", **gains: float) -> Trace:
        """The trace as if the score layers were so much stronger or weaker; its masks are computed when asked for.

        What comes after the score layers is linear, so the nodes, scores and contributions of the result are exact. Of
        its 8s, gains of (1, 0) are the chain x2, x8 over score_fr and score_pool4, and (0, 0) the chain x2, x2, x8
        over score_fr: not the 16s and 32s exits, which enlarge by x16 and x32 at once.

        Args:
            gains: Factors by score layer, where they are not 1: `score_fr` (0 leaves what the skips say alone),
                `score_pool4` or short `pool4`, `score_pool3` or `pool3`, and so on.
            upsampling: The net's own kernels (`learned`, whether or not they were trained), bilinear ones, nearest
                neighbour (unpooling by copying), or max-unpooling, at every step. That one puts each score back to
                the pixel at which the trunk's features, summed over channels, were largest, and zero everywhere
                else; nothing makes its output dense again, so that most pixels of a mask are void (see `mask`).

        Raises:
            ValueError: Max-unpooling, of a trace without `switches`.
        """
        factors = {name if name in SCORE_LAYERS else f"score_{name}": gain for name, gain in gains.items()}
        if unknown := [name for name in factors if name not in SCORE_LAYERS]:
            raise TypeError(f"fuse() has no score layer {unknown[0]!r}; there are {', '.join(SCORE_LAYERS)}")
        if set(factors.values()) <= {1.0} and upsampling == "learned":
            return self
        scaled = {name: layer.scaled(factors.get(name, 1.0)) for name, layer in self.score_maps.items()}
        upsamplings = dict(self.upsamplings)
        if upsampling == "max_unpooling":
            # Without taps: a channel's shares are sums over kernels, and there are none here.
            steps = self._unpoolings()
            return replace(self, score_maps=scaled, upsamplings=steps, masks={}, taps={}, score_weights={})
        if upsampling != "learned":
            upsamplings = {
                name: Upsampling(step.stride, step.kernel, None, upsampling) for name, step in upsamplings.items()
            }
        return replace(self, score_maps=scaled, upsamplings=upsamplings, masks={})

    def _unpoolings(self) -> dict[str, Upsampling]:
        if not self.switches:
            raise ValueError(
                "this trace has no indices of its pools, which max-unpooling needs: trace the photo with "
                "keep_taps=True, in one piece, by a net on VGG-16 that fuses scores"
            )
        return unpoolings(score_nodes(self.score_maps), self.upsamplings, self._sizes, self.switches)

    @property
    def _sizes(self) -> dict[str, tuple[int, int]]:
        """(rows, columns) of the score layers."""
        return {name: layer.size for name, layer in self.score_maps.items()}

    @property
    def grid_sizes(self) -> dict[str, tuple[int, int]]:
        """(rows, columns) of every node."""
        return self.graph.sizes(self._sizes)

    @property
    def unpools(self) -> bool:
        """Whether this is the trace that `fuse(upsampling="max_unpooling")` gives."""
        return any(step.places is not None for step in self.upsamplings.values())

    def other_tap(self, layer: str) -> str:
        """The features that a score layer reads, where they are not those in its name, as on AlexNet; else empty."""
        tap = self.score_maps[layer].tap if layer in self.score_maps else ""
        return "" if tap == TAPS.get(layer, tap) else tap

    @property
    def fuses_scores(self) -> bool:
        """Whether scores are sums of what score layers give: those of the paper's nets, and none with a decoder."""
        return self.graph.linear

    def title(self, variant: str) -> str:
        """How a variant is called; a classifier's, which has no siblings, by the net's own name."""
        if self.provenance.alignment == "classifier" and self.provenance.net:
            return self.provenance.net
        return variant_title(variant, self.provenance.net)

    def near(self, x: int, y: int) -> tuple[Trace, int, int]:
        """A trace of the score cells that a pixel depends on, and where that pixel lies on it.

        Grids repeat every 32 pixels, so that leaving out whole steps of 32 shifts the photo and changes nothing else.
        """
        if not self.fuses_scores:
            return self, x, y  # grids that are resized do not repeat
        # A kernel's cells lie as far apart on the photo as those of the grid that it makes, pixels at the exits.
        reach = sum(step.by.kernel * self.graph.node(fused).stride for step, fused in self.graph.skips) + 2 * SHIFT
        reach += sum(found.by.kernel for found in self.graph.exits)
        reach += max(int(abs(layer.coords.offset)) for layer in self.score_maps.values())
        first = [max(0, (place - reach) // SHIFT) for place in (y, x)]
        last = [(place + reach) // SHIFT + 1 for place in (y, x)]

        def cells(stride: int) -> tuple[range, range]:
            steps = SHIFT // stride
            rows, columns = (range(low * steps, high * steps) for low, high in zip(first, last, strict=True))
            return rows, columns

        near = {name: layer.window(*cells(layer.stride)) for name, layer in self.score_maps.items()}
        result = replace(self, score_maps=near, masks={}, switches={})
        if self.unpools:
            pools = {}
            for name, pool in self.switches.items():
                # To their ends: a score layer's cells may lie further on than those of the pool before it.
                top, left = (low * SHIFT // int(pool.coords.scale) for low in first)
                height, width = pool.places.shape
                pools[name] = pool.window(range(top, height), range(left, width))
            result = replace(result, switches=pools)
            result = replace(result, upsamplings=result._unpoolings())
        return result, x - first[1] * SHIFT, y - first[0] * SHIFT

    def class_shares(self, variant: str) -> NDArray[np.float64]:
        """(C,) share of the photo's pixels that each class wins in a variant; with void ones they sum to 1."""
        if variant in self._shares:
            return self._shares[variant]
        return _class_shares(self.mask(variant), len(self.labels))

    def _check(self, variant: str) -> None:
        if variant not in self.variants:
            raise ValueError(f"this checkpoint has no variant {variant!r}; it has {', '.join(self.variants)}")

    def _last_step(self, variant: str, *, only: str | None = None) -> tuple[Grid, Upsampling]:
        found = self.graph.exit(variant)
        return self._grid(found.node, only=only), self.upsamplings[found.by.layer]

    def _grid(self, name: str, *, only: str | None = None) -> Grid:
        """A node's grid; with `only`, as if every other score layer gave zero."""

        def scores(layer: str) -> Scores:
            found = self.score_maps[layer]
            return found.scores if only in (None, layer) else np.zeros_like(found.evidence)

        def enlarge(layer: str, coarse: Scores) -> Scores:
            return self.upsamplings[layer].full(coarse)

        return Grid(evaluate(self.graph, name, self.grid_sizes, scores, enlarge), self.graph.node(name).coords)
