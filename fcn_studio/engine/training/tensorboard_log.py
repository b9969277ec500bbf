"""Scalars for TensorBoard, where the user asks for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fcn_studio.core.errors import DataError
from fcn_studio.core.run_folder import EpochRow

FOLDER = "tensorboard"


class TensorBoardLog:
    """RUN/tensorboard: loss and learning rate by step, the variants' figures by epoch."""

    def __init__(self, run: Path, step: int) -> None:
        """Opens it; what an earlier process wrote of this step and later ones is hidden.

        Raises:
            DataError: TensorBoard is not installed.
        """
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise DataError(
                "--tensorboard needs the package tensorboard: pip install 'fcn-studio[tensorboard]', or leave it out; "
                "log.csv and curves.png have the same figures."
            ) from error
        self._writer: Any = SummaryWriter(str(run / FOLDER), purge_step=step)

    def stepped(self, step: int, loss: float, learning_rate: float) -> None:
        """Adds a step's loss."""
        self._writer.add_scalar("train/loss", loss, step)
        self._writer.add_scalar("train/learning_rate", learning_rate, step)

    def judged(self, row: EpochRow) -> None:
        """Adds an epoch's figures."""
        for variant, scores in row.val.items():
            self._writer.add_scalar(f"val_mean_iu/{variant}", scores.mean_iu, row.step)
            self._writer.add_scalar(f"val_pixel_accuracy/{variant}", scores.pixel_accuracy, row.step)
        self._writer.flush()

    def close(self) -> None:
        """Writes what is left."""
        self._writer.close()
