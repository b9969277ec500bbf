"""The channels behind a pixel's class: the strongest, what they see, and the mask without those that are muted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, QTimer, Slot
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from fcn_studio.app.canvas.rendering import indexed_image
from fcn_studio.app.values.appearance import Appearance
from fcn_studio.app.worker.background import Background
from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.graph.names import TAPS
from fcn_studio.core.maps.channels import Channel, channel_shares, muted, strongest
from fcn_studio.core.maps.explain import explain
from fcn_studio.core.trace.live_fusion import Gains, LiveFusion
from fcn_studio.core.trace.trace import Trace

COUNT = 10
THUMBNAIL = QSize(72, 54)
PREVIEW = 420  # pixels, the longer side
KEY = "channels"
CHANNEL = Qt.ItemDataRole.UserRole


class ChannelsDialog(QDialog):
    """A list of channels with check boxes; unchecked ones are muted in the preview.

    Args:
        trace: With taps.
        pixel: (x, y) on the photo.
        appearance: The colours of classes.
        background: Computes masks.
        parent: The window.

    Raises:
        ValueError: The trace has no shares by channel.
    """

    def __init__(
        self, trace: Trace, pixel: tuple[int, int], appearance: Appearance, background: Background, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setObjectName("channels_dialog")
        self.setWindowTitle(self.tr("Channels behind x {0}, y {1}").format(*pixel))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._trace, self._appearance, self._background = trace, appearance, background
        variant = trace.variants[-1]
        found = explain(trace, *pixel, variant)
        winner = int(found.ranking()[0])
        shares = channel_shares(trace, *pixel, variant, winner)
        self._step = max(max(trace.size) // PREVIEW, 1)
        title = QLabel(
            self.tr("{0}, score {1} in FCN-{2}").format(
                trace.labels.classes[winner], f"{float(found.scores[winner]):+.2f}", variant
            )
        )
        title.setProperty("role", "title")
        hint = QLabel(
            self.tr(
                "The ten channels that add most to this score, or take most from it. Uncheck one to mute it in "
                "the whole net and see the mask without it."
            )
        )
        hint.setProperty("role", "small")
        hint.setWordWrap(True)
        self._list = QTreeWidget()
        self._list.setObjectName("channels_list")
        self._list.setAccessibleName(self.tr("Channels"))
        self._list.setColumnCount(3)
        self._list.setHeaderLabels([self.tr("Channel"), self.tr("Share"), self.tr("Score layer")])
        self._list.setRootIsDecorated(False)
        self._list.setIconSize(THUMBNAIL)
        self._list.setUniformRowHeights(True)
        for channel, share in strongest(shares, COUNT):
            item = QTreeWidgetItem([str(channel), f"{share:+.3f}", channel.layer])
            item.setData(0, CHANNEL, channel)
            item.setIcon(0, QIcon(QPixmap.fromImage(_thumbnail(trace.taps[TAPS[channel.layer]][channel.index]))))
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setCheckState(0, Qt.CheckState.Checked)
            self._list.addTopLevelItem(item)
        for column in range(3):
            self._list.resizeColumnToContents(column)
        self._rest = QLabel()
        self._rest.setProperty("role", "small")
        total = sum(float(values.sum()) for values in shares.values())
        listed = sum(share for _, share in strongest(shares, COUNT))
        count = sum(len(values) for values in shares.values()) - COUNT
        self._rest.setText(
            self.tr("The other {0} channels add {1}, the biases {2}.").format(
                count, f"{total - listed:+.2f}", f"{float(found.scores[winner]) - total:+.2f}"
            )
        )
        self._picture, self._words = QLabel(), QLabel()
        self._picture.setAccessibleName(self.tr("Mask without the muted channels"))
        self._words.setObjectName("channels_words")
        self._words.setWordWrap(True)
        left, right = QVBoxLayout(), QVBoxLayout()
        for widget in (title, hint, self._list, self._rest):
            left.addWidget(widget)
        right.addWidget(self._picture)
        right.addWidget(self._words)
        right.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 16, 16, 16)
        row.setSpacing(16)
        row.addLayout(left, 1)
        row.addLayout(right)
        self.resize(920, 720)
        self._list.itemChanged.connect(self._later)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._ask)
        self.finished.connect(lambda: background.forget(KEY))
        self._ask()

    @property
    def silent(self) -> tuple[Channel, ...]:
        """The channels that are muted."""
        items = (self._list.topLevelItem(row) for row in range(self._list.topLevelItemCount()))
        return tuple(
            item.data(0, CHANNEL)
            for item in items
            if item is not None and item.checkState(0) is Qt.CheckState.Unchecked
        )

    @Slot()
    def _later(self) -> None:
        self._timer.start(0)

    @Slot()
    def _ask(self) -> None:
        trace, silent, step = self._trace, self.silent, self._step

        def question(token: CancelToken) -> tuple[NDArray[np.uint8], float]:
            height, width = trace.size
            rows, columns = np.arange(0, height, step), np.arange(0, width, step)
            mask = LiveFusion(muted(trace, silent)).mask(Gains(), rows, columns)
            before = trace.mask(trace.variants[-1])[::step, ::step]
            return mask, float(np.mean(mask != before))

        self._background.ask(KEY, question, self._on_mask)

    def _on_mask(self, answer: object) -> None:
        if not isinstance(answer, tuple):
            return
        mask, share = answer
        image = indexed_image(mask)
        if image is None:
            return
        image.setColorTable([0xFF000000 | value for value in self._colours()])
        picture = QPixmap.fromImage(image).scaled(
            PREVIEW, PREVIEW, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.FastTransformation
        )
        self._picture.setPixmap(picture)
        text = self.tr("{0} channels muted: {1} % of the pixels change their class.")
        self._words.setText(text.format(len(self.silent), f"{100 * share:.1f}"))

    def _colours(self) -> list[int]:
        palette = self._appearance.dressed(self._trace.labels).palette().tolist()
        return [red << 16 | green << 8 | blue for red, green, blue in palette]


def _thumbnail(values: NDArray[np.float32]) -> QImage:
    """A channel in grey, dark for nothing."""
    top = max(float(values.max(initial=0)), 1e-9)
    image = indexed_image((255 * np.clip(values, 0, None) / top).astype(np.uint8)) or QImage()
    image.setColorTable([0xFF << 24 | grey << 16 | grey << 8 | grey for grey in range(256)])
    return image.scaled(THUMBNAIL, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.FastTransformation)
