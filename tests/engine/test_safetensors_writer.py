"""The piecewise writer's files are those of the safetensors library, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from fcn_studio.engine.checkpoints import safetensors_writer
from fcn_studio.engine.checkpoints.safetensors_writer import write_safetensors


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("piece", [3, 1 << 22])
def test_bytes_equal_the_librarys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype, piece: int
) -> None:
    monkeypatch.setattr(safetensors_writer, "PIECE", piece)
    generator = torch.Generator().manual_seed(0)
    tensors = {
        "fc6.weight": torch.randn(4, 3, 7, 7, generator=generator).contiguous(memory_format=torch.channels_last),
        "a.bias": torch.randn(5, generator=generator),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 3),
        "count": torch.arange(3),
        "mask": torch.tensor([True, False, True]),
        "transposed": torch.randn(4, 6, generator=generator).T,
    }
    metadata = {"fcn_studio": json.dumps({"name": "Straße 도로", "quote": '"\\'})}
    ours, theirs = tmp_path / "ours.safetensors", tmp_path / "theirs.safetensors"
    write_safetensors(ours, tensors, dtype=dtype, metadata=metadata)
    converted = {key: (value.to(dtype) if value.is_floating_point() else value) for key, value in tensors.items()}
    save_file({key: value.contiguous() for key, value in converted.items()}, theirs, metadata=metadata)
    assert ours.read_bytes() == theirs.read_bytes()
    for key, value in load_file(ours).items():
        assert torch.equal(value, converted[key])
