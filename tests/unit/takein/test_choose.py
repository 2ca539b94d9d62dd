"""Which containers are meant, what they are called in the spec, and what is kept out of it."""

from __future__ import annotations

from typing import Any

import pytest

from dockerspec.core.ownership import Owner
from dockerspec.core.takein.choose import Selection, choose, stack_name
from dockerspec.core.takein.fold import Member, fold
from dockerspec.core.takein.page import Variable
from dockerspec.core.takein.secrets import Vault, container_command
from dockerspec.errors import NotFound

Json = Any


def listed(ident: str, name: str, **labels: str) -> Json:
    return {"Id": ident, "Names": [f"/other/{name}", f"/{name}"], "Labels": labels}


LISTING = [
    listed("aaaa1111", "web", team="shop"),
    listed("aaaa2222", "db", team="shop", tier="data"),
    listed("bbbb0000", "web.replaced", team="shop"),
    listed("cccc0000", "loner"),
]


@pytest.mark.parametrize(
    ("selection", "chosen"),
    [
        (Selection(("web",)), ("aaaa1111",)),
        (Selection(("web", "db", "web")), ("aaaa2222", "aaaa1111")),
        (Selection(("aaaa1",)), ("aaaa1111",)),
        (Selection(labels=("team",)), ("aaaa2222", "aaaa1111")),
        (Selection(labels=("team=shop", "tier")), ("aaaa2222",)),
        (Selection(("loner",), ("tier",)), ("aaaa2222", "cccc0000")),
        (Selection(all=True), ("aaaa2222", "cccc0000", "aaaa1111")),
    ],
)
def test_containers_are_chosen_by_name_id_label_or_all(selection: Selection, chosen: tuple[str, ...]) -> None:
    assert choose(LISTING, selection) == chosen


@pytest.mark.parametrize(
    ("selection", "said"),
    [
        (Selection(("wbe",)), "there is no container wbe on this engine\ndid you mean 'web'?"),
        (Selection(("aaaa",)), "aaaa is the beginning of 2 container IDs\nwrite more of it"),
        (Selection(("aaa",)), "there is no container aaa"),
        (Selection(labels=("none",)), "there is no container with the label none on this engine"),
    ],
)
def test_what_means_nothing_is_said(selection: Selection, said: str) -> None:
    with pytest.raises(NotFound) as refused:
        choose(LISTING, selection)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("owners", "projects", "default", "name"),
    [
        ([Owner("shop", "web"), Owner("shop", "db")], ["", ""], "folder", "shop"),
        ([Owner("shop", "web"), None], ["", ""], "folder", "folder"),
        ([None, None], ["blog", "blog"], "folder", "blog"),
        ([None, None], ["blog", "shop"], "My Folder!", "myfolder"),
        ([None], [""], "...", "imported"),
    ],
)
def test_the_stack_is_the_containers_own(owners: Json, projects: list[str], default: str, name: str) -> None:
    labels = [{"com.docker.compose.project": project} for project in projects]
    assert stack_name(owners, labels, default) == name


def member(name: str, key: str, replica: int = 1, *, own: bool = False, **fields: Json) -> Member:
    return Member({}, name, {}, {"ports": {}, "labels": {}, "networks": {}, **fields}, key, replica, own)


def folded(*members: Member) -> dict[str, Json]:
    return {item.key: (item.first.name, item.replicas, item.fields["ports"]) for item in fold(members, "shop")}


@pytest.mark.parametrize(
    ("members", "entries"),
    [
        ([member("web", "web")], {"web": ("web", 1, {})}),
        (
            [member("shop-web-2", "web", 2), member("shop-web-1", "web", 1)],
            {"web": ("shop-web-1", 2, {})},
        ),
        (
            [
                member("shop-web-1", "web", 1, ports={"80/tcp": ("127.0.0.1:8080",)}),
                member("shop-web-2", "web", 2, ports={"80/tcp": ("127.0.0.1:8081",)}),
            ],
            {"web": ("shop-web-1", 2, {"80/tcp": ("127.0.0.1:8080-8081",)})},
        ),
        # What can't be one entry becomes several.
        (
            [
                member("shop-web-1", "web", 1, ports={"80/tcp": ("8080",)}),
                member("shop-web-2", "web", 2, ports={"80/tcp": ("9000",)}),
            ],
            {
                "shop-web-1": ("shop-web-1", 1, {"80/tcp": ("8080",)}),
                "shop-web-2": ("shop-web-2", 1, {"80/tcp": ("9000",)}),
            },
        ),
        (
            [member("shop-web-1", "web", 1, user="a"), member("shop-web-2", "web", 2, user="b")],
            {"shop-web-1": ("shop-web-1", 1, {}), "shop-web-2": ("shop-web-2", 1, {})},
        ),
        # The stack's own are bound to their key, alike or not.
        (
            [member("shop-web-1", "web", 1, own=True, user="a"), member("shop-web-2", "web", 2, own=True, user="b")],
            {"web": ("shop-web-1", 2, {})},
        ),
        (
            [member("shop-web-1", "web", 1, own=True), member("web", "web", 1)],
            {"web": ("shop-web-1", 1, {}), "web-2": ("web", 1, {})},
        ),
    ],
)
def test_replicas_are_folded(members: list[Member], entries: Json) -> None:
    assert folded(*members) == entries


def test_secrets_stay_out_and_one_value_is_one_secret() -> None:
    vault = Vault()
    web = {
        "environment": {
            "A": "1",
            "DB_PASSWORD": "one",
            "URL": "db://u:two@h",
            "HOST": "http://h:80/x",
            "TOLD": "three",
        },
        "labels": {"api-token": "four", "team": "x"},
        "logging": {"driver": "splunk", "options": {"splunk-token": "five", "tag": "t"}},
    }
    db = {"environment": {"DB_PASSWORD": "one"}}
    other = {"environment": {"DB_PASSWORD": "six", "EMPTY_PASSWORD": ""}}
    vault.environment(web, "web", {"TOLD"})
    vault.texts(web, "web", container_command("web"))
    vault.environment(db, "db", ())
    vault.environment(other, "other", ())
    assert web == {
        "environment": {
            "A": "1",
            "DB_PASSWORD": {"secret": "db_password"},
            "URL": {"secret": "url"},
            "HOST": "http://h:80/x",
            "TOLD": {"secret": "told"},
        },
        "labels": {"api-token": Variable("WEB_API_TOKEN"), "team": "x"},
        "logging": {"driver": "splunk", "options": {"splunk-token": Variable("WEB_SPLUNK_TOKEN"), "tag": "t"}},
    }
    assert db == {"environment": {"DB_PASSWORD": {"secret": "db_password"}}}
    assert other == {"environment": {"DB_PASSWORD": {"secret": "other_db_password"}, "EMPTY_PASSWORD": ""}}
    assert vault.sections() == {
        "variables": {"WEB_API_TOKEN": {"sensitive": True}, "WEB_SPLUNK_TOKEN": {"sensitive": True}},
        "secrets": {
            "db_password": {"environment": "DB_PASSWORD"},
            "other_db_password": {"environment": "OTHER_DB_PASSWORD"},
            "told": {"environment": "TOLD"},
            "url": {"environment": "URL"},
        },
    }
    assert [fill.name for fill in vault.fills] == [
        *("DB_PASSWORD", "URL", "TOLD", "WEB_API_TOKEN", "WEB_SPLUNK_TOKEN", "OTHER_DB_PASSWORD"),
    ]
