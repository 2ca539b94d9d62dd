"""Which networks and volumes must be made, made anew or removed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from dockerspec.core.address import Address, Kind
from dockerspec.core.desired.state import DesiredNetwork, DesiredVolume
from dockerspec.core.diagnostics import Diagnostic, error
from dockerspec.core.diff.change import ChangeKind, FieldChange, ObjectChange
from dockerspec.core.diff.compare import compare
from dockerspec.core.diff.images import NOT_HERE
from dockerspec.core.diff.result import Finding, Subject, main_cause
from dockerspec.core.facts import EngineFacts
from dockerspec.core.live.state import LiveNetwork, LiveState, LiveVolume
from dockerspec.core.table import network as network_table
from dockerspec.core.table import volume as volume_table

NOT_WANTED = "no longer in the spec"
ADOPT = "dockerspec adopt"
"""The command that takes foreign objects over; the API adds the spec's files."""


def _missing_external(kind: Kind, key: str, name: str) -> Diagnostic:
    return error(
        f"{kind}s.{key}",
        f"external {kind} {name} is not on the host",
        f"create it with `docker {kind} create {name}`, or drop `external` to let the stack make it",
    )


def _foreign(kind: Kind, key: str, name: str, owner: str) -> Diagnostic:
    others = f"set `external: true` to use it as it is, set another `name`, or remove it with `docker {kind} rm {name}`"
    if owner:
        summary, fix = f"belongs to the stack {owner}", others
    else:
        summary, fix = "was not made by dockerspec", f"take it over with `{ADOPT} {kind}.{key}`, {others}"
    return error(f"{kind}s.{key}", f"a {kind} named {name} is already there and {summary}", fix)


def diff_networks(
    desired: Iterable[DesiredNetwork], live: LiveState, stack: str, faults: list[Diagnostic]
) -> Iterator[Finding]:
    """A finding per network that is not as wanted, those that no spec wants any more included."""
    wanted: set[str] = set()
    for item in desired:
        found = [other for other in live.networks if other.name == item.name]
        owned = [other for other in found if other.stack == stack and other.resource == item.address.name]
        if item.spec.external:
            if not found:
                faults.append(_missing_external(Kind.NETWORK, item.address.name, item.name))
        elif owned:
            wanted.add(owned[0].id)
            yield from _compare_network(item, owned[0], live)
        elif found:
            faults.append(_foreign(Kind.NETWORK, item.address.name, item.name, found[0].stack))
        else:
            change = ObjectChange(item.address, ChangeKind.CREATE, NOT_HERE, item.name)
            yield Finding(change, Subject(network=item))
    for other in live.networks:
        if other.stack == stack and other.id not in wanted:
            address = Address(Kind.NETWORK, other.resource)
            change = ObjectChange(address, ChangeKind.DELETE, NOT_WANTED, other.name)
            yield Finding(change, Subject(live_network=other))


def _compare_network(item: DesiredNetwork, live: LiveNetwork, state: LiveState) -> Iterator[Finding]:
    fields = tuple(compare(network_table.ROWS, item.fields, live.fields, live.recorded, state.engine))
    if fields:
        running = {other.id for other in state.containers if other.state.status == "running"}
        change = ObjectChange(
            item.address,
            ChangeKind.REPLACE,
            main_cause(fields),
            item.name,
            fields,
            downtime=bool(running & set(live.attached)),
        )
        yield Finding(change, Subject(network=item, live_network=live))


def diff_volumes(
    desired: Iterable[DesiredVolume],
    live: LiveState,
    stack: str,
    consent: Collection[str],
    faults: list[Diagnostic],
) -> Iterator[Finding]:
    """A finding per volume that is not as wanted; what loses data only if `consent` names the volume."""
    by_name = {item.name: item for item in live.volumes}
    wanted = {item.name for item in desired}
    for item in desired:
        found = by_name.get(item.name)
        if found is None:
            if item.spec.external:
                faults.append(_missing_external(Kind.VOLUME, item.address.name, item.name))
                continue
            change = ObjectChange(item.address, ChangeKind.CREATE, NOT_HERE, item.name)
            yield Finding(change, Subject(volume=item))
        elif item.spec.external:
            continue
        elif found.stack != stack:
            faults.append(_foreign(Kind.VOLUME, item.address.name, item.name, found.stack))
        else:
            yield from _compare_volume(item, found, live.engine, consent, faults)
    for found in live.volumes:
        if found.stack == stack and found.name not in wanted:
            yield volume_removal(found, NOT_WANTED, consent)


def _compare_volume(
    item: DesiredVolume,
    live: LiveVolume,
    engine: EngineFacts,
    consent: Collection[str],
    faults: list[Diagnostic],
) -> Iterator[Finding]:
    fields = tuple(compare(volume_table.ROWS, item.fields, live.fields, live.recorded, engine))
    if not fields:
        return
    if consents(item.address.name, item.name, consent):
        change = ObjectChange(
            item.address, ChangeKind.REPLACE, main_cause(fields), item.name, fields, downtime=True, data_loss=True
        )
        yield Finding(change, Subject(volume=item, live_volume=live))
        return
    faults.append(
        error(
            f"volumes.{item.address.name}",
            f"volume {item.name} differs in {_paths(fields)}, and a volume can only be changed by deleting it",
            f"put the old value back, or consent to the loss of its data with --delete-volume {item.address.name}",
        )
    )


def _paths(fields: tuple[FieldChange, ...]) -> str:
    return ", ".join(item.path for item in fields)


def consents(key: str, name: str, consent: Collection[str]) -> bool:
    """Whether the user named a volume, by its key or by its engine name, as one whose data may go."""
    return key in consent or name in consent


def volume_removal(live: LiveVolume, cause: str, consent: Collection[str], *, disposable: bool = False) -> Finding:
    """The finding for a volume that nobody wants: kept unless named, or declared disposable."""
    address = Address(Kind.VOLUME, live.resource)
    if disposable or consents(live.resource, live.name, consent):
        change = ObjectChange(address, ChangeKind.DELETE, cause, live.name, data_loss=True)
    else:
        keep = f"{cause}, but it holds data; --delete-volume {live.resource} deletes it"
        change = ObjectChange(address, ChangeKind.KEEP, keep, live.name)
    return Finding(change, Subject(live_volume=live))
