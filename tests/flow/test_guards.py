"""Consent: what takes more than a yes, who may give it, and that nobody gets around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dockerspec.api import Docker, open_plan
from dockerspec.core.plan.action import RemoveVolume
from dockerspec.core.plan.consent import Consent
from dockerspec.core.plan.plan import Plan
from dockerspec.core.plan.saved import Source
from dockerspec.errors import Refused
from tests.flow.drift import Drift
from tests.flow.world import Wishes, World, load

Json = Any

WEB = 'containers:\n  web: {image: "app:1"}\n'
TWO = WEB + '  old: {image: "app:1"}\n'
DATA = "volumes: {data: {}}\n" + WEB


def spec_of(folder: Path, body: str, name: str = "spec.yaml") -> Any:
    file = folder / name
    file.write_text(f"dockerspec: 1\nstack: shop\n{body}")
    return load(file)


def guarded(plan: Plan) -> list[tuple[str, bool, list[str]]]:
    """The guards in short."""
    return [(str(item.consent), item.given, [str(one.address) for one in item.objects]) for item in plan.guards]


CASES: list[tuple[str, str, str, list[Json], Wishes, list[tuple[str, bool, list[str]]]]] = [
    ("nothing", WEB, WEB, [], Wishes(), []),
    ("an orphan that runs", TWO, WEB, [], Wishes(), [("service-down", False, ["container.old"])]),
    ("with consent", TWO, WEB, [], Wishes(allow=["service-down"]), [("service-down", True, ["container.old"])]),
    ("with another consent", TWO, WEB, [], Wishes(allow=["foreign"]), [("service-down", False, ["container.old"])]),
    ("an orphan that stands", TWO, WEB, [{"stop": "old"}], Wishes(), []),
    ("an orphan that is paused", TWO, WEB, [{"pause": "old"}], Wishes(), [("service-down", False, ["container.old"])]),
    ("another key", WEB, 'containers:\n  www: {image: "app:1"}\n', [], Wishes(),
     [("service-down", False, ["container.web"]), ("stack-takeover", False, ["container.web"])]),
    ("stopped", WEB, WEB.replace("}", ", state: stopped}"), [], Wishes(),
     [("service-down", False, ["container.web"])]),
    ("stopped and replaced", WEB, WEB.replace("}", ", state: stopped, user: '7'}"), [], Wishes(),
     [("service-down", False, ["container.web"])]),
    ("stays stopped", WEB.replace("}", ", state: stopped}"), WEB.replace("}", ", state: stopped, user: '7'}"), [],
     Wishes(), []),
    ("absent", WEB, WEB.replace("}", ", state: absent}"), [], Wishes(), [("service-down", False, ["container.web"])]),
    ("replaced", WEB, WEB.replace("}", ", user: '7'}"), [], Wishes(), []),
    ("made anew", WEB, WEB, [], Wishes(replaces=["web"]), []),
    ("fewer", WEB.replace("}", ", replicas: 3}"), WEB, [], Wishes(), []),
    ("destroyed", TWO, WEB, [], Wishes(destroy=True), []),
    ("left out by a target", TWO, WEB, [], Wishes(targets=["web"]), []),
    ("excluded", TWO, WEB, [], Wishes(excludes=["old"]), []),
    ("a volume that stays", DATA, WEB, [], Wishes(), []),
    ("a volume that goes", DATA, WEB, [], Wishes(delete_volumes=["data"]), [("volume-delete", True, ["volume.data"])]),
    ("all volumes", DATA, WEB, [], Wishes(allow=["volume-delete"]), [("volume-delete", True, ["volume.data"])]),
    ("a volume that its spec gives up", DATA, DATA.replace("data: {}", "data: {prevent_destroy: false}"), [],
     Wishes(destroy=True), [("volume-delete", True, ["volume.data"])]),
    ("a copy", WEB, WEB, [{"double": {"container": "web", "name": "copy", "started": True}}], Wishes(),
     [("foreign", False, ["container.web"])]),
    ("our own double", WEB, WEB, [{"double": {"container": "web", "name": "shop-web-1.replaced", "started": False}}],
     Wishes(), []),
    ("renamed, then dropped", TWO, WEB, [{"rename": {"container": "old", "to": "elsewhere"}}, {"stop": "elsewhere"}],
     Wishes(), []),
    ("labels by hand", WEB, WEB,
     [{"foreign-container": {"name": "tool", "labels": {"dockerspec.stack": "shop", "dockerspec.resource": "web"}}}],
     Wishes(destroy=True), [("foreign", False, ["container.web"])]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "happened", "wishes", "guards"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_guards(
    tmp_path: Path,
    before: str,
    after: str,
    happened: list[Json],
    wishes: Wishes,
    guards: list[tuple[str, bool, list[str]]],
) -> None:
    world = World()
    world.settle(spec_of(tmp_path, before, "before.yaml"))
    Drift(world.engine, "shop").run(happened)
    spec = spec_of(tmp_path, after, "after.yaml")
    plan = world.plan(spec, wishes)
    assert not plan.errors
    assert guarded(plan) == guards

    left = world.snapshot()
    if all(given for _, given, _ in guards):
        assert world.docker.apply(plan, parallelism=1).ok
        return
    with pytest.raises(Refused, match="a yes is not enough") as refused:
        world.docker.apply(plan)
    for consent, given, objects in guards:
        assert (f"--allow {consent}: " in str(refused.value)) is not given
        assert all(address in str(refused.value) for address in objects)
    assert world.snapshot() == left
    assert world.docker.apply(plan, allow=[name for name, _, _ in guards], parallelism=1).ok


@pytest.mark.parametrize("call", ["plan", "plan_destroy", "apply"])
def test_a_word_that_is_no_consent(tmp_path: Path, call: str) -> None:
    world, spec = World(), spec_of(tmp_path, WEB)
    argument = Plan("shop") if call == "apply" else spec
    with pytest.raises(ValueError, match="'everything' is no consent; write volume-delete, service-down, foreign or"):
        getattr(world.docker, call)(argument, allow=["everything"])


# --- one name, two specs -------------------------------------------------------------------------------------------


def takeover(plan: Plan) -> list[str]:
    """The objects that another spec made."""
    return [str(one.address) for item in plan.guards if item.consent is Consent.STACK_TAKEOVER for one in item.objects]


PLACES = [
    ("the same file", "a/stack.yaml", TWO, "a/stack.yaml", WEB, []),
    ("another folder, the same spec", "job/stack.yaml", TWO, "job@2/stack.yaml", WEB, []),
    ("another spec", "a/stack.yaml", TWO, "b/stack.yaml", 'containers:\n  db: {image: "db:1"}\n',
     ["container.old", "container.web"]),
    ("another spec that shares a network", "a/stack.yaml", "networks: {front: {}}\n" + WEB, "b/stack.yaml",
     'networks: {front: {}}\ncontainers:\n  db: {image: "db:1"}\n', ["container.web"]),
    ("networks alone, the same spec", "job/stack.yaml", "networks: {front: {}, back: {}}\n", "job@2/stack.yaml",
     "networks: {front: {}}\n", []),
    ("networks alone, another spec", "a/stack.yaml", "networks: {front: {}}\n", "b/stack.yaml",
     "networks: {back: {}}\n", ["network.front"]),
    ("all keys renamed", "a/stack.yaml", WEB, "a/stack.yaml", 'containers:\n  www: {image: "app:1"}\n', []),
    ("nothing left", "a/stack.yaml", WEB, "a/stack.yaml", "volumes: {data: {}}\n", []),
    ("from standard input before", "", WEB, "a/stack.yaml", 'containers:\n  db: {image: "db:1"}\n',
     ["container.web"]),
    ("from standard input before, some known", "", TWO, "a/stack.yaml", WEB, []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "before", "second", "after", "taken"), [case[1:] for case in PLACES], ids=[case[0] for case in PLACES]
)
def test_two_specs_of_one_name(
    tmp_path: Path, first: str, before: str, second: str, after: str, taken: Sequence[str]
) -> None:
    for folder in {Path(name).parent for name in (first, second)}:
        (tmp_path / folder).mkdir(exist_ok=True)
    world = World()
    old = spec_of(tmp_path, before, first or "none.yaml")
    world.settle(replace(old, place=first))
    made = [*world.engine.containers(), *world.engine.networks()]
    assert {item["Labels"].get("dockerspec.origin", "") for item in made if "dockerspec.stack" in item["Labels"]} == {
        first
    }
    spec = spec_of(tmp_path, after, second)
    assert spec.place == second
    assert takeover(world.plan(spec)) == list(taken)
    assert takeover(world.plan(spec, Wishes(destroy=True))) == list(taken)


def test_each_spec_in_turn_is_told(tmp_path: Path) -> None:
    world = World()
    mine, theirs = WEB + '  db: {image: "db:1"}\n', WEB + '  cache: {image: "cache:7"}\n'
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    world.settle(spec_of(tmp_path, mine, "a/stack.yaml"))
    world.settle(spec_of(tmp_path, theirs, "b/stack.yaml"))
    assert takeover(world.plan(spec_of(tmp_path, mine, "a/stack.yaml"))) == ["container.cache"]


def test_where_a_spec_came_from_is_no_difference(tmp_path: Path) -> None:
    world = World()
    spec = spec_of(tmp_path, DATA)
    world.settle(replace(spec, place=""))
    assert world.plan(spec).is_empty
    assert world.plan(replace(spec, place="else/where.yaml")).is_empty


# --- saved plans ---------------------------------------------------------------------------------------------------


def saved(docker: Docker, spec: Any, folder: Path, source: Source) -> Any:
    plan = docker.plan(spec, **source.asked.wishes)
    docker.save_plan(folder / "saved.plan", plan, spec, source)
    return open_plan(folder / "saved.plan")


def test_a_saved_plan_keeps_the_consent(tmp_path: Path) -> None:
    world = World()
    world.settle(spec_of(tmp_path, TWO))
    spec = spec_of(tmp_path, WEB)
    without = saved(world.docker, spec, tmp_path, Source(("spec.yaml",)))
    with pytest.raises(Refused, match="--allow service-down"):
        world.docker.apply(world.docker.plan_again(without, spec))
    kept = saved(world.docker, spec, tmp_path, Source(("spec.yaml",), allow=("service-down",)))
    assert world.docker.apply(world.docker.plan_again(kept, spec)).ok


def test_a_saved_plan_refuses_what_came_up_since(tmp_path: Path) -> None:
    """Consent is for what was seen: an orphan that was started meanwhile is another plan."""
    world = World()
    world.settle(spec_of(tmp_path, TWO))
    Drift(world.engine, "shop").run([{"stop": "old"}])
    spec = spec_of(tmp_path, WEB)
    kept = saved(world.docker, spec, tmp_path, Source(("spec.yaml",)))
    Drift(world.engine, "shop").run([{"start": "old"}])
    with pytest.raises(Refused, match=r"container\.old differs in another way"):
        world.docker.plan_again(kept, spec)


def test_a_saved_plan_keeps_what_was_asked_for(tmp_path: Path) -> None:
    world = World()
    spec = spec_of(tmp_path, TWO)
    world.settle(spec)
    asked = Source(("spec.yaml",), replaces=("web",), excludes=("old",))
    kept = saved(world.docker, spec, tmp_path, asked)
    assert kept.source == asked
    # Another folder, as the next job of a pipeline has it, is no other plan.
    plan = world.docker.plan_again(kept, replace(spec, place="job@2/spec.yaml"))
    assert [(str(item.address), item.kind) for item in plan.changes] == [("container.web", "replace")]


# --- prevent_destroy -----------------------------------------------------------------------------------------------

KEPT = """
networks: {front: {}}
volumes: {data: {prevent_destroy: true}}
containers:
  db: {image: "db:1", replicas: 2, networks: [front], volumes: ["data:/data"]}
