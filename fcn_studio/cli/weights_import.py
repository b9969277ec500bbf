"""Convert a checkpoint of another program to FCN Studio's own format; what the file cannot say is asked for."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fcn_studio.cli.labels_option import label_file
from fcn_studio.core.errors import OutputError
from fcn_studio.core.labels import LabelSet, counted_classes, numbered_label_set

if TYPE_CHECKING:
    from fcn_studio.engine.checkpoints.native import Checkpoint
    from fcn_studio.engine.checkpoints.wanted import Wanted

NUMBERED = "numbered"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument(
        "source",
        metavar="SRC",
        type=Path,
        help="the published Caffe nets' .caffemodel; of PyTorch (.pth, .pth.tar, .ckpt, .safetensors, whatever its "
        "name): pytorch-fcn and others of its kind, torchvision (classifiers and fcn_resnet50, 101), course-code "
        "decoder FCNs",
    )
    parser.add_argument("-o", "--output", metavar="DST", type=Path, required=True, help="a new .safetensors file")
    add_choices(parser)
    parser.add_argument("--licence", metavar="TEXT", help="of the weights, noted in DST, such as Apache-2.0")
    parser.add_argument("--half", action="store_true", help="store weights in half precision: half the size")
    parser.add_argument("--force", action="store_true", help="replace DST if it is there")


def add_choices(parser: argparse.ArgumentParser) -> None:
    """Declares what a foreign file cannot say."""
    parser.add_argument(
        "--labels",
        metavar="NAME|FILE",
        help="a built-in label set, a TOML file, a labels.json, or `numbered` (default: the built-in set of that many "
        "classes, marked as guessed, or numbers)",
    )
    parser.add_argument(
        "--preprocessing",
        metavar="NAME",
        choices=("caffe", "imagenet", "halves", "lite"),
        help="caffe (BGR less the mean), imagenet (RGB, mean and deviation), halves (RGB from -1 to 1) or lite (RGB "
        "less 127, by 128); default: that of the program that wrote the file",
    )
    parser.add_argument("--head", choices=("semantic", "geometric"), help="of SIFT Flow's nets, which have two")
    parser.add_argument(
        "--decoder",
        choices=("fcn32s", "fcn16s", "fcn8s", "fcns"),
        help="which class a decoder's state dict belongs to (default: by the file's name)",
    )
    parser.add_argument(
        "--enlargement",
        choices=("nearest", "bilinear", "max_unpooling"),
        help="how a decoder enlarges whose layers are plain convolutions",
    )
    parser.add_argument(
        "--at-once",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="scale pool4 and pool3 as pytorch-fcn's FCN8sAtOnce does (default: by the file's name)",
    )


def run(args: argparse.Namespace) -> int:
    """Converts; prints what was found in a few lines."""
    import torch  # takes seconds

    from fcn_studio.core.catalog.checkpoint_file import FileKind, kind_of
    from fcn_studio.engine.checkpoints.binary import is_binary
    from fcn_studio.engine.checkpoints.caffe import scan_caffe
    from fcn_studio.engine.checkpoints.native import save_checkpoint, save_weights
    from fcn_studio.engine.checkpoints.opening import open_checkpoint
    from fcn_studio.engine.checkpoints.summary import summary

    output: Path = args.output
    if output.suffix != ".safetensors":
        raise OutputError(f"{output}: a checkpoint of FCN Studio ends in .safetensors; give it that name.")
    if output.exists() and not args.force:
        raise OutputError(f"{output} is there already; choose another name, or --force to replace it.")
    dtype = torch.float16 if args.half else torch.float32
    wanted = wanted_of(args)
    unread = scan_caffe(args.source, wanted) if kind_of(args.source) is FileKind.CAFFE else None
    if unread is not None and not is_binary(unread.checkpoint):
        found = unread.checkpoint  # half a gigabyte goes from file to file in pieces
        save_weights(output, found.net.architecture, unread.state, **_meaning(args, found), dtype=dtype)
    else:
        found = open_checkpoint(args.source, wanted)
        save_checkpoint(output, found.net, **_meaning(args, found), dtype=dtype)
    facts = summary(found)
    print(f"{output}: {facts.net}, {facts.variants}, {counted_classes(len(found.labels))} ({found.labels.title})")
    print(f"  input: {facts.preprocessing}")
    for word in facts.choices:
        print(f"  {word}")
    return 0


def _meaning(args: argparse.Namespace, found: Checkpoint) -> dict[str, Any]:
    """What is saved beside the weights."""
    card = {**found.card, "file": args.source.name, "sha256": found.digest}
    if args.licence:
        card["licence"] = args.licence
    return {"labels": found.labels, "preprocessing": found.preprocessing, "card": card}


def wanted_of(args: argparse.Namespace) -> Wanted:
    """The choices of the command line."""
    from fcn_studio.engine.checkpoints.wanted import Wanted  # torch takes seconds
    from fcn_studio.engine.nets.preprocess import PRESETS

    return Wanted(
        labels=_labels(args),
        preprocessing=None if args.preprocessing is None else PRESETS[args.preprocessing],
        at_once=args.at_once,
        head=args.head,
        decoder=args.decoder,
        enlargement=args.enlargement,
    )


def _labels(args: argparse.Namespace) -> LabelSet | None:
    if args.labels is None:
        return None
    if args.labels == NUMBERED:
        return numbered_label_set(_classes(args))
    return label_file(args.labels, also=(NUMBERED,)).labels


def _classes(args: argparse.Namespace) -> int:
    """How many the file scores, for names that are numbers."""
    from fcn_studio.engine.checkpoints.opening import classes_in  # torch takes seconds

    return classes_in(args.source, args.head)
