"""Stack and facts to desired state: names, labels, replicas, inheritance. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dockerspec.core.address import Address, Kind
from dockerspec.core.desired.names import (
    Names,
    container_image,
    container_name,
    image_reference,
    names_of,
    network_specs,
)
from dockerspec.core.desired.state import (
    Build,
    DesiredContainer,
    DesiredImage,
    DesiredNetwork,
    DesiredState,
    DesiredVolume,
)
from dockerspec.core.diagnostics import Diagnostic, error
from dockerspec.core.facts import ApiVersion, EngineFacts, ImageFacts
from dockerspec.core.ownership import BUILD_DIGEST, BUILD_STACK
from dockerspec.core.spec.model import ImageSpec, Stack
from dockerspec.core.table import container as container_table
from dockerspec.core.table import network as network_table
from dockerspec.core.table import volume as volume_table
from dockerspec.core.table.base import OLDEST_API, RELEASES, Context, Row, plain
from dockerspec.core.table.process import secret_variables

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
        contexts: digests of the build contexts by image key.
    """

    engine: EngineFacts
    images: Mapping[str, ImageFacts] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    sensitive: frozenset[str] = frozenset()
    contexts: Mapping[str, str] = field(default_factory=dict)


def build_desired(stack: Stack, world: World) -> tuple[DesiredState, tuple[Diagnostic, ...]]:
    """The desired state of a stack, and what the engine is too old for."""
    names = names_of(stack)
    base = Context(
        engine=world.engine,
        networks=names.networks,
        volumes=names.volumes,
        containers=names.containers,
        ids=world.ids,
        secrets=world.secrets,
        # Shorter ones would match by chance.
        sensitive=frozenset(item for item in world.sensitive if len(item) >= _LEAST_SECRET),
    )
    faults: list[Diagnostic] = []
    networks = tuple(_networks(stack, names, base, faults))
    volumes = tuple(_volumes(stack, names, base, faults))
    containers = tuple(_containers(stack, names, base, world, faults))
    state = DesiredState(
        stack=stack.stack,
        images=tuple(_images(stack, names, world)),
        networks=networks,
        volumes=volumes,
        containers=containers,
        absent=frozenset(key for key, spec in stack.containers.items() if spec.state == "absent"),
    )
    return state, tuple(faults)


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


def _networks(stack: Stack, names: Names, base: Context, faults: list[Diagnostic]) -> Iterator[DesiredNetwork]:
    for key, spec in sorted(network_specs(stack).items()):
        address = Address(Kind.NETWORK, key)
        config = stack.networks.get(spec.config_from or "")
        whole = network_table.configured(spec, config) if config is not None else spec
        fields = {} if spec.external else {row.key: row.want(whole, base) for row in network_table.ROWS}
        faults.extend(_too_old(network_table.ROWS, f"networks.{key}", spec, base))
        yield DesiredNetwork(address, names.networks[key], spec, base, stack.stack, fields)


def _volumes(stack: Stack, names: Names, base: Context, faults: list[Diagnostic]) -> Iterator[DesiredVolume]:
    for key, spec in sorted(stack.volumes.items()):
        address = Address(Kind.VOLUME, key)
        fields = {} if spec.external else {row.key: row.want(spec, base) for row in volume_table.ROWS}
        faults.extend(_too_old(volume_table.ROWS, f"volumes.{key}", spec, base))
        yield DesiredVolume(address, names.volumes[key], spec, base, stack.stack, fields)


def _containers(
    stack: Stack, names: Names, base: Context, world: World, faults: list[Diagnostic]
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
            yield DesiredContainer(
                address=Address(Kind.CONTAINER, key, replica),
                name=container_name(stack.stack, key, spec, replica),
                spec=spec,
                context=replace(context, replica=replica) if replica > 1 else context,
                image=reference,
                stack=stack.stack,
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


def _images(stack: Stack, names: Names, world: World) -> Iterator[DesiredImage]:
    declared = set()
    for key, spec in sorted(stack.images.items()):
        reference = image_reference(stack.stack, key, spec)
        declared.add(reference)
        yield DesiredImage(
            address=Address(Kind.IMAGE, key),
            reference=reference,
            tags=tuple(tag for tag in spec.tags if tag != reference),
            build=_build(stack.stack, key, spec, world.contexts.get(key, "")),
            pull_policy=spec.pull_policy or "missing",
            platform=spec.platform or "",
        )
    yield from _implied_images(stack, names, declared)


def _implied_images(stack: Stack, names: Names, declared: set[str]) -> Iterator[DesiredImage]:
    """Images that only containers name; of several wishes the one that asks the registry most often wins."""
    rank = {"never": 0, "missing": 1, "always": 2}
    found: dict[str, DesiredImage] = {}
    for spec in stack.containers.values():
        reference = container_image(spec, names)
        if spec.state == "absent" or not reference or reference in declared:
            continue
        policy = spec.pull_policy or "missing"
        other = found.get(reference)
        if other is None or rank[policy] > rank[other.pull_policy]:
            address = Address(Kind.IMAGE, reference)
            found[reference] = DesiredImage(address, reference, pull_policy=policy, platform=spec.platform or "")
    yield from (found[reference] for reference in sorted(found))


def _build(stack: str, key: str, spec: ImageSpec, context_digest: str) -> Build | None:
    own = spec.build
    if own is None:
        return None
    options: dict[str, Any] = {
        "buildargs": {name: value for name, value in own.args.items() if value is not None},
        "target": own.target or "",
        "networkmode": own.network or "",
        "shmsize": own.shm_size or 0,
        "extrahosts": list(own.extra_hosts),
        "cachefrom": list(own.cache_from),
        "platform": spec.platform or "",
    }
    options = {name: value for name, value in options.items() if value}
    # How the build is done changes nothing of what comes out, so these two stay out of the digest.
    behaviour = {name: True for name, wish in (("nocache", own.no_cache), ("pull", own.pull)) if wish}
    inputs = [context_digest, own.dockerfile or "Dockerfile", own.dockerfile_inline, options, dict(own.labels)]
    text = json.dumps(plain(tuple(inputs)), sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    labels = {**own.labels, BUILD_STACK: f"{stack}/{key}", BUILD_DIGEST: digest}
    return Build(
        context=own.context,
        dockerfile=own.dockerfile or "Dockerfile",
        inline=own.dockerfile_inline,
        options={**options, **behaviour},
        labels=labels,
        digest=digest,
    )
