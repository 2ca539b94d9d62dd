"""Exit statuses. Scripts and CI jobs depend on them: see docs."""

from __future__ import annotations

OK = 0
FAILED = 1
CHANGES = 2
"""With `--detailed-exitcode` only: `plan` found something to do, `drift` something that drifted."""
REFUSED = 3
"""Nothing was done, since a guard was not confirmed or a rule forbids it."""
INTERRUPTED = 130
"""Stopped by Ctrl-C, as shells report it."""
