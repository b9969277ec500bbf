"""Which of the program's nets is in use, and who chose it: the user, or a sample that it fits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Signal, Slot

from fcn_studio.app.session.session import Session
from fcn_studio.app.session.settings import Settings
from fcn_studio.app.values.jobs import EngineChoice, Photo
from fcn_studio.core.catalog.catalog import embedded
from fcn_studio.core.catalog.embedded import DEFAULT, EmbeddedNet, here_by_net, named_nets
from fcn_studio.core.catalog.fit import Fit, fit_of
from fcn_studio.core.samples import sample_photos

OFFERED = (DEFAULT, "streets", "imagenet")  # one click away; all others are in the list of checkpoints


@dataclass(frozen=True, slots=True)
class Hint:
    """What is said of a net that has next to nothing to say of a photo.

    Attributes:
        text: A sentence.
        nets: Those that may fit better, the likelier first.
    """

    text: str
    nets: tuple[EmbeddedNet, ...]


class NetChoice(QObject):
    """Follows the session, and changes its checkpoint on the user's wish and for samples.

    Attributes:
        nets: Those that are offered, in order.

    Signals:
        changed: Another net is in use, or is being loaded.
        hint_changed: What is to be said of the net on this photo has. (Hint or None)
    """

    changed = Signal()
    hint_changed = Signal(object)  # Hint | None

    def __init__(self, session: Session, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._settings = session, settings
        self._files = named_nets()
        self.nets = tuple(net for net, _ in here_by_net() if net.name in OFFERED)
        self._wanted = session.choice.weights  # in use, or being loaded
        self._users = session.choice.weights  # what the user chose last, or the program began with
        self._by_hand = session.choice.weights != (DEFAULT,)
        self._sample_nets = {sample.path.resolve(): sample.net for sample in sample_photos()}
        session.photo_wanted.connect(self.on_photo_wanted)
        session.engine_loading.connect(self.on_engine_loading)
        session.engine_changed.connect(self.on_engine_changed)
        session.engine_refused.connect(self.on_engine_refused)
        session.shown_changed.connect(self.on_shown)

    @property
    def net(self) -> EmbeddedNet | None:
        """The offered net that is in use or being loaded; None for checkpoints of the user's own, or several."""
        path = self._files.get(self._wanted[0]) if len(self._wanted) == 1 else None
        return next((net for net in self.nets if path is not None and net.path == path), None)

    @property
    def own(self) -> str:
        """Name of a checkpoint that is none of those offered; empty otherwise."""
        return "" if self.net is not None else ", ".join(Path(weights).stem for weights in self._wanted)

    def choose(self, name: str) -> None:
        """The user wants this net: the photo on screen is done again, and it is remembered."""
        self._by_hand = True
        self._keep((name,))
        self._use((name,))
        self.changed.emit()  # though it may be in use already: a click has changed its button

    def choose_next(self) -> None:
        """The net after the one in use; after the last, the first."""
        if self.nets:
            now = self.nets.index(self.net) if self.net is not None else -1
            self.choose(self.nets[(now + 1) % len(self.nets)].name)

    def open_sample(self, path: Path) -> None:
        """A sample was asked for by name: with the net that fits it, whatever was chosen before."""
        self._by_hand = self._by_hand and not self._may_follow(path)

    def first_sample(self) -> Path | None:
        """The sample to begin with: the first that the net in use fits, else the first of all."""
        fitting = (path for path, net in self._sample_nets.items() if self._files.get(net) == self._path)
        return next(fitting, next(iter(self._sample_nets), None))

    def sentence(self, net: EmbeddedNet) -> str:
        """What it knows, how many classes, and its mean IU as its card says."""
        title, classes = title_of(net), QCoreApplication.translate("Nets", net.classes)
        entry = next((entry for entry in embedded() if entry.path == net.path), None)
        if entry is None:
            return self.tr("{0}: {1}.").format(title, classes)
        if not entry.figures:
            return self.tr("{0}: {1}. {2} classes.").format(title, classes, entry.classes)
        figures = ", ".join(f"{one.percent:.1f} ({one.metric.removeprefix('mean IU ')})" for one in entry.figures)
        text = self.tr("{0}: {1}. {2} classes; mean IU in percent, as its card says: {3}.")
        return text.format(title, classes, entry.classes, figures)

    @property
    def _path(self) -> Path | None:
        return self._files.get(self._wanted[0]) if len(self._wanted) == 1 else None

    def _may_follow(self, path: Path) -> bool:
        return self._sample_nets.get(path.resolve()) in self._files

    def _keep(self, weights: tuple[str, ...]) -> None:
        self._users = weights
        self._settings.weights = weights

    def _use(self, weights: tuple[str, ...]) -> None:
        self._session.set_engine(replace(self._session.choice, weights=weights, stamps=()))

    @Slot(object)
    def on_photo_wanted(self, photo: Photo) -> None:
        """A sample brings its net along, unless the user has chosen one; photos of the user's own have the user's."""
        if self._by_hand or self._path is None:
            return
        fitting = self._sample_nets.get(photo.resolved) if photo.is_sample and photo.resolved is not None else None
        weights = (fitting,) if fitting in self._files and fitting is not None else self._users
        if self._files.get(weights[0]) != self._path:
            self._use(weights)

    @Slot(object)
    def on_engine_loading(self, choice: EngineChoice) -> None:
        """Shown at once, before it is there."""
        self._wanted = choice.weights
        self.changed.emit()
        self.hint_changed.emit(None)

    @Slot()
    def on_engine_changed(self) -> None:
        """What is in use now; a checkpoint that came another way is remembered as the user's."""
        choice = self._session.choice
        self._wanted = choice.weights
        if not all(weights in self._files for weights in choice.weights):
            self._by_hand = True
            if not choice.stamps:  # a run that is watched is no choice of a net
                self._keep(choice.weights)
        self.changed.emit()

    @Slot(object, str)
    def on_engine_refused(self, choice: EngineChoice, sentence: str) -> None:
        """The one before stays."""
        self._wanted = self._session.choice.weights
        self.changed.emit()

    @Slot()
    def on_shown(self) -> None:
        """Says what the net knows where it has next to nothing to say of the photo."""
        shown, net = self._session.shown, self.net
        if shown is None or shown.pending or shown.trace is None or net is None or shown.past:
            self.hint_changed.emit(None)
            return
        fit = fit_of(shown.trace)
        self.hint_changed.emit(None if fit is Fit.FINDS else self._hint(net, fit))

    def _hint(self, net: EmbeddedNet, fit: Fit) -> Hint | None:
        others = tuple(other for other in self.nets if other.path != net.path)
        if not others:
            return None
        text = (
            self.tr("“{0}” finds next to nothing here. It knows {1}.")
            if fit is Fit.FINDS_NOTHING
            else self.tr("“{0}” is unsure nearly everywhere here. It knows {1}.")
        )
        return Hint(text.format(title_of(net), QCoreApplication.translate("Nets", net.classes)), others)


def title_of(net: EmbeddedNet) -> str:
    """Its button's words."""
    return QCoreApplication.translate("Nets", net.title)


def remembered(settings: Settings) -> tuple[str, ...]:
    """The checkpoints that the user chose last, those that are still there; the default net where there are none."""
    known = named_nets()
    kept = tuple(weights for weights in settings.weights if weights in known or Path(weights).is_file())
    return kept or (DEFAULT,)
