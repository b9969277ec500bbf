"""Damages checkpoints in many ways and opens each: it loads, or it is refused in words; nothing else may happen.

`python -m tests.benchmarks.fuzz_checkpoints --count 100000` does so for Caffe's files and pytorch-fcn's, in processes
of their own with a bound on memory, and prints what happened.
"""

from __future__ import annotations

import argparse
import io
import random
import resource
import tempfile
import time
import traceback
import warnings
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

import torch

from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.labels import LabelSet
from fcn_studio.engine.checkpoints.caffe_reader import read_caffemodel
from fcn_studio.engine.checkpoints.opening import open_checkpoint
from fcn_studio.engine.checkpoints.wanted import Wanted
from tests.caffe_nets import Widths, net_layers, weights, without_scales
from tests.caffe_writer import Form, Storage, save_caffemodel, varint

Kind = Literal["caffe", "caffe-import", "pth"]
Reader = Callable[[Path], object]
CLASSES = 2
THIN = Widths((1, 2, 1, 2, 1), 2)  # so that most bytes are structure, not weights
BATCH = 5000  # inputs of one process
MEMORY = 512 << 20  # bytes that a process may take besides what it has when it starts
SLOW = 5.0  # seconds
LENGTHS = (0, 1, 2, 127, 128, 255, 256, 4096, 1 << 16, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 40, (1 << 63) - 1)
TAGS = b"\x0a\x12\x1a\x22\x2a\x32\x3a\x42\x06"  # with lengths, in Caffe's messages; the last ends the tag of a layer


@dataclass
class Result:
    """What came of the inputs; `surprises` are the tracebacks of what should not have happened."""

    loaded: int = 0
    refused: int = 0
    surprises: list[str] = field(default_factory=list)
    slowest: float = 0.0
    growth: int = 0

    def add(self, other: Result) -> None:
        self.loaded += other.loaded
        self.refused += other.refused
        self.surprises += other.surprises
        self.slowest = max(self.slowest, other.slowest)
        self.growth = max(self.growth, other.growth)


def read_caffe(path: Path) -> object:
    return read_caffemodel(path)


def open_any(path: Path) -> object:
    """As the program opens it, down to a net."""
    labels = LabelSet(name="two", classes=("a", "b"), colours=((0, 0, 0), (9, 9, 9)))
    return open_checkpoint(path, Wanted(labels=labels))


# What is fuzzed: the reader of Caffe's files alone, and the importers of both kinds.
READERS: dict[Kind, tuple[str, Reader]] = {
    "caffe": ("input.caffemodel", read_caffe),
    "caffe-import": ("input.caffemodel", open_any),
    "pth": ("input.pth", open_any),
}


def seed_files(kind: Kind, folder: Path) -> list[bytes]:
    """Valid files, small, in every format that the reader knows."""
    path = folder / f"seed.{kind}"
    contents = []
    if kind != "pth":
        forms: tuple[tuple[Form, Storage, bool], ...] = (
            ("v2", "packed", False),
            ("v2", "unpacked", False),
            ("v2", "double", True),
            ("v1", "packed", True),
        )
        for form, storage, legacy in forms:
            for net in ("voc-fcn8s-atonce", "voc-fcn-alexnet"):
                widths = THIN if "alexnet" not in net else Widths((2, 2, 2, 2, 2), 2)
                layers = net_layers(net, widths, classes=CLASSES, upsampling="per_class")
                if kind == "caffe":  # the importer needs it
                    layers = tuple(layer for layer in layers if layer.name != "upscore")  # 63x63: all weights
                layers = without_scales(layers) if form == "v1" else layers
                save_caffemodel(path, weights(layers, 1, "per_class"), form, storage=storage, legacy=legacy)
                contents.append(path.read_bytes())
    else:
        for net in ("voc-fcn8s", "voc-fcn16s"):
            layers = net_layers(net, THIN, classes=CLASSES)
            state = {}
            for layer, blobs in weights(layers, 1):
                for part, blob in zip(("weight", "bias"), blobs, strict=False):
                    state[f"{layer.name}.{part}"] = torch.from_numpy(blob)
            for content in (state, {"epoch": 3, "model_state_dict": state, "best_mean_iu": 0.5}):
                for zipped in (True, False):
                    torch.save(content, path, _use_new_zipfile_serialization=zipped)
                    contents.append(path.read_bytes())
    path.unlink()
    return contents


