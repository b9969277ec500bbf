"""Where in a file the net is: training scripts keep it beside their optimizer, under any name, behind any prefix.

{"epoch": 3, "model": {"module.conv1_1.weight": ...}, "model_ema": {...}}  ->  conv1_1.weight ... of model_ema
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from fcn_studio.core.errors import CheckpointError
from fcn_studio.engine.checkpoints.states import all_finite, counted_tensors, named_layers
from fcn_studio.engine.checkpoints.torch_file import read_content

MAX_CONTAINERS = 20_000  # of a stranger's file; an optimizer has one for each layer
# The better of several, by the words in their names: what a run found best, then a running average of its weights.
BEST = re.compile(r"(^|[^a-z])best([^a-z]|$)")
AVERAGE = re.compile(r"(^|[^a-z])(ema|swa|averaged?|avg|shadow|teacher)([^a-z]|$)")
# Then the names that are usual: pytorch-fcn's first.
USUAL = ("model_state_dict", "state_dict", "model", "net", "network", "weights", "params")
WHY = {0: "the best one", 1: "a running average of the weights"}

State = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class Found:
    """A state dict of a net.

    Attributes:
        tensors: By layer, without a prefix that all share; finite, floating, without counters.
        card: What a checkpoint's card says of where it was.
    """

    tensors: dict[str, Tensor]
    card: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Candidate:
    entry: str
    tensors: dict[str, Tensor]
    prefix: str = ""
    left_out: str = ""


def find_state(path: Path, is_known: Callable[[State], bool]) -> Found:
    """The state dict in a file of PyTorch or safetensors; of several, one of a known net, and of these the best.

    Args:
        path: The file.
        is_known: Whether layers are a net's that can be opened.

    Raises:
        CheckpointError: The file cannot be read or holds none, or its layers are no numbers of a net.
    """
    entries = [(entry, layers) for entry, values in _mappings(read_content(path)) if (layers := _layers(path, values))]
    if not entries:
        raise CheckpointError(
            f'{path}: holds no state dict of a net; torch.save(model.state_dict(), "weights.pth") makes one.'
        )
    entries.sort(key=lambda found: _rank(found[0], found[1]))
    choices = [choice for entry, layers in entries for choice in _choices(entry, layers)]
    known = [choice for choice in choices if is_known(choice.tensors)]
    chosen = (known or choices)[0]
    others = list(dict.fromkeys(choice.entry for choice in known if choice.entry != chosen.entry))
    for key, value in chosen.tensors.items():
        if not all_finite(value):
            raise CheckpointError(f"{path}: layer {key[:80]} holds infinite or undefined numbers; the file is damaged.")
    card: dict[str, Any] = {"entry": chosen.entry} if chosen.entry else {}
    if others:
        card |= {"other_entries": others, "entry_chosen_for": WHY.get(_rank(chosen.entry, {})[0], "its name or size")}
    if chosen.prefix:
        card["prefix"] = chosen.prefix
    if chosen.left_out:
        card["unused"] = [chosen.left_out]
    return Found(chosen.tensors, card)


def _mappings(content: Any) -> Iterator[tuple[str, Mapping[Any, Any]]]:
    """Every mapping in nested containers, outermost first, with the dotted name of the entry."""
    waiting, seen = deque([("", content)]), set[int]()
    while waiting and len(seen) < MAX_CONTAINERS:
        entry, values = waiting.popleft()
        if not isinstance(values, Mapping | list | tuple) or id(values) in seen:
            continue
        seen.add(id(values))  # a file of a few bytes can have one list in itself any number of times
        if isinstance(values, Mapping):
            yield entry, values
        inner = values.items() if isinstance(values, Mapping) else enumerate(values)
        waiting.extend((f"{entry}.{key}".strip("."), value) for key, value in inner)


def _layers(path: Path, values: Mapping[Any, Any]) -> dict[str, Tensor]:
    """The layers in a mapping, which may have other entries beside them, by their names without wrappers.

    Empty where it is no state dict.

    Raises:
        CheckpointError: As of `named_layers`.
    """
    found = {key: value for key, value in values.items() if isinstance(key, str) and isinstance(value, Tensor)}
    if not any(key.endswith(".weight") for key in found):
        return {}  # such as an optimizer's, which keeps its numbers by number
    return named_layers(path, found)


def _rank(entry: str, layers: State) -> tuple[int, int, int]:
    """What comes first: the best, an average, a usual name, the most numbers."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", entry).lower()
    last = name.rpartition(".")[2]
    kind = 0 if BEST.search(name) else 1 if AVERAGE.search(name) else 2
    usual = USUAL.index(last) if last in USUAL else len(USUAL)
    return kind, usual, -sum(value.numel() for value in layers.values())


def _choices(entry: str, layers: dict[str, Tensor]) -> Iterator[_Candidate]:
    """The layers without a prefix that all share; then those of one prefix, where the others are hardly layers.

    Beside a net, a Lightning module may keep its loss (`criterion.weight`) or the net's own average (`ema.`).
    """
    whole = _without_prefix(entry, layers)
    yield whole
    groups: dict[str, dict[str, Tensor]] = {}
    for key, value in whole.tensors.items():
        first, _, rest = key.partition(".")
        groups.setdefault(first, {})[rest or first] = value
    for first in sorted(groups, key=lambda name: _rank(name, groups[name])):
        beside = [name for name, group in groups.items() if name != first and not _is_beside(group, groups[first])]
        if beside or len(groups) == 1:
            continue
        own = _without_prefix(entry, groups[first])
        others = [name for name in groups if name != first]
        count = sum(len(groups[name]) for name in others)
        left_out = f"{', '.join(f'{name}.*' for name in others)} ({counted_tensors(count)})"
        yield _Candidate(entry, own.tensors, f"{whole.prefix}{first}.{own.prefix}", left_out)


def _is_beside(group: State, net: State) -> bool:
    """Whether a group is no part of a net: it has no weights of layers, or it is the same net once more."""
    return all(value.ndim < 2 for value in group.values()) or set(group) == set(net)


def _without_prefix(entry: str, layers: dict[str, Tensor]) -> _Candidate:
    """The layers without `model.`, `net.` or whatever else all of them begin with."""
    prefix = _shared_prefix(list(layers))
    return _Candidate(entry, {key[len(prefix) :]: value for key, value in layers.items()}, prefix)


def _shared_prefix(keys: Sequence[str]) -> str:
    """The dotted parts that all keys begin with; of each key at least its layer and `weight` are left."""
    parts = [key.split(".")[:-2] for key in keys]
    shared = 0
    for column in zip(*parts, strict=False):
        if len(set(column)) > 1:
            break
        shared += 1
    return "".join(f"{part}." for part in parts[0][:shared]) if parts else ""
