"""What a net in training reaches on a split, by the code that `fcn-studio evaluate` runs; its checkpoint says so."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

import numpy as np
import torch

from fcn_studio.core.errors import Cancelled
from fcn_studio.core.judging.metrics import Metrics, confusion_matrix, metrics
from fcn_studio.core.run_folder import BEST, best_of
from fcn_studio.engine.checkpoints.native import Checkpoint
from fcn_studio.engine.nets.build import Net
from fcn_studio.engine.tracing.device import DeviceChoice
from fcn_studio.engine.tracing.model import model_of
from fcn_studio.engine.training.distributed import World
from fcn_studio.engine.training.examples import Examples
from fcn_studio.engine.training.phase_trainer import PhaseTrainer
from fcn_studio.engine.training.readers import Readers
from fcn_studio.engine.training.recipes.recipe import Recipe
from fcn_studio.engine.training.run_writer import RunWriter
from fcn_studio.engine.training.trainer_state import TrainerState


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


class Evaluator:
    """One run's: the split that it is judged on, and what its checkpoints say of it."""

    def __init__(self, val: Examples, *, recipe: Recipe, choice: DeviceChoice, world: World) -> None:
        self._val, self._recipe, self._choice, self._world = val, recipe, choice, world
        self._staged = len({phase.variants[-1] for phase in recipe.phases()}) > 1

    def evaluate(
        self,
        trained: PhaseTrainer,
        state: TrainerState,
        *,
        readers: Readers,
        writer: RunWriter,
        card: Mapping[str, Any],
        stop: Callable[[], bool],
    ) -> Mapping[str, Metrics]:
        """The mean net's metrics, after writing its checkpoint with them, under the names that it earns.

        The weights are rounded as the file has them before they are judged, so that `fcn-studio evaluate` finds the
        same figures. Of a staged run the finest variant that there is yet decides on the best.

        Args:
            trained: In the phase that `state` is in.
            state: Keeps the best figures.
            readers: Read ahead.
            writer: Of the checkpoint.
            card: What the checkpoint says of itself beside its figures.
            stop: Asked before each photo.

        Raises:
            Cancelled: `stop` said so to one of the processes.
            DataError: A photo cannot be read.
            OutputError: There is no space or no right.
        """
        trained.settle()
        dtype = smallest_type(trained.mean_net)
        val = self._metrics(rounded(trained.mean_net, dtype), readers, stop)
        finest = trained.net.architecture.variants[-1]
        state.mean_iu = val[finest].mean_iu
        names: tuple[str, ...] = ()
        if state.mean_iu > state.best.get(finest, -1.0):
            state.best[finest] = state.mean_iu
            names = (BEST, best_of(finest)) if self._staged else (BEST,)
        figures = {
            "epoch": state.epoch + 1,
            "val_mean_iu": {variant: round(each.mean_iu, 4) for variant, each in val.items()},
            "val_pixel_accuracy": {variant: round(each.pixel_accuracy, 4) for variant, each in val.items()},
            # What the figures are of: the weights of this very file, as `fcn-studio evaluate` judges them.
            "judged": {"weights": str(dtype).removeprefix("torch."), "precision": self._choice.precision},
        }
        writer.checkpoints(
            trained.mean_net,
            labels=self._val.labels,
            preprocessing=self._recipe.preset,
            card={**card, **figures},
            dtype=dtype,
            best_as=names,
        )
        return val

    def _metrics(self, net: Net, readers: Readers, stop: Callable[[], bool]) -> Mapping[str, Metrics]:
        """Each variant's; every process judges its share of the photos, and the counts are summed."""
        labels = self._val.labels
        checkpoint = Checkpoint(net, labels, self._recipe.preset, digest="", name="newest")
        model = model_of(checkpoint, self._choice)
        confusion = np.zeros((len(model.variants), len(labels), len(labels)), np.int64)
        stopped = False
        with closing(readers.ahead(self._val.read, self._world.share(range(len(self._val))))) as pairs:
            for photo, marks in pairs:
                if stop():
                    stopped = True
                    break
                trace = model.trace(np.ascontiguousarray(photo.permute(1, 2, 0).numpy()))
                for counts, variant in zip(confusion, model.variants, strict=True):
                    counts += confusion_matrix(
                        marks.numpy(), trace.mask(variant), classes=len(labels), void=labels.void
                    )
        if self._world.any(stopped):
            raise Cancelled("Stopped while the net was judged.")
        summed = self._world.sum(torch.from_numpy(confusion)).numpy()
        return {variant: metrics(counts) for variant, counts in zip(model.variants, summed, strict=True)}
