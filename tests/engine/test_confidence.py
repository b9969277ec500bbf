"""The winner's probability at each pixel, beside the softmax of all scores computed by numpy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import fcn_studio as fs
from fcn_studio import paths
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.errors import Cancelled
from fcn_studio.core.graph import fusion
from fcn_studio.core.trace.trace import Trace
from fcn_studio.engine.tracing.tracer import Tracer


@pytest.fixture
def model(tiny_checkpoint: Path) -> Tracer:
    return fs.load(tiny_checkpoint, device="cpu", precision="fp32")


def largest_softmax(trace: Trace, variant: str) -> NDArray[np.float64]:
    """(H, W) float64 in 0..1."""
    scores = trace.scores(variant).astype(np.float64)
    powers = np.exp(scores - scores.max(axis=0))
    return np.asarray(powers.max(axis=0) / powers.sum(axis=0))


def assert_is_softmax(model: Tracer, trace: Trace) -> None:
    for variant in trace.variants:
        found = model.confidence(trace, variant)
        assert found.shape == trace.size
        assert found.dtype == np.uint8
        assert np.abs(found / 255 - largest_softmax(trace, variant)).max() <= 1 / 255


def test_it_is_the_largest_of_the_softmax(model: Tracer, photo: NDArray[np.uint8]) -> None:
    assert_is_softmax(model, model.trace(photo))


def test_on_a_sample_with_the_net_for_streets() -> None:
    model = fs.load("streets", device="cpu", precision="fp32")
    trace = model.trace(paths.resources() / "samples" / "highway.jpg")
    assert_is_softmax(model, trace)
    unsure = model.confidence(trace, "8s") < 128
    assert 0 < unsure.mean() < 0.5


def test_it_does_not_depend_on_the_height_of_strips(
    model: Tracer, photo: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = model.trace(photo)
    whole = model.confidence(trace, "8s")
    monkeypatch.setattr(fusion, "STRIP_BYTES", 83 * 11 * 4 * 3)  # three rows
    np.testing.assert_array_equal(model.confidence(trace, "8s"), whole)


def test_a_trace_of_another_checkpoint_is_refused(model: Tracer, photo: NDArray[np.uint8]) -> None:
    trace = model.trace(photo)
    foreign = replace(trace, provenance=replace(trace.provenance, digest="0" * 64))
    with pytest.raises(ValueError, match="not by tiny"):
        model.confidence(foreign, "8s")
    with pytest.raises(ValueError, match="no variant '4s'; it has 32s, 16s, 8s"):
        model.confidence(trace, "4s")


def test_it_can_be_cancelled(model: Tracer, photo: NDArray[np.uint8]) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        model.confidence(model.trace(photo), "8s", cancel=token)
