"""`fcn-studio segment` as a user runs it: real files in, real files out, one bad file never stops the others."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from fcn_studio import load
from fcn_studio.cli.main import main
from fcn_studio.cli.sizes import memory_size
from fcn_studio.core.photo_jobs import Outcome
from fcn_studio.core.run_folder import RunFailed
from tests.core.datasets.files import write_labels, write_pairs, write_photo


@pytest.fixture
def photos(tmp_path: Path, photo: NDArray[np.uint8]) -> Path:
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    Image.fromarray(photo).save(folder / "a.png")
    Image.fromarray(photo[:, ::-1]).save(folder / "more" / "b.jpg", quality=95)
    return folder


def segment(tiny: Path, *arguments: object) -> int:
    return main(["segment", *map(str, arguments), "--weights", str(tiny), "--device", "cpu"])


def test_a_folder_becomes_masks_of_the_same_size(tiny_checkpoint: Path, photos: Path, tmp_path: Path) -> None:
    assert segment(tiny_checkpoint, photos, "-o", tmp_path / "out") == 0
    files = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.png"))
    assert files == sorted(
        [f"a_{v}.png" for v in ("32s", "16s", "8s")]
        + [os.path.join("more", f"b_{v}.png") for v in ("32s", "16s", "8s")]
    )
    trace = load(tiny_checkpoint, device="cpu").trace(photos / "a.png")
    for variant in trace.variants:
        with Image.open(tmp_path / "out" / f"a_{variant}.png") as image:
            assert image.mode == "P"
            np.testing.assert_array_equal(np.asarray(image), trace.mask(variant))


def test_chosen_variants_and_kinds_only(tiny_checkpoint: Path, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    chosen = ("--variants", "8s,32s", "--save", "overlay,figure,scores")
    assert segment(tiny_checkpoint, photos / "a.png", "-o", out, *chosen) == 0
    names = sorted(path.name for path in out.iterdir())
    assert names == ["a_32s_overlay.png", "a_8s_overlay.png", "a_figure.png", "a_scores.npz"]


def test_json_tells_files_shares_and_times(
    tiny_checkpoint: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert segment(tiny_checkpoint, photos / "a.png", "-o", tmp_path / "out", "--json") == 0
    summary = json.loads(capsys.readouterr().out)
    (result,) = summary["results"]
    assert result["size"] == {"width": 83, "height": 61}
    assert [Path(path).exists() for path in result["files"]] == [True] * 3
    with Image.open(tmp_path / "out" / "a_8s.png") as image:
        assert result["shares"]["8s"]["Car"] == pytest.approx((np.asarray(image) == 8).mean(), abs=1e-6)
    assert summary["failed"] == []
    assert summary["peak_memory_bytes"] > 10_000_000


def test_bad_inputs_are_named_and_the_others_done(
    tiny_checkpoint: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "vacant").mkdir()
    (photos / "cut.jpg").write_bytes((photos / "more" / "b.jpg").read_bytes()[:900])
    (photos / "zero.png").write_bytes(b"")
    (photos / "words.webp").write_text("no image")
    inputs = (photos, tmp_path / "missing.png", tmp_path / "vacant", photos / "a.png")
    assert segment(tiny_checkpoint, *inputs, "-o", tmp_path / "out") == 1
    errors = [line for line in capsys.readouterr().err.splitlines() if line]
    assert len(errors) == 5, errors
    for name in ("cut.jpg", "zero.png", "words.webp", "missing.png", "vacant"):
        assert sum(name in line for line in errors) == 1, name
    made = {path.name for path in (tmp_path / "out").rglob("*")}
    assert {"a_8s.png", "b_8s.png", "a-2_8s.png"} <= made
    assert not any("cut" in name or "zero" in name or name.startswith(".") for name in made)


@pytest.mark.parametrize(
    ("photo", "mask", "said"),
    [
        ("train/a{}.jpg", "train_masks/a{}_mask.gif", {}),
        ("a{}.jpg", "a{}_mask.png", {}),
        ("a{}.jpg", "a{}.png", {}),
        ("set/images/a{}.jpg", "set/masks/a{}_L.png", {}),
        ("leftImg8bit/val/x/a{}_leftImg8bit.png", "gtFine/val/x/a{}_gtFine_labelIds.png", {}),
        ("RGB/a{}.png", "Label/a{}.png", {}),
        ("rgb/a{}.jpg", "seg/a{}.png", {"photos": "rgb", "masks": "seg"}),
        ("a{}.jpg", "a{}@.png", {"ending": "@"}),
    ],
)
def test_the_masks_of_a_data_set_are_no_photos(
    tiny_checkpoint: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    photo: str,
    mask: str,
    said: dict[str, str],
) -> None:
    folder = tmp_path / "data"
    write_pairs(folder, photo, mask, 2)
    if said:
        write_labels(folder, **said)
    assert segment(tiny_checkpoint, folder, "-o", tmp_path / "out", "--variants", "8s", "--json") == 0
    told = capsys.readouterr()
    done = [Path(result["input"]).relative_to(folder).as_posix() for result in json.loads(told.out)["results"]]
    assert done == [photo.format(number) for number in range(2)]
    (line,) = [line for line in told.err.splitlines() if "masks" in line and "left out" in line]
    assert f"2 images are masks of its photos, such as {Path(mask.format(0))}" in line


def test_a_list_of_pairs_tells_masks_from_photos(
    tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "data"
    write_pairs(folder, "here/a{}.png", "there/b{}.png", 2)
    (folder / "train.txt").write_text("here/a0.png there/b0.png\nhere/a1.png there/b1.png\n")
    assert segment(tiny_checkpoint, folder, "-o", tmp_path / "out", "--variants", "8s", "--json") == 0
    done = [Path(result["input"]).name for result in json.loads(capsys.readouterr().out)["results"]]
    assert done == ["a0.png", "a1.png"]


def test_masks_that_are_named_themselves_are_segmented(
    tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_pairs(tmp_path / "data", "images/a{}.jpg", "masks/a{}.png", 2)
    masks = tmp_path / "data" / "masks"
    assert segment(tiny_checkpoint, masks, masks / "a0.png", "-o", tmp_path / "out", "--variants", "8s", "--json") == 0
    told = capsys.readouterr()
    assert len(json.loads(told.out)["results"]) == 3
    assert "left out" not in told.err


def test_two_formats_of_a_photo_are_two_photos(tiny_checkpoint: Path, tmp_path: Path) -> None:
    for name in ("a.jpg", "a.png"):
        write_photo(tmp_path / "in" / name)
    assert segment(tiny_checkpoint, tmp_path / "in", "-o", tmp_path / "out", "--variants", "8s") == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a_8s.png", "a-2_8s.png"}


def test_a_folder_of_any_photos_leaves_none_out_in_silence(
    tiny_checkpoint: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = Image.open(photos / "a.png")
    picture.save(photos / "c.jfif", format="JPEG")
    picture.save(photos / "d.jp2")
    picture.save(photos / "f.apng", format="PNG", save_all=True, append_images=[picture.rotate(180)])
    Image.fromarray(np.tile(np.arange(40, dtype=np.uint16) * 75, (40, 1))).save(photos / "more" / "deep.tif")
    for name in ("e.CR2", "notes.txt", "clip.mp4"):
        (photos / name).write_bytes(b"II*\0")
    assert segment(tiny_checkpoint, photos, "-o", tmp_path / "out", "--variants", "8s", "--json") == 1
    printed = capsys.readouterr()
    made = sorted(path.name for path in (tmp_path / "out").rglob("*.png"))
    assert made == [f"{stem}_8s.png" for stem in ("a", "b", "c", "d", "deep", "f")]
    told = [line for line in printed.err.splitlines() if line]
    assert len(told) == 2, told
    assert any("e.CR2: a camera's raw file" in line for line in told)
    assert any("deep.tif: Values reach 2925: shown with 4095 (12 bits) for white" in line for line in told)
    summary = json.loads(printed.out)
    assert [Path(entry["input"]).name for entry in summary["failed"]] == ["e.CR2"]
    readings = {Path(entry["input"]).name: entry["provenance"]["reading"] for entry in summary["results"]}
    assert [name for name, reading in readings.items() if reading] == ["deep.tif"]


@pytest.mark.parametrize("size", [(1, 1), (20000, 200)])
def test_odd_sizes(tiny_checkpoint: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("RGB", size, (120, 130, 140)).save(tmp_path / "odd.png")
    assert segment(tiny_checkpoint, tmp_path / "odd.png", "-o", tmp_path / "out", "--save", "mask,figure") == 0
    with Image.open(tmp_path / "out" / "odd_16s.png") as image:
        assert image.size == size


def test_finished_photos_are_skipped_when_asked(
    tiny_checkpoint: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert segment(tiny_checkpoint, photos, "-o", out) == 0
    (out / "more" / "b_16s.png").unlink()
    (out / "a_8s.png").write_bytes(b"kept as it is")
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    assert segment(tiny_checkpoint, photos, "-o", out, "--skip-existing", "--json") == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["skipped"] == [str(photos / "a.png")]
    assert [result["input"] for result in summary["results"]] == [str(photos / "more" / "b.jpg")]
    assert (out / "more" / "b_16s.png").exists()
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in before.items() if path.parent == out)
    (out / "a_8s.png").write_bytes(b"")  # of a disk that was full, or a copy that was stopped
    assert segment(tiny_checkpoint, photos / "a.png", "-o", out, "--skip-existing") == 0
    assert (out / "a_8s.png").stat().st_size
    (out / "a_8s.png").write_bytes(b"kept as it is")
    assert segment(tiny_checkpoint, photos / "a.png", "-o", out) == 0  # not asked, so done anew
    assert (out / "a_8s.png").read_bytes() != b"kept as it is"


def test_too_little_memory_is_said_of_the_photo(
    tiny_checkpoint: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert segment(tiny_checkpoint, photos / "a.png", "-o", tmp_path / "out", "--memory", "1KB") == 1
    assert f"{photos / 'a.png'}: " in capsys.readouterr().err
    assert segment(tiny_checkpoint, photos / "a.png", "-o", tmp_path / "out", "--memory", "1GB") == 0


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4GB", 4_000_000_000),
        ("2GiB", 2_147_483_648),
        ("1.5g", 1_500_000_000),
        ("512 MiB", 536_870_912),
        ("64k", 64_000),
        ("1000000", 1_000_000),
        ("1TB", 1_000_000_000_000),
    ],
)
def test_amounts_of_memory_are_read(text: str, size: int) -> None:
    assert memory_size(text) == size


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_leaves_whole_files_and_says_how_to_go_on(tiny_checkpoint: Path, photos: Path, tmp_path: Path) -> None:
    for number in range(3000):
        (photos / f"{number:04}.png").hardlink_to(photos / "a.png")
    out = tmp_path / "out"
    command = ["segment", photos, "-o", out, "--weights", tiny_checkpoint, "--device", "cpu", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "fcn_studio", *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        until = time.monotonic() + 60
        while not (out / "0002_8s.png").exists():
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        told, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    results = json.loads(told)["results"]
    assert f"stopped after {len(results)} of 3002 photos" in errors
    assert "--skip-existing" in errors
    assert 3 <= len(results) < 3002
    files = {Path(path) for result in results for path in result["files"]}
    assert set(out.rglob("*")) == files  # none of a photo that was not finished, and nothing hidden
    for path in files:
        with Image.open(path) as image:
            image.load()


def test_what_was_done_is_told_before_an_error_that_ends_the_run(
    tiny_checkpoint: Path,
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As when Ray loses its workers after the first photo."""
    from fcn_studio.engine.many import folders

    whole = folders.segmented

    def lost(*arguments: Any, **options: Any) -> Iterator[Outcome]:
        with closing(whole(*arguments, **options)) as outcomes:
            yield next(outcomes)
            raise RunFailed("Ray lost its workers.")

    monkeypatch.setattr(folders, "segmented", lost)
    assert segment(tiny_checkpoint, photos, "-o", tmp_path / "out", "--json") == 1
    told = capsys.readouterr()
    assert [Path(result["input"]).name for result in json.loads(told.out)["results"]] == ["a.png"]
    assert told.err.splitlines()[-1] == "fcn-studio: Ray lost its workers."


