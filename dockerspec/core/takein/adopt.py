"""Which foreign objects stand where the spec wants its own, and the marks that take them over. Pure.

Callers: api.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dockerspec.core.address import Address, Kind
from dockerspec.core.desired.state import DesiredContainer, DesiredNetwork, DesiredState, DesiredVolume
from dockerspec.core.diagnostics import Diagnostic, error
from dockerspec.core.live.state import LiveState
from dockerspec.core.marks import Mark
from dockerspec.core.nearest import nearest
from dockerspec.core.owner import called, is_project
from dockerspec.core.ownership import Owner
from dockerspec.core.plan.action import CreateMark
from dockerspec.core.plan.graph import Graph
from dockerspec.core.plan.plan import Plan

PREDEFINED = ("bridge", "host", "none")
"""The networks that the engine makes itself."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An object to be taken over.

    Attributes:
        name: its name on the engine.
        mark: the mark that does it.
    """

    name: str
    mark: Mark

    @property
    def address(self) -> Address:
        """What it will stand for."""
        return self.mark.address


@dataclass(frozen=True, slots=True)
class Adoption:
    """What `adopt` would do, and what would come of it.

    Attributes:
        stack: the stack's name.
        taken: the objects, ordered by address.
        plan: the calls that take them over; `plan.errors` forbid it.
        afterwards: what a plan would then say.
    """

    stack: str
    taken: tuple[Taken, ...]
    plan: Plan
    afterwards: Plan


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A wanted object and what stands at its name: `stack` is whose it is; `ident` is empty where nothing stands."""

    address: Address
    name: str
    ident: str = ""
    stack: str = ""
    created: str = ""
    twins: int = 1


def adoptable(
    desired: DesiredState, live: LiveState, wanted: Sequence[str]
) -> tuple[tuple[Taken, ...], tuple[Diagnostic, ...]]:
    """The foreign objects at the names of the spec's, and what speaks against taking them over.

    Args:
        desired: what the spec wants.
        live: what the engine has.
        wanted: addresses, keys or engine names to take over; empty for all.
    """
    candidates = [*_networks(desired, live), *_volumes(desired, live), *_containers(desired, live)]
    faults: list[Diagnostic] = []
    chosen = list(_chosen(candidates, wanted, desired.stack, faults)) if wanted else candidates
    taken = []
    for item in chosen:
        if not item.ident or item.stack == desired.stack:
            continue
        fault = _fault(item)
        if fault is not None:
            faults.append(fault)
            continue
        owner = Owner(desired.stack, item.address.name, item.address.replica)
        taken.append(Taken(item.name, Mark(item.address.kind, owner, item.ident, item.created)))
    return tuple(sorted(taken, key=lambda item: item.address.sort_key)), tuple(faults)


def adopting(stack: str, taken: Iterable[Taken], faults: tuple[Diagnostic, ...]) -> Plan:
    """The plan that makes the marks; with faults it has no actions."""
    if faults:
        return Plan(stack, diagnostics=faults)
    actions = [
        CreateMark(address=item.address, cause="it is taken over", name=item.mark.name, body=item.mark.body())
        for item in taken
    ]
    return Plan(stack, actions={item.key: item for item in actions}, graph=Graph.of([item.key for item in actions], ()))


def _containers(desired: DesiredState, live: LiveState) -> Iterator[_Candidate]:
    own = {(item.resource, item.replica) for item in live.containers}
    others = {item.name: item for item in live.others}
    for item in desired.containers:
        other = others.get(item.name)
        if (item.address.name, item.address.replica) in own:
            yield _here(item)
        elif other is None:
            yield _Candidate(item.address, item.name)
        else:
            yield _Candidate(item.address, item.name, other.id, other.stack)


def _here(item: DesiredContainer | DesiredNetwork | DesiredVolume) -> _Candidate:
    return _Candidate(item.address, item.name, "own", item.stack)


def _networks(desired: DesiredState, live: LiveState) -> Iterator[_Candidate]:
    for item in desired.networks:
        if item.spec.external:
            continue
        found = [other for other in live.networks if other.name == item.name]
        if any(other.stack == desired.stack and other.resource == item.address.name for other in found):
            yield _here(item)
        elif found:
            yield _Candidate(item.address, item.name, found[0].id, found[0].stack, twins=len(found))
        else:
            yield _Candidate(item.address, item.name)


def _volumes(desired: DesiredState, live: LiveState) -> Iterator[_Candidate]:
    by_name = {item.name: item for item in live.volumes}
    for item in desired.volumes:
        found = by_name.get(item.name)
        if item.spec.external:
            continue
        if found is None:
            yield _Candidate(item.address, item.name)
        else:
            yield _Candidate(item.address, item.name, found.name, found.stack, found.created)


def _chosen(
    candidates: Sequence[_Candidate], wanted: Sequence[str], stack: str, faults: list[Diagnostic]
) -> Iterator[_Candidate]:
    """The candidates that a user named; a name that means nothing, or nothing that is there, is a fault."""
    given: set[Address] = set()
    for text in wanted:
        found = [item for item in candidates if _means(text, item)]
        if not found:
            close = nearest(text, [name for item in candidates for name in (str(item.address), item.name)])
            hint = (
                f"did you mean '{close}'?" if close else "write KIND.NAME, a key of the spec, or a name on the engine"
            )
            faults.append(error("", f"{text} names no container, network or volume of the {called(stack)}", hint))
        elif not any(item.ident for item in found):
            hint = f"apply makes it; to take over an object of another name, set that name as {_key(found[0])} first"
            faults.append(error("", f"there is nothing to adopt for {text}: no {found[0].name} is there", hint))
        for item in found:
            if item.address not in given:
                given.add(item.address)
                yield item


def _key(item: _Candidate) -> str:
    return "`container_name`" if item.address.kind is Kind.CONTAINER else "`name`"


def _means(text: str, item: _Candidate) -> bool:
    address = item.address
    names = {str(address), address.name, item.name, f"{address.kind}.{item.name}", f"{address.kind}.{address.name}"}
    return text in names or text == f"{address.name}[{address.replica}]"


def _fault(item: _Candidate) -> Diagnostic | None:
    kind, path = item.address.kind, f"{item.address.kind}s.{item.address.name}"
    if item.stack and not is_project(item.stack):
        return error(
            path,
            f"the {kind} {item.name} belongs to the {called(item.stack)}, and only foreign objects can be adopted",
            f"set another name, or delete it with the spec of {item.stack} first",
        )
    if kind is Kind.NETWORK and item.name in PREDEFINED:
        return error(path, f"the network {item.name} is the engine's own", "set `external: true`, or another `name`")
    if item.twins > 1:
        fix = f"remove the one too many (`docker network ls --filter name={item.name}`)"
        return error(path, f"there are {item.twins} networks named {item.name}", fix)
    return None
