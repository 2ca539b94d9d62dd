"""Every key of a Compose file and its shape: the tables by which files are read, merged and checked.

The keys are those of the schema that Compose 2.40 checks against, and `pre_start`. Callers: `loading`, and whatever
reads one section. Limits: what ties keys together is in `consistency`; what is put in where nothing is given, in
`normal`.
"""

from __future__ import annotations

import posixpath
import re

from dockerspec.core import values
from dockerspec.core.spec.compose.collections import NAME, List, Map, Names, Pairs, Replaced, by, itself
from dockerspec.core.spec.compose.notes import Notes
from dockerspec.core.spec.compose.scalars import Kind
from dockerspec.core.spec.compose.shapes import (
    ANY_SCALAR,
    NUMBERS,
    Flag,
    Period,
    Real,
    Shape,
    Size,
    Text,
    Whole,
    plain_node,
)
from dockerspec.core.spec.compose.shorts import (
    TARGET_OF,
    Command,
    DeviceCount,
    Gpus,
    HealthTest,
    Hosts,
    Logging,
    Octal,
    Ports,
    Ssh,
    before_colon,
    device,
    mapping,
    mount,
    named,
    texts,
    ulimit,
)
from dockerspec.core.spec.nodes import Mapping, Node, Scalar

_PULL = re.compile(r"(?:always|never|build|if_not_present|missing|refresh|daily|weekly|every_(?:[0-9]+[wdhms])+)")
_CONTAINER = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")


def _pull_policy(text: str) -> str:
    if not _PULL.search(text):
        raise ValueError(f"'{text}' is no pull policy; write always, missing, never, build, daily or every_12h")
    return text


def _container_name(text: str) -> str:
    if not _CONTAINER.search(text):
        raise ValueError(f"'{text}' is no container's name; use two or more letters, digits, '.', '_' and '-'")
    return text


def _address(text: str) -> str:
    values.parse_ip(text)
    return text


def _clean(text: str) -> str:
    """A path within the container, without steps that lead nowhere."""
    return posixpath.normpath(text) if text else text


def _none(item: Scalar) -> Node:
    return plain_node("", item)


def _started(item: Scalar) -> Node:
    return mapping(item, {**texts(item, condition="service_started").values, "required": plain_node("true", item)})


def _nullable(shape: Shape) -> Shape:
    shape.nullable = True
    return shape


TEXT, FLAG, PERIOD = Text(), Flag(), Period()
KEPT = Text(keep=True)
LINES, UNIQUE = List(KEPT), List(KEPT, distinct=True)
ONCE = List(KEPT, key=itself)
ONE_OR_MORE = List(KEPT, key=itself, single=True)
LABELS, ENVIRONMENT = Pairs(), Pairs(None)
OPTIONS = Pairs(item=Text(also=NUMBERS, keep=True), lists=False, nulls=False)
TEXTS = Pairs(item=KEPT, lists=False, nulls=False)
LIMITS = Names(
    Replaced(Map({"soft": Whole(keep=True), "hard": Whole(keep=True)}, required=("soft", "hard"), short=ulimit))
)
GRANTED = Map(
    {"source": TEXT, "target": TEXT, "uid": TEXT, "gid": TEXT, "mode": Octal()},
    short=named("source"),
)

