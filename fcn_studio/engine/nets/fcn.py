"""FCNs that fuse scores: one trunk, a score layer for each stride, and an output for each.

    (1, 3, 360, 480) on VGG-16, `same` alignment, 11 classes, published widths:
    pool3 (1, 256, 45, 60)   score_pool3 (1, 11, 45, 60)
    pool4 (1, 512, 23, 30)   score_pool4 (1, 11, 23, 30)
    fc7 (1, 4096, 12, 15)    score_fr    (1, 11, 12, 15)

Layer names are those of the Caffe nets (shelhamer/fcn.berkeleyvision.org). On other trunks the features of strides 8
and 16 are other pools' (see `Architecture.taps`); their score layers keep the names of the same strides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from fcn_studio.core.graph.evaluation import evaluate
from fcn_studio.core.graph.geometry import PHOTO, CoordMap, aligned_kernel
from fcn_studio.core.graph.graph import Enlargement
from fcn_studio.core.graph.names import BY_STRIDE, ENLARGES, TAPS
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.trunks.alexnet import AlexNetTrunk
from fcn_studio.engine.nets.trunks.efficientnet_lite import EfficientNetLiteTrunk
from fcn_studio.engine.nets.trunks.efficientnet_lite_table import LITE_KINDS
from fcn_studio.engine.nets.trunks.googlenet import GoogLeNetTrunk
from fcn_studio.engine.nets.trunks.trunk import OnStage, Taps, Trunk
from fcn_studio.engine.nets.trunks.vgg16 import Vgg16Trunk
from fcn_studio.engine.nets.unstarted import unstarted
from fcn_studio.engine.nets.upsampling import Upscore


def trunk_of(architecture: Architecture) -> Trunk:
    """The trunk that an architecture names."""
    kinds: dict[str, Callable[[Architecture], Trunk]] = {
        "vgg16": Vgg16Trunk,
        "alexnet": AlexNetTrunk,
        "googlenet": GoogLeNetTrunk,
        **dict.fromkeys(LITE_KINDS, EfficientNetLiteTrunk),
    }
    return kinds[architecture.trunk](architecture)


# (N, classes, h, w) scores on their own grids, by score layer, coarsest first.
ScoreMaps = dict[str, Tensor]


def _crop(grid: Tensor, row: int, column: int, size: tuple[int, int] | None = None) -> Tensor:
    height, width = size if size else (grid.shape[-2] - row, grid.shape[-1] - column)
    return grid[..., row : row + height, column : column + width]


class FCN(nn.Module):
    """A fully convolutional net whose variants all come from one pass (see `Architecture`).

    Its score and upsampling layers are its graph's. Score layers start at zero and upsampling bilinear, as in the
    paper; the trunk starts by He et al. 2015.
    """

    # The published nets' layers, whose types checkers cannot see otherwise; those of the graph are made.
    score_fr: nn.Conv2d
    score_pool4: nn.Conv2d | None
    score_pool3: nn.Conv2d | None
    upscore32: Upscore | None
    upscore2: Upscore | None
    upscore16: Upscore | None
    upscore_pool4: Upscore | None
    upscore8: Upscore | None

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.graph = architecture.graph()
        # By the names of VGG-16's features of the same strides.
        self.coord_maps = dict(zip(architecture.taps(), architecture.pool_maps().values(), strict=True))
        self._trunk = trunk_of(architecture)
        for name, layer in self._trunk.layers().items():
            self.add_module(name, layer)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

        taps, graph = architecture.taps(), self.graph
        for names in BY_STRIDE.values():  # layers that this net lacks are None
            scored = names.layer in graph.layers
            score = _zero_score(taps[names.tap].channels, architecture.num_classes) if scored else None
            setattr(self, names.layer, score)
        kernels = {by.layer: by for _, by in graph.enlarged}
        for name in ENLARGES:
            by = kernels.get(name)
            setattr(self, name, None if by is None else self._upscore(by))

    def _upscore(self, by: Enlargement) -> Upscore:
        architecture = self.architecture
        return Upscore(architecture.num_classes, by.stride, kind=architecture.upsampling, kernel=by.kernel)

    @property
    def stage_shares(self) -> dict[str, float]:
        """By stage of the trunk, its share of the work."""
        return dict(self._trunk.stage_shares)

    def taps(self, photo: Tensor, on_stage: OnStage = lambda name: None) -> Taps:
        """The trunk: (N, 3, H, W) float photo to its taps; `on_stage` hears each stage's name when it is done."""
        return self._trunk.taps(self, photo, on_stage)

    def taps_and_switches(
        self, photo: Tensor, on_stage: OnStage = lambda name: None
    ) -> tuple[Taps, dict[str, Tensor], dict[str, CoordMap]]:
        """The trunk and, on VGG-16, where its pools found their maxima and where their cells lie, by pool.

        Trunks whose pools overlap have no such places; theirs are empty.
        """
        if not isinstance(self._trunk, Vgg16Trunk):
            return self.taps(photo, on_stage), {}, {}
        switches: dict[str, Tensor] = {}
        return self._trunk.taps(self, photo, on_stage, switches), switches, self._trunk.pool_maps()

    def score(self, taps: Taps) -> ScoreMaps:
        """The 1x1 score layers on their own grids."""
        found = ScoreMaps()
        for layer, scale in self.architecture.scales.items():
            features = taps[TAPS[layer]]
            found[layer] = self.get_submodule(layer)(features if scale == 1 else features * scale)
        return found

    def fused(self, maps: ScoreMaps, variant: str) -> tuple[Tensor, CoordMap, Upscore]:
        """What `variant` enlarges to the photo: score_fr, fuse_pool4 or the like, where it lies, and by what."""
        graph = self.graph
        last = graph.exit(variant)
        # In place where nothing is learnt: of large photos these maps are large too.
        add = Tensor.add_ if torch.is_inference_mode_enabled() else torch.add
        sizes = graph.sizes({layer: (scores.shape[-2], scores.shape[-1]) for layer, scores in maps.items()})

        def enlarge(layer: str, scores: Tensor) -> Tensor:
            enlarged: Tensor = self.upscore(layer)(scores)
            return enlarged

        scores = evaluate(graph, last.node, sizes, maps.__getitem__, enlarge, add)
        return scores, graph.node(last.node).coords, self.upscore(last.by.layer)

    def upscore(self, layer: str) -> Upscore:
        """An upsampling layer of this net, by its name."""
        found = self.get_submodule(layer)
        assert isinstance(found, Upscore)
        return found

    def scores(self, maps: ScoreMaps, variant: str, size: tuple[int, int]) -> Tensor:
        """The (N, classes, H, W) scores of `variant`, at the photo's `size`."""
        fused, coords, upscore = self.fused(maps, variant)
        crop = coords.upsampled(upscore.stride, upscore.kernel).crop_to(PHOTO)
        return _crop(upscore(fused), crop, crop, size)

    def _thinned(self, maps: ScoreMaps, variant: str, size: tuple[int, int], step: int) -> Tensor:
        """The scores of `variant` at every `step`-th row and column of a photo of `size`: those of `thinned`."""
        fused, coords, upscore = self.fused(maps, variant)
        grid = CoordMap(Fraction(step), Fraction(step - 1))
        stride = upscore.stride // step
        enlarge = Upscore(fused.shape[1], stride, kind="bilinear", kernel=aligned_kernel(coords, stride, grid))
        crop = coords.upsampled(stride, enlarge.kernel).crop_to(grid)
        return _crop(enlarge(fused), crop, crop, (size[0] // step, size[1] // step))

    def forward(self, photo: Tensor, step: int = 1) -> dict[str, Tensor]:
        """(N, 3, H, W) photo to the (N, classes, H, W) scores of each variant, from one trunk pass.

        With a `step` of 2 or 4, only the scores of the pixels that `thinned` keeps, which on the whole photo cost as
        much as the trunk; ValueError where the net's upsampling is not bilinear or its cells lie between pixels.
        """
        maps = self.score(self.taps(photo))
        size = (photo.shape[-2], photo.shape[-1])
        # bf16 transposed convolutions are slow on CPUs, and scores are small: fuse and enlarge in fp32.
        with torch.autocast(photo.device.type, enabled=False):
            maps = {layer: scores.float() for layer, scores in maps.items()}
            if step > 1:
                if self.architecture.upsampling != "bilinear":
                    raise ValueError(f"upsampling {self.architecture.upsampling} has no scores of every {step}th pixel")
                return {name: self._thinned(maps, name, size, step) for name in self.architecture.variants}
            return {variant: self.scores(maps, variant, size) for variant in self.architecture.variants}


def thinned(pixels: Tensor, step: int) -> Tensor:
    """(..., H, W) at every `step`-th row and column, from number `step - 1` on."""
    return pixels[..., step - 1 :: step, step - 1 :: step]


def _zero_score(channels: int, classes: int) -> nn.Conv2d:
    score = nn.Conv2d(channels, classes, 1)
    nn.init.zeros_(score.weight)
    if score.bias is not None:
        nn.init.zeros_(score.bias)
    return score


def folded(net: FCN) -> FCN:
    """The same function without batch normalisation layers, for prediction: each is folded into its convolution."""
    if not net.architecture.batch_norm:
        return net
    plain = replace(net.architecture, batch_norm=False)
    with unstarted():
        result = FCN(plain)
    wanted = set(result.state_dict())
    state = {key: value for key, value in net.state_dict().items() if key in wanted}
    modules = dict(net.named_modules())
    for name, module in modules.items():
        if isinstance(module, nn.BatchNorm2d):
            convolution_name = _convolution_before(modules, name)
            before = modules[convolution_name]
            if not isinstance(before, nn.Conv2d):
                raise TypeError(f"{name} follows no convolution")
            if module.running_mean is None or module.running_var is None:
                raise TypeError(f"{name} keeps no running statistics")
            # Not `fuse_conv_bn_eval`, which copies the convolution before it calls this.
            state[f"{convolution_name}.weight"], state[f"{convolution_name}.bias"] = fuse_conv_bn_weights(
                before.weight,
                before.bias,
                module.running_mean,
                module.running_var,
                module.eps,
                module.weight,
                module.bias,
            )
    result.load_state_dict(state, assign=True)
    return result.eval()


def _convolution_before(modules: Mapping[str, nn.Module], norm: str) -> str:
    """The name of the convolution that a normalisation follows: `conv3_1` for `bn3_1`, `x.conv` for `x.bn`."""
    parent, _, own = norm.rpartition(".")
    names = [f"{parent}.{own.replace('bn', kind)}".lstrip(".") for kind in ("conv", "fc")]
    return next(name for name in names if name in modules)
