"""The last line of defence: every exception becomes a clean message on standard error and an exit status."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from dockerspec.cli import exits
from dockerspec.cli.session import Session
from dockerspec.errors import DockerspecError


def guarded(session: Session, call: Callable[[], Any]) -> int:
    """Run a command and answer with the exit status, whatever happens in it.

    A command answers with its status, or with None for success. A usage error counts as a failure (1): 2 would read
    as "there are changes" to a script that calls `plan --detailed-exitcode`.
    """
    try:
        result = call()
    except click.Abort:
        session.console.err("Stopped.\n")
        return exits.INTERRUPTED
    except click.ClickException as fault:
        fault.show()
        return exits.FAILED
    except KeyboardInterrupt:
        session.console.err("\nStopped.\n")
        return exits.INTERRUPTED
    except DockerspecError as fault:
        from dockerspec.cli.fault_text import foreseen  # what words need is slow to load, and most runs go well

        return foreseen(session, fault)
    except Exception as fault:
        from dockerspec.cli.fault_text import unforeseen

        return unforeseen(session, fault)
    return result if isinstance(result, int) else exits.OK
