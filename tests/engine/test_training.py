"""Training on a few small pictures: it learns, stops, and goes on to the same end."""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from fcn_studio import load, paths
from fcn_studio.cli.main import main
from fcn_studio.core.errors import Cancelled, CheckpointError, DataError
from fcn_studio.core.labels import LabelSet
from fcn_studio.engine.checkpoints.opening import open_checkpoint
from fcn_studio.engine.nets.architecture import VARIANTS
from fcn_studio.engine.nets.build import empty
from fcn_studio.engine.nets.trunks.googlenet import block_channels
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
    with pytest.raises(CheckpointError, match=r"best\.safetensors: no layer of its trunk"):
        Trainer(
            recipe=replace(second, trunk="alexnet"),
            data=data,
            run=tmp_path / "third",
            labels=camvid,
            device="cpu",
            data_card={},
            initial=tmp_path / "first" / BEST,
        )


def test_a_net_without_normalisation_goes_on_in_one_with_it(data: Path, tmp_path: Path, camvid: LabelSet) -> None:
    reports: list[EpochReport] = []
    first = replace(TINY, stages=(Stage(40, (48, 64), (0.9, 1.2), 2),), ema=0.9, batch_norm=False, dropout=0.0)
    trainer(first, data, tmp_path / "first", camvid).fit(on_epoch=reports.append, val_every=40)
    second = replace(TINY, stages=(Stage(1, (48, 64), (1.0, 1.0), 4),), dropout=0.0, learning_rate=1e-7, colour=0.0)
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
    assert again.transplant is not None
    assert len(again.transplant.set_up) == 15
    for variant in ("32s", "16s", "8s"):
        assert reports[-1].val[variant].mean_iu == pytest.approx(reports[-2].val[variant].mean_iu, abs=0.05)
    # The loss is that of normalisation by the batch, and would be that of an untrained net if it changed the features.
    assert reports[-1].loss < 1.5 * reports[-2].loss
    started = load(tmp_path / "second" / BEST).card["started_from"]
    assert started["layers"]["copied"] == ["score_fr", "score_pool4", "score_pool3"]
    assert len(started["layers"]["adapted"]) == 15
    assert started["name"] == "best"


NETS: dict[str, dict[str, Any]] = {
    "alexnet": {"trunk": "alexnet"},
    "caffe alexnet": {"trunk": "alexnet", "groups": 2, "local_response_norm": True, "batch_norm": False},
    "caffe vgg16": {"alignment": "caffe", "batch_norm": False, "variants": ("32s",), "upsampling": "learned"},
    "googlenet": {"trunk": "googlenet", "channels": block_channels(8)},
    "nearest": {"upsampling": "nearest"},
    "per class": {"upsampling": "per_class", "variants": ("16s", "8s")},
    "decoder": {"net": "decoder", "trunk": "blocks", "upsampling": "transposed"},
    "decoder 8s": {"net": "decoder", "skips": ("x4", "x3"), "addition": "before_norm", "upsampling": "nearest"},
    "decoder unpooling": {"net": "decoder", "trunk": "vgg11", "upsampling": "max_unpooling", "batch_norm": False},
}


@pytest.mark.parametrize("name", NETS)
def test_every_kind_of_net_learns_and_opens_again(data: Path, tmp_path: Path, camvid: LabelSet, name: str) -> None:
    choices = dict(NETS[name])
    outputs = 1 if "net" in choices else len(choices.get("variants", VARIANTS))
    choices |= {"last_channels": 4} if "net" in choices else {"fc_channels": 8, "dropout": 0.0}
    recipe = Recipe(
        **{"channels": (4, 4, 8, 8, 8), **choices},
        name=name,
        stages=(Stage(8, (48, 64), (1.0, 1.0), 4),),
        learning_rate=5e-3,
        variant_weights=(1.0,) * outputs,
        colour=0.0,
        flip=0.0,
        ema=0.5,
    )
    assert Recipe.from_dict(recipe.to_dict()) == recipe
    reports: list[EpochReport] = []
    trainer(recipe, data, tmp_path / "run", camvid).fit(on_epoch=reports.append, val_every=8)
    losses = [report.loss for report in reports]
    assert np.isfinite(losses).all()
    assert losses[-1] < 0.95 * losses[0]
    checkpoint = open_checkpoint(tmp_path / "run" / BEST)
    assert checkpoint.net.architecture == recipe.architecture(11)
    trace = load(tmp_path / "run" / BEST, device="cpu", precision="fp32").trace(data / "val" / "0.png")
    assert trace.mask(trace.variants[-1]).shape == (48, 64)
    again = trainer(recipe, data, tmp_path / "run", camvid)
    again.resume()
    again.fit()  # nothing is left


def test_a_run_of_before_there_were_other_nets_goes_on(data: Path, tmp_path: Path, camvid: LabelSet) -> None:
    steps = itertools.count()
    with pytest.raises(Cancelled):
        trainer(TINY, data, tmp_path / "run", camvid).fit(stop=lambda: next(steps) >= 5)
    state = torch.load(tmp_path / "run" / LAST, weights_only=True)
    old = (
        "name channels fc_channels batch_norm alignment upsampling dropout stages learning_rate warm_up weight_decay "
        "variant_weights label_smoothing ema colour flip seed"
    )
    plain = json.loads(state["recipe"])
    state["recipe"] = json.dumps({key: plain[key] for key in old.split()})
    del state["started_from"]
    torch.save(state, tmp_path / "run" / LAST)
    run = trainer(TINY, data, tmp_path / "run", camvid)
    run.resume()
    reports: list[EpochReport] = []
    run.fit(on_epoch=reports.append)
    assert [report.epoch for report in reports] == [3, 4]
    with pytest.raises(CheckpointError, match="another recipe"):
        trainer(replace(TINY, upsampling="learned"), data, tmp_path / "run", camvid).resume()


