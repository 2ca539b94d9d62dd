"""Rows for what a container may use: memory, processor, processes, block devices, shared memory, ulimits.

The engine's update call reads zero as "leave alone". A limit is lifted live where another value means the same as
none to the kernel (tried on running containers): -1 for the processor quota, 100 ms for its period, and on cgroup v1
-1 for the memory reservation and 1024 for the processor shares; `PidsLimit` takes zero itself. Memory, `NanoCpus` and
the processor sets know no such value and are lifted by a replacement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dockerspec.core.facts import ApiVersion, EngineFacts, Value
from dockerspec.core.table.base import (
    Body,
    Context,
    Json,
    Put,
    Row,
    dig,
    place,
    plain,
    replace,
    simple,
    update,
    update_unless_cleared,
)
from dockerspec.core.way import Way

_NANO = 1_000_000_000
_SHM_DEFAULT = 64 << 20

_NO_SWAP_LIMIT = (1 << 63) - 4096
"""The kernel's own word for "unlimited": the largest number of whole pages.

An update to -1 is stored and reported by the engine, but never handed to the kernel of a running container (tried live
on 20.10 and 28.5); this figure is.
"""


def cpu_list(text: Any) -> Value:
    """By its members: `0-2` is `0,1,2`.

    A text that is no list stays as it is.
    """
    members: set[int] = set()
    for part in str(text).split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            return str(text)
        members.update(range(int(first), int(last or first) + 1))
    return ",".join(map(str, sorted(members)))


def _put_given(attribute: str, name: str) -> Put[Any]:
    """Writes what a spec says, a zero or a word for "none" included; a silent spec writes nothing."""

    def put(body: Body, spec: Any, _context: Context) -> None:
        value = getattr(spec, attribute)
        if value is not None:
            place(body, ("HostConfig", name), value)

    return put


def _want_swap(spec: Any, context: Context) -> Value:
    if not context.engine.swap_limit:
        # A kernel without swap accounting: the engine drops what is asked and stores "unlimited" beside a limit.
        return -1 if spec.mem_limit else 0
    if spec.memswap_limit is not None:
        return int(spec.memswap_limit)
    return 2 * spec.mem_limit if spec.mem_limit else 0


def _have_swap(raw: Json, _engine: EngineFacts) -> Value:
    value = dig(raw, ("HostConfig", "MemorySwap")) or 0
    return -1 if value >= _NO_SWAP_LIMIT else value


def _want_cpus(spec: Any, _context: Context) -> Value:
    return round(spec.cpus * _NANO) if spec.cpus else 0


def _put_cpus(body: Body, spec: Any, context: Context) -> None:
    if spec.cpus:
        place(body, ("HostConfig", "NanoCpus"), _want_cpus(spec, context))


_PERIOD = 100_000
_SHARES = 1024
_NO_QUOTA = -1
_NO_RESERVATION = -1


def _way_shares(_old: Value, new: Value, engine: EngineFacts) -> Way:
    # On cgroup v2 a container without shares has weight 100, one with 1024 has 39.
    return Way.UPDATE if new or engine.cgroup_version == 1 else Way.REPLACE


def _shares(value: int | None, engine: EngineFacts) -> Value:
    return 0 if value == _SHARES and engine.cgroup_version == 1 else value or 0


def _way_reservation(_old: Value, new: Value, engine: EngineFacts) -> Way:
    # On cgroup v2 -1 protects all memory instead of none.
    return Way.UPDATE if new or engine.cgroup_version == 1 else Way.REPLACE


def _positive(value: int | None) -> Value:
    return 0 if value is None or value < 0 else value


def _whole_period(want: Value, have: Value) -> bool:
    """Whether both sides are the kernel's own period, set or not."""
    return {want, have} <= {0, _PERIOD}


def _pids(value: int | None) -> Value:
    # The engine keeps null after a create and 0 after an update; -1 is a third spelling of "no limit".
    return 0 if value is None or value <= 0 else value


def _swappiness(value: int | None) -> Value:
    return None if value is None or value < 0 else value


def _want_ulimits(spec: Any, _context: Context) -> Value:
    return {name: {"soft": item.soft, "hard": item.hard} for name, item in spec.ulimits.items()}


def _have_ulimits(raw: Json, _engine: EngineFacts) -> Value:
    items = dig(raw, ("HostConfig", "Ulimits")) or ()
    return {item["Name"]: {"soft": item.get("Soft", 0), "hard": item.get("Hard", 0)} for item in items}


def _put_ulimits(body: Body, spec: Any, _context: Context) -> None:
    if spec.ulimits:
        place(
            body,
            ("HostConfig", "Ulimits"),
            [{"Name": name, "Soft": item.soft, "Hard": item.hard} for name, item in spec.ulimits.items()],
        )


