"""Nothing drifted, and nothing is due."""

from __future__ import annotations

from dockerspec.core.facts import EngineFacts
from dockerspec.core.report.drift import DriftReport

VALUE = DriftReport("shop", EngineFacts("28.5.2", (1, 51)), "unix:///var/run/docker.sock", unchanged=6)