"""
WIDE = tuple(Consent)
NAMED = Wishes(delete_volumes=["data"])

PREVENTED: list[tuple[str, str, Wishes, bool]] = [
    # what is done, the spec then, the wishes, whether the volume survives
    ("its container is replaced", KEPT.replace("replicas", "user: '7', replicas"), Wishes(allow=WIDE), True),
    ("its container is made anew", KEPT, Wishes(replaces=["db"], allow=WIDE), True),
    ("its container is scaled down", KEPT.replace("replicas: 2", "replicas: 1"), Wishes(allow=WIDE), True),
    ("its container leaves the spec", "volumes: {data: {prevent_destroy: true}}\n", Wishes(allow=WIDE), True),
    ("its container's network is made anew", KEPT.replace("front: {}", "front: {labels: {a: b}}"), Wishes(allow=WIDE),
     True),
    ("its container's network is asked for anew", KEPT, Wishes(replaces=["network.front"], allow=WIDE), True),
    ("it leaves the spec", WEB, Wishes(), True),
    ("it leaves the spec, which said so", WEB, Wishes(allow=WIDE), False),
    ("it differs", KEPT.replace("true}", "true, labels: {a: b}}"), Wishes(allow=WIDE), True),
    ("it differs, and is named", KEPT.replace("true}", "true, labels: {a: b}}"), NAMED, False),
    ("it is asked for anew", KEPT, Wishes(replaces=["volume.data"], allow=WIDE), True),
    ("it is asked for anew, and is named", KEPT, replace(NAMED, replaces=["volume.data"]), False),
    ("the stack is destroyed", KEPT, Wishes(destroy=True, allow=WIDE), True),
    ("the stack is destroyed, and it is named", KEPT, replace(NAMED, destroy=True), False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("after", "wishes", "survives"), [case[1:] for case in PREVENTED], ids=[case[0] for case in PREVENTED]
)
def test_prevent_destroy(tmp_path: Path, after: str, wishes: Wishes, survives: bool) -> None:
    """On every way there is, the volume stays unless it is named, or the spec no longer speaks for it."""
    world = World()
    world.settle(spec_of(tmp_path, KEPT))
    spec = spec_of(tmp_path, after)
    plan = world.plan(spec, wishes)
    if not plan.errors:
        world.apply(plan, spec)
    removed = any(isinstance(action, RemoveVolume) for action in plan.actions.values())
    there = any(item["Name"] == "shop_data" for item in world.engine.volumes())
    assert (there and not removed) is survives
    assert survives or plan.guards[0].consent is Consent.VOLUME_DELETE
