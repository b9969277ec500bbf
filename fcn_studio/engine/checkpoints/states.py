"""State dicts of others to nets: every tensor accounted for, and a word on those missing, surplus or misshapen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from fcn_studio.core.errors import CheckpointError

# What DataParallel, torch.compile, FSDP and checkpointing put into the names of what they wrap, anywhere.
WRAPPERS = frozenset({"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"})
COUNTER = "num_batches_tracked"  # of batch normalisation; predicting needs it not


def all_finite(value: Tensor) -> bool:
    """Whether no number is infinite or undefined; by sum and extremes, which take no memory beside it."""
    # The sum, ten times as quick as the extremes, is infinite or undefined if any number is; and, rarely, by itself.
    if not value.numel() or bool(torch.isfinite(value.sum())):
        return True
    return all(bool(torch.isfinite(extreme)) for extreme in torch.aminmax(value))


def named_layers(path: Path, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The layers by their names without wrappers, and without counters.

    Raises:
        CheckpointError: Two layers have one name, or a layer is of integers or sparse, as of a quantised net.
    """
    layers: dict[str, Tensor] = {}
    for key, value in tensors.items():
        if value.layout != torch.strided or not value.is_floating_point():
            if key.endswith((".weight", ".bias")):
                kind = str(value.dtype if value.layout == torch.strided else value.layout).removeprefix("torch.")
                raise CheckpointError(
                    f"{path}: layer {key[:80]} is {kind}, as of a quantised or pruned net; save the net's own "
                    "floating-point state dict."
                )
            continue  # counts of batches, and of the weights that an average is of
        name = ".".join(part for part in key.split(".") if part not in WRAPPERS)
        if name in layers:
            raise CheckpointError(f"{path}: layer {name[:80]} is there twice, as it is and wrapped; keep one.")
        layers[name] = value.detach()
    return layers


def plain_state(path: Path, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state in float32, as `named_layers` has it.

    Raises:
        CheckpointError: As of `named_layers`, or a variance is negative.
    """
    state: dict[str, Tensor] = {}
    for name, value in named_layers(path, tensors).items():
        if name.endswith(".running_var") and bool((value < 0).any()):
            raise CheckpointError(f"{path}: layer {name} holds negative variances; the file is damaged.")
        state[name] = value.float()
    return state


def set_apart(state: dict[str, Tensor], prefix: str) -> str | None:
    """Takes the layers under `prefix` out of `state`; prefix and count in words, or None if there are none."""
    unused = [key for key in state if key.startswith(prefix)]
    for key in unused:
        del state[key]
    return f"{prefix}* ({counted_tensors(len(unused))})" if unused else None


def counted_tensors(count: int) -> str:
    """`1 tensor` or `3 tensors`."""
    return "1 tensor" if count == 1 else f"{count} tensors"


def shape_of(path: Path, state: Mapping[str, Tensor], key: str, *, dimensions: int) -> tuple[int, ...]:
    """The shape of a layer from which the net is inferred.

    Raises:
        CheckpointError: It is missing or has another number of dimensions.
    """
    if key not in state:
        raise CheckpointError(f"{path}: layer {key} is missing; is the file complete?")
    shape = tuple(state[key].shape)
    if len(shape) != dimensions or 0 in shape:
        raise CheckpointError(f"{path}: layer {key} is {shape}, not {dimensions} dimensions; a different net?")
    return shape


def numbers_in(state: Mapping[str, Tensor], prefix: str) -> Iterator[int]:
    """The numbers that follow `prefix` in keys such as `features.7.weight`, each once, ascending."""
    found = {key.removeprefix(prefix).partition(".")[0] for key in state if key.startswith(prefix)}
    yield from sorted(int(number) for number in found if number.isascii() and number.isdigit() and len(number) < 4)


class Shaped(Protocol):
    """Weights that are here, or that lie in a file yet."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Their shape."""


def check_layers(path: Path, net: nn.Module, state: Mapping[str, Shaped]) -> None:
    """Holds every layer's name and shape against those of `net`.

    Raises:
        CheckpointError: A layer is missing, surplus or of another shape.
    """
    expected = {key: tuple(value.shape) for key, value in net.state_dict().items() if not key.endswith(COUNTER)}
    if missing := sorted(set(expected) - set(state)):
        raise CheckpointError(f"{path}: layer {missing[0]} is missing ({len(missing)} in all); is the file complete?")
    if surplus := sorted(set(state) - set(expected)):
        raise CheckpointError(f"{path}: unexpected layer {surplus[0]} ({len(surplus)} in all); a different net?")
    for key, shape in expected.items():
        if tuple(state[key].shape) != shape:
            raise CheckpointError(
                f"{path}: layer {key} is {tuple(state[key].shape)}, but this net has {shape}; a different net?"
            )


def fill(path: Path, net: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Gives `net`, built without memory, the tensors of `state`; leaves it in evaluation mode.

    Raises:
        CheckpointError: As of `check_layers`.
    """
    check_layers(path, net, state)
    counters = {key: torch.zeros((), dtype=torch.long) for key in net.state_dict() if key.endswith(COUNTER)}
    net.load_state_dict({**state, **counters}, assign=True)
    net.eval()
