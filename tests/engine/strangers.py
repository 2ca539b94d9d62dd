"""Objects that dockerspec did not make, as the case that is hardest to take in: all that a spec can say, unlabelled.

Callers: the tests of import and adopt.
"""

from __future__ import annotations

from typing import Any

from dockerspec.core.plan import action as act
from dockerspec.core.plan.plan import Plan
from tests.kit.raw import RawEngine

Json = Any


def unlabelled(body: Json) -> Json:
    """A create body without our labels."""
    labels = {key: value for key, value in (body.get("Labels") or {}).items() if not key.startswith("dockerspec.")}
    return {**body, "Labels": labels}


def make(raw: RawEngine, plan: Plan) -> None:
    """Do by hand what a plan that makes everything would do, but leave nothing on the objects that says whose they are.

    No start is waited for: a health check runs on without us.
    """
    for action in plan.actions.values():
        match action:
            case act.CreateNetwork():
                raw.post("/networks/create", unlabelled(action.body))
            case act.CreateVolume():
                raw.post("/volumes/create", unlabelled(action.body))
            case act.CreateContainer():
                raw.post("/containers/create", unlabelled(action.body), name=action.name)
            case act.ConnectNetwork():
                body = {"Container": action.container, "EndpointConfig": action.endpoint}
                raw.post(f"/networks/{action.network}/connect", body)
            case act.StartContainer():
                raw.post(f"/containers/{action.container}/start")
            case act.AwaitContainer() | act.WriteFiles():
                pass  # of files in it, nothing tells that a container of others should have them
            case _:
                raise AssertionError(f"a plan that makes everything does no more than that, not {action.key}")
