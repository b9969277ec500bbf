"""A net that is made, not trained: it reads the red of a photo, if it gets the input that it was made for."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from fcn_studio.core.labels import numbered_label_set
from fcn_studio.engine.checkpoints.native import Checkpoint
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.nets.preprocess import Preprocessing

LEVELS = (0.0, 85.0, 170.0, 255.0)
SOFTNESS = 1000.0  # in squared grey levels: neighbouring levels differ by 7 in score
CHANNELS = 6  # too few filters for statistics of them


def red_photo() -> NDArray[np.uint8]:
    """(64, 128, 3): stripes of four reds, from left to right and back, in a middling green and blue."""
    photo = np.full((64, 128, 3), 128, dtype=np.uint8)
    for stripe, level in enumerate((0, 3, 1, 2)):
        photo[:, 32 * stripe : 32 * stripe + 32, 0] = LEVELS[level]
    return photo


def red_checkpoint(true: Preprocessing, stored: Preprocessing) -> Checkpoint:
    """Class k is red LEVELS[k], read off pool3; `true` is the input it is made for, `stored` the one it claims."""
    net = FCN(
        Architecture(num_classes=len(LEVELS), alignment="same", channels=(CHANNELS,) * 5, fc_channels=CHANNELS)
    ).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
        red = 0 if true.order == "rgb" else 2
        std, mean = true.std[red], true.mean[red]
        first = net.get_submodule("conv1_1")
        assert isinstance(first, nn.Conv2d)
        assert first.bias is not None
        first.weight[0, red, 1, 1] = std / true.scale
        first.bias[0] = mean / true.scale  # then the first channel is the red of 0..255
        for name in ("1_2", "2_1", "2_2", "3_1", "3_2", "3_3"):
            getattr(net, f"conv{name}").weight[0, 0, 1, 1] = 1
        assert net.score_pool3 is not None
        assert net.score_pool3.bias is not None
        for index, level in enumerate(LEVELS):  # -(red - level)^2, less what all classes have in common
            net.score_pool3.weight[index, 0] = 2 * level / SOFTNESS
            net.score_pool3.bias[index] = -(level**2) / SOFTNESS
    return Checkpoint(net, numbered_label_set(len(LEVELS)), stored, "0" * 64, "red")
