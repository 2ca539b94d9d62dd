"""All is well."""

from __future__ import annotations

from dockerspec.core.facts import EngineFacts
from dockerspec.core.report.status import StackStatus
from tests.unit.render.samples import row

VALUE = StackStatus(
    "shop",
    EngineFacts("28.5.2", (1, 51)),
    "unix:///var/run/docker.sock",
    (
        row("network.front", "present", "present"),
        row("volume.data", "present", "present"),
        row("container.db", "running", health="healthy", image="postgres:16", since="3h20m"),
        row("container.web", "running", image="nginx:1.27", since="5s", ports=("8080->80/tcp", "8443->443/tcp")),
    ),
    unchanged=4,
)
