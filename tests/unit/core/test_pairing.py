"""Which live container stands for which desired one, after doubles and interrupted replacements."""

from __future__ import annotations

from typing import Any

import pytest

from dockerspec.core.diff.pairing import pair_containers
from dockerspec.core.ownership import ONE_OFF
from tests.unit.core.samples import desired, live, raw_container, stack

Json = Any
WEB = desired(stack(containers={"web": {"image": "app:1"}}))
UP = {"Status": "running"}
STARTING = {"Status": "running", "Health": {"Status": "starting"}}
HEALTHY = {"Status": "running", "Health": {"Status": "healthy"}}
CREATED = {"Status": "created"}
EXITED = {"Status": "exited"}
NAME, ASIDE = "shop-web-1", "shop-web-1.replaced"


@pytest.mark.parametrize(
    ("there", "kept", "extras", "finish"),
    [
        ({}, None, [], False),
        ({NAME: UP}, NAME, [], False),
        ({"other": UP}, "other", [], False),
        ({"b": UP, "a": UP}, "a", ["b"], False),
        ({"b": UP, "a": EXITED}, "b", ["a"], False),
        ({"a": UP, NAME: EXITED}, NAME, ["a"], False),
        ({ASIDE: UP}, ASIDE, [], False),
        ({ASIDE: EXITED, NAME: UP}, NAME, [ASIDE], True),
        ({ASIDE: EXITED, NAME: HEALTHY}, NAME, [ASIDE], True),
        ({ASIDE: UP, NAME: CREATED}, ASIDE, [NAME], False),
        ({ASIDE: EXITED, NAME: STARTING}, ASIDE, [NAME], False),
        ({ASIDE: EXITED, NAME: EXITED}, ASIDE, [NAME], False),
    ],
)
def test_one_stays_and_the_rest_go(there: dict[str, Json], kept: str | None, extras: list[str], finish: bool) -> None:
    state = live(*(raw_container(name, **state) for name, state in there.items()))
    (pair,) = pair_containers(WEB.containers, state.containers).pairs
    assert (pair.live.name if pair.live else None) == kept
    assert [item.name for item in pair.extras] == extras
    assert pair.finish is finish


JOB = {"image": "app:1", "state": "completed", "update": {"wait": {"exit_code": [0, 3]}}}
ENDED = {"Status": "exited", "FinishedAt": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(("code", "kept"), [(0, NAME), (3, NAME), (1, ASIDE)])
def test_a_job_that_has_ended_well_replaces_the_former_one(code: int, kept: str) -> None:
    state = live(raw_container(ASIDE, **ENDED), raw_container(NAME, **ENDED, ExitCode=code))
    job = desired(stack(containers={"web": JOB}))
    (pair,) = pair_containers(job.containers, state.containers).pairs
    assert pair.live is not None
    assert pair.live.name == kept
    assert pair.finish is (kept == NAME)


def test_what_is_left_of_a_hook_is_no_candidate() -> None:
    left = raw_container("shop-web-1.pre_start", **UP)
    left["Config"]["Labels"][ONE_OFF] = "0"
    pairing = pair_containers(WEB.containers, live(left).containers)
    assert pairing.pairs[0].live is None
    assert [item.name for item in pairing.one_offs] == ["shop-web-1.pre_start"]
    assert pairing.orphans == ()


def test_the_order_of_the_listing_means_nothing() -> None:
    items = [raw_container(name, **UP) for name in (NAME, "b", "a")]
    first = pair_containers(WEB.containers, live(*items).containers)
    second = pair_containers(WEB.containers, live(*reversed(items)).containers)
    assert first == second


def test_what_nobody_wants_is_an_orphan() -> None:
    state = live(raw_container(NAME), raw_container("shop-web-2", replica=2), raw_container("x", "gone"))
    pairing = pair_containers(WEB.containers, state.containers)
    assert [item.name for item in pairing.orphans] == ["x", "shop-web-2"]
    assert [pair.live is not None for pair in pairing.pairs] == [True]
