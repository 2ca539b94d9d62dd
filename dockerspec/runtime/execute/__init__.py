"""Carrying out a plan: the walk over its graph, the calls, the waits, the ways back."""
