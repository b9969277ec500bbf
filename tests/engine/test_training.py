"""Training on a few small pictures: it learns, stops, and goes on to the same end."""

from __future__ import annotations

import copy
import errno
import hashlib
import itertools
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psutil
import pytest
import torch
from PIL import Image
from torch.nn import functional

from fcn_studio import load
from fcn_studio.cli.main import main
from fcn_studio.core.datasets.dataset import find_examples
from fcn_studio.core.errors import Cancelled, CheckpointError, DataError, OutputError
from fcn_studio.core.graph.names import PUBLISHED as VARIANTS
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.run_folder import (
    BEST,
    CURVES,
    LAST,
    LOG,
    NEWEST,
    EpochRow,
    RunFailed,
    append_row,
    read_log,
    read_run,
    write_run,
)
from fcn_studio.engine.checkpoints.native import save_checkpoint
from fcn_studio.engine.checkpoints.opening import open_checkpoint
from fcn_studio.engine.measuring.evaluation import evaluate
from fcn_studio.engine.nets.architecture import Architecture
from fcn_studio.engine.nets.preprocess import IMAGENET_RGB
from fcn_studio.engine.nets.trunks.googlenet import block_channels
from fcn_studio.engine.training.batches import training_batches
from fcn_studio.engine.training.distributed import ALONE
from fcn_studio.engine.training.evaluator import rounded, smallest_type
from fcn_studio.engine.training.examples import Allowance, Examples, Pair
from fcn_studio.engine.training.phase_trainer import PhaseTrainer
from fcn_studio.engine.training.progress import EpochReport, Progress, ProgressMeter, judged_epochs
from fcn_studio.engine.training.readers import Readers
from fcn_studio.engine.training.recipes.phases import phase_net
from fcn_studio.engine.training.recipes.recipe import Recipe, Stage
from fcn_studio.engine.training.trainer import Trainer
from tests.conftest import random_net

