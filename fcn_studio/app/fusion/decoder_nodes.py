"""The graph of a net with one output: a decoder's stages with the energy of their features, or its only score layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import qimage2ndarray
from numpy.typing import NDArray
from PySide6.QtCore import QObject
from PySide6.QtGui import QImage

from fcn_studio.app.canvas.heat_picture import heat_colours
from fcn_studio.app.canvas.rendering import indexed_image
from fcn_studio.app.fusion.fusion_graph import Arrow, Node
from fcn_studio.core.graph.decoder_graph import (
    KIND,
    Part,
    energy_of,
    energy_range,
    links,
    padded_size,
    places,
    pool_links,
)
from fcn_studio.core.graph.names import OUTPUT, PHOTO_NODE, SCORE, UPSCORE
from fcn_studio.core.maps.heat import indices
from fcn_studio.core.trace.stages import DecoderStage
from fcn_studio.core.trace.trace import Trace

SKIP_COLOUR = "#3d8fc9"  # of the arrows from the pools: a blue that is seen on light and dark grounds


@dataclass(frozen=True, slots=True, eq=False)
class StageHeat:
    """The energy of one node over the photo.

    Attributes:
        title: What it is of.
        values: (h, w) float32 on its own grid, whose first cell lies on the photo's first pixels.
        stage: Whose range of energies the colours have.
        stride: Photo pixels from one cell to the next.
    """

    title: str
    values: NDArray[np.float32]
    stage: DecoderStage
    stride: int

    def indices(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.uint8]:
        """(rows, columns) uint8 colour indices at these rows and columns of the photo."""
        down, across = rows // self.stride, columns // self.stride
        return indices(self.values[down[:, None], across], energy_range(self.stage))

    def at(self, x: int, y: int) -> float:
        """The energy at a pixel of the photo."""
        return float(self.values[y // self.stride, x // self.stride])


class SingleGraph(QObject):
    """Nodes, arrows and texts of a trace with one output."""

    def nodes(self, trace: Trace) -> tuple[Node, ...]:
        """A decoder's stages above its pools; of a net without stages photo, scores and output."""
        height, width = trace.size
        size = f"{width} x {height}"
        if not trace.stages:
            layer = trace.score_maps[SCORE]
            rows, columns = layer.evidence.shape[1:]
            texts = {
                PHOTO_NODE: (size, self.tr("photo")),
                SCORE: (self.tr("{0} x {1}, stride {2}").format(columns, rows, layer.stride), ""),
                OUTPUT: (size, self.tr("mask")),
            }
            return tuple(Node(place.name, place.column, place.row, *texts[place.name]) for place in places(trace))
        names = {PHOTO_NODE: self.tr("photo"), OUTPUT: self.tr("mask")}
        found = []
        for place in places(trace):
            rows, columns = (-(-side // place.stride) for side in trace.size)
            # Seven captions side by side have no room for the word.
            caption = size if place.name in names else f"{columns} x {rows} (1/{place.stride})"
            empty = ""
            if place.stage is None and place.name not in names:
                empty = self.tr("into the decoder") if place.row == 0 else self.tr("not added")
            elif place.stage is not None and place.stage.added is None:
                empty = self.tr("no skip")
            found.append(Node(place.name, place.column, place.row, caption, names.get(place.name, ""), empty))
        return tuple(found)

    def arrows(self, trace: Trace) -> tuple[Arrow, ...]:
        """What leads from the photo to the mask."""
        if not trace.stages:
            resize = self.tr("resize x{0}").format(trace.upsamplings[UPSCORE].stride)
            return (
                *(Arrow(start, end, self.tr("backbone"), strength=0.5) for start, end in pool_links(trace)),
                *(Arrow(start, end, resize, strength=0.5) for start, end, _ in links(trace)),
            )
        found = [Arrow(start, end, "", strength=0.5) for start, end in pool_links(trace)]
        found += [Arrow(start, end, words, strength=0.5) for start, end, words in links(trace)]
        found += [
            Arrow(stage.skip, stage.name, _percent(stage, "+ {0} %"), SKIP_COLOUR, max(2 * stage.added_share, 0.1))
            for stage in trace.stages
            if stage.skip
        ]
        return tuple(found)

    def parts(self) -> Mapping[Part, str]:
        """What a stage's node can show, in words."""
        return {
            "output": self.tr("Output"),
            "below": self.tr("From below"),
            "skip": self.tr("What the skip adds"),
        }

    def heat(self, trace: Trace, name: str, part: Part) -> StageHeat | None:
        """What a node shows, to be laid over the photo; None for a node without energy."""
        place = next((place for place in places(trace) if place.name == name), None) if trace.stages else None
        values = energy_of(place, part) if place is not None else None
        if place is None or place.stage is None or values is None:
            return None
        title = f"{name}: {self.parts()[part]}" if name == place.stage.name else name
        return StageHeat(title, values, place.stage, place.stride)

    def heat_title(self, heat: StageHeat) -> str:
        """What is laid over the photo, and what its colours stand for."""
        return self.tr("{0}, energy 0 to {1}").format(heat.title, f"{energy_range(heat.stage).high:.3g}")

    def words(self, trace: Trace) -> str:
        """Why there are no sliders, and what is shown instead."""
        if not trace.stages:
            text = self.tr(
                "One score layer of stride {0}, resized bilinearly to the photo. There are no skips, so there is "
                "nothing to fuse."
            )
            return text.format(trace.upsamplings[UPSCORE].stride)
        height, width = padded_size(trace)
        text = self.tr(
            "ReLU and normalisation stand between the sums, so that scores have no shares of skips. Nodes show the "
            "energy of the features: their root mean square over channels. Each stage has its own scale, from 0 to "
            "its strongest energy. The net pads the photo with zeros to {0} x {1} and crops the scores."
        )
        return text.format(width, height)

    def figures(self, trace: Trace) -> str:
        """What each skip adds, a line for each."""
        share = self.tr("{1}: {0} brings {2} % of the energy")
        return "\n".join(
            share.format(stage.skip, stage.name, _percent(stage, "{0}")) for stage in trace.stages if stage.skip
        )


def _percent(stage: DecoderStage, text: str) -> str:
    return text.format(f"{100 * stage.added_share:.0f}")


def stage_pictures(trace: Trace, part: Part) -> dict[str, QImage]:
    """Energies on their own grids."""
    found, table = {}, heat_colours(KIND, dark=False)
    for place in places(trace):
        values = energy_of(place, part)
        if values is None or place.stage is None:
            continue
        image = indexed_image(indices(values, energy_range(place.stage)))
        if image is not None:
            image.setColorTable(table)
            found[place.name] = image
    return found


def photo_image(pixels: NDArray[np.uint8]) -> QImage:
    """(h, w, 3) uint8 RGB as an image of its own memory."""
    image: QImage = qimage2ndarray.array2qimage(pixels)
    return image
