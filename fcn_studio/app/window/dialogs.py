"""Dialogs over the window that are about the photo on screen, and the one about the program."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QMessageBox, QWidget

from fcn_studio import __version__
from fcn_studio.app.intake.intake import Intake
from fcn_studio.app.session.session import Session
from fcn_studio.app.values.jobs import Photo
from fcn_studio.app.worker.background import Background


class Dialogs(QObject):
    """Opens them."""

    def __init__(self, session: Session, intake: Intake, background: Background, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._intake, self._background, self._window = session, intake, background, window
        self._channels_wanted = False
        session.shown_changed.connect(self._on_shown)

    @Slot()
    def show_channels(self) -> None:
        """At once if the taps were kept, else once the photo has been traced with them."""
        shown, pixel = self._session.shown, self._session.probed.pixel
        if shown is None or shown.trace is None or pixel is None:
            return
        if not shown.trace.taps:
            self._channels_wanted = True
            self._session.keep_taps()
            return
        self._channels_wanted = False
        from fcn_studio.app.probe.channels_dialog import ChannelsDialog  # made when it is asked for

        try:
            appearance = self._session.presentation.appearance
            ChannelsDialog(shown.trace, pixel, appearance, self._background, self._window).show()
        except ValueError as error:
            self._session.tell(self.tr("There are no channels to show: {0}.").format(error))

    @Slot()
    def show_doctor(self) -> None:
        """For the first checkpoint, on the current photo, else on a sample."""
        photo = self._session.list.current
        if photo is None and self._intake.samples:
            photo = Photo.from_path(self._intake.samples[0], is_sample=True)
        if photo is None:
            self._session.tell(self.tr("Open a photo first: the doctor tries the net on it."))
            return
        from fcn_studio.app.checkpoints.doctor_dialog import DoctorDialog  # made when it is asked for

        dialog = DoctorDialog(self._session, photo, self._window)
        dialog.checkpoint_written.connect(self._intake.use_checkpoint)
        dialog.show()

    @Slot()
    def about(self) -> None:
        """What this program is."""
        text = self.tr("Shows what FCN-32s, FCN-16s and FCN-8s make of a photo, from one pass of one net.")
        QMessageBox.about(self._window, self.tr("About FCN Studio"), f"<b>FCN Studio {__version__}</b><p>{text}</p>")

    @Slot()
    def _on_shown(self) -> None:
        shown = self._session.shown
        if self._channels_wanted and shown is not None and not shown.pending:
            self._channels_wanted = False
            if shown.trace is not None and shown.trace.taps:
                self.show_channels()
