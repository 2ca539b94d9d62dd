"""The one exception of the kit. Callers: every module of the kit, and those who use it."""

from __future__ import annotations


class KitError(RuntimeError):
    """The kit can't do what was asked; the text says why and what to do."""
