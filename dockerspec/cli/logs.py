"""The log on standard error that -vv asks for. Loaded only then."""

from __future__ import annotations

import logging
from collections.abc import Callable

from dockerspec.render.clean import Cleaner


class _Formatter(logging.Formatter):
    """Masks the secrets that are known by the time of the record, tracebacks included."""

    def __init__(self, mask: Callable[[], frozenset[str]]) -> None:
        super().__init__("%(relativeCreated)8d ms  %(threadName)s  %(name)s: %(message)s")
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        """One record as text."""
        return "\n".join(Cleaner(self._mask()).lines(super().format(record)))


def log_to_stderr(mask: Callable[[], frozenset[str]]) -> None:
    """Write what dockerspec logs, from the level DEBUG on, to standard error; `mask` gives the secrets known so far."""
    logger = logging.getLogger("dockerspec")
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter(mask))
    logger.handlers[:] = [handler]
    logger.setLevel(logging.DEBUG)
