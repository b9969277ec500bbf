"""From a photo to a trace: one trunk pass, the score layers, and each variant's mask in strips."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from torch import Tensor

from fcn_studio import __version__
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.errors import ImageError
from fcn_studio.core.fusion import Upsampling, strips
from fcn_studio.core.geometry import PHOTO
from fcn_studio.core.image import ImageSource, read_image
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.trace import Provenance, ScoreMap, Trace
from fcn_studio.engine.checkpoints.native import Checkpoint
from fcn_studio.engine.device import DTYPES, DeviceChoice
from fcn_studio.engine.nets.fcn import FCN, ScoreMaps, Taps, folded
from fcn_studio.engine.nets.upsampling import Upscore

logger = logging.getLogger(__name__)

OnStage = Callable[[str, float], None]  # the stage that has just ended, and the share of all work done, 0 to 1

# Shares of the published net's multiplications (FCN-8s at 375x500, counted from its layer sizes), for honest progress.
STAGE_SHARES = {
    "block1": 0.11,
    "block2": 0.15,
    "block3": 0.25,
    "block4": 0.26,
    "block5": 0.08,
    "fc6": 0.13,
    "fc7": 0.02,
}


class _Clock:
    """Seconds by stage, in the order they ended."""

    def __init__(self, device: torch.device) -> None:
        self.timings: dict[str, float] = {}
        self._device = device
        self._last = time.perf_counter()

    def mark(self, stage: str) -> None:
        if self._device.type != "cpu":
            torch.accelerator.synchronize()  # GPUs run behind; without this the last stage would take all the time
        now = time.perf_counter()
        self.timings[stage] = now - self._last
        self._last = now


class Model:
    """A checkpoint on a device, ready to trace photos.

    Attributes:
        labels: Names and colours of the classes.
        variants: What this checkpoint can show, coarsest first.
        choice: Device and precision, with the reason for them.
        name: The checkpoint's name.
        digest: SHA-256 of the checkpoint file.
        card: What the checkpoint says of itself.
    """

    def __init__(self, checkpoint: Checkpoint, choice: DeviceChoice) -> None:
        self.labels: LabelSet = checkpoint.labels
        self.variants = checkpoint.net.architecture.variants
        self.choice = choice
        self.name, self.digest, self.card = checkpoint.name, checkpoint.digest, checkpoint.card
        self._preprocessing = checkpoint.preprocessing
        self._device = torch.device(choice.device)
        self._dtype = DTYPES[choice.precision]
        self._net = _placed(folded(checkpoint.net), self._device, self._dtype)
        self._upsamplings = {
            name: _as_upsampling(module) for name, module in self._net.named_children() if isinstance(module, Upscore)
        }

    def trace(
        self,
        image: ImageSource,
        *,
        keep_taps: bool = False,
        on_stage: OnStage = lambda stage, done: None,
        cancel: CancelToken | None = None,
    ) -> Trace:
        """One trunk pass over one photo.

        Args:
            image: A path, a Pillow image, or an (H, W, 3) uint8 RGB array.
            keep_taps: Keep pool3, pool4 and fc7 in the trace.
            on_stage: Hears each stage as it ends, with the share of the work done.
            cancel: Asked between stages.

        Raises:
            ImageError: The image cannot be read, or is too large for the device's memory.
            Cancelled: `cancel` was set.
        """
        token = cancel or CancelToken()
        clock = _Clock(self._device)
        photo = read_image(image)
        clock.mark("read")
        token.check()
        self._check_memory(photo)
        try:
            return self._trace(photo, keep_taps, on_stage, token, clock)
        except (torch.OutOfMemoryError, MemoryError) as error:
            raise _too_large(photo, self.choice.device) from error
        except RuntimeError as error:
            # torch's CPU allocator has no error class of its own.
            if "can't allocate memory" in str(error):
                raise _too_large(photo, self.choice.device) from error
            raise

    @torch.inference_mode()
    def _trace(
        self, photo: NDArray[np.uint8], keep_taps: bool, on_stage: OnStage, token: CancelToken, clock: _Clock
    ) -> Trace:
        done = 0.0

        def block_done(name: str) -> None:
            nonlocal done
            done += STAGE_SHARES[name]
            clock.mark(name)
            on_stage(name, 0.9 * done)
            token.check()

        pixels = self._preprocessing.to_tensor(photo).to(self._device, self._dtype)
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        clock.mark("preprocess")
        taps = self._net.taps(pixels, block_done)
        del pixels
        # Scores are small: in fp32 they cost nothing and keep close calls right.
        taps = Taps(*(tap.float() for tap in taps))
        maps = self._net.score(taps)
        score_maps = self._score_maps(maps)
        kept = {name: _to_numpy(tap) for name, tap in zip(Taps._fields, taps, strict=True)} if keep_taps else {}
        del taps
        clock.mark("score layers")
        token.check()
        masks = {}
        for number, variant in enumerate(self.variants, start=1):
            masks[variant] = self._mask(maps, variant, (photo.shape[0], photo.shape[1]), token)
            clock.mark(f"mask {variant}")
            on_stage(f"mask {variant}", 0.9 + 0.1 * number / len(self.variants))
        return Trace(
            image=photo,
            labels=self.labels,
            variants=self.variants,
            score_maps=score_maps,
            upsamplings=self._upsamplings,
            masks=masks,
            provenance=Provenance(
                checkpoint=self.name,
                digest=self.digest,
                device=self.choice.device,
                device_name=self.choice.name,
                precision=self.choice.precision,
                alignment=self._net.architecture.alignment,
                size_policy="native",
                version=__version__,
            ),
            timings=clock.timings,
            taps=kept,
        )

    def _score_maps(self, maps: ScoreMaps) -> dict[str, ScoreMap]:
        layers = {"score_fr": "fc7", "score_pool4": "pool4", "score_pool3": "pool3"}
        found = {}
        for name, scores in zip(ScoreMaps._fields, maps, strict=True):
            if scores is None:
                continue
            bias = getattr(self._net, name).bias.detach().float().cpu().numpy().copy()
            evidence = _to_numpy(scores) - bias[:, None, None]
            found[name] = ScoreMap(evidence, bias, self._net.coord_maps[layers[name]])
        return found

    def _mask(self, maps: ScoreMaps, variant: str, size: tuple[int, int], token: CancelToken) -> NDArray[np.uint8]:
        """Upsampling and argmax in strips, so that no full-size stack of scores is ever held."""
        fused, coords, upscore = self._net.fused(maps, variant)
        crop = coords.upsampled(upscore.stride, upscore.kernel).crop_to(PHOTO)
        height, width = size
        mask = torch.empty(size, dtype=torch.uint8)
        # A strip is enlarged with a cell more on each side, so one of few cells would be mostly waste.
        for rows in strips(height, width * len(self.labels) * 4, at_least=4 * upscore.stride):
            token.check()
            strip = _upscored_rows(upscore, fused, range(rows.start + crop, rows.stop + crop))
            # max gives the index too, and on CPUs takes a fifteenth of the time of argmax
            mask[rows.start : rows.stop] = strip[0, :, :, crop : crop + width].max(0).indices
        return mask.numpy()

    def _check_memory(self, photo: NDArray[np.uint8]) -> None:
        """Refuses a photo whose first block alone would not fit, instead of letting the system kill the program."""
        if self._device.type != "cpu":
            return
        if self.memory_needed(photo.shape[0], photo.shape[1]) > psutil.virtual_memory().available:
            raise _too_large(photo, self.choice.device)

    def memory_needed(self, height: int, width: int) -> int:
        """Bytes that block 1 needs at a photo of this size: its input and output, with the input in fp32 too."""
        border = 2 * (self._net.architecture.first_padding() - 1)
        pixels = (height + border) * (width + border)
        per_value = torch.empty((), dtype=self._dtype).element_size()
        return pixels * (2 * self._net.architecture.channels[0] * per_value + 3 * (4 + per_value))


def _upscored_rows(upscore: Upscore, fused: Tensor, rows: range) -> Tensor:
    """Rows of `upscore(fused)`, from the cells that reach them only; columns are whole."""
    first = max(0, (rows.start - upscore.kernel) // upscore.stride + 1)
    last = min(fused.shape[-2], (rows.stop - 1) // upscore.stride + 1)
    enlarged: Tensor = upscore(fused[..., first:last, :])
    start = rows.start - upscore.stride * first
    return enlarged[..., start : start + len(rows), :]


def _placed(net: FCN, device: torch.device, dtype: torch.dtype) -> FCN:
    """The trunk in `dtype`, score layers and upsampling in fp32, all in channels_last."""
    net = net.to(device)
    for name, module in net.named_children():
        if name.startswith(("conv", "fc")):
            module.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return net.requires_grad_(False).eval()


def _as_upsampling(module: Upscore) -> Upsampling:
    weight = None if module.weight is None else module.weight.detach().cpu().numpy().copy()
    return Upsampling(module.stride, module.kernel, weight)


def _to_numpy(batch: Tensor) -> NDArray[np.float32]:
    return np.ascontiguousarray(batch[0].float().cpu().numpy())


def _too_large(photo: NDArray[np.uint8], device: str) -> ImageError:
    height, width = photo.shape[:2]
    return ImageError(
        f"A {width}x{height} photo needs more memory than {device} has free; make it smaller or close other programs."
    )
