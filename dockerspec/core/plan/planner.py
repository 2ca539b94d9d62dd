"""A diff to a plan: actions per finding, then the order between them. Pure; asks nothing and logs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dockerspec.core.address import Address, Kind
from dockerspec.core.desired.life import probes_of, wished_state
from dockerspec.core.diagnostics import Diagnostic, Severity, error, warning
from dockerspec.core.diff.change import ChangeKind
from dockerspec.core.diff.containers import is_up
from dockerspec.core.diff.pairing import Pair, is_aside
from dockerspec.core.diff.resources import users_of
from dockerspec.core.diff.result import Diff, Finding
from dockerspec.core.live.state import LiveState
from dockerspec.core.plan.action import RemoveContainer
from dockerspec.core.plan.containers import (
    plan_create,
    plan_hard_replace,
    plan_removal,
    plan_replace,
    plan_update,
)
from dockerspec.core.plan.draft import Draft
from dockerspec.core.plan.files import plan_files
from dockerspec.core.plan.graph import Cycle, Graph
from dockerspec.core.plan.hooks import plan_hooks
from dockerspec.core.plan.images import order_images, plan_image, plan_spares
from dockerspec.core.plan.lifecycle import await_action
from dockerspec.core.plan.marks import plan_marks
from dockerspec.core.plan.networks import Attached, Remake, bind_networks, plan_networks
from dockerspec.core.plan.order import loose_ports, order_all, replicas
from dockerspec.core.plan.plan import Plan
from dockerspec.core.plan.resources import plan_volume
from dockerspec.core.plan.rollout import Turn, roll
from dockerspec.core.ready import Ready
from dockerspec.core.spec.model import UpdatePolicy
from dockerspec.core.table.storage import mounted_volumes


def make_plan(diff: Diff, live: LiveState, stack: str) -> Plan:
    """The plan that carries out a diff. With an error among the diagnostics it has no actions."""
    changes = tuple(item.change for item in diff.findings)
    unchanged = len(diff.unchanged)
    diagnostics = (*diff.diagnostics, *_foreigners(diff, live, stack), *_lost_data(diff, live))
    if any(item.severity is Severity.ERROR for item in diagnostics):
        return Plan(stack, changes, diagnostics=diagnostics, unchanged=unchanged)
    try:
        draft, graph = _ordered(diff, live, stack)
    except Cycle as cycle:
        fault = error("", f"the changes need each other in a circle: {cycle}", "apply one of them alone with --target")
        return Plan(stack, changes, diagnostics=(*diagnostics, fault), unchanged=unchanged)
    order = graph.order()
    return Plan(
        stack=stack,
        changes=changes,
        actions={key: draft.actions[key] for key in order},
        graph=Graph({key: graph.before[key] for key in order}),
        rescues=tuple(draft.rescues),
        diagnostics=diagnostics,
        unchanged=unchanged,
    )


def _ordered(diff: Diff, live: LiveState, stack: str) -> tuple[Draft, Graph]:
    """The actions and their order.

    Raises:
        Cycle: there is none.
    """
    draft = _drafted(diff, live, stack, rolling=True)
    try:
        return draft, draft.graph()
    except Cycle:
        # Replicas that hand something to one another, such as a host port, can't take turns.
        draft = _drafted(diff, live, stack, rolling=False)
        return draft, draft.graph()


def _drafted(diff: Diff, live: LiveState, stack: str, *, rolling: bool) -> Draft:
    draft = Draft(loose_ports(diff))
    networks = _plan_images_and_resources(diff, live, draft, stack)
    _plan_containers(diff, draft, rolling=rolling)
    bind_networks(networks, draft, live.containers)
    _await_the_waiting(diff, draft)
    for finding in _by_kind(diff, Kind.IMAGE):
        plan_spares(finding, draft)
    order_all(draft, diff.pairs, live.containers)
    plan_files(draft, diff.pairs)
    plan_hooks(draft, diff.pairs, live.containers)
    plan_marks(diff, live, draft)
    return draft


def _by_kind(diff: Diff, kind: Kind) -> Iterator[Finding]:
    return (item for item in diff.findings if item.change.address.kind is kind and item.subject.mark is None)


def _foreigners(diff: Diff, live: LiveState, stack: str) -> Iterator[Diagnostic]:
    """Networks and volumes that must go but are in use by containers that are not ours to touch."""
    # Attached to a network and not to be listed are only those on their way out, and the engine's own.
    foreign = {item.id for item in live.others if item.stack != stack}
    going = {item.subject.live_network.id for item in diff.findings if item.subject.live_network is not None}
    for finding in diff.findings:
        change, network, volume = finding.change, finding.subject.live_network, finding.subject.live_volume
        if change.kind not in (ChangeKind.DELETE, ChangeKind.REPLACE):
            continue
        if network is not None:
            # A stopped one is not attached, but could not be started any more.
            stopped = {item.name for item in live.others if network.name in item.networks and item.id in foreign}
            users = sorted(stopped.union(name for ident, name in network.attached.items() if ident in foreign))
            way_out = f"docker network disconnect {network.name} {users[0]}" if users else ""
            made_from = [item for item in live.networks if item.fields["config_from"] == network.name]
            heirs = sorted(item.name for item in made_from if item.id not in going)
            if heirs:
                users, way_out = heirs, f"docker network rm {heirs[0]}"
        elif volume is not None:
            users = sorted(item.name for item in live.others if volume.name in item.volumes and item.id in foreign)
            way_out = f"docker rm {users[0]}" if users else ""
        else:
            continue
        if users:
            yield error(
                f"{change.address.kind}s.{change.address.name}",
                f"{change.name} must go, but is in use by {', '.join(users)}, not part of this stack",
                f"free it first, as with `{way_out}`",
            )


def _lost_data(diff: Diff, live: LiveState) -> Iterator[Diagnostic]:
    """A word on each volume whose data goes, since the user may have named the wrong one."""
    for finding in _by_kind(diff, Kind.VOLUME):
        change = finding.change
        if change.data_loss:
            users = users_of(change.name, live)
            whose = f", which {', '.join(users)} used," if users else ""
            summary = f"all data in the volume {change.name}{whose} is deleted"
            yield warning(f"volumes.{change.address.name}", summary, "copy first what may be needed")


def _plan_images_and_resources(diff: Diff, live: LiveState, draft: Draft, stack: str) -> list[Remake]:
    changed = {item.change.address: item.change.kind for item in _by_kind(diff, Kind.CONTAINER)}
    keep, leave = {}, {}
    for address, pair in diff.pairs.items():
        if pair.live is None:
            continue
        if changed.get(address, ChangeKind.UPDATE) is ChangeKind.UPDATE:
            keep[pair.live.id] = pair
        elif not _goes_first(pair, diff):
            leave[pair.live.id] = pair
    for finding in _by_kind(diff, Kind.IMAGE):
        plan_image(finding, draft)
    order_images(draft)
    networks = plan_networks(_by_kind(diff, Kind.NETWORK), draft, Attached(live.containers, keep, leave), stack)
    for finding in _by_kind(diff, Kind.VOLUME):
        plan_volume(finding, draft)
    return networks


def _goes_first(pair: Pair, diff: Diff) -> bool:
    """Whether a replaced container must be gone before its successor is made, since a volume of its is made anew."""
    lost = {item.change.name for item in _by_kind(diff, Kind.VOLUME) if item.change.kind is ChangeKind.REPLACE}
    return bool(lost & set(mounted_volumes(pair.desired.fields)))


def _plan_containers(diff: Diff, draft: Draft, *, rolling: bool) -> None:
    awaited = _awaited(diff)
    removals: list[tuple[Finding, str]] = []
    turns: dict[str, list[Turn]] = {}
    for finding in _by_kind(diff, Kind.CONTAINER):
        change, pair = finding.change, finding.subject.pair
        if pair is None:
            removals.append((finding, plan_removal(finding, draft)))
        elif change.kind is ChangeKind.CREATE:
            plan_create(finding, draft, awaited.get(change.address))
        elif change.kind is ChangeKind.UPDATE:
            turn = plan_update(finding, draft, awaited.get(change.address))
            turns.setdefault(change.address.name, []).extend([turn] if turn else [])
        elif _goes_first(pair, diff):
            plan_hard_replace(finding, draft, awaited.get(change.address))
        else:
            turns.setdefault(change.address.name, []).append(plan_replace(finding, draft, awaited.get(change.address)))
    for own in turns.values():
        if rolling and own:
            roll(own, diff.pairs[own[0].address].desired.spec.update or UpdatePolicy(), draft)
    for finding, key in removals:
        _order_extra(finding, key, diff.pairs, draft)
        _prove_successor(finding, key, diff.pairs, draft)
        for turn in turns.get(finding.change.address.name, ()):
            # A replica that goes serves until the others are ready.
            draft.wish(turn.ready, draft.halted.get(finding.change.address))


def _order_extra(finding: Finding, key: str, pairs: Mapping[Address, Pair], draft: Draft) -> None:
    """What an interrupted replacement left goes before anything else is done to its container."""
    removed = draft.actions[key]
    assert isinstance(removed, RemoveContainer)
    pair = pairs.get(finding.change.address)
    if pair is None or pair.live is None or not any(item.id == removed.container for item in pair.extras):
        return
    if pair.finish and is_aside(pair.extras[0]):
        return
    for other, action in draft.actions.items():
        same = action.address == finding.change.address
        if same and getattr(action, "container", removed.container) != removed.container:
            draft.edge(key, other)


def _prove_successor(finding: Finding, key: str, pairs: Mapping[Address, Pair], draft: Draft) -> None:
    """Before what an interrupted replacement set aside goes, its successor must be what the spec's own probes demand.

    That it is up can be seen by the plan; the probes only a run can try, and the one that was killed may not have.
    """
    pair, old = pairs.get(finding.change.address), finding.subject.live_container
    if pair is None or old is None or not pair.finish or not is_aside(old) or not probes_of(pair.desired.spec):
        return
    address = finding.change.address
    if address in draft.ready:
        return
    proof = draft.add(await_action(pair.desired, finding.change.cause, Ready.HEALTHY))
    draft.ready[address] = proof
    draft.edge(proof, draft.halted.get(address, key))


def _awaited(diff: Diff) -> dict[Address, Ready]:
    """Which containers must be waited for after their start, and for what."""
    result: dict[Address, Ready] = {}
    starting = {item.change.address for item in _by_kind(diff, Kind.CONTAINER) if item.subject.pair is not None}
    for address, pair in diff.pairs.items():
        wished = wished_state(pair.desired.spec)
        if wished:
            result[address] = Ready(wished)
        if address not in starting:
            continue
        for key, dependency in pair.desired.spec.depends_on.items():
            if dependency.condition == "service_healthy":
                result.update(dict.fromkeys(replicas(diff.pairs, key), Ready.HEALTHY))
    return result


def _await_the_waiting(diff: Diff, draft: Draft) -> None:
    """Containers that are not started in this run may still be on their way to what others wait for."""
    for address, pair in diff.pairs.items():
        if address not in draft.begun:
            continue
        for key, dependency in pair.desired.spec.depends_on.items():
            for other in replicas(diff.pairs, key):
                _await_one(diff.pairs[other], dependency.condition, f"{address} waits for it", draft)


def _await_one(pair: Pair, condition: str, cause: str, draft: Draft) -> None:
    address, live = pair.desired.address, pair.live
    if address in draft.ready or live is None:
        return
    if condition == "service_healthy" and live.state.health not in ("", "healthy"):
        until = Ready.HEALTHY
    elif condition == "service_completed_successfully" and is_up(live.state):
        until = Ready.COMPLETED
    else:
        return
    draft.ready[address] = draft.add(await_action(pair.desired, cause, until, started=False))
