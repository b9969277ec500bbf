"""What a checkpoint is, in words and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fcn_studio.core.graph.names import OUTPUT, PUBLISHED
from fcn_studio.core.labels import LabelSet
from fcn_studio.engine.checkpoints.binary import CARD_ENTRY
from fcn_studio.engine.checkpoints.native import Checkpoint
from fcn_studio.engine.checkpoints.repositories import PREPARED, PYTORCH_FCN
from fcn_studio.engine.nets.build import net_name
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.nets.preprocess import PRESETS, Preprocessing

NAMES = {"caffe": "Caffe's", "imagenet": "torchvision's", "halves": "from -1 to 1", "lite": "EfficientNet-Lite's"}
DATA = 3  # significant digits of a mean


@dataclass(frozen=True, slots=True)
class Summary:
    """Of a checkpoint.

    Attributes:
        net: Such as `FCN-VGG16`.
        variants: Such as `FCN-32s, FCN-16s, FCN-8s`, or `one output`.
        parameters: Numbers that were trained.
        preprocessing: In words.
        architecture: As metadata holds it.
        choices: What the file did not say, and how it was decided, a sentence each.
    """

    net: str
    variants: str
    parameters: int
    preprocessing: str
    architecture: Mapping[str, Any]
    choices: tuple[str, ...]


def summary(checkpoint: Checkpoint) -> Summary:
    """What a checkpoint is."""
    net = checkpoint.net
    variants = net.architecture.variants
    words = "one output" if variants == (OUTPUT,) else ", ".join(f"FCN-{variant}" for variant in variants)
    if isinstance(net, FCN) and net.architecture.alignment == "classifier":
        words = "where each class is present, at stride 32"
    return Summary(
        net=net_name(net),
        variants=words,
        parameters=sum(value.numel() for value in net.parameters()),
        preprocessing=preprocessing_text(checkpoint.preprocessing),
        architecture=net.architecture.to_dict(),
        choices=tuple(_choices(checkpoint)),
    )


def preprocessing_text(values: Preprocessing) -> str:
    """Such as `BGR 0..255, less 104.0 116.7 122.7 (Caffe's)`."""
    top = "255" if values.scale == 1 else f"{255 * values.scale:.3g}"
    words = f"{values.order.upper()} 0..{top}, less {' '.join(f'{mean:.4g}' for mean in values.mean)}"
    if any(std != 1 for std in values.std):
        words += f", over {' '.join(f'{std:.3g}' for std in values.std)}"
    known = next((name for name, preset in PRESETS.items() if preset == values), None)
    return f"{words} ({NAMES[known]})" if known else words


def _names(labels: LabelSet) -> list[str]:
    """What to say of classes that the file does not name."""
    if labels.guessed:
        return [
            f"the file names no classes; those of {labels.name} are guessed, for there are {len(labels)} too, and "
            "`weights import --labels` names them"
        ]
    return [] if labels.is_named else ["the file names no classes; `weights import --labels` names them"]


def _choices(checkpoint: Checkpoint) -> list[str]:
    card, found = checkpoint.card, []
    if others := card.get("other_entries"):
        found.append(
            f"{card.get('entry')} of the file, {card.get('entry_chosen_for')}; there is "
            f"{', '.join(map(str, others))} too"
        )
    if card.get(CARD_ENTRY):
        found.append("one output, taken as a sigmoid's: foreground above 0, where its probability is over one half")
    found += _names(checkpoint.labels)
    if heads := card.get("other_heads"):
        found.append(f"one of two heads, {card.get('head')}; the other is {heads[0]}")
    if "scheme" in card:
        found.append(
            f"decoder class {card['scheme']}, by {card.get('scheme_chosen_by')}; other classes have the same layers, "
            "and `weights import --decoder` chooses"
        )
    if card.get("source") == PYTORCH_FCN.name and checkpoint.net.architecture.variants == PUBLISHED[-1:]:
        said = "scaled" if card.get("at_once") else "not scaled"
        found.append(f"pool4 and pool3 are {said}, by the file's name; `weights import --at-once` chooses")
    if len(PREPARED.get(str(card.get("source")), ())) > 1:
        words = preprocessing_text(checkpoint.preprocessing)
        found.append(
            f"input {words}: {card.get('source')} trains with more than one, and `weights import "
            "--preprocessing` chooses"
        )
    if resizes := card.get("resizes"):
        found.append(
            f"enlarged otherwise than by {card.get('source')}, which {resizes}; masks differ from those of its own "
            "program"
        )
    if unused := card.get("unused"):
        found.append(f"left out, since the net does not use them: {', '.join(map(str, unused))}")
    return found
