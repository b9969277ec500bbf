"""Transplants, against torchvision's own forward, float64 convolutions, and the nets that were transplanted from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import GoogLeNet, alexnet
from torchvision.models.vgg import VGG, make_layers

from fcn_studio.core.errors import CheckpointError
from fcn_studio.core.labels import LabelSet, numbered_label_set
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.checkpoints.surgery import start_from
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.build import AnyArchitecture, Net, build
from fcn_studio.engine.nets.calibration import calibrate
from fcn_studio.engine.nets.decoder import SKIPS, DecoderArchitecture, DecoderFCN
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.nets.preprocess import CAFFE, HALVES, IMAGENET_RGB, Preprocessing
from fcn_studio.engine.nets.surgery import COUNTER, adapt_input
from fcn_studio.engine.nets.surgery_report import LayerFate, Transplant
from tests.conftest import random_net

NARROW: list[str | int] = [6, 6, "M", 8, 8, "M", 10, 10, 10, "M", 12, 12, 12, "M", 12, 12, 12, "M"]
WIDTHS = (6, 8, 10, 12, 12)
GOOGLENET = (64, 192, 480, 832, 1024)
VGG_FCN = Architecture(11, "same", WIDTHS, 20, dropout=0.0)
UNEVEN = Preprocessing(order="bgr", scale=1 / 100, mean=(0.3, 0.9, 1.4), std=(0.5, 1.5, 2.5))


def narrow_vgg(*, norm: bool) -> VGG:
    """torchvision's class with narrow layers; its normalisations have statistics of their own."""
    torch.manual_seed(0)
    net = VGG(make_layers(NARROW, batch_norm=norm))
    net.classifier = fully_connected(12 * 49, [0, 3])
    randomised(net)
    return net


def fully_connected(features: int, dropouts: list[int]) -> nn.Sequential:
    """Three fully connected layers as torchvision's, with 20 units; dropouts where AlexNet has them."""
    layers: list[nn.Module] = [nn.Linear(features, 20), nn.ReLU(), nn.Linear(20, 20), nn.ReLU(), nn.Linear(20, 1000)]
    order = [nn.Dropout(), *layers[:2], nn.Dropout(), *layers[2:]]
    return nn.Sequential(
        *(order if 1 in dropouts else [*layers[:2], nn.Dropout(), *layers[2:4], nn.Dropout(), layers[4]])
    )


def narrow_alexnet() -> nn.Module:
    torch.manual_seed(0)
    net = alexnet()
    net.classifier = fully_connected(256 * 36, [1])
    return net.eval()  # type: ignore[no-any-return]


def googlenet() -> nn.Module:
    torch.manual_seed(0)
    net = GoogLeNet(aux_logits=False, transform_input=True, init_weights=False)
    randomised(net)
    return net  # type: ignore[no-any-return]


def randomised(net: nn.Module) -> None:
    generator = torch.Generator().manual_seed(1)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            for value, low in ((module.running_mean, -0.2), (module.running_var, 0.5), (module.weight.data, 0.5)):
                assert value is not None
                value.copy_(torch.rand(value.shape, generator=generator) + low)
    net.eval()


def saved(net: nn.Module, folder: Path, name: str = "donor") -> Path:
    torch.save(net.state_dict(), folder / f"{name}.pth")
    return folder / f"{name}.pth"


def native(
    net: Net, folder: Path, labels: LabelSet, preprocessing: Preprocessing = IMAGENET_RGB, name: str = "donor"
) -> Path:
    path = folder / f"{name}.safetensors"
    save_checkpoint(path, net, labels=labels, preprocessing=preprocessing, card={"made": "here"}, dtype=torch.float32)
    return path


def grown(
    architecture: AnyArchitecture, path: Path, labels: LabelSet, preprocessing: Preprocessing = IMAGENET_RGB
) -> tuple[Net, Transplant]:
    """A new net with the transplant."""
    torch.manual_seed(5)
    net = build(architecture).eval()
    return net, start_from(net, path, labels=labels, preprocessing=preprocessing).transplant


def fcn(architecture: Architecture, path: Path, labels: LabelSet) -> tuple[FCN, Transplant]:
    net, report = grown(architecture, path, labels)
    assert isinstance(net, FCN)
    return net, report


def same_numbers(found: Tensor, expected: Tensor, tolerance: float = 1e-5) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=tolerance * float(expected.abs().max()))


@pytest.fixture
def square() -> NDArray[np.uint8]:
    """A (224, 224, 3) picture with areas and edges."""
    return np.kron(np.random.default_rng(3).integers(0, 256, (28, 28, 3)), np.ones((8, 8, 1))).astype(np.uint8)


