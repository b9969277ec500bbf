"""Two processes on the CPU, started by torchrun: they train what one process does."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from fcn_studio import load
from fcn_studio.core.errors import DataError
from fcn_studio.core.labels import LabelSet
from fcn_studio.core.run_folder import BEST, LAST, NEWEST, read_log, read_run
from fcn_studio.engine.measuring.evaluation import evaluate
from fcn_studio.engine.training.distributed import World
from fcn_studio.engine.training.recipes.recipe import Recipe, read_recipe
from fcn_studio.engine.training.trainer import Trainer

# Batches of 3 are shared 2 and 1; SGD, since Adam's first steps make much of rounding.
RECIPE = """
name = "shared"
channels = [4, 4, 8, 8, 8]
fc_channels = 8
batch_norm = false
dropout = 0.0
optimizer = "sgd"
schedule = "constant"
learning_rate = 1e-2
ema = 0.5
[[stages]]
epochs = 2
crop = [32, 48]
scale = [0.8, 1.2]
batch = 3
lovasz = 0.0
"""

# What torchrun starts: the command, and then more runs of the same processes, since a start takes seconds, and torch
# connects the processes of a start once: a second group would look for the first one's addresses, and may wait forever.
SCRIPT = """
import sys, time
from dataclasses import replace
from pathlib import Path
from fcn_studio.cli import train
from fcn_studio.cli.main import main
from fcn_studio.core.errors import Cancelled, DataError
from fcn_studio.engine.training.trainer import Trainer

folder = Path(sys.argv[1])

class Slow(Trainer):
    def save(self):
        time.sleep(0.5 if self._world.is_first else 0)
        super().save()

def and_more(args, choices, device, processes, stop, command=train._train):
    command(args, choices, device, processes, stop)
    recipe = choices.recipe
    same = dict(data=choices.data, labels=choices.labels, device="cpu", data_card={}, world=processes)
    norms = replace(recipe, batch_norm=True, dropout=0.2)
    Trainer(recipe=norms, run=folder / "norms", **same).fit(val_every=2)
    try:
        # The second process is told to stop; both do, and neither leaves before the first has saved.
        Slow(recipe=recipe, run=folder / "stopped", **same).fit(stop=lambda: processes.rank == 1)
    except Cancelled:
        assert (folder / "stopped" / "last.pt").exists()
        (folder / f"stopped {processes.rank}").touch()
    try:
        other = replace(recipe, seed=recipe.seed + processes.rank)
        Trainer(recipe=other, run=folder / "differing", **same).fit()
    except DataError as error:
        (folder / f"differing {processes.rank}").write_text(str(error))

train._train = and_more
words = ["train", "--data", folder / "data", "-o", folder / "two", "--recipe", folder / "recipe.toml"]
sys.exit(main([*map(str, words), "--val-every", "1", "--device", "cpu", "--precision", "fp32"]))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data set of seven photos and three to judge, and the recipe; the photos have different amounts of void."""
    rng = np.random.default_rng(0)
    for split, count in (("train", 7), ("val", 3)):
        for name in (split, f"{split}annot"):
            (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(count):
            mask = rng.integers(0, 4, (48, 64)).astype(np.uint8)
            mask[:, : 8 * number] = 11
            photo = rng.integers(0, 256, (48, 64, 3)).astype(np.uint8)
            Image.fromarray(photo).save(tmp_path / "data" / split / f"{number}.png")
            Image.fromarray(mask).save(tmp_path / "data" / f"{split}annot" / f"{number}.png")
    (tmp_path / "data" / "labels.json").write_text('{"name": "camvid"}')
    (tmp_path / "recipe.toml").write_text(RECIPE)
    return tmp_path


def test_two_processes_of_torchrun_end_where_one_does(folder: Path, camvid: LabelSet) -> None:
    (folder / "script.py").write_text(SCRIPT)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*torchrun, folder / "script.py", folder],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("epoch 1/2 ") == 1  # the first process alone prints
    assert " 2 processes share each batch." in done.stderr
    for rank in range(2):
        assert (folder / f"stopped {rank}").exists()
        assert "The processes of this run differ in what they train" in (folder / f"differing {rank}").read_text()
    recipe = read_recipe(folder / "recipe.toml")
    one = Trainer(recipe=recipe, data=folder / "data", run=folder / "one", labels=camvid, device="cpu", data_card={})
    one.fit(val_every=1)
    states = [torch.load(folder / name / LAST, weights_only=True) for name in ("one", "two")]
    for key, value in states[0]["learner"]["net"].items():
        torch.testing.assert_close(states[1]["learner"]["net"][key], value, rtol=0, atol=1e-5, msg=key)
    assert states[0]["class_pixels"].tolist() == states[1]["class_pixels"].tolist()
    for row, same in zip(read_log(folder / "one"), read_log(folder / "two"), strict=True):
        assert same.loss == pytest.approx(row.loss, abs=1e-4)
        for variant, scores in row.val.items():
            assert same.val[variant].mean_iu == pytest.approx(scores.mean_iu, abs=1e-3)
    assert load(folder / "two" / BEST).card["trained"]["processes"] == 2
    # With batch normalisation each share is normalised by itself, and what is judged is the first process's net.
    assert read_run(folder / "norms").state == "finished"
    norms = load(folder / "norms" / NEWEST, device="cpu", precision="fp32")
    found = evaluate(norms, folder / "data", "val")
    assert norms.card["val_mean_iu"] == {variant: round(each.mean_iu, 4) for variant, each in found.items()}
    # What two processes left, one goes on from.
    again = Trainer(recipe=recipe, data=folder / "data", run=folder / "two", labels=camvid, device="cpu", data_card={})
    again.resume()
    again.fit()


def test_a_batch_smaller_than_the_processes_is_refused(folder: Path, camvid: LabelSet) -> None:
    recipe: Recipe = read_recipe(folder / "recipe.toml")
    with pytest.raises(DataError, match="A batch of 3 cannot be shared by 4 processes"):
        Trainer(
            recipe=replace(recipe, ema=0.0),
            data=folder / "data",
            run=folder / "run",
            labels=camvid,
            device="cpu",
            data_card={},
            world=World(rank=1, size=4),
        )


def test_shares_are_disjoint_and_whole() -> None:
    items = list(range(10))
    shares = [World(rank=rank, size=3).share(items) for rank in range(3)]
    assert sorted(number for share in shares for number in share) == items
    assert {len(share) for share in shares} == {3, 4}
