"""Aids for testing programs that use dockerspec: an engine in memory that answers as a real one does."""

from __future__ import annotations

from dockerspec.testing.engine import FakeEngine

__all__ = ["FakeEngine"]
