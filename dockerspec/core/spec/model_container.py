"""The spec model of a container.

Called by model.py. A value of None, empty or false means that the spec is silent, so that the engine's or the image's
default holds.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, ValidatorFunctionWrapHandler, WrapValidator

from dockerspec.core import values
from dockerspec.core.spec.forms import (
    NAMES,
    VARIABLE,
    AbsolutePath,
    Bool,
    Command,
    ContainerName,
    Count,
    CountOrUnlimited,
    Cpus,
    Cpuset,
    Duration,
    Expose,
    ExtraHosts,
    Form,
    Ips,
    Mac,
    Microseconds,
    Mode,
    ObjectName,
    OneOrMany,
    OomScore,
    Options,
    Pairs,
    Percent,
    Platform,
    PullPolicy,
    Quota,
    Replicas,
    Signal,
    Size,
    SizeOrUnlimited,
    SpecModel,
    Swappiness,
    Text,
    Texts,
    either,
    flatten,
    key,
    list_of,
)
from dockerspec.core.spec.model_files import FileGrant
from dockerspec.core.spec.model_hooks import Hook
from dockerspec.core.spec.model_mounts import Mount
from dockerspec.core.spec.model_parts import (
    Blkio,
    Dependency,
    Device,
    Endpoint,
    EnvFile,
    Environment,
    Gpu,
    Healthcheck,
    ImageSource,
    Logging,
    Port,
    RestartPolicy,
    Ulimit,
)
from dockerspec.core.spec.model_update import UpdatePolicy


def _port(value: object, handler: ValidatorFunctionWrapHandler) -> tuple[Port, ...]:
    if isinstance(value, (str, int)):
        return tuple(handler(form) for form in values.parse_port(value))
    return (handler(value),)


def _env_files(value: object) -> object:
    return [value] if isinstance(value, (str, dict)) else value


def _tmpfs(value: object) -> object:
    lines = [value] if isinstance(value, str) else value
    if not isinstance(lines, (list, tuple)):
        raise ValueError('this is no list of tmpfs mounts; write - "/run" or - "/run:size=64m,mode=1777"')
    return dict(values.parse_tmpfs(line) for line in lines)


# A range onto an equally long range is several ports, so an item yields a tuple and the list is flattened.
Ports = Annotated[tuple[Annotated[Port, WrapValidator(_port)], ...], AfterValidator(flatten)]
_FILE = either({"type": "string"}, {"$ref": "#/$defs/EnvFile"})
EnvFiles = Annotated[
    tuple[EnvFile, ...],
    BeforeValidator(_env_files),
    Form("path or list of paths", either(*_FILE["anyOf"], list_of(_FILE))),
]
_TMPFS: dict[str, Any] = {"type": "string", "pattern": r"^/|\$"}
_GPU = either({"const": "all"}, {"type": "integer", "minimum": -1}, list_of({"$ref": "#/$defs/Gpu"}), VARIABLE)
Gpus = Annotated[tuple[Gpu, ...], BeforeValidator(values.parse_gpus), Form("all, number, or list of [Gpu](#gpu)", _GPU)]
Tmpfs = Annotated[
    dict[str, str], BeforeValidator(_tmpfs), Form("text or list of TARGET:OPTIONS", either(_TMPFS, list_of(_TMPFS)))
]


class ContainerSpec(SpecModel):
    """A container of the stack."""

    SECOND_NAMES: ClassVar[Mapping[str, str]] = {"scale": "replicas"}

    image: ImageSource | None = key(
        None, "The image: a reference, or {from: NAME} for one under the top-level images.", "redis:7", {"from": "web"}
    )
    container_name: ContainerName | None = key(
        None, "The container's name on the engine; STACK-NAME-REPLICA by default.", "shop-db"
    )
    hostname: Text | None = key(None, "Host name within the container; the short ID by default.", "db")
    domainname: Text | None = key(None, "Domain name within the container.", "shop.internal")
    mac_address: Mac | None = key(
        None,
        "A fixed MAC address in the first of the container's networks; chosen by the engine by default.",
        "02:42:0a:5a:00:14",
    )
    user: Text | None = key(None, "User, UID, or USER:GROUP of the process; the image's by default.", "1000:1000")
    working_dir: AbsolutePath | None = key(None, "Folder that the process starts in; the image's by default.", "/srv")
    platform: Platform | None = key(None, "Platform as OS/ARCH[/VARIANT]; the engine's own by default.", "linux/amd64")
    pull_policy: PullPolicy | None = key(
        None,
        "When to pull the image: missing only if absent (the default), always, never, daily or every_12h.",
        "always",
    )

    command: Command | None = key(
        None, "Arguments of the process; the image's by default.", ["redis-server", "--appendonly", "yes"]
    )
    entrypoint: Command | None = key(None, "The program; the image's by default.", ["/entrypoint.sh"])
    environment: Environment = key(
        {},
        "Variables: a text, {secret: NAME}, or no value to take it from the environment of the run; where it isn't set"
        " either, the container doesn't have it, even if the image does.",
        {"LOG_LEVEL": "info", "PASSWORD": {"secret": "pg_password"}},
        ["LOG_LEVEL=info", "HOME"],
    )
    env_file: EnvFiles = key(
        (), "Files of variables; environment wins over them, later ones over earlier.", "./web.env"
    )
    labels: Pairs = key({}, "Labels put on the container.", {"team": "shop"})
    annotations: Pairs = key({}, "Annotations handed to the runtime.", {"run.oci.keep_original_groups": "1"})

    ports: Ports = key(
        (),
        "Ports that the host publishes; a host range onto one port gives each replica one.",
        ["8080:80", "127.0.0.1:9000:9000/udp"],
        [{"target": 80, "published": "8080", "host_ip": "127.0.0.1", "protocol": "tcp"}],
    )
    publish_all_ports: Bool = key(
        False, "Whether every exposed port is published on a free port of the host's; false by default.", True
    )
    expose: Expose = key((), "Ports that the container listens on, not published.", ["3000", "53/udp"])
    volumes: tuple[Mount, ...] = key(
        (),
        "Volumes and folders mounted into the container.",
        ["pgdata:/var/lib/postgresql/data", "./conf:/etc/conf:ro"],
    )
    configs: tuple[FileGrant, ...] = key(
        (),
        "Configs that the container gets as files.",
        ["app"],
        [{"source": "app", "target": "/etc/app.conf", "mode": "0440"}],
    )
    secrets: tuple[FileGrant, ...] = key(
        (),
        "Secrets that the container gets as files.",
        ["token"],
        [{"source": "token", "target": "api_token", "uid": 1000, "mode": "0400"}],
    )
    volumes_from: Texts = key(
        (), "Containers whose mounts this one takes over; NAME, NAME:ro or container:NAME.", ["db:ro"]
    )
    volume_driver: Text | None = key(
        None, "Driver of the anonymous volumes that the image asks for; the engine's own by default.", "local"
    )
    tmpfs: Tmpfs = key({}, "Folders in memory, as TARGET or TARGET:OPTIONS.", ["/run:size=64m,mode=1777"])
    networks: Annotated[dict[ObjectName, Endpoint], BeforeValidator(values.parse_names), NAMES] = key(
        {},
        "Networks that the container joins; a list of names, or a mapping for more.",
        ["front", "back"],
        {"front": {"aliases": ["api"]}},
    )
    network_mode: Text | None = key(
        None, "bridge, host, none, service:NAME or container:NAME, instead of networks.", "host", "service:vpn"
    )
    pid: Text | None = key(None, "Process namespace: host, service:NAME or container:NAME; private by default.", "host")
    ipc: Text | None = key(
        None, "IPC namespace: host, private, shareable, none, service:NAME or container:NAME.", "shareable"
    )
    uts: Text | None = key(None, "Host name namespace: host; private by default.", "host")
    userns_mode: Text | None = key(None, "User namespace: host; the engine's own by default.", "host")
    cgroup: Literal["host", "private"] | None = key(
        None, "Control group namespace; the engine's own by default.", "private"
    )
    cgroup_parent: Text | None = key(None, "Control group under which the container's own lies.", "shop.slice")
    runtime: Text | None = key(None, "Runtime that starts the container; the engine's own by default.", "runc")
    isolation: Literal["default", "process", "hyperv"] | None = key(
        None, "Isolation technique, on Windows engines; the engine's own by default.", "hyperv"
    )

    healthcheck: Healthcheck | None = key(
        None, "How to find out whether the container is well; the image's by default.", {"test": "curl -f localhost"}
    )
    restart: RestartPolicy | None = key(
        None, "What happens when the container stops by itself; no by default.", "unless-stopped", "on-failure:3"
    )
    auto_remove: Bool = key(
        False,
        "Whether the engine removes the container once it has stopped; a replacement has no way back then.",
        True,
    )
    stop_signal: Signal | None = key(
        None, "Signal that stops the process; the image's, else SIGTERM, by default.", "SIGQUIT"
    )
    stop_grace_period: Duration | None = key(None, "Time between that signal and the kill; 10s by default.", "30s")
    logging: Logging | None = key(
        None,
        "Where the output goes; the engine's own by default.",
        {"driver": "json-file", "options": {"max-size": "10m"}},
    )

    mem_limit: Size | None = key(None, "Most memory, in bytes or with a unit; no limit by default.", "512m")
    memswap_limit: SizeOrUnlimited | None = key(
        None,
        "Most memory and swap together, in bytes or with a unit; -1 is no limit; twice mem_limit by default.",
        "1g",
    )
    mem_reservation: Size | None = key(
        None, "Memory kept free for the container under pressure, in bytes or with a unit.", "256m"
    )
    mem_swappiness: Swappiness | None = key(None, "Readiness to swap, from 0 to 100; the kernel's own by default.", 10)
    shm_size: Size | None = key(None, "Size of /dev/shm, in bytes or with a unit; 64m by default.", "128m")
    cpus: Cpus | None = key(None, "Most processors, in parts if need be; no limit by default.", 0.5)
    cpu_shares: Count | None = key(None, "Share of processor time under contention; 1024 by default.", 512)
    cpu_quota: Quota | None = key(
        None,
        "Processor time in each period, in microseconds or with a unit; no limit by default, or -1.",
        50000,
        "50ms",
    )
    cpu_period: Microseconds | None = key(
        None, "Length of that period, in microseconds or with a unit; 100ms by default.", 100000, "100ms"
    )
    cpu_rt_runtime: Microseconds | None = key(
        None, "Real-time processor time in each real-time period, in microseconds or with a unit.", "400ms"
    )
    cpu_rt_period: Microseconds | None = key(
        None, "Length of the real-time period, in microseconds or with a unit; 1s by default.", "1400us"
    )
    cpu_count: Count | None = key(None, "Number of processors, on Windows engines; all by default.", 2)
    cpu_percent: Percent | None = key(
        None, "Share of all processor time in percent, on Windows engines; no limit by default.", 50
    )
    io_maximum_iops: Count | None = key(
        None, "Most operations in a second on the system drive, on Windows engines; no limit by default.", 1000
    )
    io_maximum_bandwidth: Size | None = key(
        None, "Most bytes in a second on the system drive, on Windows engines; no limit by default.", "12m"
    )
    cpuset_mems: Cpuset | None = key(None, "Memory nodes that may be used; all by default.", "0-1")
    cpuset: Cpuset | None = key(None, "Processors that may be used; all by default.", "0-2,4")
    pids_limit: CountOrUnlimited | None = key(None, "Most processes; -1 and the default are no limit.", 200)
    oom_kill_disable: Bool = key(
        False, "Whether the kernel spares the container out of memory; false by default.", True
    )
    oom_score_adj: OomScore | None = key(
        None, "Preference of the kernel's killer, from -1000 to 1000; 0 by default.", -500
    )
    blkio_config: Blkio | None = key(None, "Limits on disk traffic.", {"weight": 300})
    ulimits: dict[str, Ulimit] = key(
        {},
        "Limits of the kernel's by name; a number is both soft and hard.",
        {"nofile": {"soft": 20000, "hard": 40000}},
    )

    cap_add: Texts = key((), "Capabilities added to the engine's default set.", ["NET_ADMIN"])
    cap_drop: Texts = key((), "Capabilities taken from the engine's default set.", ["ALL"])
    privileged: Bool = key(False, "Whether the container gets all capabilities and devices; false by default.", True)
    read_only: Bool = key(False, "Whether the root file system is read-only; false by default.", True)
    init: Bool | None = key(None, "Whether an init process reaps zombies; the engine's own choice by default.", True)
    security_opt: Texts = key(
        (),
        "Options of AppArmor, SELinux and seccomp; systempaths=unconfined stands for two empty lists of paths.",
        ["no-new-privileges:true"],
    )
    masked_paths: Texts | None = key(
        None, "System paths hidden from the container; the engine's own list by default.", ["/proc/kcore"]
    )
    readonly_paths: Texts | None = key(
        None, "System paths that it can't write to; the engine's own list by default.", ["/proc/sys"]
    )
    group_add: Texts = key((), "More groups for the process, by name or GID.", ["mail", 1001])
    devices: tuple[Device, ...] = key(
        (),
        "Devices of the host's within the container, by path or by CDI name.",
        ["/dev/ttyUSB0:/dev/ttyUSB0:rw", "nvidia.com/gpu=0"],
    )
    gpus: Gpus = key(
        (),
        "GPUs of the host's: all, a number, or a list of requests; needs a driver on the host.",
        "all",
        [{"driver": "nvidia", "count": 2, "capabilities": ["compute"]}],
    )
    device_cgroup_rules: Texts = key((), "Rules for devices, as the kernel writes them.", ["c 1:3 mr"])
    sysctls: Pairs = key({}, "Kernel parameters of the container's namespaces.", {"net.core.somaxconn": 1024})
    storage_opt: Options = key({}, "Options of the storage driver.", {"size": "10G"})

    extra_hosts: ExtraHosts = key(
        (), "Lines for the hosts file, as a list or a mapping.", ["db.local:10.0.0.5", "gateway:host-gateway"]
    )
    dns: Ips = key((), "Name servers; the engine's own by default.", ["9.9.9.9"])
    dns_search: OneOrMany = key((), "Domains that names are looked up in.", ["shop.internal"])
    dns_opt: Texts = key((), "Options of the resolver.", ["use-vc"])
    links: Texts = key(
        (), "Containers of this spec reachable under a second name, as NAME or NAME:ALIAS.", ["db:database"]
    )
    external_links: Texts = key((), "The same for containers outside this spec.", ["legacy-db:database"])

    tty: Bool = key(False, "Whether the process gets a terminal; false by default.", True)
    stdin_open: Bool = key(False, "Whether standard input stays open; false by default.", True)
    stdin_once: Bool = key(
        False, "Whether standard input closes with the first client that goes; false by default.", True
    )
    umask: Mode | None = key(
        None, "Permission bits that new files of the process don't get; the runtime's own by default.", "0027"
    )

    depends_on: Annotated[dict[ObjectName, Dependency], BeforeValidator(values.parse_names), NAMES] = key(
        {},
        "Containers that come first; a list of names, or a mapping for more.",
        ["db"],
        {"db": {"condition": "service_healthy"}},
    )
    replicas: Replicas = key(1, "Number of containers like this, from 0 to 1000; 1 by default; also spelled scale.", 2)
    state: Literal["running", "stopped", "completed", "absent"] = key(
        "running", "What should be: running, stopped, completed (a job that ran to its end), or absent.", "completed"
    )
    pre_start: tuple[Hook, ...] = key(
        (),
        "Commands before each start, each in a container of its own with the same image and mounts.",
        [{"command": ["chown", "1000", "/data"], "user": "root"}],
    )
    post_start: tuple[Hook, ...] = key(
        (), "Commands in the container after each start, before it counts as ready.", [{"command": ["/warm-up"]}]
    )
    pre_stop: tuple[Hook, ...] = key(
        (), "Commands in the container before it is stopped.", [{"command": ["nginx", "-s", "quit"]}]
    )
    update: UpdatePolicy | None = key(None, "How a change is rolled out.", {"wait": "healthy", "timeout": "60s"})
    ignore_changes: Texts = key((), "Fields whose differences are left alone, as paths.", ["labels.build-date"])
