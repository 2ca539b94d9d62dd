"""Hooks on real engines: their place, their container, their failures, and what is left of them."""

from __future__ import annotations

from typing import Any

import pytest

from dockerspec.core.hook import LABEL
from dockerspec.core.ownership import ONE_OFF
from dockerspec.core.report.outcome import Status
from dockerspec.render.text import render_plan
from tests.engine.killing import Killer
from tests.engine.stage import Stage, told
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine


def _book(stage: Stage) -> list[str]:
    """What was written into the volume, in order; a container of its own reads it."""
    engine = stage.docker._engine
    name = f"{stage.stack}-reader"
    body = {"Image": stage.image, "Cmd": ["cat", "/book/log"], "HostConfig": {"Binds": [f"{stage.stack}_book:/book"]}}
    engine.create_container(name, body)
    try:
        engine.start_container(name)
        engine._post(f"/containers/{name}/wait")  # type: ignore[attr-defined]
        return engine.container_logs(name, tail=None).split("\n")[:-1]
    finally:
        engine.remove_container(name, force=True)


def _seen(raw: RawEngine, stack: str) -> list[dict[str, Any]]:
    return raw.containers(dockerspec_stack=stack)


# `main` writes when it starts and, told to by SIGTERM, when it stops; so the book shows the order of all.
LIFE = """
networks: {back: {}}
volumes: {book: {prevent_destroy: false}}
containers:
  main:
    image: {image}
    command:
      - sh
      - -c
      - trap 'echo stopping >> /book/log; exit 0' TERM; echo main >> /book/log; while true; do sleep 0.05; done
    volumes: ["book:/book"]
    networks: {default: {aliases: [alias]}, back: {}}
    environment: {WHO: "main", RUN: "1"}
    ports: ["127.0.0.1::80"]
    pre_start:
      - command: [sh, -c, 'echo "pre $$WHO $$(id -u) $$PWD" >> /book/log; echo told']
        user: "7"
        working_dir: /tmp
        environment: {WHO: hook}
      - command: [sh, -c, 'echo "pre again $$(ls /sys/class/net | grep -c eth)" >> /book/log']
    post_start:
      - command: [sh, -c, 'sleep 0.2; echo "post $$RUN" >> /book/log; echo posted']
    pre_stop:
      - command: [sh, -c, 'echo "bye $$RUN" >> /book/log']
"""
UP = ["pre hook 7 /tmp", "pre again 2", "main"]


def test_hooks_run_in_their_places_through_a_life(stage: Stage, raw: RawEngine) -> None:
    text = LIFE
    stage.settle(_open(text))
    assert _book(stage) == ["seed", *UP, "post 1"]
    assert stage.plan(_open(text)).is_empty
    report = stage.apply(_open(text).replace('RUN: "1"', 'RUN: "2"'))
    assert report.ok, told(report)
    assert _book(stage) == ["seed", *UP, "post 1", "bye 1", "stopping", *UP, "post 2"]
    logs = {item.action.subject.partition(" ")[2]: item.logs for item in report.outcomes.values() if item.logs}
    assert logs["pre_start[0]"] == "told"
    assert logs["post_start[0]"] == "posted"
    stage.settle(
        _open(text).replace('RUN: "1"', 'RUN: "2"').replace("    volumes: [", "    state: stopped\n    volumes: [")
    )
    assert _book(stage)[-2:] == ["bye 2", "stopping"]
    assert not [item for item in _seen(raw, stage.stack) if ONE_OFF in item["Labels"]]
    stage.settle(_open(text).replace('RUN: "1"', 'RUN: "2"'))
    assert _book(stage)[-4:] == [*UP, "post 2"]


def _open(text: str) -> str:
    """The spec with a job before it that makes the book writable for everyone, and tells where it begins."""
    return (
        text
        + """    depends_on: {seed: {condition: service_completed_successfully}}
  seed:
    image: {image}
    command: [sh, -c, "echo seed > /book/log; chmod 777 /book /book/log"]
    volumes: ["book:/book"]
"""
    )


STOPPER = """
volumes: {book: {}}
containers:
  keep:
    image: {image}
    stop_grace_period: 0s
    command: [sleep, "999"]
    volumes: ["book:/book"]
  web:
    image: {image}
    stop_grace_period: 0s
    command: [sleep, "999"]
    volumes: ["book:/book"]
    replicas: 2
    pre_stop: [{command: [sh, -c, "echo gone >> /book/log"]}]
"""


def test_the_hook_of_a_container_that_left_the_spec_still_runs(stage: Stage) -> None:
    stage.settle(STOPPER)
    stage.settle(STOPPER.replace("replicas: 2", "replicas: 1"))
    assert _book(stage) == ["gone"]
    dropped = STOPPER.partition("  web:")[0]
    stage.settle(dropped)
    assert _book(stage) == ["gone", "gone"]


