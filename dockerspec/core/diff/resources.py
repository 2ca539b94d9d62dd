"""Which volumes must be made, made anew or removed; and what is said of networks and volumes alike."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from dockerspec.core.address import Address, Kind
from dockerspec.core.desired.state import DesiredVolume
from dockerspec.core.diagnostics import Diagnostic, error
from dockerspec.core.diff.change import ChangeKind, FieldChange, ObjectChange
from dockerspec.core.diff.compare import compare
from dockerspec.core.diff.images import NOT_HERE
from dockerspec.core.diff.result import Finding, Subject, main_cause
from dockerspec.core.diff.scope import ASKED_FOR, NO_SCOPE, Scope
from dockerspec.core.live.state import LiveState, LiveVolume
from dockerspec.core.owner import called, is_project
from dockerspec.core.table import volume as volume_table
from dockerspec.core.table.storage import mounted_volumes

NOT_WANTED = "no longer in the spec"
ADOPT = "dockerspec adopt"
"""The command that takes foreign objects over."""


def as_typed(faults: Iterable[Diagnostic], files: Iterable[str]) -> Iterator[Diagnostic]:
    """Faults whose way out is `dockerspec adopt` with the command as it must be typed.

    Args:
        faults: any faults.
        files: the spec files to name; none where the command finds the spec by itself.
    """
    command = " ".join([ADOPT, *(f"-f {shlex.quote(name)}" for name in files)])
    for fault in faults:
        yield replace(fault, fix=fault.fix.replace(ADOPT, command)) if ADOPT in fault.fix else fault


def missing_external(kind: Kind, key: str, name: str) -> Diagnostic:
    """The fault of an external object that is not there."""
    return error(
        f"{kind}s.{key}",
        f"external {kind} {name} is not on the host",
        f"create it with `docker {kind} create {name}`, or drop `external` to let the stack make it",
    )


def foreign(kind: Kind, key: str, name: str, owner: str) -> Diagnostic:
    """The fault of an object that is there under our name and not ours."""
    others = f"set `external: true` to use it as it is, set another `name`, or remove it with `docker {kind} rm {name}`"
    whose = f"belongs to the {called(owner)}" if owner else "was not made by dockerspec"
    adopting = "" if owner and not is_project(owner) else f"take it over with `{ADOPT} {kind}.{key}`, "
    return error(f"{kind}s.{key}", f"a {kind} named {name} is already there and {whose}", f"{adopting}{others}")


def diff_volumes(
    desired: Iterable[DesiredVolume],
    live: LiveState,
    stack: str,
    consent: Collection[str],
    faults: list[Diagnostic],
    scope: Scope = NO_SCOPE,
) -> Iterator[Finding]:
    """A finding per volume that is not as wanted; what loses data only if `consent` names the volume."""
    by_name = {item.name: item for item in live.volumes}
    wanted = {item.name for item in desired}
    for item in desired:
        found = by_name.get(item.name)
        if found is None:
            if item.spec.external:
                faults.append(missing_external(Kind.VOLUME, item.address.name, item.name))
                continue
            change = ObjectChange(item.address, ChangeKind.CREATE, NOT_HERE, item.name)
            yield Finding(change, Subject(volume=item))
        elif item.spec.external:
            continue
        elif found.stack != stack:
            faults.append(foreign(Kind.VOLUME, item.address.name, item.name, found.stack))
        else:
            yield from _compare_volume(item, found, live, consent, faults, scope)
    for found in live.volumes:
        if found.stack == stack and found.name not in wanted:
            yield volume_removal(found, NOT_WANTED, consent)


def _compare_volume(
    item: DesiredVolume,
    found: LiveVolume,
    live: LiveState,
    consent: Collection[str],
    faults: list[Diagnostic],
    scope: Scope,
) -> Iterator[Finding]:
    fields = tuple(compare(volume_table.ROWS, item.fields, found.fields, found.recorded, live.engine))
    if not fields and item.address not in scope.anew:
        return
    cause = main_cause(fields) if fields else ASKED_FOR
    if consents(item.address.name, item.name, consent, locked=item.spec.is_locked):
        change = ObjectChange(item.address, ChangeKind.REPLACE, cause, item.name, fields, downtime=True, data_loss=True)
        yield Finding(change, Subject(volume=item, live_volume=found))
        return
    what, back = f"volume {item.name}{_in_use(item.name, live)}", "put the old value back"
    if fields:
        summary = f"{what} differs in {_paths(fields)}, and a volume can only be changed by deleting it with its data"
    else:
        summary, back = f"{what} can only be made anew by deleting it with its data", "leave it out of --replace"
    fix = f"{back}, or consent to the loss of its data with --delete-volume {item.address.name}"
    faults.append(error(f"volumes.{item.address.name}", summary, fix))


def users_of(volume: str, live: LiveState) -> tuple[str, ...]:
    """The names of the stack's containers that have a volume mounted, running or not."""
    return tuple(item.name for item in live.containers if volume in mounted_volumes(item.fields))


def _in_use(volume: str, live: LiveState) -> str:
    users = users_of(volume, live)
    return f", used by {', '.join(users)}," if users else ""


def _paths(fields: tuple[FieldChange, ...]) -> str:
    return ", ".join(item.path for item in fields)


EVERY = "*"
"""Stands in a consent for every volume but those that are locked."""


def consents(key: str, name: str, consent: Collection[str], *, locked: bool = False) -> bool:
    """Whether the data of a volume may go.

    Args:
        key, name: the volume's key and its engine name.
        consent: the keys and engine names that the user gave; `EVERY` stands for all.
        locked: whether its spec says that it must be named.
    """
    return key in consent or name in consent or (EVERY in consent and not locked)


def volume_removal(
    live: LiveVolume, cause: str, consent: Collection[str], *, disposable: bool = False, locked: bool = False
) -> Finding:
    """The finding for a volume that nobody wants: kept unless consented to, or declared disposable."""
    address = Address(Kind.VOLUME, live.resource)
    if disposable or consents(live.resource, live.name, consent, locked=locked):
        change = ObjectChange(address, ChangeKind.DELETE, cause, live.name, data_loss=True)
    else:
        keep = f"{cause}, but it holds data; --delete-volume {live.resource} deletes it"
        change = ObjectChange(address, ChangeKind.KEEP, keep, live.name)
    return Finding(change, Subject(live_volume=live))
