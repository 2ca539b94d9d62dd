"""Seals of plans: what breaks them, and what they must not give away."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from dockerspec.core.address import Address, Kind
from dockerspec.core.diff.change import ChangeKind, ObjectChange
from dockerspec.core.facts import EngineFacts
from dockerspec.core.plan.action import CreateContainer, StartContainer
from dockerspec.core.plan.graph import Graph
from dockerspec.core.plan.plan import Plan
from dockerspec.core.plan.saved import SavedPlan, Source, from_json, is_saved_plan, to_json
from dockerspec.core.plan.seal import broken, seal

SALT = b"0123456789abcdef"
SECRET = "hunter2"
WEB = Address(Kind.CONTAINER, "web", 1)


def plan(**changed: object) -> Plan:
    create = CreateContainer(address=WEB, cause="new", name="shop-web-1", body={"Env": [f"P={SECRET}", "A=1"]})
    start = StartContainer(address=WEB, cause="new", container="shop-web-1", name="shop-web-1")
    made = Plan(
        "shop",
        changes=(ObjectChange(WEB, ChangeKind.CREATE, "new", "shop-web-1"),),
        actions={create.key: create, start.key: start},
        graph=Graph({create.key: frozenset(), start.key: frozenset({create.key})}),
        engine=EngineFacts(id="one"),
        images={"nginx:1": "sha256:1"},
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def action_with(env: list[str]) -> Plan:
    one = plan()
    first, *rest = one.actions.values()
    assert isinstance(first, CreateContainer)
    other = replace(first, body={"Env": env})
    return plan(actions={other.key: other, **{item.key: item for item in rest}})


def test_the_same_plan_has_the_same_seal() -> None:
    assert broken(seal(plan(), [SECRET], SALT), seal(plan(), [SECRET], SALT)) == ()


@pytest.mark.parametrize(
    ("other", "secrets", "reason"),
    [
        (plan(changes=()), [SECRET], "container.web differs in another way"),
        (plan(changes=(), actions={}, graph=Graph({})), [SECRET], "container.web no longer differs"),
        (action_with(["P=" + SECRET, "A=2"]), [SECRET], "container.web differs in another way"),
        (action_with(["P=other", "A=1"]), ["other"], "a secret has another value"),
        (plan(images={"nginx:1": "sha256:2"}), [SECRET], "the tag nginx:1 is on another image"),
        (plan(images={}), [SECRET], "the tag nginx:1 is on another image"),
        (plan(graph=Graph({key: frozenset() for key in plan().actions})), [SECRET], "the order of the steps"),
        (plan(destroys=True), [SECRET], "the order of the steps"),
        (plan(engine=EngineFacts(id="two")), [SECRET], "another engine"),
    ],
)
def test_what_breaks_a_seal_is_named(other: Plan, secrets: list[str], reason: str) -> None:
    [found] = broken(seal(plan(), [SECRET], SALT), seal(other, secrets, SALT))
    assert reason in found


def test_a_container_that_differs_only_by_now_is_named() -> None:
    empty = plan(changes=(), actions={}, graph=Graph({}))
    assert broken(seal(empty, [], SALT), seal(plan(), [], SALT)) == ("container.web differs now",)


def test_a_seal_gives_no_secret_away_by_a_fast_hash() -> None:
    # Taken out before hashing: the parts are the same whatever the secret is, so nobody can try secrets on them.
    one, two = seal(plan(), [SECRET], SALT), seal(action_with(["P=other", "A=1"]), ["other"], SALT)
    assert one.parts == two.parts
    assert one.secrets != two.secrets
    assert SECRET not in json.dumps([one.parts, one.secrets, one.whole])


def saved() -> SavedPlan:
    source = Source(("stack.yaml",), (), {"A": "1"}, ("B",), ("web",), ("data",), destroys=True)
    return SavedPlan("shop", "2026-01-01T00:00:00+00:00", "unix:///s", source, seal(plan(), [], SALT), "text\n", {})


def test_a_saved_plan_comes_back_as_it_was() -> None:
    text = to_json(saved())
    assert is_saved_plan(text[:120])
    assert from_json(text) == saved()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "not a whole one"),
        (to_json(saved())[:-40], "not a whole one"),
        ("[]", "of this version"),
        ('{"format": "dockerspec.saved-plan/2"}', "of this version"),
        ('{"format": "dockerspec.saved-plan/1"}', "a part missing"),
    ],
)
def test_what_is_no_saved_plan_is_told(text: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        from_json(text)


def test_a_spec_is_not_taken_for_a_plan() -> None:
    assert not is_saved_plan("dockerspec: 1\nstack: shop\n")
    assert not is_saved_plan('{"dockerspec": 1}')
