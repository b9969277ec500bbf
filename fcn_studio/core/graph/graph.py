"""The graph: which nodes a net has after its trunk, what each is made from, and where all of their cells lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from fcn_studio.core.graph.geometry import CoordMap

Size = tuple[int, int]  # (rows, columns)


@dataclass(frozen=True, slots=True)
class Enlargement:
    """An upsampling layer: an unpadded transposed convolution (see `fusion.Upsampling`), without its weights."""

    layer: str
    stride: int
    kernel: int

    def size(self, cells: int) -> int:
        """Cells along an axis of what becomes of so many."""
        return self.stride * (cells - 1) + self.kernel


@dataclass(frozen=True, slots=True)
class Score:
    """A 1x1 convolution of features.

    Attributes:
        tap: The features, by the trunk's own name for them; empty where unknown.
        scale: The net's own factor on them.
        source: The node that has them, where they are one.
    """

    linear: ClassVar[bool] = True

    tap: str = ""
    scale: float = 1.0
    source: str = ""

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of nodes."""
        return (self.source,) if self.source else ()


@dataclass(frozen=True, slots=True)
class Upscore:
    """A coarser node enlarged, and cropped to what it shares with a skip.

    Attributes:
        source: The node.
        by: What enlarges it.
        crop: Leading cells that are cut off.
        skip: The score layer.
        skip_crop: Leading cells of the skip that are cut off.
    """

    linear: ClassVar[bool] = True

    source: str
    by: Enlargement
    crop: int
    skip: str
    skip_crop: int

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of nodes."""
        return (self.source,)

    def shared(self, source: Size, skip: Size) -> Size:
        """Rows and columns of what both have."""
        rows, columns = (
            min(self.by.size(cells) - self.crop, others - self.skip_crop)
            for cells, others in zip(source, skip, strict=True)
        )
        return rows, columns


@dataclass(frozen=True, slots=True)
class Sum:
    """What comes from below and a skip, cropped to the same cells; a gain on either is a factor in it."""

    linear: ClassVar[bool] = True

    upscored: str
    skip: str

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of nodes."""
        return (self.upscored, self.skip)


@dataclass(frozen=True, slots=True)
class Features:
    """Layers of a trunk, with rectifiers between them.

    Attributes:
        reads: Names of nodes; none for the photo itself.
    """

    linear: ClassVar[bool] = False

    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """An enlargement by a decoder, what a skip adds to it, and the normalisation and rectifier behind.

    Attributes:
        below: The node that is enlarged.
        beside: The trunk's features on the same grid.
        adds: Whether they are added.
        factor: Of the enlargement.
    """

    linear: ClassVar[bool] = False

    below: str
    beside: str
    adds: bool
    factor: int = 2

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of nodes."""
        return (self.below, self.beside) if self.adds else (self.below,)


Step = Score | Upscore | Sum | Features | Stage


@dataclass(frozen=True, slots=True)
class Node:
    """A grid of the net.

    Attributes:
        name: As `Trace.node` has it.
        coords: Where its cells lie on the photo.
        channels: Of each cell; 0 where unknown.
        step: What it is made by.
    """

    name: str
    coords: CoordMap
    channels: int
    step: Step

    @property
    def stride(self) -> int:
        """Photo pixels from one cell to the next."""
        return int(self.coords.scale)


@dataclass(frozen=True, slots=True)
class Exit:
    """A variant: a node enlarged to the photo.

    Attributes:
        variant: Such as `8s`.
        node: Which is enlarged.
        by: What enlarges it.
        crop: Leading pixels of the enlarged that are cut off.
    """

    variant: str
    node: str
    by: Enlargement
    crop: int

    def covers(self, cells: Size, photo: Size) -> bool:
        """Whether so many cells reach over the whole photo."""
        reach = (self.by.size(count) - self.crop for count in cells)
        return self.crop >= 0 and all(has >= side for has, side in zip(reach, photo, strict=True))


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes, each after those that it reads, and exits, coarsest first."""

    nodes: tuple[Node, ...]
    exits: tuple[Exit, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the nodes."""
        return tuple(node.name for node in self.nodes)

    @property
    def variants(self) -> tuple[str, ...]:
        """Of the exits."""
        return tuple(found.variant for found in self.exits)

    @property
    def layers(self) -> tuple[str, ...]:
        """The score layers, coarsest first."""
        return tuple(node.name for node in self.nodes if isinstance(node.step, Score))

    @property
    def scored(self) -> tuple[str, ...]:
        """The nodes that have class scores, in order."""
        return tuple(node.name for node in self.nodes if node.step.linear)

    @property
    def skips(self) -> tuple[tuple[Upscore, str], ...]:
        """The enlargements on the way to the finest sum, and the sum that each leads to."""
        upscored = {node.name: node.step for node in self.nodes if isinstance(node.step, Upscore)}
        sums = {node.step.upscored: node.name for node in self.nodes if isinstance(node.step, Sum)}
        return tuple((step, sums[name]) for name, step in upscored.items())

    @property
    def linear(self) -> bool:
        """Whether scores are sums of what the score layers give: in nets that fuse scores, in none with a decoder."""
        return all(node.step.linear for node in self.nodes)

    @property
    def enlarged(self) -> tuple[tuple[str, Enlargement], ...]:
        """The nodes that are enlarged, and by what; those on the way to other nodes first."""
        return (*((step.source, step.by) for step, _ in self.skips), *((found.node, found.by) for found in self.exits))

    def node(self, name: str) -> Node:
        """A node.

        Raises:
            ValueError: This net has no such node.
        """
        found = next((node for node in self.nodes if node.name == name), None)
        if found is None:
            raise ValueError(f"this net has no node {name!r}")
        return found

    def exit(self, variant: str) -> Exit:
        """An exit.

        Raises:
            ValueError: This net has no such variant.
        """
        found = next((found for found in self.exits if found.variant == variant), None)
        if found is None:
            raise ValueError(f"this net has no variant {variant!r}")
        return found

    def layers_in(self, name: str) -> tuple[str, ...]:
        """The score layers that a node is made from, coarsest first."""
        step = self.node(name).step
        if isinstance(step, Score):
            return (name,)
        wanted = {layer for read in step.reads for layer in self.layers_in(read)}
        return tuple(layer for layer in self.layers if layer in wanted)

    def skip_step(self, layer: str) -> Upscore:
        """The enlargement that ends where a skip is added.

        Raises:
            ValueError: This net has no such skip.
        """
        return self._skip(layer)[0]

    def sum_of(self, layer: str) -> str:
        """The node that a skip is added in.

        Raises:
            ValueError: This net has no such skip.
        """
        return self._skip(layer)[1]

    def _skip(self, layer: str) -> tuple[Upscore, str]:
        found = next((pair for pair in self.skips if pair[0].skip == layer), None)
        if found is None:
            raise ValueError(f"this net has no skip {layer!r}")
        return found

    def sizes(self, layers: Mapping[str, Size]) -> dict[str, Size]:
        """(rows, columns) of every node, from those of the score layers."""
        found = dict[str, Size]()
        for node in self.nodes:
            match node.step:
                case Score():
                    found[node.name] = layers[node.name]
                case Upscore(source=source, skip=skip):
                    found[node.name] = node.step.shared(found[source], layers[skip])
                case Sum(upscored=upscored):
                    found[node.name] = found[upscored]
        return found
