"""One function per kind of action: the engine call, and what tells whether it did what it was called for.

Caller: attempt. A function returns the engine's remarks, or raises an `EngineError`, an `ActionFailed` or `Cancelled`.
Whether, when and in which order they run is not known here. A function may be called again after a call of its whose
answer was lost: what was carried out all the same counts as done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from dockerspec.core.ownership import CONFIG_HASH, IMAGE, owner_of
from dockerspec.core.plan import action as act
from dockerspec.core.ready import Ready
from dockerspec.engine.protocol import Engine
from dockerspec.errors import Cancelled, Conflict, EngineError, NotFound
from dockerspec.runtime.execute import files, hooks, images, stuck
from dockerspec.runtime.execute.failure import ActionFailed
from dockerspec.runtime.execute.leftover import UNIQUE_NETWORKS_API, create_past_leftovers, remove_double_networks
from dockerspec.runtime.execute.tools import PackContext, Tools, last_lines, wait_out
from dockerspec.runtime.volumes import is_stillborn, labels_after_creation

__all__ = ["OPERATIONS", "PackContext", "Tools", "perform"]

Json = Any
_IN_PROGRESS = "already in progress"
_STILL_UP = re.compile(r"running container|container is running|container is restarting", re.IGNORECASE)
_REMOVAL_SECONDS = 30.0
_NEVER = "0001-"
"""How the time begins at which a container was started that never was."""

Warnings = tuple[str, ...]


def perform(action: act.Action, tools: Tools) -> Warnings:
    """Carry an action out.

    Returns:
        What the engine remarked.

    Raises:
        EngineError: the engine said no, or could not be asked.
        ActionFailed: it said yes, but the goal was missed.
        Cancelled: the run was stopped while this went on.
    """
    return OPERATIONS[type(action)](action, tools)


def _create_network(action: act.CreateNetwork, tools: Tools) -> Warnings:
    if action.unless_there and any(item["Name"] == action.name for item in tools.engine.networks()):
        return ()
    answer = create_past_leftovers(
        create=lambda: tools.engine.create_network(action.body),
        find=lambda: tools.engine.network(action.name),
        remove=lambda found: tools.engine.remove_network(found["Id"]),
        labels=action.body.get("Labels") or {},
        tools=tools,
    )
    if tools.engine.api_version < UNIQUE_NETWORKS_API:
        remove_double_networks(tools.engine, action.name, answer["Id"], action.body.get("Labels") or {})
    return _warnings(answer)


def _remove_network(action: act.RemoveNetwork, tools: Tools) -> Warnings:
    if action.only_of:
        owner = owner_of(tools.engine.network(action.network).get("Labels"))
        if owner is None or owner.stack != action.only_of:
            return (f"a network called {action.name} appeared meanwhile, and it is not this stack's",)
    # Containers whose removal is under way are in it until they are gone.
    return wait_out(
        lambda: _gone_is_fine(lambda: tools.engine.remove_network(action.network)),
        lambda fault: isinstance(fault, Conflict) and _only_leaving(tools.engine, action.network),
        tools,
    )


def _only_leaving(engine: Engine, network: str) -> bool:
    """Whether all containers in a network are being removed."""
    return all(_is_leaving(engine, ident) for ident in engine.network(network).get("Containers") or ())


def _is_leaving(engine: Engine, ident: str) -> bool:
    try:
        return bool(engine.container(ident)["State"]["Status"] in ("removing", "dead"))
    except NotFound:
        return True


def _connect_network(action: act.ConnectNetwork, tools: Tools) -> Warnings:
    try:
        tools.engine.connect_network(action.network, action.container, action.endpoint)
    except NotFound:
        # One that keeps restarting may have no network namespace just now; the engine notes the endpoint all the same.
        if action.network_name not in _endpoints(tools.engine, action.container):
            raise
        return ("the container is restarting, and joins the network when it is up",)
    except EngineError as fault:
        # The engine refuses to connect what is connected, and says so in several ways.
        if not tools.again or fault.passing or not _is_connected(action, tools.engine):
            raise
    return ()


def _endpoints(engine: Engine, container: str) -> Mapping[str, Json]:
    """The networks that a container is in, by name."""
    return engine.container(container)["NetworkSettings"]["Networks"] or {}


def _is_connected(action: act.ConnectNetwork, engine: Engine) -> bool:
    """Whether a container is in the very network, as the action wants it."""
    found = _endpoints(engine, action.container).get(action.network_name)
    if found is None or found.get("NetworkID") not in ("", engine.network(action.network)["Id"]):
        return False
    wanted = action.endpoint
    aliases = set(wanted.get("Aliases") or ())
    return aliases <= set(found.get("Aliases") or ()) and _same(wanted.get("IPAMConfig"), found.get("IPAMConfig"))


def _disconnect_network(action: act.DisconnectNetwork, tools: Tools) -> Warnings:
    def disconnect() -> Warnings:
        try:
            tools.engine.disconnect_network(action.network, action.container, force=action.force)
        except EngineError as fault:
            # A container that left by itself, or by a run that was killed just now, is where it should be.
            if fault.passing or action.network_name in _endpoints(tools.engine, action.container):
                raise
            return () if tools.again else ("it was disconnected already",)
        return ()

    # One that keeps restarting is out of the network for a moment, and would come back by itself.
    return wait_out(disconnect, lambda fault: "is not connected to" in fault.message, tools)


def _create_volume(action: act.CreateVolume, tools: Tools) -> Warnings:
    """Create a volume. The engine answers 201 for a name that exists, whoever's it is: only the labels tell."""
    wanted = action.body.get("Labels") or {}
    found = _labels_of_new(action, tools)
    if any(found.get(key) != value for key, value in wanted.items()):
        raise ActionFailed(
            f"a volume called {action.name} appeared meanwhile, and it is not this stack's",
            hint="give the volume another name, or declare it as external",
        )
    return ()


