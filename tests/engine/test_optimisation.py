"""Optimizers and schedules against naive loops in float64 that know nothing of torch's."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fcn_studio.engine.nets.build import build
from fcn_studio.engine.training.optimisation import clip, make_optimizer, make_schedule
from fcn_studio.engine.training.recipes.recipe import Recipe, Stage

Array = NDArray[np.float64]
STEPS = 12
STAGES = (Stage(1, (64, 64), (1.0, 1.0), 2),)


class Small(nn.Module):
    """Two convolutions and a norm: every role that a parameter has."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 4, 3)
        self.bn = nn.BatchNorm2d(4)
        self.score = nn.Conv2d(4, 2, 1)
        nn.init.normal_(self.conv.bias)  # type: ignore[arg-type]
        self.double()

    def forward(self, photo: Tensor) -> Tensor:
        scores: Tensor = self.score(self.bn(self.conv(photo)).relu())
        return scores


WEIGHTS = ("conv.weight", "score.weight")
BIASES = ("conv.bias", "score.bias")


def recipe(**values: Any) -> Recipe:
    return Recipe(stages=STAGES, **values)


def run(chosen: Recipe, follow: Callable[[dict[str, Array], int], None]) -> dict[str, Array]:
    """Trains STEPS steps; `follow` hears the gradients of each. Returns the weights at the end."""
    net = Small()
    optimizer = make_optimizer(net, chosen, chosen.phases()[0])
    schedule = make_schedule(optimizer, chosen, chosen.phases()[0], STEPS)
    photos = torch.randn(STEPS, 2, 3, 8, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for step in range(STEPS):
        optimizer.zero_grad()
        (net(photos[step]) ** 2).sum().backward()
        follow(
            {name: value.grad.numpy().copy() for name, value in net.named_parameters() if value.grad is not None}, step
        )
        optimizer.step()
        schedule.step()
    return {name: value.detach().numpy() for name, value in net.named_parameters()}


def poly(step: int) -> float:
    """Rates with a warm-up of a quarter of 12 steps, then poly: 1/4, 2/4, 3/4, then (1 - s / 9) ** 0.9."""
    return (step + 1) / 4 if step < 3 else (1 - (step - 3) / 9) ** 0.9


def test_sgd_is_caffes() -> None:
    chosen = recipe(
        optimizer="sgd", momentum=0.95, weight_decay=0.05, learning_rate=1e-3, bias_learning_rate=2.0, schedule="poly",
        warm_up=0.25,
    )  # fmt: skip
    expected: dict[str, Array] = {name: value.detach().numpy().copy() for name, value in Small().named_parameters()}
    velocity = {name: np.zeros_like(value) for name, value in expected.items()}

    def naive(gradients: dict[str, Array], step: int) -> None:
        for name, gradient in gradients.items():
            rate = 1e-3 * poly(step) * (2 if name in BIASES else 1)
            decay = 0.05 if name in WEIGHTS else 0.0
            for place in np.ndindex(gradient.shape):
                change = rate * (gradient[place] + decay * expected[name][place])
                velocity[name][place] = 0.95 * velocity[name][place] + change
                expected[name][place] -= velocity[name][place]

    found = run(chosen, naive)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-12, atol=1e-15, err_msg=name)


