"""What a recipe says of a trunk that was trained before: its rate, what stays, rare photos, thinned losses."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from fcn_studio import paths
from fcn_studio.core.datasets.dataset import find_examples
from fcn_studio.core.errors import DataError
from fcn_studio.core.labels import LabelSet
from fcn_studio.engine.nets.build import build
from fcn_studio.engine.nets.fcn import thinned
from fcn_studio.engine.nets.trunks.efficientnet_lite_table import block_channels
from fcn_studio.engine.training.distributed import ALONE
from fcn_studio.engine.training.examples import Allowance, Examples, Pair, repeat_factors
from fcn_studio.engine.training.losses import sampled
from fcn_studio.engine.training.optimisation import make_optimizer
from fcn_studio.engine.training.phase_trainer import PhaseTrainer
from fcn_studio.engine.training.readers import Readers
from fcn_studio.engine.training.recipes.recipe import Recipe, Stage, read_recipe
from fcn_studio.engine.training.seeds import epoch_order

STAGE = Stage(1, (64, 64), (1.0, 1.0), 2, class_balance=0.0, lovasz=0.0)
LITE = Recipe(
    name="lite",
    trunk="efficientnet_lite0",
    channels=block_channels("efficientnet_lite0"),
    fc_channels=8,
    dropout=0.0,
    preprocessing="lite",
    stages=(STAGE,),
    learning_rate=1e-2,
    weight_decay=0.0,
    schedule="constant",
    warm_up=0.0,
    ema=0.0,
)
CLASSES = 3


def pairs(count: int = 2) -> list[Pair]:
    chance = torch.Generator().manual_seed(3)
    photo = torch.randint(0, 256, (count, 3, 64, 64), generator=chance).float()
    marks = torch.randint(0, CLASSES, (count, 64, 64), generator=chance, dtype=torch.uint8)
    return [Pair(*each) for each in zip(photo, marks, strict=True)]


def trained(recipe: Recipe, steps: int = 1) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """A net's tensors before and after some steps."""
    torch.manual_seed(0)
    net = build(recipe.architecture(CLASSES))
    before = {name: value.clone() for name, value in net.state_dict().items()}
    training = PhaseTrainer(
        net, recipe=recipe, phase=recipe.phases()[0], images=100, precision="fp32", void=255, world=ALONE
    )
    for number in range(steps):
        training.step(pairs(), stage=STAGE, weights=None, number=number)
    return before, {name: value.contiguous() for name, value in training.net.state_dict().items()}


