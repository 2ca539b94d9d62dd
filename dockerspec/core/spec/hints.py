"""What to write instead of keys that users bring from Compose files, and how to guess at misspelt ones.

Callers: `faults`. Limits: a table of words; it must shrink as the format grows (a test fails for a key that exists).
"""

from __future__ import annotations

from collections.abc import Iterable

from dockerspec.core.nearest import nearest

# Longer lists of keys help nobody.
_LIST_UP_TO = 12

_TOP = {
    "services": "rename it to 'containers:'",
    "name": "rename it to 'stack:'",
    "version": "delete it, or write 'dockerspec: 1'",
    "include": "give several files with -f",
    "models": "delete it",
}
_CONTAINER = {
    "build": "write it under 'images: {NAME: {build: ...}}' and 'image: {from: NAME}' here",
    "deploy": "write replicas, mem_limit, cpus, pids_limit and restart in the container itself",
    "profiles": "put optional containers into a second file and give it with -f",
    "extends": "use a YAML anchor and '<<: *anchor', or a second file with -f",
    "label_file": "write the labels under 'labels:'",
    "name": "rename it to 'container_name:', or leave it out",
    "env": "rename it to 'environment:'",
    "memory": "rename it to 'mem_limit:'",
    "cmd": "rename it to 'command:'",
    "mounts": "rename it to 'volumes:'",
}
_SWARM = dict.fromkeys(
    ("external", "driver", "driver_opts", "template_driver"), "delete it: only a swarm has this; give file: ./PATH"
)
TABLE: dict[tuple[str, ...], dict[str, str]] = {
    (): _TOP,
    ("containers", "*"): _CONTAINER,
    ("configs", "*"): _SWARM,
    ("secrets", "*"): _SWARM,
}


def for_unknown_key(where: tuple[str | int, ...], key: str, allowed: Iterable[str]) -> str:
    """Say what to write instead of an unknown key.

    Args:
        where: the path of the mapping that has the key.
        key: the unknown key.
        allowed: the keys that are known there.
    """
    pattern = (str(where[0]), "*") if len(where) == 2 else tuple(map(str, where))
    special = TABLE.get(pattern, {}).get(key)
    return special or did_you_mean(key, sorted(allowed)) or "delete it, or start its name with 'x-'"


def did_you_mean(word: str, known: list[str]) -> str:
    """Guess the word that was meant, or list the known ones where there are few; else an empty text."""
    close = nearest(word.lower().replace("-", "_"), known)
    if close:
        return f"did you mean '{close}'?"
    if known and len(known) <= _LIST_UP_TO:
        return f"write {'one of ' if len(known) > 1 else ''}{', '.join(known)}"
    return ""