@pytest.mark.parametrize("target_norm", [False, True])
@pytest.mark.parametrize("norm", [False, True])
@torch.inference_mode()
def test_vgg16_features_and_fc7_are_torchvisions(
    tmp_path: Path, square: NDArray[np.uint8], camvid: LabelSet, norm: bool, target_norm: bool
) -> None:
    donor = narrow_vgg(norm=norm)
    net, report = fcn(replace(VGG_FCN, batch_norm=target_norm), saved(donor, tmp_path), camvid)
    photo = IMAGENET_RGB.to_tensor(square)
    taps = net.taps(photo)
    pools = [place for place, layer in enumerate(donor.features, start=1) if isinstance(layer, nn.MaxPool2d)]
    same_numbers(taps["pool3"], donor.features[: pools[2]](photo))
    same_numbers(taps["pool4"], donor.features[: pools[3]](photo))
    penultimate = donor.classifier[:5](donor.features(photo).flatten(1))
    same_numbers(taps["fc7"][:, :, 3, 3], penultimate)
    assert set(report.named("reshaped" if not target_norm else "adapted")) >= {"fc6", "fc7"}
    assert set(report.named("new")) == {"score_fr", "score_pool4", "score_pool3"}
    assert report.named("left out") == ("score_fr",), "the thousand classes' own scores"
    assert not net.score_fr.weight.any()


def test_vgg16_bn_keeps_its_statistics_and_trains_like_torchvisions(
    tmp_path: Path, square: NDArray[np.uint8], camvid: LabelSet
) -> None:
    donor = narrow_vgg(norm=True)
    net, report = fcn(replace(VGG_FCN, batch_norm=True), saved(donor, tmp_path), camvid)
    assert report.set_up == ("bn6", "bn7"), "the classifier's layers alone have none"
    state, own = donor.state_dict(), net.state_dict()
    for name, place in (("1_1", 0), ("1_2", 3), ("3_1", 14), ("5_3", 40)):  # of print(torchvision.models.vgg16_bn())
        for key in ("weight", "bias", "running_var"):
            assert torch.equal(own[f"bn{name}.{key}"], state[f"features.{place + 1}.{key}"])
        mean = state[f"features.{place + 1}.running_mean"] - state[f"features.{place}.bias"]
        assert torch.equal(own[f"bn{name}.running_mean"], mean)
    photo = IMAGENET_RGB.to_tensor(square)
    with torch.no_grad():  # the statistics of the batch now
        same_numbers(net.train().taps(photo)["pool4"], donor.train().features[:34](photo), 1e-4)


@torch.inference_mode()
def test_alexnet_is_torchvisions(tmp_path: Path, square: NDArray[np.uint8], camvid: LabelSet) -> None:
    donor = narrow_alexnet()
    path = saved(donor, tmp_path)
    widths = (64, 192, 384, 256, 256)
    classifier = Architecture(11, "classifier", widths, 20, trunk="alexnet", variants=("32s",))
    photo = IMAGENET_RGB.to_tensor(square)
    net, report = fcn(classifier, path, camvid)
    middle = net.taps(photo)["fc7"][:, :, 3, 3]
    whole = donor.get_submodule("classifier")
    assert isinstance(whole, nn.Sequential)
    head = whole[:6]
    same_numbers(middle, head(donor.get_submodule("features")(photo).flatten(1)))
    assert report.named("reshaped") == ("fc6", "fc7")
    # The alignment of what we train has the same numbers on another grid.
    trained, _ = fcn(replace(classifier, alignment="same", variants=("32s", "16s", "8s")), path, camvid)
    assert torch.equal(
        trained.get_parameter("fc6.weight"), donor.get_parameter("classifier.1.weight").reshape(20, 256, 6, 6)
    )
    _, report = fcn(replace(classifier, fc_channels=8), path, camvid)
    assert set(report.named("new")) == {"fc6", "fc7", "score_fr"}
    assert {"fc6", "fc7"} <= set(report.named("left out"))


