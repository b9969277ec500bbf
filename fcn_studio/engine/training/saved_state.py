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
from fcn_studio.core.run_folder import LAST
from fcn_studio.engine.training.recipes.recipe import Recipe


def save_state(folder: Path, state: Mapping[str, Any]) -> None:
    """Writes last.pt; the older one stays where that fails.

    Raises:
        OutputError: There is no space or no right.
    """
    path = folder / LAST
    try:
        with whole_file(path) as temporary:
            _write(temporary, state)
    except OutputError as error:
        left = (
            "The older file is as it was; go on from it with --resume." if path.is_file() else "None was there before."
        )
        raise OutputError(f"{error} {left}") from error


def _write(path: Path, state: Mapping[str, Any]) -> None:
    with path.open("wb") as file:  # given a path, torch hides what the system said
        try:
            torch.save(dict(state), file)
        except RuntimeError as error:
            if isinstance(error.__context__, OSError):  # as of a full disk; torch's own word is of a wrong position
                raise error.__context__ from None
            raise


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
            f"{path}: nothing to resume, since the run was never saved; leave out --resume to start. (Processes on "
            "many machines need a folder that all of them see.)"
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
