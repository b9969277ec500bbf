"""The report's tables in HTML."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

import numpy as np

from fcn_studio.core.judging.boundary import TRIMAP_WIDTHS
from fcn_studio.core.judging.evaluation import Contender, Evaluation, Step
from fcn_studio.core.judging.metrics import Metrics
from fcn_studio.core.judging.photo_metrics import BOUNDARY_WIDTH
from fcn_studio.core.report.ceilings import ceiling_cells, ceiling_heads
from fcn_studio.core.report.facts import Facts
from fcn_studio.core.report.gallery import Gallery
from fcn_studio.core.report.numbers import count, percent, points, signed
from fcn_studio.core.report.plots import band_label, series_place
from fcn_studio.core.report.summary import verdict_shares

MOST_CLASSES = 40  # of a confusion matrix on the page; CSV files hold all of them


def title_html(evaluation: Evaluation, key: str) -> str:
    """A contender's name behind its colour."""
    entry = next(entry for entry in evaluation.contenders if entry.key == key)
    return f'<i class="dot series-{series_place(evaluation, key)}"></i>{html.escape(entry.title)}'


def step_html(evaluation: Evaluation, step: Step) -> str:
    """The names at both ends of a step, short."""
    before, after = (html.escape(key) for key in step)
    return f"{before}&#8202;→&#8202;{after}"


def metrics_table(evaluation: Evaluation) -> str:
    """The four metrics, and mean IU near boundaries; the best of each column is bold."""
    heads = ("Pixel acc.", "Mean acc.", "Mean IU", "F.w. IU", band_label())
    width = TRIMAP_WIDTHS.index(BOUNDARY_WIDTH)
    values = {
        key: (*_four(value), evaluation.boundary[key][width].mean_iu) for key, value in evaluation.variants.items()
    }
    best = [max((row[place] for row in values.values()), default=math.nan) for place in range(len(heads))]
    rows = "".join(
        f'<tr><th scope="row">{title_html(evaluation, key)}</th>'
        + "".join(
            f"<td>{f'<b>{percent(cell)}</b>' if cell == top and len(values) > 1 else percent(cell)}</td>"
            for cell, top in zip(row, best, strict=True)
        )
        + f'<td class="quiet left">{_made_by(_contender(evaluation, key))}</td></tr>'
        for key, row in values.items()
    )
    head = "".join(f"<th>{html.escape(word)}</th>" for word in heads)
    return _wide(f'<th></th>{head}<th class="left">Checkpoint</th>', rows)


