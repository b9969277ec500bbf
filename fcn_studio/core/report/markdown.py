"""The report as Markdown, for a repository or a note; its pictures are files beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from fcn_studio.core.judging.boundary import TRIMAP_WIDTHS
from fcn_studio.core.judging.evaluation import Evaluation
from fcn_studio.core.judging.photo_metrics import BOUNDARY_WIDTH
from fcn_studio.core.report.ceilings import ceiling_cells, ceiling_heads
from fcn_studio.core.report.facts import CEILING_NOTE, DEFINITIONS, Facts
from fcn_studio.core.report.gallery import PHOTO, TRUTH, Gallery
from fcn_studio.core.report.html_gallery import list_titles
from fcn_studio.core.report.html_page import PICTURES_NOTE, lead, title
from fcn_studio.core.report.numbers import count, percent, points, signed
from fcn_studio.core.report.plots import band_label
from fcn_studio.core.report.summary import verdict_shares
from fcn_studio.core.report.thumbnails import Picture


def markdown(evaluation: Evaluation, facts: Facts, gallery: Gallery) -> str:
    """The whole text; the per-image table is in photos.csv."""
    parts = [
        f"# {_plain(title(evaluation, facts))}",
        lead(evaluation, facts),
        *(_plain(note) for note in facts.notes),
        *([f"Left out: {_plain('; '.join(facts.failures))}"] if facts.failures else []),
        "## Metrics, %",
        _metrics(evaluation),
        "## IU of each class, %",
        _classes(evaluation),
        "## Mean IU within N pixels of a boundary, %",
        _bands(evaluation),
        "![Mean IU against the width of the band](boundary.png)",
    ]
    if evaluation.skips:
        parts += ["## What each skip changes, % of labelled pixels", _skips(evaluation)]
    parts += ["## What a grid of each stride could reach, %", _ceilings(evaluation), CEILING_NOTE]
    parts += ["## Largest confusions", _confusions(evaluation, facts, gallery)]
    parts.append("## Photos\n\nAll of them are in [photos.csv](photos.csv).")
    if evaluation.widest:
        parts.append("![Gain of each photo](gains.png)")
    parts += _photos(evaluation, facts, gallery)
    parts.append("## What the figures mean")
    parts.append("\n".join(f"- **{term}**: {_plain(words)}" for term, words in DEFINITIONS))
    if gallery.pictures:
        parts.append(PICTURES_NOTE.format(licence=f" ({facts.licence})" if facts.licence else ""))
    digests = dict.fromkeys(
        f"{entry.checkpoint}: SHA-256 `{entry.digest}`, {entry.device_name}, {entry.precision}"
        for entry in evaluation.contenders
    )
    parts.append(
        "\n".join(
            [
                f"- Command: `{facts.command}`",
                *(f"- {line}" for line in digests),
                f"- FCN Studio {facts.version}, {facts.date}",
            ]
        )
    )
    return "\n\n".join(parts) + "\n"


def _metrics(evaluation: Evaluation) -> str:
    width = TRIMAP_WIDTHS.index(BOUNDARY_WIDTH)
    heads = ("", "pixel acc.", "mean acc.", "mean IU", "f.w. IU", band_label())
    rows = []
    for entry in evaluation.contenders:
        value = evaluation.variants[entry.key]
        shares = (value.pixel_accuracy, value.mean_accuracy, value.mean_iu, value.frequency_weighted_iu)
        rows.append([entry.title, *map(percent, (*shares, evaluation.boundary[entry.key][width].mean_iu))])
    return _table(heads, rows)


def _classes(evaluation: Evaluation) -> str:
    truth = evaluation.confusion[evaluation.keys[-1]].sum(axis=1)
    heads = ["class", "share of pixels", *(entry.title for entry in evaluation.contenders)]
    rows = [
        [
            evaluation.labels.classes[index],
            percent(int(truth[index]) / max(int(truth.sum()), 1)),
            *(percent(value.class_iu[index]) for value in evaluation.variants.values()),
        ]
        for index in np.argsort(-truth, kind="stable").tolist()
    ]
    return _table(heads, rows)


def _bands(evaluation: Evaluation) -> str:
    rows = [
        [entry.title, *(percent(value.mean_iu) for value in evaluation.boundary[entry.key])]
        for entry in evaluation.contenders
    ]
    return _table(["N", *map(str, TRIMAP_WIDTHS)], rows)


def _skips(evaluation: Evaluation) -> str:
    rows = [
        [f"{before} to {after}", *(percent(share, 2) for share in verdict_shares(change).values())]
        for (before, after), change in evaluation.skips.items()
    ]
    return _table(("step", "wrong to right", "right to wrong", "wrong to wrong"), rows)


def _ceilings(evaluation: Evaluation) -> str:
    rows = [[str(stride), *cells] for stride, cells in ceiling_cells(evaluation).items()]
    return _table(("Stride", *ceiling_heads(evaluation)), rows)


def _confusions(evaluation: Evaluation, facts: Facts, gallery: Gallery) -> str:
    names = evaluation.labels.classes
    rows = [
        [
            names[one.truth],
            names[one.predicted],
            percent(one.share),
            count(one.pixels),
            ", ".join(facts.name(row.photo) for row, _ in one.examples),
        ]
        for one in gallery.confusions
    ]
    return _table(("truth", "taken for", "% of the class", "pixels", "most in"), rows)


def _photos(evaluation: Evaluation, facts: Facts, gallery: Gallery) -> list[str]:
    titles = {PHOTO: "photo", TRUTH: "truth", **{entry.key: entry.title for entry in evaluation.contenders}}
    found, seen = [], dict[str, str]()
    for name, heading in list_titles(evaluation).items():
        found.append(f"### {_plain(heading)}")
        if not (photos := gallery.lists[name]):
            found.append("In no photo.")
        elif all(str(one.row.photo) in seen for one in photos):
            links = [f"[{_plain(facts.name(one.row.photo))}](#{seen[str(one.row.photo)]})" for one in photos]
            if evaluation.widest:
                nets = [one.row.gain(*evaluation.widest).pixels for one in photos]
                links = [f"{link} ({signed(net)} px)" for link, net in zip(links, nets, strict=True)]
            found.append(f"Shown above: {', '.join(links)}")
            continue
        for one in photos:
            scores = ", ".join(f"{key} {percent(value.mean_iu)}" for key, value in one.row.variants.items())
            anchor = seen.get(str(one.row.photo))
            mark = "" if anchor else f'<a id="{one.anchor}"></a>'
            words = f"{mark}**{_plain(facts.name(one.row.photo))}**: mean IU {scores} %"
            if evaluation.widest:
                gain = one.row.gain(*evaluation.widest)
                words += f"; {points(gain.mean_iu)} points, {signed(gain.pixels)} px"
            if anchor and one.pictures:
                words += f"; [its pictures are above](#{anchor})"
            found.append(words)
            if one.pictures and not anchor:
                found.append(_pictures(one.pictures, titles))
            seen.setdefault(str(one.row.photo), one.anchor)
    return found


def _pictures(pictures: Mapping[str, Picture], titles: Mapping[str, str]) -> str:
    cells = [f"![{_plain(titles[key])}](pictures/{picture.name})" for key, picture in pictures.items()]
    return _table([titles[key] for key in pictures], [cells], escape=False)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, escape: bool = True) -> str:
    lines = [list(heads), ["---", *["---:"] * (len(heads) - 1)], *map(list, rows)]
    return "\n".join("| " + " | ".join(_plain(cell) if escape else cell for cell in line) + " |" for line in lines)


def _plain(text: str) -> str:
    """Text without what Markdown or a table's row would take for a sign."""
    for sign in "\\`*_|<[]":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
