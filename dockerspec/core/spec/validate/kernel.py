"""Rules: what is asked of the kernel exists there: parameters, limits, capabilities, device rules, security options.

Called through `RULES`. The lists are the engine's and runc's own (moby: daemon/daemon_unix.go, go-units: ulimit.go;
runc: libcontainer/configs/validate; Linux: capabilities(7)), tried on engines of API 1.41 and 1.51.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from dockerspec.core.nearest import nearest
from dockerspec.core.spec.model import ContainerSpec, Stack
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.findings import Findings

_IPC = frozenset(
    f"kernel.{name}" for name in ("msgmax", "msgmnb", "msgmni", "sem", "shmall", "shmmax", "shmmni", "shm_rmid_forced")
)
_MQUEUE = "fs.mqueue."
_NET = "net."
_OWN_KEYS = {"kernel.hostname": "hostname"}
_OTHERS = ("kernel.domainname",)

_ULIMIT_NAMES = "as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack"
_ULIMITS = tuple(_ULIMIT_NAMES.split())

_CAPABILITY_NAMES = (
    "AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH "
    "FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN "
    "NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT "
    "SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM"
)
_CAPABILITIES = tuple(_CAPABILITY_NAMES.split())

_SECURITY = ("apparmor", "label", "no-new-privileges", "seccomp", "systempaths", "writable-cgroups")
_DEVICE_RULE = re.compile(r"[acb] (?:[0-9]+|\*):(?:[0-9]+|\*) [rwm]{1,3}")


def check_kernel(stack: Stack, findings: Findings) -> None:
    """Find names that the kernel or the engine does not know, and parameters of namespaces that are the host's."""
    for name, spec in stack.containers.items():
        path: Path = ("containers", name)
        for parameter in spec.sysctls:
            _check_sysctl(parameter, spec, (*path, "sysctls", parameter), findings)
        for limit in spec.ulimits:
            if limit.lower() not in _ULIMITS:
                fix = _meant(limit.lower(), _ULIMITS, "remove it; see getrlimit(2) for the names")
                findings.error((*path, "ulimits", limit), f"the kernel has no limit {limit!r}", fix)
        for key in ("cap_add", "cap_drop"):
            _check_capabilities(getattr(spec, key), (*path, key), findings)
        for index, rule in enumerate(spec.device_cgroup_rules):
            if not _DEVICE_RULE.fullmatch(rule):
                findings.error(
                    (*path, "device_cgroup_rules", index),
                    f"{rule!r} is no device rule",
                    "write TYPE MAJOR:MINOR PERMISSIONS, such as 'c 1:3 mr'",
                )
        _check_security(spec, path, findings)


def _meant(word: str, known: Iterable[str], otherwise: str) -> str:
    meant = nearest(word, known)
    return f"did you mean '{meant}'?" if meant else otherwise


def _check_sysctl(name: str, spec: ContainerSpec, path: Path, findings: Findings) -> None:
    parameter = name.replace("/", ".") if "." not in name.partition("/")[0] else name
    if parameter in _OWN_KEYS:
        key = _OWN_KEYS[parameter]
        findings.error(path, f"{name} is what {key} sets", f"write {key}: {spec.sysctls[name]} instead")
    elif parameter in _IPC or parameter.startswith(_MQUEUE):
        if spec.ipc == "host":
            findings.error(
                path, f"with ipc: host {name} is the host's own parameter", "remove it here, or remove ipc: host"
            )
    elif parameter.startswith(_NET):
        if spec.network_mode == "host":
            findings.error(
                path,
                f"with network_mode: host {name} is the host's own parameter",
                "remove it here, or change network_mode",
            )
    elif parameter not in _OTHERS:
        findings.error(
            path,
            f"{name} belongs to the whole host, not to a container",
            "set it on the host; containers have net.*, fs.mqueue.*, kernel.msg*, kernel.shm* and kernel.sem",
        )


def _check_capabilities(names: Iterable[str], path: Path, findings: Findings) -> None:
    for index, name in enumerate(names):
        short = name.upper().removeprefix("CAP_")
        if short != "ALL" and short not in _CAPABILITIES:
            fix = _meant(short, _CAPABILITIES, "see capabilities(7) for the names, or write ALL")
            findings.error((*path, index), f"there is no capability {name!r}", fix)


def _check_security(spec: ContainerSpec, path: Path, findings: Findings) -> None:
    for index, option in enumerate(spec.security_opt):
        place: Path = (*path, "security_opt", index)
        word, mark, value = option.partition("=" if "=" in option else ":")
        if word not in _SECURITY:
            fix = _meant(word, _SECURITY, f"write one of {', '.join(_SECURITY)}")
            findings.error(place, f"{word!r} is no security option of the engine", fix)
        elif word == "no-new-privileges":
            if mark and value not in ("true", "false"):
                fix = "write no-new-privileges:true or no-new-privileges:false"
                findings.error(place, f"{value!r} is neither true nor false", fix)
        elif not value:
            findings.error(place, f"{word} lacks its value", f"write one such as {word}={_example(word)}")


def _example(word: str) -> str:
    return {"label": "disable", "writable-cgroups": "true"}.get(word, "unconfined")
