"""The images that a stack wants: pulled, built, tagged, pushed, kept. Pure. Caller: build."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dockerspec.core.address import Address, Kind
from dockerspec.core.desired.inputs import ContextFacts, bases, is_remote, of_files, record, short, total, veiled
from dockerspec.core.desired.names import Names, container_image, image_reference, image_references, pushed_references
from dockerspec.core.desired.state import Build, DesiredImage
from dockerspec.core.diagnostics import Diagnostic, error
from dockerspec.core.ownership import BUILD_DIGEST, BUILD_INPUTS, BUILD_STACK
from dockerspec.core.spec.model import ImageSpec, Stack
from dockerspec.core.table import image as image_table
from dockerspec.core.table.base import plain
from dockerspec.core.values import pull_period

_NO_FACTS = ContextFacts()
_ADVICE = {
    image_table.BUILDKIT: "install the docker CLI with its buildx plugin (Debian: docker-cli and docker-buildx), "
    "or remove the key",
    image_table.BUILDX: "install the buildx plugin of the docker CLI (Debian: docker-buildx), or remove the key",
}
_RANK = {image_table.ENGINE: 0, image_table.BUILDKIT: 1, image_table.BUILDX: 2}
_LEAST_OFTEN = {"never": -1.0, "missing": 0.0, "build": 0.0, "always": 2.0}


def desired_images(
    stack: Stack,
    names: Names,
    contexts: Mapping[str, ContextFacts],
    secrets: Mapping[str, str],
    builder: str,
    faults: list[Diagnostic],
) -> Iterator[DesiredImage]:
    """Every image that a stack needs.

    Args:
        stack: the spec.
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
            build = _build(stack.stack, key, spec, contexts.get(key, _NO_FACTS), secrets)
            faults.extend(_builder_faults(key, spec, builder))
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


def _builder_faults(key: str, spec: ImageSpec, builder: str) -> Iterable[Diagnostic]:
    needed, cause = image_table.builder_of(spec.build)
    if _RANK[needed] > _RANK[builder]:
        what = "BuildKit" if needed == image_table.BUILDKIT else "buildx"
        yield error(
            f"images.{key}.{cause}",
            f"needs {what}, which is the docker CLI's, and this machine has none that can do it",
            _ADVICE[needed],
        )


def _build(stack: str, key: str, spec: ImageSpec, facts: ContextFacts, secrets: Mapping[str, str]) -> Build:
    own = spec.build
    assert own is not None
    platform = _platform(spec)
    hidden = {secret.id: secrets.get(secret.source, "") for secret in own.secrets}
    inputs = _inputs(f"{stack}/{key}", own, platform, facts, hidden)
    digest = total(inputs)
    ours = {BUILD_STACK: f"{stack}/{key}", BUILD_DIGEST: digest, BUILD_INPUTS: record(inputs)}
    return Build(
        context=own.context,
        dockerfile=own.dockerfile or "Dockerfile",
        inline=own.dockerfile_inline,
        options={
            **image_table.query(own, content=True),
            **({"platform": platform} if platform else {}),
            **image_table.query(own, content=False),
            **({"remote": own.context} if is_remote(own.context) else {}),
        },
        labels={**own.labels, **ours},
        digest=digest,
        inputs=inputs,
        bases=bases(facts.dockerfile, own.args, own.additional_contexts),
        builder=image_table.builder_of(own)[0],
        words=(*image_table.words(own), *(("--platform", platform) if platform else ())),
        secrets=hidden,
    )


def _inputs(name: str, own: Any, platform: str, facts: ContextFacts, hidden: Mapping[str, str]) -> dict[str, str]:
    """A short digest of each thing that the outcome depends on."""
    values: dict[str, Any] = {**image_table.inputs(own), "platform": platform}
    if is_remote(own.context):
        values.update(context=own.context, dockerfile=own.dockerfile)
    values.update({f"labels.{label}": value for label, value in own.labels.items()})
    found = {item: short(plain(value)) for item, value in values.items() if value}
    found.update({f"secrets.{ident}": veiled(value, f"{name}/{ident}") for ident, value in hidden.items()})
    for item, value in own.additional_contexts.items():
        found[f"additional_contexts.{item}"] = short([value, facts.extra.get(item, "")])
    found["Dockerfile"] = short(facts.dockerfile)
    return {**found, **of_files(facts.files)}
