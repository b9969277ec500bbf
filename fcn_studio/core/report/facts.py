"""What a report says besides figures: of which data, by which command, and what each figure means."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fcn_studio.core.datasets.checks.class_presence import only_class_sentence
from fcn_studio.core.judging.boundary import TRIMAP_WIDTHS
from fcn_studio.core.judging.evaluation import Evaluation
from fcn_studio.core.judging.photo_metrics import BOUNDARY_WIDTH


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one run.

    Attributes:
        data: The data set's name.
        folder: Where it lies.
        split: Such as `val`.
        licence: Of the data; empty if unknown.
        command: The command line.
        version: Of this program.
        date: ISO 8601.
        notes: How classes were matched, and what is amiss with the truth; a sentence each.
        failures: Photos that were left out, and why; a sentence each.
    """

    data: str
    folder: Path
    split: str
    licence: str
    command: str
    version: str
    date: str
    notes: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()

    def name(self, photo: Path) -> str:
        """A photo's path within the data set."""
        return photo.relative_to(self.folder).as_posix() if photo.is_relative_to(self.folder) else photo.name


def too_few_classes(evaluation: Evaluation, split: str) -> str | None:
    """What to say if the truth of the split has fewer than two classes, when figures say next to nothing."""
    pixels = evaluation.confusion[evaluation.keys[-1]].sum(axis=1)
    sentence = only_class_sentence(evaluation.labels, pixels, split)
    return sentence and f"{sentence} The figures say nothing about telling classes apart, even those of 100 %."


CEILING_NOTE = "No strict bound: bilinear upsampling can place edges between cells, and a net may reach more than this."

# Evaluations differ most in what they leave unsaid: void, means, absent classes and size.
DEFINITIONS: tuple[tuple[str, str], ...] = (
    (
        "Counting",
        "n_ij is the number of pixels of true class i that were predicted as class j, summed over all photos of the "
        "split; t_i is their sum over j. Every figure of the whole split comes from these sums, never from a mean of "
        "per-photo figures.",
    ),
    ("Void", "Pixels that the truth does not label are left out everywhere, whatever is predicted there."),
    (
        "Size",
        "Photos and masks are compared at the photo's own size; neither is resized. Photos are run one by one, so "
        "that there is no batch whose size could matter; their order does not either.",
    ),
    ("Pixel accuracy", "sum n_ii / sum t_i."),
    ("Mean accuracy", "The mean of n_ii / t_i over the classes that are in the truth."),
    (
        "IU",
        "Intersection over union of a class: n_ii / (t_i + sum_j n_ji - n_ii). It has no value for a class that is "
        "neither in the truth nor predicted.",
    ),
    ("Mean IU", "The mean of the classes' IU over those that have one. Void is no class."),
    ("F.w. IU", "Frequency weighted: sum t_i IU_i / sum t_i."),
    (
        "Boundary bands",
        "The same figures over the labelled pixels that lie less than N pixels from the nearest pixel on a boundary "
        f"between two labelled classes, N = {', '.join(map(str, TRIMAP_WIDTHS))}. N = 1 is the boundary pixels "
        f"themselves, on either side of the edge. The column Boundary IU has N = {BOUNDARY_WIDTH}.",
    ),
    (
        "Mean IU of a photo",
        "Over the classes that are in that photo's truth or prediction. It favours photos with few classes, and its "
        "mean over photos is not the mean IU of the split.",
    ),
    (
        "Gain",
        "From one variant to another in the same photo: the difference of its mean IU in points (hundredths), and net "
        "pixels: those that became right less those that became wrong.",
    ),
    (
        "Stride ceiling",
        "What the truth itself reaches when each block of stride x stride pixels can only have one class, the most "
        "frequent one. A guide and no strict bound: scores are enlarged bilinearly and can draw edges inside a block.",
    ),
    (
        "Device and precision",
        "Low precision and other devices round differently, which can change single pixels where two classes have "
        "nearly equal scores; the figures are those of the device and precision that the report names.",
    ),
)
