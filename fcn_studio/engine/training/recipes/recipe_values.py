"""A recipe's plain values, as TOML and checkpoints have them, made ready for `Recipe`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fcn_studio.core.errors import DataError
from fcn_studio.core.graph.names import PUBLISHED
from fcn_studio.engine.nets.decoder import SCHEMES
from fcn_studio.engine.training.recipes.plain_values import typed
from fcn_studio.engine.training.recipes.stages import Stage

# Entries of a recipe that are the architecture's, by what `net` says.
BOTH = ("batch_norm", "channels", "trunk", "upsampling")
FCN_ONLY = (
    "alignment",
    "dropout",
    "fc_channels",
    "groups",
    "local_response_norm",
    "pool3_scale",
    "pool4_scale",
    "variants",
)
DECODER_ONLY = ("addition", "last_channels", "skips")
DEFAULT_WEIGHTS = (0.3, 0.4, 1.0)  # of the losses at strides 32, 16 and 8
COARSER = 0.3  # of those before the last three


def recipe_values(values: Mapping[str, Any], kinds: Mapping[str, str]) -> dict[str, Any]:
    """What `Recipe` is made from; see `Recipe.from_dict`.

    Args:
        values: Plain values by entry.
        kinds: The entries' annotations.

    Raises:
        DataError: An entry is unknown or of another type, or there is no stage.
    """
    values = _without_scheme(values)
    if unknown := sorted(set(values) - set(kinds)):
        raise DataError(f"Unknown recipe key {unknown[0]!r}; a recipe has: {', '.join(sorted(kinds))}.")
    stages = values.get("stages")
    if not isinstance(stages, (list, tuple)) or not stages:
        raise DataError("The recipe has no stages; it needs one at least: [[stages]] with epochs, crop and batch.")
    plain: dict[str, Any] = {}
    for key, value in values.items():
        if key in (*BOTH, *FCN_ONLY, *DECODER_ONLY):  # the architecture has its own checks
            plain[key] = tuple(value) if isinstance(value, list) else value
        elif key != "stages":
            plain[key] = typed(key, value, kinds[key])
    plain["stages"] = tuple(Stage.from_dict(stage) for stage in stages)
    if "variant_weights" not in plain:
        variants = plain.get("variants", PUBLISHED)
        outputs = 1 if plain.get("net") == "decoder" else len(variants) if isinstance(variants, tuple) else 1
        plain["variant_weights"] = ((COARSER,) * outputs + DEFAULT_WEIGHTS)[-outputs:]
    return plain


def _without_scheme(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with `scheme` written out."""
    plain = dict(values)
    if "scheme" not in plain:
        return plain
    scheme = plain.pop("scheme")
    if scheme not in SCHEMES:
        raise DataError(f"Unknown scheme {scheme!r}; it is one of {', '.join(SCHEMES)}.")
    if both := sorted({"skips", "addition"} & set(plain)):
        raise DataError(f"The recipe has scheme and {both[0]}, which say the same; leave one out.")
    skips, addition = SCHEMES[scheme]
    return plain | {"skips": skips, "addition": addition}
