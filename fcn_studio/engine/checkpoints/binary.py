"""Nets with one output, as a sigmoid ends them, made into nets of two classes with the same answers.

The background's score is zero everywhere, so that the foreground wins where its score is above zero, and the softmax of
the two is the sigmoid of the one: 1 / (1 + exp(-score)), one half at zero.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from fcn_studio.engine.checkpoints.native import Checkpoint
from fcn_studio.engine.checkpoints.parts import upscores
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.build import architecture_from, empty
from fcn_studio.engine.nets.single import SingleNet

CARD_ENTRY = "one_output"


def is_binary(checkpoint: Checkpoint) -> bool:
    """Whether the net has one output."""
    return checkpoint.net.architecture.num_classes == 1


def as_two_classes(checkpoint: Checkpoint) -> Checkpoint:
    """A checkpoint whose net has one output, with a background before it; its labels are of two classes already."""
    architecture = architecture_from({**checkpoint.net.architecture.to_dict(), "num_classes": 2})
    if isinstance(architecture, Architecture) and architecture.upsampling == "learned":
        architecture = replace(architecture, upsampling="per_class")  # a kernel of one class reaches no other
    scores = score_layers(checkpoint.net)
    state = {key: _widened(key, value, scores) for key, value in checkpoint.net.state_dict().items()}
    net = empty(architecture)
    net.load_state_dict(state, assign=True)
    return replace(checkpoint, net=net.eval(), card={**checkpoint.card, CARD_ENTRY: True})


def score_layers(net: nn.Module) -> tuple[str, ...]:
    """The layers whose channels are the classes."""
    if not isinstance(net, SingleNet):
        return tuple(name for name, _ in net.named_children() if name.startswith("score_"))
    heads = [name for name in ("classifier", "aux_classifier") if getattr(net, name, None) is not None]
    convolutions = [name for name, module in net.named_modules() if isinstance(module, nn.Conv2d)]
    return tuple([name for name in convolutions if name == head or name.startswith(f"{head}.")][-1] for head in heads)


def _widened(key: str, value: Tensor, scores: tuple[str, ...]) -> Tensor:
    if upscores(key):
        return torch.cat([value, value])
    if key.rpartition(".")[0] in scores:
        return torch.cat([torch.zeros_like(value), value])
    return value