TINY = Recipe(
    name="tiny",
    channels=(4, 4, 8, 8, 8),
    fc_channels=8,
    dropout=0.2,
    stages=(Stage(2, (32, 48), (0.8, 1.2), 2), Stage(2, (48, 64), (1.0, 1.0), 2)),
    learning_rate=5e-3,
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six photos of a coloured box on a ground, in the layout of CamVid, two of them to judge; the box is class 1."""
    folder, rng = tmp_path_factory.mktemp("boxes"), np.random.default_rng(0)
    (folder / "labels.json").write_text('{"name": "camvid"}', encoding="utf-8")
    for split, count in (("train", 4), ("val", 2)):
        for each in (split, f"{split}annot"):
            (folder / each).mkdir()
        for number in range(count):
            mask = np.zeros((48, 64), np.uint8)
            top, left = rng.integers(0, 20, 2)
            mask[top : top + 24, left : left + 30] = 1
            photo = np.where(mask[:, :, None], [200, 60, 40], [40, 90, 160]) + rng.integers(0, 30, (48, 64, 3))
            mask[:, -2:] = 11
            Image.fromarray(photo.astype(np.uint8)).save(folder / split / f"{number}.png")
            Image.fromarray(mask).save(folder / f"{split}annot" / f"{number}.png")
    return folder


def trainer(
    recipe: Recipe, data: Path, run: Path, labels: LabelSet, *, workers: int = 2, initial: Path | None = None
) -> Trainer:
    return Trainer(
        recipe=recipe,
        data=data,
        run=run,
        labels=labels,
        device="cpu",
        data_card={"name": "boxes"},
        workers=workers,
        initial=initial,
    )


class Learned(NamedTuple):
    """A run that has learned the box, which tests read and start from."""

    run: Path
    reports: list[EpochReport]


@pytest.fixture(scope="module")
def learned(data: Path, tmp_path_factory: pytest.TempPathFactory, camvid: LabelSet) -> Learned:
    reports: list[EpochReport] = []
    recipe = replace(TINY, stages=(Stage(16, (48, 64), (0.9, 1.2), 2),), ema=0.8, learning_rate=2e-2)
    run = tmp_path_factory.mktemp("learned") / "run"
    trainer(recipe, data, run, camvid).fit(on_epoch=reports.append, val_every=16)
    return Learned(run, reports)


# Three nets, from coarse to fine, each from the one before.
STAGED = replace(
    TINY,
    name="staged",
    stages=tuple(
        Stage(epochs, (32, 48), (0.8, 1.2), 2, variants=VARIANTS[:number])
        for number, epochs in ((1, 2), (2, 1), (3, 2))
    ),
)


def stopped_at(*asks: int) -> Callable[[], bool]:
    """True at these questions, counted from 1; it is asked before each step and each photo that is judged."""
    count = itertools.count(1)
    return lambda: next(count) in asks


def state_of(run: Path) -> dict[str, Any]:
    """All of last.pt by its path, but for times."""

    def flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
        pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
        if pairs is None:
            yield path, value.tolist() if isinstance(value, torch.Tensor) else value
        else:
            for key, each in pairs:
                yield from flat(each, f"{path}.{key}")

    state = torch.load(run / LAST, weights_only=True)
    return {path: value for path, value in flat(state, "") if "seconds" not in path}


def timeless(run: Path) -> list[EpochRow]:
    return [replace(row, seconds=0.0, images_per_second=0.0) for row in read_log(run)]


def test_stops_anywhere_end_where_a_straight_run_ends(data: Path, tmp_path: Path, camvid: LabelSet) -> None:
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    trainer(STAGED, data, straight, camvid).fit(val_every=1)
    # Asked of 4 photos that are counted, then 4 times an epoch: 2 steps, 2 photos. While counting, in mid-epoch, in
    # mid-judgement, and in a later phase's first and second step; with other numbers of readers.
    for number, ask in enumerate((3, 6, 3, 6, 2)):
        again = trainer(STAGED, data, broken, camvid, workers=1 + number)
        if number:
            again.resume()
        with pytest.raises(Cancelled, match=r"Stopped (in epoch|while)"):
            again.fit(val_every=1, stop=stopped_at(ask))
        info = read_run(broken)
        assert (info.state, info.recipe["name"]) == ("stopped", "staged")
        assert info.reason.startswith("Stopped")
    last = trainer(STAGED, data, broken, camvid)
    last.resume()
    last.fit(val_every=1)
    assert state_of(straight) == state_of(broken)
    assert timeless(straight) == timeless(broken)
    assert [row.epoch for row in timeless(broken)] == [1, 2, 3, 4, 5]
    assert [tuple(row.val) for row in timeless(broken)] == [("32s",)] * 2 + [("32s", "16s")] + [VARIANTS] * 2
    for name in (BEST, NEWEST, "best-32s.safetensors", "best-16s.safetensors", "best-8s.safetensors"):
        assert (straight / name).read_bytes() == (broken / name).read_bytes()
    assert open_checkpoint(straight / "best-16s.safetensors").net.architecture.variants == ("32s", "16s")
    assert (straight / BEST).read_bytes() == (straight / "best-8s.safetensors").read_bytes()
    assert read_run(broken).state == "finished"
    with Image.open(broken / CURVES) as picture:
        assert picture.width > 500


def test_each_phase_is_judged_where_it_ends(data: Path, tmp_path: Path, camvid: LabelSet) -> None:
    shares: list[float] = []
    trainer(STAGED, data, tmp_path, camvid).fit(val_every=99, on_step=lambda now: shares.append(now.seconds_left))
    judged = {row.epoch: tuple(row.val) for row in read_log(tmp_path) if row.val}
    assert judged == {2: VARIANTS[:1], 3: VARIANTS[:2], 5: VARIANTS}
    for variant, epoch in (("32s", 2), ("16s", 3), ("8s", 5)):
        checkpoint = open_checkpoint(tmp_path / f"best-{variant}.safetensors")
        assert checkpoint.net.architecture.variants[-1] == variant
        assert checkpoint.card["epoch"] == epoch
    assert (tmp_path / BEST).read_bytes() == (tmp_path / "best-8s.safetensors").read_bytes()
    assert judged_epochs(STAGED, 2) == {2, 3, 4, 5}


def test_a_crash_between_files_doubles_no_row(data: Path, tmp_path: Path, camvid: LabelSet) -> None:
    run = tmp_path / "run"
    with pytest.raises(Cancelled):
        trainer(TINY, data, run, camvid).fit(stop=stopped_at(8))
    # As after a kill between the log and last.pt: a row too many, and half of the next.
    row = read_log(run)[0]
    append_row(run, VARIANTS, replace(row, epoch=2, loss=99.0))
    with (run / LOG).open("a") as file:
        file.write("3,6,0.")
    (run / ".last-half.pt").write_bytes(b"half")
    again = trainer(TINY, data, run, camvid)
    again.resume()
    again.fit()
    assert [row.epoch for row in read_log(run)] == [1, 2, 3, 4]
    assert max(row.loss for row in read_log(run)) < 99
    assert (run / LOG).read_text().count("\n") == 5
    assert not (run / ".last-half.pt").exists()


def test_it_learns_the_box_and_its_card_says_what_evaluate_finds(data: Path, learned: Learned) -> None:
    first, *_, last = learned.reports
    assert last.loss < 0.5 * first.loss
    # two classes of eleven occur; guessing the ground everywhere gives a mean IU of about 0.35
    assert last.val["8s"].mean_iu > 0.6
    for name in (BEST, NEWEST):
        model = load(learned.run / name, device="cpu", precision="fp32")
        found = evaluate(model, data, "val")
        assert model.card["val_mean_iu"] == {variant: round(each.mean_iu, 4) for variant, each in found.items()}
        assert model.card["judged"] == {"weights": "float16", "precision": "fp32"}
        assert model.card["data"] == {"name": "boxes", "train_images": 4, "val_images": 2}
    row = read_log(learned.run)[-1]
    assert row.epoch == 16
    assert {variant: each.pixel_accuracy for variant, each in row.val.items()} == model.card["val_pixel_accuracy"]


def test_the_rounded_weights_of_the_file_are_judged(data: Path, tmp_path: Path, camvid: LabelSet) -> None:
    # Every pixel is class 1 by 2e-4, which float16 does not know: there classes 0 and 1 are equal, and 0 comes first.
    run = trainer(
        replace(TINY, stages=(Stage(1, (32, 48), batch=4),), learning_rate=1e-12, ema=0.0), data, tmp_path, camvid
    )
    with torch.no_grad():
        for name, value in run.net.named_parameters():
            if name.startswith("score"):
                value.zero_()
            if name == "score_fr.bias":
                value[:2] = torch.tensor([1.0, 1.0002])
    reports: list[EpochReport] = []
    run.fit(on_epoch=reports.append)
    masks = [np.asarray(Image.open(data / "valannot" / f"{number}.png"))[:, :-2] for number in range(2)]
    ground = float(np.mean([mask == 0 for mask in masks]))
    assert ground > 0.6
    for variant in VARIANTS:
        assert reports[0].val[variant].pixel_accuracy == pytest.approx(ground)


def test_what_is_judged_is_what_the_file_holds(tmp_path: Path, camvid: LabelSet) -> None:
    net = random_net(Architecture(num_classes=11, channels=(4, 4, 8, 8, 8), fc_channels=8, batch_norm=True))
    save_checkpoint(tmp_path / "net.safetensors", net, labels=camvid, preprocessing=IMAGENET_RGB, card={})
    judged = rounded(net, smallest_type(net)).state_dict()
    saved = open_checkpoint(tmp_path / "net.safetensors").net.state_dict()
    assert judged.keys() == saved.keys()
    for name, value in saved.items():
        assert torch.equal(judged[name], value), name
    with torch.no_grad():
        next(net.buffers()).fill_(1e5)
    assert smallest_type(net) == torch.float32


def test_a_full_disk_leaves_the_older_file(data: Path, tmp_path: Path, camvid: LabelSet) -> None:
    resource = pytest.importorskip("resource", reason="limits of file sizes are those of Unix")
    run = trainer(TINY, data, tmp_path, camvid)
    before: bytes | None = None
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for said in (r"None was there before\.$", r"The older file is as it was; go on from it with --resume\.$"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
        try:
            with pytest.raises(
                OutputError, match=rf"last\.pt could not be written \({os.strerror(errno.EFBIG)}\).*{said}"
            ):
                run.save()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert (
            not tmp_path.joinpath(LAST).exists() if before is None else tmp_path.joinpath(LAST).read_bytes() == before
        )
        run.save()
        before = (tmp_path / LAST).read_bytes()
    assert [path.name for path in tmp_path.iterdir() if "last" in path.name] == [LAST]


def test_photos_of_different_sizes_share_a_step_by_their_pixels(camvid: LabelSet) -> None:
    recipe = replace(
        TINY, stages=(Stage(1, batch=2, lovasz=0.0),), sampling="whole", batch_norm=False, dropout=0.0, optimizer="sgd",
        momentum=0.0, weight_decay=0.0, clip_gradient=0.0, schedule="constant", warm_up=0.0, learning_rate=1.0, ema=0.0,
    )  # fmt: skip
    generator = torch.Generator().manual_seed(0)
    sizes = ((48, 64), (64, 32))
    pairs = [
        Pair(
            torch.randint(0, 256, (3, *size), generator=generator).float(),
            torch.randint(0, 12, size, generator=generator).to(torch.uint8),
        )
        for size in sizes
    ]
    weights = torch.rand(11, generator=generator) + 0.5
    phase = recipe.phases()[0]
    torch.manual_seed(3)
    net = phase_net(recipe, phase, 11)
    twin = copy.deepcopy(net)
    learner = PhaseTrainer(net, recipe=recipe, phase=phase, images=2, precision="fp32", void=11, world=ALONE)
    loss = learner.step(pairs, stage=recipe.stages[0], weights=weights, number=0)
    # The same by hand: all labelled pixels of both photos in one weighted mean.
    total, weight = torch.zeros(()), 0.0
    for photo, marks in pairs:
        scores, truth = twin(IMAGENET_RGB.normalise(photo[None])), marks[None].long()
        weight += float(weights[truth[truth != 11]].sum())
        for variant, share in zip(VARIANTS, (0.3, 0.4, 1.0), strict=True):
            entropy = functional.cross_entropy(scores[variant], truth, weights, ignore_index=11, reduction="sum")
            total = total + share * entropy
    torch.autograd.backward(total / weight)
    assert loss == pytest.approx(float(total.detach()) / weight, rel=1e-5)
    for (name, after), before in zip(net.named_parameters(), twin.parameters(), strict=True):
        assert before.grad is not None
        torch.testing.assert_close(after.detach(), before.detach() - before.grad, rtol=1e-4, atol=1e-6, msg=name)
    for mean, value in zip(learner.mean_net.parameters(), net.parameters(), strict=True):
        assert torch.equal(mean, value)  # ema = 0


def test_examples_depend_on_neither_readers_nor_memory(data: Path, camvid: LabelSet) -> None:
    def batches(workers: int, first: int, memory: int) -> list[list[Pair]]:
        examples = Examples(find_examples(data, "train"), camvid, Allowance(memory))
        with Readers(workers) as readers:
            return list(training_batches(examples, TINY, epoch=1, first=first, world=ALONE, readers=readers))

    threads = torch.get_num_threads()
    whole, late = batches(1, 0, 1 << 20), batches(3, 1, 20_000)
    assert torch.get_num_threads() == threads
    assert len(whole) == 2
    assert len(late) == 1
    for pair, same in zip(whole[1], late[0], strict=True):
        assert torch.equal(pair.photo, same.photo)
        assert torch.equal(pair.marks, same.marks)
    assert not torch.equal(whole[0][0].photo, whole[1][0].photo)


def test_what_fits_is_kept_in_memory(data: Path, camvid: LabelSet) -> None:
    size = 48 * 64 * 4
    examples = Examples(find_examples(data, "train"), camvid, Allowance(2 * size))
    pairs = [examples.read(index) for index in range(4)]
    kept = [examples.read(index) is pair for index, pair in enumerate(pairs)]
    assert kept == [True, True, False, False]


def test_a_warm_start_begins_where_the_checkpoint_ended(
    data: Path, tmp_path: Path, camvid: LabelSet, learned: Learned
) -> None:
    reports: list[EpochReport] = []
    recipe = replace(TINY, stages=(Stage(1, (48, 64), (1.0, 1.0), 2),), learning_rate=1e-5, seed=9)
    initial, run = learned.run / BEST, tmp_path / "run"
    with pytest.raises(Cancelled):  # before its second step
        trainer(recipe, data, run, camvid, initial=initial).fit(stop=stopped_at(6))
    again = trainer(recipe, data, run, camvid)
    again.resume()
    again.fit(on_epoch=reports.append)
    assert reports[-1].val["8s"].mean_iu == pytest.approx(learned.reports[-1].val["8s"].mean_iu, abs=0.05)
    started = load(run / BEST).card["started_from"]  # known after it was resumed, too
    assert started["card"]["recipe"]["name"] == "tiny"
    assert started["digest"] == hashlib.sha256(initial.read_bytes()).hexdigest()
    with pytest.raises(CheckpointError, match=r"best\.safetensors: no layer of its trunk"):
        trainer(replace(recipe, trunk="alexnet"), data, tmp_path / "third", camvid, initial=initial)


def test_a_net_without_normalisation_goes_on_in_one_with_it(data: Path, tmp_path: Path, camvid: LabelSet) -> None:
    reports: list[EpochReport] = []
    first = replace(TINY, stages=(Stage(10, (48, 64), (0.9, 1.2), 2),), ema=0.8, batch_norm=False, dropout=0.0)
    trainer(first, data, tmp_path / "first", camvid).fit(on_epoch=reports.append, val_every=10)
    second = replace(TINY, stages=(Stage(1, (48, 64), (1.0, 1.0), 4),), dropout=0.0, learning_rate=1e-7, colour=0.0)
    again = trainer(second, data, tmp_path / "second", camvid, initial=tmp_path / "first" / BEST)
    again.fit(on_epoch=reports.append)
    assert again.transplant is not None
    assert len(again.transplant.set_up) == 15
    for variant in ("32s", "16s", "8s"):
        assert reports[-1].val[variant].mean_iu == pytest.approx(reports[-2].val[variant].mean_iu, abs=0.05)
    # The loss is that of normalisation by the batch, and would be that of an untrained net if it changed the features.
    assert reports[-1].loss < 1.5 * reports[-2].loss
    started = load(tmp_path / "second" / BEST).card["started_from"]
    assert started["layers"]["copied"] == ["score_fr", "score_pool4", "score_pool3"]
    assert len(started["layers"]["adapted"]) == 15
    assert started["name"] == "best"


NETS: dict[str, dict[str, Any]] = {
    "alexnet": {"trunk": "alexnet"},
    "caffe alexnet": {"trunk": "alexnet", "groups": 2, "local_response_norm": True, "batch_norm": False},
    "caffe vgg16": {"alignment": "caffe", "batch_norm": False, "variants": ("32s",), "upsampling": "learned"},
    "googlenet": {"trunk": "googlenet", "channels": block_channels(8)},
    "nearest": {"upsampling": "nearest"},
    "per class": {"upsampling": "per_class", "variants": ("16s", "8s")},
    "decoder": {"net": "decoder", "trunk": "blocks", "upsampling": "transposed"},
    "decoder 8s": {"net": "decoder", "skips": ("x4", "x3"), "addition": "before_norm", "upsampling": "nearest"},
    "decoder unpooling": {"net": "decoder", "trunk": "vgg11", "upsampling": "max_unpooling", "batch_norm": False},
}


@pytest.mark.parametrize("name", NETS)
def test_every_kind_of_net_learns_and_opens_again(data: Path, tmp_path: Path, camvid: LabelSet, name: str) -> None:
    choices = dict(NETS[name])
    outputs = 1 if "net" in choices else len(choices.get("variants", VARIANTS))
    choices |= {"last_channels": 4} if "net" in choices else {"fc_channels": 8, "dropout": 0.0}
    recipe = Recipe(
        **{"channels": (4, 4, 8, 8, 8), **choices},
        name=name,
        stages=(Stage(5, (48, 64), (1.0, 1.0), 4),),
        learning_rate=1e-2,
        variant_weights=(1.0,) * outputs,
        colour=0.0,
        flip=0.0,
        ema=0.5,
    )
    assert Recipe.from_dict(recipe.to_dict()) == recipe
    reports: list[EpochReport] = []
    trainer(recipe, data, tmp_path / "run", camvid).fit(on_epoch=reports.append, val_every=5)
    losses = [report.loss for report in reports]
    assert np.isfinite(losses).all()
    assert losses[-1] < 0.95 * losses[0]
    checkpoint = open_checkpoint(tmp_path / "run" / BEST)
    assert checkpoint.net.architecture == recipe.architecture(11)
    trace = load(tmp_path / "run" / BEST, device="cpu", precision="fp32").trace(data / "val" / "0.png")
    assert trace.mask(trace.variants[-1]).shape == (48, 64)
    again = trainer(recipe, data, tmp_path / "run", camvid)
    again.resume()
    again.fit()  # nothing is left


def test_a_run_of_before_there_were_phases_goes_on(data: Path, tmp_path: Path, camvid: LabelSet) -> None:
    with pytest.raises(Cancelled):
        trainer(TINY, data, tmp_path / "run", camvid).fit(stop=stopped_at(3))
    state = torch.load(tmp_path / "run" / LAST, weights_only=True)
    plain = json.loads(state["recipe"])
    young = ("optimizer", "schedule", "loss_reduction", "sampling", "preprocessing", "clip_gradient")
    # As last.pt was: all on one level, at an epoch's end, with the best figure alone.
    old = {
        **state["learner"],
        "recipe": json.dumps({key: value for key, value in plain.items() if key not in young}),
        "epoch": 1,
        "best": 0.25,
    }
    torch.save(old, tmp_path / "run" / LAST)
    run = trainer(TINY, data, tmp_path / "run", camvid)
    run.resume()
    reports: list[EpochReport] = []
    run.fit(on_epoch=reports.append)
    assert [report.epoch for report in reports] == [2, 3, 4]


def test_the_command_says_what_became_of_each_layer(
    data: Path, tmp_path: Path, learned: Learned, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "small.toml").write_text(
        'name = "small"\nchannels = [4, 4, 8, 8, 8]\nfc_channels = 6\nvariants = ["32s"]\n'
        "[[stages]]\nepochs = 1\ncrop = [48, 64]\nscale = [1.0, 1.0]\nbatch = 2\n"
    )
    command = ["train", "--data", data, "-o", tmp_path / "second", "--recipe", tmp_path / "small.toml"]
    assert main([*map(str, command), "--init", str(learned.run / BEST), "--device", "cpu"]) == 0
    said = capsys.readouterr().out
    assert "copied 13 layers: conv1_1, conv1_2, ..., conv5_3" in said
    assert "new 3 layers, of another shape: fc6 (8x8x7x7 there, 6x8x7x7 here)" in said
    assert "left out 2 layers, no such layer here: score_pool4, score_pool3" in said


def test_a_run_is_not_resumed_with_another_recipe(data: Path, tmp_path: Path, camvid: LabelSet) -> None:
    with pytest.raises(CheckpointError, match="nothing to resume"):
        trainer(TINY, data, tmp_path, camvid).resume()
    trainer(TINY, data, tmp_path, camvid).save()
    with pytest.raises(CheckpointError, match="another recipe"):
        trainer(replace(TINY, seed=5), data, tmp_path, camvid).resume()
    (tmp_path / LAST).write_bytes((tmp_path / LAST).read_bytes()[:2000])
    with pytest.raises(CheckpointError, match=r"last\.pt: cannot be resumed"):
        trainer(TINY, data, tmp_path, camvid).resume()


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_good_checkpoint(
    data: Path, tmp_path: Path, camvid: LabelSet
) -> None:
    run = trainer(replace(TINY, learning_rate=1e30, warm_up=0.5), data, tmp_path / "run", camvid)
    said = r"(The loss became nan|A weight became infinite).*no checkpoint.*Start again with a lower learning rate"
    with pytest.raises(RunFailed, match=said):
        run.fit()
    assert not (tmp_path / "run" / LAST).exists()
    assert read_run(tmp_path / "run").state == "failed"
    # Later in a run, by a weight that is spoilt while it trains.
    good = trainer(TINY, data, tmp_path / "good", camvid)

    def spoil(progress: Progress) -> None:
        if progress.epoch == 2:
            with torch.no_grad():
                next(good.net.parameters()).fill_(torch.inf)

    with pytest.raises(DataError, match=r"nothing of it was saved, and good checkpoints are kept: .*best\.safetensors"):
        good.fit(on_step=spoil, val_every=1)
    assert load(tmp_path / "good" / BEST).card["epoch"] == 1
    assert [row.epoch for row in read_log(tmp_path / "good")] == [1]


def test_too_little_memory_is_a_sentence(data: Path, tmp_path: Path, camvid: LabelSet) -> None:
    side = 4_000_000  # a crop of 192 TB, more than a process can address
    huge = replace(TINY, stages=(Stage(1, (side, side), (1.0, 1.0), 2),))
    with pytest.raises(RunFailed, match=r"^The memory does not hold a step.*Start again with smaller batches or crops"):
        trainer(huge, data, tmp_path, camvid).fit()
    (tmp_path / BEST).touch()
    with pytest.raises(
        RunFailed, match=r"again in a new folder .* from there with --init .*best\.safetensors; or free"
    ):
        trainer(huge, data, tmp_path, camvid).fit()
    assert read_run(tmp_path).reason.startswith("The memory")


@pytest.mark.parametrize("damage", ["missing mask", "other size", "illegal label", "no split", "nothing labelled"])
def test_a_faulty_data_set_is_named(data: Path, tmp_path: Path, camvid: LabelSet, damage: str) -> None:
    faulty = shutil.copytree(data, tmp_path / "faulty")
    mask, said = faulty / "trainannot" / "2.png", r"2\.png"
    match damage:
        case "missing mask":
            mask.unlink()
        case "other size":
            Image.new("L", (5, 5)).save(mask)
        case "illegal label":
            Image.new("L", (64, 48), 77).save(mask)
        case "no split":
            (faulty / "val").rename(faulty / "elsewhere")
            said = "val"
        case _:
            for path in mask.parent.iterdir():
                Image.new("L", (64, 48), 11).save(path)
            said = "nothing is labelled"
    with pytest.raises(DataError, match=said):
        trainer(TINY, faulty, tmp_path / "run", camvid).fit()


def test_a_folder_that_another_process_trains_in_is_refused(data: Path, tmp_path: Path, camvid: LabelSet) -> None:
    run = trainer(TINY, data, tmp_path, camvid)
    with pytest.raises(Cancelled):
        run.fit(stop=lambda: True)
    info = read_run(tmp_path)
    other = psutil.Process(os.getppid())
    write_run(tmp_path, replace(info, state="running", process=(other.pid, other.create_time())))
    with pytest.raises(DataError, match=rf"process {other.pid} is training here; stop it first\.$"):
        run.fit()
    # What another machine does cannot be known, even where the numbers are the same, as they are in containers.
    write_run(tmp_path, replace(info, state="running", process=(os.getpid(), 0.0), host="elsewhere"))
    with pytest.raises(DataError, match=r"on elsewhere is training here.*If it is gone, write .stopped.*run\.json"):
        run.fit()


def test_a_small_data_set_gives_no_more_images_a_second_than_it_has() -> None:
    recipe = replace(TINY, stages=(Stage(3, (32, 48), batch=20),))
    meter = ProgressMeter(recipe, images=4, val_every=1)
    meter.stepped(0, 2.0)
    now = meter.progress(epoch=0, step=1, loss=1.0, mean_iu=None)
    assert now.images_per_second == pytest.approx(2)
    assert now.seconds_left == pytest.approx(4)
    assert now.share == pytest.approx(1 / 3)
