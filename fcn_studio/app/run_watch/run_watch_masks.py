"""Masks of the epochs that were seen of a run: small, packed, and within a bound on memory."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from fcn_studio.app.values.jobs import Mask, Photo
from fcn_studio.app.values.panels import PanelId
from fcn_studio.app.values.shown import Shown
from fcn_studio.core.judging.metrics import Metrics

LIMIT_BYTES = 64 << 20  # a CamVid mask packs to some 5 kB: thousands of epochs
LONGEST_SIDE = 1024  # of a kept mask; of larger photos every second, third ... row and column
FAST = 1  # zlib's level: areas of one class pack well at any


@dataclass(frozen=True, slots=True)
class _Packed:
    data: bytes
    size: tuple[int, int]  # of the photo
    step: int

    @classmethod
    def of(cls, mask: Mask) -> _Packed:
        step = -(-max(mask.shape) // LONGEST_SIDE)
        return cls(zlib.compress(mask[::step, ::step].tobytes(), FAST), (mask.shape[0], mask.shape[1]), step)

    def mask(self) -> Mask:
        height, width = self.size
        rows, columns = -(-height // self.step), -(-width // self.step)
        small = np.frombuffer(zlib.decompress(self.data), dtype=np.uint8).reshape(rows, columns)
        if self.step > 1:
            small = np.kron(small, np.ones((self.step, self.step), dtype=np.uint8))[:height, :width]
        small.setflags(write=False)
        return small


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What an epoch's net made of a photo.

    Attributes:
        masks: (H, W) uint8 class indices by variant.
        metrics: By variant, where there is a ground truth.
    """

    masks: Mapping[str, Mask]
    metrics: Mapping[str, Metrics]


class PastMasks:
    """By photo and epoch; photos seen longest ago make room, and of the last one every other epoch."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._kept: OrderedDict[Photo, dict[int, tuple[dict[str, _Packed], Mapping[str, Metrics]]]] = OrderedDict()

    @property
    def size_bytes(self) -> int:
        """Memory that the packed masks hold."""
        return sum(
            len(packed.data)
            for epochs in self._kept.values()
            for masks, _ in epochs.values()
            for packed in masks.values()
        )

    def epochs(self, photo: Photo | None) -> tuple[int, ...]:
        """The epochs that are kept of a photo, ascending."""
        return tuple(sorted(self._kept.get(photo, ()))) if photo is not None else ()

    def keep(self, photo: Photo, epoch: int, past: Past) -> None:
        """Keeps what an epoch made of a photo."""
        of_photo = self._kept.setdefault(photo, {})
        of_photo[epoch] = ({variant: _Packed.of(mask) for variant, mask in past.masks.items()}, past.metrics)
        self._kept.move_to_end(photo)
        while self.size_bytes > self._limit_bytes:
            if len(self._kept) > 1:
                self._kept.popitem(last=False)
            elif not self._thin(of_photo):
                break

    def get(self, photo: Photo, epoch: int) -> Past | None:
        """What was kept, if it was."""
        found = self._kept.get(photo, {}).get(epoch)
        if found is None:
            return None
        return Past({variant: packed.mask() for variant, packed in found[0].items()}, found[1])

    def clear(self) -> None:
        """Forgets all."""
        self._kept.clear()

    @staticmethod
    def _thin(of_photo: dict[int, tuple[dict[str, _Packed], Mapping[str, Metrics]]]) -> bool:
        """Every other epoch goes, but neither the first nor the last; whether one went."""
        gone = sorted(of_photo)[1:-1:2]
        for epoch in gone:
            del of_photo[epoch]
        return bool(gone)


def as_past(present: Shown, past: Past, slot: int, note: str) -> Shown:
    """A photo with an earlier epoch's masks; outputs that were not trained by then are left out.

    Args:
        present: What is shown of the photo now.
        past: What the epoch made of it.
        slot: The place of the run's checkpoint among the open ones.
        note: Which epoch it was, in words.
    """
    result = present.result
    trace = result.traces[slot] if slot < len(result.traces) else None
    masks: dict[PanelId, Mask] = {PanelId(kind, slot): mask for kind, mask in past.masks.items()}
    if trace is not None:
        for kind in set(trace.variants) - set(past.masks):
            masks[PanelId(kind, slot)] = np.full(present.size, trace.labels.void, dtype=np.uint8)
    truth = result.truth
    if truth is not None:
        others = {panel: found for panel, found in truth.metrics.items() if panel.slot != slot}
        earlier = {PanelId(kind, slot): found for kind, found in past.metrics.items()}
        truth = replace(truth, metrics={**others, **earlier})
    return replace(present, result=replace(result, truth=truth, confidences={}), past=masks, note=note)
