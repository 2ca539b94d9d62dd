"""What runs in a container: inheritance from the image, and spellings that mean one thing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.core.samples import container, context, have, put, want

Json = Any
SECOND = 1_000_000_000
HEALTH = {"Test": ["CMD", "ready"], "Interval": 7 * SECOND, "Retries": 9}
DEFAULTS = {
    "interval": 30 * SECOND,
    "timeout": 30 * SECOND,
    "retries": 3,
    "start_period": 0,
    "start_interval": 5 * SECOND,
}


@pytest.mark.parametrize(
    ("spec", "engine", "same"),
    [
        ("SIGQUIT", "SIGQUIT", True),
        ("quit", "SIGQUIT", True),
        ("QUIT", "3", True),
        ("3", "SIGQUIT", True),
        ("15", "", True),  # the engine's own default
        ("RTMIN+3", "SIGRTMIN+3", True),
        ("SIGQUIT", "SIGTERM", False),
        ("9", "15", False),
    ],
)
def test_a_signal_is_one_whatever_its_spelling(spec: str, engine: str, same: bool) -> None:
    wanted = want("stop_signal", container(stop_signal=spec), context())
    assert (wanted == have("stop_signal", {"Config": {"StopSignal": engine}})) is same


@pytest.mark.parametrize(
    ("keys", "image", "entrypoint", "command"),
    [
        ({}, {"Entrypoint": ["/e"], "Cmd": ["c"]}, ("/e",), ("c",)),
        ({"command": ["mine"]}, {"Entrypoint": ["/e"], "Cmd": ["c"]}, ("/e",), ("mine",)),
        ({"entrypoint": ["/mine"]}, {"Entrypoint": ["/e"], "Cmd": ["c"]}, ("/mine",), ()),
        ({"entrypoint": ["/mine"], "command": ["m"]}, {"Cmd": ["c"]}, ("/mine",), ("m",)),
        ({"entrypoint": []}, {"Entrypoint": ["/e"], "Cmd": ["c"]}, (), ("c",)),
        ({}, {}, (), ()),
    ],
)
def test_an_entrypoint_of_ones_own_drops_the_images_command(
    keys: Json, image: Json, entrypoint: Json, command: Json
) -> None:
    spec, seen = container(**keys), context(image)
    assert (want("entrypoint", spec, seen), want("command", spec, seen)) == (entrypoint, command)


@pytest.mark.parametrize(
    ("keys", "image", "expected"),
    [
        ({}, {}, None),
        ({}, {"Healthcheck": HEALTH}, {"test": ("CMD", "ready"), **DEFAULTS, "interval": 7 * SECOND, "retries": 9}),
        (
            {"healthcheck": {"retries": 2}},
            {"Healthcheck": HEALTH},
            {"test": ("CMD", "ready"), **DEFAULTS, "interval": 7 * SECOND, "retries": 2},
        ),
        (
            {"healthcheck": {"test": ["CMD", "mine"]}},
            {"Healthcheck": HEALTH},
            {"test": ("CMD", "mine"), **DEFAULTS, "interval": 7 * SECOND, "retries": 9},
        ),
        ({"healthcheck": {"test": "curl x"}}, {}, {"test": ("CMD-SHELL", "curl x"), **DEFAULTS}),
        ({"healthcheck": {"disable": True}}, {"Healthcheck": HEALTH}, {"disable": True}),
        ({"healthcheck": {"test": ["NONE"]}}, {"Healthcheck": HEALTH}, {"disable": True}),
        ({}, {"Healthcheck": {"Test": ["NONE"]}}, {"disable": True}),
    ],
)
def test_a_health_check_is_inherited_figure_by_figure(keys: Json, image: Json, expected: Json) -> None:
    assert want("healthcheck", container(**keys), context(image)) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (None, None),
        ({}, None),
        ({"Test": ["NONE"]}, {"disable": True}),
        ({"Test": ["CMD", "x"], "Interval": 0, "Retries": 0}, {"test": ("CMD", "x"), **DEFAULTS}),
    ],
)
def test_a_health_checks_zeros_are_the_engines_defaults(raw: Json, expected: Json) -> None:
    assert have("healthcheck", {"Config": {"Healthcheck": raw}}) == expected


def test_a_silent_health_check_writes_nothing() -> None:
    assert put("healthcheck", container(), context({"Healthcheck": HEALTH})) == {}
    assert put("healthcheck", container(healthcheck={"disable": True}), context()) == {
        "Healthcheck": {"Test": ["NONE"]}
    }


@pytest.mark.parametrize(
    ("own", "image", "expected"),
    [
        ({}, ["A=1", "B="], {"A": "1", "B": ""}),
        ({"A": "2"}, ["A=1", "C=3"], {"A": "2", "C": "3"}),
        ({"A": "x=y"}, None, {"A": "x=y"}),
        ({"A": None, "B": None}, ["A=1", "C=3"], {"A": None, "B": None, "C": "3"}),
    ],
)
def test_the_environment_is_the_images_under_the_specs(own: Json, image: Json, expected: Json) -> None:
    assert want("environment", container(environment=own), context({"Env": image})) == expected


def test_labels_of_ours_are_in_neither_side() -> None:
    seen = context({"Labels": {"from": "image", "dockerspec.build.stack": "shop/web"}})
    assert want("labels", container(labels={"a": "b"}), seen) == {"from": "image", "a": "b"}
    raw = {"Config": {"Labels": {"a": "b", "dockerspec.stack": "shop", "dockerspec.recorded": "x=y"}}}
    assert have("labels", raw) == {"a": "b"}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"Id": "abcdefabcdef0123", "Config": {"Hostname": "abcdefabcdef"}}, None),
        ({"Id": "x", "Config": {"Hostname": "mine"}}, "mine"),
        ({"Id": "x", "Config": {"Hostname": "host"}, "HostConfig": {"NetworkMode": "host"}}, None),
        ({"Id": "x", "Config": {"Hostname": "host"}}, "host"),
        ({"Id": "x", "Config": {"Hostname": "owner"}, "HostConfig": {"NetworkMode": "container:y"}}, None),
        ({"Id": "x", "Config": {}}, None),
    ],
)
def test_a_host_name_that_the_engine_chose_is_none(raw: Json, expected: Json) -> None:
    assert have("hostname", raw) == expected


@pytest.mark.parametrize(("spec", "seconds"), [(None, 10), ("0s", 0), ("1500ms", 2), ("1m", 60)])
def test_a_grace_period_is_whole_seconds_rounded_up(spec: str | None, seconds: int) -> None:
    own = container(**({} if spec is None else {"stop_grace_period": spec}))
    assert want("stop_grace_period", own, context()) == seconds * SECOND
    assert put("stop_grace_period", own, context()) == ({} if spec is None else {"StopTimeout": seconds})


@pytest.mark.parametrize(
    ("spec", "raw", "same"),
    [
        ("no", {}, True),
        ("no", {"RestartPolicy": {"Name": ""}}, True),
        ("always", {"RestartPolicy": {"Name": "always", "MaximumRetryCount": 0}}, True),
        ("on-failure", {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 0}}, True),
        ("on-failure:3", {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}}, True),
        ("on-failure:3", {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 4}}, False),
    ],
)
def test_a_restart_policy(spec: str, raw: Json, same: bool) -> None:
    assert (want("restart", container(restart=spec), context()) == have("restart", {"HostConfig": raw})) is same


@pytest.mark.parametrize(("spec", "image", "raw"), [("/srv/", "", "/srv"), (None, "/srv/x/..", "/srv")])
def test_a_working_folder_is_one_whatever_its_spelling(spec: str | None, image: str, raw: str) -> None:
    own = container(**({"working_dir": spec} if spec else {}))
    assert want("working_dir", own, context({"WorkingDir": image})) == have(
        "working_dir", {"Config": {"WorkingDir": raw}}
    )
