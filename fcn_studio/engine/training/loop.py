"""The training loop: epochs of augmented crops, the running mean of weights judged on val, resumable."""

from __future__ import annotations

import csv
import json
import logging
import pickle
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from fcn_studio.core.dataset import find_examples, read_example
from fcn_studio.core.errors import Cancelled, CheckpointError, DataError
from fcn_studio.core.files import whole_file
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.metrics import Metrics, confusion_matrix, metrics
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.nets.build import Net, build
from fcn_studio.engine.nets.calibration import calibrate
from fcn_studio.engine.nets.surgery_report import Transplant
from fcn_studio.engine.preprocess import IMAGENET_RGB
from fcn_studio.engine.surgery import start_from
from fcn_studio.engine.training.augment import augment
from fcn_studio.engine.training.losses import class_weights, lovasz_softmax
from fcn_studio.engine.training.recipe import Recipe, Stage

logger = logging.getLogger(__name__)

LAST = "last.pt"
BEST = "best.safetensors"
LOVASZ_STRIDE = 4  # the sort costs more than a trunk block on all pixels; every fourth row and column serves
GRADIENT_CLIP = 5.0
CALIBRATION_PHOTOS = 4  # of CamVid: 720 cells for each channel's statistics at stride 32, 190 000 at stride 2


@dataclass(frozen=True, slots=True)
class EpochReport:
    """What one epoch gave; `val` is empty where the epoch was not evaluated."""

    epoch: int
    epochs: int
    loss: float
    images_per_second: float
    val: Mapping[str, Metrics]


@dataclass(frozen=True, slots=True)
class Split:
    """A split in memory: (3, H, W) uint8 photos with (H, W) uint8 labels."""

    photos: tuple[Tensor, ...]
    labels: tuple[Tensor, ...]


def load_split(folder: Path, split: str, labels: LabelSet) -> Split:
    """Reads a whole split into memory (CamVid train: 250 MB)."""
    photos, marks = [], []
    for example in find_examples(folder, split):
        photo, mask = read_example(example, labels)
        photos.append(torch.from_numpy(photo.copy()).permute(2, 0, 1).contiguous())
        marks.append(torch.from_numpy(mask))
    return Split(tuple(photos), tuple(marks))