def test_a_change_of_hooks_alone_is_no_change(stage: Stage, raw: RawEngine) -> None:
    stage.settle(STOPPER)
    before = {item["Id"] for item in _seen(raw, stage.stack)}
    changed = STOPPER.replace("echo gone", "echo left").replace(
        "replicas: 2", "replicas: 2\n    post_start: [{command: [x]}]"
    )
    assert stage.plan(changed).is_empty
    assert stage.plan(STOPPER.replace("    pre_stop: ", "    x-pre_stop: ")).is_empty
    # What the spec says now is what runs, not what the label says.
    destroyed = stage.docker.apply(stage.docker.plan_destroy(stage.load(changed)))
    assert destroyed.ok
    assert _book(stage) == ["left", "left"]
    assert before


FAILING = """
containers:
  pre:
    image: {image}
    command: [sleep, "999"]
    stop_grace_period: 0s
    pre_start: [{command: [sh, -c, "echo because; exit 3"]}]
  absent:
    image: {image}
    command: [sleep, "999"]
    stop_grace_period: 0s
    pre_start: [{command: [no-such-program]}]
  post:
    image: {image}
    command: [sleep, "999"]
    stop_grace_period: 0s
    post_start: [{command: [sh, -c, "echo because; exit 4"]}]
  slow:
    image: {image}
    command: [sleep, "999"]
    stop_grace_period: 0s
    update: {timeout: 1s}
    post_start: [{command: [sh, -c, "echo so far; sleep 99"]}]
  missing:
    image: {image}
    command: [sleep, "999"]
    stop_grace_period: 0s
    post_start: [{command: [no-such-program]}]
  ended:
    image: {image}
    command: [sh, -c, "echo short; exit 5"]
    post_start: [{command: [sleep, "1"]}, {command: ["true"]}]
  after:
    image: {image}
    command: [sleep, "999"]
    depends_on: [post]
"""
FAULTS = {
    "pre": ("pre_start[0] of {stack}-pre-1 ended with exit status 3", "because"),
    "absent": ("pre_start[0] of {stack}-absent-1 could not be run: ", ""),
    "post": ("post_start[0] of {stack}-post-1 ended with exit status 4", "because"),
    "slow": ("post_start[0] of {stack}-slow-1 was still running after 1 s", "so far"),
    "missing": ("post_start[0] of {stack}-missing-1 ended with exit status 12", "no-such-program"),
    "ended": ("", ""),
}


def test_a_hook_that_fails_is_told_and_stops_what_depends_on_it(stage: Stage, raw: RawEngine) -> None:
    report = stage.apply(FAILING)
    for name, (words, logs) in FAULTS.items():
        faults = [item for item in report.outcomes.values() if item.action.address.name == name and item.message]
        failed = [item for item in faults if item.status is Status.FAILED]
        assert len(failed) == 1, (name, faults)
        assert words.replace("{stack}", stage.stack) in failed[0].message, failed[0].message
        assert logs in failed[0].logs, (name, failed[0].logs)
    assert {str(item.status) for item in report.outcomes.values() if item.action.address.name == "after"} >= {"skipped"}
    states = {item["Labels"]["dockerspec.resource"]: item["State"] for item in _seen(raw, stage.stack)}
    assert states["pre"] == states["absent"] == "created"
    assert len(states) == len(_seen(raw, stage.stack))  # no container of a hook is left


BACK = """
volumes: {book: {}}
containers:
  web:
    image: {image}
    stop_grace_period: 0s
    command: [sleep, "999"]
    environment: {RUN: "1"}
    volumes: ["book:/book"]
    update: {order: stop-first}
    post_start: [{command: [sh, -c, 'echo "up $$RUN" >> /book/log; test "$$RUN" = 1']}]
    pre_stop: [{command: [sh, -c, 'echo "down $$RUN" >> /book/log; exit 9']}]
"""


def test_a_replacement_whose_hook_fails_goes_its_way_back(stage: Stage, raw: RawEngine) -> None:
    stage.settle(BACK)
    old = _seen(raw, stage.stack)[0]["Id"]
    report = stage.apply(BACK.replace('RUN: "1"', 'RUN: "2"'))
    assert not report.ok
    (left,) = _seen(raw, stage.stack)
    assert (left["Id"], left["State"], left["Names"]) == (old, "running", [f"/{stage.stack}-web-1"])
    # The stop's hook failed too: that is a warning. The one that came back runs what it ran at its start.
    assert _book(stage) == ["up 1", "down 1", "up 2", "up 1"]
    (warning,) = [text for item in report.outcomes.values() for text in item.warnings]
    whose = f"pre_stop[0] of {stage.stack}-web-1.replaced"
    assert warning == f"{whose} ended with exit status 9; the container is stopped all the same"


