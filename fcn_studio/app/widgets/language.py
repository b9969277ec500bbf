"""The language of the window: the system's, or one that was chosen; changes while the program runs."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QObject, QTranslator, Signal

from fcn_studio import paths

SYSTEM = "system"
LANGUAGES = ("en", "ko")


class Language(QObject):
    """Loads translations into the application.

    Attributes:
        choice: `system` or one of LANGUAGES.

    Signals:
        changed: Texts are to be asked for again.
    """

    changed = Signal()

    def __init__(self, application: QCoreApplication, choice: str = SYSTEM) -> None:
        super().__init__(application)
        self._application = application
        self._translators: list[QTranslator] = []
        self.choice = SYSTEM
        self.choose(choice)

    @property
    def code(self) -> str:
        """The language that is used."""
        if self.choice != SYSTEM:
            return self.choice
        wanted = (QLocale(name).language() for name in QLocale.system().uiLanguages())
        known = {QLocale(code).language(): code for code in LANGUAGES}
        return next((known[language] for language in wanted if language in known), LANGUAGES[0])

    def choose(self, choice: str) -> None:
        """Changes the language at once."""
        self.choice = choice
        for translator in self._translators:
            self._application.removeTranslator(translator)
            translator.deleteLater()
        self._translators = []
        folder = str(paths.resources() / "translations")
        qt_folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        for name, place in ((f"qtbase_{self.code}", qt_folder), (f"fcn-studio_{self.code}", folder)):
            translator = QTranslator(self)
            if translator.load(name, place):
                self._application.installTranslator(translator)
                self._translators.append(translator)
            else:
                translator.deleteLater()
        self.changed.emit()
