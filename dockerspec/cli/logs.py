"""The log on standard error that -vv asks for. Loaded only then."""

from __future__ import annotations

import logging

from dockerspec.cli.session import Session
from dockerspec.render.clean import Cleaner


class _Formatter(logging.Formatter):
    """Masks the secrets that are known by the time of the record, tracebacks included."""

    def __init__(self, session: Session) -> None:
        super().__init__("%(relativeCreated)8d ms  %(threadName)s  %(name)s: %(message)s")
        self._session = session

    def format(self, record: logging.LogRecord) -> str:
        """One record as text."""
        return "\n".join(Cleaner(self._session.mask).lines(super().format(record)))


def log_to_stderr(session: Session) -> None:
    """Write what dockerspec logs, from the level DEBUG on, to standard error."""
    logger = logging.getLogger("dockerspec")
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter(session))
    logger.handlers[:] = [handler]
    logger.setLevel(logging.DEBUG)
