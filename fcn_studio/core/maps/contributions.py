"""What each score layer adds to the winning score of every pixel, as files: arrays, and a picture of who decided."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fcn_studio.core.files import whole_file
from fcn_studio.core.graph.fusion import Grid, Scores, Upsampling, strips
from fcn_studio.core.graph.names import SCORE_LAYERS, layers_of
from fcn_studio.core.maps.answers import decider
from fcn_studio.core.trace.trace import Trace

# Okabe and Ito (2008), told apart by colour-blind eyes too.
_COLOURS = ((213, 94, 0), (0, 114, 178), (0, 158, 115), (204, 121, 167))
LAYER_COLOURS = MappingProxyType(dict(zip(SCORE_LAYERS, _COLOURS, strict=True)))


def decider_image(trace: Trace) -> Image.Image:
    """A mode P image of `answers.decider` for the finest variant.

    Its values are places in `layers_of(variant)`, its palette LAYER_COLOURS in that order.
    """
    variant = trace.variants[-1]
    image = Image.fromarray(decider(trace, variant))
    image.putpalette([value for layer in layers_of(variant) for value in LAYER_COLOURS[layer]])
    return image


def save_contributions(trace: Trace, path: Path) -> Path:
    """The finest variant's winning scores, split by score layer, in an .npz without pickle.

    Arrays are (H, W): `winner` and `runner_up`, uint8 classes with the largest and second largest score (of equal ones
    the first); and for each score layer, in float32, `share_<layer>`, its part of the winner's score, and
    `lead_<layer>`, its part of the winner's score less the runner-up's. Shares sum to the winner's score, biases
    included. `meta` is a JSON text with variant, labels and provenance.

    Written in strips: beside the trace only two bytes for each pixel are held.

    Raises:
        OutputError: The file could not be written; it is not left half-written.
    """
    variant = trace.variants[-1]
    parts = _Parts(trace, variant)
    winner, runner_up = parts.two_best()
    meta = {
        "variant": variant,
        "layers": list(layers_of(variant)),
        "labels": trace.labels.to_dict(),
        "size": list(trace.size),
        "provenance": asdict(trace.provenance),
    }
    # numpy's savez wants whole arrays; a member of its archive is an .npy file, which may come in pieces.
    with whole_file(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        text = np.array(json.dumps(meta))
        _add(archive, "meta", text, [text])
        _add(archive, "winner", winner, [winner])
        _add(archive, "runner_up", runner_up, [runner_up])
        like = np.broadcast_to(np.float32(0), trace.size)
        for layer in layers_of(variant):
            _add(archive, f"share_{layer}", like, parts.shares(layer, winner))
            _add(archive, f"lead_{layer}", like, parts.leads(layer, winner, runner_up))
    return path


class _Parts:
    """Each score layer's part of a variant's scores, enlarged to the photo strip by strip."""

    def __init__(self, trace: Trace, variant: str) -> None:
        last = trace.graph.exit(variant)
        self._upsampling: Upsampling = trace.upsamplings[last.by.layer]
        self._grids: dict[str, Grid] = {layer: trace.part(last.node, layer) for layer in layers_of(variant)}
        self._size = trace.size
        self._row_bytes = trace.size[1] * len(trace.labels) * 4

    def two_best(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """(H, W) classes with the largest and the second largest score."""
        first, second = np.empty(self._size, dtype=np.uint8), np.empty(self._size, dtype=np.uint8)
        for rows in self._strips(len(self._grids)):
            total: Scores = np.sum([self._scores(layer, rows) for layer in self._grids], axis=0, dtype=np.float32)
            best = total.argmax(axis=0)
            first[rows.start : rows.stop] = best
            np.put_along_axis(total, best[None], np.float32(-np.inf), 0)
            second[rows.start : rows.stop] = total.argmax(axis=0)
        return first, second

    def shares(self, layer: str, winner: NDArray[np.uint8]) -> Iterator[NDArray[np.float32]]:
        """(n, W) strips of what a layer adds to the winner's score."""
        for rows in self._strips(1):
            yield _of(self._scores(layer, rows), winner, rows)

    def leads(
        self, layer: str, winner: NDArray[np.uint8], runner_up: NDArray[np.uint8]
    ) -> Iterator[NDArray[np.float32]]:
        """(n, W) strips of what a layer adds to the winner's score more than to the runner-up's."""
        for rows in self._strips(1):
            scores = self._scores(layer, rows)
            yield _of(scores, winner, rows) - _of(scores, runner_up, rows)

    def _strips(self, layers: int) -> Iterator[range]:
        return strips(self._size[0], self._row_bytes * layers)

    def _scores(self, layer: str, rows: range) -> Scores:
        return self._grids[layer].at_photo(self._upsampling, rows, range(self._size[1]))


def _of(scores: Scores, classes: NDArray[np.uint8], rows: range) -> NDArray[np.float32]:
    """(C, n, W) scores of these rows to the (n, W) ones of given classes."""
    chosen: NDArray[np.float32] = np.take_along_axis(scores, classes[None, rows.start : rows.stop].astype(np.intp), 0)[
        0
    ]
    return chosen


def _add(archive: zipfile.ZipFile, name: str, like: NDArray[Any], pieces: Iterable[NDArray[Any]]) -> None:
    """One array of an .npz, of the shape and type of `like`, in pieces along its first axis."""
    member: IO[bytes]
    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
        header = {"descr": np.lib.format.dtype_to_descr(like.dtype), "fortran_order": False, "shape": like.shape}
        np.lib.format.write_array_header_1_0(member, header)
        for piece in pieces:
            member.write(np.ascontiguousarray(piece).tobytes())
