"""Progress bars on a terminal's stderr, silent elsewhere."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn


def progress_bar() -> Progress:
    """A bar with a description, a count and the time left."""
    return _bar(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


def training_bar() -> Progress:
    """A bar over a whole run; `task.fields` says the rest: epoch, loss, mean_iu, rate and left, as texts."""
    return _bar(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[epoch]}  {task.fields[loss]}  {task.fields[mean_iu]}  {task.fields[rate]}"),
        TextColumn("{task.fields[left]}"),
    )


def _bar(*columns: ProgressColumn) -> Progress:
    console = Console(stderr=True)
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
