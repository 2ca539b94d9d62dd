"""Inverses for what runs in a container, what it may use and what it may do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dockerspec.core.ownership import COMPOSE
from dockerspec.core.table.base import plain
from dockerspec.core.table.process import foreign_labels, pairs
from dockerspec.core.takein.base import Inverse, Keys, Place, as_is, lasting, sized, without
from dockerspec.core.values.durations import format_duration

_HEALTH_TIMES = ("interval", "timeout", "start_period", "start_interval")


def _environment(have: Mapping[str, str | None], place: Place) -> Keys:
    return {"environment": without(have, pairs(place.context.inherited("Env")))}


def _labels(have: Mapping[str, str], place: Place) -> Keys:
    """The container's own labels. Those of Compose describe one container of its own making: they are no difference."""
    image = place.context.image
    own = without(have, foreign_labels(image.labels if image else None))
    labels = {key: value for key, value in own.items() if not key.startswith(COMPOSE)}
    return {"labels": labels} if labels else {}


def _healthcheck(have: Mapping[str, Any] | None, place: Place) -> Keys:
    if have is None:
        return {}
    if have.get("disable"):
        return {"healthcheck": {"disable": True}}
    want: Mapping[str, Any] = place.want if isinstance(place.want, Mapping) else {}
    test = list(have["test"])
    check: Keys = {"test": test[1] if test[0] == "CMD-SHELL" and len(test) == 2 else test}
    # Against the image's figures, or the engine's own where the image has no check.
    base = {"interval": 30 * 10**9, "timeout": 30 * 10**9, "retries": 3, "start_period": 0, "start_interval": 5 * 10**9}
    base.update({key: want[key] for key in base if key in want})
    for key, default in base.items():
        if have[key] != default:
            check[key] = format_duration(have[key]) if key in _HEALTH_TIMES else have[key]
    return {"healthcheck": check}


def _logging(have: Mapping[str, Any], _place: Place) -> Keys:
    options = dict(have["options"])
    return {"logging": {"driver": have["driver"], **({"options": options} if options else {})}}


def _cpus(have: int, _place: Place) -> Keys:
    return {"cpus": have / 10**9}


def _ulimits(have: Mapping[str, Mapping[str, int]], _place: Place) -> Keys:
    return {
        "ulimits": {
            name: item["soft"] if item["soft"] == item["hard"] else dict(item) for name, item in sorted(have.items())
        }
    }


def _blkio(have: Mapping[str, Any], _place: Place) -> Keys:
    values: Keys = {}
    for key, value in have.items():
        if key == "weight":
            values[key] = value
            continue
        figure = "weight" if key == "weight_device" else "rate"
        values[key] = [{"path": path, figure: amount} for path, amount in sorted(value.items())]
    return {"blkio_config": values}


def _devices(have: Mapping[str, Mapping[str, str]], _place: Place) -> Keys:
    items: list[Any] = []
    for target, item in sorted(have.items()):
        if "source" not in item:  # a CDI device, which says itself where it goes
            items.append(target)
            continue
        source, permissions = item["source"], item["permissions"]
        if ":" in source + target:
            items.append({"source": source, "target": target, "permissions": permissions})
        else:
            items.append(f"{source}:{target}" + ("" if permissions == "rwm" else f":{permissions}"))
    return {"devices": items}


def _gpus(have: Iterable[Mapping[str, Any]], _place: Place) -> Keys:
    """GPU requests. A spec has one group of capabilities for each; the check of the written spec finds any more."""
    items = []
    for request in have:
        item: Keys = {key: request[key] for key in ("driver", "options") if key in request}
        if "device_ids" in request:
            item["device_ids"] = list(request["device_ids"])
        else:
            item["count"] = "all" if request.get("count") == -1 else request.get("count", 0)
        groups = request.get("capabilities", ())
        capabilities = [name for name in (groups[0] if groups else ()) if name != "gpu"]
        items.append({**item, **({"capabilities": capabilities} if capabilities else {})})
    return {"gpus": items}


def _paths(key: str) -> Inverse:
    """No paths at all is a wish; any others may be the engine's own choice, which grows with its releases."""
    return lambda have, place: {key: plain(have) or []} if have is False or place.was is not None else {}


def namespace(key: str) -> Inverse:
    """A namespace of the host's or another container's: of the spec's own by key, of others by name."""

    def inverse(have: str, place: Place) -> Keys:
        return {key: shared(have, place)}

    return inverse


def shared(mode: str, place: Place) -> str:
    """A namespace mode as a spec says it; the engine has written the other container's ID into it."""
    kind, _, ident = mode.partition(":")
    if kind != "container" or not ident:
        return mode
    name = place.names.get(ident, ident)
    return f"service:{place.containers[name]}" if name in place.containers else f"container:{name}"


_PLAIN = (
    *("entrypoint", "command", "user", "working_dir", "hostname", "domainname", "tty", "stdin_open", "stop_signal"),
    *(
        "stdin_once",
        "umask",
        "auto_remove",
        "restart",
        "init",
        "annotations",
        "dns",
        "dns_search",
        "dns_opt",
        "extra_hosts",
    ),
    *("mem_swappiness", "cpu_shares", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpuset"),
    *("cpuset_mems", "cpu_count", "cpu_percent", "io_maximum_iops"),
    *("pids_limit", "oom_kill_disable", "oom_score_adj"),
    *("cap_add", "cap_drop", "privileged", "read_only", "security_opt", "group_add", "sysctls"),
    *("device_cgroup_rules", "uts", "userns_mode", "cgroup", "cgroup_parent", "runtime", "isolation", "storage_opt"),
)

INVERSES: Mapping[str, Inverse] = {
    **{key: as_is(key) for key in _PLAIN},
    **{
        key: sized(key) for key in ("mem_limit", "memswap_limit", "mem_reservation", "shm_size", "io_maximum_bandwidth")
    },
    "stop_grace_period": lasting("stop_grace_period"),
    "environment": _environment,
    "labels": _labels,
    "healthcheck": _healthcheck,
    "logging": _logging,
    "cpus": _cpus,
    "ulimits": _ulimits,
    "blkio_config": _blkio,
    "devices": _devices,
    "gpus": _gpus,
    "masked_paths": _paths("masked_paths"),
    "readonly_paths": _paths("readonly_paths"),
    "pid": namespace("pid"),
    "ipc": namespace("ipc"),
}
