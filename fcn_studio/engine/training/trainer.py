"""A training run: epochs of augmented crops, the running mean of weights judged on val, phase after phase."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from fcn_studio.core.datasets.checks.class_presence import only_class_sentence
from fcn_studio.core.datasets.dataset import Dataset, open_dataset
from fcn_studio.core.errors import Cancelled, DataError
from fcn_studio.core.judging.metrics import Metrics
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.run_folder import EpochRow, Scores
from fcn_studio.engine.nets.build import Net
from fcn_studio.engine.nets.surgery_report import Transplant
from fcn_studio.engine.tracing.device import DeviceChoice, Precision
from fcn_studio.engine.training.batches import training_batches
from fcn_studio.engine.training.distributed import ALONE, World
from fcn_studio.engine.training.evaluator import Evaluator
from fcn_studio.engine.training.examples import Examples, class_pixels, repeat_factors, usual_allowance
from fcn_studio.engine.training.failures import diverged, telling_of_memory
from fcn_studio.engine.training.learner import Learner
from fcn_studio.engine.training.losses import class_weights
from fcn_studio.engine.training.phase_trainer import NotFinite
from fcn_studio.engine.training.progress import Callbacks, EpochReport, Progress, ProgressMeter, judged_epochs
from fcn_studio.engine.training.readers import Readers
from fcn_studio.engine.training.recipes.recipe import Recipe
from fcn_studio.engine.training.run_config import RunConfig
from fcn_studio.engine.training.run_writer import RunWriter
from fcn_studio.engine.training.warm_start import warm_start

WORKERS = 2
SAVE_EVERY = 10.0  # minutes between saves within an epoch
SAVE_SOONEST = 3.0  # seconds between saves of epochs that are shorter


@dataclass(frozen=True, slots=True)
class _Fit:
    """What one call of `fit` works with."""

    readers: Readers
    writer: RunWriter
    meter: ProgressMeter
    callbacks: Callbacks
    val_every: int
    save_every: float


class Trainer:
    """One run in one folder; see `core.run_folder` for what it leaves there.

    The finest variant's mean IU on val decides which epoch is best. Each phase of a staged recipe begins with the mean
    weights that the one before ended with.

    Attributes:
        recipe: With all stages in epochs.
        transplant: What became of each layer of the checkpoint that the run starts from, or None.
    """

    def __init__(
        self,
        *,
        recipe: Recipe,
        data: Path,
        run: Path,
        labels: LabelSet,
        device: str,
        data_card: Mapping[str, Any],
        initial: Path | None = None,
        precision: Precision = "fp32",
        workers: int = WORKERS,
        split: str = "val",
        train_split: str = "train",
        world: World = ALONE,
        dataset: Dataset | None = None,
    ) -> None:
        """Finds the data and makes the net.

        Args:
            recipe: Every choice of the run.
            data: A data set folder.
            run: Folder of the run, made by `fit`.
            labels: Of the data.
            device: Such as `cpu` or `cuda:0`.
            data_card: Name, source and licence of the data, kept in the checkpoint.
            initial: A checkpoint to start from, as far as its layers fit, instead of random weights.
            precision: Of the convolutions; `bf16` is only worth it where the device is fast at it.
            workers: Threads that read and augment, at least one.
            split: What is judged on.
            train_split: What is trained on.
            world: The processes that share each batch.
            dataset: `data`, opened by other classes than it names itself.

        Raises:
            DataError: The data is incomplete, or batches are smaller than the number of processes.
            CheckpointError: `initial` is no checkpoint, or no layer of its trunk fits.
        """
        self._run, self._workers, self._world = run, workers, world
        allowance = usual_allowance(world)
        opened = dataset or open_dataset(data)
        self._train = Examples(opened.examples(train_split), labels, allowance)
        val = Examples(opened.examples(split), labels, allowance)
        self.recipe = recipe.in_epochs(len(self._train))
        world.check_shares(min(len(self._train), *(stage.batch for stage in self.recipe.stages)))
        counts = {"train_images": len(self._train), "val_images": len(val)}
        self._config = RunConfig(
            recipe, data, labels, {**data_card, **counts}, split, train_split, device, precision, world, opened.encoding
        )
        self._learner = Learner(run, self._config, recipe=self.recipe, images=len(self._train))
        self.transplant: Transplant | None = None
        net = self._learner.new_net()
        if initial is not None:
            start = warm_start(net, initial, examples=self._train, preprocessing=self.recipe.preset, device=device)
            self.transplant, self._learner.previous = start.transplant, start.to_dict()
        self._evaluator = Evaluator(
            val, recipe=self.recipe, choice=DeviceChoice(device, "", precision, ""), world=world
        )
        self._learner.enter(net)

    @property
    def net(self) -> Net:
        """The net in training, of the phase that the run is in."""
        return self._learner.training.net

    def fit(
        self,
        *,
        on_read: Callable[[int, int], None] = lambda done, total: None,
        on_step: Callable[[Progress], None] = lambda progress: None,
        on_epoch: Callable[[EpochReport], None] = lambda report: None,
        stop: Callable[[], bool] = lambda: False,
        val_every: int = 5,
        save_every: float = SAVE_EVERY,
        tensorboard: bool = False,
    ) -> None:
        """Trains the epochs that are left.

        Args:
            on_read: Hears (examples read, all) while the classes' pixels are counted.
            on_step: Hears what is known after each step.
            on_epoch: Hears each epoch's report.
            stop: Asked before each step and each photo that is counted or judged; on True all is kept in last.pt.
            val_every: Epochs between evaluations; the last epoch of each phase is always evaluated.
            save_every: Minutes between saves within an epoch.
            tensorboard: Whether to write scalars for TensorBoard.

        Raises:
            Cancelled: `stop` said so, to this process or another one.
            RunFailed: The loss is no longer a number, or there is too little memory.
            DataError: An example cannot be read, fewer than two classes are labelled, or another process trains in
                this folder or trains something else.
            OutputError: No space is left.
            DeviceError: Another process of the run has ended.
        """
        fit = self._begun(Callbacks(on_read, on_step, on_epoch, stop), val_every, save_every)
        with fit.readers:
            fit.writer.start(
                epochs_done=self._learner.state.epoch, step=self._learner.state.step, tensorboard=tensorboard
            )
            try:
                with fit.writer.ending(), telling_of_memory(self._run, self._config.device):
                    self._count_classes(fit)
                    repeats = self._repeats(fit)
                    while self._learner.state.epoch < self.recipe.epochs:
                        self._train_epoch(fit, repeats)
                        on_epoch(self._end_epoch(fit))
            except Cancelled:
                self._world.wait()  # torchrun ends all processes soon after one has ended, also one that still saves
                raise

    def _begun(self, callbacks: Callbacks, val_every: int, save_every: float) -> _Fit:
        counts = (len(self._train), self._learner.state.epoch, self._learner.state.step)
        if not self._world.agrees(json.dumps([self._config.recipe.to_dict(), counts, val_every])):
            raise DataError(
                f"The processes of this run differ in what they train: here {counts[0]} images of {self._config.data} "
                f"after {counts[2]} steps; every machine needs the same data, options and run folder."
            )
        info = self._config.info(
            epochs=self.recipe.epochs, val_every=val_every, init=self._learner.previous.get("name")
        )
        self._learner.saved = time.monotonic()
        return _Fit(
            readers=Readers(self._workers),
            writer=RunWriter(self._run, info, writes=self._world.is_first),
            meter=ProgressMeter(self.recipe, len(self._train), val_every),
            callbacks=callbacks,
            val_every=val_every,
            save_every=save_every,
        )

    def _count_classes(self, fit: _Fit) -> None:
        """For class weights, which last.pt keeps; without them as far as it takes to see that there are two classes."""
        balanced = any(stage.class_balance for stage in self.recipe.stages)
        if self._learner.class_pixels is not None or (self._learner.state.step and not balanced):
            return
        heard = fit.callbacks
        try:
            pixels = class_pixels(
                self._train, fit.readers, self._world, only_two=not balanced, on_read=heard.on_read, stop=heard.stop
            )
        except Cancelled:
            self.save()
            raise
        sentence = only_class_sentence(self._config.labels, pixels.numpy(), self._config.train_split)
        if sentence is not None:
            raise DataError(f"{self._config.data}: {sentence}")
        if balanced:
            self._learner.class_pixels = pixels

    def _repeats(self, fit: _Fit) -> Tensor | None:
        """How often each example comes up, counted anew when a run goes on, which also reads them into memory."""
        if not self.recipe.rare_photos:
            return None
        heard, threshold = fit.callbacks, self.recipe.rare_photos
        try:
            return repeat_factors(self._train, fit.readers, threshold=threshold, on_read=heard.on_read, stop=heard.stop)
        except Cancelled:
            self.save()
            raise

    def _train_epoch(self, fit: _Fit, repeats: Tensor | None) -> None:
        state, epoch = self._learner.state, self._learner.state.epoch
        self._learner.enter_phase_of(epoch)
        training = self._learner.training
        stage, steps = self.recipe.stage_at(epoch), self.recipe.steps_at(epoch, len(self._train))
        weights = None
        if stage.class_balance and self._learner.class_pixels is not None:
            weights = class_weights(self._learner.class_pixels, stage.class_balance)
        last = time.monotonic()
        batches = training_batches(
            self._train,
            self.recipe,
            epoch=epoch,
            first=state.position,
            world=self._world,
            readers=fit.readers,
            repeats=repeats,
        )
        with closing(batches):
            while state.position < steps:
                if self._world.any(fit.callbacks.stop()):
                    self.save()
                    raise Cancelled(f"Stopped in epoch {epoch + 1} after {state.position} of {steps} steps.")
                try:
                    pairs = next(batches)
                except DataError:
                    self.save()
                    raise
                rate = training.learning_rate
                try:
                    loss = training.step(pairs, stage=stage, weights=weights, number=state.step)
                except NotFinite as error:
                    raise diverged(self._run, state, error) from error
                now = time.monotonic()
                state.stepped(loss, min(stage.batch, len(self._train)), now - last, rate)
                fit.meter.stepped(epoch, now - last)
                fit.writer.stepped(state.step, loss, rate)
                fit.callbacks.on_step(
                    fit.meter.progress(epoch=epoch, step=state.position, loss=state.loss, mean_iu=state.mean_iu)
                )
                last = now
                if now - self._learner.saved > 60 * fit.save_every:
                    self.save()
                    last = time.monotonic()

    def _end_epoch(self, fit: _Fit) -> EpochReport:
        state, start = self._learner.state, time.monotonic()
        number = state.epoch + 1
        val: Mapping[str, Metrics] = {}
        self._learner.check()
        if number in judged_epochs(self.recipe, fit.val_every):
            try:
                val = self._evaluator.evaluate(
                    self._learner.training,
                    state,
                    readers=fit.readers,
                    writer=fit.writer,
                    card=self._config.card(self._learner.previous),
                    stop=fit.callbacks.stop,
                )
            except Cancelled as stopped:
                self.save()
                raise Cancelled(f"Stopped while epoch {number} was judged.") from stopped
            except DataError:
                self.save()
                raise
            fit.meter.judged(time.monotonic() - start)
        state.seconds += time.monotonic() - start
        report = EpochReport(number, self.recipe.epochs, state.loss, state.images_per_second, val)
        scores = {name: Scores(each.mean_iu, each.pixel_accuracy) for name, each in val.items()}
        row = EpochRow(
            number, state.step, state.seconds, report.loss, report.images_per_second, state.learning_rate, scores
        )
        state.next_epoch()
        # The log first: a row without its last.pt is taken out again by --resume, one that is missing stays missing.
        fit.writer.epoch(row)
        if time.monotonic() - self._learner.saved > SAVE_SOONEST or number == self.recipe.epochs:
            self._learner.write()
        if val:
            fit.writer.curves()
        return report

    def save(self) -> None:
        """Writes last.pt; see `Learner.save`."""
        self._learner.save()

    def resume(self) -> None:
        """Goes on from last.pt, from the very step; see `Learner.resume`."""
        self._learner.resume()
