"""What score layers say on a photo: whether a skip drowns the others, and whether biases decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from fcn_studio.core.judging.diagnosis import Finding, Severity
from fcn_studio.engine.nets.build import Net
from fcn_studio.engine.nets.fcn import FCN, ScoreMaps

# Contribution of a skip to that of score_fr. Trained nets are near 0.2 (the embedded one) and, in the published at-once
# net, whose pools are scaled by 0.01 and 0.0001, lost scale layers make it 100 and 10,000 times as much.
LOST = {"score_pool4": 15.0, "score_pool3": 300.0}
DROWNED = 0.001  # and applied where they do not belong, so little


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of one score layer, what differs between classes; what is added to all of them alike decides nothing.

    Attributes:
        spread: Standard deviation over cells and classes of the scores without bias.
        bias: Standard deviation over classes of the bias.
    """

    spread: float
    bias: float


def evidence_of(net: FCN, maps: ScoreMaps) -> dict[str, Evidence]:
    """By score layer."""
    found = {}
    for name, grid in maps.items():
        layer = net.get_submodule(name)
        assert isinstance(layer, nn.Conv2d)
        bias = layer.bias if layer.bias is not None else grid.new_zeros(grid.shape[1])
        scores: Tensor = grid[0] - bias.view(-1, 1, 1)
        found[name] = Evidence(
            float((scores - scores.mean(0)).std(unbiased=False)), float((bias - bias.mean()).std(unbiased=False))
        )
    return found


def score_findings(net: Net, evidence: Mapping[str, Evidence]) -> Iterator[Finding]:
    """Of a net with score layers; `evidence` is that of the preprocessing that fits best."""
    if not isinstance(net, FCN) or "score_fr" not in evidence:
        return
    coarse = evidence["score_fr"].spread
    for name, scale in net.architecture.scales.items():
        if name not in LOST or name not in evidence or not coarse or not evidence[name].spread:
            continue
        ratio = evidence[name].spread / coarse
        if scale == 1 and ratio > LOST[name]:
            sentence = (
                f"{name} adds {ratio:,.0f} times as much as score_fr. Its scale layer was lost, it seems: nets trained "
                "at once multiply pool4 by 0.01 and pool3 by 0.0001; convert the file again as such a net (--at-once)."
            )
            yield Finding(Severity.FAULT, name, sentence)
        elif scale != 1 and ratio < DROWNED:
            sentence = (
                f"{name} adds {ratio:.0e} times what score_fr does, with its pool times {scale:g}. Is this a net that "
                "was trained at once? If not, convert the file again without scales (--no-at-once)."
            )
            yield Finding(Severity.WARNING, name, sentence)
    biases = sum(found.bias**2 for found in evidence.values()) ** 0.5
    spread = sum(found.spread**2 for found in evidence.values()) ** 0.5
    if biases > spread:
        name = max(evidence, key=lambda layer: evidence[layer].bias)
        how = f"{biases / spread:.1f} times as much as" if spread else "and nothing varies with"
        sentence = (
            f"Biases decide: between classes they vary {how} what the net says of the photo, most of them in {name}. "
            "The same classes win nearly everywhere."
        )
        yield Finding(Severity.WARNING, name, sentence)
