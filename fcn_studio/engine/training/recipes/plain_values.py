"""Values of recipes as TOML and JSON have them, held against the types of the entries."""

from __future__ import annotations

from typing import Any

from fcn_studio.core.errors import DataError


def listed(value: Any) -> Any:
    """The value, a tuple as a list."""
    return list(value) if isinstance(value, tuple) else value


def typed(name: str, value: Any, kind: str) -> Any:
    """The value as an entry's type has it: lists as tuples, whole numbers as floats where those are wanted.

    Args:
        name: The entry's, for the error.
        value: A plain value.
        kind: The entry's annotation: `int`, `float`, `str`, a tuple of two or of any number of these, `| None` or not.

    Raises:
        DataError: It is of another type.
    """
    kind = kind.removesuffix(" | None")
    if kind.startswith("tuple"):
        inner, _, length = kind.removeprefix("tuple[").removesuffix("]").partition(", ")
        if isinstance(value, (list, tuple)) and (length == "..." or len(value) == 2):
            return tuple(typed(name, each, inner) for each in value)
        raise DataError(f"{name} = {value!r} must be a list{'' if length == '...' else ' of two'}.")
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "float" and number:
        return float(value)
    if kind == "int" and number and (isinstance(value, int) or value.is_integer()):
        return int(value)
    if {"str": str, "bool": bool}.get(kind) is type(value):
        return value
    wanted = {"int": "a whole number", "float": "a number", "str": "a word", "bool": "true or false"}
    raise DataError(f"{name} = {value!r} must be {wanted[kind]}.")