@torch.inference_mode()
def test_googlenet_is_torchvisions(tmp_path: Path, square: NDArray[np.uint8], camvid: LabelSet) -> None:
    donor = googlenet()
    path = saved(donor, tmp_path)
    features: dict[str, Tensor] = {}
    for name in ("maxpool2", "inception5b"):
        donor.get_submodule(name).register_forward_hook(lambda m, i, out, name=name: features.update({name: out}))
    donor(IMAGENET_RGB.to_tensor(square))
    wanted = Architecture(11, "same", GOOGLENET, 1024, batch_norm=True, trunk="googlenet")
    net, report = grown(wanted, path, camvid, HALVES)  # as it was trained
    assert isinstance(net, FCN)
    same_numbers(net.taps(HALVES.to_tensor(square))["fc7"], features["inception5b"], 1e-4)
    assert len(report.named("copied")) == 3 + 9 * 6
    assert not report.named("adapted", "reshaped")
    net, report = fcn(wanted, path, camvid)
    assert report.named("adapted") == ("conv1.conv",)
    # The padded rim differs, as its zeros stand for another grey; it reaches three cells of stride 8.
    inside = (..., slice(3, -3), slice(3, -3))
    same_numbers(net.taps(IMAGENET_RGB.to_tensor(square))["pool3"][inside], features["maxpool2"][inside])


@torch.inference_mode()
@pytest.mark.parametrize("norm", [False, True])
def test_a_decoder_takes_torchvisions_features(
    tmp_path: Path, square: NDArray[np.uint8], camvid: LabelSet, norm: bool
) -> None:
    donor = narrow_vgg(norm=norm)
    path = saved(donor, tmp_path)
    net, report = grown(DecoderArchitecture(11, channels=WIDTHS, batch_norm=norm), path, camvid)
    assert isinstance(net, DecoderFCN)
    assert net.pretrained_net is not None
    photo = IMAGENET_RGB.to_tensor(square)
    assert torch.equal(net.pretrained_net.features(photo), donor.features(photo))
    assert len(report.named("copied")) == 13
    assert "deconv1" in report.named("new")
    assert set(report.named("left out")) == {"fc6", "fc7", "score_fr"}
    with pytest.raises(CheckpointError, match=r"donor\.pth: no layer of its trunk \(.*VGG16.*\) fits"):
        grown(DecoderArchitecture(11, channels=WIDTHS, trunk="blocks"), path, camvid)


@pytest.mark.parametrize("source", [CAFFE, HALVES, UNEVEN])
@pytest.mark.parametrize("target", [IMAGENET_RGB, UNEVEN])
def test_a_first_convolution_is_adapted_to_its_input(
    photo: NDArray[np.uint8], source: Preprocessing, target: Preprocessing
) -> None:
    generator = torch.Generator().manual_seed(0)
    weight, bias = torch.randn(4, 3, 3, 3, generator=generator), torch.randn(4, generator=generator)
    new_weight, new_bias = (value.double() for value in adapt_input(weight, bias, source, target))
    found = functional.conv2d(target.to_tensor(photo).double(), new_weight, new_bias)
    # The preprocessing in numpy, from its definition.
    channels = photo[:, :, ::-1] if source.order == "bgr" else photo
    prepared = (channels * np.float64(source.scale) - np.array(source.mean)) / np.array(source.std)
    expected = functional.conv2d(torch.from_numpy(prepared).permute(2, 0, 1)[None], weight.double(), bias.double())
    same_numbers(found, expected, 1e-5)


@torch.inference_mode()
def test_a_caffe_trunk_sees_the_same_photo(tmp_path: Path, square: NDArray[np.uint8], camvid: LabelSet) -> None:
    donor = random_net(replace(VGG_FCN, variants=("32s",)))
    with torch.no_grad():
        donor.get_parameter("conv1_1.weight").mul_(1 / 60)
    path = native(donor, tmp_path, camvid, CAFFE)
    net, report = fcn(VGG_FCN, path, camvid)
    assert report.named("adapted") == ("conv1_1",)
    found, expected = net.taps(IMAGENET_RGB.to_tensor(square)), donor.taps(CAFFE.to_tensor(square))
    inside = (..., slice(5, -5), slice(5, -5))
    same_numbers(found["pool3"][inside], expected["pool3"][inside])
    # The rim is nearly the same too, as both means are ImageNet's.
    assert float((found["pool3"] - expected["pool3"]).abs().max() / expected["pool3"].abs().max()) < 0.05
    # Padding by 100 is no weight.
    across, report = fcn(replace(VGG_FCN, alignment="caffe"), path, camvid)
    assert len(report.named("copied", "adapted")) == 15 + 1
    assert torch.equal(across.get_parameter("fc6.weight"), donor.get_parameter("fc6.weight"))


