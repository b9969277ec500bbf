"""What captions say of who computed a mask."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fcn_studio import load
from fcn_studio.app.values.captions import device_text, trace_text

SPACE = "\N{NO-BREAK SPACE}"


def test_a_device_is_named_with_its_precision_and_a_library_other_than_torch() -> None:
    assert device_text("cpu", "bf16") == f"CPU{SPACE}bf16"
    assert device_text("cuda:1", "fp16", "torch") == f"GPU{SPACE}1{SPACE}fp16"
    assert device_text("cpu", "bf16", "openvino") == f"CPU{SPACE}bf16{SPACE}(OpenVINO)"


def test_a_trace_says_that_openvino_ran_it(tiny_checkpoint: Path) -> None:
    pytest.importorskip("openvino", reason="the extra `fast` is not installed")
    trace = load(tiny_checkpoint, device="cpu", precision="fp32", backend="openvino").trace(
        np.zeros((9, 9, 3), np.uint8)
    )
    assert f"CPU{SPACE}fp32{SPACE}(OpenVINO)" in trace_text(trace)
