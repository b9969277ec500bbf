"""Other people's FCNs on VGG-16, by the names of their layers: a row of REPOSITORIES for each class of net.

All are the Caffe nets (padding 100, unpadded fc6, pools that round up) under other names. How a repository enlarges
and what it does to photos differs, and its row says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from fcn_studio.engine.nets.architecture import VGG16_CONVOLUTIONS
from fcn_studio.engine.nets.preprocess import CAFFE, IMAGENET_RGB, Preprocessing

NO_SCALES = (1.0, 1.0)
# torchfcn/models/fcn8s.py, class FCN8sAtOnce: factors that stand in its code and not in its files.
AT_ONCE_SCALES = (0.01, 0.0001)
OWN_TRUNK = MappingProxyType({f"conv{block}": 1 for block in range(1, 6)})
SEQUENTIAL = MappingProxyType({"classifier.0": "fc6", "classifier.3": "fc7", "classifier.6": "score_fr"})


@dataclass(frozen=True, slots=True)
class Repository:
    """How one class of net calls its layers.

    Attributes:
        name: Where it is published.
        trunk: Its modules that hold VGG-16's convolutions, in order, and how many of the five blocks each holds.
        names: Its other layers that are not called as in the Caffe nets, with the Caffe nets' names.
        scales: Factors on pool4 and pool3 that stand in its code.
        preprocessing: What its training scripts do to photos, by number of classes; under None for all others.
        caffe: What they do instead where the file's path says `caffe`, for a trunk of Caffe's weights.
        resizes: How its forward enlarges where its files have no upscore layers; empty where they always have.
        numbered: Whether the trunk's convolutions have their places in a Sequential, as torchvision's `features`.
    """

    name: str
    trunk: Mapping[str, int]
    names: Mapping[str, str] = field(default_factory=dict)
    scales: tuple[float, float] = NO_SCALES
    preprocessing: Mapping[int | None, Preprocessing] = field(default_factory=lambda: {None: CAFFE})
    caffe: Preprocessing | None = None
    resizes: str = ""
    numbered: bool = True

    def renames(self) -> dict[str, str]:
        """Its layers' names, and those of the Caffe nets."""
        found = dict(self.names)
        blocks = iter(range(1, 6))
        for module, held in self.trunk.items():
            place = 0
            for block in (next(blocks) for _ in range(held)):
                for number in range(1, VGG16_CONVOLUTIONS[block - 1] + 1):
                    theirs = f"{module}.{place}" if self.numbered else f"{module}_{number}"
                    found[theirs] = f"conv{block}_{number}"
                    place += 2  # the activation
                place += 1  # the pool
        return found

    def theirs(self, ours: str) -> str:
        """What it calls a layer."""
        return next((theirs for theirs, name in self.renames().items() if name == ours), ours)


def _rgb(mean: tuple[float, float, float], std: tuple[float, float, float]) -> Preprocessing:
    return Preprocessing(order="rgb", scale=1 / 255, mean=mean, std=std)


PYTORCH_FCN = Repository("pytorch-fcn", OWN_TRUNK, {"upscore": "upscore32"}, numbered=False)
# ptsemseg/models/fcn.py; loader/cityscapes_loader.py (BGR over 255) and pascal_voc_loader.py.
MEETPS = Repository(
    "meetps/pytorch-semseg",
    {f"conv_block{block}": 1 for block in range(1, 6)},
    {**SEQUENTIAL, "upscore4": "upscore_pool4"},
    preprocessing={21: IMAGENET_RGB, None: Preprocessing("bgr", 1 / 255, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))},
    # Conv1_1's padding of 100 puts their first cells 95 pixels before the photo's first; there they are put onto it.
    resizes="stretches its grids onto the photo, pool4's and pool3's from up to 95 pixels outside it",
)
# models/fcn8s.py, fcn16s.py, fcn32s.py; train/voc-fcn and train/voc-fcn (caffe vgg).
_ZIJUNDENG = {"score_fr.0": "fc6", "score_fr.3": "fc7", "score_fr.6": "score_fr", "upscore": "upscore32"}
_ZIJUNDENG_CAFFE = Preprocessing("bgr", 1.0, (103.939, 116.779, 123.68), (1.0, 1.0, 1.0))
ZIJUNDENG = tuple(
    Repository(
        "zijundeng/pytorch-semantic-segmentation",
        trunk,
        _ZIJUNDENG,
        AT_ONCE_SCALES,
        {None: IMAGENET_RGB},
        caffe=_ZIJUNDENG_CAFFE,
    )
    for trunk in ({"features3": 3, "features4": 1, "features5": 1}, {"features4": 4, "features5": 1}, {"features5": 5})
)
# models/fcn.py; dataloaders/voc.py and cityscapes.py.
YASSOUALI = Repository(
    "yassouali/pytorch-segmentation",
    {"pool3": 3, "pool4": 1, "pool5": 1},
    {
        **{"output.0": "fc6", "output.3": "fc7", "output.6": "score_fr"},
        **{"adj_pool4": "score_pool4", "adj_pool3": "score_pool3"},
        **{"up_output": "upscore2", "up_pool4_out": "upscore_pool4", "up_final": "upscore8"},
    },
    AT_ONCE_SCALES,
    {
        21: _rgb((0.45734706, 0.43338275, 0.40058118), (0.23965294, 0.23532275, 0.2398498)),
        19: _rgb((0.28689529, 0.32513294, 0.28389176), (0.17613647, 0.18099176, 0.17772235)),
        None: IMAGENET_RGB,
    },
)
REPOSITORIES = (PYTORCH_FCN, MEETPS, *ZIJUNDENG, YASSOUALI)

# By source: the ways in which its training scripts prepare photos.
PREPARED = MappingProxyType(
    {one.name: {*one.preprocessing.values(), *((one.caffe,) if one.caffe else ())} for one in REPOSITORIES}
)


def repository_of(layers: Mapping[str, object]) -> Repository | None:
    """Whose names these are: the one whose trunk is there, most of it at least."""
    for repository in REPOSITORIES:
        trunk = {f"{theirs}.weight" for theirs, ours in repository.renames().items() if ours.startswith("conv")}
        if len(trunk & set(layers)) > len(trunk) // 2:
            return repository
    return None
