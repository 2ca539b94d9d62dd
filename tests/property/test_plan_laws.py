"""The laws of docs/laws.md for any stack on any engine: random stacks, random histories, random orders."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dockerspec.core.address import Kind
from dockerspec.core.diff.change import ChangeKind
from dockerspec.core.ownership import RESOURCE
from dockerspec.core.plan import action as act
from dockerspec.core.plan.graph import Graph
from dockerspec.core.plan.plan import Plan
from dockerspec.core.spec.load import LoadResult
from dockerspec.testing.host import Call
from tests.flow.world import IMAGES, Wishes, World, text_of, told
from tests.property.stacks import STACK, VOLUMES, drifts, happen, loaded, stacks

Json = Any

BOUNDED = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
consents = st.lists(st.sampled_from(VOLUMES), unique=True)

OLD, NEW = (1, 41), (1, 51)
"""The oldest API version, in which networks are connected one by one, and a new one."""

STRANGER = "stranger"

READY: Mapping[str, Callable[[Json], bool]] = {
    "service_started": lambda state: state["Running"],
    "service_healthy": lambda state: state["Running"] and state["Health"]["Status"] == "healthy",
    "service_completed_successfully": lambda state: state["Status"] == "exited" and not state["ExitCode"],
}


def started(before: Mapping[str, Json], entries: list[dict[str, Json]], api: tuple[int, int] = NEW) -> World:
    """An engine with somebody else's objects, a stack on it, and a history."""
    world = World(api)
    engine = world.engine
    engine.registry["db:1"] = IMAGES["db:1"]
    engine.create_network({"Name": "office"})
    engine.create_volume({"Name": "precious"})
    body = {"Image": "busybox", "HostConfig": {"Binds": ["precious:/precious"], "NetworkMode": "office"}}
    engine.create_container(STRANGER, body)
    engine.start_container(STRANGER)
    world.settle(loaded(before))
    happen(world, entries)
    return world


def sound(world: World, spec: LoadResult, wishes: Wishes) -> Plan:
    """A plan that can be applied; other examples are passed over."""
    plan = world.plan(spec, wishes)
    if plan.errors:
        assert plan.is_empty
    assume(not plan.errors)
    return plan


def volumes(world: World) -> set[str]:
    return {item["Name"] for item in world.engine.volumes()}


def foreign(world: World) -> Json:
    """What the stranger has, as far as it could be touched."""
    container = world.engine.container(STRANGER)
    networks = {item["Id"]: world.engine.network(item["Id"]) for item in world.engine.networks() if not item["Labels"]}
    ends = {name: item["Containers"].get(container["Id"]) for name, item in networks.items()}
    return container, ends, world.engine.volume("precious")


@BOUNDED
@given(stacks(), drifts, stacks(), consents, st.sampled_from([OLD, NEW]))
def test_law_1_after_any_apply_a_fresh_plan_is_empty(
    before: Json, entries: list[Json], after: Json, consent: list[str], api: tuple[int, int]
) -> None:
    world, spec = started(before, entries, api), loaded(after)
    report = world.apply(sound(world, spec, Wishes(delete_volumes=consent)), spec)
    assert report.ok, told(report)
    again = world.plan(spec)
    assert again.is_empty, text_of(again, spec)


@BOUNDED
@given(stacks(), drifts, stacks(), consents, st.sampled_from([OLD, NEW]), st.randoms(use_true_random=False))
def test_the_edges_allow_no_order_that_the_engine_refuses(
    before: Json, entries: list[Json], after: Json, consent: list[str], api: tuple[int, int], chance: random.Random
) -> None:
    world, spec = started(before, entries, api), loaded(after)
    plan = sound(world, spec, Wishes(delete_volumes=consent))
    early = watched(world, spec)
    report = world.apply(shuffled(plan, chance), spec)
    assert report.ok, told(report)
    assert early == []


def watched(world: World, spec: LoadResult) -> list[str]:
    """A list that fills with the containers that are started before what they depend on is ready."""
    early: list[str] = []

    def watch(call: Call) -> None:
        if call.verb != "start_container":
            return
        key = world.engine.container(call.subject)["Config"]["Labels"][RESOURCE]
        for other, dependency in spec.require().containers[key].depends_on.items():
            listed = world.engine.containers({"label": [f"{RESOURCE}={other}"]})
            states = [world.engine.container(item["Id"])["State"] for item in listed]
            if not any(READY[dependency.condition](state) for state in states):
                early.append(f"{key} before {other}")

    world.engine.delay = watch
    return early