_LIVE_DEVICES: ApiVersion = (1, 55)
_BLKIO = {
    "weight_device": ("BlkioWeightDevice", "weight", "Weight"),
    "device_read_bps": ("BlkioDeviceReadBps", "rate", "Rate"),
    "device_write_bps": ("BlkioDeviceWriteBps", "rate", "Rate"),
    "device_read_iops": ("BlkioDeviceReadIOps", "rate", "Rate"),
    "device_write_iops": ("BlkioDeviceWriteIOps", "rate", "Rate"),
}


def _want_blkio(spec: Any, _context: Context) -> Value:
    own = spec.blkio_config
    if own is None:
        return {}
    values: dict[str, Value] = {"weight": own.weight} if own.weight else {}
    for key, (_, attribute, _) in _BLKIO.items():
        devices = {item.path: getattr(item, attribute) for item in getattr(own, key)}
        if devices:
            values[key] = devices
    return values


def _have_blkio(raw: Json, _engine: EngineFacts) -> Value:
    host = raw.get("HostConfig") or {}
    weight = host.get("BlkioWeight")
    values: dict[str, Value] = {"weight": weight} if weight else {}
    for key, (name, _, figure) in _BLKIO.items():
        devices = host.get(name)
        if devices:
            values[key] = {item["Path"]: item[figure] for item in devices}
    return values


def _kept_blkio(value: Value) -> Value:
    """What a kernel without weights keeps: the rates."""
    assert isinstance(value, Mapping)
    return {key: item for key, item in value.items() if not key.startswith("weight")}


def _way_blkio(old: Value, new: Value, engine: EngineFacts) -> Way:
    """The update call takes a weight in place of another, and from API 1.55 on the lists by device.

    It can't lift a weight; and a live container without one may be on a kernel that has none.
    """
    before, after = (value if isinstance(value, Mapping) else {} for value in (old, new))
    if bool(before.get("weight")) != bool(after.get("weight")):
        return Way.REPLACE
    lists = any(before.get(key) != after.get(key) for key in _BLKIO)
    return Way.REPLACE if lists and engine.api < _LIVE_DEVICES else Way.UPDATE


def _update_blkio(value: Value) -> Body:
    """Every list: an empty one lifts the limits, and engines before API 1.55 ignore them all."""
    values = plain(value)
    body: Body = {"BlkioWeight": values["weight"]} if "weight" in values else {}
    for key, (name, _, figure) in _BLKIO.items():
        body[name] = [{"Path": path, figure: item} for path, item in values.get(key, {}).items()]
    return body


def _put_blkio(body: Body, spec: Any, context: Context) -> None:
    for name, value in _update_blkio(_want_blkio(spec, context)).items():
        if value:
            place(body, ("HostConfig", name), value)


