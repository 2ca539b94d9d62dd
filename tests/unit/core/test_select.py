"""`--target`: what is chosen, what comes along, and what is not there."""

from __future__ import annotations

import pytest

from dockerspec.core.diff.differ import diff
from dockerspec.core.plan.select import select
from tests.unit.core.samples import desired, live, stack

SHOP = desired(
    stack(
        images={"app": {"image": "app:1"}},
        networks={"front": {}, "back": {}},
        volumes={"data": {}, "logs": {}},
        containers={
            "web": {
                "image": {"from": "app"},
                "replicas": 2,
                "networks": ["front"],
                "depends_on": ["db"],
                "volumes": ["logs:/logs", "/srv:/srv"],
            },
            "db": {"image": "app:1", "networks": ["back"], "volumes": ["data:/data"]},
            "side": {"image": "app:1", "network_mode": "service:web"},
            "lone": {"image": "app:1"},
        },
    )
)
DIFF = diff(SHOP, live(networks=[]))
DB = {"network.back", "volume.data", "container.db"}
WEB = DB | {"network.front", "volume.logs", "container.web"}


@pytest.mark.parametrize(
    ("targets", "chosen"),
    [
        (["container.db"], DB),
        (["db"], DB),
        (["web"], WEB | {"container.web[2]"}),
        (["web[2]"], (WEB - {"container.web"}) | {"container.web[2]"}),
        (["container.web[1]"], WEB),
        (["side"], WEB | {"container.web[2]", "container.side"}),
        (["lone"], {"network.default", "container.lone"}),
        (["network.front"], {"network.front"}),
        (["volume.data", "front"], {"volume.data", "network.front"}),
    ],
)
def test_a_target_takes_along_what_it_needs(targets: list[str], chosen: set[str]) -> None:
    found = select(DIFF, SHOP, targets)
    assert {str(item.change.address) for item in found.findings} == chosen
    assert found.diagnostics == ()


def test_no_target_is_everything() -> None:
    assert select(DIFF, SHOP, []) is DIFF


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("wbe", "did you mean 'web'?"),
        ("contaner.db", "did you mean 'container.db'?"),
        ("zzzzzz", "write KIND.NAME or NAME, as container.web"),
        ("web[3]", "did you mean"),
    ],
)
def test_a_target_that_is_not_there(target: str, hint: str) -> None:
    (fault,) = select(DIFF, SHOP, [target]).diagnostics
    assert fault.summary == f"--target {target} names nothing in the stack"
    assert hint in fault.fix
