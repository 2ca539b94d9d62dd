"""Compose's digests of services, networks and volumes, which it keeps as labels: by them it sees that nothing changed.

The digest is the SHA-256 of the object's JSON as Go writes it: the members of a structure in the order in which
compose-go (v2, package types) declares them, the keys of a map sorted, `<`, `>` and `&` escaped. That `docker compose
config --hash` says the same of each case of the corpus is tested.

A service that shares what another container has gets that container's ID into its digest first: what stands for the
digest until the ID is known is the JSON itself, with a mark in the ID's place (`settled`).

Callers: desired.compose, and the operation that creates containers.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from collections.abc import Mapping as Values
from typing import Any

_SERVICE = """profiles annotations attach build develop blkio_config cap_add cap_drop cgroup_parent cgroup cpu_count
cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpus cpuset cpu_shares command configs container_name
credential_spec depends_on deploy device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint provider
environment env_file expose extends external_links extra_hosts group_add gpus hostname healthcheck image init ipc
isolation labels label_file links logging log_driver log_opt mem_limit mem_reservation memswap_limit mem_swappiness
mac_address models net network_mode networks oom_kill_disable oom_score_adj pid pids_limit platform ports privileged
pull_policy read_only restart runtime scale secrets security_opt shm_size stdin_open stop_grace_period stop_signal
storage_opt sysctls tmpfs tty ulimits use_api_socket user userns_mode uts volume_driver volumes volumes_from working_dir
pre_start post_start pre_stop"""
_FILE = "source target uid gid mode"
_HOOK = "command user privileged working_dir environment"
_DEVICES = "capabilities driver count device_ids options"
_ROLLOUT = "parallelism delay failure_action monitor max_failure_ratio order"
_RESOURCE = "cpus memory pids devices generic_resources"

_ORDERS: Values[str, str] = {
    "service": _SERVICE,
    "service.blkio_config": "weight weight_device device_read_bps device_read_iops device_write_bps device_write_iops",
    "service.configs[]": _FILE,
    "service.credential_spec": "config file registry",
    "service.deploy": "mode replicas labels update_config rollback_config resources restart_policy placement "
    "endpoint_mode",
    "service.deploy.placement": "constraints preferences max_replicas_per_node",
    "service.deploy.resources": "limits reservations",
    "service.deploy.resources.limits": _RESOURCE,
    "service.deploy.resources.reservations": _RESOURCE,
    "service.deploy.resources.reservations.devices[]": _DEVICES,
    "service.deploy.restart_policy": "condition delay max_attempts window",
    "service.deploy.rollback_config": _ROLLOUT,
    "service.deploy.update_config": _ROLLOUT,
    "service.develop.watch[]": "path action target exec include ignore initial_sync",
    "service.develop.watch[].exec": _HOOK,
    "service.devices[]": "source target permissions",
    "service.gpus[]": _DEVICES,
    "service.healthcheck": "test timeout interval retries start_period start_interval disable",
    "service.logging": "driver options",
    "service.networks.*": "aliases driver_opts gw_priority interface_name ipv4_address ipv6_address link_local_ips "
    "mac_address priority",
    "service.ports[]": "name mode host_ip target published protocol app_protocol",
    "service.post_start[]": _HOOK,
    "service.pre_start[]": _HOOK,
    "service.pre_stop[]": _HOOK,
    "service.secrets[]": _FILE,
    "service.ulimits.*": "single soft hard",
    "service.volumes[]": "type source target read_only consistency bind volume tmpfs image",
    "service.volumes[].bind": "selinux propagation create_host_path recursive",
    "service.volumes[].tmpfs": "size mode",
    "service.volumes[].volume": "labels nocopy subpath",
    "network": "name driver driver_opts ipam external internal attachable labels enable_ipv4 enable_ipv6",
    "network.ipam": "driver config",
    "network.ipam.config[]": "subnet gateway ip_range aux_addresses",
    "volume": "name driver driver_opts external labels",
}
"""The members of each structure in their order; what is not here is a map."""

_RANKS = {path: {name: rank for rank, name in enumerate(names.split())} for path, names in _ORDERS.items()}
_EVERY = frozenset(path.rpartition(".")[0] for path in _ORDERS if path.endswith(".*"))

_UNHASHED = frozenset({"build", "pull_policy", "pull_refresh_after", "scale", "depends_on", "profiles"})
"""What a service can change in and stay the same to Compose; its number of replicas is among it."""
_THROTTLED = ("weight_device", "device_read_bps", "device_read_iops", "device_write_bps", "device_write_iops")


_MARK = "dockerspec:id-of:{}:"
_MARKED = re.compile(r"dockerspec:id-of:([A-Za-z0-9_.-]+):")
_SHARED = ("network_mode", "ipc", "pid")
_SERVICE_OF, _CONTAINER_OF = "service:", "container:"


def with_references(service: Values[str, Any], names: Values[str, str]) -> dict[str, Any]:
    """A service with marks for the IDs of the containers that it shares something with.

    Args:
        service: the service.
        names: the engine name of the first container of each service.
    """
    result = dict(service)
    for key in _SHARED:
        kind, colon, other = str(result.get(key) or "").partition(":")
        if kind + colon == _SERVICE_OF and other in names:
            result[key] = _CONTAINER_OF + _MARK.format(names[other])
    if result.get("volumes_from"):
        result["volumes_from"] = [_source(text, names) for text in result["volumes_from"]]
    return result


def _source(text: str, names: Values[str, str]) -> str:
    """An item of `volumes_from` without its mode, which Compose forgets."""
    first, *more = text.split(":")
    if f"{first}:" == _CONTAINER_OF and more:
        return more[0]
    return _MARK.format(names[first]) if first in names else first


def settled(kept: str, ident: Callable[[str], str]) -> str:
    """The digest that stands in a label: as it is, or of the JSON that waits for IDs.

    Args:
        kept: the label's value.
        ident: the ID of a container by its name.
    """
    return _sha(_MARKED.sub(lambda found: ident(found[1]), kept)) if kept.startswith("{") else kept


def service_hash(service: Values[str, Any]) -> str:
    """The digest of a service, given as `docker compose config` shows it, dollar signs single.

    Where it has marks in it (`with_references`), the JSON itself; `settled` makes the digest of it.
    """
    kept = {key: value for key, value in service.items() if key not in _UNHASHED}
    if isinstance(kept.get("deploy"), dict):
        kept["deploy"] = {key: value for key, value in kept["deploy"].items() if key != "replicas"}
    if isinstance(kept.get("blkio_config"), dict):
        kept["blkio_config"] = {key: _throttled(key, value) for key, value in kept["blkio_config"].items()}
    if isinstance(kept.get("ulimits"), dict):
        kept["ulimits"] = {key: _without_zeros(value) for key, value in kept["ulimits"].items()}
    text = _text(_ordered(kept, "service"))
    return text if _MARKED.search(text) else _sha(text)


def _without_zeros(limit: Any) -> Any:
    """A limit of two figures; Go leaves a zero out."""
    return {key: value for key, value in limit.items() if value} if isinstance(limit, dict) else limit


def network_hash(network: Values[str, Any]) -> str:
    """The digest of a network, likewise."""
    return _digest(_ordered(network, "network"))


def volume_hash(volume: Values[str, Any]) -> str:
    """The digest of a volume; a silent driver counts as `local`."""
    return _digest(_ordered({**volume, "driver": volume.get("driver") or "local"}, "volume"))


def _throttled(key: str, value: Any) -> Any:
    """Devices of `blkio_config`, whose members have no names of their own in Compose's JSON."""
    if key not in _THROTTLED:
        return value
    return [{name.capitalize(): item[name] for name in ("path", "weight", "rate") if name in item} for item in value]


def _ordered(value: Any, path: str) -> Any:
    if isinstance(value, dict):
        ranks = _RANKS.get(path)
        names = sorted(value, key=lambda name: (ranks.get(name, len(ranks)), name)) if ranks else sorted(value)
        return {name: _ordered(value[name], f"{path}.{'*' if path in _EVERY else name}") for name in names}
    if isinstance(value, list):
        return [_ordered(item, f"{path}[]") for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _digest(value: Any) -> str:
    return _sha(_text(value))


def _text(value: Any) -> str:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
