"""Ctrl-C during a run: the first one ends it in good order, the second one at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from dockerspec.cli import exits

STOPPING = "stopping: calls under way end, nothing new begins; Ctrl-C again leaves at once"
_SHOW_CURSOR = "\x1b[?25h"


@contextmanager
def stoppable(*, announce: bool) -> Iterator[threading.Event]:
    """Turn SIGINT and SIGTERM into a wish to stop while the block runs; restores the handlers after it.

    The value is the event that the wish sets. `announce` says so on standard error, for want of a live display.
    """
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        # Written past Python's buffers: the signal may have come in the middle of a write to them.
        if stop.is_set():
            os.write(2, _SHOW_CURSOR.encode() if os.isatty(2) else b"")
            os._exit(exits.INTERRUPTED)
        stop.set()
        if announce:
            os.write(2, f"\n{STOPPING}\n".encode())

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
