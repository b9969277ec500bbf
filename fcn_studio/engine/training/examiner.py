"""Judges the mean weights of a run in training, and writes their checkpoint under the names that they earn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fcn_studio.core.metrics import Metrics
from fcn_studio.core.run_folder import BEST, best_of
from fcn_studio.engine.device import DeviceChoice
from fcn_studio.engine.training.desk import Desk
from fcn_studio.engine.training.distributed import World
from fcn_studio.engine.training.examples import Examples
from fcn_studio.engine.training.judge import judge, rounded, smallest_type
from fcn_studio.engine.training.learner import Learner
from fcn_studio.engine.training.place import Place
from fcn_studio.engine.training.recipe import Recipe


class Examiner:
    """One run's: the split that it is judged on, and what its checkpoints say of it."""

    def __init__(self, val: Examples, *, recipe: Recipe, choice: DeviceChoice, world: World) -> None:
        self._val, self._recipe, self._choice, self._world = val, recipe, choice, world
        self._staged = len({phase.variants[-1] for phase in recipe.phases()}) > 1

    def judged(self, learner: Learner, place: Place, desk: Desk, card: Mapping[str, Any]) -> Mapping[str, Metrics]:
        """The mean net's metrics, after writing its checkpoint with them.

        The weights are rounded as the file has them before they are judged, so that `fcn-studio evaluate` finds the
        same figures. Of a staged run the finest variant that there is yet decides on the best.

        Args:
            learner: In the phase that `place` is in.
            place: Keeps the best figures.
            desk: Whose listeners may stop it.
            card: What the checkpoint says of itself beside its figures.

        Raises:
            Cancelled: The listeners said so.
            OutputError: There is no space or no right.
        """
        learner.settle()
        dtype = smallest_type(learner.mean_net)
        val = judge(
            rounded(learner.mean_net, dtype),
            self._val,
            preprocessing=self._recipe.preset,
            choice=self._choice,
            readers=desk.readers,
            world=self._world,
            stop=desk.listeners.stop,
        )
        finest = learner.net.architecture.variants[-1]
        place.mean_iu = val[finest].mean_iu
        names: tuple[str, ...] = ()
        if place.mean_iu > place.best.get(finest, -1.0):
            place.best[finest] = place.mean_iu
            names = (BEST, best_of(finest)) if self._staged else (BEST,)
        figures = {
            "epoch": place.epoch + 1,
            "val_mean_iu": {variant: round(each.mean_iu, 4) for variant, each in val.items()},
            "val_pixel_accuracy": {variant: round(each.pixel_accuracy, 4) for variant, each in val.items()},
            # What the figures are of: the weights of this very file, as `fcn-studio evaluate` judges them.
            "judged": {"weights": str(dtype).removeprefix("torch."), "precision": self._choice.precision},
        }
        desk.records.checkpoints(
            learner.mean_net,
            labels=self._val.labels,
            preprocessing=self._recipe.preset,
            card={**card, **figures},
            dtype=dtype,
            best_as=names,
        )
        return val
