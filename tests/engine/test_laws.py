"""The laws of docs/laws.md on real engines, old and newer. Each test names the law that it holds."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dockerspec.core.report.outcome import Status
from dockerspec.render.json import plan_json
from dockerspec.render.markdown import plan_markdown
from dockerspec.render.text import render_plan
from tests.engine.stage import Stage, differing, told
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
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


@pytest.fixture
def stage(engine_daemon: Daemon | GivenEngine, stack_name: str, busybox: str, tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(engine_daemon.host, tmp_path, stack_name, busybox)
    yield stage
    stage.docker.close()


def _ids(raw: RawEngine, stack: str) -> dict[str, str]:
    return {item["Labels"]["dockerspec.resource"]: item["Id"] for item in raw.containers(dockerspec_stack=stack)}


def test_law_1_a_fresh_plan_is_empty_after_apply(stage: Stage) -> None:
    stage.settle(SITE)
    plan = stage.plan(SITE)
    assert plan.is_empty, differing(plan)


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


def test_law_2_every_change_behind_our_back_is_in_the_next_plan(stage: Stage, raw: RawEngine) -> None:
    stage.settle(SITE)
    for title, (drift, wanted) in DRIFT.items():
        drift(raw, stage.stack)
        found = differing(stage.plan(SITE))
        named = {key: {path.replace("{s}", stage.stack) for path in paths} for key, paths in wanted.items()}
        assert found == named, title
        stage.settle(SITE)
        assert stage.plan(SITE).is_empty, title


def test_law_2_drift_and_edits_are_told_apart(stage: Stage, raw: RawEngine) -> None:
    stage.settle(SITE)
    raw.post(f"/containers/{stage.stack}-web-1/update", {"Memory": 16 << 20, "MemorySwap": 16 << 20})
    (drift,) = stage.plan(SITE).changes
    assert {str(item.cause) for item in drift.fields} == {"changed outside dockerspec"}
    stage.settle(SITE)
    (edit,) = stage.plan(SITE.replace("mem_limit: 32m", "mem_limit: 48m")).changes
    assert {str(item.cause) for item in edit.fields} == {"spec changed"}


def test_law_3_what_can_change_live_keeps_the_container_running(stage: Stage, raw: RawEngine) -> None:
    stage.settle(SITE)
    before = raw.container(f"{stage.stack}-web-1")
    stage.settle(SITE.replace("mem_limit: 32m", "mem_limit: 48m").replace("[www]", "[www, www2]"))
    after = raw.container(f"{stage.stack}-web-1")
    assert (before["Id"], before["State"]["StartedAt"]) == (after["Id"], after["State"]["StartedAt"])
    assert after["HostConfig"]["Memory"] == 48 << 20
    assert "www2" in after["NetworkSettings"]["Networks"][f"{stage.stack}_front"]["Aliases"]


def test_law_3_a_neighbour_is_left_alone(stage: Stage, raw: RawEngine) -> None:
    stage.settle(SITE)
    before = _ids(raw, stage.stack)
    stage.settle(SITE.replace("mem_limit: 32m", "mem_limit: 32m\n    user: '1000'"))
    after = _ids(raw, stage.stack)
    assert before["db"] == after["db"]
    assert before["web"] != after["web"]


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


def test_law_5_volumes_stay_until_they_are_named(stage: Stage, raw: RawEngine) -> None:
    stage.settle(SITE)
    raw.execute(f"{stage.stack}-db-1", "sh", "-c", "echo kept > /data/file")
    assert stage.destroy(SITE).ok
    assert raw.find(f"/volumes/{stage.stack}_data") is not None
    assert not raw.containers(dockerspec_stack=stage.stack)
    stage.settle(SITE)
    assert raw.execute(f"{stage.stack}-db-1", "cat", "/data/file") == (0, "kept\n")
    assert stage.destroy(SITE, delete_volumes=("data",)).ok
    assert raw.find(f"/volumes/{stage.stack}_data") is None


def test_law_5_a_changed_volume_is_an_error_until_its_loss_is_agreed_to(stage: Stage, raw: RawEngine) -> None:
    stage.settle(SITE)
    changed = SITE.replace("data: {}", "data: {labels: {a: b}}")
    plan = stage.plan(changed)
    assert "--delete-volume data" in "\n".join(map(str, plan.errors))
    report = stage.apply(changed, delete_volumes=("data",))
    assert report.ok, told(report)
    assert raw.get(f"/volumes/{stage.stack}_data")["Labels"]["a"] == "b"


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


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ('command: ["/no/such/program"]', "no such file"),
        ('command: [sh, "-c", "echo why it died; exit 3"]', "why it died"),
        ('command: [sh, "-c", "sleep 0.4; echo it lived a little; exit 3"]', "it lived a little"),
        ('healthcheck: {test: "false", interval: 1s, retries: 1}', "unhealthy"),
    ],
)
def test_law_6_a_failed_replacement_brings_the_old_container_back(
    stage: Stage, raw: RawEngine, fault: str, words: str
) -> None:
    spec = """
    containers:
      web: {image: "{image}", command: [sleep, "9999"], stop_grace_period: 0s, healthcheck: {disable: true}}
    """
    stage.settle(spec)
    before = _ids(raw, stage.stack)
    key = fault.partition(":")[0]
    old = 'command: [sleep, "9999"]' if key == "command" else "healthcheck: {disable: true}"
    report = stage.apply(spec.replace(old, fault))
    assert not report.ok
    assert words in told(report)
    assert report.undone
    assert all(step.status is Status.DONE for step in report.undone), report.undone
    after = raw.container(f"{stage.stack}-web-1")
    assert _ids(raw, stage.stack) == before
    assert after["Id"] == before["web"]
    assert after["State"]["Running"]
    assert stage.plan(spec).is_empty


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


def test_networks_are_made_anew_around_running_containers(
    stage: Stage, raw: RawEngine, engine_daemon: Daemon | GivenEngine
) -> None:
    subnet = engine_daemon.subnet(5)
    spec = SITE.replace("back: {}}\nvolumes", f"back: {{ipam: {{config: [{{subnet: {subnet}}}]}}}}}}\nvolumes")
    stage.settle(SITE)
    before = {key: raw.container(ident)["State"]["StartedAt"] for key, ident in _ids(raw, stage.stack).items()}
    report = stage.apply(spec)
    assert report.ok, told(report)
    after = {key: raw.container(ident)["State"]["StartedAt"] for key, ident in _ids(raw, stage.stack).items()}
    assert before == after
    address = raw.container(f"{stage.stack}-db-1")["NetworkSettings"]["Networks"][f"{stage.stack}_back"]["IPAddress"]
    assert ipaddress.ip_address(address) in ipaddress.ip_network(subnet)
    code, output = raw.execute(f"{stage.stack}-web-1", "ping", "-c", "1", "-w", "5", "db")
    assert code == 0, output


def test_replicas_scale_up_and_down_and_touch_no_other(stage: Stage, raw: RawEngine) -> None:
    def spec(count: int) -> str:
        return f"""
        containers:
          web: {{image: "{{image}}", command: [sleep, "9999"], stop_grace_period: 0s, replicas: {count}}}
        """

    stage.settle(spec(2))
    first = raw.container(f"{stage.stack}-web-1")["Id"]
    stage.settle(spec(3))
    assert len(raw.containers(dockerspec_stack=stage.stack)) == 3
    stage.settle(spec(1))
    assert [item["Id"] for item in raw.containers(dockerspec_stack=stage.stack)] == [first]


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
