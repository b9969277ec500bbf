"""Files are written whole or not at all, and say what they hold."""

from __future__ import annotations

import errno
import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from fcn_studio import load
from fcn_studio.core.errors import OutputError
from fcn_studio.core.figures.export import KINDS, planned_files, save_results
from fcn_studio.core.figures.pictures import figure, overlay
from fcn_studio.core.files import whole_file
from fcn_studio.core.palettes import palette_colours, with_colours
from fcn_studio.core.trace.trace import Trace


@pytest.fixture
def trace(tiny_checkpoint: Path, photo: NDArray[np.uint8]) -> Trace:
    return load(tiny_checkpoint, device="cpu", precision="fp32").trace(photo)


def test_a_mask_file_holds_indices_and_the_palette(trace: Trace, tmp_path: Path) -> None:
    save_results(trace, tmp_path, "street", kinds=("mask",), variants=("8s",))
    with Image.open(tmp_path / "street_8s.png") as image:
        assert image.mode == "P"
        assert image.size == (83, 61)
        np.testing.assert_array_equal(np.asarray(image), trace.mask("8s"))
        np.testing.assert_array_equal(
            np.asarray(image.convert("RGB")), np.array(trace.labels.colours, np.uint8)[trace.mask("8s")]
        )


def test_every_kind_is_written(trace: Trace, tmp_path: Path) -> None:
    written = save_results(trace, tmp_path / "new", "street", kinds=KINDS, variants=trace.variants)
    assert sorted(path.name for path in written) == sorted(
        [f"street_{variant}{kind}.png" for variant in ("32s", "16s", "8s") for kind in ("", "_overlay")]
        + ["street_figure.png", "street_scores.npz", "street.gif", "street.webp"]
        + ["street_heatmaps.png", "street_fusion.png", "street_contributions.npz", "street_decider.png"]
    )
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(path.name for path in written)
    with np.load(tmp_path / "new" / "street_scores.npz", allow_pickle=False) as file:
        np.testing.assert_array_equal(file["score_pool3"], trace.node("score_pool3"))
        assert json.loads(str(file["meta"]))["labels"]["classes"][8] == "Car"


@pytest.mark.parametrize("variants", [(), ("8s",), ("32s", "8s"), ("16s", "32s")])
def test_what_is_planned_is_what_is_written(trace: Trace, tmp_path: Path, variants: tuple[str, ...]) -> None:
    for number, kinds in enumerate([(), *((kind,) for kind in KINDS), *combinations(KINDS, 2), KINDS[::-1]]):
        folder = tmp_path / str(number)
        planned = planned_files(folder, "a.b", kinds=kinds, variants=variants)
        assert not folder.exists()
        assert save_results(trace, folder, "a.b", kinds=kinds, variants=variants) == planned
        assert set(tmp_path.glob(f"{number}/*")) == set(planned)
        assert len(set(planned)) == len(planned)


def test_chosen_colours_and_opacity_are_in_every_picture(trace: Trace, tmp_path: Path) -> None:
    labels = with_colours(trace.labels, palette_colours("tol", trace.labels))
    save_results(trace, tmp_path / "own", "a", kinds=KINDS, variants=("8s",))
    save_results(trace, tmp_path / "other", "a", kinds=KINDS, variants=("8s",), labels=labels, opacity=1.0)
    chosen = np.array(labels.colours, np.uint8)[trace.mask("8s")]
    with Image.open(tmp_path / "other" / "a_8s.png") as image:
        np.testing.assert_array_equal(np.asarray(image), trace.mask("8s"))
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), chosen)
    with Image.open(tmp_path / "other" / "a_8s_overlay.png") as image:
        np.testing.assert_array_equal(np.asarray(image), chosen)
    with Image.open(tmp_path / "other" / "a_figure.png") as image:
        seen = {tuple(pixel) for pixel in np.asarray(image).reshape(-1, 3).tolist()}
        assert {labels.colours[index] for index in np.unique(trace.mask("8s"))} <= seen
    for ending in ("gif", "webp"):
        with Image.open(tmp_path / "other" / f"a.{ending}") as image:
            image.seek(3)
            left = (image.width - 83) // 2
            found = np.asarray(image.convert("RGB"))[:61, left : left + 83].astype(int)
            assert np.median(np.abs(found - chosen)) < 8, ending
    for file in planned_files(tmp_path / "own", "a", kinds=KINDS, variants=("8s",)):
        if file.suffix != ".npz" and file.stem not in ("a_heatmaps", "a_decider"):  # these show no class colours
            assert file.read_bytes() != (tmp_path / "other" / file.name).read_bytes()
    with np.load(tmp_path / "other" / "a_scores.npz") as scores:
        assert json.loads(str(scores["meta"]))["labels"] == trace.labels.to_dict()  # scores have no colours to choose


def test_a_figures_legend_has_the_chosen_colours(trace: Trace) -> None:
    """At opacity 0 only the legend shows class colours."""
    odd = with_colours(trace.labels, tuple((251, 3, 100 + index) for index in range(11)))
    shown = {index for variant in trace.variants for index in np.unique(trace.mask(variant)).tolist()}
    pixels = np.asarray(figure(trace, title="a", labels=odd, opacity=0.0)).reshape(-1, 3)
    found = {tuple(pixel) for pixel in pixels.tolist() if pixel[:2] == [251, 3]}
    assert found == {odd.colours[index] for index in shown}


def test_an_overlay_is_the_weighted_mean_of_photo_and_colour(trace: Trace) -> None:
    mask = trace.mask("8s").copy()
    mask[0, 0] = trace.labels.void
    colours = np.array(trace.labels.palette(), np.float64)[mask]
    expected = trace.image * 0.4 + colours * 0.6
    found = overlay(trace.image, mask, trace.labels, opacity=0.6)
    assert found[0, 0].tolist() == trace.image[0, 0].tolist()  # void stays clear
    assert np.abs(found[1:].astype(float) - expected[1:]).max() <= 1.5


def test_background_stays_clear(trace: Trace) -> None:
    labels = replace(trace.labels, background=3)
    found = overlay(trace.image, np.full(trace.size, 3, np.uint8), labels, opacity=1.0)
    np.testing.assert_array_equal(found, trace.image)


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (700, 2), (900, 1400)])
def test_a_figure_fits_any_photo(tiny_checkpoint: Path, size: tuple[int, int]) -> None:
    image = np.full((*size, 3), 90, np.uint8)
    drawn = figure(load(tiny_checkpoint, device="cpu").trace(image), title="a long title " * 20)
    assert drawn.width < 4000
    assert drawn.height < 2500


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")

    def write() -> None:
        with whole_file(tmp_path / "a.txt") as temporary:
            temporary.write_text("half of the n")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match=r"a\.txt.*No space left"):
        write()
    assert (tmp_path / "a.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_file_in_the_way_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match=r"out"), whole_file(tmp_path / "out" / "a.png"):
        pass
