"""What stands under a Compose project's name and is left as it is. Pure. Caller: differ.

The same name is often given to several things: services of a profile that is not active, and the services of another
Compose file of the same folder. Compose leaves both alone, and so does a plan; `destroy` takes all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from dockerspec.core.address import Address, Kind
from dockerspec.core.desired.state import DesiredState
from dockerspec.core.diagnostics import Diagnostic, warning
from dockerspec.core.diff.pairing import Pairing
from dockerspec.core.diff.result import Finding
from dockerspec.core.live.state import LiveContainer
from dockerspec.core.owner import called, is_project


def without_bystanders(
    pairing: Pairing, desired: DesiredState, faults: list[Diagnostic]
) -> tuple[list[LiveContainer], list[LiveContainer]]:
    """The orphans that must go, and the bystanders among them; those of another file are told of.

    Another file is one that none of the containers comes from that the spec knows: its name alone may have changed.
    """
    going: list[LiveContainer] = []
    staying: list[LiveContainer] = []
    known = {"", desired.origin, *(pair.live.origin for pair in pairing.pairs if pair.live is not None)}
    for item in pairing.orphans:
        elsewhere = is_project(desired.stack) and item.origin not in known
        if Address(Kind.CONTAINER, item.resource) in desired.spared:
            staying.append(item)
        elif elsewhere:
            staying.append(item)
            summary = f"{item.name} of the {called(desired.stack)} was made from {item.origin}, and is left as it is"
            fix = f"give that file too with -f, or remove the container with `docker rm -f {item.name}`"
            faults.append(warning(f"containers.{item.resource}", summary, fix))
        else:
            going.append(item)
    return going, staying


def concerns(finding: Finding, spared: Collection[Address], staying: Iterable[LiveContainer]) -> bool:
    """Whether the removal of a network or volume, or the word that it is kept, is for this spec to say."""
    subject, address = finding.subject, finding.change.address
    if subject.network or subject.volume:
        return True
    if address in spared:
        return False
    network = subject.live_network
    return network is None or not any(network.name in item.networks for item in staying)
