"""Start-first and rolling updates on real engines: what is up at which moment, and what a failure leaves behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

import pytest

from dockerspec.core.report.outcome import Status
from tests.engine.stage import Stage, told
from tests.kit.raw import RawEngine

ROLLING = """
volumes: {{data: {{}}}}
containers:
  web:
    image: {{image}}
    command: [sh, -c, "{command}"]
    labels: {{v: "{version}"}}
    init: true
    stop_grace_period: 0s
    replicas: {replicas}
    volumes: ["data:/data"]
    update: {{order: {order}, wait: {{log: up}}, {policy}}}
"""
CHECK = 'healthcheck: {{test: "test -e /up", interval: 200ms, retries: 50}}'
HEALTHY = ROLLING.replace("    update: ", f"    {CHECK}\n    update: ").replace("{{log: up}}", "healthy")
"""The same with a health check, which costs a process at each turn: only where health is what it is about."""
SOUND = "touch /up; echo up; exec sleep 9999"
IN_PAIRS = "mktemp -p /data; until ls /data | wc -l | grep -q [24]; do sleep 0.1; done; " + SOUND
"""A container that runs this is ready once another one that does has started too."""
FIRST_TWO = "mkdir /data/one || mkdir /data/two || exit 3; " + SOUND
"""The third container ever to run this fails, and so do all after it."""


def spec(
    command: str = SOUND,
    *,
    version: str = "1",
    replicas: int = 4,
    order: str = "start-first",
    policy: str,
    text: str = ROLLING,
) -> str:
    return text.format(command=command, version=version, replicas=replicas, order=order, policy=policy)


def states(stage: Stage, raw: RawEngine) -> dict[str, tuple[str, str]]:
    """Version and state of the stack's containers, by what follows the stack's name in theirs."""
    found = raw.get("/containers/json", all=True, filters={"label": [f"dockerspec.stack={stage.stack}"]})
    return {item["Names"][0].removeprefix(f"/{stage.stack}-"): (item["Labels"]["v"], item["State"]) for item in found}


def all_at(version: str, *names: str) -> dict[str, tuple[str, str]]:
    return dict.fromkeys(names, (version, "running"))


WEB = tuple(f"web-{number}" for number in range(1, 5))


class Watch:
    """What became of a stack's containers since this was made, by the engine's events."""

    def __init__(self, raw: RawEngine, stage: Stage) -> None:
        self._raw, self._stack = raw, stage.stack
        self._since = self._now()

    def _now(self) -> str:
        """The daemon's clock."""
        moment = datetime.fromisoformat(self._raw.get("/info")["SystemTime"])
        return f"{moment.timestamp():.9f}"

    def events(self) -> list[tuple[str, str, str]]:
        """Starts, ends and verdicts of health checks in order: what happened, the version, the container's name."""
        until = self._now()
        filters = {"type": ["container"], "label": [f"dockerspec.stack={self._stack}"]}
        lines = self._raw.get("/events", since=self._since, until=until, filters=filters).splitlines()
        told = [(item["Action"], item["Actor"]["Attributes"]) for item in map(json.loads, lines)]
        return [
            (action, about["v"], about["name"])
            for action, about in told
            if action in ("start", "die") or action.startswith("health_status:")
        ]


HEALTHY_BEFORE = ("health_status: healthy", "1")
"""The engine may tell of the old container's health a moment after it shows it."""


def test_start_first_has_both_up_until_the_new_one_is_healthy(stage: Stage, raw: RawEngine) -> None:
    stage.settle(spec(replicas=1, policy="timeout: 20s", text=HEALTHY))
    watch = Watch(raw, stage)
    stage.settle(spec("sleep 1; " + SOUND, version="2", replicas=1, policy="timeout: 20s", text=HEALTHY))
    order = [(action, version) for action, version, _ in watch.events() if (action, version) != HEALTHY_BEFORE]
    # Some engines tell of one end twice.
    assert list(dict.fromkeys(order)) == [("start", "2"), ("health_status: healthy", "2"), ("die", "1")]
    assert states(stage, raw) == all_at("2", "web-1")


@pytest.mark.parametrize("order", ["start-first", "stop-first"])
def test_replicas_take_turns(stage: Stage, raw: RawEngine, order: str) -> None:
    policy = "parallelism: 2, delay: 300ms"
    command = IN_PAIRS if order == "start-first" else SOUND
    stage.settle(spec(order=order, policy=policy))
    watch = Watch(raw, stage)
    report = stage.apply(spec(command, version="2", order=order, policy=policy))
    assert report.ok, told(report)
    up = {("1", name) for name in WEB}
    counts = [len(up)]
    for action, version, name in watch.events():
        one = (version, name.removeprefix(f"{stage.stack}-").removesuffix(".replaced"))
        up = up | {one} if action == "start" else up - {one} if action == "die" else up
        counts.append(len(up))
    least, most = min(counts), max(counts)
    assert (least, most) == ((4, 6) if order == "start-first" else (2, 4))
    assert states(stage, raw) == all_at("2", *WEB)
    (gate,) = (item for key, item in report.outcomes.items() if key.startswith("roll") and "2 of 2" in key)
    assert gate.seconds >= 0.3