def mutated(chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    """A damaged copy of one of `seeds`."""
    content = bytearray(chance.choice(seeds))
    if content[:2] == b"PK" and chance.random() < 0.7:
        return _mutated_member(chance, bytes(content))
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        _damage(chance, content, seeds)
    return bytes(content)


def _damage(chance: random.Random, content: bytearray, seeds: Sequence[bytes]) -> None:
    at = chance.randrange(len(content) + 1)
    size = chance.choice((1, 2, 4, 16, 256))
    match chance.randrange(9):
        case 0 if content:
            for _ in range(chance.choice((1, 2, 8))):
                content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        case 1:
            content[at : at + size] = chance.randbytes(size)
        case 2:
            del content[at:]
        case 3:
            del content[at : at + size]
        case 4:
            other = chance.choice(seeds)
            first = chance.randrange(len(other))
            content[at : at + chance.choice((0, size))] = other[first : first + size]
        case 5:
            content[at:at] = content[at : at + size] * chance.choice((1, 2, 64))
        case 6:
            content[at : at + chance.choice((1, 2, 3, 5))] = varint(chance.choice(LENGTHS))
        case 7:  # a length, where there is one
            places = [index + 1 for index, byte in enumerate(content) if byte in TAGS]
            if places:
                start = chance.choice(places)
                end = start
                while end < len(content) and end < start + 9 and content[end] >= 0x80:
                    end += 1
                content[start : end + 1] = varint(chance.choice((*LENGTHS, chance.randrange(300))))
        case _:
            if chance.random() < 0.05:  # no net at all
                content[:] = chance.randbytes(chance.choice((0, 1, 10, 1000)))
            elif content:
                content[chance.randrange(len(content))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))


def _mutated_member(chance: random.Random, content: bytes) -> bytes:
    """Damage inside an archive whose checksums hold, mostly in the pickle."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(out, "w") as copy:
        names = archive.namelist()
        pickles = [name for name in names if name.endswith("data.pkl")]
        victim = chance.choice(pickles if chance.random() < 0.8 else names)
        for name in names:
            part = bytearray(archive.read(name))
            if name == victim:
                for _ in range(chance.choice((1, 1, 2))):
                    _damage(chance, part, [bytes(part) or b"\x00"])
            copy.writestr(name, bytes(part))
    return out.getvalue()


def fuzz(kind: Kind, seeds: Sequence[bytes], folder: Path, *, count: int, seed: int) -> Result:
    """Opens `count` damaged files; the one at hand outlives a crash in `folder`."""
    chance, result = random.Random(seed), Result()
    name, reader = READERS[kind]
    path = folder / name
    before = 0
    for number in range(count):
        content = mutated(chance, seeds)
        path.write_bytes(content)
        started = time.perf_counter()
        try:
            reader(path)
            result.loaded += 1
        except CheckpointError as error:
            result.refused += 1
            if not str(error).startswith(str(path)):
                result.surprises.append(f"input {number}: does not name the file: {error}")
        except Exception:  # noqa: BLE001  whatever it is, it is what we look for
            result.surprises.append(f"input {number}: {traceback.format_exc()}")
            (folder / f"surprise-{seed}-{number}").write_bytes(content)
        took = time.perf_counter() - started
        result.slowest = max(result.slowest, took)
        if took > SLOW:
            result.surprises.append(f"input {number}: took {took:.1f} s")
            (folder / f"surprise-{seed}-{number}").write_bytes(content)
        if number == min(500, count - 1):
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result.growth = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
    return result


def _batch(kind: Kind, folder: Path, count: int, seed: int) -> Result:
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # torch's, of formats and types; they refuse nothing
    seeds = seed_files(kind, folder)
    name, reader = READERS[kind]
    for content in seeds:  # which are valid; and what is imported late is imported now
        (folder / name).write_bytes(content)
        reader(folder / name)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, hard))
    return fuzz(kind, seeds, folder, count=count, seed=seed)


def run(kind: Kind, folder: Path, count: int, seed: int) -> Result:
    """`count` inputs in processes of `BATCH` each; one that dies is a surprise, and the next goes on."""
    result = Result()
    for batch, first in enumerate(range(0, count, BATCH)):
        part = min(BATCH, count - first)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            try:
                result.add(pool.submit(_batch, kind, folder, part, seed + batch).result())
            except BrokenProcessPool:
                kept = folder / f"crash-{seed + batch}"
                kept.write_bytes((folder / READERS[kind][0]).read_bytes())
                result.surprises.append(f"batch {batch}: the process died; its input is {kept}")
        print(f"{kind} {first + part}: {_line(result)}", flush=True)
    return result


def _line(result: Result) -> str:
    return (
        f"{result.loaded} loaded, {result.refused} refused, {len(result.surprises)} surprises; "
        f"slowest {result.slowest * 1000:.0f} ms, memory grew by {result.growth >> 20} MiB at most"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Fuzzes the readers of strangers' checkpoints.")
    parser.add_argument("--count", type=int, default=100_000, help="inputs for each reader")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reader", choices=[*READERS, "all"], default="all")
    parser.add_argument("--keep", type=Path, help="folder for the inputs that surprised")
    arguments = parser.parse_args()
    kinds: list[Kind] = list(READERS) if arguments.reader == "all" else [arguments.reader]
    failed = False
    with tempfile.TemporaryDirectory() as temporary:
        for kind in kinds:
            folder = (arguments.keep or Path(temporary)) / kind
            folder.mkdir(parents=True, exist_ok=True)
            result = run(kind, folder, arguments.count, arguments.seed)
            print(f"{kind}: {arguments.count} inputs: {_line(result)}")
            for text in sorted(set(result.surprises))[:20]:
                print(text)
            failed |= bool(result.surprises)
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
