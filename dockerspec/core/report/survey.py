"""Desired and live state to a status table. Pure: the time of day is an argument."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from dockerspec.core.address import Address, Kind
from dockerspec.core.desired.state import DesiredState
from dockerspec.core.diff.change import ChangeKind
from dockerspec.core.diff.containers import describe
from dockerspec.core.diff.pairing import Pair
from dockerspec.core.diff.result import Diff, Finding
from dockerspec.core.live.state import LiveContainer, LiveState
from dockerspec.core.report.status import StackStatus, StatusRow

ABSENT = "absent"
PRESENT = "present"
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


def survey(desired: DesiredState, live: LiveState, diff: Diff, endpoint: str, now: float) -> StackStatus:
    """The state of a stack.

    Args:
        desired: what the spec wants.
        live: what the engine has.
        diff: what differs between the two.
        endpoint: the engine's address.
        now: seconds since the epoch.
    """
    findings = {item.change.address: item for item in diff.findings if _is_its_own(item)}
    rows = [
        *_resources(desired, findings),
        *(_container(pair, findings.get(address), now) for address, pair in diff.pairs.items()),
        *_leftovers(diff, now),
    ]
    return StackStatus(
        stack=desired.stack,
        engine=live.engine,
        endpoint=endpoint,
        rows=tuple(sorted(rows, key=lambda row: (*row.address.sort_key, row.name))),
        unchanged=len(diff.unchanged),
    )


def _is_its_own(finding: Finding) -> bool:
    """Whether a finding is about the object at its address, and not about something left of a former one."""
    return finding.subject.live_container is None and finding.subject.mark is None


def _resources(desired: DesiredState, findings: Mapping[Address, Finding]) -> Iterator[StatusRow]:
    named = [(item.address, item.reference) for item in desired.images]
    named += [(item.address, item.name) for item in desired.networks]
    named += [(item.address, item.name) for item in desired.volumes]
    for address, name in named:
        finding = findings.get(address)
        missing = finding is not None and finding.change.kind is ChangeKind.CREATE
        yield StatusRow(
            address=address,
            name="" if missing else name,
            want=PRESENT,
            state=ABSENT if missing else PRESENT,
            image=name if address.kind is Kind.IMAGE else "",
            drift=finding.change.fields if finding else (),
            note=finding.change.cause if finding else "",
        )


def _container(pair: Pair, finding: Finding | None, now: float) -> StatusRow:
    desired, old = pair.desired, pair.live
    if old is None:
        note = finding.change.cause if finding else ""
        return StatusRow(desired.address, "", desired.state, ABSENT, image=desired.image, note=note)
    return StatusRow(
        address=desired.address,
        name=old.name,
        want=desired.state,
        state=describe(old.state),
        health=old.state.health,
        image=old.image_ref,
        ports=tuple(_ports(old)),
        since=_since(old, now),
        drift=finding.change.fields if finding else (),
        note=old.state.error,
    )


def _leftovers(diff: Diff, now: float) -> Iterator[StatusRow]:
    for finding in diff.findings:
        change, live = finding.change, finding.subject.live_container
        if live is not None:
            yield StatusRow(
                address=change.address,
                name=live.name,
                want=ABSENT,
                state=describe(live.state),
                health=live.state.health,
                image=live.image_ref,
                ports=tuple(_ports(live)),
                since=_since(live, now),
                note=change.cause,
            )
        elif change.kind in (ChangeKind.DELETE, ChangeKind.KEEP):
            yield StatusRow(change.address, change.name, ABSENT, PRESENT, note=change.cause)


def _ports(live: LiveContainer) -> Iterator[str]:
    ports = live.fields["ports"]
    assert isinstance(ports, Mapping)
    for target, bindings in ports.items():
        assert isinstance(bindings, tuple)
        for binding in map(str, bindings):
            ip, _, port = binding.rpartition(":")
            yield f"{binding if port.isdecimal() else _chosen(live, target, ip) or binding or '*'}->{target}"


def _chosen(live: LiveContainer, target: str, ip: str) -> str:
    """The host port that the engine chose, where the spec left it to it; empty while the container doesn't run."""
    for item in live.published.get(target, ()):
        host, _, port = item.rpartition(":")
        if host == ip.strip("[]") or (not ip and host in ("0.0.0.0", "::")):
            return f"{ip}:{port}" if ip else port
    return ""


def _since(live: LiveContainer, now: float) -> str:
    """How long a container has been in its state, in the two largest units that say something."""
    running = live.state.status in ("running", "paused", "restarting")
    text = live.state.started_at if running else live.state.finished_at
    if not text:
        return ""
    seconds = int(now - datetime.fromisoformat(text).astimezone(UTC).timestamp())
    return _rough(max(seconds, 0))


def _rough(seconds: int) -> str:
    parts: list[str] = []
    for size, unit in _UNITS:
        count, seconds = divmod(seconds, size)
        if count or (parts and len(parts) < 2):
            parts.append(f"{count}{unit}")
        if len(parts) == 2:
            break
    return "".join(parts) or "0s"