@pytest.mark.parametrize("order", ["start-first", "stop-first"])
def test_a_failed_replica_takes_the_others_back(stage: Stage, raw: RawEngine, order: str) -> None:
    policy = "timeout: 20s"
    stage.settle(spec(order=order, policy=policy))
    before = raw.get("/containers/json", filters={"label": [f"dockerspec.stack={stage.stack}"]})
    report = stage.apply(spec(FIRST_TWO, version="2", order=order, policy=policy))
    assert not report.ok
    assert report.outcomes[f"await container.web[3] {stage.stack}-web-3"].status is Status.FAILED
    assert all(item.status is Status.DONE for item in report.undone), told(report)
    assert states(stage, raw) == all_at("1", *WEB)
    after = raw.get("/containers/json", filters={"label": [f"dockerspec.stack={stage.stack}"]})
    assert {item["Id"] for item in after} == {item["Id"] for item in before}
    assert stage.plan(spec(order=order, policy=policy)).is_empty


def test_a_pause_leaves_what_succeeded(stage: Stage, raw: RawEngine) -> None:
    policy = "on_failure: pause"
    stage.settle(spec(policy=policy))
    report = stage.apply(spec(FIRST_TWO, version="2", policy=policy))
    assert not report.ok
    assert states(stage, raw) == {**all_at("2", "web-1", "web-2"), **all_at("1", "web-3", "web-4")}
    assert report.outcomes[f"create container.web[4] {stage.stack}-web-4"].status is Status.SKIPPED
    # The next run goes on from there.
    stage.settle(spec(SOUND, version="2", policy=policy))
    assert states(stage, raw) == all_at("2", *WEB)


def test_going_on_tries_them_all(stage: Stage, raw: RawEngine) -> None:
    policy = "on_failure: continue"
    stage.settle(spec(policy=policy))
    report = stage.apply(spec(FIRST_TWO, version="2", policy=policy))
    assert not report.ok
    failed = [key for key, item in report.outcomes.items() if item.status is Status.FAILED]
    assert failed == [f"await container.web[{number}] {stage.stack}-web-{number}" for number in (3, 4)], told(report)
    assert states(stage, raw) == {**all_at("2", "web-1", "web-2"), **all_at("1", "web-3", "web-4")}


def test_a_share_of_failures_is_tolerated(stage: Stage, raw: RawEngine) -> None:
    stage.settle(spec(replicas=3, policy="timeout: 20s"))
    ratio = "timeout: 20s, max_failure_ratio: 0.34"
    report = stage.apply(spec(FIRST_TWO, version="2", replicas=3, policy=ratio))
    assert not report.ok, told(report)  # one is not as the spec says
    assert states(stage, raw) == {**all_at("2", "web-1", "web-2"), **all_at("1", "web-3")}


def test_scaling_touches_only_what_it_must(stage: Stage, raw: RawEngine) -> None:
    def idents() -> dict[str, str]:
        found = raw.get("/containers/json", all=True, filters={"label": [f"dockerspec.stack={stage.stack}"]})
        return {item["Names"][0]: item["Id"] for item in found}

    policy = "parallelism: 0"
    stage.settle(spec(replicas=2, policy=policy))
    two = idents()
    stage.settle(spec(replicas=4, policy=policy))
    four = idents()
    assert {name: four[name] for name in two} == two
    assert len(four) == 4
    stage.settle(spec(replicas=1, policy=policy))
    assert idents() == {name: ident for name, ident in two.items() if name.endswith("web-1")}


def test_a_host_port_stops_the_old_one_first(stage: Stage, raw: RawEngine, free_port: Callable[[], int]) -> None:
    port = free_port()
    text = """
    containers:
      web:
        image: {image}
        command: [httpd, -f, -p, "80"]
        stop_grace_period: 0s
        labels: {v: "1"}
        ports: ["127.0.0.1:PORT:80"]
        update: {order: start-first}
    """.replace("PORT", str(port))
    stage.settle(text)
    plan = stage.plan(text.replace('v: "1"', 'v: "2"'))
    (change,) = plan.changes
    assert (change.order, change.order_reason) == ("stop-first", f"both publish the host port {port}")
    assert [str(item.span) for item in plan.diagnostics] != ["None"]
    stage.settle(text.replace('v: "1"', 'v: "2"'))
    assert states(stage, raw) == all_at("2", "web-1")