ROWS: tuple[Row[Any], ...] = (
    simple("mem_limit", "HostConfig.Memory", default=0, way=update_unless_cleared, unit="bytes"),
    Row(
        key="memswap_limit",
        means="silent, it is twice `mem_limit`; without swap accounting there is none",
        engine=("HostConfig.MemorySwap",),
        want=_want_swap,
        have=_have_swap,
        put=_put_given("memswap_limit", "MemorySwap"),
        way=update_unless_cleared,
        update=lambda value: {"MemorySwap": _NO_SWAP_LIMIT if value == -1 else value},
        unit="bytes",
    ),
    Row(
        key="mem_reservation",
        engine=("HostConfig.MemoryReservation",),
        want=lambda spec, _context: spec.mem_reservation or 0,
        have=lambda raw, _engine: _positive(dig(raw, ("HostConfig", "MemoryReservation"))),
        put=_put_given("mem_reservation", "MemoryReservation"),
        way=_way_reservation,
        update=lambda value: {"MemoryReservation": value or _NO_RESERVATION},
        unit="bytes",
        means="below zero is none",
    ),
    Row(
        key="mem_swappiness",
        engine=("HostConfig.MemorySwappiness",),
        want=lambda spec, _context: _swappiness(spec.mem_swappiness),
        have=lambda raw, _engine: _swappiness(dig(raw, ("HostConfig", "MemorySwappiness"))),
        put=_put_given("mem_swappiness", "MemorySwappiness"),
        way=replace,
        discards=lambda _value: None,
    ),
    Row(
        key="cpus",
        means="to a billionth",
        engine=("HostConfig.NanoCpus",),
        want=_want_cpus,
        have=lambda raw, _engine: dig(raw, ("HostConfig", "NanoCpus")) or 0,
        put=_put_cpus,
        way=update_unless_cleared,
        update=lambda value: {"NanoCpus": value},
        clash=("cpu_period", "cpu_quota"),
        unit="cpus",
    ),
    Row(
        key="cpu_shares",
        engine=("HostConfig.CpuShares",),
        want=lambda spec, context: _shares(spec.cpu_shares, context.engine),
        have=lambda raw, engine: _shares(dig(raw, ("HostConfig", "CpuShares")), engine),
        put=_put_given("cpu_shares", "CpuShares"),
        way=_way_shares,
        update=lambda value: {"CpuShares": value or _SHARES},
        means="on cgroup v1 1024 is none",
    ),
    Row(
        key="cpu_period",
        engine=("HostConfig.CpuPeriod",),
        want=lambda spec, _context: spec.cpu_period or 0,
        have=lambda raw, _engine: dig(raw, ("HostConfig", "CpuPeriod")) or 0,
        put=_put_given("cpu_period", "CpuPeriod"),
        way=update,
        update=lambda value: {"CpuPeriod": value or _PERIOD},
        same=_whole_period,
        # With NanoCpus the engine makes period and quota itself, and refuses others.
        clash=("cpus",),
        means="100ms is none",
    ),
    Row(
        key="cpu_quota",
        engine=("HostConfig.CpuQuota",),
        want=lambda spec, _context: _positive(spec.cpu_quota),
        have=lambda raw, _engine: _positive(dig(raw, ("HostConfig", "CpuQuota"))),
        put=_put_given("cpu_quota", "CpuQuota"),
        way=update,
        update=lambda value: {"CpuQuota": value or _NO_QUOTA},
        clash=("cpus",),
        means="below zero is none",
    ),
    simple("cpu_rt_period", "HostConfig.CpuRealtimePeriod", default=0, way=update_unless_cleared, discarded=True),
    simple("cpu_rt_runtime", "HostConfig.CpuRealtimeRuntime", default=0, way=update_unless_cleared, discarded=True),
    simple("cpu_count", "HostConfig.CpuCount", default=0),
    simple("cpu_percent", "HostConfig.CpuPercent", default=0, discarded=True),
    simple("io_maximum_iops", "HostConfig.IOMaximumIOps", default=0, system="windows"),
    simple("io_maximum_bandwidth", "HostConfig.IOMaximumBandwidth", default=0, unit="bytes", system="windows"),
    simple("cpuset", "HostConfig.CpusetCpus", default="", normal=cpu_list, way=update_unless_cleared),
    simple("cpuset_mems", "HostConfig.CpusetMems", default="", normal=cpu_list, way=update_unless_cleared),
    Row(
        key="pids_limit",
        means="zero and below are none",
        engine=("HostConfig.PidsLimit",),
        want=lambda spec, _context: _pids(spec.pids_limit),
        have=lambda raw, _engine: _pids(dig(raw, ("HostConfig", "PidsLimit"))),
        put=_put_given("pids_limit", "PidsLimit"),
        way=update,
        update=lambda value: {"PidsLimit": value},
    ),
    simple("oom_kill_disable", "HostConfig.OomKillDisable", default=False, discarded=True),
    simple("oom_score_adj", "HostConfig.OomScoreAdj", default=0),
    simple("shm_size", "HostConfig.ShmSize", default=_SHM_DEFAULT, unit="bytes", polluted=True),
    Row(
        key="ulimits",
        means="a number is both limits; the daemon's defaults are no difference",
        engine=(
            "HostConfig.Ulimits.Name",
            "HostConfig.Ulimits.Soft",
            "HostConfig.Ulimits.Hard",
        ),
        want=_want_ulimits,
        have=_have_ulimits,
        put=_put_ulimits,
        way=replace,
        polluted=True,
    ),
    Row(
        key="blkio_config",
        means="by device, order means nothing",
        engine=(
            "HostConfig.BlkioWeight",
            "HostConfig.BlkioWeightDevice.Path",
            "HostConfig.BlkioWeightDevice.Weight",
            "HostConfig.BlkioDeviceReadBps.Path",
            "HostConfig.BlkioDeviceReadBps.Rate",
            "HostConfig.BlkioDeviceWriteBps.Path",
            "HostConfig.BlkioDeviceWriteBps.Rate",
            "HostConfig.BlkioDeviceReadIOps.Path",
            "HostConfig.BlkioDeviceReadIOps.Rate",
            "HostConfig.BlkioDeviceWriteIOps.Path",
            "HostConfig.BlkioDeviceWriteIOps.Rate",
        ),
        want=_want_blkio,
        have=_have_blkio,
        put=_put_blkio,
        way=_way_blkio,
        update=_update_blkio,
        discards=_kept_blkio,
    ),
)
