"""The door to the openvino package, which may not be installed."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import Any

from fcn_studio.core.errors import DeviceError

TELEMETRY = "openvino_telemetry"


def installed() -> bool:
    """Whether the package is there; it is not imported to find out."""
    return importlib.util.find_spec("openvino") is not None


def openvino() -> Any:
    """The openvino package, imported without a report: by itself its import sends an event to its makers' statistics.

    Raises:
        DeviceError: It is not installed, or does not load.
    """
    if "openvino" in sys.modules:
        return sys.modules["openvino"]
    before = {TELEMETRY: sys.modules[TELEMETRY]} if TELEMETRY in sys.modules else {}
    # As if that part of it were not installed: openvino then takes a stub in its place.
    sys.modules[TELEMETRY] = None  # type: ignore[assignment]
    try:
        return importlib.import_module("openvino")
    except (ImportError, OSError) as error:
        if not installed():
            raise DeviceError(
                "OpenVINO is not installed; install it with `pip install 'fcn-studio[fast]'`, or use --backend torch."
            ) from error
        raise DeviceError(f"OpenVINO does not load ({error}); install it anew, or use --backend torch.") from error
    finally:
        del sys.modules[TELEMETRY]
        sys.modules.update(before)


def computes_bf16() -> bool:
    """Whether OpenVINO, which is installed, multiplies bf16 on this CPU.

    Raises:
        DeviceError: It does not load.
    """
    return "BF16" in openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
