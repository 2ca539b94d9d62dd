"""The entry point of `dockerspec` and of `python -m dockerspec`."""

from __future__ import annotations

import gc
import os
import sys


def _hasten() -> None:
    """Trade memory for speed, which is right for a process that is over in a moment."""
    # Collecting cycles costs a tenth of a plan, and a run makes hardly any.
    gc.set_threshold(200_000, 50, 50)
    # pydantic looks through the metadata of every installed package for plugins; we use none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def run() -> None:
    """Run the command line and end the process with its exit status; no traceback ever reaches the user."""
    _hasten()
    try:
        from dockerspec.cli.main import program

        program(prog_name="dockerspec")
    except KeyboardInterrupt:  # before the command line's own handling stands, or after it
        sys.exit(130)
    finally:
        # The interpreter looks for cycles once more while it ends, through all that was made: there is nothing to find.
        gc.freeze()


if __name__ == "__main__":
    run()
