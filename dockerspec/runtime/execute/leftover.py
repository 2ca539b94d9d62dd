"""Names that are taken by what a killed run left: seen at the moment of creation, since the plan could not see it.

Caller: operations. A run that is killed while the engine still works on its create call leaves an object that appears
only after the next run has looked. Only what nobody can have used yet gives way: a container of the same stack,
resource and replica that was never started, a network of the same stack and resource without a container. What the
engine is removing already, whosever it is, is waited out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dockerspec.core.ownership import owner_of
from dockerspec.engine.protocol import Engine
from dockerspec.errors import Conflict, EngineError, NotFound
from dockerspec.runtime.execute.tools import Tools, wait_out

Json = Any

_LEAVING = ("removing", "dead")
UNIQUE_NETWORKS_API = (1, 44)
"""Older engines look for a network of the same name first and make theirs then: two at once get both."""


def create_past_leftovers(
    create: Callable[[], Json],
    find: Callable[[], Json],
    remove: Callable[[Json], None],
    labels: Mapping[str, str],
    tools: Tools,
) -> Json:
    """Create an object, once more if its name was taken by what a killed run of the same stack left.

    That is also what an earlier try of this very call left, if its answer was lost.

    Args:
        create: makes the object.
        find: reads what has its name; raises NotFound.
        remove: removes that; called only with what is ours and unused.
        labels: the labels of the new object.
        tools: how to wait: a taken name may for some time belong to nothing that can be seen, since the engine is
            still making it.

    Raises:
        EngineError: the engine said no, as it may for a name that belongs to somebody else.
    """
    return wait_out(create, lambda fault: isinstance(fault, Conflict) and _gives_way(find, remove, labels), tools)


def _gives_way(find: Callable[[], Json], remove: Callable[[Json], None], labels: Mapping[str, str]) -> bool:
    """Whether the name may be free soon: what had it is gone or on its way out, or can't be seen yet."""
    try:
        found = find()
        if (found.get("State") or {}).get("Status") in _LEAVING:
            return True
        if not _is_leftover(found, labels):
            return False
        remove(found)
    except NotFound:
        return True
    except EngineError as fault:
        if fault.passing:
            raise
        return False
    return True


def _is_leftover(found: Json, labels: Mapping[str, str]) -> bool:
    theirs = owner_of((found.get("Config") or found).get("Labels"))
    if theirs is None or theirs != owner_of(labels):
        return False
    if "State" in found:
        return bool(found["State"].get("Status") == "created")
    return not found.get("Containers")


def remove_double_networks(engine: Engine, name: str, ident: str, labels: Mapping[str, str]) -> None:
    """Remove networks of the same name and owner that came into being beside the one just made.

    Raises:
        EngineError: the engine can't be asked, or a double can't go.
    """
    for item in engine.networks({"name": [name]}):
        if item["Name"] == name and item["Id"] != ident and owner_of(item.get("Labels")) == owner_of(labels):
            engine.remove_network(item["Id"])
