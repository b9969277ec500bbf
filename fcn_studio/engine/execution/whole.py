"""The trunk's pass over a whole photo: every block once, and with padding 100 only where the photo reaches."""

from __future__ import annotations

from torch import Tensor

from fcn_studio.engine.execution.blocks import CANVAS_BLOCKS, Block, Runner
from fcn_studio.engine.execution.canvas import SCORED, Canvas, Reach, ringed
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.trunks.trunk import OnStage, Taps


class WholePass:
    """Takes photos through the blocks of a net on VGG-16.

    Args:
        architecture: The net's.
        blocks: The net's (see `blocks_of`).
        runner: Who runs them.
    """

    def __init__(self, architecture: Architecture, blocks: tuple[Block, ...], runner: Runner) -> None:
        self._blocks, self._runner = blocks, runner
        self._scored = architecture.taps()
        self._border = architecture.first_padding() - 1
        self._canvas = Canvas(blocks[:CANVAS_BLOCKS], self._scored) if architecture.alignment == "caffe" else None

    def taps(self, photo: Tensor, on_stage: OnStage) -> Taps:
        """(1, 3, H, W) photo, as the net wants it, to its taps; `on_stage` hears each block's name when it is done."""
        features, pools = photo, Taps()
        rest = self._blocks
        if self._canvas is not None:
            features, pools = self._within_reach(self._canvas, photo, on_stage)
            rest = self._blocks[CANVAS_BLOCKS:]
        for block in rest:
            features = self._runner.run(block, features)
            if SCORED.get(block.name) in self._scored:
                pools[SCORED[block.name]] = features
            on_stage(block.name)
        return {**pools, "fc7": features}

    def _within_reach(self, canvas: Canvas, photo: Tensor, on_stage: OnStage) -> tuple[Tensor, dict[str, Tensor]]:
        """Blocks 1 to 4: what pool4 holds on the whole canvas, and the pools that are scored."""
        rows, columns = (
            Reach(self._border, self._border + length, length + 2 * self._border) for length in photo.shape[-2:]
        )
        around = canvas.around(rows.cells, columns.cells)
        part, value, pools = photo, None, Taps()
        for block in self._blocks[:CANVAS_BLOCKS]:
            depth = len(block.convolutions)
            part = self._runner.run(block, ringed(part, value, rows.ring(depth), columns.ring(depth)))
            rows, columns = rows.after(depth), columns.after(depth)
            value = around.constants[block.name]
            if SCORED.get(block.name) in self._scored:
                pools[SCORED[block.name]] = around.enlarged(block.name, rows, columns, part)
            on_stage(block.name)
        return pools["pool4"], pools
