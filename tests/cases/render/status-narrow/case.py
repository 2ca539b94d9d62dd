"""The image gives way where the page is narrow."""

from __future__ import annotations

from dockerspec.core.facts import EngineFacts
from dockerspec.core.report.status import StackStatus
from dockerspec.render.style import Style
from tests.unit.render.samples import row

VALUE = StackStatus(
    "shop",
    EngineFacts("28.5.2", (1, 51)),
    "tcp://docker.example:2376",
    (row("container.web", "running", image=f"images.example/{'long/' * 12}web:1.27", ports=("8080->80/tcp",)),),
    unchanged=1,
)
OPTIONS = {"style": Style(width=70)}
