"""Carrying out a plan: the walk over its graph, the calls, the waits, the ways back."""

PARALLELISM = 8
"""How many calls are under way at once, unless the caller says otherwise. Waits do not count."""
