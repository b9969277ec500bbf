"""A trunk as layers that can be run on some rows of a photo, for all trunks; columns are whole.

Rows that a layer's padding adds above and below the photo come with what is handed to it: only whoever knows where the
photo ends can tell them. Columns it pads itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from torch import Tensor, nn
from torch.nn import functional

from fcn_studio.core.graph.geometry import Layer
from fcn_studio.engine.execution.product import product
from fcn_studio.engine.nets.architecture import POOL, VGG16_CONVOLUTIONS, WIDE_POOL
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.nets.trunks import alexnet, googlenet
from fcn_studio.engine.nets.trunks.efficientnet_lite import ConvolutionUnit, InvertedResidual
from fcn_studio.engine.nets.trunks.efficientnet_lite_table import COARSEST, same_padding

UNCHANGED = Layer(1)
LOWEST = float("-inf")  # what stands around the input of a padded max pool


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A convolution, a pool or a normalisation.

    Attributes:
        geometry: Along either axis.
        inputs: Channels.
        outputs: Channels.
        run: (1, inputs, rows, w), rows of padding among them, to the output's rows; leaves its argument as it is.
        rectified: Whether a ReLU follows. `run` leaves it out: it costs nothing where the result is copied anyhow.
        fill: What rows of padding hold.
        product: Whether a matrix of the input's windows is laid out for it, on CPUs.
        convolution: What `run` does before its ReLU6, if it has one; None of everything else.
        bounded: Whether `run` ends in a ReLU6.
    """

    geometry: Layer
    inputs: int
    outputs: int
    run: Callable[[Tensor], Tensor]
    rectified: bool = False
    fill: float = 0.0
    product: bool = False
    convolution: nn.Conv2d | None = None
    bounded: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """Chains of steps of stride 1 over one input, whose outputs are put together channel by channel, or `added`."""

    chains: tuple[tuple[Step, ...], ...]
    added: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """The layers from one tap to the next.

    Attributes:
        tap: One of `Taps`' names: the last layer's output, its ReLU done.
        parts: In their order.
    """

    tap: str
    parts: tuple[Step | Paths, ...]


def sections_of(net: FCN) -> tuple[Section, ...]:
    """The layers of a trunk, on the net's own weights.

    Raises:
        ValueError: The net has batch normalisation layers (see `nets.fcn.folded`).
    """
    if net.architecture.batch_norm:
        raise ValueError("batch normalisation is folded into convolutions first")
    if net.architecture.is_lite:
        return tuple(_efficientnet_lite(net))
    trunks = {"vgg16": _vgg16, "alexnet": _alexnet, "googlenet": _googlenet}
    return tuple(trunks[net.architecture.trunk](net))


