"""What a run has learned so far: its net in training, its counts, and last.pt, which holds both."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.run_folder import LAST
from fcn_studio.engine.nets.build import Net
from fcn_studio.engine.training.failures import diverged
from fcn_studio.engine.training.phase_trainer import NotFinite, PhaseTrainer
from fcn_studio.engine.training.recipes.phases import phase_net
from fcn_studio.engine.training.recipes.recipe import Recipe
from fcn_studio.engine.training.run_config import RunConfig
from fcn_studio.engine.training.saved_state import load_state, of_same_recipe, save_state
from fcn_studio.engine.training.seeds import NET, seed_of
from fcn_studio.engine.training.trainer_state import TrainerState


class Learner:
    """The net of the phase that a run is in, and where in the run that is.

    Attributes:
        training: The phase's net in training; `enter` sets it first.
        state: The run's counts.
        class_pixels: (classes,) int64 of the training split, once they are counted for class weights.
        previous: Of the checkpoint that the run started from, as its own checkpoints keep it.
        saved: When last.pt was written, or the run began, in seconds of `time.monotonic`.
    """

    training: PhaseTrainer

    def __init__(self, run: Path, config: RunConfig, *, recipe: Recipe, images: int) -> None:
        """Has no net yet.

        Args:
            run: Folder of the run.
            config: Its choices.
            recipe: With all stages in epochs.
            images: In the training split.
        """
        self._run, self._config, self._recipe, self._images = run, config, recipe, images
        self._phases = recipe.phases()
        self._phase = 0
        self.state = TrainerState()
        self.class_pixels: Tensor | None = None
        self.previous: dict[str, Any] = {}
        self.saved = time.monotonic()

    def new_net(self, phase: int = 0, before: Net | None = None) -> Net:
        """A phase's net on its device, fresh or from that of the phase before."""
        torch.manual_seed(seed_of(self._recipe.seed, NET, phase))
        net = phase_net(self._recipe, self._phases[phase], len(self._config.labels), before)
        return net.to(self._config.device)

    def enter(self, net: Net, phase: int = 0) -> None:
        """Begins a phase with its net."""
        self._phase = phase
        self.training = PhaseTrainer(
            net,
            recipe=self._recipe,
            phase=self._phases[phase],
            images=self._images,
            precision=self._config.precision,
            void=self._config.labels.void,
            world=self._config.world,
        )

    def enter_phase_of(self, epoch: int) -> None:
        """Goes on to the phase of an epoch (from 0), with the mean weights of the one before, unless it is there."""
        phase = max(number for number, each in enumerate(self._phases) if each.first_epoch <= epoch)
        if phase != self._phase:
            self.training.settle()
            self.enter(self.new_net(phase, self.training.mean_net), phase)

    def check(self) -> None:
        """Makes sure that all weights are numbers.

        Raises:
            RunFailed: One is not.
        """
        try:
            self.training.check()
        except NotFinite as error:
            raise diverged(self._run, self.state, error) from error

    def save(self) -> None:
        """Writes last.pt: all that `resume` needs, whole or not at all; of many processes only the first does.

        Raises:
            OutputError: There is no space or no right; the older file stays.
            RunFailed: A weight is no number any more; the older file stays.
        """
        self.check()
        self.write()

    def write(self) -> None:
        """Saves weights that are checked already.

        Raises:
            OutputError: There is no space or no right; the older file stays.
        """
        self.saved = time.monotonic()
        if not self._config.world.is_first:
            return
        state = {
            "recipe": json.dumps(self._config.recipe.to_dict()),
            "started_from": json.dumps(self.previous),
            "images": self._images,
            "phase": self._phase,
            "place": self.state.to_dict(),
            "learner": self.training.state(),
        }
        if self.class_pixels is not None:
            state["class_pixels"] = self.class_pixels
        save_state(self._run, state)

    def resume(self) -> None:
        """Goes on from last.pt, from the very step.

        Raises:
            CheckpointError: There is none, it is damaged, or it was made by another recipe or on other data.
        """
        path, state = self._run / LAST, load_state(self._run)
        if not of_same_recipe(state["recipe"], self._config.recipe):
            raise CheckpointError(f"{path}: made by another recipe; resume with the same one, or use a new folder.")
        images = state.get("images", self._images)
        if images != self._images:
            raise CheckpointError(
                f"{path}: made with {images} training images; {self._config.data} has {self._images} now. Use a "
                "new folder, with --init to go on from its checkpoint."
            )
        try:
            phase = int(state.get("phase", 0))
            if phase != self._phase:
                self.enter(self.new_net(phase), phase)
            # Runs of before there were phases have all on one level.
            self.training.take_up(state.get("learner", state))
            self.state = TrainerState.from_dict(state.get("place", state), self._phases[phase].variants[-1])
            self.previous = json.loads(state.get("started_from", "{}"))
        except (KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError(f"{path}: cannot be resumed ({error}).") from error
        self.class_pixels = state.get("class_pixels")