@pytest.mark.parametrize("schedule", ["constant", "poly"])
def test_sgd_agrees_with_torchs_while_the_rate_stays(schedule: str) -> None:
    chosen = recipe(optimizer="sgd", weight_decay=0.05, learning_rate=1e-3, schedule=schedule, warm_up=0.0)
    found = run(chosen, lambda gradients, step: None)
    net = Small()
    groups: list[dict[str, Any]] = [
        {"params": [value for value in net.parameters() if value.ndim == 4], "weight_decay": 0.05},
        {"params": [value for value in net.parameters() if value.ndim == 1]},
    ]
    theirs = torch.optim.SGD(groups, lr=1e-3, momentum=0.9)
    photos = torch.randn(STEPS, 2, 3, 8, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for step in range(STEPS):
        for group in theirs.param_groups:
            group["lr"] = 1e-3 * ((1 - step / STEPS) ** 0.9 if schedule == "poly" else 1)
        theirs.zero_grad()
        (net(photos[step]) ** 2).sum().backward()
        theirs.step()
    pairs = [(found[name], value.detach().numpy()) for name, value in net.named_parameters()]
    same = all(np.allclose(ours, value, rtol=1e-10) for ours, value in pairs)
    assert same is (schedule == "constant")


def test_adamw_decays_weights_alone() -> None:
    chosen = recipe(learning_rate=1e-2, weight_decay=0.1, schedule="constant", warm_up=0.0)
    expected: dict[str, Array] = {name: value.detach().numpy().copy() for name, value in Small().named_parameters()}
    first = {name: np.zeros_like(value) for name, value in expected.items()}
    second = {name: np.zeros_like(value) for name, value in expected.items()}

    def naive(gradients: dict[str, Array], step: int) -> None:
        for name, gradient in gradients.items():
            if name in WEIGHTS:
                expected[name] -= 1e-2 * 0.1 * expected[name]
            first[name] = 0.9 * first[name] + 0.1 * gradient
            second[name] = 0.999 * second[name] + 0.001 * gradient**2
            mean, square = first[name] / (1 - 0.9 ** (step + 1)), second[name] / (1 - 0.999 ** (step + 1))
            expected[name] -= 1e-2 * mean / (np.sqrt(square) + 1e-8)

    found = run(chosen, naive)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-9, atol=1e-12, err_msg=name)


def rates(chosen: Recipe, steps: int, group: int = 0) -> list[float]:
    optimizer = make_optimizer(Small(), chosen, chosen.phases()[0])
    schedule = make_schedule(optimizer, chosen, chosen.phases()[0], steps)
    found = []
    for _ in range(steps):
        found.append(float(optimizer.param_groups[group]["lr"]))
        optimizer.step()
        schedule.step()
    return found


def test_schedules_rise_to_the_peak_and_fall_as_they_say() -> None:
    peak = {"learning_rate": 0.5}
    assert rates(recipe(schedule="constant", warm_up=0.0, **peak), 5) == [0.5] * 5
    assert rates(recipe(schedule="constant", warm_up=0.4, **peak), 5) == pytest.approx([0.5 / 3, 1 / 3, 0.5, 0.5, 0.5])
    assert rates(recipe(schedule="poly", warm_up=0.25, **peak), STEPS) == pytest.approx(
        [0.5 * poly(step) for step in range(STEPS)]
    )
    # Smith and Topin's cycle by torch's defaults: from a 25th up and down to a 10 000th of that, as cosines.
    found = rates(recipe(schedule="one_cycle", warm_up=0.25, **peak), 21)
    up = [0.5 / 25 + (0.5 - 0.5 / 25) * (1 - math.cos(math.pi * step / 4.25)) / 2 for step in range(5)]
    assert found[:5] == pytest.approx(up)
    assert found[-1] == pytest.approx(0.5 / 25 / 1e4)
    assert rates(recipe(bias_learning_rate=2.0, **peak), 21, group=2) == pytest.approx(
        [2 * rate for rate in rates(recipe(**peak), 21)]
    )


def test_one_cycle_leaves_the_momentum_of_sgd() -> None:
    chosen = recipe(optimizer="sgd", momentum=0.97)
    optimizer = make_optimizer(Small(), chosen, chosen.phases()[0])
    make_schedule(optimizer, chosen, chosen.phases()[0], 10)
    assert [group["momentum"] for group in optimizer.param_groups] == [0.97, 0.97]


def test_upsampling_is_fixed_unless_it_is_learned() -> None:
    for upsampling, count in (("bilinear", 0), ("per_class", 5)):
        chosen = recipe(channels=(4, 4, 8, 8, 8), fc_channels=8, upsampling=upsampling, batch_norm=False)
        net = build(chosen.architecture(2))
        optimizer = make_optimizer(net, chosen, chosen.phases()[0])
        trained = {id(value) for group in optimizer.param_groups for value in group["params"]}
        names = [name for name, value in net.named_parameters() if id(value) in trained]
        assert sum("upscore" in name for name in names) == count
        assert len(names) == len(trained) == count + 2 * 18


def test_gradients_are_clipped_to_their_norm_or_left() -> None:
    for bound, expected in ((5.0, 5.0), (0.0, 50.0)):
        net = nn.Linear(2, 1, bias=False)
        net.weight.grad = torch.tensor([[30.0, 40.0]])
        clip(net, recipe(clip_gradient=bound))
        assert float(net.weight.grad.norm()) == pytest.approx(expected)
