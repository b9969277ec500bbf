"""What a transplant did with every layer, for people and for a checkpoint's card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

Fate = Literal["copied", "reshaped", "adapted", "new", "left out"]
KEPT: tuple[Fate, ...] = ("copied", "reshaped", "adapted")
SHOWN = 4  # layer names in a line


@dataclass(frozen=True, slots=True)
class LayerFate:
    """What became of a layer: of the new net, or (`left out`) of the donor; `detail` is for the one layer alone."""

    name: str
    fate: Fate
    why: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Transplant:
    """What became of every layer of both nets.

    Attributes:
        layers: The new net's in order, then what the donor had besides.
        set_up: Normalisations (module names) that change nothing yet and should see pictures: see `calibrate`.
        notes: What else differs, a sentence each.
    """

    layers: tuple[LayerFate, ...]
    set_up: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def named(self, *fates: Fate) -> tuple[str, ...]:
        """The layers of one fate, or of several."""
        return tuple(layer.name for layer in self.layers if layer.fate in fates)

    def lines(self) -> list[str]:
        """The report for people: a line for each fate and reason."""
        groups: dict[tuple[Fate, str], list[LayerFate]] = {}
        for layer in self.layers:
            groups.setdefault((layer.fate, layer.why), []).append(layer)
        ordered = sorted(groups.items(), key=lambda group: get_args(Fate).index(group[0][0]))
        found = []
        for (fate, why), layers in ordered:
            names = [f"{layer.name} ({layer.detail})" if layer.detail else layer.name for layer in layers]
            if len(names) > SHOWN:
                names = [*names[: SHOWN - 2], "...", names[-1]]
            count = f"{len(layers)} layer{'s' if len(layers) > 1 else ''}"
            reason = f", {why}" if why else ""
            found.append(f"{fate} {count}{reason}: {', '.join(names)}")
        return [*found, *self.notes]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a checkpoint's card: the names by fate, and the notes."""
        fates: tuple[Fate, ...] = get_args(Fate)
        found = {fate.replace(" ", "_"): list(self.named(fate)) for fate in fates} | {"notes": list(self.notes)}
        return {key: names for key, names in found.items() if names}
