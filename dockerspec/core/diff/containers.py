"""Which containers must be made, changed, replaced or removed, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from dockerspec.core.address import Address, Kind
from dockerspec.core.desired.names import default_container_name
from dockerspec.core.desired.state import DesiredContainer
from dockerspec.core.diagnostics import Diagnostic, error, warning
from dockerspec.core.diff.change import HIDDEN, Cause, ChangeKind, FieldChange, ObjectChange
from dockerspec.core.diff.compare import cause_of, compare, is_ignored, leaves
from dockerspec.core.diff.images import NOT_HERE, short_id
from dockerspec.core.diff.pairing import Pair, is_aside, is_done
from dockerspec.core.diff.resources import ADOPT, NOT_WANTED
from dockerspec.core.diff.result import Finding, Subject, kind_of, main_cause
from dockerspec.core.diff.scope import NO_SCOPE, Scope
from dockerspec.core.live.state import ContainerState, LiveContainer, LiveState
from dockerspec.core.owner import called, is_project
from dockerspec.core.ownership import was
from dockerspec.core.table import container as container_table
from dockerspec.core.table.files import instead_of_mounts
from dockerspec.core.way import Way

_UP = ("running", "restarting")


def is_up(state: ContainerState) -> bool:
    """Whether a container has a process, or is about to have one again."""
    return state.status in (*_UP, "paused")


def describe(state: ContainerState) -> str:
    """A container's state as a reader wants it."""
    if state.status in ("exited", "dead"):
        reason = "out of memory" if state.oom_killed else f"code {state.exit_code}"
        return f"{state.status} ({reason})"
    return state.status


def _state_change(pair: Pair) -> FieldChange | None:
    """The change that brings the container into the wanted state of life."""
    assert pair.live is not None
    state, want = pair.live.state, pair.desired.state
    shown = describe(state)
    if state.status in ("removing", "dead"):
        return FieldChange("state", shown, want, Way.REPLACE, Cause.DRIFT)
    told, recorded = pair.desired.told["state"], pair.live.recorded
    if want == "stopped":
        cause = cause_of("state", told, "", recorded)
        return FieldChange("state", shown, want, Way.STATE, cause) if is_up(state) else None
    if want == "completed":
        done = is_done(pair.live, pair.desired)
        return None if done or state.status in _UP else FieldChange("state", shown, want, Way.STATE, Cause.DIFFERS)
    if state.status in _UP:
        return None
    if state.status == "created":
        cause = Cause.DIFFERS
    else:
        cause = Cause.EDIT if recorded and not was(recorded, "state", told) else Cause.DRIFT
    return FieldChange("state", shown, want, Way.STATE, cause)


def _name_change(pair: Pair) -> FieldChange | None:
    """The change that gives the container its name."""
    assert pair.live is not None
    desired, old = pair.desired, pair.live
    if old.name == desired.name:
        return None
    if is_aside(old):
        cause = Cause.DIFFERS  # our own doing, in a run that was interrupted
    else:
        default = default_container_name(desired.stack, desired.address.name, desired.address.replica)
        had = "" if old.name == default else old.name
        cause = cause_of("container_name", desired.told["container_name"], had, old.recorded)
    return FieldChange("container_name", old.name, desired.name, Way.RENAME, cause)


def _image_change(pair: Pair, live: LiveState, pending: Collection[str]) -> FieldChange | None:
    assert pair.live is not None
    old, reference = pair.live, pair.desired.image
    same_name = old.image_ref == reference
    shown = old.image_ref if not same_name else f"{reference} ({short_id(old.image_id)})"
    cause = Cause.IMAGE if same_name else Cause.EDIT
    if reference in pending:
        return FieldChange("image", shown, f"{reference} (made in this run)", Way.REPLACE, cause)
    facts = live.images.get(reference)
    if facts is None or facts.id == old.image_id:
        return None
    new = reference if not same_name else f"{reference} ({short_id(facts.id)})"
    return FieldChange("image", shown, new, Way.REPLACE, cause)


def _with_network_key(change: FieldChange, keys: Mapping[str, str]) -> FieldChange:
    """A change below `networks` under the network's key in the spec; the engine knows it by another name."""
    for name, key in keys.items():
        path = f"networks.{name}"
        if change.path == path or change.path.startswith(f"{path}."):
            return replace(change, path=f"networks.{key}{change.path.removeprefix(path)}")
    return change


def _blame_image(pair: Pair, live: LiveState, fields: Iterable[FieldChange]) -> Iterator[FieldChange]:
    """Tell what a new image brought from what an edit of the spec did: the old image explains all but the edit."""
    assert pair.live is not None
    desired, image, old = pair.desired, pair.desired.context.image, live.images.get(pair.live.image_id)
    if image is None or old is None or old.id == image.id:
        yield from fields
        return
    before = container_table.wanted(desired.spec, replace(desired.context, image=old))
    edited = {path for key, value in before.items() for path, _, _ in leaves(key, pair.live.fields[key], value)}
    for field in fields:
        inherited = field.cause is Cause.EDIT and field.path not in edited
        yield replace(field, cause=Cause.IMAGE) if inherited else field


