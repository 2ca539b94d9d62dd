"""Durations: `1m30s`, `500ms`, `1.5h` to nanoseconds and back.

Called by the spec model and by the renderers. The engine counts in nanoseconds, so whole numbers are exact.
"""

from __future__ import annotations

import re

from dockerspec.core.values.shown import shown

MICROSECOND = 1_000
MILLISECOND = 1_000_000
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

_UNITS = {
    "ns": 1,
    "us": MICROSECOND,
    "µs": MICROSECOND,
    "ms": MILLISECOND,
    "s": SECOND,
    "m": MINUTE,
    "h": HOUR,
    "d": 24 * HOUR,
    "w": 7 * 24 * HOUR,
}
_PART = r"([0-9]{1,19})(?:\.([0-9]{1,19}))?(ns|us|µs|ms|s|m|h|d|w)"
_LARGEST = 2**63 - 1


def parse_duration(value: object) -> int:
    """Read a duration in nanoseconds.

    Args:
        value: a text such as `1m30s`, `500ms` or `1.5h`; the bare number 0 needs no unit.

    Raises:
        ValueError: the value is no duration, lacks its unit, or is longer than 292 years.
    """
    if value == "0" or (value == 0 and not isinstance(value, bool)):
        return 0
    text = value.strip() if isinstance(value, str) else ""
    if (isinstance(value, int) and not isinstance(value, bool)) or text.isdigit():
        raise ValueError(f"the duration {shown(value)} lacks its unit; write {_with_unit(text or value)} for seconds")
    total, place = 0, 0
    while place < len(text):
        match = re.compile(_PART).match(text, place)
        if match is None:
            break
        fraction = match[2] or ""
        total += int(match[1] + fraction) * _UNITS[match[3]] // 10 ** len(fraction)
        place = match.end()
    if not text or place < len(text):
        raise ValueError(f"{shown(value)} is no duration; write numbers with units, such as 500ms, 30s or 1m30s")
    if total > _LARGEST:
        raise ValueError(f"the duration {shown(value)} is longer than 292 years; write a shorter one")
    return total


def parse_microseconds(value: object) -> int:
    """Read a time of the CPU scheduler: a whole number of microseconds, or a duration such as `50ms`.

    Raises:
        ValueError: the value is neither, or is negative.
    """
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < _DIGITS:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 0:
            raise ValueError(f"the time {value} is negative; write microseconds or a duration such as 50ms")
        return value
    return parse_duration(value) // MICROSECOND


def parse_quota(value: object) -> int:
    """Read a quota of the CPU scheduler: as `parse_microseconds`, and -1 for none.

    Raises:
        ValueError: the value is neither.
    """
    return -1 if value in (-1, "-1") else parse_microseconds(value)


def format_duration(duration: int) -> str:
    """Write nanoseconds as Go does: `1h30m`, `1m30s`, `1.5s`, `500ms`, `0s`; zero parts are left out."""
    sign, rest = ("-", -duration) if duration < 0 else ("", duration)
    if rest == 0:
        return "0s"
    if rest < SECOND:
        unit = "ms" if rest >= MILLISECOND else "us" if rest >= MICROSECOND else "ns"
        return f"{sign}{_decimal(rest, _UNITS[unit])}{unit}"
    hours, rest = divmod(rest, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    parts = [f"{hours}h" if hours else "", f"{minutes}m" if minutes else ""]
    parts.append(f"{_decimal(rest, SECOND)}s" if rest else "")
    return sign + "".join(parts)


_DIGITS = 20


def _decimal(amount: int, unit: int) -> str:
    whole, rest = divmod(amount, unit)
    digits = str(rest).rjust(len(str(unit)) - 1, "0").rstrip("0") if rest else ""
    return f"{whole}.{digits}" if digits else str(whole)


def _with_unit(value: object) -> str:
    return f"{shown(value).strip(chr(39))}s"
