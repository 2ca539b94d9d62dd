"""The rules between keys of a spec: what each key allows alone, but not beside the others.

Called by the loader as its last phase, with a stack that the model let pass. Every rule reads the stack, none changes
it, and none needs an engine: what only the engine can know is left to it.
"""

from __future__ import annotations

from collections.abc import Callable

from dockerspec.core.diagnostics import Diagnostic
from dockerspec.core.spec.model import Stack
from dockerspec.core.spec.validate.circles import check_circles
from dockerspec.core.spec.validate.configurations import check_configurations
from dockerspec.core.spec.validate.drivers import check_drivers
from dockerspec.core.spec.validate.external import check_external
from dockerspec.core.spec.validate.files import check_files
from dockerspec.core.spec.validate.findings import Findings, SpanOf
from dockerspec.core.spec.validate.health import check_conditions
from dockerspec.core.spec.validate.images import check_images
from dockerspec.core.spec.validate.kernel import check_kernel
from dockerspec.core.spec.validate.labels import check_labels
from dockerspec.core.spec.validate.limits import check_limits
from dockerspec.core.spec.validate.logging import check_logging
from dockerspec.core.spec.validate.macs import check_macs
from dockerspec.core.spec.validate.modes import check_modes
from dockerspec.core.spec.validate.mounts import check_mounts
from dockerspec.core.spec.validate.names import check_names
from dockerspec.core.spec.validate.networks import check_addresses, check_subnets
from dockerspec.core.spec.validate.ports import check_ports
from dockerspec.core.spec.validate.references import check_references
from dockerspec.core.spec.validate.removal import check_removal
from dockerspec.core.spec.validate.waits import check_waits

__all__ = ["RULES", "validate"]

Rule = Callable[[Stack, Findings], None]

RULES: tuple[Rule, ...] = (
    check_references,
    check_circles,
    check_names,
    check_ports,
    check_modes,
    check_subnets,
    check_addresses,
    check_macs,
    check_mounts,
    check_limits,
    check_conditions,
    check_waits,
    check_removal,
    check_external,
    check_images,
    check_kernel,
    check_logging,
    check_drivers,
    check_labels,
    check_configurations,
    check_files,
)
"""Every rule, in no order that matters."""


def validate(stack: Stack, span_of: SpanOf) -> list[Diagnostic]:
    """Run every rule.

    Args:
        stack: the stack to judge.
        span_of: gives the place of a spec path in its file, or None.

    Returns:
        All faults, sorted by their place.
    """
    findings = Findings(span_of)
    for rule in RULES:
        rule(stack, findings)
    return sorted(findings.diagnostics, key=lambda item: item.sort_key)
