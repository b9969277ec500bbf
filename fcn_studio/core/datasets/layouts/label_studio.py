"""Label Studio's PNG export: masks are named after tasks, and its JSON export says which photo a task shows.

Names are `task-7-annotation-3-by-1-tag-disc-0.png` (label-studio-converter, brush export). Both JSON and JSON-MIN are
lists of tasks with an `id`; the photo is one of the task's texts, an address or a path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse

from fcn_studio.core.datasets.common_ending import TASK, Rule
from fcn_studio.core.datasets.file_names import Finder, Names, composed
from fcn_studio.core.datasets.lists import read_text
from fcn_studio.core.errors import DataError
from fcn_studio.core.images.image import SUFFIXES

MAX_BYTES = 100_000_000
UPLOADED = re.compile(r"^[0-9a-f]{8}-")  # that Label Studio puts before the name of a file that was uploaded


def by_tasks(photos: Names, masks: Collection[str], folders: Sequence[Path]) -> Rule | None:
    """The masks of the photos that tasks show, where a JSON export lies in one of the folders.

    A photo that has several masks, one for each tag, gets none.

    Args:
        photos: All of them.
        masks: Names that no photo has.
        folders: Where the export is looked for.
    """
    tasks: dict[int, list[str]] = {}
    for mask in masks:
        if found := TASK.match(mask):
            tasks.setdefault(int(found["task"]), []).append(mask)
    if not tasks:
        return None
    finder = Finder(photos)
    for path in (path for folder in dict.fromkeys(folders) for path in sorted(folder.glob("*.json"))):
        mates = {
            photo: tasks[task][0]
            for task, texts in _tasks(path)
            if len(tasks.get(task, ())) == 1 and (photo := _photo(finder, texts)) is not None
        }
        if mates:
            return Rule(mates, f"the tasks of {path.name}")
    return None


def _tasks(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each task's id, and the texts that it has; nothing where the file is no export."""
    try:
        content = json.loads(read_text(path, MAX_BYTES))
    except (DataError, ValueError, RecursionError):
        return
    for task in content if isinstance(content, list) else ():
        if isinstance(task, dict) and isinstance(task.get("id"), int):
            data: Any = task.get("data")
            yield task["id"], [text for text in (data if isinstance(data, dict) else task).values() if _is_image(text)]


def _is_image(text: object) -> bool:
    return isinstance(text, str) and Path(_path(text)).suffix.lower() in SUFFIXES


def _path(text: str) -> str:
    """The path of an address; of `/data/local-files/?d=photos/a.jpg`, that of the file."""
    try:
        address = urlparse(text)
    except ValueError:
        return text
    given = parse_qs(address.query).get("d")
    return given[0] if given else unquote(address.path)


def _photo(finder: Finder, texts: Sequence[str]) -> str | None:
    for text in texts:
        stem = composed(Path(_path(text).replace("\\", "/")).stem)
        for name in (stem, UPLOADED.sub("", stem)):
            if (found := finder.find_anywhere(name)) is not None:
                return found
    return None