@torch.inference_mode()
@pytest.mark.parametrize("upsampling", ["bilinear", "learned"])
def test_a_finer_net_begins_with_the_scores_of_the_coarser(
    tmp_path: Path, photo: NDArray[np.uint8], camvid: LabelSet, upsampling: str
) -> None:
    plain = Architecture.from_dict({**VGG_FCN.to_dict(), "upsampling": upsampling, "variants": ["32s"]})
    coarse = random_net(plain)
    inputs = IMAGENET_RGB.to_tensor(photo)
    middle, report = fcn(replace(plain, variants=("32s", "16s")), native(coarse, tmp_path, camvid), camvid)
    expected = ["score_pool4"] if upsampling == "bilinear" else ["score_pool4", "upscore2", "upscore16"]
    assert list(report.named("new")) == expected
    assert {"fc7", "score_fr"} <= set(report.named("copied"))
    assert not report.named("left out")
    assert torch.equal(middle(inputs)["32s"], coarse(inputs)["32s"])
    maps = middle.score(middle.taps(inputs))
    assert maps["score_pool4"] is not None
    assert not maps["score_pool4"].any()
    assert middle.score_pool4 is not None
    torch.nn.init.normal_(middle.score_pool4.weight, std=0.1)  # trained a while
    path = native(middle, tmp_path, camvid, name="middle")
    fine, report = fcn(replace(plain, variants=("16s", "8s")), path, camvid)
    assert "score_pool3" in report.named("new")
    assert torch.equal(fine(inputs)["16s"], middle(inputs)["16s"])
    assert report.named("left out") == (() if upsampling == "bilinear" else ("upscore32",))


@torch.inference_mode()
def test_the_scale_of_a_pool_goes_into_its_scores(tmp_path: Path, photo: NDArray[np.uint8], camvid: LabelSet) -> None:
    donor = random_net(replace(VGG_FCN, pool4_scale=0.01, pool3_scale=0.0001))
    net, report = fcn(VGG_FCN, native(donor, tmp_path, camvid), camvid)
    assert report.named("adapted") == ("score_pool4", "score_pool3")
    inputs = IMAGENET_RGB.to_tensor(photo)
    same_numbers(net(inputs)["8s"], donor(inputs)["8s"])


def test_scores_for_other_classes_are_new(tmp_path: Path, camvid: LabelSet) -> None:
    donor = random_net(replace(VGG_FCN, variants=("32s",)))
    path = native(donor, tmp_path, numbered_label_set(11))
    net, report = fcn(VGG_FCN, path, camvid)
    assert not net.score_fr.weight.any()
    assert LayerFate("score_fr", "left out", "for other classes") in report.layers
    # Of the very same net all is taken, and the report says by what.
    net, report = fcn(donor.architecture, path, camvid)
    assert torch.equal(net.score_fr.weight, donor.score_fr.weight)
    assert report.notes == ("the score layers are those of the classes of numbered-11, by number",)


@pytest.mark.parametrize("photos", [1, 3])
def test_a_normalisation_put_into_a_trained_net_changes_nothing(
    tmp_path: Path, square: NDArray[np.uint8], camvid: LabelSet, photos: int
) -> None:
    donor = random_net(VGG_FCN)
    net, report = fcn(replace(VGG_FCN, batch_norm=True), native(donor, tmp_path, camvid), camvid)
    assert len(report.set_up) == 15
    inputs = [IMAGENET_RGB.to_tensor(np.rot90(square, turns).copy()) for turns in range(photos)]
    with torch.no_grad():
        expected = donor(torch.cat(inputs))["8s"]
        same_numbers(net(torch.cat(inputs))["8s"], expected)
        net.train()
        before = net(torch.cat(inputs))["8s"]
        net, _ = fcn(replace(VGG_FCN, batch_norm=True), native(donor, tmp_path, camvid), camvid)
        calibrate(net, report.set_up, inputs)
        same_numbers(net(torch.cat(inputs))["8s"], expected, 1e-4)
        same_numbers(net.train()(torch.cat(inputs))["8s"], expected, 1e-3)
    # What calibration is for: without it, the first step of training would see another net.
    assert float((before - expected).abs().max()) > 0.5 * float(expected.abs().max())


def test_decoders_give_their_stages_to_decoders(tmp_path: Path, camvid: LabelSet) -> None:
    torch.manual_seed(0)
    coarse = DecoderArchitecture(11, (), "before_norm", "vgg11", WIDTHS, 4)
    path = native(build(coarse), tmp_path, camvid)
    _, report = grown(replace(coarse, skips=SKIPS[:2]), path, camvid)
    assert not report.named("new", "left out", "adapted")
    assert len(report.named("copied")) == 8 + 5 + 5 + 1
    # Plain convolutions have their axes the other way round, even where the shapes agree.
    _, report = grown(replace(coarse, upsampling="nearest"), path, camvid)
    assert {"deconv1", "classifier"} <= set(report.named("new"))
    assert LayerFate("deconv1", "left out", "of another kind of net") in report.layers


