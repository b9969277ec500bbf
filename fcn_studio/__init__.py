"""FCN Studio: see Fully Convolutional Networks at work.

    import fcn_studio as fs
    model = fs.load("default")
    trace = model.trace("street.jpg")
    mask = trace.mask("8s")

torch is imported by the first call of `load`, so that `fcn-studio --help` and the window need not wait for it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["__version__", "load"]

if TYPE_CHECKING:
    from fcn_studio.engine.tracing.tracer import Tracer


def load(
    weights: str | os.PathLike[str] = "default",
    *,
    device: str = "auto",
    precision: str = "auto",
    backend: str = "auto",
) -> Tracer:
    """Opens a checkpoint on a device.

    Args:
        weights: `default` (everyday photos), `streets`, `imagenet` (which of 1000 classes is where), `camvid-vgg16`,
            a downloaded checkpoint's name, or a path.
        device: `auto` (CUDA, then MPS, then CPU), `cpu`, `cuda`, `cuda:N` or `mps`.
        precision: `auto` (what the environment's FCN_STUDIO_PRECISION says, else bf16 where the device is fast at it,
            else fp32), `fp32`, `bf16` or `fp16`.
        backend: What runs the trunk on a CPU: `auto` (OpenVINO where it is there and faster), `torch` or `openvino`.

    Returns:
        A model; `model.trace(image)` runs it.

    Raises:
        CheckpointError: No such checkpoint, or a file that is none.
        DeviceError: The named device, precision or backend does not exist here.
    """
    from fcn_studio.engine.tracing.model import load as load_model  # torch takes seconds to import

    return load_model(weights, device=device, precision=precision, backend=backend)
