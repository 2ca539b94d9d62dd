"""`--target`: the part of a diff that a user wants, with everything that it needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from dockerspec.core.address import Address, Kind
from dockerspec.core.desired.names import joins_default
from dockerspec.core.desired.state import DesiredContainer, DesiredState
from dockerspec.core.diagnostics import Diagnostic, error
from dockerspec.core.diff.result import Diff
from dockerspec.core.nearest import nearest
from dockerspec.core.plan.order import neighbours


def select(diff: Diff, desired: DesiredState, targets: Sequence[str]) -> Diff:
    """Keep the findings at the targets and at what the targets need; all of them where there are no targets.

    A target is an address or a bare name: `container.web`, `web`, `web[2]`. A target that nothing answers to is an
    error in the result.
    """
    if not targets:
        return diff
    everything = _known(diff, desired)
    chosen: set[Address] = set()
    faults: list[Diagnostic] = []
    for target in targets:
        found = {address for address in everything if _matches(address, target)}
        if not found:
            faults.append(_unknown(target, everything))
        chosen |= found
    wanted = _closure(chosen, desired)
    return replace(
        diff,
        findings=tuple(item for item in diff.findings if item.change.address in wanted),
        diagnostics=(*diff.diagnostics, *faults),
        unchanged=tuple(address for address in diff.unchanged if address in wanted),
    )


def _known(diff: Diff, desired: DesiredState) -> list[Address]:
    groups = (desired.images, desired.networks, desired.volumes, desired.containers)
    known = {item.address for group in groups for item in group}
    known.update(item.change.address for item in diff.findings)
    return sorted(known, key=lambda address: address.sort_key)


def _matches(address: Address, target: str) -> bool:
    if target in (str(address), address.name, f"{address.kind}.{address.name}"):
        return True
    return target in (f"{address.name}[{address.replica}]", f"{address.kind}.{address.name}[{address.replica}]")


def _unknown(target: str, known: Iterable[Address]) -> Diagnostic:
    names = [str(address) for address in known] + [address.name for address in known]
    close = nearest(target, names)
    hint = f"did you mean '{close}'?" if close else "write KIND.NAME or NAME, as container.web"
    return error("", f"--target {target} names nothing in the stack", hint)


def _closure(chosen: set[Address], desired: DesiredState) -> set[Address]:
    by_key: dict[str, list[DesiredContainer]] = {}
    for item in desired.containers:
        by_key.setdefault(item.address.name, []).append(item)
    images = {image.reference: image.address for image in desired.images}
    images.update({tag: image.address for image in desired.images for tag in image.tags})
    result, queue = set(chosen), [item for item in desired.containers if item.address in chosen]
    while queue:
        item = queue.pop()
        if item.image in images:
            result.add(images[item.image])
        keys = item.spec.networks or (("default",) if joins_default(item.spec) else ())
        result.update(Address(Kind.NETWORK, key) for key in keys)
        result.update(Address(Kind.VOLUME, mount.source) for mount in item.spec.volumes if mount.source)
        for key in (*item.spec.depends_on, *neighbours(item)):
            for other in by_key.get(key, ()):
                if other.address not in result:
                    result.add(other.address)
                    queue.append(other)
    _add_bases(result, desired, images)
    return result | _configurations(result, desired)


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
