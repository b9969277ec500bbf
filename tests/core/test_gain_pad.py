"""The surface of mean IU over skip gains, against the masks of fused traces one by one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fcn_studio import load
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.errors import Cancelled
from fcn_studio.core.judging.metrics import confusion_matrix, metrics
from fcn_studio.core.maps import gain_pad
from fcn_studio.core.maps.gain_pad import GAINS, gain_surface, sampling_step
from fcn_studio.core.trace.trace import Trace


@pytest.fixture
def trace(tiny_checkpoint: Path, photo: NDArray[np.uint8]) -> Trace:
    return load(tiny_checkpoint, device="cpu", precision="fp32").trace(photo)


@pytest.fixture
def truth(trace: Trace) -> NDArray[np.uint8]:
    """The 8s mask, moved, with some pixels unlabelled."""
    moved = np.roll(trace.mask("8s"), (3, 5), axis=(0, 1))
    moved[:9, :20] = trace.labels.void
    return moved


def mean_iu(trace: Trace, truth: NDArray[np.uint8], mask: NDArray[np.uint8]) -> float:
    return metrics(confusion_matrix(truth, mask, classes=len(trace.labels), void=trace.labels.void)).mean_iu


def test_at_one_and_one_it_is_the_nets_own_mean_iu(trace: Trace, truth: NDArray[np.uint8]) -> None:
    surface = gain_surface(trace, truth)
    own = GAINS.index(1.0)
    assert surface.shape == (9, 9)
    assert (GAINS[0], GAINS[-1]) == (0.0, 2.0)
    # A pixel whose two best scores are equal but for rounding may go either way.
    assert surface[own, own] == pytest.approx(mean_iu(trace, truth, trace.mask("8s")), abs=2e-3)


def test_rows_are_pool4_and_columns_pool3(trace: Trace, truth: NDArray[np.uint8]) -> None:
    gains = np.array([0.0, 0.7, 1.9])
    surface = gain_surface(trace, truth, gains)
    for row, pool4 in enumerate(gains):
        for column, pool3 in enumerate(gains):
            mask = trace.fuse(pool4=float(pool4), pool3=float(pool3)).mask("8s")
            assert surface[row, column] == pytest.approx(mean_iu(trace, truth, mask), abs=2e-3)
    assert surface[0, 2] != pytest.approx(surface[2, 0], abs=1e-2)


def test_large_photos_are_sampled_evenly(
    trace: Trace, truth: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gain_pad, "MOST_PIXELS", 600)
    assert sampling_step(trace.size) == 3  # 61 x 83 pixels, of which 600 are a little under a ninth
    found = gain_surface(trace, truth, (1.0,))
    part = np.s_[1::3, 1::3]
    assert found[0, 0] == pytest.approx(mean_iu(trace, truth[part], trace.mask("8s")[part]), abs=5e-3)


@pytest.mark.parametrize(("size", "step"), [((1000, 1000), 1), ((1000, 1001), 2), ((4000, 6000), 5), ((1, 1), 1)])
def test_up_to_a_megapixel_every_pixel_counts(size: tuple[int, int], step: int) -> None:
    assert sampling_step(size) == step


def test_without_labelled_pixels_there_is_no_value(trace: Trace, truth: NDArray[np.uint8]) -> None:
    assert np.isnan(gain_surface(trace, np.full_like(truth, trace.labels.void), (0.0, 1.0))).all()


def test_it_stops_when_asked_and_refuses_what_it_cannot_do(trace: Trace, truth: NDArray[np.uint8]) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        gain_surface(trace, truth, cancel=token)
    with pytest.raises(ValueError, match="differ in size"):
        gain_surface(trace, truth[:-1])
    shallow = {name: trace.score_maps[name] for name in ("score_fr", "score_pool4")}
    with pytest.raises(ValueError, match="both skips"):
        gain_surface(replace(trace, variants=("32s", "16s"), score_maps=shallow), truth)