def test_frozen_layers_keep_weights_and_statistics() -> None:
    before, after = trained(replace(LITE, frozen=("stem", "stage1", "stage2")), steps=2)
    moved = {name.partition(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert moved == {"stage3", "stage4", "stage5", "stage6", "stage7", "fc6", "score_fr", "score_pool4", "score_pool3"}


def test_frozen_norms_keep_the_trunks_statistics_and_learn_their_factors() -> None:
    before, after = trained(replace(LITE, frozen_norms=True), steps=2)
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    statistics = {name for name in before if name.endswith(("running_mean", "running_var"))}
    assert {name for name in statistics if name.startswith("fc6")} <= moved
    assert not moved & {name for name in statistics if name.startswith(("stem", "stage"))}
    assert {name for name in moved if name.startswith("stage") and name.endswith("bn.weight")}


def test_the_trunk_has_a_rate_of_its_own() -> None:
    recipe = replace(LITE, trunk_learning_rate=0.1, bias_learning_rate=2.0)
    net = build(recipe.architecture(CLASSES))
    optimizer = make_optimizer(net, recipe, recipe.phases()[0])
    rates = {id(value): group["lr"] for group in optimizer.param_groups for value in group["params"]}
    found = {name: rates[id(value)] for name, value in net.named_parameters()}
    assert found["stage4.0.expand.conv.weight"] == pytest.approx(1e-3)
    assert found["fc6.conv.weight"] == found["score_pool4.weight"] == pytest.approx(1e-2)
    assert found["score_fr.bias"] == pytest.approx(2e-2)


@pytest.mark.parametrize("step", [2, 4])
def test_a_thinned_loss_is_the_loss_of_its_pixels(step: int) -> None:
    """The other pixels made void, the whole loss has the same value, so it takes the same step."""
    thin = [
        Pair(
            pair.photo,
            torch.full_like(pair.marks, 255).index_put_(
                torch.meshgrid(torch.arange(step - 1, 64, step), torch.arange(step - 1, 64, step), indexing="ij"),
                pair.marks[step - 1 :: step, step - 1 :: step],
            ),
        )
        for pair in pairs()
    ]
    losses = []
    for recipe, examples in ((replace(LITE, loss_step=step), pairs()), (LITE, thin)):
        torch.manual_seed(0)
        net = build(recipe.architecture(CLASSES))
        torch.nn.init.normal_(net.get_submodule("score_fr").weight)  # type: ignore[arg-type]
        training = PhaseTrainer(
            net, recipe=recipe, phase=recipe.phases()[0], images=100, precision="fp32", void=255, world=ALONE
        )
        losses.append(training.step(examples, stage=STAGE, weights=None, number=0))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


@pytest.mark.parametrize("step", [2, 4])
def test_a_thinned_loss_draws_cells_as_large_on_the_photo(step: int) -> None:
    """Cells of stride 32 of the photo stay or go as a whole, whatever is left of their pixels."""
    marks = torch.ones(1, 96, 128, dtype=torch.long)
    chances = [torch.Generator().manual_seed(5) for _ in range(2)]
    whole = sampled(marks, 32, share=0.5, void=255, generator=chances[0])
    few = sampled(thinned(marks, step), 32 // step, share=0.5, void=255, generator=chances[1])
    assert set(whole.flatten().tolist()) == {1, 255}
    assert torch.equal(few, thinned(whole, step))


def test_weights_and_the_rest_stay_apart_where_nothing_decays() -> None:
    """As last.pt of a run without decay has them, which is resumed group by group."""
    net = build(LITE.architecture(CLASSES))
    optimizer = make_optimizer(net, LITE, LITE.phases()[0])
    dimensions = [{value.ndim > 1 for value in group["params"]} for group in optimizer.param_groups]
    assert dimensions == [{True}, {False}]


def test_photos_of_rare_classes_come_up_by_the_root_of_their_share(tmp_path: Path, camvid: LabelSet) -> None:
    """Ten photos hold class 0, five class 1 and one class 2; with a threshold of 0.5 that one comes up 2.24 times."""
    for folder in ("train", "trainannot"):
        (tmp_path / folder).mkdir()
    for number in range(10):
        mask = np.zeros((8, 8), np.uint8)
        mask[0] = number % 2
        if number == 4:
            mask[1] = 2
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "train" / f"{number}.png")
        Image.fromarray(mask).save(tmp_path / "trainannot" / f"{number}.png")
    examples = Examples(find_examples(tmp_path, "train"), camvid, Allowance(1 << 20))
    with Readers(1) as readers:
        factors = repeat_factors(examples, readers, threshold=0.5)
    assert factors.tolist() == pytest.approx([1, 1, 1, 1, math.sqrt(0.5 / 0.1), 1, 1, 1, 1, 1])
    counts = Counter(itertools.chain.from_iterable(epoch_order(1, epoch, 10, factors) for epoch in range(400)))
    assert sum(counts.values()) == 4000
    usual = sum(count for number, count in counts.items() if number != 4) / 9
    assert counts[4] / usual == pytest.approx(math.sqrt(5), rel=0.1)
    assert epoch_order(1, 3, 10, factors) == epoch_order(1, 3, 10, factors)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"frozen": ("stage9",)}, "stage9"),
        ({"loss_step": 3}, "1, 2 or 4"),
        ({"rare_photos": 1.5}, "rare_photos"),
        ({"trunk_learning_rate": -1.0}, "trunk_learning_rate"),
        ({"channels": (1, 2, 3, 4, 5)}, "efficientnet_lite0"),
        (
            {"trunk": "vgg16", "channels": (4, 4, 4, 4, 4), "loss_step": 2},
            "cells lie on pixels",
        ),
    ],
)
def test_values_that_do_not_fit_are_named(changed: dict[str, object], told: str) -> None:
    with pytest.raises(DataError, match=told):
        replace(LITE, **changed)  # type: ignore[arg-type]


def test_settings_say_true_and_false() -> None:
    assert LITE.with_settings(["frozen_norms=true"]).frozen_norms is True
    with pytest.raises(DataError, match="true or false"):
        LITE.with_settings(["frozen_norms=3"])


def test_the_recipe_for_everyday_photos_is_one() -> None:
    recipe = read_recipe(paths.resources() / "recipes" / "everyday.toml")
    assert recipe.architecture(21).num_classes == 21
    assert recipe.preset.mean == (127, 127, 127)
