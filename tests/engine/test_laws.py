"""The laws of docs/laws.md on real engines, old and newer. Each test names the law that it holds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dockerspec.core.report.outcome import Status
from dockerspec.render.json import plan_json
from dockerspec.render.markdown import plan_markdown
from dockerspec.render.text import render_plan
from tests.engine.stage import Stage, differing, told
from tests.kit.raw import RawEngine

SITE = """
networks: {front: {}, back: {}}
volumes: {data: {}}
containers:
  web:
    image: {image}
    command: [sleep, "9999"]
    stop_grace_period: 0s
    mem_limit: 32m
    networks: {front: {aliases: [www]}, back: {}}
    depends_on: {db: {condition: service_healthy}}
  db:
    image: {image}
    command: [sleep, "9999"]
    stop_grace_period: 0s
    networks: [back]
    volumes: ["data:/data"]
    restart: unless-stopped
    healthcheck: {test: "true", interval: 1s}
"""


def _ids(raw: RawEngine, stack: str) -> dict[str, str]:
    return {item["Labels"]["dockerspec.resource"]: item["Id"] for item in raw.containers(dockerspec_stack=stack)}


DRIFT: dict[str, tuple[Callable[[RawEngine, str], object], dict[str, set[str]]]] = {
    "a limit changed live": (
        lambda raw, s: raw.post(f"/containers/{s}-web-1/update", {"Memory": 16 << 20, "MemorySwap": 16 << 20}),
        {"container.web": {"mem_limit", "memswap_limit"}},
    ),
    "a restart policy changed live": (
        lambda raw, s: raw.post(f"/containers/{s}-db-1/update", {"RestartPolicy": {"Name": "no"}}),
        {"container.db": {"restart"}},
    ),
    "a network cut": (
        lambda raw, s: raw.post(f"/networks/{s}_front/disconnect", {"Container": f"{s}-web-1"}),
        {"container.web": {"networks.front"}},
    ),
    "an alias lost": (
        lambda raw, s: (
            raw.post(f"/networks/{s}_front/disconnect", {"Container": f"{s}-web-1"}),
            raw.post(f"/networks/{s}_front/connect", {"Container": f"{s}-web-1"}),
        ),
        {"container.web": {"networks.front.aliases"}},
    ),
    "a foreign network joined": (
        lambda raw, s: raw.post("/networks/bridge/connect", {"Container": f"{s}-db-1"}),
        {"container.db": {"networks.bridge"}},
    ),
    "a container killed": (
        lambda raw, s: raw.post(f"/containers/{s}-web-1/kill"),
        {"container.web": {"state"}},
    ),
    "a container paused": (
        lambda raw, s: raw.post(f"/containers/{s}-web-1/pause"),
        {"container.web": {"state"}},
    ),
    "a container renamed": (
        lambda raw, s: raw.post(f"/containers/{s}-web-1/rename", name=f"{s}-elsewhere"),
        {"container.web": {"container_name"}},
    ),
    "a container removed": (
        lambda raw, s: raw.delete(f"/containers/{s}-db-1", force=True),
        {"container.db": {"create"}},
    ),
}


def test_laws_1_and_2_every_change_outside_is_in_the_next_plan(stage: Stage, raw: RawEngine) -> None:
    stage.settle(SITE)
    plan = stage.plan(SITE)
    assert plan.is_empty, differing(plan)
    for title, (drift, wanted) in DRIFT.items():
        drift(raw, stage.stack)
        found = differing(stage.plan(SITE))
        named = {key: {path.replace("{s}", stage.stack) for path in paths} for key, paths in wanted.items()}
        assert found == named, title
        stage.settle(SITE)
        assert stage.plan(SITE).is_empty, title
    # Drift and edits are told apart.
    raw.post(f"/containers/{stage.stack}-web-1/update", {"Memory": 16 << 20, "MemorySwap": 16 << 20})
    (change,) = stage.plan(SITE).changes
    assert {str(item.cause) for item in change.fields} == {"changed outside dockerspec"}
    stage.settle(SITE)
    (edit,) = stage.plan(SITE.replace("mem_limit: 32m", "mem_limit: 48m")).changes
    assert {str(item.cause) for item in edit.fields} == {"spec changed"}


def test_law_3_what_can_change_live_does_and_a_neighbour_is_left_alone(stage: Stage, raw: RawEngine) -> None:
    stage.settle(SITE)
    before = raw.container(f"{stage.stack}-web-1")
    stage.settle(SITE.replace("mem_limit: 32m", "mem_limit: 48m").replace("[www]", "[www, www2]"))
    after = raw.container(f"{stage.stack}-web-1")
    assert (before["Id"], before["State"]["StartedAt"]) == (after["Id"], after["State"]["StartedAt"])
    assert after["HostConfig"]["Memory"] == 48 << 20
    assert "www2" in after["NetworkSettings"]["Networks"][f"{stage.stack}_front"]["Aliases"]
    # What can't is replaced, and its neighbour is left alone.
    old = _ids(raw, stage.stack)
    stage.settle(SITE.replace("mem_limit: 32m", "mem_limit: 32m\n    user: '1000'"))
    new = _ids(raw, stage.stack)
    assert old["db"] == new["db"]
    assert old["web"] != new["web"]


def test_law_4_foreign_objects_of_the_same_name_are_errors(stage: Stage, raw: RawEngine) -> None:
    foreign = raw.run(f"{stage.stack}-web-1", {"Image": stage.image, "Cmd": ["sleep", "9999"]})
    raw.post("/volumes/create", {"Name": f"{stage.stack}_data"})
    raw.post("/networks/create", {"Name": f"{stage.stack}_front"})
    plan = stage.plan(SITE)
    text = "\n".join(map(str, plan.errors))
    assert f"a container named {stage.stack}-web-1 is already there and was not made by dockerspec" in text
    assert f"a volume named {stage.stack}_data is already there" in text
    assert f"a network named {stage.stack}_front is already there" in text
    assert plan.is_empty
    assert raw.container(foreign)["State"]["Running"]


def test_law_4_a_container_that_merely_inherits_labels_is_foreign(stage: Stage, raw: RawEngine) -> None:
    context = stage.folder / "web"
    context.mkdir()
    (context / "Dockerfile").write_text(f"FROM {stage.image}\nLABEL a=b\n")
    spec = (
        "images: {web: {build: ./web}}\ncontainers: {web: {image: {from: web}, command: [sleep, '9'], state: stopped}}"
    )
    stage.settle(spec)
    stranger = raw.post("/containers/create", {"Image": f"{stage.stack}/web:latest"}, name=f"{stage.stack}-x")["Id"]
    assert stage.plan(spec).is_empty
    stage.destroy(spec)
    assert raw.container(stranger) is not None
    raw.delete(f"/containers/{stranger}")
    raw.delete(f"/images/{stage.stack}/web:latest", force=True)


def test_law_5_volumes_stay_as_they_are_until_they_are_named(stage: Stage, raw: RawEngine) -> None:
    stage.settle(SITE)
    raw.execute(f"{stage.stack}-db-1", "sh", "-c", "echo kept > /data/file")
    assert stage.destroy(SITE).ok
    assert raw.find(f"/volumes/{stage.stack}_data") is not None
    assert not raw.containers(dockerspec_stack=stage.stack)
    stage.settle(SITE)
    assert raw.execute(f"{stage.stack}-db-1", "cat", "/data/file") == (0, "kept\n")
    # One that would have to be made anew is an error until its loss is agreed to.
    changed = SITE.replace("data: {}", "data: {labels: {a: b}}")
    plan = stage.plan(changed)
    assert "--delete-volume data" in "\n".join(map(str, plan.errors))
    report = stage.apply(changed, delete_volumes=("data",))
    assert report.ok, told(report)
    assert raw.get(f"/volumes/{stage.stack}_data")["Labels"]["a"] == "b"
    assert stage.destroy(changed, delete_volumes=("data",)).ok
    assert raw.find(f"/volumes/{stage.stack}_data") is None


def test_law_5_anonymous_volumes_move_to_the_replacing_container(stage: Stage, raw: RawEngine) -> None:
    spec = """
    containers:
      db: {image: "{image}", command: [sleep, "9999"], stop_grace_period: 0s, volumes: [/anonymous], user: "0"}
    """
    stage.settle(spec)
    raw.execute(f"{stage.stack}-db-1", "sh", "-c", "echo kept > /anonymous/file")
    stage.settle(spec.replace('user: "0"', 'user: "0:0"'))
    assert raw.execute(f"{stage.stack}-db-1", "cat", "/anonymous/file") == (0, "kept\n")
    assert stage.plan(spec.replace('user: "0"', 'user: "0:0"')).is_empty


BROKEN = {
    "absent": ('command: ["/no/such/program"]', "no such file"),
    "dying": ('command: [sh, "-c", "echo why it died; exit 3"]', "why it died"),
    "short": ('command: [sh, "-c", "sleep 0.4; echo it lived a little; exit 3"]', "it lived a little"),
    "sick": ('healthcheck: {test: "false", interval: 1s, retries: 1}', "unhealthy"),
}
"""What each container of a stack becomes, and what the report says of it."""


def test_law_6_a_failed_replacement_brings_the_old_container_back(stage: Stage, raw: RawEngine) -> None:
    body = 'image: "{image}", command: [sleep, "9999"], stop_grace_period: 0s, healthcheck: {disable: true}'
    bodies = dict.fromkeys(BROKEN, body)
    spec = yaml(bodies)
    stage.settle(spec)
    before = _ids(raw, stage.stack)
    for key, (fault, _) in BROKEN.items():
        old = 'command: [sleep, "9999"]' if fault.startswith("command") else "healthcheck: {disable: true}"
        bodies[key] = body.replace(old, fault)
    report = stage.apply(yaml(bodies))
    for key, (_, words) in BROKEN.items():
        failed = [item for item in report.outcomes.values() if item.action.address.name == key and item.message]
        assert any(words in f"{item.message} {item.logs}" for item in failed), (key, told(report))
        undone = [item for item in report.undone if item.action.address.name == key]
        assert undone, key
        assert all(item.status is Status.DONE for item in undone), undone
        assert raw.container(f"{stage.stack}-{key}-1")["State"]["Running"], key
    assert _ids(raw, stage.stack) == before
    assert stage.plan(spec).is_empty


def yaml(bodies: dict[str, str]) -> str:
    """A spec of containers, each given by its keys in one line."""
    return "containers:\n" + "".join(f"  {key}: {{{body}}}\n" for key, body in bodies.items())


def test_law_7_an_interrupted_replacement_is_finished_or_undone(stage: Stage, raw: RawEngine) -> None:
    stage.settle(SITE)
    name = f"{stage.stack}-web-1"
    # As if killed after the old one was put aside and the new one made, but not started.
    body = raw.container(name)
    raw.post(f"/containers/{name}/rename", name=f"{name}.replaced")
    labels = body["Config"]["Labels"]
    raw.post("/containers/create", {"Image": stage.image, "Cmd": ["sleep", "9"], "Labels": labels}, name=name)
    stage.settle(SITE)
    assert raw.container(name)["Id"] == body["Id"]
    # As if killed after the new one was up, before the old one was removed.
    raw.post("/containers/create", {"Image": stage.image, "Labels": labels}, name=f"{name}.replaced")
    stage.settle(SITE)
    assert raw.container(f"{name}.replaced") is None
    assert raw.container(name)["Id"] == body["Id"]
    assert stage.plan(SITE).is_empty


def test_a_shared_namespace_follows_its_owner(stage: Stage, raw: RawEngine) -> None:
    spec = """
    containers:
      web: {image: "{image}", command: [sleep, "9999"], stop_grace_period: 0s, user: "0"}
      side: {image: "{image}", command: [sleep, "9999"], stop_grace_period: 0s, network_mode: "service:web"}
    """
    stage.settle(spec)
    changed = spec.replace('user: "0"', 'user: "0:0"')
    assert differing(stage.plan(changed)) == {"container.web": {"user"}, "container.side": {"network_mode"}}
    stage.settle(changed)
    owner = raw.container(f"{stage.stack}-web-1")["Id"]
    assert raw.container(f"{stage.stack}-side-1")["HostConfig"]["NetworkMode"] == f"container:{owner}"


def test_a_job_runs_once_before_its_dependents(stage: Stage, raw: RawEngine) -> None:
    spec = """
    volumes: {data: {}}
    containers:
      setup: {image: "{image}", command: [sh, -c, "echo made >> /data/file"], volumes: ["data:/data"]}
      web:
        image: "{image}"
        command: [sleep, "9999"]
        stop_grace_period: 0s
        volumes: ["data:/data"]
        depends_on: {setup: {condition: service_completed_successfully}}
    """
    stage.settle(spec)
    assert stage.plan(spec).is_empty
    stage.settle(spec)
    assert raw.execute(f"{stage.stack}-web-1", "cat", "/data/file") == (0, "made\n")


def test_dependents_of_a_failure_are_skipped_and_the_rest_goes_on(stage: Stage, raw: RawEngine) -> None:
    spec = """
    containers:
      bad: {image: "{image}", command: [/no/such/program]}
      needs: {image: "{image}", command: [sleep, "9999"], stop_grace_period: 0s, depends_on: [bad]}
      other: {image: "{image}", command: [sleep, "9999"], stop_grace_period: 0s}
    """
    report = stage.apply(spec)
    fates = {str(key): item.status for key, item in report.outcomes.items()}
    s = stage.stack
    assert fates[f"start container.bad {s}-bad-1"] is Status.FAILED
    assert fates[f"start container.needs {s}-needs-1"] is Status.SKIPPED
    assert fates[f"start container.other {s}-other-1"] is Status.DONE
    assert raw.container(f"{s}-other-1")["State"]["Running"]


def test_a_container_that_dies_at_once_makes_the_report_fail(stage: Stage) -> None:
    report = stage.apply('containers: {once: {image: "{image}", command: ["true"]}}')
    assert not report.ok
    assert [str(change.address) for change in report.remaining] == ["container.once"]


def test_targets_take_what_they_need_along(stage: Stage, raw: RawEngine) -> None:
    report = stage.apply(SITE, targets=("db",))
    assert report.ok, told(report)
    assert set(_ids(raw, stage.stack)) == {"db"}
    assert raw.find(f"/networks/{stage.stack}_front") is None
    assert "names nothing" in str(stage.plan(SITE, targets=("wbe",)).errors[0])


def test_an_image_is_rebuilt_when_its_inputs_change_and_never_otherwise(stage: Stage, raw: RawEngine) -> None:
    context = stage.folder / "app"
    context.mkdir()
    (context / "Dockerfile").write_text(f"FROM {stage.image}\nCOPY page /page\n")
    (context / "page").write_text("one")
    spec = """
    images: {app: {build: ./app, tags: ["{stack}/app:1", "{stack}/app:latest"]}}
    containers: {app: {image: {from: app}, command: [sleep, "9999"], stop_grace_period: 0s}}
    """
    stage.settle(spec)
    name = f"{stage.stack}-app-1"
    assert raw.execute(name, "cat", "/page") == (0, "one")
    assert stage.plan(spec).is_empty
    (context / "page").write_text("two")
    assert set(differing(stage.plan(spec))) == {"image.app", "container.app"}
    stage.settle(spec)
    assert raw.execute(name, "cat", "/page") == (0, "two")
    raw.delete(f"/images/{stage.stack}/app:latest", noprune=True)
    assert differing(stage.plan(spec)) == {"image.app": {f"tags.{stage.stack}/app:latest"}}
    stage.settle(spec)
    assert stage.destroy(spec).ok
    for tag in ("1", "latest"):
        raw.delete(f"/images/{stage.stack}/app:{tag}", force=True)


def test_image_values_are_inherited_and_never_drift(stage: Stage, raw: RawEngine) -> None:
    context = stage.folder / "base"
    context.mkdir()
    (context / "Dockerfile").write_text(
        f"FROM {stage.image}\nENV A=1 B=2\nLABEL from=image\nUSER 1000\nWORKDIR /srv\nEXPOSE 81\nVOLUME /v\n"
        'STOPSIGNAL SIGQUIT\nENTRYPOINT ["sleep"]\nCMD ["100"]\nHEALTHCHECK --interval=7s CMD true\n'
    )
    head = "images: {base: {build: ./base}}\n"
    silent = head + "containers: {a: {image: {from: base}, state: stopped}}"
    own = head + (
        "containers: {a: {image: {from: base}, state: stopped, environment: {B: '3'}, labels: {from: spec}, "
        "healthcheck: {retries: 9}, expose: [82], volumes: ['/w'], command: ['50'], user: root}}"
    )
    stage.settle(silent)
    assert stage.plan(silent).is_empty
    assert differing(stage.plan(own))["container.a"] == {
        "environment.B",
        "labels.from",
        "healthcheck.retries",
        "expose",
        "volumes./w",
        "command",
        "user",
    }
    stage.settle(own)
    assert stage.plan(own).is_empty
    stage.settle(silent)
    assert stage.plan(silent).is_empty
    assert stage.destroy(silent).ok
    raw.delete(f"/images/{stage.stack}/base:latest", force=True)


def test_law_9_no_secret_old_or_new_is_in_a_plan(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = """
    variables: {pw: {sensitive: true}}
    secrets: {s: {environment: LAW_9}}
    containers:
      web:
        image: "{image}"
        command: [sleep, "9999"]
        stop_grace_period: 0s
        environment: {ONE: {secret: s}, TWO: "x-${pw}", THREE: open}
    """
    monkeypatch.setenv("LAW_9", "first-secret")
    monkeypatch.setenv("pw", "first-password")
    stage.settle(spec)
    monkeypatch.setenv("LAW_9", "second-secret")
    monkeypatch.setenv("pw", "second-password")
    for changed in (spec, spec.replace("{secret: s}", "plain").replace("x-${pw}", "plain too")):
        plan = stage.plan(changed.replace("open", "closed"))
        text = render_plan(plan, verbose=1) + plan_json(plan) + plan_markdown(plan)
        assert differing(plan) == {"container.web": {"environment.ONE", "environment.TWO", "environment.THREE"}}
        assert "open" in text
        assert not [word for word in ("first-secret", "second-secret", "password", "plain") if word in text]
