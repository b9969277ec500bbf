"""What ends a run that had begun: a loss that is no number, or too little memory; each names what is left of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import torch

from fcn_studio.core.run_folder import LAST, RunFailed, kept_files
from fcn_studio.engine.training.trainer_state import TrainerState


def diverged(folder: Path, reached: TrainerState, error: Exception) -> RunFailed:
    """The error of a run whose loss or weights are no numbers any more."""
    kept = kept_files(folder)
    left = f"good checkpoints are kept: {_names(kept)}" if kept else "no checkpoint had been saved before"
    return RunFailed(
        f"{error} in epoch {reached.epoch + 1} after {reached.position} steps; nothing of it was saved, and {left}. "
        f"{_again(kept)} with a lower learning rate (--set learning_rate=...){_from_there(kept)}."
    )


@contextlib.contextmanager
def telling_of_memory(folder: Path, device: str) -> Iterator[None]:
    """Turns what torch says of too little memory into a sentence.

    Raises:
        RunFailed: The work inside took more memory than there is.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not _is_of_memory(error):
            raise
        kept = kept_files(folder)
        left = f" Kept: {_names(kept)}." if kept else ""
        where = "memory" if device == "cpu" else f"memory of {device}"
        raise RunFailed(
            f"The {where} does not hold a step of this run. {_again(kept)} with smaller batches or crops (--set "
            f"stages.*.batch=N, --set 'stages.*.crop=[HEIGHT, WIDTH]'){_from_there(kept)}; or free some memory.{left}"
        ) from error


def _is_of_memory(error: Exception) -> bool:
    words = ("out of memory", "can't allocate memory", "not enough memory")  # CUDA and MPS; CPUs on Unix, on Windows
    typed = isinstance(error, (torch.OutOfMemoryError, MemoryError))
    return typed or any(word in str(error).lower() for word in words)


def _again(kept: tuple[Path, ...]) -> str:
    return "Start again in a new folder" if kept else "Start again"


def _from_there(kept: tuple[Path, ...]) -> str:
    return f", from there with --init {kept[0]}" if kept and kept[0].name != LAST else ""


def _names(kept: tuple[Path, ...]) -> str:
    return ", ".join(map(str, kept))
