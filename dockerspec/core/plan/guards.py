"""Which consents a plan needs: a pure function of what differs. Caller: api.

What a guard is about must be visible on the engine: a running container, a label, a record. Nothing is guessed from
file names alone, since the folder of a checkout changes from job to job.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from dockerspec.core.address import Address, Kind
from dockerspec.core.desired.names import DEFAULT_NETWORK, default_container_name
from dockerspec.core.desired.state import DesiredState
from dockerspec.core.diff.change import ChangeKind
from dockerspec.core.diff.containers import is_up
from dockerspec.core.diff.networks import is_own, network_address
from dockerspec.core.diff.resources import consents
from dockerspec.core.diff.result import Diff, Finding
from dockerspec.core.live.state import LiveContainer, LiveNetwork, LiveState, LiveVolume
from dockerspec.core.owner import is_project
from dockerspec.core.ownership import ASIDE, was
from dockerspec.core.plan.asked import NOTHING_ASKED, Asked
from dockerspec.core.plan.consent import Consent, Guard, Guarded

Live = LiveContainer | LiveNetwork | LiveVolume

_GONE = (ChangeKind.DELETE, ChangeKind.REPLACE)
_ADOPTED = "it was adopted"
_COPIED = "it has the labels of another container, and not the name that goes with them"
_UNRECORDED = "it has the stack's labels, and not the record that dockerspec makes"


def guards_of(
    diff: Diff,
    desired: DesiredState,
    live: LiveState,
    asked: Asked = NOTHING_ASKED,
    *,
    destroys: bool = False,
) -> tuple[Guard, ...]:
    """The guards of a plan, in the order in which they are shown.

    Args:
        diff: what the plan carries out.
        desired: what the spec wants.
        live: what the engine has.
        asked: what the user asks for and agrees to.
        destroys: whether the plan removes the stack: nobody need be told then that services go down.
    """
    found = {
        Consent.VOLUME_DELETE: _lost(diff),
        Consent.SERVICE_DOWN: () if destroys else _down(diff),
        Consent.FOREIGN: _foreign(diff, desired.stack, live, asked.delete_volumes),
        Consent.STACK_TAKEOVER: _taken(diff, desired, live),
    }
    guards = []
    for consent, objects in found.items():
        ordered = tuple(sorted(objects, key=lambda item: (item.address.sort_key, item.name)))
        if ordered:
            # There is no way for a volume into a plan but by a consent, of the run or of the spec.
            given = consent in asked.allow or consent is Consent.VOLUME_DELETE
            guards.append(Guard(consent, ordered, given))
    return tuple(guards)


def _lost(diff: Diff) -> Iterator[Guarded]:
    for finding in diff.findings:
        if finding.change.data_loss:
            yield Guarded(finding.change.address, finding.change.name)


# --- services that go down -----------------------------------------------------------------------------------------


def _down(diff: Diff) -> Iterator[Guarded]:
    """Containers that run and are removed or stopped, while no replica of their service goes on running."""
    lasting = {pair.desired.address.name for pair in diff.pairs.values() if pair.desired.state != "stopped"}
    for finding in diff.findings:
        change, pair = finding.change, finding.subject.pair
        live = finding.subject.live_container or (pair.live if pair else None)
        if live is None or live.one_off or not is_up(live.state) or live.resource in lasting:
            continue
        if change.kind in _GONE or any(item.path == "state" for item in change.fields):
            yield Guarded(change.address, live.name)


# --- objects that others made --------------------------------------------------------------------------------------


def _foreign(diff: Diff, stack: str, live: LiveState, named: Collection[str]) -> Iterator[Guarded]:
    """Objects that go though they do not look like ours.

    One that was adopted is the stack's by the user's word, and may be replaced as any other; only its end is asked for.
    """
    adopted = {mark.object for mark in live.marks}
    for finding in diff.findings:
        item = _live(finding)
        if item is None or finding.change.kind not in _GONE:
            continue
        ident = item.name if isinstance(item, LiveVolume) else item.id
        if ident in adopted:
            why = _ADOPTED if finding.change.kind is ChangeKind.DELETE else ""
        else:
            why = looks_foreign(item, stack, live)
        if isinstance(item, LiveVolume) and consents(item.resource, item.name, named):
            continue  # to name a volume is as much consent as there can be
        if why:
            yield Guarded(finding.change.address, item.name, why)


def looks_foreign(item: Live, stack: str, live: LiveState) -> str:
    """Why an object with the stack's own labels looks as if somebody else had made it; empty if it does not.

    Labels are copied, by hand and by tools that duplicate a container. Ours come with a record of what was set. A copy
    of the record is known by the name; a container whose labels no other has may just have been renamed. What Compose
    made of a project has none, and is the project's all the same.
    """
    if item.recorded is None:
        return "" if is_project(stack) else _UNRECORDED
    if isinstance(item, LiveContainer) and not item.one_off and not _has_own_name(item, stack):
        return _COPIED if len(twins_of(item, live)) > 1 else ""
    return ""


def twins_of(item: LiveContainer, live: LiveState) -> list[LiveContainer]:
    """The containers that bear the labels of one and the same replica, the given one among them."""
    alike = (other for other in live.containers if (other.resource, other.replica) == (item.resource, item.replica))
    return [other for other in alike if not other.one_off]


def _has_own_name(item: LiveContainer, stack: str) -> bool:
    """Whether a container is called as dockerspec called it at its making."""
    name = item.name.removesuffix(ASIDE)
    recorded = item.recorded or {}
    if "container_name" in recorded:
        return was(recorded, "container_name", name)
    return name == default_container_name(stack, item.resource, item.replica)


def _address(item: LiveContainer) -> Address:
    return Address(Kind.CONTAINER, item.resource, item.replica)


def _live(finding: Finding) -> Live | None:
    subject = finding.subject
    own = subject.live_container or subject.live_network or subject.live_volume
    return own or (subject.pair.live if subject.pair else None)


# --- one name, two specs -------------------------------------------------------------------------------------------


def _taken(diff: Diff, desired: DesiredState, live: LiveState) -> Iterator[Guarded]:
    """Objects that go, and that another spec made under the stack's name.

    Where a spec came from is noted on what it makes, and changes with the folder of a checkout: so another place alone
    means nothing. It does where the spec knows nothing at all of what came from there. Of objects without a note, it
    means something that the spec knows none of the containers that run.
    """
    kept = list(_known(diff, desired, live))
    origins = {desired.origin, *(item.origin for item in kept if item.origin)} - {""}
    absent = {_address(item) for item in live.containers if item.resource in desired.absent}
    wanted = {*absent, *diff.pairs}
    wanted.update(item.address for item in desired.networks)
    wanted.update(item.address for item in desired.volumes)
    alone = not any(isinstance(item, LiveContainer) for item in kept)
    for finding in diff.findings:
        item, address = _live(finding), finding.change.address
        if item is None or finding.change.kind is not ChangeKind.DELETE or address in wanted:
            continue
        if item.origin and item.origin not in origins:
            yield Guarded(address, item.name, f"it was made from {item.origin}")
        elif not item.origin and alone and isinstance(item, LiveContainer) and is_up(item.state):
            yield Guarded(address, item.name, "the spec knows none of the containers that run under its name")


def _known(diff: Diff, desired: DesiredState, live: LiveState) -> Iterable[Live]:
    """What is there of the objects that the spec names.

    Containers tell: two specs have a network `front` each sooner than a container `web`. Networks, but for the default
    one that nearly every spec has, and volumes tell where there are no containers.
    """
    yield from (pair.live for pair in diff.pairs.values() if pair.live is not None)
    yield from (item for item in live.containers if item.resource in desired.absent)
    if live.containers:
        return
    networks = {item.address for item in desired.networks if item.address.name != DEFAULT_NETWORK}
    for network in live.networks:
        if is_own(network, desired.stack, desired.networks) and network_address(network) in networks:
            yield network
    volumes = {item.name for item in desired.volumes}
    yield from (volume for volume in live.volumes if volume.stack == desired.stack and volume.name in volumes)
