"""Where this machine keeps the history. Caller: api."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

PLACE = "DOCKERSPEC_HISTORY"
"""The environment variable that names another folder, or switches the history off."""

_OFF = frozenset({"off", "no", "0", "false"})


def history_folder(environ: Mapping[str, str] | None = None) -> Path | None:
    """The folder of the history; None where it is switched off, or there is no place for it.

    `DOCKERSPEC_HISTORY` if it is set (`off` for none); else `/var/lib/dockerspec` for root, and for others
    `$XDG_STATE_HOME/dockerspec`, by default `~/.local/state/dockerspec` (XDG Base Directory Specification).
    """
    values = os.environ if environ is None else environ
    wish = values.get(PLACE, "")
    if wish.lower() in _OFF:
        return None
    if wish:
        return Path(wish).absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/dockerspec")
    state = values.get("XDG_STATE_HOME", "")
    if state.startswith("/"):
        return Path(state) / "dockerspec"
    home = values.get("HOME", "")
    return Path(home) / ".local/state/dockerspec" if home.startswith("/") else None
