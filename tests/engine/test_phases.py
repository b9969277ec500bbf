"""The paper's training from coarse to fine, shrunk to a tiny net on four tiny photos."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from fcn_studio import paths
from fcn_studio.core.graph.fusion import bilinear_kernel
from fcn_studio.engine.nets.build import Net
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.training.augment import augment
from fcn_studio.engine.training.losses import training_loss
from fcn_studio.engine.training.optimisation import clip, make_optimizer, make_schedule
from fcn_studio.engine.training.recipes.phases import phase_net
from fcn_studio.engine.training.recipes.recipe import Recipe, read_recipe
from fcn_studio.engine.training.recipes.stages import Phase, Stage

VOID = 11
PHOTOS = 4


@pytest.fixture(scope="module")
def heavy() -> Recipe:
    """paper-heavy with few channels; rates are as many times larger as the photos and nets are smaller."""
    recipe = read_recipe(paths.resources() / "recipes" / "paper-heavy.toml")
    settings = ["channels=[4, 4, 8, 8, 8]", "fc_channels=8", "dropout=0.0", "momentum=0.9", "stages.*.iterations=10"]
    rates = [f"stages.{number}.learning_rate={rate}" for number, rate in enumerate((2e-6, 2e-7, 1e-7))]
    return recipe.with_settings([*settings, *rates]).in_epochs(PHOTOS)


@pytest.fixture(scope="module")
def photos() -> list[tuple[Tensor, Tensor]]:
    """A bright box on a dark ground, of other sizes each; the box is class 1, some pixels are void."""
    rng = np.random.default_rng(0)
    found = []
    for number in range(PHOTOS):
        marks = torch.zeros(40 + 4 * number, 64 - 4 * number, dtype=torch.uint8)
        top, left = rng.integers(0, 16, 2)
        marks[top : top + 20, left : left + 24] = 1
        photo = torch.where(marks[None] == 1, 220, 30).expand(3, -1, -1).to(torch.uint8)
        marks[:, -2:] = VOID
        found.append((photo, marks))
    return found


def loss_on(net: Net, recipe: Recipe, stage: Stage, pair: tuple[Tensor, Tensor]) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    pixels, marks = augment(*pair, recipe=recipe, stage=stage, void=VOID, generator=generator)
    scores = net(recipe.preset.normalise(pixels[None]))
    return training_loss(scores, marks[None].long(), recipe=recipe, stage=stage, void=VOID, class_weights=None)


def losses(net: Net, recipe: Recipe, phase: Phase, photos: list[tuple[Tensor, Tensor]]) -> float:
    with torch.no_grad():
        return sum(float(loss_on(net, recipe, phase.stages[0], pair)) for pair in photos)


def train(net: Net, recipe: Recipe, phase: Phase, photos: list[tuple[Tensor, Tensor]]) -> int:
    """The phase's steps, by epochs as a loop has them; returns how many there were."""
    optimizer = make_optimizer(net, recipe, phase)
    schedule = make_schedule(optimizer, recipe, phase, phase.steps(len(photos)))
    done = 0
    for epoch in range(phase.first_epoch, phase.first_epoch + phase.epochs):
        for step in range(recipe.steps_at(epoch, len(photos))):
            optimizer.zero_grad()
            loss_on(net, recipe, recipe.stage_at(epoch), photos[step]).backward()  # type: ignore[no-untyped-call]
            clip(net, recipe)
            optimizer.step()
            schedule.step()
            done += 1
    return done


def test_each_finer_net_begins_with_the_coarser_ones_scores(heavy: Recipe, photos: list[tuple[Tensor, Tensor]]) -> None:
    torch.manual_seed(heavy.seed)
    before: FCN | None = None
    layers = {"16s": ("score_pool4", "upscore2"), "8s": ("score_pool3", "upscore_pool4")}
    for phase in heavy.phases():
        net = phase_net(heavy, phase, 2, before)
        assert isinstance(net, FCN)
        assert net.architecture.variants == phase.variants
        if before is not None:
            skip, upscore = layers[phase.variants[0]]
            pixels = heavy.preset.normalise(photos[0][0][None].float())
            with torch.no_grad():
                maps = net.score(net.taps(pixels))
                coarse = before.fused(before.score(before.taps(pixels)), before.architecture.variants[0])[0]
                fused = net.fused(maps, phase.variants[0])[0]
            size = fused.shape[-2:]
            assert float(coarse.abs().max()) > 0, "the coarser net has learned something"
            assert not maps[skip].any(), "a new score layer is zero"
            assert torch.equal(fused, getattr(net, upscore)(coarse)[..., : size[0], : size[1]])
            kernel = torch.from_numpy(bilinear_kernel(4)).float().expand(2, 1, -1, -1)
            once_more = functional.conv_transpose2d(coarse, kernel, stride=2, groups=2)
            torch.testing.assert_close(fused, once_more[..., : size[0], : size[1]])
        start = losses(net, heavy, phase, photos)
        if before is None:
            pixels_labelled = sum(int((marks != VOID).sum()) for _, marks in photos)
            assert start == pytest.approx(np.log(2) * pixels_labelled, rel=1e-5), "zero scores: a toss, for each pixel"
        assert train(net, heavy, phase, photos) == 10
        assert losses(net, heavy, phase, photos) < 0.999 * start
        if before is not None:
            assert getattr(net, skip).weight.any(), "the new score layer has learned"
        before = net
    assert before is not None
    assert before.architecture.variants == ("8s",)
