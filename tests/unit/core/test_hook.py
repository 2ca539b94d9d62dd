"""The label that keeps hooks on a container, and the body of the container that runs one before a start."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockerspec.core.desired.one_off import one_off_body
from dockerspec.core.hook import LABEL, Hook, Stage, from_label, to_label
from dockerspec.core.ownership import ONE_OFF, RECORDED, RESOURCE, STACK
from tests.unit.core.samples import desired, stack

Json = Any
_TEXT = st.text(min_size=1, max_size=8)
HOOKS = st.lists(
    st.builds(
        Hook,
        command=st.lists(_TEXT, min_size=1, max_size=3).map(tuple),
        user=st.text(max_size=5),
        privileged=st.booleans(),
        working_dir=st.text(max_size=5),
        environment=st.dictionaries(_TEXT, st.text(max_size=5), max_size=2),
    ),
    max_size=3,
)


@given(HOOKS, HOOKS)
def test_what_is_kept_comes_back(started: list[Hook], stopping: list[Hook]) -> None:
    kept = {Stage.POST_START: started, Stage.PRE_STOP: stopping}
    text = to_label(kept, ())
    assert from_label({LABEL: text}) == {stage: tuple(hooks) for stage, hooks in kept.items() if hooks}


def test_secrets_are_left_out() -> None:
    hooks = [
        Hook(("say", "hunter2-x")),
        Hook(("say",), environment={"A": "my hunter2", "B": "plain"}),
        Hook(("say",), user="hunter2"),
    ]
    text = to_label({Stage.PRE_STOP: hooks}, {"hunter2"})
    assert "hunter2" not in text
    assert from_label({LABEL: text}) == {Stage.PRE_STOP: (Hook(("say",), environment={"B": "plain"}),)}
    assert to_label({Stage.PRE_STOP: hooks[:1]}, {"hunter2"}) == ""


@pytest.mark.parametrize("text", ["", "{", "[]", "1", '{"pre_stop": 1}', '{"pre_stop": [1]}', '{"x": []}', "null"])
def test_a_label_that_was_tampered_with_keeps_nothing(text: str) -> None:
    assert from_label({LABEL: text}) == {}


def body(spec: Json, hook: Hook) -> Json:
    networks = {"front": {"ipam": {"config": [{"subnet": "10.9.0.0/24"}]}}}
    state = desired(stack(containers={"web": {"image": "app:1", **spec}}, networks=networks))
    return one_off_body(state.containers[0], hook, 1, "shop-web-1")


def test_what_only_one_container_can_have_is_left_out() -> None:
    made = body(
        {
            "ports": ["8080:80"],
            "expose": ["90"],
            "publish_all_ports": True,
            "restart": "always",
            "auto_remove": False,
            "labels": {"traefik.enable": "true"},
            "healthcheck": {"test": "true"},
            "networks": {"front": {"aliases": ["api"], "ipv4_address": "10.9.0.4"}},
            "mac_address": "02:00:00:00:00:01",
            "volumes": ["/anon", "./conf:/conf:ro"],
            "volumes_from": ["container:other:ro"],
            "command": ["serve"],
            "tty": True,
            "stdin_open": True,
            "mem_limit": "64m",
        },
        Hook(("prepare", "all")),
    )
    assert made["Entrypoint"] == ["prepare", "all"]
    assert "Cmd" not in made
    assert made["Healthcheck"] == {"Test": ["NONE"]}
    assert made["Labels"] == {STACK: "shop", RESOURCE: "web", RECORDED: "", "dockerspec.replica": "1", ONE_OFF: "1"}
    assert made["NetworkingConfig"] == {"EndpointsConfig": {"shop_front": {}}}
    host = made["HostConfig"]
    assert host["VolumesFrom"] == ["other:ro", "shop-web-1"]
    assert host["Memory"] == 64 << 20
    assert not {"PortBindings", "PublishAllPorts", "RestartPolicy"} & host.keys()
    assert not {"ExposedPorts", "Tty", "OpenStdin", "MacAddress", "Volumes"} & made.keys()
    assert "/anon" not in str(made)
    assert "/conf" in str(host)


def test_what_the_hook_says_wins() -> None:
    hook = Hook(("x",), user="root", privileged=True, working_dir="/w", environment={"A": "hook", "C": "3"})
    made = body({"user": "1000", "working_dir": "/srv", "environment": {"A": "spec", "B": "2=2"}}, hook)
    assert (made["User"], made["WorkingDir"], made["HostConfig"]["Privileged"]) == ("root", "/w", True)
    assert made["Env"] == ["A=hook", "B=2=2", "C=3"]
