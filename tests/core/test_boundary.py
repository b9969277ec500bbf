"""Boundaries, distances to them and the metrics in bands, against plain loops and counts in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, jaccard_score

from fcn_studio.core.judging.boundary import TRIMAP_WIDTHS, band_confusions, boundaries, boundary_distance, trimap_curve

VOID = 255


def _random_mask(rng: np.random.Generator, *, void_share: float = 0.1) -> NDArray[np.uint8]:
    """Patches of three classes with scattered void."""
    small = rng.integers(0, 3, (4, 5)).astype(np.uint8)
    mask = small.repeat(int(rng.integers(2, 6)), axis=0).repeat(int(rng.integers(2, 6)), axis=1)
    mask[rng.random(mask.shape) < void_share] = VOID
    return mask


def _slow_boundaries(mask: NDArray[np.uint8], void: int | None) -> NDArray[np.bool_]:
    height, width = mask.shape
    found = np.zeros(mask.shape, dtype=bool)
    for y in range(height):
        for x in range(width):
            for ny, nx in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if 0 <= ny < height and 0 <= nx < width and void not in (mask[y, x], mask[ny, nx]):
                    found[y, x] |= bool(mask[y, x] != mask[ny, nx])
    return found


def _slow_distance(points: NDArray[np.bool_]) -> NDArray[np.float64]:
    ys, xs = np.nonzero(points)
    distance = np.full(points.shape, np.inf)
    for y in range(points.shape[0]):
        for x in range(points.shape[1]):
            if len(ys):
                distance[y, x] = np.hypot(ys - y, xs - x).min()
    return distance


def test_both_sides_of_an_edge_are_boundary() -> None:
    mask = np.array(
        [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]], dtype=np.uint8
    )
    cross = [[0, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, 0]]
    np.testing.assert_array_equal(boundaries(mask), np.array(cross, dtype=bool))


def test_void_makes_no_boundary_only_where_it_is_named() -> None:
    mask = np.array([[0, 0, VOID, 1, 1], [0, 0, 0, 1, 1]], dtype=np.uint8)
    named = np.array([[0, 0, 0, 0, 0], [0, 0, 1, 1, 0]], dtype=bool)
    unnamed = np.array([[0, 1, 1, 1, 0], [0, 0, 1, 1, 0]], dtype=bool)
    np.testing.assert_array_equal(boundaries(mask, VOID), named)
    np.testing.assert_array_equal(boundaries(mask), unnamed)


@pytest.mark.parametrize("seed", range(12))
def test_boundaries_and_distances_are_those_of_plain_loops(seed: int) -> None:
    mask = _random_mask(np.random.default_rng(seed))
    for void in (None, VOID):
        slow = _slow_boundaries(mask, void)
        np.testing.assert_array_equal(boundaries(mask, void), slow)
        found = boundary_distance(mask, void)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, _slow_distance(slow), rtol=1e-6)


@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (1, 1), (3, 37)])
def test_few_and_far_boundaries_are_found_from_everywhere(shape: tuple[int, int]) -> None:
    mask = np.zeros(shape, dtype=np.uint8)
    mask[-1, -1] = 1
    np.testing.assert_allclose(boundary_distance(mask), _slow_distance(_slow_boundaries(mask, None)), rtol=1e-6)


@pytest.mark.parametrize("limit", [0, 1, 3, 5, 1000])
def test_a_limit_changes_nothing_but_what_lies_beyond_it(limit: int) -> None:
    rng = np.random.default_rng(limit)
    for _ in range(5):
        mask = np.zeros((25, 31), dtype=np.uint8)
        mask[rng.random(mask.shape) < 0.004] = 1
        exact = _slow_distance(_slow_boundaries(mask, None))
        expected = np.where(exact <= limit, exact, np.inf)
        np.testing.assert_allclose(boundary_distance(mask, limit=limit), expected, rtol=1e-6)


def test_distances_of_large_photos_do_not_overflow() -> None:
    mask = np.zeros((1, 60_000), dtype=np.uint8)
    mask[0, -1] = 1
    found = boundary_distance(mask.T)
    assert found[0, 0] == 59_998
    assert found[-3, 0] == 1


def test_a_mask_of_one_class_has_no_boundary() -> None:
    mask = np.full((5, 5), 2, dtype=np.uint8)
    assert not boundaries(mask).any()
    assert np.isinf(boundary_distance(mask)).all()
    curve = trimap_curve(mask, mask, classes=3, void=VOID)
    assert len(curve) == len(TRIMAP_WIDTHS)
    assert all(np.isnan(value.mean_iu) for value in curve)


def test_a_band_along_a_straight_edge_is_its_width_on_each_side() -> None:
    truth = np.zeros((10, 100), dtype=np.uint8)
    truth[:, 50:] = 1
    wrong_by_three = np.zeros_like(truth)
    wrong_by_three[:, 53:] = 1
    bands = band_confusions(truth, wrong_by_three, classes=2, void=VOID)
    for width, band in zip(TRIMAP_WIDTHS, bands, strict=True):
        missed = min(width, 3)
        expected = 10 * np.array([[width, 0], [missed, width - missed]])
        np.testing.assert_array_equal(band, expected)


def test_void_pixels_are_in_no_band() -> None:
    truth = np.zeros((6, 8), dtype=np.uint8)
    truth[:, 4:] = 1
    truth[0, 3] = VOID
    band = band_confusions(truth, np.zeros_like(truth), classes=2, void=VOID, widths=(1,))[0]
    np.testing.assert_array_equal(band, [[5, 0], [5, 0]])  # (0, 4) meets only void and its own class


@pytest.mark.parametrize("seed", range(4))
def test_the_curve_is_that_of_scikit_learn_on_the_band_pixels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = _random_mask(rng, void_share=0.05)
    mask = np.where(rng.random(truth.shape) < 0.6, truth % 3, rng.integers(0, 3, truth.shape)).astype(np.uint8)
    distance = _slow_distance(_slow_boundaries(truth, VOID))
    widths = (1, 2, 3)
    for width, found in zip(widths, trimap_curve(truth, mask, classes=3, void=VOID, widths=widths), strict=True):
        inside = (distance < width) & (truth != VOID)
        assert found.pixel_accuracy == pytest.approx(accuracy_score(truth[inside], mask[inside]))
        assert found.mean_iu == pytest.approx(jaccard_score(truth[inside], mask[inside], average="macro"))


def test_a_known_distance_gives_the_same_bands() -> None:
    rng = np.random.default_rng(1)
    truth = _random_mask(rng)
    mask = np.resize(rng.integers(0, 3, 50).astype(np.uint8), truth.shape)
    distance = boundary_distance(truth, VOID)
    known = band_confusions(truth, mask, classes=3, void=VOID, distance=distance)
    np.testing.assert_array_equal(known, band_confusions(truth, mask, classes=3, void=VOID))


def test_other_sizes_and_widths_that_do_not_ascend_are_refused() -> None:
    small, large = np.zeros((4, 4), np.uint8), np.zeros((4, 5), np.uint8)
    with pytest.raises(ValueError, match="differ in size"):
        band_confusions(small, large, classes=2, void=VOID)
    for widths in ((), (0, 1), (2, 1), (2, 2)):
        with pytest.raises(ValueError, match="ascend"):
            band_confusions(small, small, classes=2, void=VOID, widths=widths)
