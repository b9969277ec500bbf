"""Progress bars on a terminal's stderr, silent elsewhere."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


def progress_bar() -> Progress:
    """A bar with a description, a count and the time left."""
    return _bar(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


def photo_bar() -> Progress:
    """A bar over photos: a description, a count, photos a second and the time left."""
    return _bar(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _PhotoRate(), TimeRemainingColumn()
    )


def training_bar() -> Progress:
    """A bar over a whole run; `task.fields` says the rest: epoch, loss, mean_iu, rate and left, as texts."""
    return _bar(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[epoch]}  {task.fields[loss]}  {task.fields[mean_iu]}  {task.fields[rate]}"),
        TextColumn("{task.fields[left]}"),
    )


class _PhotoRate(ProgressColumn):
    """Photos a second, or seconds a photo where they are slow."""

    def render(self, task: Task) -> Text:
        """Empty until the first photos are done."""
        rate = task.finished_speed or task.speed
        if not rate:
            return Text("")
        return Text(f"{rate:.1f} photos/s" if rate >= 1 else f"{1 / rate:.1f} s/photo")


def _bar(*columns: ProgressColumn) -> Progress:
    console = Console(stderr=True)
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
