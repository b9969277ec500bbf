"""The catalog: published checkpoints that can be fetched, and those that are here already.

Facts only, read from resources/catalog.toml and from the files in weights/; fetching is core/download.py's.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from fcn_studio import paths
from fcn_studio.core.catalog.embedded import SUFFIX, named_nets, nets_of
from fcn_studio.core.errors import CheckpointError, DataError
from fcn_studio.core.labels import MAX_CLASSES, counted_classes

METADATA_KEY = "fcn_studio"  # of native checkpoints
DIGEST_SUFFIX = ".sha256"  # beside a downloaded file: what was read, as `sha256sum` writes it


class Kind(StrEnum):
    """Whose format a file has, and whether it segments."""

    NATIVE = "native"
    CAFFE = "caffe"
    PYTORCH_FCN = "pytorch-fcn"
    CLASSIFIER = "torchvision-classifier"
    SEGMENTER = "torchvision-segmenter"


class State(StrEnum):
    """Where a checkpoint is."""

    EMBEDDED = "embedded"
    DOWNLOADED = "downloaded"
    ABSENT = "not here"


@dataclass(frozen=True, slots=True)
class Digest:
    """What a file must hash to.

    Attributes:
        algorithm: `md5` or `sha256`.
        value: Lower-case hexadecimal; a prefix where no more is published.
    """

    algorithm: str
    value: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A published figure.

    Attributes:
        metric: Such as `mean IU`.
        percent: Its value, 0 to 100.
        data: What it was measured on.
        source: Where it is published.
    """

    metric: str
    percent: float
    data: str
    source: str

    def __str__(self) -> str:
        return f"{self.metric} {self.percent:.1f}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One checkpoint.

    Attributes:
        name: By which `weights download` and --weights know it.
        kind: Of its file.
        group: The title of the family that it belongs to.
        title: What it is, in a few words.
        variants: What it can show, coarsest first; empty for a classifier.
        labels: Names of its label sets, one for each head.
        file: Its file's name, without folder.
        urls: Where it is published, to be tried in order; empty for one that comes with the program.
        size: Bytes.
        approximate: Whether the size follows from the number of parameters only.
        licence: As its publisher states it, or that nothing is stated.
        publisher: Who.
        figures: As published.
        digest: None where none is published.
        links: Where it is described.
        note: What else to know.
        path: The file, of one that comes with the program.
        classes: How many it tells apart, of one that comes with the program; 0 of others.
        short_names: What else it is called, of one that comes with the program: `default`, `streets`.
        knows: What it can tell, in a sentence, of one that comes with the program.
    """

    name: str
    kind: Kind
    group: str
    title: str
    variants: tuple[str, ...]
    labels: tuple[str, ...]
    file: str
    urls: tuple[str, ...]
    size: int
    approximate: bool
    licence: str
    publisher: str
    figures: tuple[Figure, ...] = ()
    digest: Digest | None = None
    links: tuple[str, ...] = ()
    note: str = ""
    path: Path | None = None
    classes: int = 0
    short_names: tuple[str, ...] = ()
    knows: str = ""

    @property
    def size_text(self) -> str:
        """In MB of 10^6 bytes, with a `~` where it is approximate."""
        return f"{'~' if self.approximate else ''}{self.size / 1e6:.{0 if self.size >= 1e8 else 1}f} MB"

    @property
    def licence_in_short(self) -> str:
        """The licence without what explains it."""
        return re.split(r"[;,(]", self.licence, maxsplit=1)[0].strip()

    @property
    def figures_in_short(self) -> str:
        """The mean IU, of each variant where they are several, else the first figure; empty if none is published."""
        measured = [one for one in self.figures if one.metric.startswith("mean IU")]
        if measured and self.kind is Kind.NATIVE:
            return "mean IU " + " / ".join(f"{one.percent:.1f}" for one in measured)
        return str((measured or [*self.figures])[0]) if self.figures else ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, with the state and the path on this machine."""
        path, read = here(self), read_digest(self)
        return {
            "name": self.name,
            "short_names": list(self.short_names),
            "knows": self.knows,
            "kind": self.kind.value,
            "title": self.title,
            "variants": list(self.variants),
            "labels": list(self.labels),
            "file": self.file,
            "urls": list(self.urls),
            "size": self.size,
            "size_is_approximate": self.approximate,
            "licence": self.licence,
            "publisher": self.publisher,
            "figures": [
                {"metric": one.metric, "percent": one.percent, "data": one.data, "source": one.source}
                for one in self.figures
            ],
            "digest": {"algorithm": self.digest.algorithm, "value": self.digest.value} if self.digest else None,
            "links": list(self.links),
            "note": self.note,
            "state": state(self).value,
            "path": str(path) if path else None,
            "sha256": read,
        }


def folder() -> Path:
    """Where downloaded checkpoints are kept."""
    return paths.cache() / "weights"


