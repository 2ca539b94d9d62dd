"""The engine's JSON for a new container, network, volume and image, as Engine 28.5 (API 1.51) gives it.

Callers: the verb mix-ins of this package. Pure. tests/engine/test_fake_is_honest.py holds it to real engines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Json = Any

NEVER = "0001-01-01T00:00:00Z"
ANONYMOUS = re.compile(r"[0-9a-f]{64}")


def words(text: str) -> tuple[str, ...]:
    """The words of a text; for long lists of keys."""
    return tuple(text.split())


_HOST_NULLS = words(
    "Binds PortBindings VolumesFrom CapAdd CapDrop Dns DnsOptions DnsSearch ExtraHosts GroupAdd Links SecurityOpt "
    "BlkioWeightDevice BlkioDeviceReadBps BlkioDeviceWriteBps BlkioDeviceReadIOps BlkioDeviceWriteIOps Devices "
    "DeviceCgroupRules DeviceRequests MemorySwappiness PidsLimit Ulimits"
)
_HOST_ZEROS = words(
    "OomScoreAdj CpuShares Memory NanoCpus BlkioWeight CpuPeriod CpuQuota CpuRealtimePeriod CpuRealtimeRuntime "
    "MemoryReservation MemorySwap CpuCount CpuPercent IOMaximumIOps IOMaximumBandwidth"
)
_HOST_TEXTS = words(
    "ContainerIDFile VolumeDriver Cgroup PidMode UTSMode UsernsMode Isolation CgroupParent CpusetCpus CpusetMems"
)
_HOST_FLAGS = words("AutoRemove Privileged PublishAllPorts ReadonlyRootfs OomKillDisable")
_MASKED = words(
    "/proc/asound /proc/acpi /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats /proc/timer_list "
    "/proc/timer_stats /proc/sched_debug /proc/scsi /sys/firmware /sys/devices/virtual/powercap"
)
_READONLY = words("/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger")
_CONFIG_TEXTS = words("Domainname User WorkingDir")
_CONFIG_FLAGS = words("AttachStdin AttachStdout AttachStderr Tty OpenStdin StdinOnce")
_CONFIG_NULLS = words("Env Cmd Entrypoint Volumes OnBuild")


def container(ident: str, name: str, body: Mapping[str, Json], image: Json, now: str) -> dict[str, Json]:
    """A container that was just created."""
    config = config_of(ident, body, image)
    command = [*(config["Entrypoint"] or ()), *(config["Cmd"] or ())]
    host = host_config(body.get("HostConfig") or {})
    return {
        "Id": ident,
        "Created": now,
        "Path": command[0] if command else "",
        "Args": command[1:],
        "State": state("created"),
        "Image": image["Id"],
        "Name": f"/{name}",
        "RestartCount": 0,
        "Driver": "overlay2",
        "Platform": "linux",
        "HostConfig": host,
        "Mounts": [],
        "Config": config,
        "NetworkSettings": {"Ports": {}, "Networks": {}},
    }


def state(status: str) -> dict[str, Json]:
    """The `State` of a container that never ran."""
    return {
        "Status": status,
        "Running": False,
        "Paused": False,
        "Restarting": False,
        "OOMKilled": False,
        "Dead": False,
        "Pid": 0,
        "ExitCode": 0,
        "Error": "",
        "StartedAt": NEVER,
        "FinishedAt": NEVER,
    }


def host_config(given: Mapping[str, Json]) -> dict[str, Json]:
    """`HostConfig` with the engine's defaults for what was not given."""
    config: dict[str, Json] = {
        **dict.fromkeys(_HOST_NULLS),
        **dict.fromkeys(_HOST_ZEROS, 0),
        **dict.fromkeys(_HOST_TEXTS, ""),
        **dict.fromkeys(_HOST_FLAGS, False),
        "LogConfig": {"Type": "json-file", "Config": {}},
        "NetworkMode": "bridge",
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
        "CgroupnsMode": "private",
        "IpcMode": "private",
        "ShmSize": 67108864,
        "Runtime": "runc",
        "MaskedPaths": None if given.get("Privileged") else list(_MASKED),
        "ReadonlyPaths": None if given.get("Privileged") else list(_READONLY),
    }
    config.update({key: value for key, value in given.items() if value is not None})
    config["NetworkMode"] = "bridge" if config["NetworkMode"] in ("", "default") else config["NetworkMode"]
    config["RestartPolicy"] = {"MaximumRetryCount": 0, **config["RestartPolicy"]}
    if config["Memory"] > 0 and not config["MemorySwap"]:
        config["MemorySwap"] = 2 * config["Memory"]
    return config


