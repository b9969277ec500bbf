"""The checkpoint doctor on nets whose faults and right preprocessing are known, since they were put in here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from fcn_studio.core.cancel import CancelToken
from fcn_studio.core.errors import Cancelled
from fcn_studio.core.judging.diagnosis import Confidence, Diagnosis, Finding, Severity
from fcn_studio.core.labels import numbered_label_set
from fcn_studio.engine.checkpoints.native import Checkpoint, load_checkpoint
from fcn_studio.engine.doctor.doctor import diagnose, preprocessing_of, recipe_of, recipes, reduced, save_with
from fcn_studio.engine.doctor.weight_checks import kernel_distance, norm_spread, weight_findings
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.fcn import FCN
from fcn_studio.engine.nets.preprocess import CAFFE, IMAGENET_RGB, Preprocessing
from tests.conftest import random_net
from tests.red_net import LEVELS, red_checkpoint, red_photo

PLAIN = Architecture(num_classes=5, alignment="same", channels=(8, 8, 8, 8, 8), fc_channels=8)


def checkpoint_of(net: FCN, preprocessing: Preprocessing = IMAGENET_RGB) -> Checkpoint:
    labels = numbered_label_set(net.architecture.num_classes)
    return Checkpoint(net.eval(), labels, preprocessing, "0" * 64, "made-here")


def changed(change: Callable[[FCN], object], architecture: Architecture = PLAIN) -> Checkpoint:
    net = random_net(architecture)
    with torch.no_grad():
        change(net)
    return checkpoint_of(net)


def about(found: Diagnosis | list[Finding], layer: str) -> list[Finding]:
    findings = found.findings if isinstance(found, Diagnosis) else found
    return [finding for finding in findings if finding.layer == layer]


@pytest.mark.parametrize(
    ("true", "stored"),
    [
        (CAFFE, IMAGENET_RGB),
        (CAFFE, CAFFE),
        (IMAGENET_RGB, CAFFE),
        (preprocessing_of(recipes()[6]), IMAGENET_RGB),
        (preprocessing_of(recipes()[4]), CAFFE),
    ],
)
def test_the_preprocessing_that_a_net_was_made_for_is_found(true: Preprocessing, stored: Preprocessing) -> None:
    checkpoint = red_checkpoint(true, stored)
    found = diagnose(checkpoint, red_photo())
    assert found.proposed is not None
    assert found.proposed.recipe.same_input(recipe_of(true)), [t.recipe.name for t in found.trials]
    assert found.confidence is not Confidence.UNDECIDED
    assert found.proposed.classes == len(LEVELS)
    wrong = [finding for finding in found.findings if "fits better" in finding.sentence]
    assert bool(wrong) is not recipe_of(true).same_input(recipe_of(stored))
    assert found.stored is not None
    assert found.stored.recipe.same_input(recipe_of(stored))


def test_a_preprocessing_of_the_files_own_is_tried_too() -> None:
    siftflow = replace(CAFFE, mean=(114.578, 115.294, 108.353))
    found = diagnose(red_checkpoint(siftflow, siftflow), red_photo())
    assert len(found.trials) == len(recipes()) + 1
    assert found.proposed is found.stored
    assert "114.578" in found.trials[0].recipe.name


def test_a_photo_of_another_kind_decides_nothing() -> None:
    found = diagnose(red_checkpoint(CAFFE, IMAGENET_RGB), red_photo(), of_its_kind=False)
    assert found.confidence is Confidence.UNDECIDED
    assert found.proposed is found.stored


@pytest.mark.parametrize("seed", range(3))
def test_a_random_net_decides_nothing(seed: int, photo: NDArray[np.uint8]) -> None:
    found = diagnose(checkpoint_of(random_net(PLAIN, seed)), photo)
    assert found.confidence is Confidence.UNDECIDED
    assert found.proposed is found.stored
    (finding,) = [finding for finding in found.findings if "never trained" in finding.sentence]
    assert finding.severity is Severity.FAULT


def test_trials_are_the_nets_own_masks(photo: NDArray[np.uint8]) -> None:
    net = random_net(PLAIN)
    found = diagnose(checkpoint_of(net), photo)
    for trial in found.trials:
        with torch.inference_mode():
            scores = net(preprocessing_of(trial.recipe).to_tensor(photo))
        expected = scores["8s"][0].argmax(0).numpy()
        # In batches of two, sums are taken in another order: ties of rounding may fall otherwise.
        assert np.mean(trial.mask != expected) < 1e-3
        assert trial.dominant_share == pytest.approx(np.bincount(expected.ravel()).max() / expected.size, abs=2e-3)
        assert trial.agreement == pytest.approx(
            float((scores["32s"][0].argmax(0).numpy() == expected).mean()), abs=2e-3
        )


def test_photos_are_reduced() -> None:
    assert reduced(np.zeros((600, 1000, 3), dtype=np.uint8)).shape == (192, 320, 3)
    assert reduced(np.zeros((61, 83, 3), dtype=np.uint8)).shape == (61, 83, 3)
    assert reduced(np.zeros((1, 4000, 3), dtype=np.uint8)).shape == (1, 320, 3)


def test_dead_skips_are_named() -> None:
    found = weight_findings(changed(lambda net: nn.init.zeros_(net.score_pool3.weight)))  # type: ignore[union-attr]
    (finding,) = about(found, "score_pool3")
    assert "dead skip" in finding.sentence
    assert "FCN-16s" in finding.sentence
    assert not about(found, "score_pool4")
    (finding,) = about(weight_findings(changed(lambda net: nn.init.zeros_(net.score_fr.weight))), "score_fr")
    assert finding.severity is Severity.FAULT


def test_classes_without_weights_or_with_anothers_are_named() -> None:
    def silence(net: FCN) -> None:
        for layer in (net.score_fr, net.score_pool4, net.score_pool3):
            assert layer is not None
            layer.weight[2] = 0
            layer.weight[4] = layer.weight[3]

    silent, same = about(weight_findings(changed(silence)), "score_fr")
    assert silent.sentence.startswith("class 2:")
    assert "same weights" in same.sentence


def scaled(net: FCN) -> None:
    """A net as the at-once ones are, but that its scales are forgotten."""
    assert net.score_pool4 is not None
    assert net.score_pool3 is not None
    net.score_pool4.weight *= 100
    net.score_pool3.weight *= 10_000


def test_lost_scale_layers_are_named(photo: NDArray[np.uint8]) -> None:
    found = diagnose(changed(scaled), photo)
    assert [finding.severity for finding in about(found, "score_pool3")] == [Severity.FAULT]
    assert "0.0001" in about(found, "score_pool3")[0].sentence
    there = replace(PLAIN, pool4_scale=0.01, pool3_scale=0.0001)
    assert [finding.severity for finding in about(diagnose(changed(scaled, there), photo), "score_pool3")] == [
        Severity.NOTE
    ]
    surplus = diagnose(changed(lambda net: None, there), photo)
    assert Severity.WARNING in [finding.severity for finding in about(surplus, "score_pool3")]


def test_biases_that_decide_are_named(photo: NDArray[np.uint8]) -> None:
    def bias(net: FCN) -> None:
        assert net.score_fr.bias is not None
        net.score_fr.bias[1] = 1e6

    found = diagnose(changed(bias), photo)
    assert any("Biases decide" in finding.sentence for finding in about(found, "score_fr"))
    assert any("every pixel" in finding.sentence for finding in found.findings)
    assert not any(
        "Biases decide" in finding.sentence for finding in diagnose(changed(lambda net: None), photo).findings
    )


@pytest.mark.parametrize("upsampling", ["learned", "per_class"])
def test_upsampling_far_from_bilinear_is_named(upsampling: Literal["learned", "per_class"]) -> None:
    architecture = replace(PLAIN, upsampling=upsampling)

    def start(net: FCN) -> None:
        fresh = FCN(architecture)
        for name in ("upscore32", "upscore2", "upscore16", "upscore_pool4", "upscore8"):
            getattr(net, name).load_state_dict(getattr(fresh, name).state_dict())

    def disturbed(net: FCN) -> None:
        start(net)
        assert net.upscore8 is not None
        assert net.upscore8.weight is not None
        net.upscore8.weight.add_(0.5)
        assert net.upscore2 is not None
        assert net.upscore2.weight is not None
        net.upscore2.weight.mul_(1.2)

    def named(change: Callable[[FCN], object]) -> dict[str, Severity]:
        found = weight_findings(changed(change, architecture))
        return {finding.layer: finding.severity for finding in found if finding.layer.startswith("upscore")}

    assert named(start) == {}
    assert named(disturbed) == {"upscore8": Severity.WARNING, "upscore2": Severity.NOTE}


def test_kernel_distance_is_relative() -> None:
    # The 4x4 bilinear kernel as FACTS of the papers have it: 1/4, 3/4, 3/4, 1/4 along each axis.
    line = torch.tensor([0.25, 0.75, 0.75, 0.25])
    weight = torch.zeros(3, 3, 4, 4)
    for index in range(3):
        weight[index, index] = torch.outer(line, line)
    assert kernel_distance(weight) == pytest.approx(0, abs=1e-7)
    assert kernel_distance(weight * 1.5) == pytest.approx(0.5, rel=1e-6)


def test_independent_numbers_have_a_spread_of_one() -> None:
    generator = torch.Generator().manual_seed(0)
    for random in (torch.randn, torch.rand):
        spreads = [norm_spread(random(128, 64, 3, 3, generator=generator)) for _ in range(8)]
        assert 0.8 < sum(spreads) / 8 < 1.2
    uneven = torch.randn(128, 64, 3, 3, generator=generator) * torch.linspace(0.5, 1.5, 128).view(-1, 1, 1, 1)
    assert norm_spread(uneven) > 20


def test_fresh_statistics_are_named(tiny_checkpoint: Path) -> None:
    checkpoint = load_checkpoint(tiny_checkpoint)
    assert not any("running mean" in finding.sentence for finding in weight_findings(checkpoint))
    fresh = FCN(replace(PLAIN, batch_norm=True))
    assert any("running mean" in finding.sentence for finding in weight_findings(checkpoint_of(fresh)))


def test_undefined_numbers_are_named() -> None:
    def spoil(net: FCN) -> None:
        net.score_fr.weight[0, 0] = torch.nan

    (finding,) = weight_findings(changed(spoil))
    assert finding.severity is Severity.FAULT
    assert "score_fr.weight" in finding.sentence


def test_scores_that_overflow_are_told_of(photo: NDArray[np.uint8]) -> None:
    def spoil(net: FCN) -> None:
        net.score_fr.weight.fill_(3e38)

    found = diagnose(changed(spoil), photo)
    assert any("no numbers" in finding.sentence for finding in found.findings)
    assert found.confidence is Confidence.UNDECIDED


def test_without_a_photo_there_are_findings_only() -> None:
    found = diagnose(changed(lambda net: nn.init.zeros_(net.score_fr.weight)))
    assert found.trials == ()
    assert found.proposed is None
    assert about(found, "score_fr")


def test_it_tells_how_far_it_is_and_stops(photo: NDArray[np.uint8]) -> None:
    token, told = CancelToken(), list[tuple[str, float]]()

    def on_trial(name: str, share: float) -> None:
        told.append((name, share))
        if len(told) == 3:
            token.cancel()

    with pytest.raises(Cancelled):
        diagnose(checkpoint_of(random_net(PLAIN)), photo, on_trial=on_trial, cancel=token)
    assert [share for _, share in told] == pytest.approx([0.1, 0.2, 0.3])


def test_a_copy_has_the_chosen_preprocessing_and_the_same_weights(tmp_path: Path, tiny_checkpoint: Path) -> None:
    before = load_checkpoint(tiny_checkpoint)
    save_with(before, recipes()[7], tmp_path / "copy.safetensors")
    after = load_checkpoint(tmp_path / "copy.safetensors")
    assert after.preprocessing == preprocessing_of(recipes()[7])
    assert after.labels == before.labels
    assert after.card["preprocessing_changed"]["source"] == before.digest
    for name, value in before.net.state_dict().items():
        torch.testing.assert_close(after.net.state_dict()[name], value, rtol=0, atol=0)
    precise = checkpoint_of(random_net(PLAIN))  # float32: halves would lose digits
    save_with(precise, recipes()[0], tmp_path / "precise.safetensors")
    kept = load_checkpoint(tmp_path / "precise.safetensors").net.state_dict()
    assert all(bool((kept[name] == value).all()) for name, value in precise.net.state_dict().items())