def test_a_read_only_output_folder_is_named(
    tiny_checkpoint: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not Path("/proc/self").exists():
        pytest.skip("needs a folder that even root cannot write to")
    assert segment(tiny_checkpoint, photos / "a.png", "-o", "/proc/self/out") == 1
    assert "/proc/self/out" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a small file system to fill")
def test_a_full_disk_leaves_no_half_written_file(
    tiny_checkpoint: Path,
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every write goes to /dev/full, which answers as a full disk does."""
    from PIL import Image as pillow_image

    def save_to_full_disk(self: Image.Image, path: Path, **options: object) -> None:
        with open("/dev/full", "wb", buffering=0) as device:
            device.write(b"x")

    monkeypatch.setattr(pillow_image.Image, "save", save_to_full_disk)
    assert segment(tiny_checkpoint, photos / "a.png", "-o", tmp_path / "out") == 1
    assert "No space left" in capsys.readouterr().err
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["segment"], "required"),
        (["segment", "a.png", "-o", "out", "--save", "masks"], "unknown 'masks'"),
        (["segment", "a.png", "-o", "out", "--variants", "2s"], "unknown '2s'"),
        (["segment", "a.png", "-o", "out", "--precision", "fp8"], "fp8"),
        (["segment", "a.png", "-o", "out", "--memory", "much"], "'much' is no amount of memory"),
        (["segment", "a.png", "-o", "out", "--memory", "0GB"], "no memory at all"),
    ],
)
def test_usage_errors_exit_with_2(arguments: list[str], word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert word in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--weights", "nowhere.safetensors"], "nowhere.safetensors: no such checkpoint"),
        (["--device", "tpu"], "Unknown device"),
        (["--ray-cores", "2"], "goes with --ray"),
        (["--weights", "README.md"], "README.md: is text, not weights"),
    ],
)
def test_a_model_that_cannot_be_had_exits_with_2(
    options: list[str], word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["segment", "a.png", "-o", str(tmp_path / "out"), *options]) == 2
    assert word in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_help_and_version_need_neither_torch_nor_qt() -> None:
    for option in ("--help", "--version"):
        program = (
            "import sys; from fcn_studio.cli.main import main\n"
            f"try: main(['{option}'])\n"
            "except SystemExit: print(any(name in sys.modules for name in ('torch', 'PySide6')))"
        )
        found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert found.stdout.strip().endswith("False")
