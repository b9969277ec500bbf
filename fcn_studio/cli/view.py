"""Open the window on images or folders (the default command)."""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path

from fcn_studio.cli.options import add_model_options

# Debian's names for the libraries that Qt may miss on a bare machine.
PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
}
NO_DISPLAY = (
    "fcn-studio: there is no display to open a window on. Save a picture of the window with --picture FILE.png, "
    "or get a real window in a desktop session, with `ssh -X`, or with `xvfb-run fcn-studio`."
)
FAILED = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("images", nargs="*", type=Path, metavar="IMAGE|FOLDER", help="what to open (default: samples)")
    parser.add_argument(
        "--picture", type=Path, metavar="PNG", help="open no window; save a picture of it with the first photo"
    )
    add_model_options(parser)
    parser.set_defaults(weights=None)  # what was chosen last


def run(args: argparse.Namespace) -> int:
    """Opens the window, or saves a picture of it."""
    if args.picture is not None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    elif not _has_display():
        print(NO_DISPLAY, file=sys.stderr)
        return FAILED
    from fcn_studio.app.window import bootstrap

    bootstrap.prepare()
    try:
        bootstrap.import_qt()
        from fcn_studio.app.window import run as app
    except ImportError as error:
        print(_missing_library(error), file=sys.stderr)
        return FAILED
    model = {"weights": args.weights, "device": args.device, "precision": args.precision, "backend": args.backend}
    if args.picture is None:
        return app.main(args.images, **model)
    lacking = app.picture(args.images, args.picture, **model)
    if lacking:
        print(f"fcn-studio: {lacking}", file=sys.stderr)
    print(f"A picture of the window: {args.picture.resolve()}")
    return 0


def _has_display() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def _missing_library(error: ImportError) -> str:
    """One sentence for a machine that lacks one of Qt's system libraries; other import errors are raised again."""
    found = re.match(r"(lib\S+\.so[.\d]*)", str(error))
    if found is None:
        raise error
    library = found.group(1)
    package = PACKAGES.get(library)
    remedy = f"; on Debian: sudo apt-get install {package}" if package else "; install the package that holds it"
    return f"fcn-studio: Qt needs the system library {library}, which is missing here{remedy}."