def test_no_secret_is_in_the_label(stage: Stage, raw: RawEngine) -> None:
    (stage.folder / "secret").write_text("hunter2-hunter2\n")
    stage.settle("""
    secrets: {word: {file: ./secret}}
    variables: {token: {default: swordfish-1, sensitive: true}}
    volumes: {book: {}}
    containers:
      web:
        image: {image}
        stop_grace_period: 0s
        command: [sleep, "999"]
        volumes: ["book:/book"]
        pre_stop:
          - command: [sh, -c, 'echo "$$A $$B $$C" >> /book/log']
            environment: {A: {secret: word}, B: "${token}", C: plain}
          - {command: [echo, "${token}"]}
    """)
    (live,) = _seen(raw, stage.stack)
    label = live["Labels"][LABEL]
    assert "hunter2" not in label
    assert "swordfish" not in label
    assert "plain" in label
    report = stage.destroy("""
    secrets: {word: {file: ./secret}}
    variables: {token: {default: swordfish-1, sensitive: true}}
    volumes: {book: {}}
    containers: {}
    """)
    assert report.ok, told(report)
    assert _book(stage) == ["  plain"]  # what secrets there were is not known any more


def test_what_a_killed_run_left_of_a_hook_goes(stage: Stage, raw: RawEngine) -> None:
    text = """
    containers:
      web:
        image: {image}
        stop_grace_period: 0s
        command: [sleep, "999"]
        pre_start: [{command: ["true"]}]
    """
    stage.settle(text)
    engine = stage.docker._engine
    web = engine.container(f"{stage.stack}-web-1")
    labels = {key: value for key, value in web["Config"]["Labels"].items() if key != "dockerspec.recorded"}
    body = {"Image": stage.image, "Cmd": ["sleep", "999"], "Labels": {**labels, ONE_OFF: "0"}}
    engine.create_container(f"{stage.stack}-web-1.pre_start", body)
    engine.start_container(f"{stage.stack}-web-1.pre_start")
    engine.stop_container(web["Id"], 0)
    plan = stage.plan(text)
    assert "a hook of an interrupted run" in render_plan(plan)
    stage.settle(text)
    (left,) = _seen(raw, stage.stack)
    assert left["Id"] == web["Id"]


MORTAL = """
volumes: {book: {}}
containers:
  web:
    image: {image}
    stop_grace_period: 0s
    command: [sh, -c, "echo up; exec sleep 999"]
    environment: {RUN: "{run}"}
    volumes: ["book:/book", /anon]
    update: {order: stop-first, wait: {log: up}}
    pre_start: [{command: ["true"]}]
    post_start: [{command: [sh, -c, 'echo "up $$RUN" >> /book/log']}]
    pre_stop: [{command: [sh, -c, 'echo "down $$RUN" >> /book/log']}]
"""


@pytest.mark.timeout(300)
def test_law_7_killed_at_every_call_of_a_replacement_with_hooks(
    stage: Stage, raw: RawEngine, engine_daemon: Daemon | GivenEngine, engine_name: str
) -> None:
    """Each round goes on from where the round before it was set right. The engines share the calls: one has the odd
    ones, the other the even.
    """
    killer = Killer(engine_daemon.host)
    try:
        stage.settle(MORTAL.replace("{run}", "0"))
        volume = _anonymous(stage)
        for at in range(1 if engine_name == "old" else 2, 60, 2):
            spec = MORTAL.replace("{run}", str(at))
            stage.load(spec)
            fate = killer.run(stage.folder / "stack.yaml", at, when="during", parallelism=1, destroy=False)
            stage.settle(spec)
            (left,) = _seen(raw, stage.stack)
            assert (left["State"], left["Names"]) == ("running", [f"/{stage.stack}-web-1"]), at
            assert _anonymous(stage) == volume, at
            if fate == "done":
                break
        assert at > 13
        assert _book(stage)[-2:] == [f"down {at - 2}", f"up {at}"]
    finally:
        killer.close()


def _anonymous(stage: Stage) -> str:
    mounts = stage.docker._engine.container(f"{stage.stack}-web-1")["Mounts"]
    return next(str(item["Name"]) for item in mounts if item["Destination"] == "/anon")


def test_a_hook_before_the_start_sees_anonymous_volumes_and_leaves_them(stage: Stage, raw: RawEngine) -> None:
    text = """
    containers:
      web:
        image: {image}
        stop_grace_period: 0s
        command: [sh, -c, "cat /anon/seed && exec sleep 999"]
        environment: {RUN: "1"}
        volumes: [/anon]
        pre_start: [{command: [sh, -c, "echo $RUN >> /anon/seed"]}]
        update: {wait: {log: "1"}}
    """.replace("$RUN", "$$RUN")
    stage.settle(text)
    before = _volume(stage)
    stage.settle(text.replace('RUN: "1"', 'RUN: "2"'))
    assert _volume(stage) == before
    assert stage.docker._engine.container_logs(f"{stage.stack}-web-1") == "1\n2\n"


def _volume(stage: Stage) -> str:
    (mount,) = stage.docker._engine.container(f"{stage.stack}-web-1")["Mounts"]
    return str(mount["Name"])