HOOK = Map(
    {
        "command": Command(),
        "user": TEXT,
        "privileged": FLAG,
        "working_dir": TEXT,
        "environment": ENVIRONMENT,
    },
    required=("command",),
)
HEALTHCHECK = Map(
    {
        "test": Replaced(HealthTest()),
        "disable": FLAG,
        "interval": PERIOD,
        "timeout": PERIOD,
        "start_period": PERIOD,
        "start_interval": PERIOD,
        "retries": Whole(decimals=True, keep=True, low=0),
    }
)
BUILD = Map(
    {
        "context": TEXT,
        "dockerfile": TEXT,
        "dockerfile_inline": TEXT,
        "entitlements": LINES,
        "args": ENVIRONMENT,
        "ssh": Ssh(),
        "labels": LABELS,
        "cache_from": LINES,
        "cache_to": LINES,
        "no_cache": FLAG,
        "additional_contexts": LABELS,
        "network": TEXT,
        "provenance": Text(also=ANY_SCALAR - NUMBERS),
        "sbom": Text(also=ANY_SCALAR - NUMBERS),
        "pull": FLAG,
        "target": TEXT,
        "shm_size": Size(),
        "extra_hosts": Hosts(),
        "isolation": TEXT,
        "privileged": FLAG,
        "secrets": List(GRANTED),
        "tags": ONCE,
        "ulimits": LIMITS,
        "platforms": LINES,
    },
    short=named("context"),
)
_RATE = Map({"path": TEXT, "rate": Size()}, closed=True)
_WEIGHT = Map({"path": TEXT, "weight": Whole(texts=False, low=0)}, closed=True)
BLKIO = Map(
    {
        "weight": Whole(texts=False, low=0),
        "weight_device": List(_WEIGHT),
        **{f"device_{way}_{unit}": List(_RATE) for way in ("read", "write") for unit in ("bps", "iops")},
    },
    closed=True,
)
_DEVICES = {
    "capabilities": ONCE,
    "count": DeviceCount(),
    "device_ids": ONCE,
    "driver": TEXT,
    "options": LABELS,
}
_ROLLOUT = Map(
    {
        "parallelism": Whole(keep=True, low=0),
        "delay": PERIOD,
        "failure_action": TEXT,
        "monitor": PERIOD,
        "max_failure_ratio": Real(),
        "order": Text(choices=("start-first", "stop-first")),
    }
)
_DISCRETE = Map({"discrete_resource_spec": Map({"kind": TEXT, "value": Whole(decimals=True)})})
_LIMITED = Map({"cpus": Real(), "memory": Size(numbers=False), "pids": Whole()})
_RESERVED = Map(
    {
        "cpus": Real(),
        "memory": Size(numbers=False),
        "generic_resources": List(_DISCRETE),
        "devices": List(Map(_DEVICES, required=("capabilities",))),
    }
)
DEPLOY = Map(
    {
        "mode": TEXT,
        "endpoint_mode": TEXT,
        "replicas": Whole(keep=True, low=0),
        "labels": LABELS,
        "rollback_config": _ROLLOUT,
        "update_config": _ROLLOUT,
        "resources": Map({"limits": _LIMITED, "reservations": _RESERVED}),
        "restart_policy": Map(
            {"condition": TEXT, "delay": PERIOD, "max_attempts": Whole(keep=True, low=0), "window": PERIOD}
        ),
        "placement": Map(
            {
                "constraints": LINES,
                "preferences": List(Map({"spread": TEXT})),
                "max_replicas_per_node": Whole(low=0),
            }
        ),
    },
    nullable=True,
)
DEPLOY.keep = False
_WATCH = Map(
    {
        "path": TEXT,
        "action": Text(choices=("rebuild", "sync", "restart", "sync+restart", "sync+exec")),
        "target": TEXT,
        "ignore": ONE_OR_MORE,
        "include": ONE_OR_MORE,
        "exec": HOOK,
        "initial_sync": Flag(texts=False),
    },
    required=("path", "action"),
)
DEVELOP = Map({"watch": List(_WATCH)}, nullable=True)
DEVELOP.keep = False
MOUNT = Map(
    {
        "type": Text(choices=("bind", "volume", "tmpfs", "cluster", "npipe", "image")),
        "source": TEXT,
        "target": Text(check=_clean),
        "read_only": FLAG,
        "consistency": TEXT,
        "bind": Map(
            {
                "propagation": TEXT,
                "create_host_path": FLAG,
                "recursive": Text(choices=("enabled", "disabled", "writable", "readonly")),
                "selinux": Text(choices=("z", "Z")),
            }
        ),
        "volume": Map({"labels": LABELS, "nocopy": FLAG, "subpath": TEXT}),
        "tmpfs": Map({"size": Size(), "mode": Whole(decimals=True, texts=False, low=0)}),
        "image": Map({"subpath": TEXT}),
    },
    required=("type",),
    short=mount,
)
PORT = Map(
    {
        "name": TEXT,
        "mode": TEXT,
        "host_ip": Text(check=_address),
        "target": Whole(low=0),
        "published": Text(also=frozenset(NUMBERS)),
        "protocol": TEXT,
        "app_protocol": TEXT,
    }
)
ENDPOINT = Map(
    {
        "aliases": ONCE,
        "interface_name": TEXT,
        "ipv4_address": TEXT,
        "ipv6_address": TEXT,
        "link_local_ips": ONCE,
        "mac_address": TEXT,
        "driver_opts": OPTIONS,
        "priority": Whole(decimals=True, texts=False),
        "gw_priority": Whole(decimals=True, texts=False),
    }
)
ENV_FILE = Map(
    {"path": KEPT, "format": TEXT, "required": Flag(keep=True)},
    required=("path",),
    short=named("path"),
    closed=True,
)
DEPENDENCY = Map(
    {
        "condition": Text(choices=("service_started", "service_healthy", "service_completed_successfully")),
        "restart": FLAG,
        "required": Flag(texts=False, keep=True),
    },
    required=("condition",),
)
EXTENDS = Map({"service": TEXT, "file": TEXT}, required=("service",), short=named("service"), lenient=True)
PROVIDER = Map(
    {"type": TEXT, "options": Pairs(item=List(Text(also=ANY_SCALAR, keep=True), single=True), lists=False)},
    required=("type",),
)

