"""What a grid of each stride could reach beside what the nets reached: the same columns in HTML and Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fcn_studio.core.judging.evaluation import Contender, Evaluation
from fcn_studio.core.report.numbers import percent


def ceiling_heads(evaluation: Evaluation) -> Sequence[str]:
    """Headings of the columns behind the stride."""
    return ("Pixel acc.", "Mean IU", *(f"Mean IU of {name}" for name in _nets(evaluation)))


def ceiling_cells(evaluation: Evaluation) -> Mapping[int, Sequence[str]]:
    """By stride the cells of these columns; empty where a net has no variant of that stride."""
    nets = _nets(evaluation).values()
    return {
        stride: (
            percent(ceiling.pixel_accuracy),
            percent(ceiling.mean_iu),
            *(percent(evaluation.variants[net[stride].key].mean_iu) if stride in net else "" for net in nets),
        )
        for stride, ceiling in evaluation.ceilings.items()
    }


def _nets(evaluation: Evaluation) -> Mapping[str, Mapping[int, Contender]]:
    """By name, each net's contenders by stride: one net where no stride comes twice, none without strides."""
    entries = [(stride, entry) for stride in evaluation.ceilings for entry in evaluation.of_stride(stride)]
    if not entries:
        return {}
    if len({stride for stride, _ in entries}) == len(entries):
        return {"the net": dict(entries)}
    found: dict[str, dict[int, Contender]] = {}
    for stride, entry in entries:
        found.setdefault(entry.checkpoint, {})[stride] = entry
    return found
