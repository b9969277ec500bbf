"""Optimizers and schedules of a phase: AdamW, and SGD as Caffe's solver does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

from fcn_studio.engine.training.recipes.recipe import Recipe
from fcn_studio.engine.training.recipes.stages import Phase

CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)
BEHIND_TRUNK = ("fc6", "fc7", "bn6", "bn7", "score", "upscore", "deconv")  # layers that a classifier's file lacks


class CaffeSGD(Optimizer):
    """Momentum as Caffe's SGDSolver has it: v = momentum * v + lr * (g + decay * w); w = w - v.

    torch.optim.SGD keeps v without the learning rate and multiplies at the end, w = w - lr * v. While the rate stays
    the same, its v is this one divided by it, and both give the same weights. When the rate falls, Caffe's steps fall
    with the memory of the gradient, over 1 / (1 - momentum) steps (100 at 0.99), and torch's fall at once.
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float,
        *,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step down the gradients; parameters without one stay."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            rate, decay = group["lr"], group["weight_decay"]
            for value in group["params"]:
                if value.grad is None:
                    continue
                state = self.state[value]
                if "velocity" not in state:
                    state["velocity"] = torch.zeros_like(value, memory_format=torch.preserve_format)
                velocity = state["velocity"]
                velocity.mul_(group["momentum"]).add_(value.grad, alpha=rate)
                if decay:
                    velocity.add_(value, alpha=rate * decay)
                value.sub_(velocity)
        return loss


def make_optimizer(net: nn.Module, recipe: Recipe, phase: Phase) -> Optimizer:
    """The phase's optimizer: weights of convolutions decay, biases and norms do not; biases and trunk have own rates.

    Upsampling has weights only where it is learned; they are convolutions' then. What needs no gradient is left out.
    """
    rate = phase.learning_rate
    biases = {id(each.bias) for each in net.modules() if isinstance(each, CONVOLUTIONS) and each.bias is not None}
    gathered: dict[tuple[bool, float], list[Tensor]] = {}
    for name, value in net.named_parameters():
        if value.requires_grad:
            factor = 1.0 if name.startswith(BEHIND_TRUNK) else recipe.trunk_learning_rate
            factor *= recipe.bias_learning_rate if id(value) in biases else 1.0
            gathered.setdefault((value.ndim > 1, factor), []).append(value)
    # The order of older runs' last.pt: weights, then the rest, each at the whole rate before others.
    in_order = sorted(gathered.items(), key=lambda item: (not item[0][0], item[0][1] != 1))
    groups: list[dict[str, Any]] = [
        {"params": values, "weight_decay": recipe.weight_decay if decays else 0.0, "lr": rate * factor}
        for (decays, factor), values in in_order
    ]
    if recipe.optimizer == "sgd":
        return CaffeSGD(groups, lr=rate, momentum=recipe.momentum)
    return torch.optim.AdamW(groups, lr=rate)


def make_schedule(optimizer: Optimizer, recipe: Recipe, phase: Phase, steps: int) -> LRScheduler:
    """The phase's schedule, to be stepped after each of its `steps` steps.

    `one_cycle` is Smith and Topin's, which moves AdamW's first beta too (0.95, 0.85 at the peak, 0.95), and leaves the
    momentum of SGD alone. The two others rise in a line over the warm-up, then stay or fall to zero.
    """
    if recipe.schedule == "one_cycle":
        return OneCycleLR(
            optimizer,
            max_lr=[group["lr"] for group in optimizer.param_groups],
            total_steps=steps,
            pct_start=recipe.warm_up,
            cycle_momentum=recipe.optimizer != "sgd",
        )
    warm = round(recipe.warm_up * steps)
    power = recipe.poly_power if recipe.schedule == "poly" else 0.0

    def factor(step: int) -> float:
        if step < warm:
            return (step + 1) / (warm + 1)
        return float((1 - min((step - warm) / max(steps - warm, 1), 1)) ** power)

    return LambdaLR(optimizer, factor)


def clip(net: nn.Module, recipe: Recipe) -> None:
    """Scales the gradients down to the recipe's largest norm, if it has one."""
    if recipe.clip_gradient:
        nn.utils.clip_grad_norm_(net.parameters(), recipe.clip_gradient)
