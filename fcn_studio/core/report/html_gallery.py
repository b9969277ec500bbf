"""The report's photos with their masks in HTML."""

from __future__ import annotations

import html
from collections.abc import Mapping

from fcn_studio.core.judging.evaluation import Evaluation
from fcn_studio.core.report.facts import Facts
from fcn_studio.core.report.gallery import PHOTO, TRUTH, Gallery, Shown, ShownConfusion
from fcn_studio.core.report.html_tables import step_html, swatch
from fcn_studio.core.report.numbers import count, percent, points, signed
from fcn_studio.core.report.thumbnails import Picture


def list_titles(evaluation: Evaluation) -> Mapping[str, str]:
    """Plain headings of the gallery's lists."""
    last = evaluation.contenders[-1].title
    titles = {"worst": f"Lowest mean IU of {last}"}
    if evaluation.widest:
        names = {entry.key: entry.title for entry in evaluation.contenders}
        before, after = (names[key] for key in evaluation.widest)
        titles |= {"gained": f"{after} gains most on {before}", "lost": f"{after} loses most to {before}"}
    return titles


def photo_lists(evaluation: Evaluation, facts: Facts, gallery: Gallery) -> str:
    """The lists of photos; each picture is on the page once, and a list that only repeats photos is one line."""
    found, seen = [], dict[str, str]()
    for name, title in list_titles(evaluation).items():
        photos = gallery.lists[name]
        if not photos:
            found.append(f'<section><h3>{html.escape(title)}</h3><p class="quiet">In no photo.</p></section>')
            continue
        if all(str(one.row.photo) in seen for one in photos):
            found.append(
                f'<section><h3>{html.escape(title)}</h3><p class="quiet">Shown above: '
                f"{', '.join(_reference(evaluation, facts, one, seen[str(one.row.photo)]) for one in photos)}"
                "</p></section>"
            )
            continue
        inner = []
        for one in photos:
            key = str(one.row.photo)
            inner.append(_shown(evaluation, facts, one, seen.get(key)))
            seen.setdefault(key, one.anchor)
        found.append(f"<section><h3>{html.escape(title)}</h3>{''.join(inner)}</section>")
    return "\n".join(found)


def confusion_list(evaluation: Evaluation, facts: Facts, gallery: Gallery) -> str:
    """The larger confusions with an example each, for the matrix to link to."""
    return "\n".join(_confusion(evaluation, facts, one) for one in gallery.confusions)


def legend(evaluation: Evaluation) -> str:
    """Colours of the classes that occur in truth or predictions."""
    matrix = sum(evaluation.confusion.values())
    present = [
        index
        for index in range(len(evaluation.labels))
        if matrix[index].sum() or matrix[:, index].sum()  # type: ignore[index]
    ]
    items = "".join(f"<li>{swatch(evaluation, index)}</li>" for index in present)
    red, green, blue = evaluation.labels.void_colour
    void = f'<li><i class="swatch" style="background:rgb({red} {green} {blue})"></i>void (truth only)</li>'
    outline = '<li><i class="swatch outlined"></i>outline: wrong pixels</li>'
    return f'<ul class="legend">{items}{void}{outline}</ul>'


def _reference(evaluation: Evaluation, facts: Facts, one: Shown, anchor: str) -> str:
    net = f" ({signed(one.row.gain(*evaluation.widest).pixels)} px)" if evaluation.widest else ""
    return f'<a href="#{anchor}">{html.escape(facts.name(one.row.photo))}</a>{net}'


def _shown(evaluation: Evaluation, facts: Facts, one: Shown, elsewhere: str | None) -> str:
    row, name = one.row, html.escape(facts.name(one.row.photo))
    parts = [f"{html.escape(key)} {percent(scores.mean_iu)}" for key, scores in row.variants.items()]
    words = f"mean IU {' · '.join(parts)} %"
    if evaluation.widest:
        gain = row.gain(*evaluation.widest)
        words += f"; {step_html(evaluation, evaluation.widest)} {points(gain.mean_iu)} points, {signed(gain.pixels)} px"
    head = f'<p class="caption"><b>{name}</b> <span class="quiet">{words}</span></p>'
    if elsewhere and one.pictures:
        head += f'<p class="quiet"><a href="#{elsewhere}">Its pictures are above.</a></p>'
        return f'<div class="shown" id="{one.anchor}">{head}</div>'
    titles = {PHOTO: "Photo", TRUTH: "Truth", **{entry.key: entry.title for entry in evaluation.contenders}}
    return f'<div class="shown" id="{one.anchor}">{head}{_strip(one.pictures, titles, name)}</div>'


def _confusion(evaluation: Evaluation, facts: Facts, one: ShownConfusion) -> str:
    places = ", ".join(f"{html.escape(facts.name(row.photo))} ({count(pixels)})" for row, pixels in one.examples)
    head = (
        f'<p class="caption"><b>{swatch(evaluation, one.truth)} taken for {swatch(evaluation, one.predicted)}</b> '
        f'<span class="quiet">{percent(one.share)} % of its pixels, {count(one.pixels)} px</span></p>'
    )
    most = f'<p class="quiet">Most in {places}</p>'
    last = evaluation.contenders[-1]
    titles = {PHOTO: "Photo", TRUTH: "Truth", last.key: f"{last.title}: these pixels"}
    strip = _strip(one.pictures, titles, html.escape(facts.name(one.examples[0][0].photo)))
    return f'<div class="shown three" id="{one.anchor}">{head}{strip}{most}</div>'


def _strip(pictures: Mapping[str, Picture], titles: Mapping[str, str], name: str) -> str:
    cells = "".join(
        f'<figure><img src="{picture.address}" width="{picture.width}" height="{picture.height}" loading="lazy" '
        f'alt="{html.escape(titles[key])} of {name}"><figcaption>{html.escape(titles[key])}</figcaption></figure>'
        for key, picture in pictures.items()
    )
    return f'<div class="strip" style="--n:{len(pictures)}">{cells}</div>' if cells else ""
