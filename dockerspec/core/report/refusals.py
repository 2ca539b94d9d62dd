"""The engine's words for what it refuses, and the spec key that each is about.

Caller: blame. Data only: to add a message, add a line. The first line that matches and whose key the spec sets wins, so
that narrow patterns stand above wide ones. The words were collected from engines of API 1.41 and 1.51.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Refusal:
    """Words of the engine and what they are about.

    Attributes:
        words: what the message holds; a group `value` names the item of the key, where the message does.
        keys: keys below the object, the likeliest first, dots between steps; the first that the spec sets is meant.
    """

    words: re.Pattern[str]
    keys: tuple[str, ...]


def _lines(*lines: tuple[str, str]) -> tuple[Refusal, ...]:
    return tuple(Refusal(re.compile(words, re.IGNORECASE), tuple(keys.split())) for words, keys in lines)


_PROGRAM = "entrypoint command image"
_NAMESPACES = "network_mode pid ipc volumes_from links external_links"

CONTAINER: Final = _lines(
    # Host ports
    (r"bind for \S+:(?P<value>\d+) failed", "ports"),
    (r"bind host port for \S+?:(?P<value>\d+):", "ports"),
    (r"listen (?:tcp|udp|sctp)\d? \S+:(?P<value>\d+): bind", "ports"),
    (r"port is already allocated|programming external connectivity", "ports"),
    (r"port publishing and", "ports"),
    (r"port exposing and", "expose"),
    # Images
    (r"does not match the specified platform|no matching manifest for|exec format error", "platform image"),
    (r"no such image: (?P<value>\S+)", "volumes"),
    (
        r"no such image|pull access denied|manifest unknown|manifest for \S+ not found|repository does not exist",
        "image",
    ),
    # Mounts
    (r"bind source path does not exist: (?P<value>\S+)", "volumes"),
    (r"duplicate mount point: (?P<value>\S+)", "volumes tmpfs"),
    (r"error mounting \"[^\"]*\" to rootfs at \"(?P<value>[^\"]+)\"", "volumes tmpfs"),
    (r"invalid volume specification: '(?P<value>[^:']+)", "volumes"),
    (r"path (?P<value>\S+) is mounted on .* not a (?:shared|slave)", "volumes"),
    (r"cannot access path .*/volumes/(?P<value>[^/]+)/_data", "volumes"),
    (r"while creating mount source path '(?P<value>[^']+)'", "volumes"),
    (r"invalid tmpfs option", "tmpfs"),
    (r"invalid mount config|mount type unknown|\w+Options must not be specified|subpath", "volumes"),
    (r"invalid specification: destination", "volumes tmpfs"),
    # Kernel parameters, limits and devices
    (r"sysctl \"(?P<value>[^\"]+)\"", "sysctls"),
    (r"/proc/sys/(?P<value>[^\s:]+)", "sysctls"),
    (r"rlimit_(?P<value>\w+)", "ulimits"),
    (r"setting rlimit", "ulimits"),
    (r"adding custom device \"(?P<value>[^\"]+)\"", "devices"),
    (r"device cgroup rule format: '(?P<value>[^']+)'", "device_cgroup_rules"),
    (r"stat (?P<value>/dev/\S+): no such file", "blkio_config devices"),
    (r"blkio|block i/o|io\.(?:max|weight)", "blkio_config"),
    (r"rt_runtime|real-time runtime", "cpu_rt_runtime cpu_rt_period"),
    (r"rt_period|real-time period", "cpu_rt_period cpu_rt_runtime"),
    (r"range of cpus|nano cpus", "cpus"),
    (r"cfs period", "cpu_period"),
    (r"cfs quota", "cpu_quota"),
    (r"cfs_quota_us|cpu\.max", "cpus cpu_quota cpu_period"),
    (r"cfs_period_us", "cpu_period cpus"),
    (r"cpu-shares|cpu\.shares|cpu\.weight", "cpu_shares"),
    (r"requested cpus|cpuset cpus|cpuset\.cpus", "cpuset"),
    (r"memoryswap|memsw|memory\.swap", "memswap_limit mem_limit"),
    (r"swappiness", "mem_swappiness"),
    (r"memory reservation", "mem_reservation"),
    (r"minimum memory|memory limit|memory\.limit_in_bytes|memory\.max", "mem_limit"),
    (r"shm size", "shm_size"),
    (r"oom score", "oom_score_adj"),
    (r"pids limit|pids\.max", "pids_limit"),
    # Security
    (r"invalid capadd: .*\"(?:cap_)?(?P<value>\w+)\"", "cap_add"),
    (r"invalid capdrop: .*\"(?:cap_)?(?P<value>\w+)\"", "cap_drop"),
    (r"apply caps", "cap_add cap_drop privileged"),
    (r"--security-opt \d+: \"(?P<value>[^\"]+)\"", "security_opt"),
    (r"(?P<value>seccomp) profile|(?P<other>apparmor)", "security_opt"),
    (r"unable to find user (?P<value>[^\s:]+)", "user"),
    (r"unable to find group (?P<value>[^\s:]+)", "group_add user"),
    # Names and networks
    (r"mac address", "networks.mac_address"),
    (r"invalid link local ip address: (?P<value>\S+)", "networks.link_local_ips"),
    (r"network-scoped alias", "networks.aliases"),
    (r"renaming interface", "networks.interface_name"),
    (r"contain the ip address (?P<value>[0-9a-f.:]+)", "networks.address"),
    (r"invalid address (?P<value>[0-9a-f.:]+): it does not belong", "networks.address"),
    (r"address already in use|user specified ip address", "networks.address"),
    (r"network (?P<value>\S+) not found", "network_mode networks"),
    (r"could not get container for (?P<value>[^\s:]+)", "links external_links"),
    (r"container (?P<value>\S+): non-shareable ipc|join(?:ing)? ipc|ipc of container", "ipc"),
    (r"no such container: (?P<value>\S+)", _NAMESPACES),
    (r"(?:joining|join) network namespace|cannot join network", "network_mode"),
    (r"links", "links external_links"),
    (r"conflicting options: hostname", "hostname"),
    (r"conflicting options: dns", "dns"),
    (r"conflicting options: custom host-to-ip|add-host", "extra_hosts"),
    (r"sethostname", "hostname"),
    (r"pid mode|pid namespace", "pid"),
    (r"ipc mode|ipc namespace", "ipc"),
    (r"uts mode", "uts"),
    (r"userns|user namespace", "userns_mode"),
    (r"cgroup namespace", "cgroup"),
    (r"cgroup[ -]parent|\.slice", "cgroup_parent"),
    (r"container name", "container_name"),
    # The process
    (r"no command specified", _PROGRAM),
    (r"working directory|cannot mkdir|chdir to cwd|mkdir .*not a directory", "working_dir"),
    (r"exec: \"|exec \S+: no such file|executable file not found", _PROGRAM),
    (r"environment variable", "environment"),
    (r"healthcheck", "healthcheck"),
    (r"invalid signal", "stop_signal"),
    # The engine's parts
    (r"unknown runtime|unknown or invalid runtime", "runtime"),
    (r"log opt '(?P<value>[^']+)'", "logging.options"),
    (r"logger: (?P<value>max-buffer-size)|logger: logging (?P<other>mode)", "logging.options"),
    (r"(?P<value>syslog-address|max-file|compress)\b", "logging.options"),
    (r"unsupported scheme|proto://address", "logging.options.syslog-address logging.options.gelf-address"),
    (r"logging plugin|journald is not enabled", "logging.driver"),
    (r"logging driver|log driver", "logging.options logging.driver"),
    (r"storage-opt|storage opt|unknown option", "storage_opt"),
    (r"restart policy|retry count", "restart"),
    (r"isolation", "isolation"),
    (r"annotation", "annotations"),
)

NETWORK: Final = _lines(
    (r"failed to parse (?P<value>com\.\S+)", "driver_opts"),
    (r"auxiliary address|secondary ip address", "ipam.config.aux_addresses"),
    (r"gateway", "ipam.config.gateway"),
    (r"ip-range", "ipam.config.ip_range"),
    (r"no available network|address pool among the defaults|non-overlapping", "enable_ipv6 ipam.config"),
    (
        r"pool overlaps|overlaps with|invalid subnet|multiple subnets|invalid pool|conflicts with network",
        "ipam.config.subnet",
    ),
    (r"ipv4 or ipv6 must", "enable_ipv4 enable_ipv6"),
    (r"bridge interface|(?:numerical )?result out of range", "driver_opts"),
    (r"subinterface|parent", "driver_opts.parent driver_opts driver"),
    (r"(?P<value>(?:macvlan|ipvlan)) mode", "driver_opts"),
    (r"plugin \"(?P<value>[^\"]+)\" not found", "driver ipam.driver"),
    (r"only one instance|swarm|operation not supported", "driver"),
    (r"already exists", "name"),
)

VOLUME: Final = _lines(
    (r"volume plugin|plugin \"[^\"]+\" not found", "driver"),
    (r"invalid option: \"(?P<value>[^\"]+)\"", "driver_opts"),
    (r"missing required option", "driver_opts"),
    (r"quota (?P<value>size)", "driver_opts"),
    (r"already exists", "name"),
)

IMAGE: Final = _lines(
    (r"build target|target stage", "build.target"),
    (r"dockerfile", "build.dockerfile build.dockerfile_inline build"),
    (r"build", "build"),
    (r"no matching manifest|platform", "platform image build"),
    (r"", "image build"),
)

DRIVER_MOUNT: Final = re.compile(r"while mounting volume '[^']*/volumes/(?P<value>[^/']+)/_data'", re.IGNORECASE)
"""A volume's own options are at fault although a container's start tells of it."""