@BOUNDED
@given(stacks(), drifts, stacks(), st.data())
def test_law_1_holds_for_what_is_targeted_and_then_for_all(
    before: Json, entries: list[Json], after: Json, data: st.DataObject
) -> None:
    for containers in (before["containers"], after["containers"]):
        for item in containers.values():
            # What is left aside may go on holding a port or a name: that apply fails, and says so.
            item.pop("ports", None)
            item.pop("container_name", None)
    world, spec = started(before, entries), loaded(after)
    names = [f"{section[:-1]}.{key}" for section in sorted(after) for key in sorted(after[section])]
    assume(names)
    wishes = Wishes(targets=data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True)))
    report = world.apply(sound(world, spec, wishes), spec)
    assert report.ok, told(report)
    assert world.plan(spec, wishes).is_empty, text_of(world.plan(spec, wishes), spec)
    report = world.apply(sound(world, spec, Wishes()), spec)
    assert report.ok, told(report)


def shuffled(plan: Plan, chance: random.Random) -> Plan:
    """The plan with another preference among the actions that could come next; the edges are the same."""
    keys = list(plan.actions)
    chance.shuffle(keys)
    graph = Graph({key: plan.graph.before[key] for key in keys})
    return replace(plan, actions={key: plan.actions[key] for key in keys}, graph=graph)


@BOUNDED
@given(stacks(), drifts, stacks(), consents)
def test_law_10_one_state_gives_one_text_and_one_sound_order(
    before: Json, entries: list[Json], after: Json, consent: list[str]
) -> None:
    spec, wishes = loaded(after), Wishes(delete_volumes=consent)
    texts = set()
    for _ in range(2):
        world = started(before, entries)
        plan = world.plan(spec, wishes)
        texts |= {text_of(plan, spec), text_of(world.plan(spec, wishes), spec)}
        check_order(plan)
        check_counts(plan, spec)
    assert len(texts) == 1


def check_order(plan: Plan) -> None:
    """Every action stands behind those that it waits for, and all edges are between actions."""
    assert set(plan.graph.before) == set(plan.actions)
    done: set[str] = set()
    for key, action in plan.actions.items():
        assert key == action.key
        assert plan.graph.before[key] <= done
        done.add(key)
    for rescue in plan.rescues:
        assert set(rescue.members) <= done
        assert set(rescue.undo) <= set(rescue.members)


def check_counts(plan: Plan, spec: LoadResult) -> None:
    """The counts of the last line are those of the lines above it, and every wanted object is in one of them."""
    summary, stack = plan.summary, spec.require()
    counted = summary.create + summary.update + summary.replace + summary.delete
    assert counted == sum(change.kind is not ChangeKind.KEEP for change in plan.changes)
    wanted = {(key, replica) for key, item in stack.containers.items() for replica in range(1, item.replicas + 1)}
    touched = {
        (change.address.name, change.address.replica)
        for change in plan.changes
        if change.address.kind is Kind.CONTAINER
    }
    others = {
        change.address
        for change in plan.changes
        if change.address.kind is not Kind.CONTAINER and change.kind not in (ChangeKind.DELETE, ChangeKind.KEEP)
    }
    if plan.errors:
        return
    images = {str(item.image.ref) for item in stack.containers.values() if item.image}
    default = any(not item.network_mode and not item.networks for item in stack.containers.values())
    resources = len(images) + len(stack.networks) + len(stack.volumes) + default
    assert plan.unchanged == len(wanted - touched) + resources - len(others)


@BOUNDED
@given(stacks(), drifts, stacks(), consents, st.booleans())
def test_laws_4_and_5_nothing_foreign_is_touched_and_no_volume_goes_unasked(
    before: Json, entries: list[Json], after: Json, consent: list[str], destroy: bool
) -> None:
    world, spec = started(before, entries), loaded(after)
    plan = sound(world, spec, Wishes(delete_volumes=consent, destroy=destroy))
    theirs, there = foreign(world), volumes(world)
    own = owned(world)
    for action in plan.actions.values():
        assert touched_by(action) <= own | made_by(plan), action
    report = world.apply(plan, spec)
    assert report.ok, told(report)
    assert foreign(world) == theirs
    gone = there - volumes(world)
    assert gone <= {f"{STACK}_{key}" for key in consent}


