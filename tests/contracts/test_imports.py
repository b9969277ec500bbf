"""Who may import whom at run time; import-linter holds the static walls."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "banned"),
    [
        ("fcn_studio", ("torch", "PySide6")),
        ("fcn_studio.cli.main", ("torch", "PySide6", "qimage2ndarray")),
        ("fcn_studio.core.trace.trace", ("torch", "PySide6")),
        ("fcn_studio.app.window.run", ("torch", "torchvision")),
        ("fcn_studio.app.window.main_window", ("torch", "torchvision")),
        ("fcn_studio.app.window.run", ("cmap", "filelock", "ssl", "PySide6.QtNetwork")),
        ("fcn_studio.app.window.run", ("fcn_studio.app.changes.changes_view", "fcn_studio.app.fusion.fusion_view")),
        ("fcn_studio.engine.tracing.model", ("PySide6", "torchvision", "google.protobuf")),
    ],
)
def test_a_module_does_not_bring_in(module: str, banned: tuple[str, ...]) -> None:
    program = f"import sys, {module}; print([name for name in {banned!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