def _labels_of_new(action: act.CreateVolume | act.CreateMark, tools: Tools) -> Mapping[str, str]:
    """Create a volume, and look what labels the volume of that name has."""
    found = labels_after_creation(tools.engine, tools.engine.create_volume(action.body))
    if tools.again and is_stillborn(tools.engine, action.name, found):
        tools.engine.remove_volume(action.name)
        found = labels_after_creation(tools.engine, tools.engine.create_volume(action.body))
    return found


def _create_mark(action: act.CreateMark, tools: Tools) -> Warnings:
    found = _labels_of_new(action, tools)
    if found != action.body["Labels"]:
        raise ActionFailed(
            f"a volume called {action.name} is already there, and it is no mark of dockerspec's",
            hint=f"see `docker volume inspect {action.name}`, and remove it if it holds nothing",
        )
    return ()


def _remove_mark(action: act.RemoveMark, tools: Tools) -> Warnings:
    return _gone_is_fine(lambda: tools.engine.remove_volume(action.name))


def _remove_volume(action: act.RemoveVolume, tools: Tools) -> Warnings:
    return _gone_is_fine(lambda: tools.engine.remove_volume(action.name))


def _create_container(action: act.CreateContainer, tools: Tools) -> Warnings:
    body = _with_facts(action.body, tools.engine)
    answer = create_past_leftovers(
        create=lambda: tools.engine.create_container(action.name, body, action.platform),
        find=lambda: tools.engine.container(action.name),
        # The anonymous volumes that were made with it are as unused as it is.
        remove=lambda found: tools.engine.remove_container(found["Id"], volumes=True),
        labels=action.body.get("Labels") or {},
        tools=tools,
    )
    return _warnings(answer)


def _with_facts(body: Mapping[str, Json], engine: Engine) -> Mapping[str, Json]:
    """The create body with what Compose's labels say of other objects: only now it is sure which ones they are.

    That is the image's ID, and the digest of a service that shares what another container has.
    """
    labels = body.get("Labels") or {}
    if IMAGE not in labels:
        return body
    found = {IMAGE: engine.image(body["Image"])["Id"]}
    if labels.get(CONFIG_HASH, "").startswith("{"):
        from dockerspec.core.spec.compose.hashes import settled

        found[CONFIG_HASH] = settled(labels[CONFIG_HASH], lambda name: str(engine.container(name)["Id"]))
    return {**body, "Labels": {**labels, **found}}


def _start_container(action: act.StartContainer, tools: Tools) -> Warnings:
    if tools.again and action.once and _was_started(tools.engine.container(action.container)):
        return ()
    try:
        tools.engine.start_container(action.container)
    except EngineError as fault:
        # An engine on its way down holds on to what an earlier try began; the one that comes after knows nothing of it.
        fault.passing |= tools.again and "already exists in network" in fault.message
        if not stuck.is_stuck(fault):
            raise
        return _start_anew(action, fault, tools)
    return ()


def _start_anew(action: act.StartContainer, fault: EngineError, tools: Tools) -> Warnings:
    """Start in the place of a container whose start is stuck another one like it, if it has never run.

    The first goes last, so that anonymous volumes which move to the other are never without a container.
    """
    found = tools.engine.container(action.container)
    if action.anew is None or not stuck.may_be_made_anew(fault, found):
        fault.hint = stuck.way_out(found)
        raise fault
    tools.engine.rename_container(found["Id"], action.name + stuck.STUCK)
    warnings = _create_container(action.anew, tools)
    for batch in action.files:
        files.write_batch(action.name, batch, tools)
    for connect in action.late:
        warnings += _connect_network(connect, tools)
    warnings += _gone_is_fine(lambda: tools.engine.remove_container(found["Id"], volumes=True))
    tools.engine.start_container(action.name)
    return (stuck.REMARK, *warnings)


def _was_started(container: Json) -> bool:
    return not str(container["State"].get("StartedAt") or _NEVER).startswith(_NEVER)


