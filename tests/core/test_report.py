"""Counting and reporting, on random masks, against scikit-learn, scipy and what the files say when they are read."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import distance_transform_edt
from sklearn.metrics import accuracy_score, jaccard_score
from sklearn.metrics import confusion_matrix as reference_confusion

from fcn_studio.core.catalog.checkpoint_names import display_names, heading
from fcn_studio.core.datasets.label_match import match_labels
from fcn_studio.core.errors import DataError, OutputError
from fcn_studio.core.judging.boundary import TRIMAP_WIDTHS
from fcn_studio.core.judging.evaluation import Contender, Evaluation, Tally
from fcn_studio.core.judging.photo_metrics import photo_metrics
from fcn_studio.core.labels import LabelSet, numbered_label_set
from fcn_studio.core.report.facts import CEILING_NOTE, Facts, too_few_classes
from fcn_studio.core.report.folder import save_report
from fcn_studio.core.report.html_cards import card_columns
from fcn_studio.core.report.mask_shelf import MaskShelf
from fcn_studio.core.report.photo_table import chain_of_steps, write_photo_table
from fcn_studio.core.report.thumbnails import mask_picture

Mask = NDArray[np.uint8]
VARIANTS = ("32s", "16s", "8s")
LABELS = LabelSet(
    "toy", ("sky", "<b>tree</b>", "car"), ((90, 140, 220), (40, 130, 40), (200, 40, 40)), void=7, void_colour=(0, 0, 0)
)


def _tally() -> Tally:
    contenders = tuple(Contender(key, f"FCN-{key}", key, "net", "ab" * 32, "cpu", "CPU", "fp32") for key in VARIANTS)
    return Tally(contenders, LABELS, (True,) * 3, (("32s", "16s"), ("16s", "8s")), ("32s", "8s"))


def _photos(folder: Path, count: int = 4) -> list[tuple[Path, Mask, dict[str, Mask]]]:
    rng = np.random.default_rng(6)
    found = []
    for number in range(count):
        height, width = 33 + number, 50
        truth = rng.integers(0, 4, (5, 5)).astype(np.uint8).repeat(10, 0).repeat(10, 1)[:height, :width]
        truth[truth == 3] = LABELS.void
        # The later variants err less, but for the last photo, where the finest is the worst.
        shares = (0.5, 0.3, 0.1) if number < count - 1 else (0.2, 0.3, 0.6)
        guess = np.where(truth == LABELS.void, 0, truth)
        masks = {
            key: np.where(rng.random(truth.shape) < share, rng.integers(0, 3, truth.shape), guess).astype(np.uint8)
            for key, share in zip(VARIANTS, shares, strict=True)
        }
        path = folder / "val" / f"photo {number} & <i>.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (height, width, 3)).astype(np.uint8)).save(path)
        found.append((path, truth, masks))
    return found


@pytest.fixture
def photos(tmp_path: Path) -> list[tuple[Path, Mask, dict[str, Mask]]]:
    return _photos(tmp_path)


def _evaluated(photos: list[tuple[Path, Mask, dict[str, Mask]]]) -> Evaluation:
    tally = _tally()
    for photo in photos:
        tally.add(*photo)
    return tally.result()


def _facts(folder: Path) -> Facts:
    return Facts("toy", folder, "val", "CC BY 4.0", "fcn-studio evaluate", "1.0", "2026-01-01T00:00:00+00:00")


def _boundary(truth: Mask) -> NDArray[np.bool_]:
    found = np.zeros(truth.shape, bool)
    for (y, x), label in np.ndenumerate(truth):
        for other_y, other_x in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
            if 0 <= other_y < truth.shape[0] and 0 <= other_x < truth.shape[1]:
                other = truth[other_y, other_x]
                found[y, x] |= label != other and LABELS.void not in (label, other)
    return found


def test_all_figures_are_scikit_learns_and_scipys(photos: list[tuple[Path, Mask, dict[str, Mask]]]) -> None:
    found = _evaluated(photos)
    truth = np.concatenate([one.ravel() for _, one, _ in photos])
    distance = np.concatenate([distance_transform_edt(~_boundary(one)).ravel() for _, one, _ in photos])
    for key in VARIANTS:
        mask = np.concatenate([masks[key].ravel() for _, _, masks in photos])
        labelled = truth != LABELS.void
        np.testing.assert_array_equal(
            found.confusion[key], reference_confusion(truth[labelled], mask[labelled], labels=range(3))
        )
        assert found.variants[key].mean_iu == pytest.approx(
            jaccard_score(truth[labelled], mask[labelled], average="macro")
        )
        for width, value in zip(TRIMAP_WIDTHS, found.boundary[key], strict=True):
            inside = labelled & (distance < width)
            assert value.mean_iu == pytest.approx(jaccard_score(truth[inside], mask[inside], average="macro"))
    for (_, one, masks), row in zip(photos, found.photos, strict=True):
        inside = one != LABELS.void
        near = inside & (distance_transform_edt(~_boundary(one)) < 4)
        for key, mask in masks.items():
            scores = row.variants[key]
            assert scores.pixel_accuracy == pytest.approx(accuracy_score(one[inside], mask[inside]))
            assert scores.mean_iu == pytest.approx(jaccard_score(one[inside], mask[inside], average="macro"))
            assert scores.boundary_mean_iu == pytest.approx(jaccard_score(one[near], mask[near], average="macro"))
        assert row.gain("32s", "8s").pixels == int((masks["8s"] == one).sum()) - int((masks["32s"] == one).sum())


def test_a_photos_row_alone_is_that_of_the_whole_run(photos: list[tuple[Path, Mask, dict[str, Mask]]]) -> None:
    rows = [photo_metrics(path, truth, masks, 3, LABELS.void) for path, truth, masks in photos]
    assert rows == list(_evaluated(photos).photos)


def test_neither_order_nor_splitting_of_the_photos_changes_a_figure(
    photos: list[tuple[Path, Mask, dict[str, Mask]]],
) -> None:
    whole = _evaluated(photos)
    backwards = _evaluated(photos[::-1])
    first, second = _tally(), _tally()
    for place, photo in enumerate(photos):
        (first if place % 3 else second).add(*photo)
    first.merge(second)
    for other in (backwards, first.result()):
        assert other.variants == whole.variants  # to the last bit
        assert other.boundary == whole.boundary
        assert other.ceilings == whole.ceilings
        assert {step: change.totals for step, change in other.skips.items()} == {
            step: change.totals for step, change in whole.skips.items()
        }
        assert other.worst(4) == whole.worst(4)
        assert other.gained_most(4) == whole.gained_most(4)
        assert other.confused("8s", 0, 1, 4) == whole.confused("8s", 0, 1, 4)


def test_photos_are_ranked_by_gain_and_by_each_confusion(photos: list[tuple[Path, Mask, dict[str, Mask]]]) -> None:
    found = _evaluated(photos)
    last = photos[-1][0]
    assert [row.photo for row in found.lost_most(3)] == [last]
    scores = [
        jaccard_score(truth[truth != LABELS.void], masks["8s"][truth != LABELS.void], average="macro")
        for _, truth, masks in photos
    ]
    assert [row.photo for row in found.worst(9)] == [photos[place][0] for place in np.argsort(scores)]
    assert last not in {row.photo for row in found.gained_most(9)}
    counts = {path: int(((truth == 2) & (masks["8s"] == 0)).sum()) for path, truth, masks in photos}
    assert {row.photo: pixels for row, pixels in found.confused("8s", 2, 0, 9)} == {
        path: pixels for path, pixels in counts.items() if pixels
    }
    assert found.confused("8s", 2, 0, 1)[0][1] == max(counts.values())


class _Page(HTMLParser):
    """What a page links to, and what it would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: set[str] = set()
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if name := values.get("id"):
            self.ids.append(name)
        if tag == "a":
            self.links.add(values["href"] or "")
        if "src" in values or tag == "link":
            self.sources.append(values.get("src") or "")


