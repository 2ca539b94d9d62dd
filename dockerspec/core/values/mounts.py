"""Mounts: the short form `SOURCE:TARGET:OPTIONS` to the long form, and tmpfs lines.

Called by the spec model. Relative sources stay relative: only the loader knows the folder they start from.
"""

from __future__ import annotations

import re

from dockerspec.core.nearest import nearest
from dockerspec.core.values.shown import shown

PROPAGATIONS = ("rprivate", "private", "rshared", "shared", "rslave", "slave")

_CONSISTENCIES = ("consistent", "cached", "delegated")
_OPTIONS = ("ro", "rw", "z", "Z", "nocopy", *PROPAGATIONS, *_CONSISTENCIES)
_VOLUME_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]+"
_DRIVE = r"[A-Za-z]:[\\/]"
_PIPE = "\\\\.\\pipe\\"
_EXAMPLE = 'write "data:/var/lib/data", "./conf:/etc/conf:ro" or "/cache"'
_BRIEF = 60
"""The longest text that a suggestion repeats."""

Form = dict[str, object]


def parse_mount(value: object) -> Form:
    """Read the short form of a mount.

    Args:
        value: `TARGET` (an anonymous volume), `SOURCE:TARGET` or `SOURCE:TARGET:OPTIONS`. A source that starts with
            `.`, `/`, `~` or a drive letter is a path to bind, anything else names a volume.

    Returns:
        The long form as a mapping: `type`, `source`, `target`, and what the options say.

    Raises:
        ValueError: the text is no mount, or an option is unknown or does not fit the kind of mount.
    """
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError(f"{shown(value)} is no mount; {_EXAMPLE}")
    parts = _split(value.strip())
    if len(parts) > 3 or not all(parts):
        raise ValueError(f"{shown(value)} is no mount; {_EXAMPLE}")
    target = parts[0] if len(parts) == 1 else parts[1]
    source = None if len(parts) == 1 else parts[0]
    if source is None and re.match(_DRIVE, target) and "\\" not in target:
        raise ValueError(f"{shown(value)} is no mount; a volume's name has two or more characters, such as data:/data")
    if not _is_absolute(target):
        raise ValueError(_target_problem(value, target, alone=source is None))
    form: Form = {"type": _type(source), "source": source, "target": target}
    if len(parts) == 3:
        _apply_options(form, parts[2])
    return form


def parse_tmpfs(value: object) -> tuple[str, str]:
    """Read `TARGET` or `TARGET:OPTIONS` of a tmpfs mount, such as `/run:size=64m,mode=1777`.

    Raises:
        ValueError: the target is no absolute path.
    """
    text = value.strip() if isinstance(value, str) else ""
    target, _, options = text.partition(":")
    if not target.startswith("/"):
        raise ValueError(f'{shown(value)} is no tmpfs mount; write "/run" or "/run:size=64m,mode=1777"')
    return target, options


def check_target(value: str) -> str:
    """Let an absolute path within the container pass.

    Raises:
        ValueError: the path is relative.
    """
    if not _is_absolute(value):
        raise ValueError(f"the target {shown(value)} is not absolute; write a path such as /var/lib/data")
    return value


def is_path(source: str) -> bool:
    """Whether a short form's source is a path to bind rather than a volume's name."""
    return source.startswith((".", "/", "~")) or re.match(_DRIVE, source) is not None


def _split(text: str) -> list[str]:
    """Split at the colons that do not belong to a drive letter."""
    parts: list[str] = []
    for part in text.split(":"):
        drive = parts and len(parts[-1]) == 1 and parts[-1].isalpha() and part.startswith(("\\", "/"))
        if drive:
            parts[-1] = f"{parts[-1]}:{part}"
        else:
            parts.append(part)
    return parts


def _is_absolute(path: str) -> bool:
    return path.startswith(("/", "\\\\")) or re.match(_DRIVE, path) is not None


def _brief(text: str) -> str:
    """A text that is repeated in a suggestion; long ones by their name in general."""
    return text if len(text) <= _BRIEF else "SOURCE"


def _target_problem(value: str, target: str, *, alone: bool) -> str:
    if alone and is_path(target):
        return f"{shown(value)} has no target; write {_brief(target)}:/path/in/the/container"
    if alone:
        return f"{shown(value)} names no path in the container; write {_brief(target)}:/path/in/the/container"
    return f"the target {shown(target)} is not absolute; write a path such as /{target.lstrip('./')}"


def _type(source: str | None) -> str:
    if source is None:
        return "volume"
    if source.startswith(_PIPE):
        return "npipe"
    if is_path(source):
        return "bind"
    if re.fullmatch(_VOLUME_NAME, source) is None:
        raise ValueError(f"{shown(source)} is no volume's name; for a folder write ./{source}")
    return "volume"


def _apply_options(form: Form, text: str) -> None:
    for option in text.split(","):
        if option in ("ro", "rw"):
            form["read_only"] = option == "ro"
        elif option in ("z", "Z"):
            form["bind"] = {**_dict(form, "bind"), "selinux": option}
        elif option in _CONSISTENCIES:
            form["consistency"] = option
        elif option in PROPAGATIONS:
            _demand(form, "bind", option, "a bind mount")
            form["bind"] = {**_dict(form, "bind"), "propagation": option}
        elif option == "nocopy":
            _demand(form, "volume", option, "a volume")
            form["volume"] = {"nocopy": True}
        else:
            near = nearest(option, _OPTIONS)
            hint = f"did you mean '{near}'?" if near else f"write one of {', '.join(_OPTIONS)}"
            raise ValueError(f"{shown(option)} is no mount option; {hint}")


def _demand(form: Form, kind: str, option: str, word: str) -> None:
    if form["type"] != kind:
        raise ValueError(f"the option {option} works on {word} only; remove it, or change the source")


def _dict(form: Form, key: str) -> Form:
    found = form.get(key)
    return found if isinstance(found, dict) else {}
