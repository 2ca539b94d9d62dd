"""Random small stacks, and random things that happen to them. Caller: test_plan_laws.

Stacks are plain data that goes through the real loader. Host ports never clash within a stack, and every image has a
health check, so that a stack which loads can also run; what remains is for the planner to get right.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

from dockerspec.core.spec.load import LoadResult
from dockerspec.core.spec.load import load as load_texts
from dockerspec.core.spec.source import FileFault, SourceFile, Variables
from dockerspec.errors import EngineError
from tests.flow.drift import Drift
from tests.flow.world import World

Json = Any

STACK = "shop"
KEYS = ("a", "b", "c")
NETWORKS = ("front", "back")
VOLUMES = ("data", "logs")
PORTS = (8080, 8081, 8082)


def loaded(data: Mapping[str, Json]) -> LoadResult:
    """Load a stack from plain data; it must be sound."""
    source = SourceFile("spec.yaml", json.dumps({"dockerspec": 1, "stack": STACK, **data}), "/nowhere")
    spec = load_texts([source], Variables(), lambda _path: FileFault("doesn't exist", missing=True))
    assert spec.stack is not None, "\n".join(map(str, spec.diagnostics))
    return spec


def _some(**options: st.SearchStrategy[Json]) -> st.SearchStrategy[dict[str, Json]]:
    """A mapping with some of the keys."""
    return st.fixed_dictionaries({}, optional=options)


_endpoints = st.one_of(st.none(), st.fixed_dictionaries({"aliases": st.lists(st.sampled_from(["x", "y"]), min_size=1)}))
_hooks = st.lists(st.sampled_from([{"command": ["one"]}, {"command": ["two"], "user": "0"}]), max_size=2)
_small = _some(
    command=st.sampled_from([["serve"], ["serve", "more"]]),
    mem_limit=st.sampled_from(["64m", "128m"]),
    pids_limit=st.sampled_from([100, -1]),
    cpus=st.sampled_from([0.5, 1.5]),
    restart=st.sampled_from(["no", "always", "on-failure:3"]),
    environment=st.dictionaries(st.sampled_from(["MODE", "LEVEL"]), st.sampled_from(["1", "2"])),
    labels=st.dictionaries(st.just("team"), st.sampled_from(["one", "two"])),
    cap_add=st.lists(st.sampled_from(["NET_ADMIN", "CAP_SYS_TIME"]), unique=True),
    user=st.sampled_from(["0", "1000:1000"]),
    stop_signal=st.sampled_from(["TERM", "SIGQUIT"]),
    pre_start=_hooks,
    post_start=_hooks,
    pre_stop=_hooks,
    update=st.sampled_from([{"wait": "running"}, {"wait": {"log": "ready", "command": ["check"]}}]),
)
_conditions = st.fixed_dictionaries(
    {"condition": st.sampled_from(["service_started", "service_healthy"])}, optional={"restart": st.booleans()}
)


@st.composite
def stacks(draw: st.DrawFn) -> dict[str, Json]:
    """A stack of up to three containers that may depend on, share with, and mount what comes before them."""
    networks = {
        key: draw(st.sampled_from([{}, {}, {"internal": True}]))
        for key in draw(st.lists(st.sampled_from(NETWORKS), unique=True))
    }
    volumes = {
        key: draw(st.sampled_from([{}, {}, {}, {"labels": {"a": "b"}}]))
        for key in draw(st.lists(st.sampled_from(VOLUMES), unique=True))
    }
    ports = draw(st.permutations(PORTS))
    containers: dict[str, Json] = {}
    for key, port in zip(KEYS, ports, strict=True):
        if draw(st.booleans()):
            containers[key] = draw(_containers(list(containers), list(networks), list(volumes), port))
    job = draw(st.booleans())
    if job:
        containers["job"] = {"image": "busybox", "command": ["true"], "network_mode": "none"}
        for key in draw(st.lists(st.sampled_from(sorted(containers)), unique=True)):
            if key != "job":
                containers[key].setdefault("depends_on", {})["job"] = {"condition": "service_completed_successfully"}
        if not any("job" in item.get("depends_on", {}) for item in containers.values()):
            containers["job"]["state"] = "completed"
    return {"networks": networks, "volumes": volumes, "containers": containers}


@st.composite
def _containers(draw: st.DrawFn, before: list[str], networks: list[str], volumes: list[str], port: int) -> Json:
    result = {"image": draw(st.sampled_from(["app:1", "db:1", "cache:7"])), **draw(_small)}
    shape = draw(st.sampled_from(["networks", "default", "none", "shared" if before else "default"]))
    if shape == "networks" and networks:
        joined = draw(st.lists(st.sampled_from(networks), unique=True, min_size=1))
        result["networks"] = {name: draw(_endpoints) for name in joined}
    elif shape == "none":
        result["network_mode"] = "none"
    elif shape == "shared":
        result["network_mode"] = f"service:{draw(st.sampled_from(before))}"
    if shape in ("networks", "default"):
        more = draw(st.sampled_from(["ports", "replicas", "container_name", ""]))
        own: dict[str, Json] = {"ports": [f"{port}:80"], "replicas": 2, "container_name": f"name-{port}"}
        result.update({more: own[more]} if more else {})
    mounts = [f"{name}:/{name}" for name in draw(st.lists(st.sampled_from(volumes), unique=True))] if volumes else []
    result["volumes"] = mounts + draw(st.sampled_from([[], ["/anonymous"]]))
    needed = draw(st.lists(st.sampled_from(before), unique=True)) if before else []
    result["depends_on"] = {key: draw(_conditions) for key in needed}
    return result


_on_one: dict[str, Callable[[str], Json]] = {
    "kill": lambda key: key,
    "stop": lambda key: key,
    "pause": lambda key: key,
    "remove": lambda key: key,
    "rename": lambda key: {"container": key, "to": "elsewhere"},
    "update": lambda key: {"container": key, "Memory": "32m", "MemorySwap": "32m", "PidsLimit": 7},
    "exit": lambda key: {"container": key, "code": 3},
    "disconnect": lambda key: {"container": key, "network": NETWORKS[0]},
    "connect": lambda key: {"container": key, "network": "office"},
}
_on_none: dict[str, Json] = {
    "image": {"ref": "app:1", "config": {"Cmd": ["serve"], "User": "7", "Healthcheck": {"Test": ["CMD", "ready"]}}},
    "untag": "db:1",
}

drifts = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(sorted(_on_one)), st.sampled_from(KEYS)).map(
            lambda it: {it[0]: _on_one[it[0]](it[1])}
        ),
        st.sampled_from(sorted(_on_none)).map(lambda word: {word: _on_none[word]}),
        st.sampled_from(["aside", "made", "starting", "up"]).map(lambda moment: {"interrupted": moment}),
    ),
    max_size=4,
)
"""Things that happen behind dockerspec's back, a run that was killed in the middle of a replacement included."""


def happen(world: World, entries: list[dict[str, Json]]) -> None:
    """Let things happen; what the engine refuses does not."""
    drift = Drift(world.engine, STACK)
    for entry in entries:
        try:
            if "interrupted" in entry:
                _interrupt(drift, entry["interrupted"])
            else:
                drift.run([entry])
        except EngineError:
            continue


def _interrupt(drift: Drift, moment: str) -> None:
    """Leave container `a` as a run does that was killed while it replaced it."""
    name = drift.container("a")
    aside = f"{name}.replaced"
    drift.rename({"container": name, "to": aside})
    if moment in ("made", "starting", "up"):
        drift.double({"container": aside, "name": name})
    if moment in ("starting", "up"):
        drift.run([{"stop": aside}, {"start": name}])
    if moment == "starting":
        drift.health({"container": name, "status": "starting"})