def test_where_a_run_started_is_known_after_it_was_resumed(data: Path, tmp_path: Path, camvid: LabelSet) -> None:
    recipe = replace(TINY, stages=(Stage(2, (48, 64), (1.0, 1.0), 2),))
    trainer(recipe, data, tmp_path / "first", camvid).fit()
    steps = itertools.count()
    with pytest.raises(Cancelled):
        Trainer(
            recipe=recipe,
            data=data,
            run=tmp_path / "second",
            labels=camvid,
            device="cpu",
            data_card={},
            initial=tmp_path / "first" / BEST,
        ).fit(stop=lambda: next(steps) >= 3)
    second = trainer(recipe, data, tmp_path / "second", camvid)
    second.resume()
    second.fit()
    digest = hashlib.sha256((tmp_path / "first" / BEST).read_bytes()).hexdigest()
    assert load(tmp_path / "second" / BEST).card["started_from"]["digest"] == digest


def test_the_command_says_what_became_of_each_layer(
    data: Path, tmp_path: Path, camvid: LabelSet, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = replace(TINY, stages=(Stage(1, (48, 64), (1.0, 1.0), 2),))
    trainer(recipe, data, tmp_path / "first", camvid).fit()
    (tmp_path / "small.toml").write_text(
        'name = "small"\nchannels = [4, 4, 8, 8, 8]\nfc_channels = 6\nvariants = ["32s"]\n'
        "[[stages]]\nepochs = 1\ncrop = [48, 64]\nscale = [1.0, 1.0]\nbatch = 2\n"
    )
    command = ["train", "--data", data, "-o", tmp_path / "second", "--recipe", tmp_path / "small.toml"]
    assert main([*map(str, command), "--init", str(tmp_path / "first" / BEST), "--device", "cpu"]) == 0
    said = capsys.readouterr().out
    assert "copied 13 layers: conv1_1, conv1_2, ..., conv5_3" in said
    assert "new 3 layers, of another shape: fc6 (8x8x7x7 there, 6x8x7x7 here)" in said
    assert "left out 2 layers, no such layer here: score_pool4, score_pool3" in said


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
    with pytest.raises(DataError, match="one cell at stride 32"):  # 33 pixels still give GoogLeNet one
        Recipe(trunk="googlenet", channels=block_channels(8), stages=(Stage(1, (33, 33), (1.0, 1.0), 1),))
    Recipe(trunk="alexnet", stages=(Stage(1, (32, 32), (1.0, 1.0), 1),))  # which never has less than nine
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


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"net": "decoder", "variant_weights": [0.3, 0.4, 1.0]},
            r"variant_weights = \[0\.3.*each of .*outputs: output",
        ),
        ({"variants": ["32s"], "variant_weights": [0.5, 1.0]}, r"variant_weights.*outputs: 32s\."),
        ({"net": "decoder", "fc_channels": 8}, "fc_channels = 8 means nothing to net = 'decoder'"),
        ({"last_channels": 8}, "last_channels = 8 means nothing to net = 'fcn'"),
        ({"net": "unet"}, "net = 'unet' must be fcn or decoder"),
        ({"variants": ["8s", "32s"]}, "coarsest first"),
        ({"net": "decoder", "scheme": "fcn4s"}, "Unknown scheme 'fcn4s'"),
        ({"net": "decoder", "scheme": "fcn8s", "skips": ["x4"]}, "scheme and skips"),
        ({"trunk": "resnet"}, "Unknown trunk 'resnet'"),
        ({"trunk": "googlenet"}, "no GoogLeNet's; with 32 in conv1"),
        ({"net": "decoder", "upsampling": "learned"}, "Unknown upsampling 'learned'"),
        ({"batch_norm": 3}, "The architecture in this recipe has batch_norm = 3"),
    ],
)
def test_a_recipe_of_no_net_is_refused_in_a_sentence(values: dict[str, Any], sentence: str) -> None:
    stage = {"epochs": 1, "crop": [64, 64], "scale": [1.0, 1.0], "batch": 2}
    with pytest.raises(DataError, match=sentence):
        Recipe.from_dict({**values, "stages": [stage]})


@pytest.mark.parametrize("path", sorted((paths.resources() / "recipes").glob("*.toml")), ids=lambda path: path.stem)
def test_packaged_recipes_name_nets_that_cpus_can_train(path: Path) -> None:
    recipe = read_recipe(path)
    assert recipe.name == path.stem
    net = empty(recipe.architecture(11))
    megabytes = sum(value.numel() for value in net.state_dict().values()) * 2 / 1e6
    if recipe.name == "vgg16-imagenet":
        assert 268 < megabytes < 270, "the published net"
    else:
        assert megabytes < 25


def test_a_scheme_stands_for_skips_and_outputs_have_weights_by_default() -> None:
    recipe = Recipe.from_dict({"net": "decoder", "scheme": "fcn8s", "stages": []})
    assert (recipe.skips, recipe.addition, recipe.variant_weights) == (("x4", "x3"), "before_norm", (1.0,))
    assert Recipe.from_dict({"variants": ["16s", "8s"], "stages": []}).variant_weights == (0.4, 1.0)
