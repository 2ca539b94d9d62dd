"""What a container has that a spec has no word for. Pure.

Callers: takein.importing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from dockerspec.core.placed import remembered
from dockerspec.core.table.base import Row, dig

Json = Any

_SILENT: Mapping[str, Any] = {
    "HostConfig.AutoRemove": False,
    "HostConfig.PublishAllPorts": False,
    "HostConfig.VolumeDriver": "",
    "HostConfig.DeviceRequests": None,
    "HostConfig.CpusetMems": "",
    "HostConfig.KernelMemory": 0,
    "HostConfig.KernelMemoryTCP": 0,
    "HostConfig.Cgroup": "",
    "HostConfig.CpuCount": 0,
    "HostConfig.CpuPercent": 0,
    "HostConfig.IOMaximumIOps": 0,
    "HostConfig.IOMaximumBandwidth": 0,
    "Config.NetworkDisabled": False,
    "Config.Shell": None,
}
"""Places of an inspect answer that change how a container runs, and what they say for one that was not asked."""


def unsaid(raw: Json, rows: Iterable[Row[Any]]) -> list[str]:
    """A sentence per setting that no row of the table writes."""
    known = {place.removeprefix("HostConfig.") for row in rows for place in row.engine}
    found = []
    for place, silence in _SILENT.items():
        value = dig(raw, tuple(place.split(".")))
        if value in (silence, None, [], {}, ""):
            continue
        name = place.rpartition(".")[2]
        if not any(item == name or item.startswith(f"{name}.") for item in known):
            found.append(f"not said in this spec, and lost when it is replaced: {place} is {json.dumps(value)}")
    files = ", ".join(remembered(dig(raw, ("Config", "Labels"))))
    if files:
        found.append(f"not said in this spec, and lost when it is replaced: what it got as files of {files}")
    return found