def _without_secrets(change: FieldChange, hidden: Collection[str]) -> FieldChange:
    """A change of an environment variable that is or was a secret, without its values."""
    top, _, name = change.path.partition(".")
    if top != "environment" or name not in hidden:
        return change
    old, new = (value if value is None else HIDDEN for value in (change.old, change.new))
    return replace(change, old=old, new=new)


def _left_mounted(pair: Pair) -> frozenset[str]:
    """The paths of mounts that Compose made of what we would write for the sake of its owner or permission bits.

    What was taken over as it runs is not made anew for that.
    """
    assert pair.live is not None
    desired, mounts = pair.desired, pair.live.fields["volumes"]
    if pair.live.recorded is not None or not isinstance(mounts, Mapping):
        return frozenset()
    found = instead_of_mounts(desired.spec, desired.context)
    same = {place for file, place in found if _is_mount_of(mounts.get(place), file)}
    return frozenset(f"volumes.{place}" for place in same)


def _is_mount_of(mount: object, file: str) -> bool:
    return isinstance(mount, Mapping) and mount.get("type") == "bind" and mount.get("source") == file


def _field_changes(pair: Pair, live: LiveState, pending: Collection[str]) -> tuple[FieldChange, ...]:
    assert pair.live is not None
    desired, old = pair.desired, pair.live
    whole = (_image_change(pair, live, pending), _state_change(pair), _name_change(pair))
    changes = [item for item in whole if item]
    if desired.context.image is not None:
        # Without its image nobody knows what the container inherits; it is made anew then in any case.
        found = compare(container_table.ROWS, desired.fields, old.fields, old.recorded, live.engine)
        keys = {name: key for key, name in desired.context.networks.items()}
        hidden = desired.secrets | old.secrets
        shown = (_without_secrets(item, hidden) for item in _blame_image(pair, live, found))
        mounted = _left_mounted(pair)
        changes += (_with_network_key(item, keys) for item in shown if item.path not in mounted)
    patterns = desired.spec.ignore_changes
    kept = [item for item in changes if not is_ignored(item.path, patterns)] if patterns else changes
    return tuple(sorted(kept, key=lambda item: item.path))


def _stops(old: LiveContainer, kind: ChangeKind, fields: tuple[FieldChange, ...]) -> bool:
    """Whether carrying out the changes stops a container that runs."""
    stopping = any(item.way is Way.RESTART or (item.path == "state" and item.new == "stopped") for item in fields)
    return is_up(old.state) and (kind is ChangeKind.REPLACE or stopping)


def _finding(pair: Pair, fields: tuple[FieldChange, ...], scope: Scope = NO_SCOPE) -> Finding:
    assert pair.live is not None
    own = main_cause(fields) if fields else ""
    kind, cause = scope.kind(pair.desired.address, kind_of(fields), own)
    stops = _stops(pair.live, kind, fields)
    change = ObjectChange(pair.desired.address, kind, cause, pair.desired.name, fields, downtime=stops)
    return Finding(change, Subject(pair=pair))


def _removal(address: Address, live: LiveContainer, cause: str) -> Finding:
    change = ObjectChange(address, ChangeKind.DELETE, cause, live.name, downtime=is_up(live.state))
    return Finding(change, Subject(live_container=live))


def removal(live: LiveContainer, cause: str) -> Finding:
    """The finding for a container that must go."""
    return _removal(Address(Kind.CONTAINER, live.resource, live.replica), live, cause)


def _extras(pair: Pair) -> Iterator[Finding]:
    for extra in pair.extras:
        if pair.finish and is_aside(extra):
            cause = "an interrupted replacement is finished: its successor is up"
        elif pair.live is not None and is_aside(pair.live):
            cause = "an interrupted replacement is undone: it never came up"
        else:
            cause = f"a double of {pair.live.name if pair.live else pair.desired.name}"
        yield _removal(pair.desired.address, extra, cause)


def _foreign_name(desired: DesiredContainer, live: LiveState) -> Diagnostic | None:
    other = next((item for item in live.others if item.name == desired.name), None)
    if other is None or other.stack == desired.stack:
        # One of ours that could be listed and not be inspected is just being made or removed.
        return None
    others = f"rename or remove it (`docker rm -f {desired.name}`), or set another `container_name`"
    whose = f"belongs to the {called(other.stack)}" if other.stack else "was not made by dockerspec"
    bound = other.stack and not is_project(other.stack)
    fix = others if bound else f"take it over as it is with `{ADOPT} {desired.address}`, {others}"
    path = f"containers.{desired.address.name}"
    return error(path, f"a container named {desired.name} is already there and {whose}", fix)


