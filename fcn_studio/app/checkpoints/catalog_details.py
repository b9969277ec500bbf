"""All that the catalog knows of one checkpoint, as a page with links."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QCoreApplication

from fcn_studio.core.catalog.catalog import Entry, here, read_digest
from fcn_studio.core.catalog.embedded import nets_of


def details(entry: Entry) -> str:
    """Rich text."""
    rows = [
        (QCoreApplication.translate("CatalogDetails", "Short names"), ", ".join(entry.short_names)),
        (QCoreApplication.translate("CatalogDetails", "Knows"), escape(_knows(entry))),
        (QCoreApplication.translate("CatalogDetails", "Publisher"), escape(entry.publisher)),
        (QCoreApplication.translate("CatalogDetails", "Licence"), escape(entry.licence)),
        (QCoreApplication.translate("CatalogDetails", "Figures"), _figures(entry)),
        (QCoreApplication.translate("CatalogDetails", "Digest"), _digest(entry)),
        (QCoreApplication.translate("CatalogDetails", "Described in"), _links(entry.links)),
        (QCoreApplication.translate("CatalogDetails", "File"), _links(entry.urls) or escape(entry.file)),
        (QCoreApplication.translate("CatalogDetails", "Note"), escape(entry.note)),
        (QCoreApplication.translate("CatalogDetails", "On this machine"), escape(str(here(entry) or ""))),
    ]
    lines = "".join(
        f'<tr><td style="padding-right: 14px; white-space: nowrap;"><b>{name}</b></td><td>{text}</td></tr>'
        for name, text in rows
        if text
    )
    return f'<p style="margin: 0 0 6px 0;"><b>{escape(entry.title)}</b></p><table cellspacing="2">{lines}</table>'


def _knows(entry: Entry) -> str:
    net = next(iter(nets_of(entry.path)), None) if entry.path is not None else None
    return QCoreApplication.translate("Nets", net.classes) if net is not None else ""


def _figures(entry: Entry) -> str:
    if not entry.figures:
        return QCoreApplication.translate("CatalogDetails", "None are stated with the file.")
    return "<br>".join(escape(f"{one} % ({one.data}; {one.source})") for one in entry.figures)


def _digest(entry: Entry) -> str:
    if entry.path is not None:
        return ""
    read = read_digest(entry)
    if entry.digest is not None:
        text = QCoreApplication.translate("CatalogDetails", "{0} {1}, checked when it is downloaded").format(
            entry.digest.algorithm, f"<code>{entry.digest.value}</code>"
        )
    else:
        text = QCoreApplication.translate("CatalogDetails", "None is published, so the file cannot be verified.")
    if read is None:
        return text
    return (
        text + "<br>" + QCoreApplication.translate("CatalogDetails", "Read: sha256 {0}").format(f"<code>{read}</code>")
    )


def _links(links: tuple[str, ...]) -> str:
    return "<br>".join(f'<a href="{escape(link)}">{escape(link)}</a>' for link in links)
