"""The GPU's kernel of winners: run by Triton's interpreter on the CPU, and compiled for GPUs that need not be here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.engine.test_winners import enlarged

pytest.importorskip("triton")

# In processes of their own: Triton chooses its interpreter when it is imported.
INTERPRETED = """
import sys
import numpy as np, torch
from fcn_studio.engine.execution.squares import Lattice
from fcn_studio.engine.execution.triton_winners import triton_winners
folder, found = sys.argv[1], {}
for name, scores in np.load(f"{folder}/cases.npz").items():
    stride, kernel, crop, height, width = (int(word) for word in name.split("-")[1:])
    scores = torch.from_numpy(scores)
    if name.startswith("channels_last"):
        scores = scores[None].contiguous(memory_format=torch.channels_last)[0]
    found[name] = triton_winners(scores, Lattice.of(stride, kernel, crop), (height, width)).numpy()
np.savez(f"{folder}/found.npz", **found)
"""
COMPILED = """
import json
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from fcn_studio.engine.execution.triton_winners import BLOCK, _winners
constants = {"classes": 11, "stride": 8, "block": BLOCK}
types = dict.fromkeys(_winners.arg_names, "i32") | dict.fromkeys(constants, "constexpr")
types |= {"scores": "*fp32", "labels": "*u8", "phase": "fp32"}
source = ASTSource(fn=_winners, signature=types, constexprs=constants)
made = {one: triton.compile(source, target=GPUTarget("cuda", one, 32)) for one in (80, 90)}
print(json.dumps({one: [len(kernel.asm["cubin"]), kernel.metadata.shared] for one, kernel in made.items()}))
"""


@dataclass(frozen=True)
class Case:
    """(C, h, w) scores and how they are enlarged and cropped."""

    name: str
    scores: Tensor
    stride: int
    kernel: int
    crop: int
    size: tuple[int, int]

    def title(self) -> str:
        return "-".join(map(str, (self.name, self.stride, self.kernel, self.crop, *self.size)))


def cases() -> list[Case]:
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    holed = normal(3, 3, 4)
    holed[1, 1, 2] = float("nan")
    return [
        Case("even", normal(4, 3, 4), 8, 16, 4, (19, 25)),
        Case("odd", normal(4, 3, 4), 8, 15, 3, (19, 25)),
        Case("wider_than_a_block", normal(5, 2, 10), 32, 64, 16, (4, 300)),
        Case("ties", torch.randint(0, 2, (6, 4, 5), generator=generator).float(), 4, 8, 0, (19, 20)),
        Case("channels_last", normal(3, 6, 8), 2, 4, 1, (8, 9)),
        Case("no_number", holed, 4, 8, 2, (11, 13)),
        Case("one_pixel", normal(3, 1, 1), 8, 16, 7, (1, 1)),
    ]


def run(folder: Path, script: str, *, interpreter: bool) -> str:
    environment = os.environ | {"TRITON_INTERPRET": str(int(interpreter)), "TRITON_CACHE_DIR": str(folder / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_gives_the_largest_of_a_transposed_convolution(tmp_path: Path) -> None:
    scores = {case.title(): case.scores.numpy() for case in cases()}
    np.savez(tmp_path / "cases.npz", allow_pickle=False, **scores)
    run(tmp_path, INTERPRETED, interpreter=True)
    found = np.load(tmp_path / "found.npz")
    for case in cases():
        expected = enlarged(case.scores, case.stride, case.kernel, case.crop, case.size).numpy().argmax(0)
        np.testing.assert_array_equal(found[case.title()], expected, err_msg=case.name)


def test_it_compiles_for_gpus(tmp_path: Path) -> None:
    made = json.loads(run(tmp_path, COMPILED, interpreter=False))
    assert made.keys() == {"80", "90"}
    for code, shared in made.values():
        assert code > 0
        assert shared == 0  # bytes of memory that threads would share: no stack of scores is kept