class Trainer:
    """One run in one folder: log.csv, last.pt (to resume), best.safetensors (the checkpoint).

    The finest variant's mean IU on val decides which epoch is best.

    Attributes:
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
        bf16: bool = True,
    ) -> None:
        """Reads the data into memory and makes the net.

        Args:
            recipe: Every choice of the run.
            data: A data set folder with train and val.
            run: Folder of the run, made by `fit`.
            labels: Of the data.
            device: Such as `cpu` or `cuda:0`.
            data_card: Name, source and licence of the data, kept in the checkpoint.
            initial: A checkpoint to start from, as far as its layers fit, instead of random weights.
            bf16: Whether convolutions run in bfloat16; only worth it where the device is fast at it.

        Raises:
            DataError: The data is incomplete or does not fit the labels.
            CheckpointError: `initial` is no checkpoint, or no layer of its trunk fits.
        """
        self.recipe, self.run, self.labels, self.device = recipe, run, labels, torch.device(device)
        self._train = load_split(data, "train", labels)
        self._val = load_split(data, "val", labels)
        counts_of = {"train_images": len(self._train.photos), "val_images": len(self._val.photos)}
        self._data_card = {**data_card, **counts_of}
        self._previous: dict[str, Any] = {}
        self._bf16 = bf16
        torch.manual_seed(recipe.seed)
        architecture = recipe.architecture(len(labels))
        self._net = self._placed(build(architecture))
        self.transplant: Transplant | None = None
        if initial is not None:
            self._start_from(initial)
        self._mean_net = self._placed(build(architecture))
        self._mean_net.load_state_dict(self._net.state_dict())
        self._mean_net.eval()
        decayed = [value for value in self._net.parameters() if value.ndim > 1]
        free = [value for value in self._net.parameters() if value.ndim <= 1]
        self._optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": free, "weight_decay": 0.0}],
            lr=recipe.learning_rate,
        )
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimizer, max_lr=recipe.learning_rate, total_steps=self._total_steps(), pct_start=recipe.warm_up
        )
        counts = torch.zeros(256, dtype=torch.long)
        for marks in self._train.labels:
            counts += torch.bincount(marks.flatten().long(), minlength=256)
        self._class_pixels = counts[: len(labels)]
        self._epoch = 0
        self._step = 0
        self._best = -1.0

    def _start_from(self, initial: Path) -> None:
        start = start_from(self._net, initial, labels=self.labels, preprocessing=IMAGENET_RGB)
        self.transplant, self._previous = start.transplant, start.to_dict()
        if self.transplant.set_up:
            photos = self._train.photos[:: max(1, len(self._train.photos) // CALIBRATION_PHOTOS)][:CALIBRATION_PHOTOS]
            inputs = (IMAGENET_RGB.normalise(photo[None].float().to(self.device)) for photo in photos)
            calibrate(self._net, self.transplant.set_up, inputs)

    def _placed(self, net: Net) -> Net:
        return net.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def _steps(self, batch: int) -> int:
        return max(len(self._train.photos) // batch, 1)

    def _total_steps(self) -> int:
        return sum(stage.epochs * self._steps(stage.batch) for stage in self.recipe.stages)

    def fit(
        self,
        *,
        on_step: Callable[[int, int, float], None] = lambda step, steps, loss: None,
        on_epoch: Callable[[EpochReport], None] = lambda report: None,
        stop: Callable[[], bool] = lambda: False,
        val_every: int = 5,
    ) -> None:
        """Trains the epochs that are left, then evaluates.

        Args:
            on_step: Hears (step in this epoch, steps, loss).
            on_epoch: Hears each epoch's report.
            stop: Asked between steps; on True the epochs done so far are kept in last.pt.
            val_every: Epochs between evaluations; the last epoch is always evaluated.

        Raises:
            Cancelled: `stop` said so.
            DataError: The loss is no longer a number; last.pt still holds the epoch before.
        """
        self.run.mkdir(parents=True, exist_ok=True)
        while self._epoch < self.recipe.epochs:
            start = time.monotonic()
            loss, images = self._one_epoch(on_step, stop)
            rate = images / (time.monotonic() - start)
            self._epoch += 1
            due = self._epoch % val_every == 0 or self._epoch == self.recipe.epochs
            val = self._evaluate() if due else {}
            self._log(loss, rate, val)
            self.save()
            if val:
                self._keep_best(val)
            on_epoch(EpochReport(self._epoch, self.recipe.epochs, loss, rate, val))

    def _one_epoch(self, on_step: Callable[[int, int, float], None], stop: Callable[[], bool]) -> tuple[float, int]:
        stage = self.recipe.stage_at(self._epoch)
        # Seeded by the epoch, so that a resumed run sees the same crops as one that never stopped.
        generator = torch.Generator().manual_seed(self.recipe.seed * 100_003 + self._epoch)
        torch.manual_seed(self.recipe.seed * 100_003 + self._epoch)
        order = torch.randperm(len(self._train.photos), generator=generator).tolist()
        steps = self._steps(stage.batch)
        self._net.train()
        total = 0.0
        for step in range(steps):
            if stop():
                raise Cancelled(f"Stopped in epoch {self._epoch + 1}; `--resume` goes on from its start.")
            chosen = order[step * stage.batch : (step + 1) * stage.batch]
            pairs = [
                augment(
                    self._train.photos[index],
                    self._train.labels[index],
                    recipe=self.recipe,
                    stage=stage,
                    void=self.labels.void,
                    generator=generator,
                )
                for index in chosen
            ]
            photo = IMAGENET_RGB.normalise(torch.stack([pair[0] for pair in pairs]).to(self.device))
            marks = torch.stack([pair[1] for pair in pairs]).to(self.device).long()
            loss = self._one_step(photo.contiguous(memory_format=torch.channels_last), marks, stage)
            if not np.isfinite(loss):
                raise DataError(
                    f"The loss became {loss} in epoch {self._epoch + 1}; lower the learning rate and --resume "
                    f"({self.run / LAST} holds the epoch before)."
                )
            total += loss
            on_step(step + 1, steps, loss)
        return total / steps, steps * stage.batch

    def _one_step(self, photo: Tensor, marks: Tensor, stage: Stage) -> float:
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self._bf16):
            scores = self._net(photo)
        loss = self._loss(scores, marks, stage)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._net.parameters(), GRADIENT_CLIP)
        self._optimizer.step()
        self._schedule.step()
        self._step += 1
        self._update_mean()
        return float(loss.detach())

    def _loss(self, scores: Mapping[str, Tensor], marks: Tensor, stage: Stage) -> Tensor:
        weights = class_weights(self._class_pixels, stage.class_balance).to(self.device)
        total = torch.zeros((), device=self.device)
        for (variant, each), weight in zip(scores.items(), self.recipe.variant_weights, strict=True):
            total = total + weight * functional.cross_entropy(
                each,
                marks,
                weights,
                ignore_index=self.labels.void,
                label_smoothing=self.recipe.label_smoothing,
            )
            if stage.lovasz and variant == self._net.architecture.variants[-1]:
                thinned, truth = (value[..., ::LOVASZ_STRIDE, ::LOVASZ_STRIDE] for value in (each, marks))
                labelled = truth != self.labels.void
                probabilities = thinned.softmax(1).permute(0, 2, 3, 1)[labelled]
                total = total + stage.lovasz * lovasz_softmax(probabilities, truth[labelled])
        return total

    @torch.no_grad()
    def _update_mean(self) -> None:
        decay = min(self.recipe.ema, (1 + self._step) / (10 + self._step))  # short memory while weights move fast
        pairs = zip(self._mean_net.state_dict().values(), self._net.state_dict().values(), strict=True)
        for mean, value in pairs:
            if mean.is_floating_point():
                mean.lerp_(value, 1 - decay)
            else:
                mean.copy_(value)

    @torch.inference_mode()
    def _evaluate(self) -> dict[str, Metrics]:
        variants = self._mean_net.architecture.variants
        classes, void = len(self.labels), self.labels.void
        confusion: dict[str, NDArray[np.int64]] = {
            variant: np.zeros((classes, classes), np.int64) for variant in variants
        }
        for photo, marks in zip(self._val.photos, self._val.labels, strict=True):
            pixels = IMAGENET_RGB.normalise(photo[None].float().to(self.device))
            with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self._bf16):
                scores = self._mean_net(pixels.contiguous(memory_format=torch.channels_last))
            for variant, each in scores.items():
                mask = each[0].argmax(0).to(torch.uint8).cpu().numpy()
                confusion[variant] += confusion_matrix(marks.numpy(), mask, classes=classes, void=void)
        return {variant: metrics(matrix) for variant, matrix in confusion.items()}

    def _keep_best(self, val: Mapping[str, Metrics]) -> None:
        finest = val[self._mean_net.architecture.variants[-1]].mean_iu
        if finest <= self._best:
            return
        self._best = finest
        card = {
            "recipe": self.recipe.to_dict(),
            "epoch": self._epoch,
            "data": dict(self._data_card),
            **({"started_from": self._previous} if self._previous else {}),
            "val_mean_iu": {variant: round(value.mean_iu, 4) for variant, value in val.items()},
            "val_pixel_accuracy": {variant: round(value.pixel_accuracy, 4) for variant, value in val.items()},
        }
        save_checkpoint(
            self.run / BEST,
            self._mean_net,
            labels=self.labels,
            preprocessing=IMAGENET_RGB,
            card=card,
            dtype=_smallest_type(self._mean_net),
        )

    def _log(self, loss: float, rate: float, val: Mapping[str, Metrics]) -> None:
        variants: Sequence[str] = self._net.architecture.variants
        path = self.run / "log.csv"
        new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["epoch", "loss", "images_per_second", *(f"val_mean_iu_{name}" for name in variants)])
            scores = [f"{val[name].mean_iu:.4f}" if val else "" for name in variants]
            writer.writerow([self._epoch, f"{loss:.4f}", f"{rate:.2f}", *scores])

    def save(self) -> None:
        """Writes last.pt: all that `resume` needs, whole or not at all."""
        state = {
            "recipe": json.dumps(self.recipe.to_dict()),
            "net": self._net.state_dict(),
            "mean_net": self._mean_net.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "schedule": self._schedule.state_dict(),
            "epoch": self._epoch,
            "step": self._step,
            "best": self._best,
            "started_from": json.dumps(self._previous),
        }
        with whole_file(self.run / LAST) as temporary:
            torch.save(state, temporary)

    def resume(self) -> None:
        """Goes on from last.pt.

        Raises:
            CheckpointError: There is none, it is damaged, or it was made by another recipe.
        """
        path = self.run / LAST
        try:
            state = torch.load(path, map_location=self.device, weights_only=True)
        except FileNotFoundError as error:
            raise CheckpointError(f"{path}: nothing to resume; leave out --resume to start.") from error
        except (OSError, RuntimeError, pickle.UnpicklingError, EOFError, KeyError, ValueError) as error:
            raise CheckpointError(f"{path}: cannot be resumed ({error}).") from error
        if not self._is_of_this_recipe(state["recipe"]):
            raise CheckpointError(f"{path}: made by another recipe; resume with the same one, or use a new folder.")
        self._net.load_state_dict(state["net"])
        self._mean_net.load_state_dict(state["mean_net"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        self._epoch, self._step, self._best = state["epoch"], state["step"], state["best"]
        if "started_from" in state:
            self._previous = json.loads(state["started_from"])

    def _is_of_this_recipe(self, saved: str) -> bool:
        """Whether the recipe in last.pt is this one; entries that it lacks are younger than it, and at their defaults.

        It is read back from plain values on both sides, which make no difference between 1 and 1.0.
        """
        try:
            return Recipe.from_dict(json.loads(saved)) == Recipe.from_dict(self.recipe.to_dict())
        except DataError:
            return False


def _smallest_type(net: Net) -> torch.dtype:
    """float16, unless a number is too large for it: variances of features that nothing normalised before can be."""
    largest = torch.finfo(torch.float16).max
    floating = (value for value in net.state_dict().values() if value.is_floating_point())
    return torch.float16 if all(float(value.abs().max()) <= largest for value in floating) else torch.float32
