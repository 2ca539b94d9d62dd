"""What it means to the rest of a plan that objects are excluded from it. Caller: api.

Left alone is no promise that the rest works: what needs an object that is not there can't be made, what uses one that
differs from the spec may go wrong, and what an excluded container holds on to can't go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dockerspec.core.address import Address, Kind
from dockerspec.core.desired.state import DesiredContainer, DesiredState
from dockerspec.core.diagnostics import Diagnostic, error, warning
from dockerspec.core.diff.change import ChangeKind
from dockerspec.core.diff.result import Diff, Finding
from dockerspec.core.diff.scope import Scope
from dockerspec.core.live.state import LiveContainer, LiveState
from dockerspec.core.plan.order import neighbours
from dockerspec.core.plan.select import needs_of
from dockerspec.core.table.storage import mounted_volumes

_WAY_OUT = "exclude it too, or leave the --exclude out"


def excluding(diff: Diff, desired: DesiredState, live: LiveState, scope: Scope) -> Diff:
    """The diff with a word on all that the excluded objects mean to it, and without what they forbid."""
    if not scope.excluded:
        return diff
    held = [item for item in live.containers if _address(item) in scope.excluded]
    faults: list[Diagnostic] = [*_lacking(diff, desired), *_knocked_on(diff)]
    findings = []
    for finding in diff.findings:
        users = sorted(item.name for item in held if _uses(item, finding))
        if not users:
            findings.append(finding)
            continue
        change, path = finding.change, f"{finding.change.address.kind}s.{finding.change.address.name}"
        if change.kind is ChangeKind.DELETE:
            summary = f"{change.name} would go, but stays, since {', '.join(users)}, which is excluded, uses it"
            faults.append(warning(path, summary, "run again without --exclude"))
            continue
        findings.append(finding)
        if change.address.kind is Kind.VOLUME:
            summary = f"{change.name} can't be made anew while {', '.join(users)}, which is excluded, uses it"
            faults.append(error(path, summary, _WAY_OUT))
        else:
            summary = f"{', '.join(users)} is excluded, but is connected anew, since {change.name} is made anew"
            faults.append(warning(path, summary, f"exclude {change.address} too to leave it as it is"))
    return replace(diff, findings=tuple(findings), diagnostics=(*diff.diagnostics, *faults))


def _address(item: LiveContainer) -> Address:
    return Address(Kind.CONTAINER, item.resource, item.replica)


def _uses(item: LiveContainer, finding: Finding) -> bool:
    """Whether a container holds on to a network or volume that is to go or to be made anew."""
    if finding.change.kind not in (ChangeKind.DELETE, ChangeKind.REPLACE):
        return False
    network, volume = finding.subject.live_network, finding.subject.live_volume
    if network is not None:
        return item.networks.get(network.name) == network.id
    return volume is not None and volume.name in mounted_volumes(item.fields)


def _lacking(diff: Diff, desired: DesiredState) -> Iterator[Diagnostic]:
    """What is planned and needs an excluded object that is not there, or not as the spec says."""
    left = {item.change.address: item for item in diff.left if item.change.kind is not ChangeKind.KEEP}
    needs = needs_of(desired)
    for finding in diff.findings:
        pair = finding.subject.pair
        if pair is None:
            continue
        address, path = finding.change.address, f"containers.{finding.change.address.name}"
        for other in sorted(needs(pair.desired) & left.keys(), key=lambda item: item.sort_key):
            if not _is_missing(left[other], pair.desired):
                summary = f"{address} needs {other}, which is excluded and not as the spec says"
                yield warning(path, summary, f"see `dockerspec plan --target {other}`")
            elif other.kind is Kind.CONTAINER and other.name not in neighbours(pair.desired):
                summary = f"{address} depends on {other}, which is excluded and not there"
                yield warning(path, summary, "it starts without; leave the --exclude out if it must not")
            else:
                yield error(path, f"{address} needs {other}, which is excluded and not on the host", _WAY_OUT)


def _is_missing(left: Finding, user: DesiredContainer) -> bool:
    """Whether an object that was left alone is not there at all; an image may be there and due for a pull."""
    if left.change.address.kind is Kind.IMAGE:
        return user.context.image is None
    return left.change.kind is ChangeKind.CREATE


def _knocked_on(diff: Diff) -> Iterator[Diagnostic]:
    """Excluded containers that lose something to the run, such as the namespace of one that is made anew."""
    for finding in diff.knocked:
        address, fields = finding.change.address, finding.change.fields
        why = ", ".join(f"{item.path} {item.new}" for item in fields)
        summary = f"{address} is excluded, and is to be made anew or restarted after this run: {why}"
        yield warning(f"containers.{address.name}", summary, "run again without --exclude")
