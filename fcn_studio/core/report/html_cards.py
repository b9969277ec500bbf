"""The large figures at the report's top in HTML."""

from __future__ import annotations

import html
import math
from collections import Counter

from fcn_studio.core.judging.evaluation import Evaluation
from fcn_studio.core.report.html_tables import sign_class
from fcn_studio.core.report.numbers import percent, points
from fcn_studio.core.report.plots import series_place

MOST_CARDS = 5  # side by side


def cards(evaluation: Evaluation) -> str:
    """Mean IU in large figures."""
    found, before = [], None
    for entry in evaluation.contenders:
        value = evaluation.variants[entry.key].mean_iu
        more = ""
        if before is not None and (before.key, entry.key) in evaluation.skips:
            gain = value - evaluation.variants[before.key].mean_iu
            more = f'<span class="{sign_class(gain)}">{points(gain)}</span> on {html.escape(before.key)}'
        found.append(
            f'<div class="card series-{series_place(evaluation, entry.key)}"><h3>{html.escape(entry.title)}</h3>'
            f'<p class="large">{percent(value)}<small>% mean IU</small></p>'
            f'<p class="quiet">{more or "&nbsp;"}</p></div>'
        )
        before = entry
    return "\n".join(found)


def card_columns(evaluation: Evaluation) -> int:
    """How many cards stand side by side, so that rows are equally full and a checkpoint's cards in one row."""
    owners = Counter(entry.checkpoint for entry in evaluation.contenders)
    total, sizes = owners.total(), set(owners.values())
    if len(owners) > 1 and len(sizes) == 1 and 1 < (each := sizes.pop()) <= MOST_CARDS:
        return max(count for count in range(each, MOST_CARDS + 1, each) if total % count == 0)
    return math.ceil(total / math.ceil(total / MOST_CARDS))
