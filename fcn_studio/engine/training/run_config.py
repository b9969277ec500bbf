"""What a run is, and how its checkpoints and run.json say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from fcn_studio.core.datasets.masks.encoding import Encoding
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.run_folder import RunInfo
from fcn_studio.engine.tracing.device import Precision
from fcn_studio.engine.training.distributed import World
from fcn_studio.engine.training.recipes.recipe import Recipe


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Every choice of a run.

    Attributes:
        recipe: As it was asked for.
        data: The data set's folder.
        labels: Of the data.
        data_card: Name, source and licence of the data, and how many images it has.
        split: What is judged on.
        train_split: What is trained on.
        device: Such as `cpu` or `cuda:0`.
        precision: Of the convolutions.
        world: The processes that share each batch.
        encoding: What the masks' values stand for, or None where the data set's layout says it.
    """

    recipe: Recipe
    data: Path
    labels: LabelSet
    data_card: Mapping[str, Any]
    split: str
    train_split: str
    device: str
    precision: Precision
    world: World
    encoding: Encoding | None = None

    def card(self, started_from: Mapping[str, Any]) -> dict[str, Any]:
        """What every checkpoint of the run says of itself beside its figures."""
        return {
            "recipe": self.recipe.to_dict(),
            "data": dict(self.data_card),
            **({"started_from": dict(started_from)} if started_from else {}),
            "judged_on": self.split,
            "trained": {
                "split": self.train_split,
                "precision": self.precision,
                "device": torch.device(self.device).type,
                "processes": self.world.size,
                "torch": torch.__version__,
            },
        }

    def info(self, *, epochs: int, val_every: int, init: str | None) -> RunInfo:
        """What run.json says; how the run goes is for its writer to fill in."""
        trained = {name for phase in self.recipe.phases() for name in phase.variants}
        return RunInfo(
            recipe=self.recipe.to_dict(),
            data=self.data.resolve(),
            label_set=self.labels.to_dict(),
            data_card=dict(self.data_card),
            variants=tuple(name for name in self.recipe.outputs if name in trained),
            epochs=epochs,
            split=self.split,
            train_split=self.train_split,
            val_every=val_every,
            init=init,
            started="",
            device=self.device,
            precision=self.precision,
            processes=self.world.size,
            encoding=self.encoding.to_dict() if self.encoding is not None else None,
        )
