"""Trace files: one trunk pass in one `.fcntrace` file, to be opened again without the net.

The file is a safetensors file: no code in it, every size declared up front. Its metadata holds the meaning as JSON
under the key `fcntrace` and, under `sha256`, the digest of that text and of every tensor, so that damage is noticed.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, asdict, fields
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from fcn_studio.core.errors import DataError, OutputError
from fcn_studio.core.files import whole_file
from fcn_studio.core.graph.build import graph_of
from fcn_studio.core.graph.fusion import Upsampling
from fcn_studio.core.graph.geometry import CoordMap
from fcn_studio.core.graph.names import (
    OUTPUT,
    SCORE,
    SCORE_LAYERS,
    TAPS,
    UPSAMPLINGS,
    VARIANTS,
    layers_of,
    upsamplings_of,
)
from fcn_studio.core.graph.unpooling import POOLS, UNDONE, Switches, unpoolings
from fcn_studio.core.images.image import MAX_PIXELS
from fcn_studio.core.labels import MAX_CLASSES, LabelSet, counted_classes
from fcn_studio.core.maps.presence import Presence
from fcn_studio.core.trace.stages import DecoderStage
from fcn_studio.core.trace.trace import Provenance, ScoreMap, Trace, enlargements, score_nodes

SUFFIX = ".fcntrace"
FORMAT = "fcntrace"
VERSION = 1
DIGEST_KEY = "sha256"

MAX_BYTES = 32 << 30  # a photo of MAX_PIXELS with its masks, score maps of the usual data sets and taps
MAX_HEADER = 4 << 20  # names and geometry; a usual header has a few thousand bytes
MAX_STRIDE = 64  # twice that of score_fr
MAX_KERNEL = 4 * MAX_STRIDE
MAX_MARGIN = 1024  # photo pixels that a grid may reach past the photo; Caffe's padding makes it about 200
MAX_STAGES = 16  # of a decoder
MAX_NAME = 64  # characters of a layer's name
LAYERS = (*SCORE_LAYERS, SCORE)

Arrays = dict[str, NDArray[Any]]


def save_trace(trace: Trace, path: Path, *, labels: LabelSet | None = None) -> None:
    """Writes a trace, whole or not at all.

    Args:
        trace: What to keep: photo, score maps, masks, provenance, and the taps if it has them.
        path: The file, by custom with the ending SUFFIX; replaced if it is there.
        labels: The trace's classes in other colours; None takes the trace's own.

    Raises:
        OutputError: The file cannot be written, or would be over MAX_BYTES.
        DataError: `labels` has another number of classes.
    """
    labels = trace.labels if labels is None else labels
    if len(labels) != len(trace.labels):
        raise DataError(
            f"Label set {labels.name!r} has {counted_classes(len(labels))}, but the trace has {len(trace.labels)}."
        )
    tensors = {name: np.ascontiguousarray(array) for name, array in _tensors(trace)}
    if sum(array.nbytes for array in tensors.values()) > MAX_BYTES - MAX_HEADER:
        raise OutputError(f"{path}: over {MAX_BYTES >> 30} GiB, too large for a trace file; use a smaller photo.")
    text = json.dumps(_meaning(trace, labels), allow_nan=False)
    with whole_file(path) as temporary:
        try:
            save_file(tensors, temporary, metadata={FORMAT: text, DIGEST_KEY: _digest(text, tensors)})
        except SafetensorError as error:  # how the library reports a full disk
            raise OSError(str(error)) from error


def load_trace(path: Path) -> Trace:
    """Reads what `save_trace` wrote; masks, scores, contributions and heatmaps are equal bit for bit.

    Nothing is allocated before the sizes that the file declares have been checked against the file's own.

    Raises:
        DataError: The file cannot be read, is damaged or no trace, or was written by a newer version.
    """
    text, digest, tensors = _read(path)
    meaning = _json(path, text)
    try:
        trace = _trace(meaning, tensors)
    except DataError as error:
        raise DataError(f"{path}: {str(error).removesuffix('.')}; save the trace again.") from error
    if _digest(text, tensors) != digest:
        raise DataError(f"{path}: the trace file is damaged (its checksum differs); copy it or save it again.")
    return trace


def _tensors(trace: Trace) -> Iterator[tuple[str, NDArray[Any]]]:
    yield "image", trace.image
    for name, score_map in trace.score_maps.items():
        yield f"{name}.evidence", score_map.evidence
        yield f"{name}.bias", score_map.bias
    for name, upsampling in trace.upsamplings.items():
        if upsampling.weight is not None:
            yield f"{name}.weight", upsampling.weight
    for variant, mask in trace.masks.items():
        yield f"mask.{variant}", mask
    for name, tap in trace.taps.items():
        yield f"tap.{name}", tap
    for name, weights in trace.score_weights.items():
        yield f"{name}.channels", weights
    for number, stage in enumerate(trace.stages):
        yield f"stage.{number}.energy", stage.energy
        yield f"stage.{number}.upsampled", stage.upsampled
        if stage.added is not None:
            yield f"stage.{number}.added", stage.added
    for name, pool in trace.switches.items():
        yield f"switches.{name}", pool.places


def _meaning(trace: Trace, labels: LabelSet) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "labels": labels.to_dict(),
        "variants": list(trace.variants),
        "score_maps": {
            name: {
                "scale": str(score_map.coords.scale),
                "offset": str(score_map.coords.offset),
                "receptive_field": score_map.coords.receptive_field,
                "input_scale": float(score_map.input_scale),
                "tap": score_map.tap,
            }
            for name, score_map in trace.score_maps.items()
        },
        "upsamplings": {
            name: {key: getattr(upsampling, key) for key in _UPSAMPLING_KEYS}
            | {"learned": upsampling.weight is not None}
            | ({"size": list(upsampling.size)} if upsampling.size else {})
            for name, upsampling in trace.upsamplings.items()
        },
        "masks": list(trace.masks),
        "taps": list(trace.taps),
        "score_weights": list(trace.score_weights),
        "provenance": asdict(trace.provenance),
        "timings": dict(trace.timings),
        "stages": [
            {"name": stage.name, "skip": stage.skip, "stride": stage.stride, "added": stage.added is not None}
            for stage in trace.stages
        ],
        "switches": {
            name: {
                "scale": str(pool.coords.scale),
                "offset": str(pool.coords.offset),
                "receptive_field": pool.coords.receptive_field,
            }
            for name, pool in trace.switches.items()
        },
    } | ({} if trace.presence is None else {"presence": _presence_values(trace.presence)})


# Weights are tensors, sizes the photo's own, and places follow from the switches.
_UPSAMPLING_KEYS = tuple(field.name for field in fields(Upsampling) if field.name not in ("weight", "size", "places"))


def _digest(text: str, tensors: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _read(path: Path) -> tuple[str, str, Arrays]:
    """Metadata, its digest and the tensors, of bounded sizes."""
    damaged = f"{path}: not a complete trace file; copy it or save it again."
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            header = int.from_bytes(file.read(8), "little")
    except OSError as error:
        raise DataError(f"{path}: the trace cannot be read ({error.strerror}); choose another file.") from error
    if size > MAX_BYTES:
        raise DataError(f"{path}: over {MAX_BYTES >> 30} GiB, too large for a trace; choose another file.")
    if size < 8 or not 0 < header <= min(MAX_HEADER, size - 8):
        raise DataError(damaged)
    try:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
            if FORMAT not in metadata or DIGEST_KEY not in metadata:
                raise DataError(f"{path}: a safetensors file, but no trace; choose a {SUFFIX} file.")
            _json(path, metadata[FORMAT])  # a newer version may hold tensors of kinds that numpy lacks
            tensors: Arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, TypeError, ValueError, KeyError, AttributeError) as error:
        raise DataError(damaged) from error
    return metadata[FORMAT], metadata[DIGEST_KEY], tensors


def _json(path: Path, text: str) -> dict[str, Any]:
    try:
        meaning = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: the trace's description is damaged; copy the file or save it again.") from error
    if not isinstance(meaning, dict) or meaning.get("format") != FORMAT:
        raise DataError(f"{path}: a safetensors file, but no trace; choose a {SUFFIX} file.")
    version = meaning.get("version")
    if type(version) is not int or version < 1:
        raise DataError(f"{path}: the trace names no version; copy the file or save it again.")
    if version > VERSION:
        raise DataError(f"{path}: trace version {version} is newer than {VERSION}; update FCN Studio.")
    return meaning


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _trace(meaning: Mapping[str, Any], tensors: Arrays) -> Trace:
    """The trace, every field checked.

    Raises:
        DataError: Something is missing, surplus or out of bounds; in one sentence, without the file's name.
    """
    left = dict(tensors)
    image = _taken(left, "image", np.uint8, (None, None, 3))
    if image.shape[0] * image.shape[1] > MAX_PIXELS:
        raise DataError(f"Its photo is over {MAX_PIXELS // 1_000_000} megapixels.")
    labels = _labels(_dict(meaning, "labels"))
    classes = len(labels)
    variants = _names(meaning, "variants", (*VARIANTS, OUTPUT))
    if not variants:
        raise DataError("It names no variant.")
    score_maps = {}
    for name, values in _dict(meaning, "score_maps", LAYERS).items():
        evidence = _finite(left, f"{name}.evidence", (classes, None, None))
        bias, scale = _finite(left, f"{name}.bias", (classes,)), _scale(name, values)
        score_maps[name] = ScoreMap(evidence, bias, _coords(name, values), scale, _tap(name, values))
    declared = _dict(meaning, "upsamplings", UPSAMPLINGS)
    switches, unpooled = _switches(meaning, left, image.shape[:2], score_maps, declared)
    upsamplings = {
        name: _upsampling(name, values, left, classes, image.shape[:2], unpooled) for name, values in declared.items()
    }
    _check_geometry(variants, image.shape[:2], score_maps, upsamplings)
    masks = {}
    for variant in _names(meaning, "masks", variants):
        masks[variant] = _taken(left, f"mask.{variant}", np.uint8, image.shape[:2])
        if masks[variant].max() >= classes:
            raise DataError(
                f"Its mask {variant} holds class {masks[variant].max()} of only {counted_classes(classes)}."
            )
    taps = {
        name: _taken(left, f"tap.{name}", np.float32, (None,) * 3)
        for name in _names(meaning, "taps", tuple(TAPS.values()))
    }
    weights = {
        name: _finite(left, f"{name}.channels", (classes, None))
        for name in _names(meaning, "score_weights", tuple(score_maps))
    }
    stages = _stages(meaning, left)
    if left:
        raise DataError(f"It holds a tensor {min(left)!r} that no part of a trace is.")
    return Trace(
        image=image,
        labels=labels,
        variants=variants,
        score_maps=score_maps,
        upsamplings=upsamplings,
        masks=masks,
        provenance=_provenance(_dict(meaning, "provenance")),
        timings=_timings(_dict(meaning, "timings")),
        taps=taps,
        score_weights=weights,
        stages=stages,
        switches=switches,
        presence=_presence(meaning, classes),
    )


def _presence_values(presence: Presence) -> dict[str, list[float]]:
    return {"photo": presence.photo.tolist(), "peak": presence.peak.tolist()}


def _presence(meaning: Mapping[str, Any], classes: int) -> Presence | None:
    if "presence" not in meaning:
        return None
    values = _dict(meaning, "presence", ("photo", "peak"))
    return Presence(_probabilities(values, "photo", classes), _probabilities(values, "peak", classes))


def _probabilities(values: Mapping[str, Any], key: str, classes: int) -> NDArray[np.float32]:
    found = values.get(key)
    if (
        not isinstance(found, list)
        or len(found) != classes
        or any(not isinstance(value, float) or not 0 <= value <= 1 for value in found)
    ):
        raise DataError(f"Its presence has no {classes} probabilities {key!r}.")
    return np.array(found, dtype=np.float32)


def _dict(values: Mapping[str, Any], key: str, allowed: Sequence[str] | None = None) -> dict[str, Any]:
    found = values.get(key)
    if not isinstance(found, dict):
        raise DataError(f"Its description lacks {key!r}.")
    if allowed is not None and (surplus := [name for name in found if name not in allowed]):
        raise DataError(f"Its {key} have an unknown entry {surplus[0]!r}.")
    return found


def _names(values: Mapping[str, Any], key: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    found = values.get(key)
    if not isinstance(found, list) or any(name not in allowed for name in found) or len(set(found)) != len(found):
        raise DataError(f"Its {key} are not a choice of {', '.join(allowed)}.")
    return tuple(found)


def _taken(left: Arrays, name: str, dtype: type[np.generic], shape: tuple[int | None, ...]) -> NDArray[Any]:
    """Takes the tensor of that name and form out of `left`; None stands for any size of 1 or more."""
    array = left.pop(name, None)
    if array is None:
        raise DataError(f"It lacks the tensor {name!r}.")
    fits = len(array.shape) == len(shape) and all(
        size == wanted if wanted is not None else size >= 1 for size, wanted in zip(array.shape, shape, strict=True)
    )
    if array.dtype != dtype or not fits:
        wanted_shape = " x ".join("n" if size is None else str(size) for size in shape)
        raise DataError(f"Its tensor {name!r} is {array.dtype} {array.shape}, not {np.dtype(dtype)} {wanted_shape}.")
    return array


def _finite(left: Arrays, name: str, shape: tuple[int | None, ...]) -> NDArray[np.float32]:
    array = _taken(left, name, np.float32, shape)
    if not np.isfinite(array).all():
        raise DataError(f"Its tensor {name!r} holds infinite or undefined numbers.")
    return array


def _labels(values: dict[str, Any]) -> LabelSet:
    try:
        labels = LabelSet.from_dict(values)
    except (AttributeError, OverflowError) as error:
        raise DataError("Its label set is malformed.") from error
    if not labels.fits_masks:
        raise DataError(f"Its label set has {counted_classes(len(labels))}; 1 to {MAX_CLASSES} fit a mask.")
    if labels.to_dict() != values:
        raise DataError("Its label set is malformed.")
    if labels.background is not None and not 0 <= labels.background < len(labels):
        raise DataError(f"Its label set has no class {labels.background} to be the background.")
    return labels


def _fraction(name: str, text: Any) -> Fraction:
    # Fraction itself takes "1e999999999", and days to compute it.
    match = re.fullmatch(r"(-?[0-9]{1,12})(?:/([0-9]{1,12}))?", text) if isinstance(text, str) else None
    if match is None or (match[2] is not None and int(match[2]) == 0):
        raise DataError(f"The geometry of its {name} is malformed.")
    return Fraction(int(match[1]), int(match[2] or 1))


def _whole(name: str, value: Any, most: int) -> int:
    if type(value) is not int or not 1 <= value <= most:
        raise DataError(f"The geometry of its {name} is out of bounds.")
    return value


def _scale(name: str, values: Any) -> float:
    found = values.get("input_scale") if isinstance(values, dict) else None
    if not isinstance(found, float) or not math.isfinite(found):
        raise DataError(f"Its {name} has {found!r} for an input scale.")
    return found


def _tap(name: str, values: dict[str, Any]) -> str:
    found = values.get("tap", "")  # older files name none
    if not isinstance(found, str) or len(found) > MAX_NAME:
        raise DataError(f"Its {name} reads {found!r}, which is no name.")
    return found


def _stages(meaning: Mapping[str, Any], left: Arrays) -> tuple[DecoderStage, ...]:
    entries = meaning.get("stages", [])  # older files have none
    if not isinstance(entries, list) or len(entries) > MAX_STAGES:
        raise DataError("Its decoder stages are malformed.")
    found = []
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict) or set(entry) != {"name", "skip", "stride", "added"}:
            raise DataError("Its decoder stages are malformed.")
        names = entry["name"], entry["skip"]
        if not all(isinstance(name, str) and len(name) <= MAX_NAME for name in names):
            raise DataError("Its decoder stages are malformed.")
        energy = _finite(left, f"stage.{number}.energy", (None, None))
        upsampled = _finite(left, f"stage.{number}.upsampled", energy.shape)
        added = _finite(left, f"stage.{number}.added", energy.shape) if entry["added"] is True else None
        stride = _whole(f"stage {number}", entry["stride"], MAX_STRIDE)
        found.append(DecoderStage(names[0], names[1], stride, energy, upsampled, added))
    return tuple(found)


def _switches(
    meaning: Mapping[str, Any],
    left: Arrays,
    photo: Sequence[int],
    score_maps: Mapping[str, ScoreMap],
    steps: Mapping[str, Any],
) -> tuple[dict[str, Switches], dict[str, Upsampling]]:
    """All pools' switches or none, and what each upsampling layer is as max-unpooling by them."""
    entries = meaning.get("switches", {})  # older files have none
    if not entries:
        return {}, {}
    if not isinstance(entries, dict) or set(entries) != set(POOLS) or not set(steps) <= set(UNDONE):
        raise DataError("Its indices of the pools are malformed.")
    found = {}
    for name in POOLS:
        places = _taken(left, f"switches.{name}", np.uint8, (None, None))
        coords = _coords(name, entries[name], known=frozenset())
        if places.max() > 3 or any(
            cells * int(coords.scale) > side + MAX_MARGIN for cells, side in zip(places.shape, photo, strict=True)
        ):
            raise DataError(f"Its indices of {name} are out of bounds.")
        found[name] = Switches(places, coords)
    try:
        sizes = {name: layer.size for name, layer in score_maps.items()}
        return found, unpoolings(score_nodes(score_maps), steps, sizes, found)
    except (ValueError, KeyError) as error:
        raise DataError("Its indices of the pools do not lie on its score maps.") from error


