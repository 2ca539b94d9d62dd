"""Rule: what exists already is only named, not described.

Called through `RULES`.
"""

from __future__ import annotations

from collections.abc import Mapping

from dockerspec.core.spec.model import NetworkSpec, Stack, VolumeSpec
from dockerspec.core.spec.validate.findings import Findings

_ALLOWED = {"external", "name", "prevent_destroy"}


def check_external(stack: Stack, findings: Findings) -> None:
    """Find settings of networks and volumes that are never ours to set."""
    _check("networks", stack.networks, findings)
    _check("volumes", stack.volumes, findings)


def _check(section: str, specs: Mapping[str, NetworkSpec] | Mapping[str, VolumeSpec], findings: Findings) -> None:
    for name, spec in specs.items():
        for key in sorted(spec.model_fields_set - _ALLOWED) if spec.external else ():
            findings.error(
                (section, name, key),
                f"{key} can't be set here, since external: true says that others look after {section}.{name}",
                f"remove {key}, or remove external",
            )
