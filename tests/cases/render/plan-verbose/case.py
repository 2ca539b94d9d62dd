"""With -v the engine calls follow, with what each waits for."""

from __future__ import annotations

from dockerspec.core.address import Address
from dockerspec.core.plan.action import PullImage
from tests.unit.render.samples import change, create, plan, ready, start

VALUE = plan(
    change("image.web", "create", "not on the host"),
    change("container.web", "create", "not on the host"),
    actions=(
        PullImage(address=Address.parse("image.web"), cause="not on the host", reference="web:1"),
        create("container.web", "shop-web-1"),
        start("container.web", "shop-web-1"),
        ready("container.web", "shop-web-1"),
    ),
)
OPTIONS = {"verbose": 1}