def test_the_report_holds_all_and_asks_for_nothing_outside(
    photos: list[tuple[Path, Mask, dict[str, Mask]]], tmp_path: Path
) -> None:
    found, out = _evaluated(photos), tmp_path / "report"
    with MaskShelf() as shelf:
        for photo in photos:
            shelf.put(*photo)
        save_report(found, _facts(tmp_path), out, shelf=shelf)
    assert {path.name for path in out.iterdir()} == {
        "report.html", "report.md", "photos.csv", "summary.json", "boundary.png", "gains.png", "pictures",
        "confusion_32s.csv", "confusion_16s.csv", "confusion_8s.csv",
    }  # fmt: skip
    text = (out / "report.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert page.sources
    assert all(source.startswith("data:image/") for source in page.sources)
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert len(set(page.ids)) == len(page.ids)
    assert any(link.startswith("#confusion-") for link in page.links)
    assert "<b>tree" not in text  # a class's name is text
    assert "<i>.png" not in text  # nor is a file's
    assert "may forbid passing them" in text
    for figure in (100 * value.mean_iu for value in found.variants.values()):
        assert f"{figure:.1f}" in text
    assert CEILING_NOTE in text

    markdown = (out / "report.md").read_text(encoding="utf-8")
    for picture in re.findall(r"\]\((\S+\.(?:png|jpg))\)", markdown):
        assert (out / picture).is_file()
    assert CEILING_NOTE in markdown

    rows = list(csv.DictReader((out / "photos.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["photo"] for row in rows] == [f"val/{path.name}" for path, _, _ in photos]
    for row, value in zip(rows, found.photos, strict=True):
        assert float(row["mean_iu_8s"]) == pytest.approx(value.variants["8s"].mean_iu, abs=1e-6)
        assert int(row["gain_pixels_32s_to_8s"]) == value.gain("32s", "8s").pixels
    matrix = list(csv.reader((out / "confusion_8s.csv").read_text(encoding="utf-8").splitlines()))
    assert [[int(cell) for cell in line[1:]] for line in matrix[1:]] == found.confusion["8s"].tolist()
    values = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert values["variants"]["16s"]["mean_iu"] == found.variants["16s"].mean_iu
    assert values["contenders"]["8s"]["digest"] == "ab" * 32
    assert "Void" in values["definitions"]


def test_names_of_files_are_no_formulas_to_a_spreadsheet_and_figures_stay_numbers(
    photos: list[tuple[Path, Mask, dict[str, Mask]]],
) -> None:
    found = _evaluated(photos)
    names = ["=HYPERLINK(1).png", "+1.png", "-1.png", "@a.png", "\t=1.png", "plain, with comma.png"]
    rows = [(name, found.photos[-1]) for name in names]
    file = io.StringIO(newline="")
    write_photo_table(file, [*rows, ("not measured.png", None)], {key: key for key in VARIANTS}, found.steps)
    assert found.steps == chain_of_steps(VARIANTS)
    read = list(csv.DictReader(io.StringIO(file.getvalue(), newline="")))
    assert [row["photo"] for row in read] == [*(f"'{name}" for name in names[:5]), names[5], "not measured.png"]
    gain = found.photos[-1].gain("32s", "8s")
    assert gain.mean_iu < 0  # the minus of a number stays its own
    assert float(read[0]["gain_mean_iu_32s_to_8s"]) == pytest.approx(gain.mean_iu, abs=1e-6)
    assert int(read[0]["gain_pixels_32s_to_8s"]) == gain.pixels
    assert set(read[-1].values()) == {"not measured.png", ""}


def test_a_report_takes_an_earlier_ones_place_but_no_other_folders(
    photos: list[tuple[Path, Mask, dict[str, Mask]]], tmp_path: Path
) -> None:
    found, out = _evaluated(photos), tmp_path / "out" / "report"
    assert not save_report(found, _facts(tmp_path), out)
    before = (out / "photos.csv").read_bytes()
    assert not (out / "pictures").exists()
    assert "data:image" not in (out / "report.html").read_text(encoding="utf-8")
    assert save_report(_evaluated(photos[:2]), _facts(tmp_path), out)  # says that it replaced one
    assert (out / "photos.csv").read_bytes() != before
    assert [path.name for path in out.parent.iterdir()] == ["report"]  # nothing half-written beside it
    (out / "mine.txt").write_text("keep")
    with pytest.raises(OutputError, match=r"holds mine\.txt"):
        save_report(found, _facts(tmp_path), out)
    assert (out / "mine.txt").read_text() == "keep"
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="a file is in the way"):
        save_report(found, _facts(tmp_path), tmp_path / "file")


def test_wrong_pixels_are_outlined_in_white_and_right_ones_keep_their_colour() -> None:
    truth = np.zeros((20, 20), np.uint8)
    truth[:, 15:] = LABELS.void
    mask = truth.copy()
    mask[:, 15:] = 2  # void: no error
    mask[5:10, 5:10] = 1
    picture = mask_picture(mask, LABELS, "a.png", truth=truth)
    pixels = np.asarray(Image.open(io.BytesIO(picture.content)).convert("RGB"))
    edge = np.zeros((20, 20), bool)
    edge[5:10, 5:10] = True
    edge[6:9, 6:9] = False
    np.testing.assert_array_equal((pixels == 255).all(axis=-1), edge)
    assert tuple(pixels[7, 7]) == LABELS.colours[1]
    assert tuple(pixels[0, 0]) == LABELS.colours[0]
    assert tuple(pixels[0, 19]) == LABELS.colours[2]


def _labels(name: str, *classes: str) -> LabelSet:
    return LabelSet(name, classes, ((1, 2, 3),) * len(classes))


def test_classes_are_matched_by_name_and_what_is_left_out_is_said() -> None:
    match = match_labels(_labels("data", "Sky", "traffic-sign", "boat"), _labels("net", "TrafficSign", "car", "sky"))
    assert match.table[:4].tolist() == [2, 0, 255, 255]
    assert match.counted == (True, False, True)
    words = " ".join(match.sentences())
    assert "traffic-sign = TrafficSign" in words
    assert "no such class: boat" in words
    assert "does not label car" in words
    assert match_labels(_labels("a", "Sky"), _labels("b", "sky")).sentences() == ()
    numbered = match_labels(_labels("data", "x", "y"), numbered_label_set(2))
    assert numbered.table[:3].tolist() == [0, 1, 255]
    with pytest.raises(DataError, match="no class name in common"):
        match_labels(_labels("data", "x"), _labels("net", "y"))


def test_a_set_without_boundaries_or_labels_has_dashes_and_no_nan_in_its_report(tmp_path: Path) -> None:
    tally = _tally()
    truth = np.full((20, 20), LABELS.void, np.uint8)
    tally.add(tmp_path / "a.png", truth, {key: np.zeros((20, 20), np.uint8) for key in VARIANTS})
    found = tally.result()
    assert math.isnan(found.variants["8s"].mean_iu)
    save_report(found, _facts(tmp_path), tmp_path / "report")
    for name in ("report.html", "report.md", "summary.json", "photos.csv"):
        assert not re.search(r"\bnan\b", (tmp_path / "report" / name).read_text(encoding="utf-8"), re.IGNORECASE)


def test_checkpoints_of_runs_are_called_by_their_folders(tmp_path: Path) -> None:
    def named(*places: str) -> tuple[str, ...]:
        files = [tmp_path / place for place in places]
        return display_names([file.name.removesuffix(".safetensors") for file in files], files)

    assert named("good/best.safetensors") == ("good/best",)
    assert named("good/best.safetensors", "run1/best.safetensors") == ("good/best", "run1/best")
    assert named("a/run/newest.safetensors", "b/run/newest.safetensors") == ("a/run/newest", "b/run/newest")
    assert named("r/best-16s.safetensors", "r/best-8s.safetensors") == ("r/best-16s", "r/best-8s")
    assert named("x/net.safetensors", "y/other.safetensors") == ("net", "other")
    assert named("x/net.safetensors", "y/net.safetensors") == ("x/net", "y/net")
    assert named("x/net.safetensors", "x/net.safetensors") == ("net-1", "net-2")
    assert heading(["a", "a", "b"]) == "a, b"
    assert heading(["a", "b", "c", "d"]) == "4 checkpoints"


def _of_nets(count: int, variants: tuple[str, ...]) -> Evaluation:
    contenders = tuple(
        Contender(f"{key}@net{net}", f"FCN-{key} of net{net}", key, f"net{net}", "ab" * 32, "cpu", "CPU", "fp32")
        for net in range(count)
        for key in variants
    )
    tally = Tally(contenders, LABELS, (True,) * 3, (), (contenders[0].key, contenders[-1].key) if count > 1 else None)
    truth = np.array([[0, 1], [2, 1]], np.uint8).repeat(8, 0).repeat(8, 1)
    tally.add(Path("a.png"), truth, {entry.key: np.zeros_like(truth) for entry in contenders})
    return tally.result()


def test_several_nets_have_a_column_each_beside_the_ceilings_and_even_rows_of_cards(tmp_path: Path) -> None:
    found = _of_nets(2, VARIANTS)
    save_report(found, _facts(tmp_path), tmp_path / "report")
    text = (tmp_path / "report/report.html").read_text(encoding="utf-8")
    assert "<h1>net0, net1 on toy, val</h1>" in text
    assert "<th>Mean IU of net0</th><th>Mean IU of net1</th>" in text
    share = f"{100 * found.variants['8s@net1'].mean_iu:.1f}"
    assert re.search(rf'<th scope="row">8 px</th><td>100\.0</td><td>100\.0</td><td>{share}</td><td>{share}</td>', text)
    assert [card_columns(_of_nets(count, VARIANTS)) for count in (1, 2, 3)] == [3, 3, 3]
    assert [card_columns(_of_nets(count, ("8s",))) for count in (4, 5, 6, 7)] == [4, 5, 3, 4]


def test_only_confusions_that_show_a_figure_are_links_and_repeated_photos_are_one_line(
    photos: list[tuple[Path, Mask, dict[str, Mask]]], tmp_path: Path
) -> None:
    path, truth, masks = photos[0]
    wide = np.full((100, 400), 2, np.uint8)
    guess = wide.copy()
    guess[0, :2] = 0  # 0.005 % of its class
    Image.fromarray(np.stack([wide] * 3, -1)).save(path.with_name("wide.png"))
    photos = [(path, truth, masks), (path.with_name("wide.png"), wide, dict.fromkeys(VARIANTS, guess))]
    photos[0][2]["8s"] = np.where(truth == LABELS.void, 0, truth)
    photos[0][2]["8s"][truth == 0] = 1
    found, out = _evaluated(photos), tmp_path / "report"
    with MaskShelf() as shelf:
        for photo in photos:
            shelf.put(*photo)
        save_report(found, _facts(tmp_path), out, shelf=shelf)
    text = (out / "report.html").read_text(encoding="utf-8")
    assert 'id="confusion-2-0"' in text
    assert 'href="#confusion-0-1"' in text
    assert 'href="#confusion-2-0"' not in text
    assert ">0.0</a>" not in text
    markdown = (out / "report.md").read_text(encoding="utf-8")
    assert text.count("Shown above: ") == markdown.count("Shown above: ") == 1
    pictures = re.findall(r"\]\((pictures/\S+)\)", markdown)
    assert len(set(pictures)) == len(pictures) == 2 * (2 + len(VARIANTS))
    assert set(re.findall(r"\]\(#(\S+?)\)", markdown)) <= set(re.findall(r'<a id="(\S+?)">', markdown))


def test_a_truth_of_one_class_alone_is_told(photos: list[tuple[Path, Mask, dict[str, Mask]]], tmp_path: Path) -> None:
    assert too_few_classes(_evaluated(photos), "val") is None
    for value, words in ((0, "In val only sky occurs"), (LABELS.void, "In val nothing is labelled")):
        truth = np.full((20, 20), value, np.uint8)
        found = _evaluated([(tmp_path / "a.png", truth, {key: np.zeros((20, 20), np.uint8) for key in VARIANTS})])
        told = str(too_few_classes(found, "val"))
        assert words in told
        assert "fcn-studio data check" in told
        assert "say nothing about telling classes apart" in told


def test_a_list_that_repeats_some_photos_shows_the_pictures_of_the_others_alone(tmp_path: Path) -> None:
    photos, out = _photos(tmp_path, 7), tmp_path / "report"
    found = _evaluated(photos)
    worst, gained = ({row.photo for row in rows} for rows in (found.worst(5), found.gained_most(5)))
    assert worst & gained  # some of either kind, or there is nothing to see
    assert gained - worst
    with MaskShelf() as shelf:
        for photo in photos:
            shelf.put(*photo)
        save_report(found, _facts(tmp_path), out, shelf=shelf)
    markdown = (out / "report.md").read_text(encoding="utf-8")
    pictures = re.findall(r"\]\((pictures/\S+)\)", markdown)
    assert len(set(pictures)) == len(pictures) == len(worst | gained) * (2 + len(VARIANTS))
    assert markdown.count("its pictures are above") == len(worst & gained)
