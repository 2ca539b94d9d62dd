"""Mounts: binds, mounts and image volumes are one mapping by target, whatever the spelling."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dockerspec.core.table.storage import is_anonymous, mounted_volumes
from tests.unit.core.samples import ENGINE, container, context, have, put, want

Json = Any
HEX = "0123456789abcdef" * 4
PRIVATE = {"Propagation": "rprivate"}
TMPFS = {"type": "tmpfs", "target": "/t", "tmpfs": {"size": "1m"}}


def bind(text: str) -> Json:
    return {"HostConfig": {"Binds": [text]}}


def mount(**keys: Json) -> Json:
    return {"HostConfig": {"Mounts": [keys]}}


@pytest.mark.parametrize(
    ("spec", "raw"),
    [
        ("data:/data", bind("shop_data:/data")),
        ("data:/data", bind("shop_data:/data:rw")),
        ("data:/data/", mount(Type="volume", Source="shop_data", Target="/data")),
        ("data:/data:ro", bind("shop_data:/data:ro")),
        ("data:/data:ro", mount(Type="volume", Source="shop_data", Target="/data", ReadOnly=True)),
        ("/srv/:/srv", bind("/srv:/srv:rw")),
        ("/srv:/srv:rslave", bind("/srv:/srv:rw,rslave")),
        ("/srv:/srv:ro,z", bind("/srv:/srv:z,ro")),
        ("/srv:/srv:rprivate", mount(Type="bind", Source="/srv", Target="/srv", BindOptions=PRIVATE)),
        ("/cache", {"Config": {"Volumes": {"/cache": {}}}}),
        ("/cache", bind(f"{HEX}:/cache:rw")),
        ("/cache", mount(Type="volume", Source=HEX, Target="/cache")),
        (TMPFS, mount(Type="tmpfs", Target="/t", TmpfsOptions={"SizeBytes": 1 << 20})),
    ],
)
def test_one_mount_has_many_spellings(spec: Json, raw: Json) -> None:
    seen = context(volumes={"data": "shop_data"})
    assert want("volumes", container(volumes=[spec]), seen) == have("volumes", raw)


@pytest.mark.parametrize(
    ("spec", "raw"),
    [
        ("/srv:/srv", bind("/srv:/srv:ro")),
        ("/srv:/srv", bind("/srv2:/srv")),
        ("/srv:/srv", bind("/srv:/srv:rw,rslave")),
        ("/cache", bind("named:/cache")),
        ({"type": "tmpfs", "target": "/t"}, mount(Type="tmpfs", Target="/t", TmpfsOptions={"Mode": 0o700})),
    ],
)
def test_other_mounts_are_others(spec: Json, raw: Json) -> None:
    assert want("volumes", container(volumes=[spec]), context()) != have("volumes", raw)


def test_an_images_volume_is_inherited_unless_something_takes_its_place() -> None:
    seen = context({"Volumes": {"/v": {}, "/w": {}}}, volumes={"data": "shop_data"})
    assert want("volumes", container(), seen) == {"/v": {"type": "volume"}, "/w": {"type": "volume"}}
    own = container(volumes=["data:/v"], tmpfs=["/w"])
    assert want("volumes", own, seen) == {"/v": {"type": "volume", "source": "shop_data"}}
    raw = {**bind("shop_data:/v"), "Config": {"Volumes": {"/v": {}, "/w": {}}}}
    raw["HostConfig"]["Tmpfs"] = {"/w": ""}
    assert want("volumes", own, seen) == have("volumes", raw)


@pytest.mark.parametrize(
    ("options", "same"),
    [
        ("size=16m,mode=1777", True),
        ("mode=01777,size=16384k", True),
        ("mode=1777,size=16777216", True),
        ("size=16M,mode=1777", True),
        ("size=50%,mode=1777", False),
        ("size=16g,mode=1777", False),
        ("size=16m,mode=177", False),
        ("size=16m", False),
        ("size=16m,mode=1777,noexec", False),
    ],
)
def test_the_options_of_a_tmpfs_are_a_set(options: str, same: bool) -> None:
    raw = {"HostConfig": {"Tmpfs": {"/tmp": "mode=1777,size=16m"}}}
    assert (want("tmpfs", container(tmpfs=[f"/tmp:{options}"]), context()) == have("tmpfs", raw)) is same


def test_a_replaced_containers_anonymous_volumes_go_on_in_its_successor() -> None:
    seen = context({"Volumes": {"/v": {}}}, anonymous={"/v": HEX, "/cache": HEX[::-1], "/gone": "c" * 64})
    body = put("volumes", container(volumes=["/cache"]), seen)
    assert body == {"HostConfig": {"Binds": [f"{HEX[::-1]}:/cache:rw", f"{HEX}:/v:rw"]}}


def test_an_anonymous_volume_moves_with_the_options_of_its_mount() -> None:
    seen = context(anonymous={"/a": HEX, "/b": HEX})
    driver = {"nocopy": True, "driver_config": "local", "labels": {"x": "y"}}
    mounts = [
        {"type": "volume", "target": "/a", "volume": driver},
        {"type": "volume", "target": "/b", "read_only": True, "volume": {"subpath": "s"}},
    ]
    assert put("volumes", container(volumes=mounts), seen)["HostConfig"] == {
        "Mounts": [
            {"Type": "volume", "Source": HEX, "Target": "/a", "VolumeOptions": {"NoCopy": True}},
            {"Type": "volume", "Source": HEX, "Target": "/b", "ReadOnly": True, "VolumeOptions": {"Subpath": "s"}},
        ],
    }


@pytest.mark.parametrize(("api", "options"), [((1, 41), {}), ((1, 42), {"CreateMountpoint": True})])
def test_a_mount_makes_its_missing_source_where_the_engine_can(api: tuple[int, int], options: Json) -> None:
    spec = container(volumes=[{"type": "bind", "source": "/srv", "target": "/s", "bind": {"recursive": "disabled"}}])
    body = put("volumes", spec, context(engine=replace(ENGINE, api=api)))
    (found,) = body["HostConfig"]["Mounts"]
    assert found["BindOptions"] == {"NonRecursive": True, **options}


def test_an_anonymous_volume_does_not_take_a_named_ones_place() -> None:
    seen = context(anonymous={"/data": HEX}, volumes={"data": "shop_data"})
    assert put("volumes", container(volumes=["data:/data"]), seen) == {"HostConfig": {"Binds": ["shop_data:/data:rw"]}}


def test_a_bind_whose_folder_must_exist_uses_the_strict_form() -> None:
    strict = {"type": "bind", "source": "/srv", "target": "/srv", "bind": {"create_host_path": False}}
    assert put("volumes", container(volumes=[strict]), context()) == {
        "HostConfig": {"Mounts": [{"Type": "bind", "Source": "/srv", "Target": "/srv"}]}
    }


@pytest.mark.parametrize(("name", "made_up"), [(HEX, True), (HEX[1:], False), ("data", False), (HEX.upper(), False)])
def test_an_anonymous_volumes_name(name: str, made_up: bool) -> None:
    assert is_anonymous(name) is made_up


def test_named_volumes_of_a_container() -> None:
    fields = {"volumes": want("volumes", container(volumes=["data:/a", "/b", "/srv:/c"]), context())}
    assert list(mounted_volumes(fields)) == ["data"]


@pytest.mark.parametrize(
    ("spec", "raw", "same"),
    [
        (["cache"], ["shop-cache-1"], True),
        (["cache"], ["shop-cache-1:rw"], True),
        (["cache:ro"], ["shop-cache-1:ro"], True),
        (["container:other"], ["other"], True),
        (["cache:ro"], ["shop-cache-1"], False),
    ],
)
def test_volumes_of_other_containers_by_their_engine_names(spec: list[str], raw: list[str], same: bool) -> None:
    seen = context(containers={"cache": "shop-cache-1"})
    wanted = want("volumes_from", container(volumes_from=spec), seen)
    assert (wanted == have("volumes_from", {"HostConfig": {"VolumesFrom": raw}})) is same
