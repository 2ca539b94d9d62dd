"""The entry point of `dockerspec` and of `python -m dockerspec`."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command line and end the process with its exit status; no traceback ever reaches the user."""
    try:
        from dockerspec.cli.main import program

        program(prog_name="dockerspec")
    except KeyboardInterrupt:  # before the command line's own handling stands, or after it
        sys.exit(130)


if __name__ == "__main__":
    run()
