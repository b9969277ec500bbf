"""Small data sets that tests write: pictures, and masks of three classes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WIDTH, HEIGHT = 64, 48


def picture(seed: int) -> NDArray[np.uint8]:
    """(48, 64, 3) of coloured blocks with noise, as a photo has."""
    rng = np.random.default_rng(seed)
    blocks = np.kron(rng.integers(30, 226, (6, 8, 3)), np.ones((8, 8, 1), np.int64))
    return (blocks + rng.integers(-20, 21, blocks.shape)).astype(np.uint8)


def class_indices(seed: int) -> NDArray[np.uint8]:
    """(48, 64) of 0, 1 and 2."""
    values = np.zeros((HEIGHT, WIDTH), np.uint8)
    values[5:20, 5 + seed : 30] = 1
    values[30:40, 10:50] = 2
    return values


def write_photo(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture(seed)).save(path)
    return path


def write_mask(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(class_indices(seed)).save(path)
    return path


def write_pairs(folder: Path, photo: str, mask: str, count: int = 4) -> None:
    """Pairs 0, 1, ...; the two texts are paths below the folder with {} for the number."""
    for number in range(count):
        write_photo(folder / photo.format(number), number)
        write_mask(folder / mask.format(number), number)


def write_labels(folder: Path, **more: object) -> None:
    content = {"name": "shapes", "classes": ["background", "disc", "box"], **more}
    (folder / "labels.json").write_text(json.dumps(content), encoding="utf-8")
