"""Rules: options of the drivers that every engine has: the local volume driver, and bridge, macvlan and ipvlan.

Called through `RULES`. Options that a driver ignores are let pass, since newer engines may know them.
"""

from __future__ import annotations

from ipaddress import ip_address

from dockerspec.core.nearest import nearest
from dockerspec.core.spec.model import NetworkSpec, Stack, VolumeSpec
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.findings import Findings

INTERFACE_MOST = 15
"""Most characters of an interface's name (Linux: IFNAMSIZ, without the closing zero)."""

_LOCAL = ("type", "o", "device", "size")
_BRIDGE = "com.docker.network.bridge."
_FLAGS = (f"{_BRIDGE}enable_icc", f"{_BRIDGE}enable_ip_masquerade", f"{_BRIDGE}default_bridge")
_MTU = "com.docker.network.driver.mtu"
_NAMES = (f"{_BRIDGE}name", "com.docker.network.container_iface_prefix")
_HOST_IP = f"{_BRIDGE}host_binding_ipv4"
_BOOLS = ("1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False")
_MODES = {
    "macvlan_mode": ("bridge", "private", "vepa", "passthru"),
    "ipvlan_mode": ("l2", "l3", "l3s"),
}
_SINGLE = {"host": "host", "null": "none", "none": "none"}


def check_drivers(stack: Stack, findings: Findings) -> None:
    """Find options that a driver refuses, and networks of which there is one only."""
    for name, volume in stack.volumes.items():
        if not volume.external and (volume.driver or "local") == "local":
            _check_local(volume, ("volumes", name, "driver_opts"), findings)
    for name, network in stack.networks.items():
        if network.external:
            continue
        path: Path = ("networks", name)
        if network.driver in _SINGLE:
            mode = _SINGLE[network.driver]
            findings.error(
                (*path, "driver"),
                f"the engine has one network of the driver {network.driver} and makes no second one",
                f"remove this network, and write network_mode: {mode} at the containers",
            )
        _check_options(network, (*path, "driver_opts"), findings)


def _check_local(volume: VolumeSpec, path: Path, findings: Findings) -> None:
    given = {key for key, value in volume.driver_opts.items() if value}
    for option in volume.driver_opts:
        if option not in _LOCAL:
            meant = nearest(option, _LOCAL)
            fix = f"did you mean '{meant}'?" if meant else f"write one of {', '.join(_LOCAL)}"
            findings.error((*path, option), f"the volume driver local has no option {option!r}", fix)
    used = [key for key in ("type", "device", "o") if key in given]
    for missing in ("type", "device") if used else ():
        if missing not in given:
            findings.error(
                (*path, used[0]),
                f"the volume driver local takes {used[0]} only together with {missing}",
                f"add {missing}: beside it, as in {{type: nfs, o: addr=10.0.0.7, device: ':/export'}}",
            )


def _check_options(network: NetworkSpec, path: Path, findings: Findings) -> None:
    options = network.driver_opts
    for key in _FLAGS:
        if key in options and options[key] not in _BOOLS:
            findings.error((*path, key), f"{options[key]!r} is neither true nor false", "write one of the two")
    mtu = options.get(_MTU)
    if mtu is not None and not (mtu.isascii() and mtu.isdigit()):
        findings.error((*path, _MTU), f"{mtu!r} is no MTU", 'write a number of bytes, such as "1450"')
    for key in _NAMES:
        if len(options.get(key, "")) > INTERFACE_MOST:
            findings.error(
                (*path, key),
                f"an interface's name has {INTERFACE_MOST} characters at most, and this has {len(options[key])}",
                "shorten it",
            )
    if _HOST_IP in options and not _is_ip(options[_HOST_IP]):
        findings.error((*path, _HOST_IP), f"{options[_HOST_IP]!r} is no IP address", "write one such as 127.0.0.1")
    for key, modes in _MODES.items():
        if network.driver == key.partition("_")[0] and options.get(key, modes[0]) not in modes:
            findings.error((*path, key), f"{options[key]!r} is no {key}", f"write one of {', '.join(modes)}")


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
