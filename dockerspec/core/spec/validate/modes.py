"""Rules: what a container asks of its namespaces fits the ones it has.

Called through `RULES`. What the engine refuses here was tried on engines of API 1.41 and 1.51; what it drops without a
word counts as refused.
"""

from __future__ import annotations

from collections.abc import Iterable

from dockerspec.core.spec.model import ContainerSpec, Stack
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.findings import Findings

_HOSTNAME_MOST = 64
"""The kernel's limit (sethostname(2))."""

_SHARED = ("service:", "container:")
_WORDS = {
    "pid": ("host",),
    "ipc": ("host", "private", "shareable", "none"),
    "uts": ("host",),
    "userns_mode": ("host",),
}
_NO_SHARING = ("uts", "userns_mode")
_DROPPED_BY_SHARING = ("dns_search", "dns_opt")
_REFUSED_BY_SHARING = ("expose", "hostname", "dns", "extra_hosts", "links", "external_links")
_REFUSED_BY_MODE = {"host": ("links", "external_links"), "none": ("links", "external_links")}


def check_modes(stack: Stack, findings: Findings) -> None:
    """Find network modes and namespaces that can't be, or that other keys contradict."""
    for name, spec in stack.containers.items():
        path: Path = ("containers", name)
        _check_network(stack, spec, path, findings)
        _check_words(spec, path, findings)
        _check_host_names(spec, path, findings)


def _check_network(stack: Stack, spec: ContainerSpec, path: Path, findings: Findings) -> None:
    mode = spec.network_mode or ""
    place: Path = (*path, "network_mode")
    if mode and spec.networks:
        findings.error(place, "network_mode and networks exclude each other", "remove one of them")
    elif mode in stack.networks:
        findings.error(
            place,
            f"network_mode does not take the spec's network {mode!r}",
            f"write networks: [{mode}] instead",
        )
    elif mode.startswith(_SHARED):
        owner = mode.partition(":")[2]
        if not owner:
            findings.error(place, f"{mode!r} names no container", f"write {mode}NAME")
            return
        _refuse(
            spec, _REFUSED_BY_SHARING, path, findings, f"with network_mode: {mode}", f"set it at {owner!r}, or remove"
        )
        for key in _DROPPED_BY_SHARING:
            if getattr(spec, key):
                summary = f"with network_mode: {mode} the resolver of {owner!r} is used, and {key} does nothing"
                findings.error((*path, key), summary, f"set it at {owner!r}, or remove {key}")
    elif mode in _REFUSED_BY_MODE:
        _refuse(spec, _REFUSED_BY_MODE[mode], path, findings, f"with network_mode: {mode}", "remove")


def _refuse(spec: ContainerSpec, keys: Iterable[str], path: Path, findings: Findings, where: str, instead: str) -> None:
    for key in keys:
        if getattr(spec, key):
            findings.error(
                (*path, key), f"{where} the engine takes no {key}", f"{instead} {key}, or change network_mode"
            )


def _check_words(spec: ContainerSpec, path: Path, findings: Findings) -> None:
    for key, words in _WORDS.items():
        value = getattr(spec, key)
        if value is None or value in words:
            continue
        kind, _, owner = value.partition(":")
        if key not in _NO_SHARING and f"{kind}:" in _SHARED and owner:
            continue
        choice = [*words, *(() if key in _NO_SHARING else ("service:NAME", "container:NAME"))]
        findings.error((*path, key), f"{value!r} is no {key}", f"write {_listed(choice)}")


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _check_host_names(spec: ContainerSpec, path: Path, findings: Findings) -> None:
    if spec.hostname and len(spec.hostname) > _HOSTNAME_MOST:
        findings.error(
            (*path, "hostname"),
            f"the hostname has {len(spec.hostname)} characters, and the kernel takes {_HOSTNAME_MOST}",
            "shorten it",
        )
    for key in ("hostname", "domainname") if spec.uts == "host" else ():
        if getattr(spec, key):
            findings.error(
                (*path, key),
                f"with uts: host the container has the host's own names, so {key} can't be set",
                f"remove {key}, or remove uts",
            )
    if spec.shm_size and (spec.ipc or "private") not in ("private", "shareable"):
        findings.warning(
            (*path, "shm_size"),
            f"with ipc: {spec.ipc} the container has no /dev/shm of its own, so shm_size does nothing",
            "remove shm_size, or remove ipc",
        )
