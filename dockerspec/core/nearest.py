"""Guessing the word that a user meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was most likely meant, or None. Ties go to the first in alphabetical order."""
    from difflib import get_close_matches  # loaded only once somebody has erred

    return next(iter(get_close_matches(word, sorted(known), n=1, cutoff=0.6)), None)