def _stop_container(action: act.StopContainer, tools: Tools) -> Warnings:
    tools.engine.stop_container(action.container, action.grace)
    return ()


def _remove_container(action: act.RemoveContainer, tools: Tools) -> Warnings:
    """Remove a container; one that the engine is removing already (`auto_remove`) is waited out."""

    def passes(fault: EngineError) -> bool:
        if not isinstance(fault, Conflict):
            return False
        if tools.retries.maybe_restarted and _STILL_UP.search(fault.message):
            # The plan had it stopped before, and `restart: always` brought it up with the engine.
            tools.engine.stop_container(action.container)
            return True
        return _IN_PROGRESS in fault.message

    remove = partial(tools.engine.remove_container, action.container, force=action.force)
    return wait_out(lambda: _gone_is_fine(remove), passes, tools, _REMOVAL_SECONDS)


def _rename_container(action: act.RenameContainer, tools: Tools) -> Warnings:
    try:
        tools.engine.rename_container(action.container, action.new_name)
    except EngineError as fault:
        # It may have the name already: from a try whose answer was lost, or since the step taken back never happened.
        if fault.passing or tools.engine.container(action.container)["Name"] != f"/{action.new_name}":
            raise
    return ()


def _update_container(action: act.UpdateContainer, tools: Tools) -> Warnings:
    """Update, and look whether it took: the engine answers 200 to keys that it does not know, and ignores them."""
    warnings = _warnings(tools.engine.update_container(action.container, action.body))
    if not action.expect:
        return warnings
    found = tools.engine.container(action.container).get("HostConfig") or {}
    ignored = sorted(key for key, value in action.expect.items() if not _same(value, found.get(key)))
    if ignored:
        raise ActionFailed(
            f"the engine took the update of {action.name} but did not change {', '.join(ignored)}",
            hint="this engine can't change that on a live container; remove the container and apply again",
        )
    return warnings


def _unpause_container(action: act.UnpauseContainer, tools: Tools) -> Warnings:
    try:
        tools.engine.unpause_container(action.container)
    except EngineError as fault:
        if not tools.again or fault.passing or tools.engine.container(action.container)["State"]["Paused"]:
            raise
    return ()


def _await_container(action: act.AwaitContainer, tools: Tools) -> Warnings:
    tools.wait(action)
    if action.until is Ready.COMPLETED:
        tools.keep(last_lines(tools.engine, action.container))
    return ()


def _pass_gate(action: act.PassGate, tools: Tools) -> Warnings:
    """That it may be passed is known by now: it is the schedule that looks at the replicas before it."""
    if action.delay:
        tools.pause(action.delay)
        if tools.stopped():
            raise Cancelled("stopped between two batches")
    return ()


OPERATIONS: Mapping[type[act.Action], Callable[[Any, Tools], Warnings]] = {
    act.PullImage: images.pull_image,
    act.BuildImage: images.build_image,
    act.TagImage: images.tag_image,
    act.PushImage: images.push_image,
    act.RemoveImage: images.remove_image,
    act.CreateNetwork: _create_network,
    act.RemoveNetwork: _remove_network,
    act.ConnectNetwork: _connect_network,
    act.DisconnectNetwork: _disconnect_network,
    act.CreateVolume: _create_volume,
    act.RemoveVolume: _remove_volume,
    act.CreateMark: _create_mark,
    act.RemoveMark: _remove_mark,
    act.CreateContainer: _create_container,
    act.WriteFiles: files.write_files,
    act.StartContainer: _start_container,
    act.StopContainer: _stop_container,
    act.RemoveContainer: _remove_container,
    act.RenameContainer: _rename_container,
    act.UpdateContainer: _update_container,
    act.UnpauseContainer: _unpause_container,
    act.AwaitContainer: _await_container,
    act.PassGate: _pass_gate,
    act.RunHook: hooks.run_hook,
    act.RunOneOff: hooks.run_one_off,
}
"""The operation of every kind of action."""


def _warnings(answer: Json) -> Warnings:
    """The engine's remarks: a list for containers, one text for networks, null or nothing where it has none."""
    answer = answer or {}
    single = answer.get("Warning")
    return tuple(answer.get("Warnings") or ()) + ((single,) if single else ())


def _gone_is_fine(remove: Callable[[], None]) -> Warnings:
    """Somebody else's removal serves the purpose as well."""
    try:
        remove()
    except NotFound:
        return ("it was gone already",)
    return ()


def _same(wanted: Json, found: Json) -> bool:
    """Whether the engine reports what was asked for; nulls, zeros and empty texts all stand for "not set" there."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        return all(_same(value, found.get(key)) for key, value in wanted.items())
    if isinstance(wanted, (list, tuple)) and isinstance(found, (list, tuple)):
        return len(wanted) == len(found) and all(map(_same, wanted, found))
    return bool((wanted or None) == (found or None))
