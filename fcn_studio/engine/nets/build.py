"""Nets of every kind from their architectures, and architectures from what metadata holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fcn_studio.core.errors import CheckpointError
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.decoder import DecoderArchitecture, DecoderFCN
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.nets.resnet import ResNetArchitecture, ResNetFCN
from fcn_studio.engine.nets.single import SingleNet
from fcn_studio.engine.nets.unstarted import unstarted

Net = FCN | SingleNet
AnyArchitecture = Architecture | DecoderArchitecture | ResNetArchitecture

KIND = "kind"  # the entry that tells the families apart; nets that fuse scores have none


def architecture_from(values: Mapping[str, Any]) -> AnyArchitecture:
    """The architecture that its `to_dict` wrote.

    Raises:
        CheckpointError: Of an unknown kind, an entry is unknown or missing, or a value out of bounds.
    """
    kind = values.get(KIND)
    if kind is None:
        return Architecture.from_dict(values)
    if kind == DecoderArchitecture.kind:
        return DecoderArchitecture.from_dict(values)
    if kind == ResNetArchitecture.kind:
        return ResNetArchitecture.from_dict(values)
    raise CheckpointError(f"The architecture in this checkpoint is of the unknown kind {kind!r}; update FCN Studio.")


def build(architecture: AnyArchitecture) -> Net:
    """A new net with fresh weights."""
    if isinstance(architecture, Architecture):
        return FCN(architecture)
    return DecoderFCN(architecture) if isinstance(architecture, DecoderArchitecture) else ResNetFCN(architecture)


def empty(architecture: AnyArchitecture) -> Net:
    """A net without memory for weights, to be given some by `load_state_dict(..., assign=True)`."""
    with unstarted():
        return build(architecture)


def net_name(net: Net) -> str:
    """What kind of net it is, such as `FCN-AlexNet`."""
    return net.architecture.name if isinstance(net, FCN) else net.title
