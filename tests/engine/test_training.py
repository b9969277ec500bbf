"""Training on a few small pictures: it learns, stops, and goes on to the same end."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from fcn_studio import load, paths
from fcn_studio.core.errors import Cancelled, CheckpointError, DataError
from fcn_studio.core.labels import LabelSet
from fcn_studio.engine.training.augment import augment, random_crop
from fcn_studio.engine.training.loop import BEST, LAST, EpochReport, Trainer
from fcn_studio.engine.training.losses import class_weights, lovasz_softmax
from fcn_studio.engine.training.recipe import Recipe, Stage, read_recipe

TINY = Recipe(
    name="tiny",
    channels=(4, 4, 8, 8, 8),
    fc_channels=8,
    dropout=0.2,
    stages=(Stage(2, (32, 48), (0.8, 1.2), 2), Stage(2, (48, 64), (1.0, 1.0), 2)),
    learning_rate=5e-3,
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Four photos of a coloured box on a ground, in the layout of CamVid; the box is class 1."""
    rng = np.random.default_rng(0)
    for split in ("train", "val"):
        for folder in (split, f"{split}annot"):
            (tmp_path / "data" / folder).mkdir(parents=True)
        for number in range(4):
            mask = np.zeros((48, 64), np.uint8)
            top, left = rng.integers(0, 20, 2)
            mask[top : top + 24, left : left + 30] = 1
            photo = np.where(mask[:, :, None], [200, 60, 40], [40, 90, 160]) + rng.integers(0, 30, (48, 64, 3))
            mask[:, -2:] = 11
            Image.fromarray(photo.astype(np.uint8)).save(tmp_path / "data" / split / f"{number}.png")
            Image.fromarray(mask).save(tmp_path / "data" / f"{split}annot" / f"{number}.png")
    return tmp_path / "data"


def trainer(recipe: Recipe, data: Path, run: Path, labels: LabelSet) -> Trainer:
    return Trainer(recipe=recipe, data=data, run=run, labels=labels, device="cpu", data_card={"name": "boxes"})


def test_stop_and_resume_end_where_a_straight_run_ends(data: Path, tmp_path: Path, camvid: LabelSet) -> None:
    trainer(TINY, data, tmp_path / "straight", camvid).fit(val_every=1)
    steps = itertools.count()
    with pytest.raises(Cancelled):
        trainer(TINY, data, tmp_path / "broken", camvid).fit(val_every=1, stop=lambda: next(steps) >= 5)
    second = trainer(TINY, data, tmp_path / "broken", camvid)
    second.resume()
    second.fit(val_every=1)
    straight, broken = (load_file(tmp_path / name / BEST) for name in ("straight", "broken"))
    assert straight.keys() == broken.keys()
    for key, value in straight.items():
        assert torch.equal(value, broken[key]), key
    logs = [(tmp_path / name / "log.csv").read_text().splitlines() for name in ("straight", "broken")]
    without_speed = [[line.split(",")[:2] + line.split(",")[3:] for line in log] for log in logs]
    assert without_speed[0] == without_speed[1]


def test_it_learns_the_box(data: Path, tmp_path: Path, camvid: LabelSet) -> None:
    reports: list[EpochReport] = []
    recipe = replace(TINY, stages=(Stage(60, (48, 64), (0.9, 1.2), 2),), ema=0.9)
    trainer(recipe, data, tmp_path / "run", camvid).fit(on_epoch=reports.append, val_every=60)
    assert reports[-1].loss < 0.5 * reports[0].loss
    # two classes of eleven occur; guessing the ground everywhere gives a mean IU of about 0.35
    assert reports[-1].val["8s"].mean_iu > 0.6
    model = load(tmp_path / "run" / BEST)
    assert model.card["data"] == {"name": "boxes", "train_images": 4, "val_images": 4}
    assert model.card["val_mean_iu"]["8s"] == pytest.approx(reports[-1].val["8s"].mean_iu, abs=1e-4)


def test_a_warm_start_begins_where_the_checkpoint_ended(data: Path, tmp_path: Path, camvid: LabelSet) -> None:
    reports: list[EpochReport] = []
    first = replace(TINY, stages=(Stage(30, (48, 64), (0.9, 1.2), 2),), ema=0.9)
    trainer(first, data, tmp_path / "first", camvid).fit(on_epoch=reports.append, val_every=30)
    second = replace(TINY, stages=(Stage(1, (48, 64), (1.0, 1.0), 2),), learning_rate=1e-5, seed=9)
    again = Trainer(
        recipe=second,
        data=data,
        run=tmp_path / "second",
        labels=camvid,
        device="cpu",
        data_card={},
        initial=tmp_path / "first" / BEST,
    )
    again.fit(on_epoch=reports.append)
    assert reports[-1].val["8s"].mean_iu == pytest.approx(reports[-2].val["8s"].mean_iu, abs=0.05)
    assert load(tmp_path / "second" / BEST).card["started_from"]["card"]["recipe"]["name"] == "tiny"
    with pytest.raises(CheckpointError, match="not the recipe's"):
        Trainer(
            recipe=replace(second, fc_channels=16),
            data=data,
            run=tmp_path / "third",
            labels=camvid,
            device="cpu",
            data_card={},
            initial=tmp_path / "first" / BEST,
        )


