"""What a build depends on: how it is recorded, told and found in a Dockerfile; and that every parameter is listed."""

from __future__ import annotations

import pytest

from dockerspec.core.desired.inputs import bases, clause, differing, of_files, record, short, veiled
from dockerspec.core.spec.model import Build, ImageSpec
from dockerspec.core.table import image as table
from dockerspec.core.values import parse_platform, parse_pull_policy, pull_period

FILES = {"a.py": "1" * 64, "x/y.txt": "2" * 64, "x/z.txt": "3" * 64}


@pytest.mark.parametrize(
    ("dockerfile", "args", "expected"),
    [
        ("FROM busybox\n", {}, ["busybox"]),
        ("from busybox as one\nFROM one\nFROM scratch\nCOPY --from=one /a /\n", {}, ["busybox"]),
        ("ARG V=1\nFROM app:${V}\n", {}, ["app:1"]),
        ("ARG V=1\nFROM app:$V\n", {"V": "2"}, ["app:2"]),
        ('ARG A="x" B=y\nFROM $A/$B\n', {}, ["x/y"]),
        ("FROM app:${V:-3}\n", {}, ["app:3"]),
        ("FROM app:$V\n", {}, []),
        ("FROM a\nARG V=1\nFROM app:$V\n", {}, ["a"]),
        ("FROM --platform=$BUILDPLATFORM tools AS t\nFROM a\nCOPY --chown=0 --from=t /x /\n", {}, ["a"]),
        (
            "FROM a AS b\nCOPY --from=0 /x /\nCOPY --from=lib:2 /x /\nRUN --mount=type=bind,from=m:3,target=/x ls\n",
            {},
            ["a", "lib:2", "m:3"],
        ),
        ("# FROM no\nFROM \\\n  a:1 \\\n  AS x\n", {}, ["a:1"]),
        ("FROM a\nFROM a\n", {}, ["a"]),
        ("", {}, []),
    ],
)
def test_base_images(dockerfile: str, args: dict[str, str], expected: list[str]) -> None:
    assert list(bases(dockerfile, args)) == expected


def test_names_of_contexts_are_no_images() -> None:
    assert bases("FROM a\nCOPY --from=lib /x /\n", {}, ["lib"]) == ("a",)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"args.V": "1"}, ""),
        ({"args.V": "2"}, "args.V changed"),
        ({"target": "1"}, "args.V, target changed"),
        ({"args.V": "1", **of_files({"a.py": "9" * 64})}, "3 files changed: a.py, x/y.txt, x/z.txt"),
    ],
)
def test_what_is_said_of_a_change(now: dict[str, str], said: str) -> None:
    before = {"args.V": "1", **of_files(FILES)}
    if not any(name.startswith("/") for name in now):
        now = {**now, **of_files(FILES)}
    assert clause(differing(record(before), now)) == said


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([f"src/deep/file-with-a-long-name-{number}.py" for number in range(2000)], "1 file changed: src/"),
        ([f"folder-with-a-name-{number}/file" for number in range(2000)], "files of the context changed"),
    ],
    ids=["many files", "many folders"],
)
def test_a_record_is_bounded_and_still_tells(names: list[str], said: str) -> None:
    files = {name: f"{number:064x}" for number, name in enumerate(names)}
    kept = record(of_files(files))
    assert len(kept) <= 3000
    assert differing(kept, of_files(files)) == []
    assert clause(differing(kept, of_files({**files, names[7]: "f" * 64}))) == said


@pytest.mark.parametrize("text", ["", "no json", "[]"])
def test_a_record_that_can_not_be_read_tells_nothing(text: str) -> None:
    assert differing(text, of_files(FILES)) == []


def test_a_secret_is_veiled() -> None:
    assert veiled("hunter2", "a") != veiled("hunter2", "b")
    assert veiled("hunter2", "a") != veiled("hunter3", "a")
    assert len(veiled("hunter2", "a")) == 6
    assert short("hunter2")[:6] != veiled("hunter2", "a")


