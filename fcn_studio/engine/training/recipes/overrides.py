"""Entries of a recipe set from outside, as `--set KEY=VALUE` does."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from fcn_studio.core.errors import DataError

WORD = re.compile(r"[A-Za-z][\w.-]*")  # shells take quotes away, so a word alone is a string
RIVALS = {"epochs": "iterations", "iterations": "epochs"}  # either says how long a stage is


def parse_overrides(settings: Sequence[str]) -> dict[str, Any]:
    """Values by key, in order; a later one of the same key wins.

    Raises:
        DataError: One is not KEY=VALUE, or its value is not TOML.
    """
    found = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key.strip():
            raise DataError(f"{setting!r}: a setting is KEY=VALUE, such as learning_rate=1e-4.")
        found[key.strip()] = _toml(setting, text.strip())
    return found


def _toml(setting: str, text: str) -> Any:
    try:
        values = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError as error:
        if WORD.fullmatch(text):
            return text
        raise DataError(
            f"{setting!r}: the value is not TOML ({error}); in a shell, put quotes around the whole setting."
        ) from error
    if list(values) != ["value"]:
        raise DataError(f"{setting!r}: one value is wanted.")
    return values["value"]


def override(
    plain: dict[str, Any], given: Mapping[str, Any], *, keys: Sequence[str], stage_keys: Sequence[str]
) -> None:
    """Sets the values in a recipe's plain form, in place.

    Args:
        plain: What `Recipe.to_dict` gave.
        given: By key: an entry, or `stages.N.ENTRY` with a number from 0 or `*` for all.
        keys: Entries of a recipe.
        stage_keys: Entries of a stage.

    Raises:
        DataError: There is no such entry or stage.
    """
    for key, value in given.items():
        first, *rest = key.split(".")
        if first == "stages" and len(rest) == 2:
            _check_known(key, rest[1], stage_keys, "a stage")
            for stage in _chosen(key, rest[0], plain["stages"]):
                stage[rest[1]] = value
                stage.pop(RIVALS.get(rest[1], ""), None)
        elif rest or first == "stages":
            raise DataError(
                f"{key}: stages are set by number or all at once, as in stages.0.crop=[96, 128] or stages.*.batch=4; "
                f"a stage has: {', '.join(stage_keys)}."
            )
        else:
            _check_known(key, first, (*keys, "scheme"), "a recipe")
            plain[first] = value


def _check_known(key: str, name: str, known: Sequence[str], owner: str) -> None:
    if name not in known:
        raise DataError(f"{key}: {owner} has no entry {name!r}; it has: {', '.join(sorted(known))}.")


def _chosen(key: str, number: str, stages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if number == "*":
        return stages
    if not number.isdecimal() or int(number) >= len(stages):
        raise DataError(f"{key}: the recipe has {len(stages)} stages, numbered from 0, or * for all.")
    return [stages[int(number)]]
