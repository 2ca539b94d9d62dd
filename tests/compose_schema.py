"""The keys that Compose itself knows: the JSON schema is in its program, word for word.

Caller: test_compose_parity.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_START = re.compile(rb'\{\s*"\$schema"')
_LONGEST = 400_000
_EXTENSION = "^x-"

Schema = dict[str, Any]
Keys = tuple[str, ...]


def schema_in(program: Path) -> Schema:
    """The schema that a program of Compose checks files by.

    Raises:
        LookupError: there is none in it.
    """
    content = program.read_bytes()
    for found in _START.finditer(content):
        text = content[found.start() : found.start() + _LONGEST].decode("utf-8", "replace")
        try:
            schema: Schema = json.JSONDecoder().raw_decode(text)[0]
        except ValueError:
            continue
        if "services" in schema.get("properties", {}):
            return schema
    raise LookupError(f"no schema of Compose files in {program}")


def keys_in(schema: Schema) -> Iterator[Keys]:
    """Every key of a schema: `*` stands for a name, the items of lists are not told apart."""
    yield from _below(schema, schema, ())


def _below(schema: Schema, part: Schema, path: Keys) -> Iterator[Keys]:
    while "$ref" in part:
        _, section, name = part["$ref"].split("/")
        part = schema[section][name]
    for word in ("oneOf", "anyOf", "allOf"):
        for choice in part.get(word, ()):
            yield from _below(schema, choice, path)
    for key, value in part.get("properties", {}).items():
        yield (*path, key)
        yield from _below(schema, value, (*path, key))
    for pattern, value in part.get("patternProperties", {}).items():
        if not pattern.startswith(_EXTENSION):
            yield from _below(schema, value, (*path, "*"))
    for word, step in (("additionalProperties", ("*",)), ("items", ())):
        if isinstance(part.get(word), dict):
            yield from _below(schema, part[word], (*path, *step))
