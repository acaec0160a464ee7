"""Small JSON files that somebody may have written by hand: each value is looked at before it is used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

LARGEST = 1e6  # a coordinate beyond it is a mistake
MOST_BYTES = 20_000_000
MOST_NUMBERS = 100_000  # in a list


class Refused(ValueError):  # noqa: N818 - a clause, for whoever knows the file to tell
    """What is wrong with the file, as a clause: "it ..."."""


def read_json(path: Path, newest: int) -> Mapping[str, Any]:
    """The object in a file, whose "format" is at most ``newest``.

    Raises:
        Refused: it cannot be read, is no JSON object, or of another format.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Refused("it is too large")
        values = json.loads(path.read_text("utf-8"), parse_constant=_no_number)
    except OSError as error:
        raise Refused(f"it cannot be read ({error.strerror or error})") from error
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused("it is no JSON") from error
    if not isinstance(values, dict) or "format" not in values:
        raise Refused("it was not written by Latent Explorer")
    if not _is_whole(values["format"]) or values["format"] < 1:
        raise Refused("its 'format' is no whole number from 1 on")
    if values["format"] > newest:
        raise Refused(f"it was written by a newer Latent Explorer (format {values['format']}, not {newest})")
    return values


def value_in(values: Mapping[str, Any], name: str) -> Any:
    """Whatever is there."""
    if name not in values:
        raise Refused(f"it lacks '{name}'")
    return values[name]


def object_in(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object."""
    value = value_in(values, name)
    if not isinstance(value, dict):
        raise Refused(f"its '{name}' is no object")
    return value


def list_in(values: Mapping[str, Any], name: str) -> list[Any]:
    """A list of anything."""
    value = value_in(values, name)
    if not isinstance(value, list) or len(value) > MOST_NUMBERS:
        raise Refused(f"its '{name}' is no list")
    return value


def text_in(values: Mapping[str, Any], name: str) -> str:
    """A text that is not empty."""
    value = value_in(values, name)
    if not isinstance(value, str) or not value:
        raise Refused(f"its '{name}' is no text")
    return value


def texts_in(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A list of texts."""
    value = list_in(values, name)
    if not all(isinstance(text, str) for text in value):
        raise Refused(f"its '{name}' is no list of texts")
    return tuple(value)


def truth_in(values: Mapping[str, Any], name: str) -> bool:
    """True or false."""
    value = value_in(values, name)
    if not isinstance(value, bool):
        raise Refused(f"its '{name}' is neither true nor false")
    return value


def whole_in(values: Mapping[str, Any], name: str) -> int:
    """A whole number from 0 on."""
    value = value_in(values, name)
    if not _is_whole(value) or value < 0:
        raise Refused(f"its '{name}' is no whole number from 0 on")
    return int(value)


def label_in(values: Mapping[str, Any], name: str) -> int | None:
    """A label, or null."""
    return None if value_in(values, name) is None else whole_in(values, name)


def number_in(values: Mapping[str, Any], name: str) -> float:
    """A number that is neither infinite nor absurd."""
    value = value_in(values, name)
    if not _is_number(value):
        raise Refused(f"its '{name}' is no number that can be drawn")
    return float(value)


def code_in(values: Mapping[str, Any], name: str) -> tuple[float, ...]:
    """A list of such numbers, at least one."""
    value = list_in(values, name)
    if not value or not all(map(_is_number, value)):
        raise Refused(f"its '{name}' is no list of numbers that can be drawn")
    return tuple(map(float, value))


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -LARGEST <= value <= LARGEST  # neither infinite


def _no_number(name: str) -> NoReturn:
    raise Refused(f"it holds {name}, which is no number")
