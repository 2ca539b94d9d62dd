"""The engine's words about itself as facts. Callers: parse, takein, api. It loads next to nothing."""

from __future__ import annotations

from typing import Any

from dockerspec.core.facts import EngineFacts

Json = Any


def parse_engine(version: Json, info: Json, api: tuple[int, int]) -> EngineFacts:
    """Facts about the engine."""
    plugins = info.get("Plugins") or {}
    return EngineFacts(
        version=version.get("Version") or info.get("ServerVersion") or "",
        api=api,
        id=info.get("ID") or "",
        name=info.get("Name") or "",
        os=version.get("Os") or "linux",
        arch=version.get("Arch") or "",
        cgroup_version=2 if str(info.get("CgroupVersion")) == "2" else 1,
        logging_driver=info.get("LoggingDriver") or "json-file",
        runtime=info.get("DefaultRuntime") or "runc",
        swap_limit=bool(info.get("SwapLimit", True)),
        processors=info.get("NCPU") or 0,
        runtimes=tuple(sorted(info.get("Runtimes") or ())),
        log_drivers=tuple(sorted(plugins.get("Log") or ())),
        network_drivers=tuple(sorted(plugins.get("Network") or ())),
        volume_drivers=tuple(sorted(plugins.get("Volume") or ())),
        cgroup_driver=info.get("CgroupDriver") or "",
    )