SERVICE_KEYS: dict[str, Shape] = {
    "annotations": LABELS,
    "attach": Flag(keep=True),
    "build": BUILD,
    "blkio_config": BLKIO,
    "cap_add": ONCE,
    "cap_drop": ONCE,
    "cgroup": Text(choices=("host", "private")),
    "cgroup_parent": TEXT,
    "command": Command(),
    "configs": List(GRANTED, key=TARGET_OF),
    "container_name": Text(check=_container_name),
    "cpu_count": Whole(low=0),
    "cpu_percent": Whole(low=0, high=100),
    "cpu_shares": Whole(decimals=True),
    "cpu_quota": Whole(decimals=True),
    "cpu_period": Whole(decimals=True),
    "cpu_rt_period": Whole(decimals=True),
    "cpu_rt_runtime": Whole(decimals=True),
    "cpus": Real(),
    "cpuset": TEXT,
    "credential_spec": Map({"config": TEXT, "file": TEXT, "registry": TEXT}),
    "depends_on": Names(DEPENDENCY, entry=_started, pattern=NAME, what="a service"),
    "deploy": DEPLOY,
    "develop": DEVELOP,
    "device_cgroup_rules": UNIQUE,
    "devices": List(
        Map({"source": TEXT, "target": TEXT, "permissions": TEXT}, required=("source", "target"), short=device),
        key=by("target", "source"),
    ),
    "dns": List(TEXT, key=itself, single=True),
    "dns_opt": ONCE,
    "dns_search": ONE_OR_MORE,
    "domainname": TEXT,
    "entrypoint": Command(),
    "env_file": List(ENV_FILE, key=by("path"), single=True),
    "environment": ENVIRONMENT,
    "expose": List(Text(also=frozenset({Kind.INT}), keep=True), key=itself),
    "extends": EXTENDS,
    "external_links": UNIQUE,
    "extra_hosts": Hosts(),
    "gpus": Gpus(Map(_DEVICES, lenient=True)),
    "group_add": List(Text(also=frozenset(NUMBERS), keep=True), distinct=True),
    "healthcheck": HEALTHCHECK,
    "hostname": TEXT,
    "image": TEXT,
    "init": Flag(keep=True),
    "ipc": TEXT,
    "isolation": TEXT,
    "label_file": List(KEPT, key=itself, single=True),
    "labels": LABELS,
    "links": UNIQUE,
    "logging": Logging({"driver": TEXT, "options": Pairs(item=Text(also=NUMBERS, keep=True), lists=False)}),
    "mac_address": TEXT,
    "mem_limit": Size(),
    "mem_reservation": Size(),
    "mem_swappiness": Size(),
    "memswap_limit": Size(),
    "models": Names(Map({"endpoint_var": TEXT, "model_var": TEXT}), entry=_none, null_items=True),
    "network_mode": KEPT,
    "networks": Names(ENDPOINT, entry=_none, null_items=True, pattern=NAME, what="a network"),
    "oom_kill_disable": FLAG,
    "oom_score_adj": Whole(low=-1000, high=1000),
    "pid": _nullable(Text()),
    "pids_limit": Whole(decimals=True),
    "platform": TEXT,
    "ports": Ports(PORT),
    "post_start": List(HOOK),
    "pre_start": List(HOOK),
    "pre_stop": List(HOOK),
    "privileged": FLAG,
    "profiles": ONCE,
    "provider": PROVIDER,
    "pull_policy": Text(check=_pull_policy),
    "pull_refresh_after": TEXT,
    "read_only": FLAG,
    "restart": TEXT,
    "runtime": TEXT,
    "scale": Whole(keep=True, low=0),
    "secrets": List(GRANTED, key=TARGET_OF),
    "security_opt": UNIQUE,
    "shm_size": Size(),
    "stdin_open": FLAG,
    "stop_grace_period": PERIOD,
    "stop_signal": TEXT,
    "storage_opt": Pairs(item=Text(also=frozenset({Kind.INT}), keep=True), lists=False),
    "sysctls": LABELS,
    "tmpfs": List(KEPT, key=before_colon, single=True),
    "tty": FLAG,
    "ulimits": LIMITS,
    "use_api_socket": Flag(texts=False),
    "user": TEXT,
    "userns_mode": TEXT,
    "uts": TEXT,
    "volumes": List(MOUNT, key=by("target")),
    "volumes_from": UNIQUE,
    "working_dir": TEXT,
}
SERVICE = Map(SERVICE_KEYS)


