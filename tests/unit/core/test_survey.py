"""The status table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dockerspec.core.diff.differ import diff
from dockerspec.core.report.status import StackStatus, StatusRow
from dockerspec.core.report.survey import survey
from tests.unit.core.samples import desired, live, raw_container, raw_volume, stack

Json = Any
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def look(sections: Json, *there: Json, **objects: list[Json]) -> StackStatus:
    state, wanted = live(*there, **objects), desired(stack(**sections))
    return survey(wanted, state, diff(wanted, state), "unix:///s", NOW.timestamp())


def row(status: StackStatus, address: str) -> StatusRow:
    (found,) = (item for item in status.rows if str(item.address) == address)
    return found


WEB = {"containers": {"web": {"image": "app:1"}}}


def test_a_container_as_it_should_be() -> None:
    started = (NOW - timedelta(hours=3, minutes=20)).isoformat()
    status = look(WEB, raw_container("shop-web-1", StartedAt=started, Health={"Status": "healthy"}))
    found = row(status, "container.web")
    assert (found.name, found.want, found.state, found.health) == ("shop-web-1", "running", "running", "healthy")
    assert (found.image, found.since, found.drift, found.note) == ("app:1", "3h20m", (), "")
    assert (status.stack, status.endpoint, status.unchanged) == ("shop", "unix:///s", 3)


def test_what_is_not_there() -> None:
    found = row(look(WEB), "container.web")
    assert (found.name, found.state, found.note) == ("", "absent", "not on the host")


def test_what_nobody_wants_is_listed_too() -> None:
    status = look(WEB, raw_container("x", "gone"), volumes=[raw_volume("shop_data", "data")])
    assert (row(status, "container.gone").want, row(status, "container.gone").note) == (
        "absent",
        "no longer in the spec",
    )
    kept = row(status, "volume.data")
    assert (kept.want, kept.state) == ("absent", "present")
    assert "--delete-volume data" in kept.note


def test_drift_is_in_the_row_of_its_object() -> None:
    raw = raw_container("shop-web-1", Status="exited", ExitCode=3, Error="no such file")
    found = row(look(WEB, raw), "container.web")
    assert (found.state, found.note) == ("exited (code 3)", "no such file")
    assert [change.path for change in found.drift] == ["state"]


def test_ports_are_shown_as_people_write_them() -> None:
    raw = raw_container("shop-web-1")
    raw["HostConfig"]["PortBindings"] = {
        "80/tcp": [{"HostPort": "8080"}, {"HostIp": "127.0.0.1", "HostPort": "81"}],
        "53/udp": [{"HostPort": ""}],
    }
    assert row(look(WEB, raw), "container.web").ports == ("*->53/udp", "127.0.0.1:81->80/tcp", "8080->80/tcp")


def test_a_host_port_that_the_engine_chose_is_shown() -> None:
    raw = raw_container("shop-web-1")
    raw["HostConfig"]["PortBindings"] = {
        "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}],
        "53/udp": [{"HostPort": ""}],
        "90/tcp": [{"HostIp": "::1", "HostPort": "8000-8010"}],
    }
    raw["NetworkSettings"]["Ports"] = {
        "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "49153"}],
        "53/udp": [{"HostIp": "0.0.0.0", "HostPort": "49154"}, {"HostIp": "::", "HostPort": "49154"}],
        "90/tcp": [{"HostIp": "::1", "HostPort": "8003"}],
    }
    found = row(look(WEB, raw), "container.web").ports
    assert found == ("49154->53/udp", "127.0.0.1:49153->80/tcp", "[::1]:8003->90/tcp")


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (timedelta(0), "0s"),
        (timedelta(seconds=59), "59s"),
        (timedelta(seconds=60), "1m0s"),
        (timedelta(hours=1), "1h0m"),
        (timedelta(days=2, seconds=30), "2d0h"),
        (timedelta(days=2, hours=5, minutes=9), "2d5h"),
        (timedelta(seconds=-5), "0s"),  # the engine's clock is ahead of ours
    ],
)
def test_times_are_rough(ago: timedelta, shown: str) -> None:
    raw = raw_container("shop-web-1", StartedAt=(NOW - ago).isoformat().replace("+00:00", ".000000000Z"))
    assert row(look(WEB, raw), "container.web").since == shown


def test_a_container_that_stopped_tells_since_when() -> None:
    times = {"StartedAt": "2026-01-01T00:00:00Z", "FinishedAt": "2026-01-02T03:04:00Z"}
    assert row(look(WEB, raw_container("shop-web-1", Status="exited", **times)), "container.web").since == "5s"


def test_a_container_that_never_ran_tells_nothing() -> None:
    raw = raw_container("shop-web-1", Status="created", FinishedAt="0001-01-01T00:00:00Z")
    assert row(look(WEB, raw), "container.web").since == ""
