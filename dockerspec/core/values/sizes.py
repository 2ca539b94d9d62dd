"""Sizes: `512m`, `1.5g`, `64KiB` to bytes and back.

Called by the spec model and by the renderers. Units count in 1024s throughout, as in Compose and the docker CLI.
"""

from __future__ import annotations

import re

from dockerspec.core.values.shown import shown

# Expressions are compiled on first use (re keeps them): start-up pays for none that a spec does not need.
_SIZE = r"(?ai)([0-9]{1,19})(?:\.([0-9]{1,19}))? ?([kmgtp]?)(?:i?b)?"
_UNITS = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40, "p": 50}
_LARGEST = 2**63 - 1

UNLIMITED = -1


def parse_size(value: object) -> int:
    """Read a size in bytes.

    Args:
        value: a whole number of bytes, or a text with a unit: b, k, m, g, t, p, each also as `kb` and `KiB`.

    Returns:
        Bytes; a fraction of a byte is dropped.

    Raises:
        ValueError: the value is no size, is negative, or is larger than the engine can hold.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        size = value
    else:
        match = re.fullmatch(_SIZE, value.strip()) if isinstance(value, str) else None
        if match is None:
            raise ValueError(
                f"{shown(value)} is no size; write bytes or a number with k, m, g or t, such as 512m or 1.5g"
            )
        whole, fraction, unit = match[1], match[2] or "", match[3].lower()
        size = (int(whole + fraction) << _UNITS[unit]) // 10 ** len(fraction)
    if not 0 <= size <= _LARGEST:
        problem = "is negative" if size < 0 else "is larger than the engine can hold"
        raise ValueError(f"the size {shown(value)} {problem}; write a size such as 512m or 1.5g")
    return size


def parse_size_or_unlimited(value: object) -> int:
    """Read a size in bytes, or -1 for no limit.

    Raises:
        ValueError: the value is neither.
    """
    if value == UNLIMITED or value == "-1":
        return UNLIMITED
    return parse_size(value)


def format_size(size: int) -> str:
    """Write bytes in the largest unit that loses nothing: 536870912 is `512m`, 1000 is `1000b`, -1 is `-1`."""
    if size == 0:
        return "0b"
    for unit, shift in reversed(_UNITS.items()):
        if unit and size % (1 << shift) == 0:
            return f"{size >> shift}{unit}"
    return f"{size}b" if size > 0 else str(size)
