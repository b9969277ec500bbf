"""What converting a published net takes at most: `python -m tests.benchmarks.import_memory [caffe] [pth]`.

Writes an FCN-8s of the true shapes with random weights (538 MB), converts it with `fcn-studio weights import` in a
process of its own, and prints that process's peak memory, the interpreter and torch included. Needs 1.1 GB of disk.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from tests import caffe_nets
from tests.caffe_writer import save_caffemodel
from tests.engine import test_pytorch_fcn

MEASURED = (
    "import sys; from fcn_studio.cli.main import main; from fcn_studio.core.memory import peak_memory; "
    "status = main(sys.argv[1:]); print(peak_memory(), file=sys.stderr); sys.exit(status)"
)


def write_caffe(folder: Path) -> Path:
    """voc-fcn8s as a `.caffemodel`."""
    path = folder / "voc-fcn8s.caffemodel"
    save_caffemodel(path, caffe_nets.weights(caffe_nets.net_layers("voc-fcn8s", caffe_nets.TRUE_VGG), 5))
    return path


def write_pth(folder: Path) -> Path:
    """pytorch-fcn's FCN8s as a `.pth`."""
    path = folder / "fcn8s_from_caffe.pth"
    torch.save(test_pytorch_fcn.state_of("8s", channels=(64, 128, 256, 512, 512), fc=4096), path)
    return path


WRITERS: dict[str, Callable[[Path], Path]] = {"caffe": write_caffe, "pth": write_pth}


def main() -> None:
    """Prints a line for each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", choices=[*WRITERS, []], help="which (default: all)")
    for kind in parser.parse_args().kinds or WRITERS:
        with tempfile.TemporaryDirectory() as folder:
            source = WRITERS[kind](Path(folder))
            call = ["weights", "import", str(source), "-o", f"{folder}/made.safetensors"]
            start = time.perf_counter()
            done = subprocess.run([sys.executable, "-c", MEASURED, *call], check=True, capture_output=True, text=True)
            seconds = time.perf_counter() - start
            peak, size = int(done.stderr.split()[-1]), source.stat().st_size
            print(f"{kind}: {size / 1e6:.0f} MB, peak {peak / 1e6:.0f} MB, {peak / size:.2f} times, {seconds:.1f} s")


if __name__ == "__main__":
    main()