def _coords(name: str, values: Any, known: frozenset[str] = frozenset({"input_scale"})) -> CoordMap:
    if not isinstance(values, dict) or set(values) - {"tap"} != {"scale", "offset", "receptive_field", *known}:
        raise DataError(f"The geometry of its {name} is malformed.")
    scale = _fraction(name, values["scale"])
    if scale.denominator != 1 or not 1 <= scale <= MAX_STRIDE:
        raise DataError(f"The stride of its {name} is {scale}, not a whole number from 1 to {MAX_STRIDE}.")
    return CoordMap(scale, _fraction(name, values["offset"]), _whole(name, values["receptive_field"], 1 << 20))


def _upsampling(
    name: str, values: Any, left: Arrays, classes: int, photo: Sequence[int], unpooled: Mapping[str, Upsampling]
) -> Upsampling:
    if (
        not isinstance(values, dict)
        or set(values) - {"size"} != {*_UPSAMPLING_KEYS, "learned"}
        or type(values["learned"]) is not bool
    ):
        raise DataError(f"The geometry of its {name} is malformed.")
    stride, kernel = _whole(name, values["stride"], MAX_STRIDE), _whole(name, values["kernel"], MAX_KERNEL)
    weight = None
    if values["learned"]:
        per_class = f"{name}.weight" in left and left[f"{name}.weight"].shape[1:2] == (1,)
        weight = _finite(left, f"{name}.weight", (classes, 1 if per_class else classes, kernel, kernel))
    size = None
    if "size" in values:
        if values["size"] != list(photo):
            raise DataError(f"Its {name} does not give the photo's size.")
        size = (photo[0], photo[1])
    more = {key: value for key, value in values.items() if key not in ("stride", "kernel", "learned", "size")}
    if not all(isinstance(value, str) for value in more.values()):
        raise DataError(f"The geometry of its {name} is malformed.")
    if more.get("interpolation") == "max_unpooling":
        found = unpooled.get(name)
        if found is None or weight is not None or size or (stride, kernel) != (found.stride, found.kernel):
            raise DataError(f"Its {name} is max-unpooling, but the indices of its pools do not fit.")
        return found
    try:
        return Upsampling(stride, kernel, weight, size=size, **more)
    except (TypeError, ValueError) as error:
        raise DataError(f"The geometry of its {name} is malformed.") from error


