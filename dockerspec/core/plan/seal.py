"""Seals: what a saved plan keeps of the plan, so that a later run can tell whether it would do exactly the same.

Same in, same out: a plan that is made again from the same spec and the same live state is the same, byte for byte. So
a saved plan needs no copy of the engine calls, whose bodies hold secrets. It keeps digests, and is carried out only if
the plan made anew has the same ones. Secrets are taken out before anything is hashed, and hashed on their own, slowly.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any

from dockerspec.core.ownership import ORIGIN
from dockerspec.core.plan.plan import Plan

_OUT = "(secret)"
_SCRYPT = {"n": 1 << 14, "r": 8, "p": 1, "dklen": 32}
"""Costs some 30 ms and 16 MiB: a guess at a short secret from the file is as expensive."""


@dataclass(frozen=True, slots=True)
class Seal:
    """The digests of a plan, all in hexadecimal.

    Attributes:
        salt: 16 random bytes that go into every digest.
        engine: the daemon's ID, in clear.
        parts: by address, the digest of what differs there and of what is done about it.
        images: by reference, the image's ID at the time, in clear.
        secrets: the digest of all secret values.
        whole: the digest of everything, the order of the calls and the ways back included.
    """

    salt: str
    engine: str
    parts: Mapping[str, str]
    images: Mapping[str, str]
    secrets: str
    whole: str


def seal(plan: Plan, secrets: Iterable[str], salt: bytes) -> Seal:
    """Seal a plan.

    Args:
        plan: the plan.
        secrets: every value that must not be kept.
        salt: random bytes, or those of the seal to compare with.
    """
    values = sorted(set(filter(None, secrets)), key=lambda item: (-len(item), item))
    groups: dict[str, list[Any]] = {}
    for change in plan.changes:
        groups.setdefault(str(change.address), []).append(_shape(change, values))
    for action in plan.actions.values():
        groups.setdefault(str(action.address), []).append(_shape(action, values))
    parts = {address: _digest(items, salt) for address, items in sorted(groups.items())}
    order = {key: sorted(before) for key, before in plan.graph.before.items()}
    everything = [parts, dict(plan.images), _shape(order, values), _shape(plan.rescues, values), plan.destroys]
    return Seal(
        salt=salt.hex(),
        engine=plan.engine.id,
        parts=parts,
        images=dict(plan.images),
        secrets=hashlib.scrypt(json.dumps(values).encode(), salt=salt, **_SCRYPT).hex(),
        whole=_digest(everything, salt),
    )


def broken(old: Seal, new: Seal) -> tuple[str, ...]:
    """Why a plan made anew is not the sealed one: a clause per reason; empty if it is."""
    if old.engine != new.engine:
        return ("this is another engine than the one that the plan was made for",)
    if old == new:
        return ()
    reasons = [
        f"{address} {_how(address in old.parts, address in new.parts)}"
        for address in sorted({*old.parts, *new.parts})
        if old.parts.get(address) != new.parts.get(address)
    ]
    reasons += [
        f"the tag {reference} is on another image"
        for reference in sorted({*old.images, *new.images})
        if old.images.get(reference) != new.images.get(reference)
    ]
    if old.secrets != new.secrets:
        reasons.append("a secret has another value")
    return tuple(reasons) or ("the order of the steps is another one",)


def _how(was: bool, is_now: bool) -> str:
    if was and is_now:
        return "differs in another way"
    return "no longer differs" if was else "differs now"


def _digest(value: Any, salt: bytes) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(salt + text.encode("utf-8", "surrogatepass")).hexdigest()


def _shape(value: Any, secrets: list[str]) -> Any:
    """A value as JSON has it, in one way only, without the secrets."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, _OUT)
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return [type(value).__name__, {item.name: _shape(getattr(value, item.name), secrets) for item in fields(value)}]
    if isinstance(value, Mapping):
        # Where the spec came from is no part of the promise: a CI job may have another folder at each step.
        items = sorted(value.items(), key=lambda pair: str(pair[0]))
        return {str(key): _shape(item, secrets) for key, item in items if key != ORIGIN}
    if isinstance(value, (set, frozenset)):
        return sorted((_shape(item, secrets) for item in value), key=str)
    if isinstance(value, (tuple, list)):
        return [_shape(item, secrets) for item in value]
    return value
