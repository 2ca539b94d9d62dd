"""Consents: what a plan does that nobody may do by accident, and whether the user agreed to it.

A yes to a plan is no consent to what stands here: `core.plan.guards` finds it, the command line asks for it by name or
wants a flag, and `Docker.apply` refuses a plan that lacks one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from dockerspec.core.address import Address


class Consent(StrEnum):
    """What is agreed to; the value is the word that `--allow` takes."""

    VOLUME_DELETE = "volume-delete"
    SERVICE_DOWN = "service-down"
    FOREIGN = "foreign"
    STACK_TAKEOVER = "stack-takeover"


MEANINGS = {
    Consent.VOLUME_DELETE: "the data in these volumes is deleted",
    Consent.SERVICE_DOWN: "these run, and nothing takes their place",
    Consent.FOREIGN: "these go, and were not made by dockerspec",
    Consent.STACK_TAKEOVER: "these go, and were made from another spec",
}
"""What each consent is about, as a clause that goes before the objects."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """One object that a guard is about.

    Attributes:
        address: the object.
        name: its name on the engine.
        why: a clause that says more than the guard does, or empty.
    """

    address: Address
    name: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Guard:
    """What a plan needs consent for.

    Attributes:
        consent: which.
        objects: the objects concerned, ordered by address.
        given: whether the user agreed when the plan was made, or the spec does.
    """

    consent: Consent
    objects: tuple[Guarded, ...]
    given: bool = False


def lacking(guards: Collection[Guard], allow: Collection[str]) -> tuple[Guard, ...]:
    """The guards that nobody has agreed to.

    Args:
        guards: those of a plan.
        allow: the consents that come on top.
    """
    return tuple(item for item in guards if not item.given and item.consent not in allow)


def check_words(allow: Collection[str]) -> None:
    """See that every word is a consent.

    Raises:
        ValueError: one is none.
    """
    known = list(Consent)
    for word in allow:
        if word not in known:
            raise ValueError(f"{word!r} is no consent; write {', '.join(known[:-1])} or {known[-1]}")


def demands(missing: Collection[Guard]) -> str:
    """The flag for each consent that lacks, what it allows, and the objects concerned."""
    lines = []
    for guard in missing:
        lines.append(f"  --allow {guard.consent}: {MEANINGS[guard.consent]}:")
        lines += [f"      {told(item)}" for item in guard.objects]
    return "\n".join(lines)


def refusal(missing: Collection[Guard]) -> str:
    """What is said where a plan is refused for want of consent."""
    return f"nothing was changed, since a yes is not enough for what this plan does:\n{demands(missing)}"


def told(item: Guarded) -> str:
    """An object of a guard in words."""
    return f"{item.address} ({item.name})" + (f": {item.why}" if item.why else "")