def owned(world: World) -> set[str]:
    """IDs and names of the objects that carry the stack's labels."""
    label = f"dockerspec.stack={STACK}"
    result: set[str] = set()
    for item in world.engine.containers({"label": [label]}):
        result |= {item["Id"], item["Names"][0].lstrip("/")}
    for item in (*world.engine.networks(), *world.engine.volumes()):
        if (item.get("Labels") or {}).get("dockerspec.stack") == STACK:
            result |= {item["Name"], item.get("Id", "")}
    return result


def made_by(plan: Plan) -> set[str]:
    """Names of the containers that a plan makes or renames."""
    made = {action.name for action in plan.actions.values() if isinstance(action, act.CreateContainer)}
    return made | {action.new_name for action in plan.actions.values() if isinstance(action, act.RenameContainer)}


def touched_by(action: act.Action) -> set[str]:
    """What an existing object an action changes, stops or removes."""
    match action:
        case act.ContainerAction(container=container):
            return {container}
        case act.ConnectNetwork(container=container) | act.DisconnectNetwork(container=container):
            return {container}
        case act.RemoveNetwork(network=network):
            return {network}
        case act.RemoveVolume(name=name):
            return {name}
        case _:
            return set()


@BOUNDED
@given(stacks(), drifts)
def test_a_stack_can_be_destroyed_and_leaves_only_volumes(before: Json, entries: list[Json]) -> None:
    world, spec = started(before, entries), loaded(before)
    kept = volumes(world)
    report = world.apply(world.plan(spec, Wishes(destroy=True)), spec)
    assert report.ok, told(report)
    assert owned(world) <= {*kept, ""}
    assert volumes(world) == kept
    assert world.plan(spec, Wishes(destroy=True)).is_empty


def mine(world: World, key: str) -> Json:
    """The containers of one key but for their networks, which may be rewired by a run that leaves them alone."""
    listed = world.engine.containers({"label": [f"{RESOURCE}={key}"]})
    found = (world.engine.container(item["Id"]) for item in listed)
    return sorted((item["Id"], item["Name"], str(item["State"]), str(item["HostConfig"]["Memory"])) for item in found)


@BOUNDED
@given(stacks(), drifts, stacks(), consents, st.sampled_from([OLD, NEW]), st.data())
def test_what_is_excluded_is_left_alone_and_the_rest_is_done(
    before: Json, entries: list[Json], after: Json, consent: list[str], api: tuple[int, int], data: st.DataObject
) -> None:
    world, spec = started(before, entries, api), loaded(after)
    keys = sorted({*before["containers"], *after["containers"]})
    assume(keys)
    excluded = data.draw(st.lists(st.sampled_from(keys), unique=True, min_size=1, max_size=2))
    wishes = Wishes(delete_volumes=consent, excludes=[f"container.{key}" for key in excluded])
    plan = sound(world, spec, wishes)
    left = {key: mine(world, key) for key in excluded}
    report = world.apply(plan, spec)
    assert report.ok, told(report)
    assert {key: mine(world, key) for key in excluded} == left
    again = world.plan(spec, wishes)
    assert again.is_empty, text_of(again, spec)


@BOUNDED
@given(stacks(), drifts, st.sampled_from([OLD, NEW]), st.data())
def test_what_is_asked_for_anew_is_made_anew(
    before: Json, entries: list[Json], api: tuple[int, int], data: st.DataObject
) -> None:
    world, spec = started(before, entries, api), loaded(before)
    keys = sorted(key for key, item in before["containers"].items() if item.get("replicas", 1))
    assume(keys)
    key = data.draw(st.sampled_from(keys))
    plan = sound(world, spec, Wishes(replaces=[f"container.{key}"]))
    old = {item[0] for item in mine(world, key)}
    report = world.apply(plan, spec)
    assert report.ok, told(report)
    assert not old & {item[0] for item in mine(world, key)}
    assert world.plan(spec).is_empty