def _check_geometry(
    variants: Sequence[str],
    photo: Sequence[int],
    score_maps: Mapping[str, ScoreMap],
    upsamplings: Mapping[str, Upsampling],
) -> None:
    """Raises DataError unless the variants' grids exist, meet, are of the photo's order of size, and cover it."""
    for variant in variants:
        layers = layers_of(variant)
        for layer in layers:
            if layer not in score_maps:
                raise DataError(f"Variant {variant} needs {layer}, which is missing.")
            if any(
                n * score_maps[layer].stride > side + MAX_MARGIN
                for n, side in zip(score_maps[layer].size, photo, strict=True)
            ):
                raise DataError(f"Its {layer} is too large for its photo.")
        for step in upsamplings_of(variant):
            if step not in upsamplings:
                raise DataError(f"Variant {variant} needs {step}, which is missing.")
        try:
            graph = graph_of(
                score_nodes({layer: score_maps[layer] for layer in layers}), (variant,), enlargements(upsamplings)
            )
            sizes = graph.sizes({layer: score_maps[layer].size for layer in layers})
            covered = graph.exit(variant).covers(sizes[graph.exit(variant).node], (photo[0], photo[1]))
            if not covered or any(min(size) < 1 for size in sizes.values()):
                raise ValueError("the grids share no cell, or the photo is not covered")
        except ValueError as error:
            raise DataError(f"The score maps of variant {variant} do not lie on its photo.") from error


def _provenance(values: dict[str, Any]) -> Provenance:
    known = {field.name for field in fields(Provenance)}
    needed = {field.name for field in fields(Provenance) if field.default is MISSING}
    if not needed <= set(values) <= known or not all(isinstance(value, str) for value in values.values()):
        raise DataError("Its provenance is malformed.")
    return Provenance(**values)


def _timings(values: dict[str, Any]) -> dict[str, float]:
    # Python's JSON reads 1e999 as infinity.
    if not all(type(v) in (int, float) and math.isfinite(v) and v >= 0 for v in values.values()):
        raise DataError("Its timings are malformed.")
    return values
