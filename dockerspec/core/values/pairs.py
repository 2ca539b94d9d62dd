"""Lists that stand for mappings: `[KEY=VALUE, KEY]` for variables and labels, `[NAME]` for networks and dependencies.

Called by the spec model. Errors quote keys only, since a value may be a password.
"""

from __future__ import annotations

from collections.abc import Mapping

from dockerspec.core.values.shown import shown


def parse_pairs(value: object) -> dict[str, object]:
    """Read `[KEY=VALUE, KEY]` or a mapping as a mapping; a key without `=` has the value None.

    Args:
        value: the list or mapping. Numbers and booleans among the values become their YAML text; mappings and lists
            are left for the caller to judge.

    Raises:
        ValueError: the value is neither, an entry has no key, or a key stands in the list twice.
    """
    if isinstance(value, Mapping):
        return {key: yaml_text(item) for key, item in value.items()}
    if not isinstance(value, (list, tuple)):
        raise ValueError("this is no mapping or list of KEY=VALUE; write KEY: VALUE lines below the key")
    result: dict[str, object] = {}
    for number, item in enumerate(value):
        text = yaml_text(item)
        key, sign, found = text.partition("=") if isinstance(text, str) else ("", "", "")
        if not key:
            raise ValueError(f"entry {number + 1} of the list has no key; write KEY=VALUE")
        if key in result:
            raise ValueError(f"the key {shown(key)} stands in the list twice; remove one of them")
        result[key] = found if sign else None
    return result


def parse_environment(value: object) -> dict[str, object]:
    """Like `parse_pairs`, for variables, whose names can't hold a `=`.

    Raises:
        ValueError: as `parse_pairs`, or a name is empty or holds a `=`.
    """
    result = parse_pairs(value)
    for name in result:
        if not name or (isinstance(name, str) and "=" in name):
            raise ValueError("a variable's name is empty or holds a =; write NAME: VALUE")
    return result


def parse_texts(value: object) -> dict[str, object]:
    """Like `parse_pairs`, with an empty text for a key without a value.

    Raises:
        ValueError: as `parse_pairs`.
    """
    return {key: "" if found is None else found for key, found in parse_pairs(value).items()}


def parse_names(value: object) -> object:
    """Read `[NAME, ...]` as a mapping of each name to nothing; every other value is left as it is.

    Raises:
        ValueError: an entry is no text, or stands in the list twice.
    """
    if not isinstance(value, (list, tuple)):
        return value
    result: dict[str, None] = {}
    for item in value:
        if not isinstance(item, str):
            raise ValueError("the list may hold names only; write - NAME, or a mapping NAME: {...} for more")
        if item in result:
            raise ValueError(f"the name {shown(item)} stands in the list twice; remove one of them")
        result[item] = None
    return result


def yaml_text(value: object) -> object:
    """A number or boolean as YAML writes it; every other value is left as it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value
