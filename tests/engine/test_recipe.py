"""Recipes and augmentation."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from fcn_studio import paths
from fcn_studio.core.errors import DataError
from fcn_studio.engine.nets.build import empty
from fcn_studio.engine.nets.trunks.googlenet import block_channels
from fcn_studio.engine.training.augment import augment, random_colour, random_crop
from fcn_studio.engine.training.recipes.recipe import Recipe, Stage, read_recipe

PUBLISHED = ("vgg16-imagenet", "paper-heavy", "paper-light", "at-once")
TINY = Recipe(
    name="tiny",
    channels=(4, 4, 8, 8, 8),
    fc_channels=8,
    dropout=0.2,
    stages=(Stage(2, (32, 48), (0.8, 1.2), 2), Stage(2, (48, 64), (1.0, 1.0), 2)),
    learning_rate=5e-3,
)


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


@pytest.mark.parametrize("seed", range(4))
def test_colours_are_those_of_a_plain_loop_in_float64(seed: int) -> None:
    photo = torch.randint(0, 256, (3, 7, 9), generator=torch.Generator().manual_seed(9)).float()
    photo[:, 0, :3] = torch.tensor([0.0, 255.0, 1.0])
    before = photo.clone()
    found = random_colour(photo, strength=0.4, generator=torch.Generator().manual_seed(seed))
    assert torch.equal(photo, before)
    chance = torch.Generator().manual_seed(seed)
    gamma, brightness, contrast, saturation = (
        math.exp(0.8 * float(torch.rand((), generator=chance)) - 0.4) for _ in range(4)
    )
    tint = [math.exp(0.2 * (float(each) - 0.5)) for each in torch.rand(3, 1, 1, generator=chance)]
    bright = [[(float(value) / 255) ** gamma * brightness for value in channel.flatten()] for channel in photo]
    mean = sum(map(sum, bright)) / (3 * 7 * 9)
    for index, pixel in enumerate(zip(*bright, strict=True)):
        red, green, blue = ((value - mean) * contrast + mean for value in pixel)
        grey = 0.299 * red + 0.587 * green + 0.114 * blue
        for channel, value in enumerate((red, green, blue)):
            wanted = 255 * min(max(((value - grey) * saturation + grey) * tint[channel], 0), 1)
            assert float(found[channel].flatten()[index]) == pytest.approx(wanted, abs=5e-4)


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
        ({"optimizer": "adam"}, "optimizer = 'adam' must be adamw or sgd"),
        ({"preprocessing": "bgr"}, "must be caffe, imagenet, halves or lite"),
        ({"momentum": 1.0}, "momentum = 1.0 must be 0 or more and less than 1"),
        ({"learning_rate": "fast"}, "learning_rate = 'fast' must be a number"),
        ({"learning_rate": float("nan")}, "learning_rate = nan must be more than 0"),
        ({"loss_sampling": 0.0}, "share of the cells"),
        ({"variant_weights": [0.0, 0.0, 0.0]}, "leave a stage without a loss"),
        ({"variant_weights": [1.0, 1.0, -1.0]}, "0 or more each"),
        ({"stages": []}, "no stages; it needs one at least"),
        ({"stages": {"epochs": 1}}, "no stages; it needs one at least"),
        ({"colour_of_the_sky": 1}, "Unknown recipe key 'colour_of_the_sky'; a recipe has: addition, "),
    ],
)
def test_a_recipe_of_no_net_is_refused_in_a_sentence(values: dict[str, Any], sentence: str) -> None:
    stage = {"epochs": 1, "crop": [64, 64], "scale": [1.0, 1.0], "batch": 2}
    with pytest.raises(DataError, match=sentence):
        Recipe.from_dict({"stages": [stage], **values})


@pytest.mark.parametrize("path", sorted((paths.resources() / "recipes").glob("*.toml")), ids=lambda path: path.stem)
def test_packaged_recipes_name_nets_that_cpus_can_train(path: Path) -> None:
    recipe = read_recipe(path)
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe
    assert recipe.name == path.stem
    net = empty(recipe.architecture(11))
    megabytes = sum(value.numel() for value in net.state_dict().values()) * 2 / 1e6
    if recipe.name in PUBLISHED:
        assert 268 < megabytes < 270, "the published net"
    else:
        assert megabytes < 25


def test_a_scheme_stands_for_skips_and_outputs_have_weights_by_default() -> None:
    recipe = Recipe.from_dict({"net": "decoder", "scheme": "fcn8s", "stages": [{"epochs": 1, "crop": [64, 64]}]})
    assert (recipe.skips, recipe.addition, recipe.variant_weights) == (("x4", "x3"), "before_norm", (1.0,))
    assert Recipe.from_dict(
        {"variants": ["16s", "8s"], "stages": [{"epochs": 1, "crop": [64, 64]}]}
    ).variant_weights == (0.4, 1.0)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"epochs": 0}, "epochs = 0 in a stage must be 1 or more"),
        ({"crop": [64]}, r"crop = \[64\] must be a list of two"),
        ({"batch": 1.5}, "batch = 1.5 must be a whole number"),
        ({"size": 3}, "Unknown stage key 'size'; a stage has: epochs, crop, "),
        (
            {"variants": ["8s", "16s"]},
            "in a stage must be some of the recipe's, once each, coarsest first: 32s, 16s, 8s",
        ),
        ({"learning_rate": 0}, "learning_rate = 0.0 in a stage must be more than 0"),
        ({"iterations": 0}, "iterations = 0 in a stage must be 1 or more"),
    ],
)
def test_a_stage_out_of_bounds_is_refused_in_a_sentence(values: dict[str, Any], sentence: str) -> None:
    stage = {"epochs": 1, "crop": [64, 64], "scale": [1.0, 1.0], "batch": 2}
    with pytest.raises(DataError, match=sentence):
        Recipe.from_dict({"stages": [{**stage, **values}]})
    with pytest.raises(DataError, match="no crop"):
        Recipe.from_dict({"stages": [{"epochs": 1, "batch": 2}]})
    with pytest.raises(DataError, match="neither epochs nor iterations"):
        Recipe.from_dict({"stages": [{"crop": [64, 64]}]})
    with pytest.raises(DataError, match="count all in one"):
        Recipe.from_dict({"stages": [stage, {"iterations": 5, "crop": [64, 64]}]})


def test_stages_of_other_variants_or_rates_are_phases() -> None:
    stage = TINY.stages[0]
    coarse = replace(stage, variants=("32s",))
    recipe = replace(
        TINY, stages=(coarse, coarse, replace(stage, variants=("16s",)), stage, replace(stage, learning_rate=1e-4))
    )
    phases = recipe.phases()
    assert [(phase.variants, phase.learning_rate, phase.first_epoch, phase.epochs) for phase in phases] == [
        (("32s",), 5e-3, 0, 4),
        (("16s",), 5e-3, 4, 2),
        (("32s", "16s", "8s"), 5e-3, 6, 2),
        (("32s", "16s", "8s"), 1e-4, 8, 2),
    ]
    assert [recipe.phase_at(epoch) for epoch in range(10)] == [phases[i] for i in (0, 0, 0, 0, 1, 1, 2, 2, 3, 3)]
    assert recipe.architecture(5, phases[1].variants).variants == ("16s",)
    assert len(TINY.phases()) == 1
    assert TINY.phases()[0].steps(11) == 4 * 5
    assert [sum(stage.epochs for stage in recipe.with_epochs(epochs).stages) for epochs in (4, 5, 23)] == [4, 5, 23]
    assert [phase.epochs for phase in recipe.with_epochs(20).phases()] == [8, 4, 4, 4]
    assert [phase.variants for phase in recipe.with_epochs(4).phases()] == [phase.variants for phase in phases]
    with pytest.raises(DataError, match="3 epochs are too few for the recipe's 4 phases"):
        recipe.with_epochs(3)


def test_iterations_are_as_many_steps_on_any_data_set() -> None:
    recipe = TINY.with_settings(["stages.0.iterations=20", "stages.1.iterations=7"])
    for images in (1, 4, 7, 100):
        known = recipe.in_epochs(images)
        counts = [known.steps_at(epoch, images) for epoch in range(known.epochs)]
        first = known.stages[0].epochs
        assert (sum(counts[:first]), sum(counts[first:])) == (20, 7)
        assert min(counts) > 0
        assert max(counts) <= max(images // 2, 1)
        assert known.phases()[0].steps(images) == 27
        assert Recipe.from_dict(known.to_dict()).in_epochs(images) == known
    assert [stage.epochs for stage in recipe.with_epochs(27).stages] == [20, 7]
    assert recipe.with_epochs(27).in_epochs(4).phases()[0].steps(4) == 2 * 27
    assert TINY.in_epochs(4) == TINY


def test_settings_change_a_recipe_as_its_file_would() -> None:
    changed = TINY.with_settings(
        ["learning_rate=1e-4", "optimizer=sgd", "stages.0.crop=[96, 128]", "stages.*.batch=4", 'variants=["16s", "8s"]']
    )
    stages = (Stage(2, (96, 128), (0.8, 1.2), 4), Stage(2, (48, 64), (1.0, 1.0), 4))
    assert changed == replace(
        TINY, learning_rate=1e-4, optimizer="sgd", stages=stages, variants=("16s", "8s"), variant_weights=(0.4, 1.0)
    )
    assert changed.with_settings([]) == changed
    rates = replace(TINY, stages=(replace(TINY.stages[0], learning_rate=1e-5), TINY.stages[1]))
    assert rates.with_settings(["learning_rate=1e-2"]).stages[0].learning_rate == pytest.approx(2e-5)
    assert rates.with_settings(["stages.0.iterations=5", "stages.1.iterations=5"]).stages[0].epochs == 0
    assert rates.with_settings(["stages.0.iterations=5", "stages.*.epochs=3"]).stages[0].iterations is None
    decoder = read_recipe(paths.resources() / "recipes" / "decoder.toml")
    assert decoder.with_settings(["scheme=fcn16s"]).skips == ("x4",)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("rate=1", r"rate: a recipe has no entry 'rate'; it has: addition, .*weight_decay"),
        ("stages.*.rate=1", r"stages\.\*\.rate: a stage has no entry 'rate'; it has: batch, .*variants"),
        ("stages.2.batch=1", "2 stages, numbered from 0"),
        ("stages=[]", r"as in stages\.0\.crop"),
        ("learning_rate", "KEY=VALUE"),
        ("variants=[8s]", "not TOML .*quotes around the whole setting"),
        ("variants=8", "has variants = 8"),
        ("seed=one", "seed = 'one' must be a whole number"),
    ],
)
def test_a_setting_that_no_recipe_has_is_refused_in_a_sentence(setting: str, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        TINY.with_settings([setting])


def test_the_papers_recipes_are_the_papers() -> None:
    heavy, light, once = (
        read_recipe(paths.resources() / "recipes" / f"{name}.toml")
        for name in ("paper-heavy", "paper-light", "at-once")
    )
    assert [(phase.variants, phase.learning_rate, phase.steps(8498)) for phase in heavy.phases()] == [
        (("32s",), 1e-10, 100_000),
        (("16s",), 1e-12, 100_000),
        (("8s",), 1e-14, 100_000),
    ]
    assert [(phase.variants, phase.learning_rate) for phase in light.phases()] == [
        (("32s",), 1e-4),
        (("16s",), 1e-6),
        (("8s",), 1e-8),
    ]
    assert [phase.steps(8498) for phase in once.phases()] == [300_000]
    for recipe in (heavy, light, once):
        assert recipe.preset.order == "bgr"
        assert (recipe.weight_decay, recipe.bias_learning_rate, recipe.clip_gradient) == (5e-4, 2.0, 0.0)
    assert [recipe.momentum for recipe in (heavy, light, once)] == [0.99, 0.9, 0.99]
    assert (once.pool4_scale, once.pool3_scale) == (0.01, 0.0001)


def test_a_card_of_before_there_were_these_choices_is_the_recipe_it_was() -> None:
    later = (
        "optimizer momentum bias_learning_rate schedule poly_power loss_reduction clip_gradient sampling loss_sampling"
    )
    card = json.loads(json.dumps(TINY.to_dict()))
    old = {key: value for key, value in card.items() if key not in (*later.split(), "preprocessing")}
    assert len(card) - len(old) == 10
    assert Recipe.from_dict(old) == TINY


def test_whole_photos_stay_whole_and_flip_with_their_labels() -> None:
    labels = torch.arange(35 * 50, dtype=torch.int64).reshape(35, 50).remainder(11).byte()
    photo = (labels * 20).expand(3, 35, 50).contiguous()
    recipe = replace(TINY, sampling="whole", colour=0.0)
    flips = 0
    for seed in range(20):
        generator = torch.Generator().manual_seed(seed)
        pixels, marks = augment(photo, labels, recipe=recipe, stage=recipe.stages[0], void=11, generator=generator)
        assert pixels.dtype == torch.float32
        assert torch.equal(pixels, marks.float().expand(3, -1, -1) * 20)
        flips += int(torch.equal(marks, labels.flip(-1)))
        assert torch.equal(marks, labels) or torch.equal(marks, labels.flip(-1))
    assert 3 < flips < 17
