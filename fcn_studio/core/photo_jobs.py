"""Which photos a command is to segment, where each one's results go, and whether they are there already."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fcn_studio.core.datasets.dataset import is_mask_in
from fcn_studio.core.datasets.file_names import folders_in
from fcn_studio.core.datasets.ground_truth import images_in
from fcn_studio.core.errors import FcnStudioError, ImageError
from fcn_studio.core.figures.export import planned_files
from fcn_studio.core.images.image_formats import list_unread, why_unread
from fcn_studio.core.trace.trace import Trace


@dataclass(frozen=True, slots=True)
class Job:
    """One photo.

    Attributes:
        source: Its file.
        folder: Where its results go.
        stem: What their names begin with.
    """

    source: Path
    folder: Path
    stem: str


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made of every photo.

    Attributes:
        kinds: Some of `export.KINDS`.
        variants: Those to write.
        memory_limit: Bytes that the trunk may take; None for what is free.
    """

    kinds: tuple[str, ...]
    variants: tuple[str, ...]
    memory_limit: int | None = None

    def files(self, job: Job) -> list[Path]:
        """What a job writes."""
        return planned_files(job.folder, job.stem, kinds=self.kinds, variants=self.variants)

    def is_done(self, job: Job) -> bool:
        """Whether all of it is there: files are written whole or not at all, so one that is there is finished.

        Empty files are not: what else failed at them, it was not this program.
        """
        return all(path.is_file() and path.stat().st_size for path in self.files(job))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job.

    Attributes:
        job: Which one.
        record: What `--json` tells of it, see `record_of`; None if it failed.
        error: Why it failed, a sentence that names the photo; None if it did not.
    """

    job: Job
    record: Mapping[str, Any] | None = None
    error: FcnStudioError | None = None


def failure(job: Job, error: FcnStudioError) -> Outcome:
    """A job that failed; its photo is named where the error does not."""
    named = str(job.source) in str(error)
    return Outcome(job, error=error if named else type(error)(f"{job.source}: {error}"))


def record_of(job: Job, files: Sequence[Path], trace: Trace, read_seconds: float) -> dict[str, Any]:
    """Input, size, files, class shares by variant, seconds by stage and provenance, ready for JSON."""
    seconds = {**trace.timings, "read": read_seconds}
    return {
        "input": str(job.source),
        "size": {"width": trace.size[1], "height": trace.size[0]},
        "files": [str(path) for path in files],
        "labels": {"name": trace.labels.name, "guessed": trace.labels.guessed},
        "shares": {
            variant: {
                name: round(float(share), 6)
                for name, share in zip(trace.labels.classes, trace.class_shares(variant), strict=True)
            }
            for variant in trace.variants
        },
        "seconds": {stage: round(value, 5) for stage, value in seconds.items()},
        "provenance": asdict(trace.provenance),
    }


def find_jobs(
    inputs: Sequence[Path],
    output: Path,
    failed: Callable[[Path, FcnStudioError], None],
    left_out: Callable[[Path, Sequence[Path]], None] = lambda folder, masks: None,
) -> Iterator[Job]:
    """A job for every photo; a folder keeps its inner layout, equal names get a number.

    Names that differ in case only are equal, as they are to the file systems of Windows and macOS.

    Args:
        inputs: Photos and folders.
        output: The folder for all results.
        failed: Hears of each folder that cannot be read or has no photos, and of each image of a kind that is not read.
        left_out: Hears of each folder that holds masks of its photos, and which they are.
    """
    taken: dict[str, int] = {}  # by target: the last number tried
    for given in inputs:
        sources = [(given, output)]
        if given.is_dir():
            try:
                found, masks = _photos_and_masks(given)
                unread = list_unread(given, recursive=True)
            except OSError as error:
                failed(given, ImageError(f"{given}: the folder cannot be read ({error.strerror})."))
                continue
            if masks:
                left_out(given, masks)
            for path in unread:
                failed(path, ImageError(why_unread(path)))
            if not found and not unread:
                failed(given, ImageError(f"{given}: no images in this folder."))
            sources = [(path, output / path.parent.relative_to(given)) for path in found]
        for source, folder in sources:
            wanted = _key(folder, source.stem)
            stem, number = source.stem, taken.get(wanted, 1)
            while _key(folder, stem) in taken:  # `a-2` may be another photo's own name
                number += 1
                stem = f"{source.stem}-{number}"
            taken[wanted] = number
            taken.setdefault(_key(folder, stem), 1)
            yield Job(source, folder, stem)


def _photos_and_masks(folder: Path) -> tuple[list[Path], list[Path]]:
    """The photos of a folder, and the masks in it: by their names, and by the data set that it or a folder in it is."""
    images = images_in(folder)
    tests = [is_mask_in(place) for place in (folder, *(folder / name for name in folders_in(folder)))]
    photos: list[Path] = []
    masks = list(images.masks)
    for path in images.photos:
        (masks if any(is_mask(path) for is_mask in tests) else photos).append(path)
    return sorted(photos), sorted(masks)


def _key(folder: Path, stem: str) -> str:
    return str(folder / stem).casefold()
