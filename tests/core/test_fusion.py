"""Upsampling against a loop over every product of a transposed convolution."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from fcn_studio.core.graph.fusion import Upsampling, bilinear_kernel, softmax


def naive_transposed(scores: NDArray[np.float64], weight: NDArray[np.float64], stride: int) -> NDArray[np.float64]:
    """weight is (C_in, C_out, k, k)."""
    classes, height, width = scores.shape
    kernel = weight.shape[-1]
    out = np.zeros((weight.shape[1], (height - 1) * stride + kernel, (width - 1) * stride + kernel))
    for source in range(classes):
        for y in range(height):
            for x in range(width):
                for target in range(weight.shape[1]):
                    rows = slice(y * stride, y * stride + kernel)
                    columns = slice(x * stride, x * stride + kernel)
                    out[target, rows, columns] += scores[source, y, x] * weight[source, target]
    return out


def diagonal(kernel: NDArray[np.float32], classes: int) -> NDArray[np.float64]:
    weight = np.zeros((classes, classes, *kernel.shape))
    for index in range(classes):
        weight[index, index] = kernel
    return weight


@pytest.mark.parametrize(("stride", "kernel"), [(2, 4), (8, 16), (16, 32), (32, 64), (32, 63)])
def test_fixed_upsampling_is_the_bilinear_transposed_convolution(stride: int, kernel: int) -> None:
    scores = np.random.default_rng(1).standard_normal((3, 4, 5)).astype(np.float32)
    expected = naive_transposed(scores.astype(np.float64), diagonal(bilinear_kernel(kernel), 3), stride)
    np.testing.assert_allclose(Upsampling(stride, kernel).full(scores), expected, atol=1e-5)


@pytest.mark.parametrize(("stride", "kernel"), [(2, 4), (8, 16), (4, 7)])
def test_learned_dense_kernels_mix_classes(stride: int, kernel: int) -> None:
    rng = np.random.default_rng(2)
    scores = rng.standard_normal((3, 4, 5)).astype(np.float32)
    weight = rng.standard_normal((3, 3, kernel, kernel)).astype(np.float32)
    expected = naive_transposed(scores.astype(np.float64), weight.astype(np.float64), stride)
    np.testing.assert_allclose(Upsampling(stride, kernel, weight).full(scores), expected, atol=1e-4)


def test_one_kernel_for_each_class() -> None:
    rng = np.random.default_rng(3)
    scores = rng.standard_normal((3, 4, 5)).astype(np.float32)
    weight = rng.standard_normal((3, 1, 4, 4)).astype(np.float32)
    dense = np.zeros((3, 3, 4, 4))
    for index in range(3):
        dense[index, index] = weight[index, 0]
    expected = naive_transposed(scores.astype(np.float64), dense, 2)
    np.testing.assert_allclose(Upsampling(2, 4, weight).full(scores), expected, atol=1e-5)


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("rows", [range(0, 5), range(3, 4), range(13, 40), range(30, 50)])
def test_a_window_is_a_part_of_the_whole(rows: range, learned: bool) -> None:
    rng = np.random.default_rng(4)
    scores = rng.standard_normal((2, 4, 6)).astype(np.float32)
    weight = rng.standard_normal((2, 2, 16, 16)).astype(np.float32) if learned else None
    upsampling = Upsampling(8, 16, weight)
    whole = np.pad(upsampling.full(scores), ((0, 0), (0, 20), (0, 0)))  # beyond the last cell there is nothing
    part = upsampling.window(scores, rows, range(7, 30))
    np.testing.assert_allclose(part, whole[:, rows.start : rows.stop, 7:30], atol=1e-5)


def test_the_bilinear_kernel_of_size_four() -> None:
    line = np.array([0.25, 0.75, 0.75, 0.25])  # 1 - |i - 1.5| / 2
    np.testing.assert_allclose(bilinear_kernel(4), np.outer(line, line))


def test_softmax_stays_finite_for_large_scores() -> None:
    probabilities = softmax(np.array([[1e4], [-1e4], [1e4]], dtype=np.float32))
    np.testing.assert_allclose(probabilities[:, 0], [0.5, 0, 0.5])
