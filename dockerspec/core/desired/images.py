"""The images that a stack wants: pulled, built, tagged, pushed, kept. Pure. Caller: build."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from dockerspec.core.address import Address, Kind
from dockerspec.core.desired.labels import OwnLabels
from dockerspec.core.desired.names import Names, container_image, image_reference, image_references, pushed_references
from dockerspec.core.desired.state import DesiredImage
from dockerspec.core.diagnostics import Diagnostic, error
from dockerspec.core.spec.model import ImageSpec, Stack
from dockerspec.core.values import pull_period

# What only builds need is loaded for a stack that builds.
if TYPE_CHECKING:
    from dockerspec.core.desired.inputs import ContextFacts

_LEAST_OFTEN = {"never": -1.0, "missing": 0.0, "build": 0.0, "always": 2.0}


def desired_images(
    stack: Stack,
    labels: OwnLabels,
    names: Names,
    contexts: Mapping[str, ContextFacts],
    secrets: Mapping[str, str],
    builder: str,
    faults: list[Diagnostic],
) -> Iterator[DesiredImage]:
    """Every image that a stack needs.

    Args:
        stack: the spec.
        labels: the labels of what is made.
        names: the engine's names of its objects.
        contexts: what was read of the build contexts, by image key.
        secrets: secret values by name.
        builder: the builder of the docker CLI on this machine: `buildx`, `buildkit`, or empty for none.
        faults: takes what can't be.
    """
    declared = set()
    for key, spec in sorted(stack.images.items()):
        reference = image_reference(stack.stack, key, spec)
        declared.add(reference)
        build = None
        if spec.build is not None:
            from dockerspec.core.desired.builds import build_of, builder_faults

            build = build_of(labels, key, spec.build, _platform(spec), contexts.get(key), secrets)
            faults.extend(builder_faults(key, spec.build, builder))
        yield DesiredImage(
            address=Address(Kind.IMAGE, key),
            reference=reference,
            path=f"images.{key}",
            tags=tuple(tag for tag in image_references(spec) if tag != reference),
            build=build,
            pull_policy=spec.pull_policy or "missing",
            platform=_platform(spec),
            push=pushed_references(stack.stack, key, spec),
            keep=spec.keep,
        )
    yield from _implied_images(stack, names, declared, faults)


def _platform(spec: ImageSpec) -> str:
    """The one platform of an image; empty for the engine's own, or for several."""
    if spec.platform or spec.build is None:
        return spec.platform or ""
    return spec.build.platforms[0] if len(spec.build.platforms) == 1 else ""


def _implied_images(stack: Stack, names: Names, declared: set[str], faults: list[Diagnostic]) -> Iterator[DesiredImage]:
    """Images that only containers name; of several wishes the one that asks the registry most often wins."""
    found: dict[str, DesiredImage] = {}
    wanted: dict[str, str] = {}
    for key, spec in sorted(stack.containers.items()):
        reference = container_image(spec, names)
        if spec.state == "absent" or not reference or reference in declared:
            continue
        policy, platform = spec.pull_policy or "missing", spec.platform or ""
        other = found.get(reference)
        if other and platform and other.platform and platform != other.platform:
            faults.append(
                error(
                    f"containers.{key}.platform",
                    f"{reference} is wanted for {other.platform} by {wanted[reference]} and for {platform} here, "
                    "but a tag holds one of them",
                    "give one of them another tag under images:, with its platform",
                )
            )
            continue
        if other is not None and _eagerness(policy) <= _eagerness(other.pull_policy):
            policy = other.pull_policy
        platform = platform or (other.platform if other else "")
        wanted.setdefault(reference, key)
        found[reference] = DesiredImage(
            address=Address(Kind.IMAGE, reference),
            reference=reference,
            pull_policy=policy,
            platform=platform,
            path=f"containers.{wanted[reference]}.image",
        )
    yield from (found[reference] for reference in sorted(found))


def _eagerness(policy: str) -> float:
    period = pull_period(policy)
    return 1 + 1 / (1 + period) if period else _LEAST_OFTEN[policy]
