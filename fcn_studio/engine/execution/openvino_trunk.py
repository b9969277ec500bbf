"""A whole trunk by OpenVINO, on CPUs: one compiled model from the net's input to its taps, made from its layers.

Height and width are left open. Score layers are not part of it: in bf16 it rounds what it hands out, and scores that
are rounded to 8 bits tie, which decides pixels by chance.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from fcn_studio.core.errors import DeviceError
from fcn_studio.engine.execution.layers import UNCHANGED, Paths, Section, Step, input_side, sections_of
from fcn_studio.engine.execution.openvino_model import TYPES, CompiledModel, check_type, shared
from fcn_studio.engine.execution.openvino_package import openvino
from fcn_studio.engine.execution.rows import output_sizes
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.nets.trunks.trunk import OnStage, Taps

STAGE = "trunk"  # all of it is one stage
LARGEST = 6.0  # of a ReLU6


class OpenVinoTrunk:
    """Takes photos through a net's trunk.

    Args:
        net: Without batch normalisation layers, on the CPU, in fp32 or bf16: the precision of its weights is that of
            the arithmetic.
        threads: How many cores to use; None for as many as torch does.

    Raises:
        DeviceError: OpenVINO is not installed, does not compute in this precision on this CPU, or has no operation
            here for one of the net's layers.
        RuntimeError: It cannot compile the trunk.
    """

    def __init__(self, net: FCN, *, threads: int | None = None) -> None:
        self._net, self._sections = net, sections_of(net)
        self._dtype = next(net.parameters()).dtype
        check_type({self._dtype})
        graph = _Graph(TYPES[self._dtype])
        # OpenVINO packs the weights when the first photo comes, and does not keep what it shares alive.
        self._weights = graph.weights
        self._model = CompiledModel(graph.model(self._sections), "the trunk", TYPES[self._dtype], threads)

    def taps(self, photo: Tensor, on_stage: OnStage) -> Taps:
        """(1, 3, H, W) photo, as the net wants it, to its taps; `on_stage` hears once, of STAGE.

        Raises:
            MemoryError: OpenVINO could not allocate what the trunk needs.
        """
        height, width = (input_side(self._net, length) for length in photo.shape[-2:])
        rim = (0, width - photo.shape[-1], 0, height - photo.shape[-2])
        seen = (functional.pad(photo, rim) if any(rim) else photo).permute(0, 2, 3, 1).contiguous()
        rows, columns = (output_sizes(self._sections, length) for length in (height, width))
        taps = self._net.architecture.taps()
        results = {
            name: torch.empty(1, rows[name], columns[name], tap.channels, dtype=self._dtype)
            for name, tap in taps.items()
        }
        widest = height * width * self._net.architecture.values_per_pixel() / 2 * seen.element_size()
        self._model.run(seen, tuple(results.values()), int(widest))
        on_stage(STAGE)
        return {name: result.permute(0, 3, 1, 2) for name, result in results.items()}


class _Graph:
    """Layers as OpenVINO's operations.

    Args:
        kind: OpenVINO's name of the features' type.
    """

    def __init__(self, kind: str) -> None:
        self._op: Any = openvino().opset8
        self._kind = kind
        self.weights: list[Any] = []

    def model(self, sections: tuple[Section, ...]) -> Any:
        """(1, h, w, 3) to the taps, (1, h, w, C) each, finest first."""
        ov, op = openvino(), self._op
        photo = op.parameter(ov.PartialShape([1, -1, -1, 3]), getattr(ov.Type, self._kind))
        features, taps = op.transpose(photo, op.constant(np.array([0, 3, 1, 2]))), {}
        for section in sections:
            features = reduce(self._part, section.parts, features)
            taps[section.tap] = op.transpose(features, op.constant(np.array([0, 2, 3, 1])))
        return ov.Model(list(taps.values()), [photo], "trunk")

    def _part(self, features: Any, part: Step | Paths) -> Any:
        if isinstance(part, Step):
            return self._step(features, part)
        ends = [reduce(self._step, chain, features) for chain in part.chains]
        return reduce(self._op.add, ends) if part.added else self._op.concat(ends, 1)

    def _step(self, features: Any, step: Step) -> Any:
        if step.convolution is not None:
            features = self._convolution(features, step, step.convolution)
        elif step.geometry != UNCHANGED:
            raise DeviceError("OpenVINO runs trunks of convolutions here; this one has other layers.")
        if step.bounded:
            return self._op.clamp(features, 0.0, LARGEST)
        return self._op.relu(features) if step.rectified else features

    def _convolution(self, features: Any, step: Step, layer: nn.Conv2d) -> Any:
        geometry, groups = step.geometry, layer.groups
        place = (
            [geometry.stride] * 2,
            [geometry.padding] * 2,
            [geometry.after] * 2,
            [1, 1],
        )
        weight = layer.weight.detach()
        if groups > 1:
            weight = weight.reshape(groups, -1, *weight.shape[1:])
            result = self._op.group_convolution(features, self._constant(weight), *place)
        else:
            result = self._op.convolution(features, self._constant(weight), *place)
        if layer.bias is None:
            return result
        return self._op.add(result, self._constant(layer.bias.detach()[None, :, None, None]))

    def _constant(self, weight: Tensor) -> Any:
        self.weights.append(shared(weight.contiguous()))
        return openvino().op.Constant(self.weights[-1], shared_memory=True)
