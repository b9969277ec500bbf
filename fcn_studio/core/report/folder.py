"""The report's folder, written whole or not at all."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from pathlib import Path

from fcn_studio.core.errors import OutputError
from fcn_studio.core.judging.evaluation import Evaluation
from fcn_studio.core.report.facts import Facts
from fcn_studio.core.report.gallery import Gallery, gather_pictures
from fcn_studio.core.report.html_page import html_page
from fcn_studio.core.report.markdown import markdown
from fcn_studio.core.report.mask_shelf import MaskShelf
from fcn_studio.core.report.plots import save_plots
from fcn_studio.core.report.summary import summary
from fcn_studio.core.report.tables import save_confusion, save_photos

HTML, MARKDOWN, PHOTOS, SUMMARY, PICTURES = "report.html", "report.md", "photos.csv", "summary.json", "pictures"
OURS = re.compile(r"report\.(html|md)|photos\.csv|summary\.json|pictures|boundary\.png|gains\.png|confusion_.*\.csv")


def check_folder(folder: Path) -> None:
    """Makes sure that a report can be written there without touching anything else.

    Raises:
        OutputError: A file of this name, or a folder that holds other things than an earlier report.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise OutputError(f"{folder}: a file is in the way of the report's folder; choose another name.")
    names = sorted(path.name for path in folder.iterdir())
    if not names:
        return
    foreign = [name for name in names if not OURS.fullmatch(name)]
    if SUMMARY not in names or foreign:
        raise OutputError(
            f"{folder}: holds {(foreign or names)[0]}, which is not of an earlier report; choose a new or empty folder."
        )


def save_report(evaluation: Evaluation, facts: Facts, folder: Path, *, shelf: MaskShelf | None = None) -> bool:
    """Writes all of the report's files, in place of an earlier report if there is one.

    Args:
        evaluation: What was found.
        facts: What the report says besides.
        folder: Made if it is not there.
        shelf: The photos' masks; None leaves out pictures.

    Returns:
        Whether there was an earlier report.

    Raises:
        OutputError: The folder cannot be written or holds other things.
    """
    check_folder(folder)
    replaced = (folder / SUMMARY).is_file()
    temporary: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name[:40]}-", dir=folder.parent))
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o777 & ~umask)
        _write(evaluation, facts, temporary, shelf)
        _put_in_place(temporary, folder)
    except OSError as error:
        raise OutputError(
            f"{folder} could not be written ({error.strerror or error}); choose another folder or free some space."
        ) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
    return replaced


def confusion_file(key: str) -> str:
    """The name of a contender's confusion matrix."""
    return f"confusion_{re.sub(r'[^A-Za-z0-9._-]+', '_', key)}.csv"


def _write(evaluation: Evaluation, facts: Facts, folder: Path, shelf: MaskShelf | None) -> None:
    gallery = gather_pictures(evaluation, facts, shelf) if shelf else Gallery.without_pictures(evaluation)
    for picture in gallery.pictures:
        place = folder / PICTURES / picture.name
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(picture.content)
    save_photos(evaluation, facts, folder / PHOTOS)
    for key in evaluation.keys:
        save_confusion(evaluation, key, folder / confusion_file(key))
    drawings = save_plots(evaluation, folder)
    text = json.dumps(summary(evaluation, facts), indent=2, allow_nan=False, ensure_ascii=False)
    (folder / SUMMARY).write_text(text + "\n", encoding="utf-8")
    (folder / HTML).write_text(html_page(evaluation, facts, gallery, drawings), encoding="utf-8", newline="\n")
    (folder / MARKDOWN).write_text(markdown(evaluation, facts, gallery), encoding="utf-8", newline="\n")


def _put_in_place(temporary: Path, folder: Path) -> None:
    if not folder.exists():
        temporary.rename(folder)
        return
    # The earlier report is moved aside first, so that there is one of the two at any time.
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name[:40]}-old-", dir=folder.parent))
    try:
        folder.rename(aside / "old")
        try:
            temporary.rename(folder)
        except OSError:
            (aside / "old").rename(folder)
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
