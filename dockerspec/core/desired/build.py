"""Stack and facts to desired state: names, labels, replicas, inheritance. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from dockerspec.core.address import Address, Kind
from dockerspec.core.desired.images import desired_images
from dockerspec.core.desired.labels import OwnLabels
from dockerspec.core.desired.names import Names, container_image, container_name, names_of, network_specs
from dockerspec.core.desired.state import (
    DesiredContainer,
    DesiredNetwork,
    DesiredState,
    DesiredVolume,
)
from dockerspec.core.diagnostics import Diagnostic, error
from dockerspec.core.facts import ApiVersion, EngineFacts, ImageFacts
from dockerspec.core.placed import Content
from dockerspec.core.spec.model import Stack
from dockerspec.core.table import container as container_table
from dockerspec.core.table import network as network_table
from dockerspec.core.table import volume as volume_table
from dockerspec.core.table.base import OLDEST_API, RELEASES, Context, Row
from dockerspec.core.table.process import secret_variables

if TYPE_CHECKING:
    from dockerspec.core.desired.inputs import ContextFacts
    from dockerspec.core.spec.compose.project import Project

_LEAST_SECRET = 4


@dataclass(frozen=True, slots=True)
class World:
    """What the desired state depends on beside the spec.

    Attributes:
        engine: facts about the engine.
        images: facts by reference; absent from the host, absent here.
        ids: IDs of the engine's containers by name.
        secrets: secret values by name.
        sensitive: values that must not be shown.
        contexts: what was read of the build contexts, by image key.
        builder: the builder of the docker CLI on this machine, `buildx` or `buildkit`; empty for none, or where no
            build needs it.
        origin: where the spec came from.
        project: the Compose project that the stack is; None for a spec of dockerspec's own.
        contents: what configs and secrets hold, by section and name.
    """

    engine: EngineFacts
    images: Mapping[str, ImageFacts] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    sensitive: frozenset[str] = frozenset()
    contexts: Mapping[str, ContextFacts] = field(default_factory=dict)
    builder: str = ""
    origin: str = ""
    project: Project | None = None
    contents: Mapping[tuple[str, str], Content] = field(default_factory=dict)


def build_desired(stack: Stack, world: World) -> tuple[DesiredState, tuple[Diagnostic, ...]]:
    """The desired state of a stack, and what the engine is too old for."""
    names, labels = names_of(stack), _labels(stack, world.project)
    base = Context(
        engine=world.engine,
        networks=names.networks,
        volumes=names.volumes,
        containers=names.containers,
        ids=world.ids,
        secrets=world.secrets,
        # Shorter ones would match by chance.
        sensitive=frozenset(item for item in world.sensitive if len(item) >= _LEAST_SECRET),
        origin=world.origin,
        contents=_contents(stack, world),
    )
    faults: list[Diagnostic] = []
    networks = tuple(_networks(stack, names, base, labels, faults))
    volumes = tuple(_volumes(stack, names, base, labels, faults))
    containers = tuple(_containers(stack, names, base, world, labels, faults))
    images = tuple(desired_images(stack, labels, names, world.contexts, world.secrets, world.builder, faults))
    state = DesiredState(
        stack=labels.owner,
        images=images,
        networks=networks,
        volumes=volumes,
        containers=containers,
        absent=frozenset(key for key, spec in stack.containers.items() if spec.state == "absent"),
        spared=labels.spared,
        origin=world.origin,
    )
    return state, tuple(faults)


def _labels(stack: Stack, project: Project | None) -> OwnLabels:
    if project is None:
        return OwnLabels(stack.stack)
    from dockerspec.core.desired.compose import ComposeLabels

    return ComposeLabels(project)


def _contents(stack: Stack, world: World) -> dict[tuple[str, str], Content]:
    """What configs and secrets hold, with the digests that containers remember.

    Anyone who may list containers can read those of what may be secret: they are as those of secret build arguments.
    """
    if not world.contents:
        return {}
    from dockerspec.core.desired.inputs import short, veiled

    result = {}
    for (section, name), content in world.contents.items():
        declared = getattr(stack, section)[name]
        secret = section == "secrets" or declared.environment is not None
        if secret or any(value in content.text for value in world.sensitive):
            told = veiled(content.text, f"{stack.stack}/{section}/{name}")
        else:
            told = short(content.text)
        result[section, name] = replace(content, digest=told)
    return result


def _too_old(rows: Iterable[Row[Any]], path: str, spec: object, context: Context) -> Iterator[Diagnostic]:
    """Faults for everything that the spec sets and the engine does not know."""
    api = max(context.engine.api, OLDEST_API)
    for row in rows:
        foreign = row.system not in ("", context.engine.os)
        if row.since > api or foreign:
            body: dict[str, Any] = {}
            row.put(body, spec, context)
            if body and foreign:
                summary = f"only engines on {row.system} have this, this one runs on {context.engine.os}"
                yield error(f"{path}.{row.key}", summary, "remove the key")
            elif body:
                yield _needs(f"{path}.{row.key}", row.since, context.engine.api)
        for part in row.parts:
            if part.since > api and part.used(spec):
                yield _needs(f"{path}.{part.path}", part.since, context.engine.api, part.what)


def _needs(path: str, since: ApiVersion, api: ApiVersion, what: str = "") -> Diagnostic:
    need, have = (".".join(map(str, version)) for version in (since, api))
    who = f"{what} needs" if what else "needs"
    summary = f"{who} engine API {need} (Docker {RELEASES.get(since, '?')}), this engine speaks {have}"
    return error(path, summary, "remove the key or upgrade the engine")


def _networks(
    stack: Stack, names: Names, base: Context, labels: OwnLabels, faults: list[Diagnostic]
) -> Iterator[DesiredNetwork]:
    for key, spec in sorted(network_specs(stack).items()):
        address = Address(Kind.NETWORK, key)
        config = stack.networks.get(spec.config_from or "")
        whole = network_table.configured(spec, config) if config is not None else spec
        fields = {} if spec.external else {row.key: row.want(whole, base) for row in network_table.ROWS}
        faults.extend(_too_old(network_table.ROWS, f"networks.{key}", spec, base))
        yield DesiredNetwork(address, names.networks[key], spec, base, labels, fields)


def _volumes(
    stack: Stack, names: Names, base: Context, labels: OwnLabels, faults: list[Diagnostic]
) -> Iterator[DesiredVolume]:
    for key, spec in sorted(stack.volumes.items()):
        address = Address(Kind.VOLUME, key)
        fields = {} if spec.external else {row.key: row.want(spec, base) for row in volume_table.ROWS}
        faults.extend(_too_old(volume_table.ROWS, f"volumes.{key}", spec, base))
        yield DesiredVolume(address, names.volumes[key], spec, base, labels, fields)


def _containers(
    stack: Stack, names: Names, base: Context, world: World, labels: OwnLabels, faults: list[Diagnostic]
) -> Iterator[DesiredContainer]:
    jobs = _jobs(stack)
    for key, spec in sorted(stack.containers.items()):
        if spec.state == "absent":
            continue
        reference = container_image(spec, names)
        context = replace(base, key=key, image=world.images.get(reference))
        faults.extend(_too_old(container_table.ROWS, f"containers.{key}", spec, context))
        fields = container_table.wanted(spec, context)
        secrets = secret_variables(spec, context)
        for replica in range(1, spec.replicas + 1):
            name = container_name(stack.stack, key, spec, replica)
            own_name = name if labels.names_are_aliases else ""
            yield DesiredContainer(
                address=Address(Kind.CONTAINER, key, replica),
                name=name,
                spec=spec,
                context=replace(context, replica=replica, own_name=own_name) if replica > 1 or own_name else context,
                image=reference,
                labels=labels,
                state="completed" if key in jobs and spec.state == "running" else spec.state,
                fields=fields,
                secrets=secrets,
            )


def _jobs(stack: Stack) -> set[str]:
    """Containers whose end another one waits for: they are meant to end, whatever their `state` leaves unsaid."""
    return {
        key
        for spec in stack.containers.values()
        for key, dependency in spec.depends_on.items()
        if dependency.condition == "service_completed_successfully"
    }
