"""Ctrl-C while a plan is carried out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from dockerspec.cli.interrupt import stoppable


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("announce", [True, False])
def test_the_first_signal_is_a_wish(capfd: pytest.CaptureFixture[str], number: int, announce: bool) -> None:
    before = signal.getsignal(number)
    with stoppable(announce=announce) as stop:
        assert not stop.is_set()
        os.kill(os.getpid(), number)
        assert stop.wait(5)
    assert ("Ctrl-C again" in capfd.readouterr().err) is announce
    assert signal.getsignal(number) is before


def test_the_second_signal_ends_the_process() -> None:
    code = """
import os, signal
from dockerspec.cli.interrupt import stoppable
with stoppable(announce=True):
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGINT)
    print("still here")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (130, "")