def input_side(net: FCN, length: int) -> int:
    """Pixels of the trunk's input at `length` of the photo, zeros at its right or bottom included."""
    architecture = net.architecture
    if architecture.is_lite:
        return -(-length // COARSEST) * COARSEST
    if architecture.trunk == "googlenet":
        return max(length, googlenet.SMALLEST)
    is_small = architecture.trunk == "alexnet" and architecture.alignment != "caffe"
    return max(length, alexnet.SMALLEST if is_small else 1)


def _vgg16(net: FCN) -> Iterator[Section]:
    parts: list[Step] = []
    for block, count in enumerate(VGG16_CONVOLUTIONS, start=1):
        parts += [_convolution(net, f"conv{block}_{number}") for number in range(1, count)]
        parts += _pooled(net, f"conv{block}_{count}", POOL)
        if f"pool{block}" in net.architecture.taps():
            yield Section(f"pool{block}", tuple(parts))
            parts = []
    yield Section("fc7", (*parts, _product(net, "fc6"), _product(net, "fc7")))


def _alexnet(net: FCN) -> Iterator[Section]:
    normalised: list[Step] = []
    for number, tap in ((1, "pool3"), (2, "pool4")):
        pooled = _pooled(net, f"conv{number}", WIDE_POOL)
        yield Section(tap, (*normalised, *pooled))
        if net.architecture.local_response_norm:
            channels = pooled[-1].outputs
            run = partial(functional.local_response_norm, size=alexnet.LRN_SIZE)
            normalised = [Step(Layer(1), channels, channels, run)]
    middle = [_convolution(net, f"conv{number}") for number in (3, 4)]
    fully_connected = [_product(net, name) for name in ("fc6", "fc7")]
    yield Section("fc7", (*normalised, *middle, *_pooled(net, "conv5", WIDE_POOL), *fully_connected))


def _googlenet(net: FCN) -> Iterator[Section]:
    first, second = _pooled(net, "conv1.conv", WIDE_POOL), _convolution(net, "conv2.conv")
    yield Section("pool3", (*first, second, *_pooled(net, "conv3.conv", WIDE_POOL)))
    blocks = {number: [_inception(net, name) for name in googlenet.INCEPTIONS if name[0] == number] for number in "345"}
    third, fourth, fifth = (_outputs(blocks[number][-1]) for number in "345")
    yield Section("pool4", (*blocks["3"], _max_pool(WIDE_POOL, third)))
    last: list[Step] = []
    if net.architecture.alignment == "classifier":
        average = partial(functional.avg_pool2d, kernel_size=7, stride=1, padding=(0, 3))
        last.append(Step(Layer(7, padding=3), fifth, fifth, average))
    yield Section("fc7", (*blocks["4"], _max_pool(POOL, fourth), *blocks["5"], *last))


def _efficientnet_lite(net: FCN) -> Iterator[Section]:
    parts: list[Step | Paths] = [_unit(net, "stem")]
    taps = {tap.name: name for name, tap in net.architecture.taps().items()}
    for number in range(1, 8):
        stage = net.get_submodule(f"stage{number}")
        for place, block in enumerate(stage.children()):
            names = [f"stage{number}.{place}.{name}" for name, unit in block.named_children() if unit is not None]
            chain = tuple(_unit(net, name) for name in names)
            if isinstance(block, InvertedResidual) and block.adds:
                parts.append(Paths((chain, (_unchanged(chain[0].inputs),)), added=True))
            else:
                parts += chain
        if f"stage{number}" in taps:
            yield Section(taps[f"stage{number}"], tuple(parts))
            parts = []
    yield Section("fc7", (*parts, _unit(net, net.architecture.taps()["fc7"].name)))


def _unit(net: FCN, name: str) -> Step:
    """A convolution and its ReLU6, if it has one: that is done at once, since `rectified` knows no upper bound."""
    unit = net.get_submodule(name)
    if not isinstance(unit, ConvolutionUnit):
        raise ValueError(f"{name} is no unit of EfficientNet-Lite")
    layer = unit.conv
    before, after = same_padding(layer.kernel_size[0], layer.stride[0])

    def run(features: Tensor) -> Tensor:
        if before != after:
            features = functional.pad(features, (before, after, 0, 0))
        across = (0, before if before == after else 0)
        features = functional.conv2d(features, layer.weight, layer.bias, layer.stride, across, groups=layer.groups)
        return functional.relu6(features, inplace=True) if unit.activated else features

    geometry = Layer(layer.kernel_size[0], layer.stride[0], before, padding_after=after)
    return Step(geometry, layer.in_channels, layer.out_channels, run, convolution=layer, bounded=unit.activated)


def _unchanged(channels: int) -> Step:
    return Step(UNCHANGED, channels, channels, lambda features: features)


def _inception(net: FCN, name: str) -> Paths:
    def chain(branch: str) -> tuple[Step, ...]:
        return tuple(_convolution(net, f"inception{name}.{branch}.{number}.conv") for number in (0, 1))

    before_pool = _convolution(net, f"inception{name}.branch4.1.conv")
    pool = _max_pool(Layer(3, padding=1), before_pool.inputs)
    one = _convolution(net, f"inception{name}.branch1.conv")
    return Paths(((one,), chain("branch2"), chain("branch3"), (pool, before_pool)))


def _outputs(paths: Paths) -> int:
    return sum(chain[-1].outputs for chain in paths.chains)


def _pooled(net: FCN, name: str, pool: Layer) -> tuple[Step, Step]:
    """A convolution and a pool, with the ReLU between them behind: of fewer values the same maximum."""
    convolution = _convolution(net, name)
    return replace(convolution, rectified=False), _max_pool(pool, convolution.outputs, rectified=True)


def _convolution(net: FCN, name: str) -> Step:
    layer = _layer(net, name)
    (kernel, _), (stride, _), padding = layer.kernel_size, layer.stride, layer.padding
    if isinstance(padding, str):
        raise ValueError(f"{name} has a padding without a number")

    def run(features: Tensor) -> Tensor:
        across = (0, padding[1])
        return functional.conv2d(features, layer.weight, layer.bias, layer.stride, across, groups=layer.groups)

    return Step(Layer(kernel, stride, padding[0]), layer.in_channels, layer.out_channels, run, rectified=True)


def _product(net: FCN, name: str) -> Step:
    """A convolution whose kernels outweigh its cells."""
    step, layer = _convolution(net, name), _layer(net, name)

    def run(features: Tensor) -> Tensor:
        if features.device.type != "cpu":
            return step.run(features)
        return product(features, layer.weight, layer.bias, (0, step.geometry.padding))

    return replace(step, run=run, product=True)


def _layer(net: FCN, name: str) -> nn.Conv2d:
    layer = net.get_submodule(name)
    if not isinstance(layer, nn.Conv2d):
        raise ValueError(f"{name} is no convolution")
    return layer


def _max_pool(geometry: Layer, channels: int, *, rectified: bool = False) -> Step:
    run = partial(
        functional.max_pool2d,
        kernel_size=geometry.kernel,
        stride=geometry.stride,
        padding=(0, geometry.padding),
        ceil_mode=geometry.ceil,
    )
    return Step(geometry, channels, channels, run, rectified=rectified, fill=LOWEST)
