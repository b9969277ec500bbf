"""Tensors and plain data from the files of PyTorch and safetensors; nothing in them is executed."""

from __future__ import annotations

import pickle
import re
import warnings
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from fcn_studio.core.catalog.checkpoint_file import ZIP, FileKind, kind_of, refusal
from fcn_studio.core.errors import CheckpointError
from fcn_studio.engine.checkpoints.native import MAX_BYTES

# What training scripts save beside weights, by the names that files call the types by.
PASSED_OVER = (
    "argparse.Namespace",
    "types.SimpleNamespace",
    *(
        f"builtins.{name}"
        for name in ("bool", "dict", "float", "frozenset", "int", "list", "range", "slice", "str", "tuple")
    ),
    *(f"datetime.{name}" for name in ("date", "datetime", "time", "timedelta", "timezone")),
    # Of NumPy before and since 2.0: its scalars (pytorch-fcn's best_mean_iu is one), types and arrays.
    *(f"numpy.{core}.multiarray.{name}" for core in ("core", "_core") for name in ("scalar", "_reconstruct")),
    "numpy.dtype",
    "numpy.ndarray",
    # Of Python before and since 3.13.
    *(
        f"{module}.{name}"
        for module in ("pathlib", "pathlib._local")
        for name in ("Path", "PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")
    ),
    "torch.torch_version.TorchVersion",
    # Lightning before 1.5 names its callbacks by their types.
    "pytorch_lightning.callbacks.early_stopping.EarlyStopping",
    "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint",
)
# Other libraries' dictionaries, for settings.
DICTIONARIES = (
    "easydict.EasyDict",
    "lightning.fabric.utilities.data.AttributeDict",
    "lightning.pytorch.utilities.parsing.AttributeDict",
    "lightning_fabric.utilities.data.AttributeDict",
    "pytorch_lightning.utilities.parsing.AttributeDict",
    "yacs.config.CfgNode",
)
REFUSED_TYPE = re.compile(r"GLOBAL ([\w.]+)")


def read_content(path: Path) -> Any:
    """What a file of PyTorch or safetensors holds: tensors in plain containers, beside them plain values.

    Weights stay in the file until they are used. Of a training script's own entries those of the types that
    PASSED_OVER and DICTIONARIES list are read over; others are refused.

    Raises:
        CheckpointError: It cannot be read, is damaged or of another kind, or holds what could be code.
    """
    kind = kind_of(path)
    if kind not in (FileKind.TORCH, FileKind.SAFETENSORS):
        raise refusal(path, kind)
    if (size := path.stat().st_size) > MAX_BYTES:
        raise CheckpointError(f"{path}: {size} bytes is more than any FCN needs; not read.")
    try:
        return _safetensors(path) if kind is FileKind.SAFETENSORS else _torch(path)
    except EOFError as error:
        raise refusal(path, FileKind.CUT) from error
    except pickle.UnpicklingError as error:
        raise _refused_type(path, error) from error
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror or error}).") from error
    except Exception as error:  # a stranger's bytes can break the reader in any way
        if "unexpected EOF" in str(error) or "truncated" in str(error):  # files of before torch 1.6
            raise refusal(path, FileKind.CUT) from error
        raise CheckpointError(f"{path}: not a checkpoint, or damaged; copy it again.") from error


def _safetensors(path: Path) -> dict[str, torch.Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - it is no mapping
    except SafetensorError as error:
        raise CheckpointError(f"{path}: not a safetensors checkpoint ({error}); is the file complete?") from error


def _torch(path: Path) -> Any:
    with path.open("rb") as file:
        zipped = file.read(4) == ZIP
    with warnings.catch_warnings(), torch.serialization.safe_globals(_harmless()):
        warnings.simplefilter("ignore")  # torch's own, of storages and sparse layers; what matters is said of the file
        # Mapped, half a gigabyte of weights need not be in memory twice; files of before torch 1.6 cannot be.
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)


class _PassedOver:
    """In place of an entry that is read over; whatever the file gives it is dropped."""

    def __new__(cls, *_: object) -> _PassedOver:
        return super().__new__(cls)

    def __setstate__(self, _: object) -> None:
        """Keeps nothing."""


def _dictionary(*_: object) -> OrderedDict[Any, Any]:
    """In place of `defaultdict`, which is made by a call."""
    return OrderedDict()


def _harmless() -> list[Callable[..., Any] | tuple[Callable[..., Any], str]]:
    """What stands in for each of the types that are passed over: nothing of NumPy or another library is called.

    NumPy's own functions would not do: an array of Python objects that is made from a file's bytes is anything.
    """
    return [
        *((_PassedOver, name) for name in PASSED_OVER),
        *((OrderedDict, name) for name in DICTIONARIES),
        (_dictionary, "collections.defaultdict"),
    ]


def _refused_type(path: Path, error: pickle.UnpicklingError) -> CheckpointError:
    named = REFUSED_TYPE.search(str(error))
    what = f"an object of the type {named[1][:80]}" if named else "more than tensors and plain values"
    return CheckpointError(
        f"{path}: holds {what}, which could be code, and was not opened; in the program that made it, "
        'torch.save(model.state_dict(), "weights.pth") saves the weights alone.'
    )