def class_table(evaluation: Evaluation) -> str:
    """IU of each class by contender as bars, the gain, and accuracies; most frequent classes first."""
    last, widest = evaluation.keys[-1], evaluation.widest
    truth = evaluation.confusion[last].sum(axis=1)
    shares = truth / max(int(truth.sum()), 1)
    head = '<th class="left">Class</th><th>Share</th>' + "".join(
        f'<th class="bar-head">{title_html(evaluation, key)}</th>' for key in evaluation.keys
    )
    head += f"<th>Gain {step_html(evaluation, widest)}</th>" if widest else ""
    head += f"<th>Accuracy {html.escape(last)}</th>"
    rows = []
    for index in np.argsort(-truth, kind="stable").tolist():
        cells = [
            f'<th scope="row" class="left">{swatch(evaluation, index)}</th>',
            f'<td class="quiet">{percent(shares[index])}</td>',
        ]
        for key in evaluation.keys:
            share = evaluation.variants[key].class_iu[index]
            bar = 0.0 if math.isnan(share) else 100 * share
            cells.append(
                f'<td class="bar series-{series_place(evaluation, key)}" style="--v:{bar:.1f}%">'
                f"<span>{percent(share)}</span></td>"
            )
        if widest:
            gain = evaluation.variants[widest[1]].class_iu[index] - evaluation.variants[widest[0]].class_iu[index]
            cells.append(f'<td class="{sign_class(gain)}">{points(gain)}</td>')
        cells.append(f"<td>{percent(evaluation.variants[last].class_accuracy[index])}</td>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return _wide(head, "".join(rows), "classes", style=f"--n:{len(evaluation.keys)}")


def band_table(evaluation: Evaluation) -> str:
    """Mean IU in each band and over all pixels."""
    head = "".join(f"<th>{width}</th>" for width in TRIMAP_WIDTHS)
    rows = "".join(
        f'<tr><th scope="row">{title_html(evaluation, key)}</th>'
        + "".join(f"<td>{percent(value.mean_iu)}</td>" for value in values)
        + f"<td>{percent(evaluation.variants[key].mean_iu)}</td></tr>"
        for key, values in evaluation.boundary.items()
    )
    return _wide(f'<th class="left">Mean IU, %, N =</th>{head}<th>all pixels</th>', rows, "narrow")


def skip_table(evaluation: Evaluation) -> str:
    """What each skip sets right and spoils."""
    rows = "".join(
        f'<tr><th scope="row">{step_html(evaluation, step)}</th><td class="plus">{percent(shares["rescued"], 2)}</td>'
        f'<td class="minus">{percent(shares["harmed"], 2)}</td><td>{percent(shares["both_wrong"], 2)}</td>'
        f"<td>{points(shares['rescued'] - shares['harmed'], 2)}</td></tr>"
        for step, change in evaluation.skips.items()
        for shares in (verdict_shares(change),)
    )
    heads = "<th>wrong to right</th><th>right to wrong</th><th>wrong to wrong</th><th>net</th>"
    return _wide(f'<th class="left">Each skip, % of labelled px</th>{heads}', rows, "narrow")


def ceiling_table(evaluation: Evaluation) -> str:
    """What each stride could reach beside what was reached."""
    rows = "".join(
        f'<tr><th scope="row">{stride} px</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
        for stride, cells in ceiling_cells(evaluation).items()
    )
    heads = "".join(f"<th>{html.escape(words)}</th>" for words in ceiling_heads(evaluation))
    return _wide(f'<th class="left">Stride</th>{heads}', rows, "narrow")


def confusion_table(evaluation: Evaluation, key: str, gallery: Gallery) -> str:
    """The matrix in percent of each true class as a heat map; cells of the gallery link to their photos."""
    matrix, names = evaluation.confusion[key], evaluation.labels.classes
    totals = matrix.sum(axis=1)
    kept = sorted(np.argsort(-(totals + matrix.sum(axis=0)), kind="stable")[:MOST_CLASSES].tolist())
    links = {(one.truth, one.predicted): one.anchor for one in gallery.confusions} if key == evaluation.keys[-1] else {}
    head = "".join(f'<th class="slant"><span>{html.escape(names[index])}</span></th>' for index in kept)
    rows = []
    for index in kept:
        cells = []
        for other in kept:
            share = float(matrix[index, other] / totals[index]) if totals[index] else math.nan
            words = "" if math.isnan(share) or percent(share) == percent(0) else percent(share)
            tip = f"{names[index]} taken for {names[other]}: {count(int(matrix[index, other]))} px"
            kind = "hit" if index == other else "miss"
            # The root, since most confusions are a few percent.
            heat = 0 if math.isnan(share) else round(100 * (share if index == other else math.sqrt(share)))
            if words and (anchor := links.get((index, other))):
                words = f'<a href="#{anchor}">{words}</a>'
            cells.append(f'<td class="{kind}" style="--h:{heat}%" title="{html.escape(tip)}">{words}</td>')
        rows.append(f'<tr><th scope="row" class="left">{swatch(evaluation, index)}</th>{"".join(cells)}</tr>')
    note = ""
    if len(kept) < len(names):
        note = f'<p class="quiet">The {len(kept)} most frequent of {len(names)} classes; the CSV file has all.</p>'
    return (
        f'<table class="confusion"><thead><tr><th class="left corner">truth ↓ &nbsp;predicted →</th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>{note}"
    )


def photo_table(evaluation: Evaluation, facts: Facts, gallery: Gallery) -> str:
    """A row for each photo; columns sort where scripts may run."""
    keys, anchors = evaluation.keys, gallery.anchors
    groups = (("Mean IU, %", keys), (f"{band_label()}, %", keys), ("Pixel acc., %", keys))
    top = "".join(f'<th colspan="{len(names)}" class="group">{html.escape(word)}</th>' for word, names in groups)
    second = [
        _sort_head(html.escape(key), "group" if place == 0 else "") for _ in groups for place, key in enumerate(keys)
    ]
    if evaluation.steps:
        top += f'<th colspan="{len(evaluation.steps)}" class="group">Gain, points of mean IU</th>'
        top += f'<th colspan="{len(evaluation.steps)}" class="group">Gain, net pixels</th>'
        second += [
            _sort_head(step_html(evaluation, step), "group" if place == 0 else "")
            for _ in range(2)
            for place, step in enumerate(evaluation.steps)
        ]
    rows = []
    for row in evaluation.photos:
        name = html.escape(facts.name(row.photo))
        anchor = anchors.get(str(row.photo))
        shown = f'<a href="#{anchor}">{name}</a>' if anchor else name
        cells = [
            f'<th scope="row" class="left" data-v="{name}">{shown}</th>',
            _number(row.labelled, count(row.labelled), "quiet"),
        ]
        for place in ("mean_iu", "boundary_mean_iu", "pixel_accuracy"):
            values = [float(getattr(row.variants[key], place)) for key in keys]
            cells += [_number(value, percent(value)) for value in values]
        gains = [row.gain(*step) for step in evaluation.steps]
        cells += [_number(gain.mean_iu, points(gain.mean_iu), sign_class(gain.mean_iu)) for gain in gains]
        cells += [_number(gain.pixels, signed(gain.pixels), sign_class(gain.pixels)) for gain in gains]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return (
        f'<table class="photos" id="photos-table"><thead><tr><th colspan="2"></th>{top}</tr><tr>'
        f"{_sort_head('Photo', 'left')}{_sort_head('Labelled px', '')}{''.join(second)}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def swatch(evaluation: Evaluation, index: int) -> str:
    """A class's colour and name."""
    red, green, blue = evaluation.labels.colours[index]
    name = html.escape(evaluation.labels.classes[index])
    return f'<i class="swatch" style="background:rgb({red} {green} {blue})"></i>{name}'


def _wide(heads: str, rows: str, kind: str = "", *, style: str = "") -> str:
    return f'<table class="wide {kind}" style="{style}"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _sort_head(words: str, kind: str) -> str:
    return f'<th class="{kind}" scope="col"><button type="button">{words}</button></th>'


def _number(value: float, words: str, kind: str = "") -> str:
    number = "" if math.isnan(value) else f"{value:.6g}" if isinstance(value, float) else str(value)
    return f'<td{f" class={chr(34)}{kind}{chr(34)}" if kind else ""} data-v="{number}">{words}</td>'


def sign_class(value: float) -> str:
    """The style of a gain or loss."""
    return "plus" if value > 0 else "minus" if value < 0 else "quiet"


def _four(value: Metrics) -> Sequence[float]:
    return value.pixel_accuracy, value.mean_accuracy, value.mean_iu, value.frequency_weighted_iu


def _contender(evaluation: Evaluation, key: str) -> Contender:
    return next(entry for entry in evaluation.contenders if entry.key == key)


def _made_by(entry: Contender) -> str:
    where = html.escape(f"{entry.device} {entry.precision}")
    return f"{html.escape(entry.checkpoint)} <code>{entry.digest[:8]}</code>, {where}"
