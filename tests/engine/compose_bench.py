"""Compose files carried out twice on one engine, by Compose and by dockerspec, and how what comes out is compared.

Callers: the tests about Compose projects. The README beside the corpus explains the files of a case.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from dockerspec.api import Docker
from dockerspec.core.plan.consent import Consent
from dockerspec.core.plan.plan import Plan
from dockerspec.core.report.outcome import Report
from dockerspec.core.spec.load import LoadResult
from dockerspec.runtime.files import load_files
from tests.engine.field_bench import api_version
from tests.kit.daemon import Daemon
from tests.kit.given import GivenEngine
from tests.kit.raw import RawEngine

Json = Any

CASES = Path(__file__).parents[1] / "cases" / "compose-run"
DIFFERENCES = CASES / "differences.yaml"
MISSING = CASES / "missing.yaml"
TIMEOUT = 120
PROJECT = "com.docker.compose.project"
_DEPENDENCIES = ".depends_on"
_SETS = ("ExposedPorts", "Volumes")
_BEFORE = "before.yaml"
_KINDS = ("container", "network", "volume", "image")
_PATHS = {
    "container": "/containers/{}/json",
    "network": "/networks/{}",
    "volume": "/volumes/{}",
    "image": "/images/{}/json",
}
_LAYER = re.compile(r"overlay2/[0-9a-f]{64}")
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}

_PASSING = """Container ContainerConfig Created CreatedAt DNSNames EndpointID ExecIDs FinishedAt GlobalIPv6Address
    HostPort
    HostnamePath HostsPath IPAddress IPv4Address IPv6Address LastTagTime Log LogPath LowerDir MacAddress MergedDir
    Parent Pid ResolvConfPath SandboxID SandboxKey StartedAt UpperDir WorkDir"""
PASSING = frozenset(_PASSING.split())
"""What is another one with every making, wherever it stands."""

_UNORDERED = "Mounts Env Aliases Binds Links CapAdd CapDrop Ulimits Devices ExtraHosts GroupAdd SecurityOpt"
"""Lists whose order Compose leaves to chance."""


@dataclass(frozen=True)
class Run:
    """A case: a folder with files and the options of `docker compose`."""

    folder: Path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def since(self) -> tuple[int, int]:
        """The first API version that takes the file."""
        file = self.folder / "since"
        return api_version(file.read_text().strip()) if file.exists() else (1, 41)

    @property
    def options(self) -> list[str]:
        """The options, as `--profile debug`."""
        file = self.folder / "options"
        return file.read_text().split() if file.exists() else []


def read_runs() -> list[Run]:
    """All cases."""
    return [Run(path.parent) for path in sorted(CASES.glob("*/compose.yaml"))]


@dataclass
class ComposeBench:
    """One engine, one folder, one project.

    Attributes:
        program: Compose.
        engine: the engine.
        project: the project's name.
        folder: where the files lie.
        image: the image of the files' `${IMAGE}`.
        options: options of `docker compose` before the verb.
    """

    program: Path
    engine: Daemon | GivenEngine
    project: str
    folder: Path
    image: str
    options: list[str] = field(default_factory=list)

    @cached_property
    def docker(self) -> Docker:
        """dockerspec on the engine."""
        return Docker(self.engine.host)

    @property
    def raw(self) -> RawEngine:
        """Calls to the engine."""
        return self.engine.raw

    def write(self, text: str, name: str = "compose.yaml") -> None:
        """Write a file of the project."""
        (self.folder / name).write_text(text, encoding="utf-8")

    @cached_property
    def environ(self) -> dict[str, str]:
        """The variables that a case's files use."""
        machine = platform.machine()
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "DOCKER_HOST": self.engine.host,
            "PROJECT": self.project,
            "COMPOSE_PROJECT_NAME": self.project,
            "IMAGE": self.image,
            "NET": self.engine.subnet(91).removesuffix(".0/24"),
            "NET6": self.engine.subnet6(91).removesuffix("/64"),
            "ARCH": _ARCHITECTURES.get(machine, machine),
            "INHERITED": "from outside",
        }

    @property
    def declared(self) -> tuple[str, ...]:
        """How the addresses begin that the files declare themselves; others are the engine's choice."""
        return self.environ["NET"], self.environ["NET6"]

    def close(self) -> None:
        """Let go of the engine."""
        self.docker.close()

    def stage(self, run: Run) -> None:
        """Put a case's files in place, and bring up what is to be there before."""
        shutil.copytree(run.folder, self.folder, dirs_exist_ok=True)
        self.options = run.options
        if (self.folder / _BEFORE).exists():
            self.call("-p", f"{self.project}-before", "-f", _BEFORE, "up", "-d", "--wait")

    def call(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `docker compose` with words of its own."""
        done = subprocess.run(
            [str(self.program), *words],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        assert not check or done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
        return done

    def compose(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `docker compose` on the case's files."""
        return self.call(*self.options, *words, check=check)

    def down(self) -> None:
        """Remove the project's containers, networks and volumes, as Compose does it."""
        self.compose("--profile", "*", "down", "-v", "-t", "0", "--remove-orphans")

    def load(self) -> LoadResult:
        """The files as dockerspec reads them."""
        profiles = [word for option, word in zip(self.options, self.options[1:], strict=False) if option == "--profile"]
        spec = load_files(cwd=self.folder, environ=self.environ, profiles=profiles)
        assert spec.stack is not None, "\n".join(map(str, spec.diagnostics))
        return spec

    def plan(self) -> Plan:
        """What dockerspec would do."""
        plan = self.docker.plan(self.load())
        assert not plan.errors, "\n".join(map(str, plan.errors))
        return plan

    def apply(self, plan: Plan | None = None) -> Report:
        """Carry the files out."""
        plan = plan or self.plan()
        return self.docker.apply(plan, spec=self.load(), allow=tuple(Consent))

    def destroy(self, **options: Any) -> Report:
        """Remove the project with dockerspec."""
        plan = self.docker.plan_destroy(self.load(), **options)
        assert not plan.errors, "\n".join(map(str, plan.errors))
        return self.docker.apply(plan, allow=tuple(Consent))

    def objects(self) -> dict[str, Json]:
        """The inspect answers of what is the project's, by kind and name."""
        asked = {"filters": {"label": [f"{PROJECT}={self.project}"]}}
        found = {
            "container": [item["Id"] for item in self.raw.get("/containers/json", all=True, **asked)],
            "network": [item["Id"] for item in self.raw.get("/networks", **asked)],
            "volume": [item["Name"] for item in self.raw.get("/volumes", **asked)["Volumes"] or ()],
            "image": [item["Id"] for item in self.raw.get("/images/json", **asked) if item.get("RepoTags")],
        }
        raws = [(kind, self.raw.get(_PATHS[kind].format(ident))) for kind in _KINDS for ident in found[kind]]
        return {f"{kind} {_name(kind, raw)}": raw for kind, raw in raws}

    def lives(self) -> dict[str, tuple[str, str]]:
        """ID and time of start of each container, by name: what changes if anything was done to it."""
        listed = self.objects()
        containers = {key: raw for key, raw in listed.items() if key.startswith("container")}
        return {key: (raw["Id"], raw["State"]["StartedAt"]) for key, raw in containers.items()}


def _name(kind: str, raw: Json) -> str:
    return (raw.get("RepoTags") or [raw["Id"]])[0] if kind == "image" else str(raw["Name"]).lstrip("/")


def leaves(objects: Mapping[str, Json], declared: tuple[str, ...]) -> dict[str, dict[str, Json]]:
    """The values of each object by path, with what means nothing taken out and IDs replaced by names."""
    names = _names_by_id(objects, declared)
    return {key: dict(_leaves(raw, "", names)) for key, raw in objects.items()}


def _names_by_id(objects: Mapping[str, Json], declared: tuple[str, ...]) -> dict[str, str]:
    names = {raw["Id"]: key for key, raw in objects.items() if raw.get("Id")}
    for key, raw in objects.items():
        for pool in (raw.get("IPAM") or {}).get("Config") or () if key.startswith("network") else ():
            if not pool["Subnet"].startswith(declared):
                names[pool["Subnet"].rpartition(".")[0] + "."] = f"pool of {key}"
    for key, raw in objects.items():
        for mount in raw.get("Mounts") or () if key.startswith("container") else ():
            if re.fullmatch("[0-9a-f]{64}", mount.get("Name") or ""):
                names.setdefault(mount["Name"], f"anonymous volume of {mount['Destination']}")
    return names


def _leaves(value: Json, path: str, names: Mapping[str, str]) -> Iterator[tuple[str, Json]]:
    if path.endswith(_DEPENDENCIES):
        value = ",".join(sorted(value.split(",")))
    if value == {} and path.rpartition(".")[0].endswith(_SETS):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in PASSING and not key.startswith("dockerspec."):
                yield from _leaves(item, f"{path}.{_named(key, names)}" if path else key, names)
    elif isinstance(value, list):
        last = path.rpartition(".")[2]
        items = value
        if last in _UNORDERED.split():
            items = sorted(value, key=lambda item: _named(json.dumps(item, sort_keys=True), names))
        for number, item in enumerate(items):
            yield from _leaves(item, f"{path}[{number}]", names)
    elif isinstance(value, str):
        if value:
            yield path, _named(value, names)
    elif value is not None:
        yield path, value


def _named(text: str, names: Mapping[str, str]) -> str:
    for ident, name in names.items():
        short = ident.removeprefix("sha256:")[:12]
        if short in text:
            text = text.replace(ident, f"<{name}>").replace(short, f"<{name}>")
    return _LAYER.sub("overlay2/<layer>", text)


def read_differences() -> list[dict[str, str]]:
    """The list of what differs, with its reasons."""
    return list(YAML(typ="safe").load(DIFFERENCES) or ())


def unlike(
    theirs: Mapping[str, Json], ours: Mapping[str, Json], declared: tuple[str, ...], known: list[dict[str, str]]
) -> list[str]:
    """What differs between two bring-ups, a line each, but for what is known to differ.

    Args:
        theirs, ours: the objects by kind and name.
        declared: how the addresses begin that the files declare.
        known: the list of differences.
    """
    left, right = leaves(theirs, declared), leaves(ours, declared)
    alone = sorted(left.keys() ^ right.keys())
    lines = [f"{key}: only by {'Compose' if key in left else 'dockerspec'}" for key in alone]
    for key in sorted(left.keys() & right.keys()):
        one, two = left[key], right[key]
        for path in sorted(one.keys() | two.keys()):
            before, after = one.get(path), two.get(path)
            if before != after and not any(_meant(entry, f"{key}.{path}", before, after) for entry in known):
                lines.append(f"{key}: {path}: Compose {before!r}, dockerspec {after!r}")
    return lines


def _meant(entry: dict[str, str], path: str, theirs: Json, ours: Json) -> bool:
    """Whether an entry of the list is about a difference."""
    return (
        fnmatchcase(path, entry["path"])
        and entry.get("compose", theirs) == theirs
        and entry.get("dockerspec", ours) == ours
    )