@pytest.mark.parametrize(
    "make",
    [
        lambda: random_net(replace(VGG_FCN, channels=(5, 7, 9, 11, 13), fc_channels=24)),
        lambda: random_net(replace(VGG_FCN, trunk="alexnet")),
        lambda: build(DecoderArchitecture(11, trunk="vgg19", channels=WIDTHS)),
    ],
)
def test_where_nothing_fits_it_is_said(tmp_path: Path, camvid: LabelSet, make: Callable[[], Net]) -> None:
    path = native(make(), tmp_path, camvid)
    fresh = {key: value.clone() for key, value in _fresh(VGG_FCN).items()}
    torch.manual_seed(5)
    net = build(VGG_FCN)
    with pytest.raises(CheckpointError, match=r"donor\.safetensors: no layer of its trunk .*same trunk and width"):
        start_from(net, path, labels=camvid, preprocessing=IMAGENET_RGB)
    trunk = [key for key in fresh if key.startswith(("conv", "fc6"))]
    assert all(torch.equal(net.state_dict()[key], fresh[key]) for key in trunk)


def _fresh(architecture: AnyArchitecture) -> dict[str, Tensor]:
    torch.manual_seed(5)
    return build(architecture).state_dict()


def test_a_first_layer_that_does_not_fit_is_mentioned(tmp_path: Path, camvid: LabelSet) -> None:
    donor = random_net(replace(VGG_FCN, channels=(5, 8, 10, 12, 12)))
    _, report = fcn(VGG_FCN, native(donor, tmp_path, camvid), camvid)
    assert set(report.named("new")) == {"conv1_1", "conv1_2", "conv2_1"}
    assert "conv1_1 does not fit" in report.notes[0]


def test_caffes_normalised_responses_are_mentioned(tmp_path: Path, camvid: LabelSet) -> None:
    donor = random_net(replace(VGG_FCN, trunk="alexnet", groups=2, local_response_norm=True))
    _, report = fcn(replace(VGG_FCN, trunk="alexnet"), native(donor, tmp_path, camvid), camvid)
    assert set(report.named("new")) == {"conv2", "conv4", "conv5"}, "their kernels see half the channels"
    assert len(report.notes) == 1
    assert "local_response_norm" in report.notes[0]


@pytest.mark.parametrize(
    "architecture",
    [
        replace(VGG_FCN, batch_norm=True, upsampling="per_class"),
        DecoderArchitecture(11, channels=(6, 8, 10, 3, 12), batch_norm=True),
    ],
)
def test_the_report_tells_of_every_layer_of_both_nets(
    tmp_path: Path, camvid: LabelSet, architecture: AnyArchitecture
) -> None:
    donor = random_net(replace(VGG_FCN, upsampling="learned", variants=("16s",)))
    net, report = grown(architecture, native(donor, tmp_path, numbered_label_set(11)), camvid)
    before, after = _fresh(architecture), net.state_dict()
    kept = report.named("copied", "adapted", "reshaped")
    mentioned = kept + report.named("new")
    assert len(mentioned) == len(set(mentioned))
    changed = {key for key, value in after.items() if not torch.equal(value, before[key]) and COUNTER not in key}
    convolutions = [name for name, module in net.named_modules() if isinstance(module, nn.Conv2d)]
    trunk = [name for name in convolutions if name.startswith(("conv", "fc", "pretrained"))]
    others = {key.rpartition(".")[0] for key in after if key.startswith(("score", "upscore", "deconv", "classifier"))}
    assert len(trunk) == len([name for name in mentioned if name.startswith(("conv", "fc"))])
    assert others <= set(mentioned)
    # A net's convolutions were changed exactly where the report says that something was taken.
    assert len([name for name in trunk if f"{name}.weight" in changed]) == len(kept)
    theirs = {key.rpartition(".")[0] for key in donor.state_dict()}
    assert theirs == set(kept) | set(report.named("left out"))
    lines = report.lines()
    assert len(lines) < 12
    if isinstance(net, FCN):
        assert lines[-1] == "left out 4 layers, for other classes: score_fr, score_pool4, upscore2, upscore16"
    assert set(report.to_dict()) <= {"copied", "adapted", "reshaped", "new", "left_out", "notes"}
