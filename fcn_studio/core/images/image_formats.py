"""The kinds of image files, by the endings of their names: those that are read, and those that other programs must."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import MappingProxyType

# Pillow's name of a format, and the endings of its files. Nothing else is tried, whatever a file's name is: some of
# Pillow's other formats start programs.
FORMATS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "PNG": (".png", ".apng"),
        "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".jfi", ".jif", ".mpo"),
        "BMP": (".bmp",),
        "DIB": (".dib",),
        "GIF": (".gif",),
        "TIFF": (".tif", ".tiff"),
        "WEBP": (".webp",),
        "PPM": (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
        "JPEG2000": (".jp2", ".j2k", ".jpx", ".jpf", ".jpc", ".j2c"),
        "PSD": (".psd",),
        "TGA": (".tga",),
        "PCX": (".pcx",),
        "SGI": (".sgi",),
        "QOI": (".qoi",),
        "AVIF": (".avif", ".avifs"),
        "HEIF": (".heic", ".heif", ".hif", ".heics", ".heifs"),
    }
)
SUFFIXES = frozenset(chain.from_iterable(FORMATS.values()))
JPEG_SUFFIXES = frozenset(FORMATS["JPEG"])

RAW = "a camera's raw file; develop it, and save a TIFF or JPEG of it"
DRAWING = "a drawing of lines; export it as PNG"
LAYERED = "an image editor's own file; export it as PNG or TIFF"
MEASURED = "a file of a microscope, scanner or telescope; export a TIFF or PNG of it"
OTHER = "of a kind that is not read; save it as PNG, JPEG or TIFF"
UNREAD: Mapping[str, str] = MappingProxyType(
    dict.fromkeys((".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".gpr", ".iiq"), RAW)
    | dict.fromkeys((".k25", ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".ori", ".pef", ".raf"), RAW)
    | dict.fromkeys((".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"), RAW)
    | dict.fromkeys((".svg", ".svgz", ".eps", ".ai", ".cdr", ".wmf", ".emf"), DRAWING)
    | dict.fromkeys((".psb", ".xcf", ".kra", ".afphoto", ".clip", ".pdn", ".ora", ".cpt"), LAYERED)
    | dict.fromkeys((".dcm", ".fits", ".fts", ".czi", ".lif", ".nd2", ".svs", ".ndpi", ".lsm", ".oib"), MEASURED)
    | dict.fromkeys((".jxl", ".jxr", ".wdp", ".hdp", ".exr", ".hdr", ".dpx", ".cin", ".bpg", ".flif"), OTHER)
    | dict.fromkeys((".jls", ".jng", ".mng", ".ktx", ".dds", ".ras", ".xbm", ".xpm", ".pict", ".pct", ".pam"), OTHER)
)

# As servers name what they send.
MEDIA_SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        "image/jpeg": ".jpg",
        "image/png": ".png",
        "image/apng": ".apng",
        "image/webp": ".webp",
        "image/gif": ".gif",
        "image/bmp": ".bmp",
        "image/tiff": ".tif",
        "image/jp2": ".jp2",
        "image/avif": ".avif",
        "image/heic": ".heic",
        "image/heif": ".heif",
        "image/vnd.adobe.photoshop": ".psd",
    }
)


def list_images(folder: Path, *, recursive: bool = False) -> list[Path]:
    """The image files of a folder that can be read, by name; hidden ones, and those in hidden folders, are left out."""
    return sorted(path for path in _files(folder, recursive) if path.suffix.lower() in SUFFIXES)


def list_unread(folder: Path, *, recursive: bool = False) -> list[Path]:
    """The files of a folder that are images by their endings but of kinds that are not read, by name."""
    return sorted(path for path in _files(folder, recursive) if path.suffix.lower() in UNREAD)


def why_unread(path: Path) -> str:
    """A sentence on a file whose ending is of a kind that is not read, and what to do; empty for others."""
    reason = UNREAD.get(path.suffix.lower())
    return f"{path}: {reason}." if reason else ""


def unread_in_words(paths: Sequence[Path]) -> list[str]:
    """A sentence for each kind of files that are not read: the first of them, how many more, and what to do."""
    kinds: dict[str, list[Path]] = {}
    for path in paths:
        kinds.setdefault(UNREAD[path.suffix.lower()], []).append(path)
    return [
        f"{found[0].name}{f' and {len(found) - 1} more' * (len(found) > 1)} left out: {reason}."
        for reason, found in kinds.items()
    ]


def _files(folder: Path, recursive: bool) -> Iterator[Path]:
    for path in folder.rglob("*") if recursive else folder.iterdir():
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.is_file():
            yield path
