"""What learns in one phase: the net, the running mean of its weights, the optimizer and its schedule."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from fcn_studio.engine.checkpoints.states import all_finite
from fcn_studio.engine.nets.build import Net
from fcn_studio.engine.nets.fcn import thinned
from fcn_studio.engine.tracing.device import DTYPES, Precision
from fcn_studio.engine.training.distributed import World, telling_of_the_end
from fcn_studio.engine.training.examples import Pair
from fcn_studio.engine.training.losses import training_loss
from fcn_studio.engine.training.optimisation import BEHIND_TRUNK, clip, make_optimizer, make_schedule
from fcn_studio.engine.training.recipes.recipe import Recipe
from fcn_studio.engine.training.recipes.stages import Phase, Stage
from fcn_studio.engine.training.seeds import STEP, generator_of, seed_of


class NotFinite(ArithmeticError):
    """The loss or the weights are no longer numbers; nothing was saved of them."""


class PhaseTrainer:
    """One phase's net in training.

    Attributes:
        net: The net itself.
        mean_net: Its running mean, which is judged and saved.
    """

    def __init__(
        self, net: Net, *, recipe: Recipe, phase: Phase, images: int, precision: Precision, void: int, world: World
    ) -> None:
        """Takes a net on its device.

        Args:
            net: To train.
            recipe: With all stages in epochs.
            phase: Which stages; the schedule is as long as they are.
            images: In the training split.
            precision: Of the convolutions: `fp32` or `bf16`.
            void: Label that is left out.
            world: The processes that share each batch.
        """
        self.recipe, self._void, self._world = recipe, void, world
        self._device = next(net.parameters()).device
        self._autocast = DTYPES[precision] if precision != "fp32" else None
        # Weight gradients of fp32 convolutions on CPUs take two to three times as long in channels_last.
        fast_last = self._device.type == "cuda" or precision != "fp32"
        self._format = torch.channels_last if fast_last else torch.contiguous_format
        self.net = self._placed(net)
        for name in recipe.frozen:
            self.net.get_submodule(name).requires_grad_(False)
        self.mean_net = copy.deepcopy(self.net).requires_grad_(False).eval()
        all_used = all(recipe.weights_by_output[name] for name in phase.variants)
        self._module = world.wrapped(self.net, all_used=all_used, in_one_part=recipe.sampling == "crops")
        self._optimizer = make_optimizer(self.net, recipe, phase)
        self._schedule = make_schedule(self._optimizer, recipe, phase, phase.steps(images))
        self._step = 0  # of the phase

    @property
    def learning_rate(self) -> float:
        """Of weights, at the step to come."""
        return float(self._optimizer.param_groups[0]["lr"])

    def step(self, pairs: Sequence[Pair], *, stage: Stage, weights: Tensor | None, number: int) -> float:
        """One step of all processes down the loss of the whole batch.

        Each process computes its own share, and photos of different sizes come one by one. A part's loss counts as its
        share of the batch's labelled pixels, each weighted by its class (or of its images, where the loss is a sum),
        so cross-entropy is what it is over the batch at once. Two terms are not sums over pixels, and are weighted
        means over the parts instead: Lovasz-softmax, and the labelled pixels that `loss_sampling` leaves.

        Args:
            pairs: This process's examples.
            stage: Its loss.
            weights: (C,) of the classes, on the CPU, or None.
            number: Of the step in the run, which seeds dropout and sampling.

        Returns:
            The loss of the whole batch.

        Raises:
            NotFinite: The loss is not; the weights stay as they were.
        """
        self.net.train()
        self._hold_statistics()
        parts = [Pair(each.photo, thinned(each.marks, self.recipe.loss_step)) for each in _stacked(pairs)]
        shares = [self._share(part.marks, weights) for part in parts]
        whole = float(self._world.sum(torch.tensor(sum(shares), dtype=torch.float64)))
        torch.manual_seed(seed_of(self.recipe.seed, STEP, number, self._world.rank))
        chance = generator_of(self.recipe.seed, STEP, number, self._world.rank)
        on_device = None if weights is None else weights.to(self._device)
        self._optimizer.zero_grad(set_to_none=True)
        loss = 0.0
        with telling_of_the_end():
            for position, (part, share) in enumerate(zip(parts, shares, strict=True), start=1):
                # Gradients are averaged over the processes at the last part, so each counts `size` times.
                factor = share / whole * self._world.size if whole else 0.0
                loss += self._part(part, stage, on_device, chance, factor, is_last=position == len(parts))
        loss = float(self._world.sum(torch.tensor(loss, dtype=torch.float64))) / self._world.size
        if not torch.isfinite(torch.tensor(loss)):
            raise NotFinite(f"The loss became {loss}")
        clip(self.net, self.recipe)
        self._optimizer.step()
        self._schedule.step()
        self._step += 1
        self._update_mean()
        return loss

    def _part(
        self,
        part: Pair,
        stage: Stage,
        weights: Tensor | None,
        chance: torch.Generator,
        factor: float,
        *,
        is_last: bool,
    ) -> float:
        photo, marks = self._sent(part.photo), self._sent(part.marks).long()
        inputs = self.recipe.preset.normalise(photo).contiguous(memory_format=self._format)
        waits = not is_last and isinstance(self._module, DistributedDataParallel)
        with self._module.no_sync() if waits else contextlib.nullcontext():  # type: ignore[operator]
            with torch.autocast(self._device.type, dtype=self._autocast, enabled=self._autocast is not None):
                scores: Mapping[str, Tensor] = self._scores(inputs)
            loss = factor * training_loss(
                scores,
                marks,
                recipe=self.recipe,
                stage=stage,
                void=self._void,
                class_weights=weights,
                generator=chance,
            )
            loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    def _scores(self, inputs: Tensor) -> Mapping[str, Tensor]:
        step = self.recipe.loss_step
        found: Mapping[str, Tensor] = self._module(inputs, step) if step > 1 else self._module(inputs)
        return found

    def _hold_statistics(self) -> None:
        """Puts the normalisations that keep their statistics into evaluation mode."""
        for name in self.recipe.frozen:
            self.net.get_submodule(name).eval()
        if self.recipe.frozen_norms:
            for name, module in self.net.named_modules():
                if isinstance(module, nn.BatchNorm2d) and not name.startswith(BEHIND_TRUNK):
                    module.eval()

    def _share(self, marks: Tensor, weights: Tensor | None) -> float:
        if self.recipe.loss_reduction == "sum":
            return float(len(marks))
        labelled = marks[marks != self._void].flatten().long()
        if weights is None:
            return float(labelled.numel())
        return float(torch.bincount(labelled, minlength=len(weights)).double() @ weights.double())

    def _sent(self, values: Tensor) -> Tensor:
        if self._device.type != "cuda":
            return values.to(self._device)
        return values.pin_memory().to(self._device, non_blocking=True)

    def _placed(self, net: Net) -> Net:
        return net.to(self._device, memory_format=self._format)  # type: ignore[call-overload, no-any-return]

    @torch.no_grad()
    def _update_mean(self) -> None:
        decay = min(self.recipe.ema, (1 + self._step) / (10 + self._step))  # short memory while weights move fast
        pairs = zip(self.mean_net.state_dict().values(), self.net.state_dict().values(), strict=True)
        for mean, value in pairs:
            if mean.is_floating_point() and decay:
                mean.lerp_(value, 1 - decay)
            else:
                mean.copy_(value)

    def settle(self) -> None:
        """Makes the running statistics of all processes those of the first, before they are judged."""
        self._world.take_from_first([value for value in self.mean_net.buffers() if value.is_floating_point()])

    def check(self) -> None:
        """Makes sure that all weights are numbers.

        Raises:
            NotFinite: One is not.
        """
        for net in (self.net, self.mean_net):
            for value in net.state_dict().values():
                if value.is_floating_point() and not all_finite(value):
                    raise NotFinite("A weight became infinite or undefined")

    def state(self) -> dict[str, Any]:
        """All that `take_up` needs."""
        return {
            "net": self.net.state_dict(),
            "mean_net": self.mean_net.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "schedule": self._schedule.state_dict(),
            "step": self._step,
        }

    def take_up(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `state` gave; KeyError, ValueError or RuntimeError where it is another net's."""
        self.net.load_state_dict(state["net"])
        self.mean_net.load_state_dict(state["mean_net"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        self._step = int(state["step"])


def _stacked(pairs: Sequence[Pair]) -> list[Pair]:
    """One part of all examples where they are of one size, else each by itself; photos (N, 3, H, W)."""
    if len({pair.marks.shape for pair in pairs}) == 1:
        return [Pair(torch.stack([pair.photo for pair in pairs]), torch.stack([pair.marks for pair in pairs]))]
    return [Pair(pair.photo[None], pair.marks[None]) for pair in pairs]
