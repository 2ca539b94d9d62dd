"""Specs, facts and inspect answers for the tests of the pure core."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dockerspec.core.desired.build import World, build_desired
from dockerspec.core.desired.state import DesiredState
from dockerspec.core.facts import EngineFacts, ImageFacts
from dockerspec.core.live.parse import parse_live
from dockerspec.core.live.raw import RawSnapshot
from dockerspec.core.live.state import LiveState
from dockerspec.core.ownership import RECORDED, REPLICA, RESOURCE, STACK
from dockerspec.core.spec.load import load
from dockerspec.core.spec.model import ContainerSpec, Stack
from dockerspec.core.spec.source import FileFault, SourceFile, Variables
from dockerspec.core.table import container as table
from dockerspec.core.table.base import Context

Json = Any
ENGINE = EngineFacts(api=(1, 51), name="host")
IMAGE = ImageFacts(id="sha256:" + "1" * 64, config={"Cmd": ["serve"]}, tags=("app:1",))


def stack(**sections: Json) -> Stack:
    """A stack called `shop`, through the real loader."""
    source = SourceFile("spec.yaml", json.dumps({"dockerspec": 1, "stack": "shop", **sections}), "/nowhere")
    found = load(
        [source], Variables(environment={"TOKEN": "a-token"}), lambda _path: FileFault("doesn't exist", missing=True)
    )
    assert found.stack is not None, "\n".join(map(str, found.diagnostics))
    return found.stack


def container(**keys: Json) -> ContainerSpec:
    """A container of the image `app:1`, in a stack that has what it may refer to."""
    others = {key: {"image": "app:1"} for key in ("db", "cache")}
    given = stack(
        networks={"front": {}, "back": {}},
        volumes={"data": {}},
        containers={"web": {"image": "app:1", **keys}, **others},
    )
    return given.containers["web"]


def context(config: Mapping[str, Json] | None = None, *, engine: EngineFacts = ENGINE, **more: Json) -> Context:
    """What a row looks at, for a container of an image with this config."""
    labels = (config or {}).get("Labels") or {}
    return Context(engine=engine, image=ImageFacts("sha256:1", config or {}, labels), key="web", **more)


def want(key: str, spec: ContainerSpec, context: Context) -> Json:
    """What a container row wants."""
    return table.BY_KEY[key].want(spec, context)


def have(key: str, raw: Json, engine: EngineFacts = ENGINE) -> Json:
    """What a container row reads."""
    return table.BY_KEY[key].have(raw, engine)


def put(key: str, spec: ContainerSpec, context: Context) -> Json:
    """What a container row writes."""
    body: dict[str, Json] = {}
    table.BY_KEY[key].put(body, spec, context)
    return body


def desired(given: Stack) -> DesiredState:
    """The desired state on an engine that has the image `app:1`."""
    state, faults = build_desired(given, World(engine=ENGINE, images={"app:1": IMAGE}))
    assert faults == ()
    return state


def raw_container(name: str, resource: str = "web", replica: int = 1, **state: Json) -> Json:
    """An inspect answer; its ID begins with its name."""
    labels = {STACK: "shop", RESOURCE: resource, REPLICA: str(replica), RECORDED: ""}
    return {
        "Id": f"id-of-{name}",
        "Name": f"/{name}",
        "Image": IMAGE.id,
        "Config": {"Image": "app:1", "Cmd": ["serve"], "Labels": labels},
        "HostConfig": {"CgroupnsMode": "private", "ShmSize": 64 << 20, "LogConfig": {"Type": "json-file"}},
        "State": {"Status": "running", **state},
        "NetworkSettings": {"Networks": {"shop_default": {"NetworkID": "id-of-shop_default", "Aliases": [resource]}}},
    }


def live(*containers: Json, networks: list[Json] | None = None, volumes: list[Json] | None = None) -> LiveState:
    """The live state of an engine with these objects and the image `app:1`."""
    image = {"Id": IMAGE.id, "RepoTags": ["app:1"], "Config": dict(IMAGE.config)}
    return parse_live(
        RawSnapshot(
            stack="shop",
            version={},
            info={"CgroupVersion": "2"},
            api=(1, 51),
            containers=list(containers),
            networks=networks if networks is not None else [raw_network("shop_default", "default")],
            volumes=volumes or [],
            images={"app:1": image, IMAGE.id: image},
        )
    )


def raw_network(name: str, resource: str) -> Json:
    """A network of the stack."""
    labels = {STACK: "shop", RESOURCE: resource}
    return {"Id": f"id-of-{name}", "Name": name, "Driver": "bridge", "Labels": labels, "IPAM": {"Config": []}}


def raw_volume(name: str, resource: str) -> Json:
    """A volume of the stack."""
    return {"Name": name, "Driver": "local", "Labels": {STACK: "shop", RESOURCE: resource}}
