"""One catalogue file: reads the TOML and checks every key, so that a slip of the pen is an error with its place.

Knows the keys of an entry and what they may hold. What the entries mean together (whose alias, which default)
is the catalogue's business.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.errors import UsageError

MODEL_TYPES = ("text_encoder", "text_decoder", "text_encoder_decoder", "vision", "audio", "multimodal", "custom")
# No run may ask for more: the tables would refuse its rows, and one such row keeps out its whole shard.
LONGEST_SEQUENCE = 2**24
_MOST_PARAMETERS = 10**15
MODALITIES = ("text", "image", "audio", "image+text", "audio+text")


@dataclass(frozen=True)
class Key:
    """What one key of an entry may hold, in words, as a check, and as a line to copy."""

    wanted: str
    accepts: Callable[[Any], bool]
    example: str


def _one_of(words: tuple[str, ...]) -> Key:
    # A list has no place in `in` of strings: compare types first.
    return Key(f"one of {', '.join(words)}", lambda value: isinstance(value, str) and value in words, f'"{words[0]}"')


def _text(example: str) -> Key:
    return Key("a text that is not empty", lambda value: isinstance(value, str) and bool(value.strip()), f'"{example}"')


def _count(example: str, largest: int) -> Key:
    # bool is an int to Python, and `parameters = true` a mistake to us.
    return Key(
        f"a whole number from 1 to {largest}", lambda value: type(value) is int and 0 < value <= largest, example
    )


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) and _is_name(name) for name in value)


def _is_plain(value: Any) -> bool:
    """TOML has dates, too, which no configuration has and JSON cannot carry."""
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return isinstance(value, str | int | float | bool)


KEYS = {
    "family": _text("bert"),
    "model_type": _one_of(MODEL_TYPES),
    "modality": _one_of(MODALITIES),
    "task": _text("fill-mask"),
    "architecture": _text("BertForMaskedLM"),
    "config_class": _text("BertConfig"),
    "overrides": Key(
        "a table without dates", lambda value: isinstance(value, dict) and _is_plain(value), "{ hidden_size = 128 }"
    ),
    "parameters": _count("4_385_920", _MOST_PARAMETERS),
    "parameters_untied": _count("4_385_920", _MOST_PARAMETERS),
    "sequence_length": _count("128", LONGEST_SEQUENCE),
    "license": _text("Apache-2.0"),
    "revision": _text("where the numbers come from"),
    "aliases": Key("a list of names without spaces and commas", _is_names, '["short-name"]'),
    # Instead of an architecture: a folder, an .onnx or .xml file, or models:/name/version of a registry.
    "path": _text("./my-bert"),
    "default": Key("true or false", lambda value: isinstance(value, bool), "true"),
}
REQUIRED = ("family", "model_type", "modality", "architecture", "config_class")


def read_entries(file: Path) -> dict[str, dict[str, Any]]:
    """Entries by model id, each key checked. Missing keys are allowed here: an entry may refine a shipped one."""
    entries = _parse(file)
    for model_id, entry in entries.items():
        _check_entry(file, model_id, entry)
    return entries


def check_complete(file: Path, model_id: str, entry: dict[str, Any]) -> None:
    if "path" in entry:
        surplus = sorted(entry.keys() - {"path", "aliases"})
        if surplus:
            raise _error(file, model_id, f"has a path, so what it is stands there: leave out {', '.join(surplus)}")
        return
    for key in REQUIRED:
        if key not in entry:
            raise _error(file, model_id, f"has no {key}. Write for example: {_example(key)}")


def nearest(name: str, known: Iterable[str]) -> str:
    """`Did you mean a, b?` with a space before it, or nothing."""
    found = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    return f" Did you mean {', '.join(found)}?" if found else ""


def _parse(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))  # some editors begin with a mark
    except FileNotFoundError:
        raise UsageError(f"The catalogue {file} does not exist. Create it, or name another file.") from None
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"The catalogue {file} cannot be read as text: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f'{file} is not valid TOML: {error}. An entry begins with ["org/name"].') from error


def _check_entry(file: Path, model_id: str, entry: Any) -> None:
    if not isinstance(entry, dict):
        raise _error(
            file, model_id, f'is not an entry. Begin one with ["org/name"], then lines like {_example("family")}'
        )
    if not _is_name(model_id):
        raise _error(file, model_id, 'has a name with spaces or commas, or none. Write for example: ["org/name"]')
    for key, value in entry.items():
        _check_value(file, model_id, key, value)


def _check_value(file: Path, model_id: str, key: str, value: Any) -> None:
    if key not in KEYS:
        hint = nearest(key, KEYS) or f" Known keys: {', '.join(KEYS)}."
        raise _error(file, model_id, f"has an unknown key {key!r}.{hint}")
    if not KEYS[key].accepts(value):
        raise _error(
            file, model_id, f"{key} = {value!r} must be {KEYS[key].wanted}. Write for example: {_example(key)}"
        )


def _is_name(name: str) -> bool:
    """Names are listed with commas on the command line."""
    return bool(name) and name.isprintable() and not any(letter.isspace() or letter == "," for letter in name)


def _example(key: str) -> str:
    return f"{key} = {KEYS[key].example}"


def _error(file: Path, model_id: str, what: str) -> UsageError:
    return UsageError(f'{file}: ["{model_id}"] {what}')
