"""A run that begins with the layers of a checkpoint."""

from __future__ import annotations

from pathlib import Path

from fcn_studio.engine.checkpoints.surgery import Start, start_from
from fcn_studio.engine.nets.build import Net
from fcn_studio.engine.nets.calibration import calibrate
from fcn_studio.engine.nets.preprocess import Preprocessing
from fcn_studio.engine.training.examples import Examples

CALIBRATION_PHOTOS = 4  # of CamVid: 720 cells for each channel's statistics at stride 32, 190 000 at stride 2


def warm_start(net: Net, initial: Path, *, examples: Examples, preprocessing: Preprocessing, device: str) -> Start:
    """Gives a fresh net the layers that fit, in place; new normalisations get the statistics of some photos.

    Raises:
        CheckpointError: `initial` is no checkpoint, or no layer of its trunk fits.
        DataError: A photo cannot be read.
    """
    start = start_from(net, initial, labels=examples.labels, preprocessing=preprocessing)
    if start.transplant.set_up:
        count = len(examples)
        chosen = range(0, count, max(1, count // CALIBRATION_PHOTOS))[:CALIBRATION_PHOTOS]
        photos = (examples.read(index).photo[None].float().to(device) for index in chosen)
        calibrate(net, start.transplant.set_up, (preprocessing.normalise(photo) for photo in photos))
    return start
