"""`--target`, `--exclude`, `--replace`: what a user's names mean, and the part of a diff that they want."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from dockerspec.core.address import Address, Kind
from dockerspec.core.desired.names import joins_default
from dockerspec.core.desired.state import DesiredContainer, DesiredState
from dockerspec.core.diagnostics import Diagnostic, error
from dockerspec.core.diff.networks import is_own, network_address
from dockerspec.core.diff.result import Diff
from dockerspec.core.diff.scope import NO_SCOPE, Scope
from dockerspec.core.live.state import LiveState
from dockerspec.core.nearest import nearest
from dockerspec.core.plan.asked import Asked
from dockerspec.core.plan.order import neighbours


def resolve(asked: Asked, desired: DesiredState, live: LiveState) -> tuple[Scope, tuple[Diagnostic, ...]]:
    """What `--exclude` and `--replace` mean, and what is wrong with them.

    What nothing but excluded containers uses is excluded with them.
    """
    everything = _everything(desired, live)
    faults: list[Diagnostic] = []
    excluded = _named("--exclude", asked.excludes, everything, faults)
    only = _only_for(excluded, desired)
    anew: set[Address] = set()
    for text in asked.replaces:
        found = _named("--replace", [text], everything, faults)
        chosen = _replaceable(text, found, desired)
        if isinstance(chosen, Diagnostic):
            faults.append(chosen)
        elif left := chosen & (excluded | only):
            fix = "leave one of the two out"
            faults.append(error("", f"--replace {text} names {min(map(str, left))}, which --exclude leaves alone", fix))
        else:
            anew |= chosen
    return Scope(frozenset(excluded | only), frozenset(anew)), tuple(faults)


def select(diff: Diff, desired: DesiredState, targets: Sequence[str], scope: Scope = NO_SCOPE) -> Diff:
    """Keep the findings at the targets and at what the targets need; all of them where there are no targets.

    A target is an address or a bare name: `container.web`, `web`, `web[2]`. A target that nothing answers to is an
    error in the result, and so is an object that is asked for anew and is not among them.
    """
    if not targets:
        return diff
    everything = _known(diff, desired)
    faults: list[Diagnostic] = []
    wanted = _closure(_named("--target", targets, everything, faults), desired)
    for address in sorted(scope.anew - wanted, key=lambda item: item.sort_key):
        if not faults:
            summary = f"--replace names {address}, which --target leaves out"
            faults.append(error("", summary, f"add --target {address}, or leave --replace out"))
    return replace(
        diff,
        findings=tuple(item for item in diff.findings if item.change.address in wanted),
        diagnostics=(*diff.diagnostics, *faults),
        unchanged=tuple(address for address in diff.unchanged if address in wanted),
    )


def _named(option: str, texts: Iterable[str], known: Sequence[Address], faults: list[Diagnostic]) -> set[Address]:
    """The addresses that texts mean; one that means nothing is a fault."""
    chosen: set[Address] = set()
    for text in texts:
        found = {address for address in known if _matches(address, text)}
        if not found:
            faults.append(_unknown(option, text, known))
        chosen |= found
    return chosen


def _replaceable(text: str, found: set[Address], desired: DesiredState) -> set[Address] | Diagnostic:
    """Of what a name means, that which can be made anew. A bare name means containers, where there are any."""
    containers = {item for item in found if item.kind is Kind.CONTAINER}
    if containers:
        return containers
    built = {item.address for item in desired.images if item.build is not None}
    chosen = {item for item in found if item.kind is not Kind.IMAGE or item in built}
    if found and not chosen:
        fix = "set its `pull_policy: always`"
        return error("", f"--replace {text} names an image that is pulled, not built", fix)
    external = {item.address for group in (desired.networks, desired.volumes) for item in group if item.spec.external}
    if chosen & external:
        return error("", f"--replace {text} names an external object, which is not the stack's", "leave it out")
    return chosen


def _everything(desired: DesiredState, live: LiveState) -> list[Address]:
    """The addresses of all that the spec wants and of all that is there of the stack."""
    known = set(_wanted(desired))
    known.update(Address(Kind.CONTAINER, item.resource, item.replica) for item in live.containers)
    known.update(network_address(item) for item in live.networks if is_own(item, desired.stack, desired.networks))
    known.update(Address(Kind.VOLUME, item.resource) for item in live.volumes if item.stack == desired.stack)
    return sorted(known, key=lambda address: address.sort_key)


def _wanted(desired: DesiredState) -> Iterator[Address]:
    for group in (desired.images, desired.networks, desired.volumes, desired.containers):
        yield from (item.address for item in group)


def _known(diff: Diff, desired: DesiredState) -> list[Address]:
    known = {*_wanted(desired), *(item.change.address for item in diff.findings)}
    return sorted(known, key=lambda address: address.sort_key)


def _matches(address: Address, target: str) -> bool:
    if target in (str(address), address.name, f"{address.kind}.{address.name}"):
        return True
    return target in (f"{address.name}[{address.replica}]", f"{address.kind}.{address.name}[{address.replica}]")


def _unknown(option: str, text: str, known: Iterable[Address]) -> Diagnostic:
    names = [str(address) for address in known] + [address.name for address in known]
    close = nearest(text, names)
    hint = f"did you mean '{close}'?" if close else "write KIND.NAME or NAME, as container.web"
    return error("", f"{option} {text} names nothing in the stack", hint)


def needs_of(desired: DesiredState) -> Callable[[DesiredContainer], set[Address]]:
    """A function from a container to what it needs by itself: image, networks, volumes and other containers."""
    by_key: dict[str, list[Address]] = {}
    for item in desired.containers:
        by_key.setdefault(item.address.name, []).append(item.address)
    images = _by_reference(desired)

    def needs(item: DesiredContainer) -> set[Address]:
        keys = item.spec.networks or (("default",) if joins_default(item.spec) else ())
        result = {Address(Kind.NETWORK, key) for key in keys}
        result |= {Address(Kind.VOLUME, mount.source) for mount in item.spec.volumes if mount.source}
        if item.image in images:
            result.add(images[item.image])
        for key in (*item.spec.depends_on, *neighbours(item)):
            result.update(by_key.get(key, ()))
        return result

    return needs


def _by_reference(desired: DesiredState) -> dict[str, Address]:
    images = {image.reference: image.address for image in desired.images}
    images.update({tag: image.address for image in desired.images for tag in image.tags})
    return images


def _closure(chosen: set[Address], desired: DesiredState) -> set[Address]:
    needs, containers = needs_of(desired), {item.address: item for item in desired.containers}
    result, queue = set(chosen), [address for address in chosen if address in containers]
    while queue:
        for address in needs(containers[queue.pop()]):
            if address in containers and address not in result:
                queue.append(address)
            result.add(address)
    _add_bases(result, desired, _by_reference(desired))
    return result | _configurations(result, desired)


def _only_for(excluded: set[Address], desired: DesiredState) -> set[Address]:
    """Images, networks and volumes that excluded containers use and no other one does."""
    needs = needs_of(desired)
    of_these: set[Address] = set()
    of_others: set[Address] = set()
    for item in desired.containers:
        (of_these if item.address in excluded else of_others).update(needs(item))
    _add_bases(of_others, desired, _by_reference(desired))
    return {item for item in of_these - of_others if item.kind is not Kind.CONTAINER}


def _configurations(chosen: set[Address], desired: DesiredState) -> set[Address]:
    """The configurations that chosen networks are made from, and the networks made from chosen configurations."""
    result: set[Address] = set()
    for item in desired.networks:
        if item.spec.config_from:
            both = {item.address, Address(Kind.NETWORK, item.spec.config_from)}
            result |= both if both & chosen else set()
    return result


def _add_bases(chosen: set[Address], desired: DesiredState, images: Mapping[str, Address]) -> None:
    """The stack's images that the chosen ones are built on."""
    by_address = {image.address: image for image in desired.images}
    queue = [by_address[address] for address in chosen if address in by_address]
    while queue:
        build = queue.pop().build
        for base in build.bases if build else ():
            address = images.get(base)
            if address is not None and address not in chosen:
                chosen.add(address)
                queue.append(by_address[address])
