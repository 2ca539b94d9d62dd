"""Desired state and live state to a diff: the four kinds joined. Pure; one input gives one output, byte for byte."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from dockerspec.core.address import Address
from dockerspec.core.desired.state import DesiredState
from dockerspec.core.diagnostics import Diagnostic
from dockerspec.core.diff.change import ChangeKind, ObjectChange
from dockerspec.core.diff.containers import cascade, diff_containers, diff_one_offs, diff_orphans, extended, removal
from dockerspec.core.diff.images import add_spares, changed_references, diff_images, makes_anew
from dockerspec.core.diff.networks import diff_networks, is_own, network_address, strand
from dockerspec.core.diff.pairing import pair_containers
from dockerspec.core.diff.resources import diff_volumes, volume_removal
from dockerspec.core.diff.result import Diff, Finding, Subject
from dockerspec.core.diff.turnover import with_orders
from dockerspec.core.live.state import LiveState

DESTROYED = "the stack is destroyed"


def diff(desired: DesiredState, live: LiveState, consent: Collection[str] = ()) -> Diff:
    """Everything that must change for the engine to be as the spec says.

    Args:
        desired: what the spec wants.
        live: what the engine has.
        consent: volumes, by key or engine name, whose data the user agrees to lose.
    """
    faults: list[Diagnostic] = []
    images = list(diff_images(desired.images, live, faults))
    pending = frozenset(_pending(images))
    pairing = pair_containers(desired.containers, live.containers)
    pairs = {pair.desired.address: pair for pair in pairing.pairs}
    volumes = list(diff_volumes(desired.volumes, live, desired.stack, consent, faults))
    lost = {item.change.address.name for item in volumes if item.change.kind is ChangeKind.REPLACE}
    networks = diff_networks(desired.networks, live, desired.stack, faults)
    changed = list(diff_containers(pairing.pairs, live, pending, faults))
    remade = {item.change.name for item in networks if item.change.kind is ChangeKind.REPLACE}
    remade_volumes = {item.change.name for item in volumes if item.change.kind is ChangeKind.REPLACE}
    containers = [
        *with_orders(
            cascade(extended(changed, strand(changed, networks, pairs, live)), pairs, lost),
            remade,
            remade_volumes,
            faults,
        ),
        *diff_orphans(pairing.orphans, desired.absent),
        *diff_one_offs(pairing.one_offs),
    ]
    findings = [
        *add_spares(images, desired.images, live, desired.stack, _leaving(containers)),
        *networks,
        *volumes,
        *containers,
    ]
    touched = {item.change.address for item in findings}
    wanted = _addresses(desired)
    return Diff(
        findings=_ordered([*findings, *_stale_marks(live, touched)]),
        pairs=pairs,
        pending=pending,
        diagnostics=tuple(sorted(faults, key=lambda item: item.sort_key)),
        unchanged=tuple(address for address in wanted if address not in touched),
    )


def diff_destroy(desired: DesiredState, live: LiveState, consent: Collection[str] = ()) -> Diff:
    """The diff that removes everything of a stack from the engine.

    Volumes stay unless `consent` names them or their spec says `prevent_destroy: false`; images stay.
    """
    disposable = {item.name for item in desired.volumes if not item.spec.prevent_destroy}
    findings = [removal(item, DESTROYED) for item in live.containers]
    for network in live.networks:
        if is_own(network, desired.stack, desired.networks):
            change = ObjectChange(network_address(network), ChangeKind.DELETE, DESTROYED, network.name)
            findings.append(Finding(change, Subject(live_network=network)))
    findings += [
        volume_removal(volume, DESTROYED, consent, disposable=volume.name in disposable)
        for volume in live.volumes
        if volume.stack == desired.stack
    ]
    findings += _stale_marks(live, {item.change.address for item in findings})
    pairing = pair_containers(desired.containers, live.containers)
    return Diff(findings=_ordered(findings), pairs={pair.desired.address: pair for pair in pairing.pairs})


def _stale_marks(live: LiveState, touched: Collection[Address]) -> Iterable[Finding]:
    """A finding per mark whose object is gone; where the address has one of its own, the mark goes along with it."""
    for mark in live.stale_marks:
        if mark.address not in touched:
            cause = f"the mark of an adopted {mark.kind} that is gone"
            yield Finding(ObjectChange(mark.address, ChangeKind.DELETE, cause, mark.name), Subject(mark=mark))


def _pending(images: Iterable[Finding]) -> Iterable[str]:
    """The references that mean another image after the run."""
    for finding in images:
        image = finding.subject.image
        assert image is not None
        if makes_anew(finding.change):
            yield from (image.reference, *image.tags)
        else:
            yield from changed_references(finding.change, "tags")


def _leaving(containers: Iterable[Finding]) -> frozenset[str]:
    """IDs of the containers that the run removes."""
    gone = (ChangeKind.REPLACE, ChangeKind.DELETE)
    subjects = (item.subject for item in containers if item.change.kind in gone)
    live = (subject.live_container or (subject.pair.live if subject.pair else None) for subject in subjects)
    return frozenset(item.id for item in live if item is not None)


def _addresses(desired: DesiredState) -> tuple[Address, ...]:
    groups = (desired.images, desired.networks, desired.volumes, desired.containers)
    return tuple(item.address for group in groups for item in group)


def _ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda item: (*item.change.address.sort_key, item.change.name)))