def _health_words(pair: Pair) -> Iterator[Diagnostic]:
    assert pair.live is not None
    state, path = pair.live.state, f"containers.{pair.desired.address.name}"
    if state.status == "restarting":
        yield warning(
            path,
            f"{pair.live.name} keeps restarting: exit code {state.exit_code}, {state.restarts} restarts",
            f"see `docker logs {pair.live.name}`",
        )
    elif state.status == "running" and state.health == "unhealthy":
        yield warning(path, f"{pair.live.name} is unhealthy", f"see `docker inspect {pair.live.name}`")


def diff_containers(
    pairs: Iterable[Pair],
    live: LiveState,
    pending: Collection[str],
    faults: list[Diagnostic],
    scope: Scope = NO_SCOPE,
) -> Iterator[Finding]:
    """A finding per desired container that is not as wanted, and per double of one."""
    for pair in pairs:
        yield from _extras(pair)
        if pair.live is None:
            fault = _foreign_name(pair.desired, live)
            if fault:
                faults.append(fault)
            else:
                change = ObjectChange(pair.desired.address, ChangeKind.CREATE, NOT_HERE, pair.desired.name)
                yield Finding(change, Subject(pair=pair))
            continue
        faults.extend(_health_words(pair))
        fields = _field_changes(pair, live, pending)
        if fields or pair.desired.address in scope.anew:
            yield _finding(pair, fields, scope)


def diff_orphans(orphans: Iterable[LiveContainer], absent: Collection[str]) -> Iterator[Finding]:
    """A finding per container of the stack that no spec entry wants."""
    for live in orphans:
        yield removal(live, "its state is absent" if live.resource in absent else NOT_WANTED)


def diff_one_offs(one_offs: Iterable[LiveContainer]) -> Iterator[Finding]:
    """A finding per container that a run which was killed has left of a hook."""
    for live in one_offs:
        yield removal(live, "a hook of an interrupted run")


def extended(findings: list[Finding], more: Iterable[tuple[Pair, FieldChange]]) -> list[Finding]:
    """The findings with further changes of some containers."""
    result = list(findings)
    places = {item.change.address: place for place, item in enumerate(findings) if item.subject.pair is not None}
    for pair, change in more:
        place = places.get(pair.desired.address)
        fields = (change,) if place is None else (*result[place].change.fields, change)
        finding = _finding(pair, tuple(sorted(fields, key=lambda item: item.path)))
        if place is None:
            result.append(finding)
        else:
            result[place] = finding
    return result


def _shared(desired: DesiredContainer) -> Mapping[str, str]:
    """The stack's containers whose namespaces or volumes a container shares: key in the spec by field."""
    spec = desired.spec
    fields = {"network_mode": spec.network_mode, "pid": spec.pid, "ipc": spec.ipc}
    shared = {
        field: text.removeprefix("service:") for field, text in fields.items() if text and text.startswith("service:")
    }
    for text in spec.volumes_from:
        key = text.partition(":")[0]
        if key in desired.context.containers:
            shared["volumes_from"] = key
    return shared


def _knock_on(
    desired: DesiredContainer, made: Mapping[Address, ChangeKind], lost_volumes: Collection[str]
) -> FieldChange | None:
    """The change of a container whose neighbour is made anew; None where that means nothing to it."""
    for field, key in _shared(desired).items():
        if made.get(Address(Kind.CONTAINER, key, 1)) in (ChangeKind.CREATE, ChangeKind.REPLACE):
            return FieldChange(field, f"shared with {key}", f"shared with the new {key}", Way.REPLACE, Cause.DIFFERS)
    for mount in desired.spec.volumes:
        if mount.type == "volume" and mount.source in lost_volumes:
            path = f"volumes.{mount.target}"
            return FieldChange(path, f"on {mount.source}", f"on the new {mount.source}", Way.REPLACE, Cause.DIFFERS)
    replaced = {address.name for address, kind in made.items() if kind is ChangeKind.REPLACE}
    for key, dependency in desired.spec.depends_on.items():
        if dependency.restart and key in replaced and desired.state == "running":
            path = f"depends_on.{key}"
            return FieldChange(path, f"on the old {key}", f"on the new {key}", Way.RESTART, Cause.DIFFERS)
    return None


def cascade(findings: list[Finding], pairs: Mapping[Address, Pair], lost_volumes: Collection[str]) -> list[Finding]:
    """Add what must be made anew or restarted since something that it shares or depends on is made anew.

    Args:
        findings: what differs by itself.
        pairs: all desired containers.
        lost_volumes: keys of the volumes that are made anew.
    """
    result = {item.change.address: item for item in findings if item.subject.pair is not None}
    rest = [item for item in findings if item.subject.pair is None]
    grown = True
    while grown:
        grown = False
        made = {address: item.change.kind for address, item in result.items()}
        for address, pair in pairs.items():
            known = result.get(address)
            if pair.live is None or (known and known.change.kind is not ChangeKind.UPDATE):
                continue
            change = _knock_on(pair.desired, made, lost_volumes)
            fields = known.change.fields if known else ()
            if change is not None and change not in fields:
                result[address] = _finding(pair, (*fields, change))
                grown = True
    return [*rest, *result.values()]
