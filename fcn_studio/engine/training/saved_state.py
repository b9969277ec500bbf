"""last.pt: all that a run needs to go on, in one file, written whole."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from fcn_studio.core.errors import CheckpointError, DataError, OutputError
from fcn_studio.core.files import whole_file
from fcn_studio.core.run_folder import BEST, LAST, NEWEST
from fcn_studio.engine.training.recipe import Recipe
from fcn_studio.engine.training.trainer_state import TrainerState


def save_state(folder: Path, state: Mapping[str, Any]) -> None:
    """Writes last.pt; the older one stays where that fails.

    Raises:
        OutputError: There is no space or no right.
    """
    with whole_file(folder / LAST) as temporary:
        try:
            torch.save(dict(state), temporary)
        except RuntimeError as error:  # what torch's writer makes of a full disk
            raise OutputError(
                f"{folder / LAST} could not be written ({str(error).splitlines()[0]}); free some space and go on with "
                "--resume. The older file is as it was."
            ) from error


def load_state(folder: Path) -> dict[str, Any]:
    """Reads last.pt, to the CPU.

    Raises:
        CheckpointError: There is none, or it is damaged.
    """
    path = folder / LAST
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{path}: nothing to resume; leave out --resume to start. (Processes on many machines need a folder that "
            "all of them see.)"
        ) from error
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError, KeyError, ValueError) as error:
        raise CheckpointError(f"{path}: cannot be resumed ({error}).") from error
    if not isinstance(state, dict) or "recipe" not in state:
        raise CheckpointError(f"{path}: cannot be resumed (it is no state of a run).")
    return state


def of_same_recipe(saved: str, recipe: Recipe) -> bool:
    """Whether the recipe in last.pt is this one; entries that it lacks are younger than it, and at their defaults.

    It is read back from plain values on both sides, which make no difference between 1 and 1.0.
    """
    try:
        return Recipe.from_dict(json.loads(saved)) == Recipe.from_dict(recipe.to_dict())
    except (DataError, ValueError):
        return False


def diverged(folder: Path, reached: TrainerState, error: Exception) -> DataError:
    """The error of a run whose loss or weights are no numbers any more, which names what is left of it."""
    kept = [str(folder / name) for name in (BEST, NEWEST, LAST) if (folder / name).is_file()]
    left = f"good checkpoints are kept: {', '.join(kept)}" if kept else "no checkpoint had been saved before"
    again = f", from there with --init {kept[0]}" if kept and kept[0] != str(folder / LAST) else ""
    return DataError(
        f"{error} in epoch {reached.epoch + 1} after {reached.position} steps; nothing of it was saved, and {left}. "
        f"Start again in a new folder and lower the learning rate (--set learning_rate=...){again}."
    )
