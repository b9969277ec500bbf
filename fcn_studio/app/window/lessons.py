"""What each room shows, in one paragraph: the formula in words, and where the paper has it."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from fcn_studio.app.values.rooms import Room


def lesson(room: Room) -> tuple[str, str]:
    """A title and a paragraph in the user's language."""
    match room:
        case Room.COMPARE:
            return (
                QCoreApplication.translate("Lessons", "Three nets in one"),
                QCoreApplication.translate(
                    "Lessons",
                    "Each panel is the class with the highest score at each pixel. FCN-32s has one score for every "
                    "32 x 32 pixels, enlarged at once; FCN-16s adds scores from pool4 on a grid of 16 pixels, FCN-8s "
                    "more from pool3 on a grid of 8. The finer the grid, the sharper the boundary. "
                    "(Long, Shelhamer, Darrell 2015, section 4.2)",
                ),
            )
        case Room.HEATMAPS:
            return (
                QCoreApplication.translate("Lessons", "What a layer says of a class"),
                QCoreApplication.translate(
                    "Lessons",
                    "A score layer is a 1x1 convolution: at each cell of its grid a weighted sum of channels, one sum "
                    "for each class. Red cells speak for the class, blue ones against it. score_fr is coarse and sure "
                    "of what there is; score_pool3 is fine and knows edges, but little of meaning. The softmax over "
                    "classes turns scores into probabilities. (section 3.2 and figure 3)",
                ),
            )
        case Room.FUSION:
            return (
                QCoreApplication.translate("Lessons", "How skips are added"),
                QCoreApplication.translate(
                    "Lessons",
                    "score_fr is enlarged by 2 and score_pool4 added; the sum is enlarged by 2 and score_pool3 added; "
                    "that sum is enlarged by 8 to the photo. All of it is linear, so that a skip can be made weaker "
                    "or stronger by a factor, and the mask follows at once without another run of the net. With both "
                    "factors 0 the chain of enlargements is left, which is nearly, but not exactly, FCN-32s. "
                    "(section 4.2, figure 3)",
                ),
            )
        case Room.CHANGES:
            return (
                QCoreApplication.translate("Lessons", "Where the skips changed the mask"),
                QCoreApplication.translate(
                    "Lessons",
                    "Two masks of one photo are subtracted: where they differ, a skip has changed the class. Against "
                    "ground truth a change is a rescue (wrong, then right) or a harm (right, then wrong). Most changes "
                    "lie along boundaries; the trimap curve measures the mean IU (true positives over their union "
                    "with all errors, averaged over classes) in a narrow band around them. (section 5)",
                ),
            )
