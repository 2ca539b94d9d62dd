"""Desired state and live state to a diff: the four kinds joined. Pure; one input gives one output, byte for byte."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from dockerspec.core.address import Address
from dockerspec.core.desired.state import DesiredState
from dockerspec.core.diagnostics import Diagnostic
from dockerspec.core.diff.bystanders import concerns, without_bystanders
from dockerspec.core.diff.change import ChangeKind, ObjectChange
from dockerspec.core.diff.containers import cascade, diff_containers, diff_one_offs, diff_orphans, extended, removal
from dockerspec.core.diff.images import add_spares, changed_references, diff_images, makes_anew
from dockerspec.core.diff.networks import diff_networks, is_own, network_address, strand
from dockerspec.core.diff.pairing import Pair, pair_containers
from dockerspec.core.diff.resources import diff_volumes, volume_removal
from dockerspec.core.diff.result import Diff, Finding, Subject
from dockerspec.core.diff.scope import NO_SCOPE, Scope
from dockerspec.core.diff.turnover import with_orders
from dockerspec.core.live.state import LiveState

DESTROYED = "the stack is destroyed"


def diff(desired: DesiredState, live: LiveState, consent: Collection[str] = (), scope: Scope = NO_SCOPE) -> Diff:
    """Everything that must change for the engine to be as the spec says.

    Args:
        desired: what the spec wants.
        live: what the engine has.
        consent: volumes, by key or engine name, whose data the user agrees to lose.
        scope: what is left alone or made anew on the user's wish.
    """
    faults: list[Diagnostic] = []
    images, left_images = scope.split(diff_images(desired.images, live, faults, scope))
    pending = frozenset(_pending(images))
    pairing = pair_containers(desired.containers, live.containers)
    pairs = {pair.desired.address: pair for pair in pairing.pairs}
    leaving, staying = without_bystanders(pairing, desired, faults)

    def ours(found: Iterable[Finding]) -> Iterable[Finding]:
        return (item for item in found if concerns(item, desired.spared, staying))

    volumes, left_volumes = scope.split(
        ours(diff_volumes(desired.volumes, live, desired.stack, consent, faults, scope))
    )
    networks, left_networks = scope.split(ours(diff_networks(desired.networks, live, desired.stack, faults, scope)))
    changed, left = scope.split(diff_containers(pairing.pairs, live, pending, faults, scope))
    orphans, left_orphans = scope.split(diff_orphans(leaving, desired.absent))
    lost = {item.change.address.name for item in volumes if item.change.kind is ChangeKind.REPLACE}

    def spread(inside: Mapping[Address, Pair]) -> list[Finding]:
        """What differs at containers, and what that and the networks mean to others."""
        return cascade(extended(changed, strand(changed, networks, inside, live)), inside, lost)

    remade = {item.change.name for item in networks if item.change.kind is ChangeKind.REPLACE}
    remade_volumes = {item.change.name for item in volumes if item.change.kind is ChangeKind.REPLACE}
    own = spread({key: pair for key, pair in pairs.items() if key not in scope.excluded})
    one_offs, _ = scope.split(diff_one_offs(pairing.one_offs))
    containers = [*with_orders(own, remade, remade_volumes, faults), *orphans, *one_offs]
    knocked = scope.split(spread(pairs))[1] if scope.excluded else []
    spared, _ = scope.split(add_spares(images, desired.images, live, desired.stack, _leaving(containers)))
    findings = [*spared, *networks, *volumes, *containers]
    touched = {item.change.address for item in findings} | scope.excluded
    wanted = _addresses(desired)
    return Diff(
        findings=_ordered([*findings, *_stale_marks(live, touched)]),
        pairs=pairs,
        pending=pending,
        diagnostics=tuple(sorted(_said(faults, scope, wanted), key=lambda item: item.sort_key)),
        unchanged=tuple(address for address in wanted if address not in touched),
        left=_ordered([*left_images, *left_networks, *left_volumes, *left, *left_orphans]),
        knocked=_ordered(knocked),
    )


def _said(faults: list[Diagnostic], scope: Scope, wanted: Collection[Address]) -> Iterable[Diagnostic]:
    return (item for item in faults if scope.concerns(item, wanted)) if scope.excluded else faults


def diff_destroy(
    desired: DesiredState, live: LiveState, consent: Collection[str] = (), scope: Scope = NO_SCOPE
) -> Diff:
    """The diff that removes everything of a stack from the engine, but for what is excluded.

    Volumes stay unless `consent` names them or their spec says `prevent_destroy: false`; images stay.
    """
    disposable = {item.name for item in desired.volumes if not item.spec.prevent_destroy}
    locked = {item.name for item in desired.volumes if item.spec.is_locked}
    findings = [removal(item, DESTROYED) for item in live.containers]
    for network in live.networks:
        if is_own(network, desired.stack, desired.networks):
            change = ObjectChange(network_address(network), ChangeKind.DELETE, DESTROYED, network.name)
            findings.append(Finding(change, Subject(live_network=network)))
    findings += [
        volume_removal(volume, DESTROYED, consent, disposable=volume.name in disposable, locked=volume.name in locked)
        for volume in live.volumes
        if volume.stack == desired.stack
    ]
    findings += _stale_marks(live, {item.change.address for item in findings})
    findings, left = scope.split(findings)
    pairing = pair_containers(desired.containers, live.containers)
    pairs = {pair.desired.address: pair for pair in pairing.pairs}
    return Diff(findings=_ordered(findings), pairs=pairs, left=_ordered(left))


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
