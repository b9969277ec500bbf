"""The metrics of a net in training on a split, by the code that `fcn-studio evaluate` runs."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping

import numpy as np
import torch

from fcn_studio.core.errors import Cancelled
from fcn_studio.core.metrics import Metrics, confusion_matrix, metrics
from fcn_studio.engine.checkpoints.native import Checkpoint
from fcn_studio.engine.device import DeviceChoice
from fcn_studio.engine.nets.build import Net
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.predictor import Model
from fcn_studio.engine.preprocess import Preprocessing
from fcn_studio.engine.single_model import SingleModel
from fcn_studio.engine.tracer import Tracer
from fcn_studio.engine.training.distributed import World
from fcn_studio.engine.training.examples import Examples
from fcn_studio.engine.training.readers import Readers


def smallest_type(net: Net) -> torch.dtype:
    """float16, unless a number is too large for it: variances of features that nothing normalised before can be."""
    largest = torch.finfo(torch.float16).max
    floating = (value for value in net.state_dict().values() if value.is_floating_point())
    return torch.float16 if all(float(value.abs().max()) <= largest for value in floating) else torch.float32


def rounded(net: Net, dtype: torch.dtype) -> Net:
    """A copy on the CPU, in float32, of what a file of `dtype` holds of the net."""
    saved = copy.deepcopy(net).cpu()
    state = net.state_dict().items()
    saved.load_state_dict(
        {key: value.to(dtype).float() if value.is_floating_point() else value for key, value in state}
    )
    return saved.eval().to(memory_format=torch.contiguous_format)


def judge(
    net: Net,
    examples: Examples,
    *,
    preprocessing: Preprocessing,
    choice: DeviceChoice,
    readers: Readers,
    world: World,
    stop: Callable[[], bool],
) -> Mapping[str, Metrics]:
    """Each variant's metrics; every process judges its share, and the counts are summed.

    Args:
        net: `rounded`, so that the figures are the saved checkpoint's.
        examples: Of the split.
        preprocessing: The net's.
        choice: Device and precision to judge on.
        readers: Read ahead.
        world: The processes that share the split.
        stop: Asked before each photo.

    Raises:
        Cancelled: `stop` said so to one of the processes.
    """
    checkpoint = Checkpoint(net, examples.labels, preprocessing, digest="", name="newest")
    model: Tracer = Model(checkpoint, choice) if isinstance(net, FCN) else SingleModel(checkpoint, choice)
    classes, void = len(examples.labels), examples.labels.void
    confusion = np.zeros((len(model.variants), classes, classes), np.int64)
    stopped = False
    for photo, marks in readers.ahead(examples.read, world.share(range(len(examples)))):
        if stop():
            stopped = True
            break
        trace = model.trace(np.ascontiguousarray(photo.permute(1, 2, 0).numpy()))
        for counts, variant in zip(confusion, model.variants, strict=True):
            counts += confusion_matrix(marks.numpy(), trace.mask(variant), classes=classes, void=void)
    if float(world.sum(torch.tensor(float(stopped)))):
        raise Cancelled("Stopped while the net was judged.")
    summed = world.sum(torch.from_numpy(confusion)).numpy()
    return {variant: metrics(counts) for variant, counts in zip(model.variants, summed, strict=True)}
