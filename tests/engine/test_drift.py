"""`dockerspec drift` on real engines: what a job at night reads, and that it only looks."""

from __future__ import annotations

import json
from pathlib import Path

from tests.engine.conftest import Run
from tests.kit.raw import RawEngine

SITE = """
dockerspec: 1
stack: {stack}
networks: {{front: {{}}}}
containers:
  web: {{image: "{image}", command: [sleep, "999"], stop_grace_period: 0s, networks: [front], mem_limit: 64m}}
  db: {{image: "{image}", command: [sleep, "999"], stop_grace_period: 0s, user: "1"}}
  gone: {{image: "{image}", command: [sleep, "999"], stop_grace_period: 0s}}
"""


def test_drift(run: Run, tmp_path: Path, raw: RawEngine, stack_name: str, busybox: str) -> None:
    file = tmp_path / "stack.yaml"
    file.write_text(SITE.format(stack=stack_name, image=busybox))
    assert run("apply", "--yes").returncode == 0
    still = run("drift", "--detailed-exitcode")
    assert still.returncode == 0, still.stdout
    assert still.stdout.splitlines()[-1].startswith("No drift. Stack ")

    raw.post(f"/containers/{stack_name}-web-1/update", {"Memory": 96 << 20, "MemorySwap": 192 << 20})
    raw.post(f"/networks/{stack_name}_front/disconnect", {"Container": f"{stack_name}-web-1", "Force": True})
    raw.delete(f"/containers/{stack_name}-gone-1", force="true")
    labels = raw.container(f"{stack_name}-web-1")["Config"]["Labels"]
    raw.run(f"{stack_name}-copy", {"Image": busybox, "Cmd": ["sleep", "99"], "Labels": labels})
    file.write_text(file.read_text().replace('user: "1"', 'user: "2"'))
    before = raw.containers(dockerspec_stack=stack_name)

    # A lock that another run holds is no hindrance: nothing is changed.
    lock = f"dockerspec.lock.{stack_name}"
    raw.post("/volumes/create", {"Name": lock, "Labels": {"dockerspec.lock.token": "x", "dockerspec.lock.holder": "x"}})
    try:
        found = run("drift", "--detailed-exitcode", "--json")
    finally:
        raw.delete(f"/volumes/{lock}")
    assert found.returncode == 2, found.stderr
    assert run("drift").returncode == 0
    report = json.loads(found.stdout)
    drifted = {
        (row["address"], row["name"].removeprefix(stack_name)): (row["kind"], [item["path"] for item in row["fields"]])
        for row in report["drifted"]
    }
    assert drifted == {
        ("container.gone", ""): ("missing", []),
        ("container.web", "-copy"): ("unknown", []),
        ("container.web", "-web-1"): ("changed", ["mem_limit", "memswap_limit", "networks.front"]),
    }
    assert [(row["address"], [item["path"] for item in row["fields"]]) for row in report["pending"]] == [
        ("container.db", ["user"])
    ]
    ids = {item["Id"]: item["State"] for item in raw.containers(dockerspec_stack=stack_name)}
    assert ids == {item["Id"]: item["State"] for item in before}
