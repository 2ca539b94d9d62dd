"""What only images that are built need: the builder's words, the digests of what goes in. Pure. Caller: images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dockerspec.core.desired.inputs import ContextFacts, bases, is_remote, of_files, record, short, total, veiled
from dockerspec.core.desired.labels import OwnLabels
from dockerspec.core.desired.state import Build
from dockerspec.core.diagnostics import Diagnostic, error
from dockerspec.core.ownership import BUILD_DIGEST, BUILD_INPUTS, BUILD_STACK
from dockerspec.core.spec.model_build import Build as BuildSpec
from dockerspec.core.table import image as image_table
from dockerspec.core.table.base import plain

_ADVICE = {
    image_table.BUILDKIT: "install the docker CLI with its buildx plugin (Debian: docker-cli and docker-buildx), "
    "or remove the key",
    image_table.BUILDX: "install the buildx plugin of the docker CLI (Debian: docker-buildx), or remove the key",
}
_RANK = {image_table.ENGINE: 0, image_table.BUILDKIT: 1, image_table.BUILDX: 2}


def builder_faults(key: str, build: BuildSpec, builder: str) -> Iterator[Diagnostic]:
    """What this machine's builder can't do.

    Args:
        key: the image's key.
        build: how it is built.
        builder: the builder of the docker CLI on this machine: `buildx`, `buildkit`, or empty for none.
    """
    needed, cause = image_table.builder_of(build)
    if _RANK[needed] > _RANK[builder]:
        what = "BuildKit" if needed == image_table.BUILDKIT else "buildx"
        yield error(
            f"images.{key}.{cause}",
            f"needs {what}, which is the docker CLI's, and this machine has none that can do it",
            _ADVICE[needed],
        )


def build_of(
    made: OwnLabels, key: str, own: BuildSpec, platform: str, facts: ContextFacts | None, secrets: Mapping[str, str]
) -> Build:
    """One build: what the builder is told, and the digests of all that the outcome depends on.

    Args:
        made: the labels of what is made.
        key: the image's key.
        own: how it is built.
        platform: the one platform; empty for the engine's own, or for several.
        facts: what was read of the context.
        secrets: secret values by name.
    """
    facts = facts or ContextFacts()
    hidden = {secret.id: secrets.get(secret.source, "") for secret in own.secrets}
    name = f"{made.owner}/{key}"
    inputs = _inputs(name, own, platform, facts, hidden)
    digest = total(inputs)
    ours = {BUILD_STACK: name, BUILD_DIGEST: digest, BUILD_INPUTS: record(inputs)}
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
        labels={**own.labels, **made.image(key), **ours},
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
