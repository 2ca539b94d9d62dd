"""Rows for what a container may use: memory, processor, processes, block devices, shared memory, ulimits.

The engine's update call reads zero as "leave alone", so that most limits can be set live but only be lifted by a
replacement (fields tried live; `PidsLimit` is the exception).
"""

from __future__ import annotations

from typing import Any

from dockerspec.core.facts import EngineFacts, Value
from dockerspec.core.table.base import (
    Body,
    Context,
    Json,
    Row,
    dig,
    place,
    plain,
    replace,
    simple,
    update,
    update_unless_cleared,
)

_NANO = 1_000_000_000
_SHM_DEFAULT = 64 << 20

_NO_SWAP_LIMIT = (1 << 63) - 4096
"""The kernel's own word for "unlimited": the largest number of whole pages.

An update to -1 is stored and reported by the engine, but never handed to the kernel of a running container (tried live
on 20.10 and 28.5); this figure is.
"""


def cpu_list(text: Any) -> Value:
    """A processor list by its members: `0-2` and `0,1,2` are one thing; a text that is no list stays."""
    members: set[int] = set()
    for part in str(text).split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            return str(text)
        members.update(range(int(first), int(last or first) + 1))
    return ",".join(map(str, sorted(members)))


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


def _put_swap(body: Body, spec: Any, _context: Context) -> None:
    if spec.memswap_limit is not None:
        place(body, ("HostConfig", "MemorySwap"), spec.memswap_limit)


def _want_cpus(spec: Any, _context: Context) -> Value:
    return round(spec.cpus * _NANO) if spec.cpus else 0


def _put_cpus(body: Body, spec: Any, context: Context) -> None:
    if spec.cpus:
        place(body, ("HostConfig", "NanoCpus"), _want_cpus(spec, context))


def _pids(value: int | None) -> Value:
    # The engine keeps null after a create and 0 after an update; -1 is a third spelling of "no limit".
    return 0 if value is None or value <= 0 else value


def _put_pids(body: Body, spec: Any, _context: Context) -> None:
    if spec.pids_limit is not None:
        place(body, ("HostConfig", "PidsLimit"), spec.pids_limit)


def _swappiness(value: int | None) -> Value:
    return None if value is None or value < 0 else value


def _put_swappiness(body: Body, spec: Any, _context: Context) -> None:
    if spec.mem_swappiness is not None:
        place(body, ("HostConfig", "MemorySwappiness"), spec.mem_swappiness)


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


def _put_blkio(body: Body, spec: Any, context: Context) -> None:
    values = plain(_want_blkio(spec, context))
    if "weight" in values:
        place(body, ("HostConfig", "BlkioWeight"), values["weight"])
    for key, (name, _, figure) in _BLKIO.items():
        if key in values:
            devices = [{"Path": path, figure: value} for path, value in values[key].items()]
            place(body, ("HostConfig", name), devices)


ROWS: tuple[Row[Any], ...] = (
    simple("mem_limit", "HostConfig.Memory", default=0, way=update_unless_cleared, unit="bytes"),
    Row(
        key="memswap_limit",
        engine=("HostConfig.MemorySwap",),
        want=_want_swap,
        have=_have_swap,
        put=_put_swap,
        way=update_unless_cleared,
        update=lambda value: {"MemorySwap": _NO_SWAP_LIMIT if value == -1 else value},
        unit="bytes",
    ),
    simple("mem_reservation", "HostConfig.MemoryReservation", default=0, way=update_unless_cleared, unit="bytes"),
    Row(
        key="mem_swappiness",
        engine=("HostConfig.MemorySwappiness",),
        want=lambda spec, _context: _swappiness(spec.mem_swappiness),
        have=lambda raw, _engine: _swappiness(dig(raw, ("HostConfig", "MemorySwappiness"))),
        put=_put_swappiness,
        way=replace,
    ),
    Row(
        key="cpus",
        engine=("HostConfig.NanoCpus",),
        want=_want_cpus,
        have=lambda raw, _engine: dig(raw, ("HostConfig", "NanoCpus")) or 0,
        put=_put_cpus,
        way=update_unless_cleared,
        update=lambda value: {"NanoCpus": value},
        unit="cpus",
    ),
    simple("cpu_shares", "HostConfig.CpuShares", default=0, way=update_unless_cleared),
    simple("cpu_period", "HostConfig.CpuPeriod", default=0, way=update_unless_cleared),
    simple("cpu_quota", "HostConfig.CpuQuota", default=0, way=update_unless_cleared),
    simple("cpu_rt_period", "HostConfig.CpuRealtimePeriod", default=0, way=update_unless_cleared),
    simple("cpu_rt_runtime", "HostConfig.CpuRealtimeRuntime", default=0, way=update_unless_cleared),
    simple("cpuset", "HostConfig.CpusetCpus", default="", normal=cpu_list, way=update_unless_cleared),
    Row(
        key="pids_limit",
        engine=("HostConfig.PidsLimit",),
        want=lambda spec, _context: _pids(spec.pids_limit),
        have=lambda raw, _engine: _pids(dig(raw, ("HostConfig", "PidsLimit"))),
        put=_put_pids,
        way=update,
        update=lambda value: {"PidsLimit": value},
    ),
    simple("oom_kill_disable", "HostConfig.OomKillDisable", default=False),
    simple("oom_score_adj", "HostConfig.OomScoreAdj", default=0),
    simple("shm_size", "HostConfig.ShmSize", default=_SHM_DEFAULT, unit="bytes", polluted=True),
    Row(
        key="ulimits",
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
        way=replace,
    ),
)
