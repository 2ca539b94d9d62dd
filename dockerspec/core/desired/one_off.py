"""The create body of a container that runs a hook before another one's start.

Caller: the planner. It is the other one's body with another command, without what only one container can have, and
without what makes others take notice of it: labels, ports, aliases, a health check, a restart policy.
"""

from __future__ import annotations

from dockerspec.core.desired.state import DesiredContainer
from dockerspec.core.hook import Hook
from dockerspec.core.ownership import COMPOSE_ONE_OFF, ONE_OFF, record_labels
from dockerspec.core.table.base import Body
from dockerspec.core.table.process import lines, pairs

SUFFIX = ".pre_start"

_NOT_TAKEN = ("MacAddress", "ExposedPorts", "OpenStdin", "StdinOnce", "Tty", "Volumes", "Cmd", "StopTimeout")
_NOT_TAKEN_OF_HOST = ("PortBindings", "PublishAllPorts", "RestartPolicy", "AutoRemove", "Links")


def one_off_name(desired: DesiredContainer) -> str:
    """The name of the container that runs the hooks of another one; they run one after the other."""
    return desired.name + SUFFIX


def one_off_body(desired: DesiredContainer, hook: Hook, number: int, owner: str) -> Body:
    """The create body.

    Args:
        desired: the container whose start is to come.
        hook: the hook.
        number: its place among those before the start.
        owner: the container itself, by name or ID, which is there by then: its anonymous volumes are shared.
    """
    body = {key: value for key, value in desired.body().items() if key not in _NOT_TAKEN}
    host = {key: value for key, value in (body.get("HostConfig") or {}).items() if key not in _NOT_TAKEN_OF_HOST}
    # Anonymous volumes are the owner's, not new ones.
    mounts = [item for item in host.pop("Mounts", ()) if item.get("Source") or item["Type"] != "volume"]
    if mounts:
        host["Mounts"] = mounts
    host["VolumesFrom"] = [*(host.get("VolumesFrom") or ()), owner]
    # Its log is read, which not every driver allows.
    host["LogConfig"] = {"Type": "json-file"}
    body |= {
        "HostConfig": host,
        "Entrypoint": list(hook.command),
        "Healthcheck": {"Test": ["NONE"]},
        "Labels": {**_labels(desired), **record_labels({}), ONE_OFF: str(number)},
    }
    endpoints = (body.pop("NetworkingConfig", None) or {}).get("EndpointsConfig")
    if endpoints:
        body["NetworkingConfig"] = {"EndpointsConfig": {name: {} for name in endpoints}}
    return _overridden(body, hook)


def _labels(desired: DesiredContainer) -> dict[str, str]:
    """The owner's labels; Compose is told that this is no container of the service."""
    own = dict(desired.own)
    return {**own, COMPOSE_ONE_OFF: "True"} if COMPOSE_ONE_OFF in own else own


def _overridden(body: Body, hook: Hook) -> Body:
    if hook.user:
        body["User"] = hook.user
    if hook.working_dir:
        body["WorkingDir"] = hook.working_dir
    if hook.privileged:
        body["HostConfig"] = {**body["HostConfig"], "Privileged": True}
    if hook.environment:
        body["Env"] = lines(pairs(body.get("Env")) | dict(hook.environment))
    return body