@pytest.mark.parametrize(
    ("given", "policy", "seconds"),
    [
        ("always", "always", 0),
        ("if_not_present", "missing", 0),
        ("Daily", "daily", 86_400),
        ("weekly", "weekly", 604_800),
        ("every_1w2d3h4m5s", "every_1w2d3h4m5s", 788_645),
        ("every_90m", "every_90m", 5_400),
    ],
)
def test_pull_policies(given: str, policy: str, seconds: int) -> None:
    assert parse_pull_policy(given) == policy
    assert pull_period(policy) == seconds


@pytest.mark.parametrize(
    ("given", "platform"),
    [
        ("linux/amd64", "linux/amd64"),
        ("Linux/x86_64", "linux/amd64"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm/v7", "linux/arm/v7"),
        ("linux/armhf", "linux/arm/v7"),
        ("linux", "linux"),
        ("x86_64", "linux/amd64"),
        ("windows(10.0.17763)/amd64", "windows(10.0.17763)/amd64"),
    ],
)
def test_platforms(given: str, platform: str) -> None:
    assert parse_platform(given) == platform


ENGINE_BUILD = {
    "dockerfile",
    "t",
    "extrahosts",
    "remote",
    "q",
    "nocache",
    "cachefrom",
    "pull",
    "rm",
    "forcerm",
    "memory",
    "memswap",
    "cpushares",
    "cpusetcpus",
    "cpusetmems",
    "cpuperiod",
    "cpuquota",
    "buildargs",
    "shmsize",
    "squash",
    "labels",
    "networkmode",
    "platform",
    "target",
    "outputs",
    "version",
    "ulimits",
    "isolation",
    "cgroupparent",
    "securityopt",
}
"""The query parameters of `POST /build`: those of the reference, and those that the daemon reads beside them."""


def test_every_parameter_of_the_engine_is_written_or_left_out_with_a_reason() -> None:
    written = {item.name for item in table.BUILD if item.name} | set(table.BUILD_ALWAYS)
    assert written | set(table.BUILD_LEFT_OUT) == ENGINE_BUILD
    assert not written & set(table.BUILD_LEFT_OUT)
    assert set(table.PULL) | set(table.PULL_LEFT_OUT) == {
        "fromImage",
        "fromSrc",
        "repo",
        "tag",
        "message",
        "changes",
        "platform",
    }
    assert set(table.PUSH) | set(table.PUSH_LEFT_OUT) == {"tag", "platform"}
    reasons = [*table.BUILD_LEFT_OUT.values(), *table.PULL_LEFT_OUT.values(), *table.PUSH_LEFT_OUT.values()]
    assert all(reasons)


def test_every_key_of_a_build_is_a_parameter() -> None:
    listed = {item.key.removeprefix("build.") for item in table.BUILD}
    apart = {"context", "dockerfile", "dockerfile_inline", "labels", "tags"}
    assert listed | apart == set(Build.model_fields)
    assert {key for text in table.PULL.values() for key in [text]} <= set(ImageSpec.model_fields)


@pytest.mark.parametrize(
    ("build", "needed"),
    [
        ({"args": {"A": "b"}}, ("", "")),
        ({"secrets": ["s"]}, ("buildkit", "build.secrets")),
        ({"ssh": ["default"]}, ("buildkit", "build.ssh")),
        ({"platforms": ["linux/amd64"]}, ("", "")),
        ({"platforms": ["linux/amd64", "linux/arm64"]}, ("buildx", "build.platforms")),
        ({"secrets": ["s"], "sbom": True}, ("buildx", "build.sbom")),
    ],
)
def test_the_least_builder(build: dict[str, object], needed: tuple[str, str]) -> None:
    assert table.builder_of(Build.model_validate(build)) == needed


def test_words_for_the_builder_of_the_cli() -> None:
    build = Build.model_validate(
        {
            "args": {"A": "b"},
            "target": "t",
            "shm_size": "1k",
            "ulimits": {"nofile": 5},
            "cache_from": ["x", "y"],
            "no_cache": True,
            "entitlements": ["network.host"],
            "privileged": True,
            "ssh": {"default": None, "key": "/k"},
            "sbom": True,
        }
    )
    assert " ".join(table.words(build)) == (
        "--build-arg A=b --target t --shm-size 1024 --ulimit nofile=5:5 --cache-from x --cache-from y --no-cache "
        "--ssh default --ssh key=/k --allow network.host --allow security.insecure --sbom true"
    )
