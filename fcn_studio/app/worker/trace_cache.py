"""The last traces, within a bound on memory, so that going back to a photo is instant."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fcn_studio.app.values.jobs import Mask
from fcn_studio.app.values.pyramid import Levels
from fcn_studio.core.trace.trace import Trace

LIMIT_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it was when it was read; one that has changed since is another key.

    Attributes:
        path: With links and spellings resolved.
        modified_ns: Time of its last change.
        size: In bytes.
    """

    path: Path
    modified_ns: int
    size: int

    @classmethod
    def of(cls, path: Path) -> FileState:
        """The state of a file now.

        Raises:
            OSError: It is not there.
        """
        resolved = path.resolve()
        found = resolved.stat()
        return cls(resolved, found.st_mtime_ns, found.st_size)


@dataclass(frozen=True, slots=True)
class CacheKey:
    """A file as it was, and what segmented it."""

    file: FileState | None
    weights: str
    device: str
    precision: str
    stamp: str = ""  # of a checkpoint's file that is written anew under its name
    backend: str = "auto"


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What is shown again.

    Attributes:
        trace: Of the photo.
        levels: Of the photo; the first is the trace's own.
        seconds: What it took the first time.
        confidences: (H, W) uint8 by variant, as far as they were asked for.
    """

    trace: Trace
    levels: Levels
    seconds: float
    confidences: Mapping[str, Mask] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        """Memory that it holds; the first level is the trace's own photo."""
        maps = sum(score_map.evidence.nbytes for score_map in self.trace.score_maps.values())
        taps = sum(tap.nbytes for tap in self.trace.taps.values())
        masks = sum(mask.nbytes for mask in (*self.trace.masks.values(), *self.confidences.values()))
        return maps + taps + masks + sum(level.nbytes for level in self.levels)


class TraceCache:
    """Keeps what was used last; forgets the rest."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._kept: OrderedDict[CacheKey, Kept] = OrderedDict()

    def get(self, key: CacheKey) -> Kept | None:
        """What was kept for a file as it is now."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def put(self, key: CacheKey, kept: Kept) -> None:
        """Keeps a result; the ones used longest ago make room, and one beyond the bound is not kept at all."""
        self._kept[key] = kept
        self._kept.move_to_end(key)
        while self._kept and self._size_bytes() > self._limit_bytes:
            self._kept.popitem(last=False)

    def forget(self, weights: str) -> None:
        """Drops what these weights made: their file holds others by now."""
        for key in [key for key in self._kept if key.weights == weights]:
            del self._kept[key]

    def offer(self, key: CacheKey, kept: Kept) -> None:
        """Keeps a result if there is room: what was looked at does not go for what was only measured."""
        if key in self._kept or self._size_bytes() + kept.size_bytes <= self._limit_bytes:
            self._kept[key] = kept

    def _size_bytes(self) -> int:
        return sum(other.size_bytes for other in self._kept.values())

    def __len__(self) -> int:
        return len(self._kept)
