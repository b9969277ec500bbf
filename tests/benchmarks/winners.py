"""Winning classes at each pixel, by enlarged scores and by squares: `python -m tests.benchmarks.winners --data DIR`.

DIR is CamVid. Scores are the default checkpoint's on photos of its val split: as they are (360x480), enlarged to
1080x1920 and, as 16 parts that are alike, to 4000x6000; and normal random ones of 21 classes, of which nearly every
square is mixed. The ways take turns; the table gives the milliseconds of each way's quickest turn, summed over photos
and divided by their number, and the share of labels that differ (where scores are equal but for rounding).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table
from torch import Tensor

import fcn_studio as fs
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.graph.geometry import CoordMap
from fcn_studio.core.graph.names import LAST_STEP
from fcn_studio.core.images.image import ImageSource, list_images, read_image
from fcn_studio.engine.nets.upsampling import Upscore
from fcn_studio.engine.tracing.tracer import Tracer
from fcn_studio.engine.tracing.winners import winners, winners_of_strips

CPU = torch.device("cpu")
WAYS = (winners_of_strips, winners)
PHOTOS = 5  # of val at their own size, evenly spread
TURNS = 15  # of a photo at its own size, less of larger ones
RANDOM_CLASSES = 21  # as VOC


@dataclass(frozen=True)
class Case:
    """(1, C, h, w) scores of a photo of (height, width), at a stride."""

    scores: Tensor
    stride: int
    size: tuple[int, int]

    def measured(self, turns: int) -> tuple[list[float], float]:
        """Seconds of each way's quickest turn, and the share of labels that differ."""
        coords = CoordMap(Fraction(self.stride), Fraction(self.stride - 1, 2))  # of a `same` net
        upscore = Upscore(self.scores.shape[1], self.stride, kind="bilinear")
        seconds, masks = [float("inf")] * len(WAYS), [torch.empty(0)] * len(WAYS)
        for _ in range(turns):
            for number, way in enumerate(WAYS):
                start = time.perf_counter()
                masks[number] = way(self.scores, coords, upscore, self.size, device=CPU, cancel=CancelToken())
                seconds[number] = min(seconds[number], time.perf_counter() - start)
        return seconds, float((masks[0] != masks[1]).float().mean())


def resized(photo: Path, height: int, width: int) -> ImageSource:
    return Image.fromarray(read_image(photo)).resize((width, height), Image.Resampling.BICUBIC)


def traced(model: Tracer, source: ImageSource, variant: str, parts: int = 1) -> Case:
    """The scores of a photo, repeated along both axes."""
    trace = model.trace(source)
    fused, step = LAST_STEP[variant]
    stride, size = trace.upsamplings[step].stride, (trace.size[0] * parts, trace.size[1] * parts)
    cells = [-(-length // stride) for length in size]
    scores = torch.from_numpy(np.tile(trace.node(fused), (1, parts, parts)).copy())
    return Case(scores[None, :, : cells[0], : cells[1]].contiguous(), stride, size)


def cases(model: Tracer, photos: list[Path], variant: str) -> Iterator[tuple[str, int, list[Case]]]:
    """A row's title, the turns that it takes, and its photos."""
    yield "CamVid val 360x480", TURNS, [traced(model, photo, variant) for photo in photos]
    large = traced(model, resized(photos[0], 1080, 1920), variant)
    yield "CamVid val 1080x1920", TURNS // 3, [large]
    yield "CamVid val 4000x6000", TURNS // 5, [traced(model, resized(photos[0], 1000, 1500), variant, parts=4)]
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(1, RANDOM_CLASSES, *large.scores.shape[2:], generator=generator)
    yield f"random 1080x1920, {RANDOM_CLASSES} classes", TURNS // 3, [Case(scores, large.stride, large.size)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    found = list_images(options.data / "val")
    photos = found[:: max(1, len(found) // PHOTOS)][:PHOTOS]
    model = fs.load("default", device="cpu", precision="fp32")
    table = Table(title=f"milliseconds a mask, {options.threads} threads")
    for heading in ("scores", "variant", "enlarged in strips", "winners", "times as fast", "labels that differ"):
        table.add_column(heading, justify="left" if heading == "scores" else "right")
    for variant in model.variants:
        for title, turns, group in cases(model, photos, variant):
            measured = [case.measured(turns) for case in group]
            strips, squares = (sum(seconds[way] for seconds, _ in measured) / len(group) * 1e3 for way in (0, 1))
            differing = sum(share for _, share in measured) / len(group)
            table.add_row(
                title, variant, f"{strips:.2f}", f"{squares:.2f}", f"{strips / squares:.1f}", f"{differing:.1e}"
            )
    Console(width=120).print(table)


if __name__ == "__main__":
    with torch.inference_mode():
        main()
