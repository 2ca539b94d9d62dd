"""How the objects of a stack are called on the engine, and which image references a stack needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dockerspec.core.owner import bare_name
from dockerspec.core.spec.model import ContainerSpec, ImageSpec, NetworkSpec, Stack, VolumeSpec
from dockerspec.core.values import pull_period

DEFAULT_NETWORK = "default"
"""The network of containers that name none, as in Compose."""


@dataclass(frozen=True, slots=True)
class Names:
    """Engine names by spec key."""

    networks: Mapping[str, str]
    volumes: Mapping[str, str]
    containers: Mapping[str, str]
    images: Mapping[str, str]


def joins_default(spec: ContainerSpec) -> bool:
    """Whether a container joins the stack's default network."""
    return not spec.network_mode and (not spec.networks or DEFAULT_NETWORK in spec.networks)


def network_specs(stack: Stack) -> dict[str, NetworkSpec]:
    """The stack's networks, the implicit default one included where a container needs it."""
    specs = dict(stack.networks)
    if DEFAULT_NETWORK not in specs and any(
        joins_default(spec) for spec in stack.containers.values() if spec.state != "absent"
    ):
        specs[DEFAULT_NETWORK] = NetworkSpec()
    return specs


def container_name(stack: str, key: str, spec: ContainerSpec, replica: int) -> str:
    """What the spec says, or the name by default."""
    return spec.container_name or default_container_name(stack, key, replica)


def default_container_name(stack: str, key: str, replica: int) -> str:
    """`STACK-KEY-N`, the stack being that of an owner."""
    return f"{bare_name(stack)}-{key}-{replica}"


def image_references(spec: ImageSpec) -> tuple[str, ...]:
    """The references that an entry gives to its image."""
    return tuple(dict.fromkeys((*spec.tags, *(spec.build.tags if spec.build else ()))))


def image_reference(stack: str, key: str, spec: ImageSpec) -> str:
    """What containers run that say `image: {from: KEY}`."""
    if spec.image:
        return spec.image
    return next(iter(image_references(spec)), f"{stack}/{key}:latest")


def pushed_references(stack: str, key: str, spec: ImageSpec) -> tuple[str, ...]:
    """The references of an image that its registry must have."""
    if "" not in spec.push:
        return tuple(spec.push)
    own = image_references(spec)
    return own if spec.image else tuple(dict.fromkeys((image_reference(stack, key, spec), *own)))


def _resource_name(stack: str, key: str, spec: NetworkSpec | VolumeSpec) -> str:
    return spec.name or (key if spec.external else f"{stack}_{key}")


def names_of(stack: Stack) -> Names:
    """The engine names of all objects of a stack."""
    return Names(
        networks={key: _resource_name(stack.stack, key, spec) for key, spec in network_specs(stack).items()},
        volumes={key: _resource_name(stack.stack, key, spec) for key, spec in stack.volumes.items()},
        containers={key: container_name(stack.stack, key, spec, 1) for key, spec in stack.containers.items()},
        images={key: image_reference(stack.stack, key, spec) for key, spec in stack.images.items()},
    )


def container_image(spec: ContainerSpec, names: Names) -> str:
    """The reference that a container runs; empty where the spec names none."""
    if spec.image is None:
        return ""
    if spec.image.from_ is not None:
        return names.images.get(spec.image.from_, "")
    return spec.image.ref or ""


def references(stack: Stack) -> tuple[str, ...]:
    """Every image reference whose presence on the host matters to the stack, ordered."""
    names = names_of(stack)
    wanted = {container_image(spec, names) for spec in stack.containers.values() if spec.state != "absent"}
    wanted.update(names.images.values())
    for spec in stack.images.values():
        wanted.update(image_references(spec))
    return tuple(sorted(wanted - {""}))


def watched_references(stack: Stack) -> dict[str, int]:
    """References whose registry is asked for what it has now, and after how many seconds since the last pull.

    Zero means at every plan, as `pull_policy: always` wants it. What is built here, or pinned by a digest, can't move.
    """
    names = names_of(stack)
    wishes = [(container_image(spec, names), spec.pull_policy) for spec in stack.containers.values()]
    wishes += [(names.images[key], spec.pull_policy) for key, spec in stack.images.items()]
    built = {names.images[key] for key, spec in stack.images.items() if spec.build is not None}
    found: dict[str, int] = {}
    for reference, policy in wishes:
        period = pull_period(policy or "")
        if (period or policy == "always") and reference and "@" not in reference and reference not in built:
            found[reference] = min(period, found.get(reference, period))
    return dict(sorted(found.items()))


def all_pushed_references(stack: Stack) -> tuple[str, ...]:
    """References that some registry must have."""
    return tuple(
        sorted({ref for key, spec in stack.images.items() for ref in pushed_references(stack.stack, key, spec)})
    )
