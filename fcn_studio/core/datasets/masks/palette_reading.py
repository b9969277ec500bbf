"""By what a mask is read: its numbers, its colours, or the colours of its palette.

Image editors and optimisers keep the colours of an indexed mask and put its palette into another order, so that its
indices say nothing any more; others save numbers as grey colours.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import Enum

from fcn_studio.core.datasets.masks.encoding import ALSO_VOID, VALUES, Encoding
from fcn_studio.core.labels import LabelSet, voc_colour

GREY = 0x010101  # a grey's code is its level times this


class ReadBy(Enum):
    """What of a mask's pixels tells the class."""

    NUMBERS = "numbers"
    COLOURS = "colours"
    PALETTE = "palette"  # the colour that the palette has at an index
    GREY_PALETTE = "grey palette"  # the grey level that the palette has at an index, as a number
    GREYS = "greys"  # the level of a grey colour, as a number


def code(colour: Sequence[int]) -> int:
    """0xRRGGBB of (red, green, blue)."""
    return colour[0] << 16 | colour[1] << 8 | colour[2]


def rgb(number: int) -> tuple[int, int, int]:
    """(red, green, blue) of 0xRRGGBB."""
    return number >> 16, number >> 8 & 255, number & 255


def colour_numbers(labels: LabelSet) -> dict[int, int]:
    """By 0xRRGGBB, the class index of each colour of a label set, or its void.

    The first of equal colours counts, and a class before void.
    """
    numbers: dict[int, int] = {}
    for index, colour in enumerate((*labels.colours, labels.void_colour)):
        numbers.setdefault(code(colour), index if index < len(labels) else labels.void)
    return numbers


def from_map(labels: LabelSet, first: int) -> bool:
    """Whether a set's colours are those of VOC's map from its `first` on, which sets without any of their own get."""
    count = min(len(labels), VALUES - first)
    return labels.colours[:count] == tuple(voc_colour(index + first) for index in range(count))


def read_colours_by(used: Collection[int], labels: LabelSet, encoding: Encoding) -> ReadBy:
    """By what to read a mask of colours.

    Args:
        used: 0xRRGGBB of its pixels.
        labels: The classes.
        encoding: What numbers stand for.
    """
    if any(value % GREY for value in used):
        return ReadBy.COLOURS
    known = colour_numbers(labels)
    if from_map(labels, 1):  # black is void in these colours only because nobody has chosen them
        _, legal = encoding.table(labels)
        return ReadBy.GREYS if all(legal[value // GREY] for value in used) else ReadBy.COLOURS
    if any(value in known for value in used if value) or all(value in known for value in used):
        return ReadBy.COLOURS
    return ReadBy.GREYS


def read_indices_by(
    used: Collection[int], palette: Sequence[int] | None, labels: LabelSet, encoding: Encoding
) -> ReadBy:
    """By what to read a mask of indices.

    Args:
        used: Its values.
        palette: 0xRRGGBB of each index, or None where it has no palette.
        labels: The classes.
        encoding: What numbers stand for.
    """
    if not palette or not any(palette) or agrees(used, palette, labels, encoding):
        return ReadBy.NUMBERS
    colours = {_at(palette, value) for value in used}
    known = colour_numbers(labels)
    mine = [colour for colour in colours if colour in known]
    # A map that gives each index its colour, whatever the classes are, says nothing of this set's.
    is_any_sets = all(colour == code(voc_colour(index)) for index, colour in enumerate(palette[:VALUES]))
    is_mostly_mine = len(mine) > 1 or 2 * len(set(palette) & known.keys()) >= len(set(palette))
    if 2 * len(mine) > len(colours) and is_mostly_mine and not is_any_sets and not from_map(labels, 1):
        return ReadBy.PALETTE
    if len(colours) == len(used) and all(colour % GREY == 0 for colour in palette):
        _, legal = encoding.table(labels)
        has_255 = ALSO_VOID in (*(encoding.values or ()), *(encoding.void or ()))
        levels = [colour // GREY for colour in palette]
        if all(legal[level] and (level != ALSO_VOID or has_255) for level in levels):
            return ReadBy.GREY_PALETTE
    return ReadBy.NUMBERS


def has_other_colours(
    used: Collection[int], palette: Sequence[int] | None, labels: LabelSet, encoding: Encoding
) -> bool:
    """Whether a mask that is read by its indices shows other colours than its classes have; greys show none."""
    if not palette or all(colour % GREY == 0 for colour in palette):
        return False
    return not agrees(used, palette, labels, encoding)


def agrees(used: Collection[int], palette: Sequence[int], labels: LabelSet, encoding: Encoding) -> bool:
    """Whether a palette has, at each index in use, the colour of the class that the index stands for."""
    indices, legal = encoding.table(labels)
    colours = (*labels.colours, *[labels.void_colour] * (VALUES - len(labels)))
    for value in used:
        if value >= VALUES or not legal[value]:
            return False
        index = int(indices[value])
        # Void is drawn in many colours; a palette is told by those of the classes.
        if index != labels.void and _at(palette, value) != code(colours[index]):
            return False
    return True


def through_palette(value: int, palette: Sequence[int], how: ReadBy) -> int:
    """What an index stands for in a mask that is read by its palette: 0xRRGGBB, or the number that a grey is."""
    colour = _at(palette, value)
    return colour // GREY if how is ReadBy.GREY_PALETTE else colour


def _at(palette: Sequence[int], value: int) -> int:
    return palette[value] if value < len(palette) else 0