def test_a_run_is_not_resumed_with_another_recipe(data: Path, tmp_path: Path, camvid: LabelSet) -> None:
    with pytest.raises(CheckpointError, match="nothing to resume"):
        trainer(TINY, data, tmp_path, camvid).resume()
    trainer(TINY, data, tmp_path, camvid).save()
    with pytest.raises(CheckpointError, match="another recipe"):
        trainer(replace(TINY, seed=5), data, tmp_path, camvid).resume()
    (tmp_path / LAST).write_bytes((tmp_path / LAST).read_bytes()[:2000])
    with pytest.raises(CheckpointError, match=r"last\.pt: cannot be resumed"):
        trainer(TINY, data, tmp_path, camvid).resume()


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_good_epoch(
    data: Path, tmp_path: Path, camvid: LabelSet
) -> None:
    run = trainer(replace(TINY, learning_rate=1e30, warm_up=0.5), data, tmp_path / "run", camvid)
    with pytest.raises(DataError, match=r"The loss became (nan|inf).*lower the learning rate"):
        run.fit()


def test_lovasz_on_hard_predictions_is_the_mean_of_one_minus_iu() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 200)
    predicted = np.where(rng.random(200) < 0.7, labels, rng.integers(0, 3, 200))
    one_hot = torch.eye(3)[torch.from_numpy(predicted)]
    loss = float(lovasz_softmax(one_hot, torch.from_numpy(labels)))
    ious = [((labels == c) & (predicted == c)).sum() / ((labels == c) | (predicted == c)).sum() for c in range(3)]
    assert loss == pytest.approx(1 - np.mean(ious), abs=1e-5)


def test_class_weights_favour_rare_classes_and_keep_the_mean() -> None:
    counts = torch.tensor([900, 90, 10])
    weights = class_weights(counts, 0.5)
    assert float((weights * counts / 1000).sum()) == pytest.approx(1)
    assert float(weights[2] / weights[0]) == pytest.approx(90**0.5, rel=1e-5)
    assert class_weights(counts, 0.0).tolist() == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.7])
def test_crops_keep_photo_and_labels_together(scale: float) -> None:
    labels = torch.arange(40 * 60, dtype=torch.int64).reshape(40, 60).div(60 * 8, rounding_mode="floor").byte()
    photo = (labels * 20).expand(3, 40, 60).contiguous()
    stage = Stage(1, (32, 32), (scale, scale), 1)
    for seed in range(10):
        generator = torch.Generator().manual_seed(seed)
        pixels, marks = random_crop(photo, labels, stage=stage, void=11, generator=generator)
        assert pixels.shape == (3, 32, 32)
        assert marks.shape == (32, 32)
        inside = marks != 11
        difference = (pixels[0] - marks.float() * 20).abs()[inside]
        assert float((difference > 10).float().mean()) < 0.15  # edges between labels are blended in the photo
        assert bool(inside.any())


def test_augmentation_depends_on_its_seed_alone() -> None:
    photo = torch.randint(0, 255, (3, 50, 60), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    labels = torch.zeros(50, 60, dtype=torch.uint8)

    def example(seed: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed)
        return augment(photo, labels, recipe=TINY, stage=TINY.stages[0], void=11, generator=generator)[0]

    assert torch.equal(example(3), example(3))
    assert not torch.equal(example(3), example(4))
    assert float(example(3).min()) >= 0
    assert float(example(3).max()) <= 255


def test_recipes_read_stretch_and_refuse_what_they_do_not_know(tmp_path: Path) -> None:
    modern = read_recipe(paths.resources() / "recipes" / "modern.toml")
    assert Recipe.from_dict(modern.to_dict()) == modern
    assert modern.with_epochs(7).epochs == 7
    assert modern.with_epochs(1).epochs == 1
    assert modern.stage_at(0) == modern.stages[0]
    assert modern.stage_at(modern.epochs - 1) == modern.stages[-1]
    with pytest.raises(DataError, match="one cell at stride 32"):
        Recipe(stages=(Stage(1, (32, 32), (1.0, 1.0), 1),))
    (tmp_path / "odd.toml").write_text("colour_of_the_sky = 1\nstages = []")
    with pytest.raises(DataError, match=r"odd\.toml.*colour_of_the_sky"):
        read_recipe(tmp_path / "odd.toml")


@pytest.mark.parametrize("damage", ["missing mask", "other size", "illegal label", "no split"])
def test_a_faulty_data_set_names_the_file(data: Path, tmp_path: Path, camvid: LabelSet, damage: str) -> None:
    mask = data / "trainannot" / "2.png"
    match damage:
        case "missing mask":
            mask.unlink()
        case "other size":
            Image.new("L", (5, 5)).save(mask)
        case "illegal label":
            Image.new("L", (64, 48), 77).save(mask)
        case "no split":
            (data / "val").rename(data / "elsewhere")
    with pytest.raises(DataError, match="val" if damage == "no split" else r"2\.png"):
        trainer(TINY, data, tmp_path / "run", camvid)