def config_of(ident: str, body: Mapping[str, Json], image: Json) -> dict[str, Json]:
    """`Config`: what was given, over what the image says."""
    inherited = image.get("Config") or {}
    given = {key: value for key, value in body.items() if key not in ("HostConfig", "NetworkingConfig")}
    config: dict[str, Json] = {
        "Hostname": ident[:12],
        **dict.fromkeys(_CONFIG_TEXTS, ""),
        **dict.fromkeys(_CONFIG_FLAGS, False),
        **dict.fromkeys(_CONFIG_NULLS),
        **{key: value for key, value in inherited.items() if value},
        **{key: value for key, value in given.items() if value is not None},
        "Labels": {**(inherited.get("Labels") or {}), **(given.get("Labels") or {})},
    }
    for key in ("ExposedPorts", "Volumes"):
        if inherited.get(key) and given.get(key):
            config[key] = {**inherited[key], **given[key]}
    if inherited.get("Healthcheck") and given.get("Healthcheck"):
        own = {key: value for key, value in given["Healthcheck"].items() if value}
        config["Healthcheck"] = {**inherited["Healthcheck"], **own}
    config["Env"] = _environment(inherited.get("Env") or (), given.get("Env") or ()) or None
    if given.get("Entrypoint") is not None and given.get("Cmd") is None:
        config["Cmd"] = None  # an entrypoint of one's own drops the image's command
    return config


def _environment(inherited: Iterator[str] | Any, given: Any) -> list[str]:
    """The given variables, then those of the image that they do not set."""
    names = {item.partition("=")[0] for item in given}
    return [*given, *(item for item in inherited if item.partition("=")[0] not in names)]


def endpoint(settings: Mapping[str, Json]) -> dict[str, Json]:
    """A container's endpoint in a network that it is not yet connected to."""
    return {
        "IPAMConfig": settings.get("IPAMConfig"),
        "Links": settings.get("Links"),
        "Aliases": list(settings["Aliases"]) if settings.get("Aliases") else None,
        "MacAddress": settings.get("MacAddress") or "",
        "DriverOpts": settings.get("DriverOpts"),
        "GwPriority": settings.get("GwPriority") or 0,
        "NetworkID": "",
        "EndpointID": "",
        "Gateway": "",
        "IPAddress": "",
        "IPPrefixLen": 0,
        "IPv6Gateway": "",
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "DNSNames": None,
    }


def network(ident: str, body: Mapping[str, Json], now: str, number: int) -> dict[str, Json]:
    """A network that was just created."""
    ipam, config_only = body.get("IPAM") or {}, bool(body.get("ConfigOnly"))
    chosen = None if config_only else [{"Subnet": f"172.{number}.0.0/16", "Gateway": f"172.{number}.0.1"}]
    pools = ipam.get("Config") or chosen
    return {
        "Name": body["Name"],
        "Id": ident,
        "Created": now,
        "Scope": "local",
        "Driver": "null" if config_only else body.get("Driver") or "bridge",
        "EnableIPv4": body.get("EnableIPv4", True),
        "EnableIPv6": bool(body.get("EnableIPv6")),
        "IPAM": {"Driver": ipam.get("Driver") or "default", "Options": ipam.get("Options"), "Config": pools},
        "Internal": bool(body.get("Internal")),
        "Attachable": bool(body.get("Attachable")),
        "Ingress": bool(body.get("Ingress")),
        "ConfigFrom": {"Network": (body.get("ConfigFrom") or {}).get("Network") or ""},
        "ConfigOnly": config_only,
        "Containers": {},
        "Options": dict(body.get("Options") or {}),
        "Labels": dict(body.get("Labels") or {}),
    }


def volume(name: str, body: Mapping[str, Json], now: str) -> dict[str, Json]:
    """A volume that was just created."""
    return {
        "CreatedAt": now[:19] + "Z",
        "Driver": body.get("Driver") or "local",
        "Labels": body.get("Labels"),
        "Mountpoint": f"/var/lib/docker/volumes/{name}/_data",
        "Name": name,
        "Options": body.get("DriverOpts"),
        "Scope": "local",
    }


def image(ident: str, tags: list[str], config: Mapping[str, Json], now: str) -> dict[str, Json]:
    """An image on the host."""
    return {
        "Id": ident,
        "RepoTags": tags,
        "RepoDigests": [],
        "Created": now,
        "Architecture": "amd64",
        "Os": "linux",
        "Size": 1_000_000,
        "Config": dict(config),
        "Metadata": {"LastTagTime": now},
    }
