"""The report as one HTML file that asks for nothing outside itself."""

from __future__ import annotations

import html
from collections.abc import Mapping
from string import Template

from fcn_studio import paths
from fcn_studio.core.catalog.checkpoint_names import heading
from fcn_studio.core.judging.evaluation import Evaluation
from fcn_studio.core.labels import counted_classes
from fcn_studio.core.report import html_cards, html_gallery, html_tables
from fcn_studio.core.report.facts import CEILING_NOTE, DEFINITIONS, Facts
from fcn_studio.core.report.gallery import Gallery
from fcn_studio.core.report.numbers import count

PICTURES_NOTE = (
    "The pictures above are photos of the data set and come under its licence{licence}, which may forbid passing them "
    "on: this report is for your own folder. --no-pictures leaves them out."
)


def html_page(evaluation: Evaluation, facts: Facts, gallery: Gallery, drawings: Mapping[str, str]) -> str:
    """The whole page.

    Args:
        evaluation: What was found.
        facts: What the report says besides.
        gallery: The photos it shows.
        drawings: SVG by name, from `plots.save_plots`.
    """
    folder = paths.resources() / "report"
    markup, css, script = ((folder / f"report.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    ceilings = (
        '<section class="panel"><h2>What a grid of each stride could reach <span class="quiet">%</span></h2>'
        f'<div class="scroll">{html_tables.ceiling_table(evaluation)}</div>'
        f'<p class="quiet">{CEILING_NOTE}</p></section>'
    )
    # A net of one output has no gains; the ceilings then take their place.
    right, below = (_gains(evaluation, drawings), ceilings) if evaluation.widest else (ceilings, "")
    return Template(markup).substitute(
        css=css,
        script=script,
        version=html.escape(facts.version),
        title=html.escape(title(evaluation, facts)),
        lead=html.escape(lead(evaluation, facts)),
        notices=_notices(facts),
        columns=html_cards.card_columns(evaluation),
        cards=html_cards.cards(evaluation),
        metrics=html_tables.metrics_table(evaluation),
        classes=html_tables.class_table(evaluation),
        boundary=drawings["boundary"],
        bands=html_tables.band_table(evaluation),
        right=right,
        below=below,
        confusion=_confusion(evaluation, gallery),
        confusions=html_gallery.confusion_list(evaluation, facts, gallery),
        legend=html_gallery.legend(evaluation) if gallery.pictures else "",
        lists=html_gallery.photo_lists(evaluation, facts, gallery),
        photos=html_tables.photo_table(evaluation, facts, gallery),
        definitions="".join(
            f"<dt>{html.escape(term)}</dt><dd>{html.escape(words)}</dd>" for term, words in DEFINITIONS
        ),
        foot="".join(f"<p>{line}</p>" for line in _foot(evaluation, facts, gallery)),
    )


def title(evaluation: Evaluation, facts: Facts) -> str:
    """The heading: whom it is about, on what."""
    return f"{heading([entry.checkpoint for entry in evaluation.contenders])} on {facts.data}, {facts.split}"


def lead(evaluation: Evaluation, facts: Facts) -> str:
    """How much was measured."""
    total = sum(row.size[0] * row.size[1] for row in evaluation.photos)
    share = evaluation.labelled / total if total else 0.0
    photos = len(evaluation.records)
    measured = "1 photo at its own size" if photos == 1 else f"{count(photos)} photos at their own sizes"
    return (
        f"{measured}, {count(evaluation.labelled)} labelled pixels "
        f"({100 * share:.1f} % of all), {counted_classes(len(evaluation.labels))}."
    )


def _notices(facts: Facts) -> str:
    found = [f'<p class="notice quiet">{html.escape(note)}</p>' for note in facts.notes]
    if facts.failures:
        items = "".join(f"<li>{html.escape(words)}</li>" for words in facts.failures)
        found.append(
            f'<div class="notice"><b>{len(facts.failures)} could not be used and are left out of all figures:</b>'
            f"<ul>{items}</ul></div>"
        )
    return "".join(found)


def _gains(evaluation: Evaluation, drawings: Mapping[str, str]) -> str:
    step = html_tables.step_html(evaluation, evaluation.widest) if evaluation.widest else ""
    skips = f'<div class="scroll">{html_tables.skip_table(evaluation)}</div>' if evaluation.skips else ""
    return (
        f'<section class="panel"><h2>Gain of each photo, {step}</h2><div class="plot">{drawings["gains"]}</div>'
        f"{skips}</section>"
    )


def _confusion(evaluation: Evaluation, gallery: Gallery) -> str:
    *others, last = evaluation.contenders
    found = [f'<div class="scroll">{html_tables.confusion_table(evaluation, last.key, gallery)}</div>']
    for entry in reversed(others):
        table = html_tables.confusion_table(evaluation, entry.key, gallery)
        found.append(
            f'<details><summary>{html.escape(entry.title)}</summary><div class="scroll">{table}</div></details>'
        )
    return "".join(found)


def _foot(evaluation: Evaluation, facts: Facts, gallery: Gallery) -> list[str]:
    lines = []
    if gallery.pictures:
        licence = f" ({facts.licence})" if facts.licence else ""
        lines.append(html.escape(PICTURES_NOTE.format(licence=licence)))
    lines += [f"Command: <code>{html.escape(facts.command)}</code>"]
    digests = dict.fromkeys((entry.checkpoint, entry.digest, entry.device_name) for entry in evaluation.contenders)
    lines += [
        f"{html.escape(name)}: SHA-256 <code>{digest}</code>, on {html.escape(device)}"
        for name, digest, device in digests
    ]
    lines.append(f"FCN Studio {html.escape(facts.version)}, {html.escape(facts.date)}")
    return lines
