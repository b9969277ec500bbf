"""Errors that a user can act on: one sentence that says what, which file, and what to do."""


class FcnStudioError(Exception):
    """Something the user can mend; `str(error)` is one clear sentence, to be shown as it is."""


class ImageError(FcnStudioError):
    """An image that cannot be read or is out of bounds."""


class CheckpointError(FcnStudioError):
    """A file that is no checkpoint, or does not fit the net it names."""


class DeviceError(FcnStudioError):
    """A device or precision that this machine does not have."""


class DataError(FcnStudioError):
    """A data set folder that lacks what training or evaluation needs."""


class OutputError(FcnStudioError):
    """A result that could not be written; nothing half-written is left behind."""


class Cancelled(FcnStudioError):
    """Work stopped on request, between two stages."""