def published(path: Path | None = None) -> tuple[Entry, ...]:
    """Everything that can be fetched, in the catalog's order.

    Args:
        path: Another catalog than the packaged one.

    Raises:
        DataError: The catalog cannot be read or is malformed.
    """
    path = path or paths.resources() / "catalog.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        sources = {source["id"]: source for source in content["source"]}
        return tuple(_entry(values, sources[values["source"]]) for values in content["entry"])
    except OSError as error:
        raise DataError(f"{path}: the catalog cannot be read ({error.strerror}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: the catalog is malformed ({error!r}); install FCN Studio again.") from error


def embedded() -> tuple[Entry, ...]:
    """The checkpoints in weights/, the named nets first; files that are no native checkpoints are left out."""
    files = dict.fromkeys((*named_nets().values(), *sorted(paths.weights().glob(f"*{SUFFIX}"))))
    return tuple(entry for path in files if (entry := _native(path)) is not None)


def entries() -> tuple[Entry, ...]:
    """What is here, then what can be fetched."""
    return *embedded(), *published()


def find(name: str) -> Entry:
    """The entry of a name: a file's, or an embedded net's short one.

    Raises:
        CheckpointError: There is none.
    """
    known = {entry.name: entry for entry in entries()}
    named = named_nets()
    entry = known.get(named[name].stem if name in named else name)
    if entry is None:
        raise CheckpointError(f"{name}: not in the catalog; `fcn-studio weights list` has {', '.join(known)}.")
    return entry


def downloaded(name: str) -> Path | None:
    """The file of a published checkpoint that has been fetched; None for other names, and for those not here."""
    for entry in published():
        if entry.name == name:
            path = folder() / entry.file
            return path if path.is_file() else None
    return None


def here(entry: Entry) -> Path | None:
    """The entry's file on this machine, if it is here."""
    if entry.path is not None:
        return entry.path
    path = folder() / entry.file
    return path if path.is_file() else None


def state(entry: Entry) -> State:
    """Where the entry's file is."""
    if entry.path is not None:
        return State.EMBEDDED
    return State.DOWNLOADED if here(entry) else State.ABSENT


def read_digest(entry: Entry) -> str | None:
    """The SHA-256 that was read when the file was fetched, in hexadecimal; None if it was not noted."""
    try:
        noted = (folder() / f"{entry.file}{DIGEST_SUFFIX}").read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError):
        return None
    return noted[0] if noted and here(entry) else None


def _entry(values: Mapping[str, Any], source: Mapping[str, Any]) -> Entry:
    digest = values.get("digest")
    return Entry(
        name=str(values["name"]),
        kind=Kind(source["kind"]),
        group=str(source["title"]),
        title=str(values["title"]),
        variants=tuple(values["variants"]),
        labels=tuple(values["labels"]),
        file=_plain_name(str(values["file"])),
        urls=tuple(values["urls"]),
        size=int(values["size"]),
        approximate=bool(values.get("approximate", False)),
        licence=str(values.get("licence", source["licence"])),
        publisher=str(source["publisher"]),
        figures=tuple(
            Figure(str(one["metric"]), float(one["percent"]), str(one["data"]), str(one["source"]))
            for one in values.get("figures", ())
        ),
        digest=Digest(str(digest["algorithm"]), str(digest["value"]).lower()) if digest else None,
        links=tuple(filter(None, (values.get("link"), *source["links"]))),
        note=str(values.get("note", "")),
    )


def _plain_name(file: str) -> str:
    if file != Path(file).name or file.startswith("."):
        raise ValueError(f"{file} is no plain file name")
    return file


def _native(path: Path) -> Entry | None:
    """What a native checkpoint says of itself, without reading its tensors."""
    try:
        with safe_open(path, framework="numpy") as content:
            meaning = json.loads((content.metadata() or {})[METADATA_KEY])
        card, labels = meaning.get("card", {}), meaning["labels"]
        data = card.get("data", {})
        measured = card.get("val_mean_iu", {})
        classes, variants = len(labels["classes"]), tuple(meaning["architecture"].get("variants", ()))
        figures = tuple(
            Figure(f"mean IU {variant}", 100 * float(value), f"{data.get('name', labels['name'])}, val", "its card")
            for variant, value in measured.items()
        )
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, AttributeError):
        return None
    shows = ", ".join(f"FCN-{variant}" for variant in variants) or "FCN"
    if classes > MAX_CLASSES:
        shows = "Classifier made convolutional"
    return Entry(
        name=path.stem,
        kind=Kind.NATIVE,
        group="",
        title=f"{shows}, {counted_classes(classes)}",
        variants=variants,
        labels=(str(labels["name"]),),
        file=path.name,
        urls=(),
        size=path.stat().st_size,
        approximate=False,
        licence=str(card.get("licence") or data.get("licence") or "Not stated in the file"),
        publisher="FCN Studio",
        figures=figures,
        note=str(data.get("name", "")),
        path=path,
        classes=classes,
        short_names=tuple(name for name, file in named_nets().items() if file == path),
        knows=next((net.knows for net in nets_of(path)), ""),
    )