class External(Flag):
    """`external`: true or false, or the name of old files."""

    def read(self, node: Node, notes: Notes) -> Node | None:
        """Read a truth value; a mapping with a name is left for `normal`."""
        return Map({"name": TEXT}).read(node, notes) if isinstance(node, Mapping) else super().read(node, notes)


_POOL = Map({"subnet": TEXT, "ip_range": TEXT, "gateway": TEXT, "aux_addresses": TEXTS})
NETWORK = Map(
    {
        "name": TEXT,
        "driver": TEXT,
        "driver_opts": OPTIONS,
        "ipam": Map({"driver": TEXT, "config": List(_POOL, key=by("subnet")), "options": TEXTS}),
        "external": External(),
        "internal": FLAG,
        "enable_ipv4": Flag(keep=True),
        "enable_ipv6": Flag(keep=True),
        "attachable": FLAG,
        "labels": LABELS,
    }
)
VOLUME = Map({"name": TEXT, "driver": TEXT, "driver_opts": OPTIONS, "external": External(), "labels": LABELS})
_OBJECT: dict[str, Shape] = {
    "name": TEXT,
    "environment": TEXT,
    "file": TEXT,
    "external": External(),
    "labels": LABELS,
    "template_driver": TEXT,
}
SECRET = Map({**_OBJECT, "driver": TEXT, "driver_opts": OPTIONS})
CONFIG = Map({**_OBJECT, "content": KEPT})
MODEL = Map(
    {"name": TEXT, "model": TEXT, "context_size": Whole(texts=False), "runtime_flags": LINES}, required=("model",)
)

TOP = Map(
    {
        "version": TEXT,
        "name": TEXT,
        "services": Names(SERVICE, pattern=NAME, keep=True, what="a service"),
        "networks": Names(NETWORK, null_items=True, what="a network"),
        "volumes": Names(VOLUME, null_items=True, pattern=NAME, what="a volume"),
        "secrets": Names(SECRET, pattern=NAME, what="a secret"),
        "configs": Names(CONFIG, pattern=NAME, what="a config"),
        "models": Names(MODEL, what="a model"),
    }
)
SECTIONS = ("networks", "volumes", "secrets", "configs")
