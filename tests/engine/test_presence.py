"""Of very many classes, those most present: in a cell, or in the whole photo by the mean of their maps."""

from __future__ import annotations

import numpy as np
import torch

from fcn_studio.engine.tracing.presence import photo_probabilities, reduced_presence, strongest


def test_a_photo_s_probabilities_are_the_softmax_of_the_maps_means() -> None:
    scores = torch.randn(1, 7, 3, 5, generator=torch.Generator().manual_seed(0))
    means = [float(np.mean(scores[0, index].numpy())) for index in range(7)]
    expected = np.exp(means) / np.exp(means).sum()
    np.testing.assert_allclose(photo_probabilities(scores).numpy(), expected, rtol=1e-5)


def test_classes_that_are_everywhere_a_little_are_kept_as_those_are_that_win_a_cell() -> None:
    scores = torch.zeros(1, 300, 4, 4)
    scores[0, 7, 0, 0] = 40  # wins one cell
    scores[0, 100] = 2  # nowhere the winner where 200 is: present all over
    scores[0, 200, 1:] = 30
    kept = strongest(scores, 3)
    assert set(kept.tolist()) == {7, 100, 200}


def test_the_others_are_one_class_and_nothing_is_lost() -> None:
    scores = 3 * torch.randn(1, 400, 5, 6, generator=torch.Generator().manual_seed(1))
    kept = strongest(scores, 20)
    found = reduced_presence(scores, kept)
    assert found.photo.shape == found.peak.shape == (21,)
    np.testing.assert_allclose(found.photo.sum(), 1, rtol=1e-5)
    cells = np.exp(scores[0].double().numpy())
    cells /= cells.sum(0)
    np.testing.assert_allclose(found.peak[:-1], cells[kept.numpy()].max((1, 2)), rtol=1e-4)
    others = np.setdiff1d(np.arange(400), kept.numpy())
    np.testing.assert_allclose(found.peak[-1], cells[others].sum(0).max(), rtol=1e-4)
