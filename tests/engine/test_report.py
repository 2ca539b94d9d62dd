"""What a report says of containers that fail: why, by kind, their last words, and what stands. No secret in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dockerspec.api import Docker, load
from dockerspec.core.report.outcome import Report
from dockerspec.render.json import report_json
from dockerspec.render.text import render_report
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine

SECRET = "correct-horse-battery"
SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/report.schema.json").read_text(encoding="utf-8"))
HEALTHY = "healthcheck: {test: [CMD, 'true'], interval: 500ms}"
SICK = "healthcheck: {test: [CMD-SHELL, 'echo sick with $$KEY; exit 1'], interval: 500ms, retries: 1}"
SLOW = "healthcheck: {test: [CMD-SHELL, 'echo not yet; exit 1'], interval: 500ms, retries: 1000}"


def spec(name: str, image: str, *, bad: bool) -> str:
    long = "[sh, -c, 'echo up with $$KEY; sleep 9999']"
    bodies = {
        "exit": f"command: {'''[sh, -c, 'echo going down with $$KEY; exit 3']''' if bad else long}",
        "sick": f"command: {long}\n    labels: {{bad: '{bad}'}}\n    {SICK if bad else HEALTHY}",
        "slow": f"command: {long}\n    labels: {{bad: '{bad}'}}\n    {SLOW if bad else HEALTHY}",
        "wrong": f"command: {'[/no/such/program]' if bad else long}",
        "user": f"command: {long}\n    labels: {{bad: '{bad}'}}\n    depends_on: [wrong]",
    }
    wait = {"sick": ", wait: healthy"}
    head = f"dockerspec: 1\nstack: {name}\nsecrets: {{key: {{environment: SHOP_KEY}}}}\ncontainers:\n"
    common = f"image: {image}\n    stop_grace_period: 0s\n    environment: {{KEY: {{secret: key}}}}\n"
    return head + "".join(
        f"  {key}:\n    {common}    update: {{timeout: 3s{wait.get(key, '')}}}\n    {body}\n"
        for key, body in bodies.items()
    )


def failures(report: Report, name: str) -> dict[str, Any]:
    document = json.loads(report_json(report, mask=frozenset({SECRET})))
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    return {
        item["address"].removeprefix("container."): item for item in document["outcomes"] if item["status"] == "failed"
    }


def test_failures_say_what_kind_they_are_and_leave_their_last_words(
    engine_daemon: Daemon | GivenEngine,
    raw: RawEngine,
    stack_name: str,
    busybox: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOP_KEY", SECRET)
    file = tmp_path / "s.yaml"
    names = ("exit", "sick", "slow", "wrong", "user")
    with Docker(engine_daemon.host) as docker:

        def apply(*, bad: bool) -> Report:
            file.write_text(spec(stack_name, busybox, bad=bad))
            loaded = load([file])
            return docker.apply(docker.plan(loaded), spec=loaded)

        assert apply(bad=False).ok
        before = {name: raw.container(f"{stack_name}-{name}-1")["Id"] for name in names}
        report = apply(bad=True)
        after = {name: raw.container(f"{stack_name}-{name}-1")["Id"] for name in names}
        assert after == before

        found = failures(report, stack_name)
        kinds = {key: item["kind"] for key, item in found.items()}
        assert kinds == {"exit": "exit", "sick": "unhealthy", "slow": "timeout", "wrong": "engine"}
        # The containers that failed are gone by now; what they said was read before.
        assert found["exit"]["logs"] == "going down with (sensitive)"
        assert "up with (sensitive)" in found["sick"]["logs"]
        assert found["sick"]["health"][-1]["output"] == "sick with (sensitive)"
        assert found["sick"]["health"][-1]["exit_code"] == 1
        assert "not yet" in {check["output"] for check in found["slow"]["health"]}
        assert {item.address.name: item.stand for item in report.standing} == dict.fromkeys(names, "as before")
        text = render_report(report, mask=frozenset({SECRET}))
        assert SECRET not in text + report_json(report, mask=frozenset({SECRET}))
        assert "last health checks:" in text
        assert "what stands" in text
        assert "dockerspec apply" in text

        # Made anew, there is nothing to go back to: it stands as it failed.
        raw.delete(f"/containers/{before['sick']}", force=1)
        last = apply(bad=True)
        (sick,) = [item for item in last.standing if item.address.name == "sick"]
        assert (sick.stand, sick.note) == ("half done", "done: create, start; not done: await")
        assert raw.container(f"{stack_name}-sick-1")["State"]["Running"]
        assert f"docker logs {stack_name}-sick-1" in [item.command for item in last.next]
