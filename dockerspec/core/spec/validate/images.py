"""Rules for images: what can't be built, pulled, tagged or pushed as the spec says.

Called through `RULES`.
"""

from __future__ import annotations

from collections.abc import Iterable

from dockerspec.core.nearest import nearest
from dockerspec.core.spec.model import ContainerSpec, ImageSpec, Stack
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.findings import Findings
from dockerspec.core.values import parse_image

_BUILT_POLICIES = (None, "build", "missing", "never")


def check_images(stack: Stack, findings: Findings) -> None:
    """Find faults of the image entries, and of what containers ask of their images."""
    for name, spec in stack.images.items():
        path: Path = ("images", name)
        _check_policy(spec, path, findings)
        _check_references(spec.tags, (*path, "tags"), findings)
        _check_push(spec, path, findings)
        if spec.build is not None:
            _check_references(spec.build.tags, (*path, "build", "tags"), findings)
            _check_build(stack, spec, path, findings)
    for name, container in stack.containers.items():
        _check_container(stack, container, ("containers", name), findings)


def _check_policy(spec: ImageSpec, path: Path, findings: Findings) -> None:
    policy = spec.pull_policy
    if spec.build is None and policy == "build":
        findings.error((*path, "pull_policy"), "there is nothing to build", "add build: ./FOLDER, or write missing")
    elif spec.build is not None and policy not in _BUILT_POLICIES:
        fix = "remove it; for newer base images set pull: true below build"
        findings.error((*path, "pull_policy"), f"an image that is built is not pulled, so {policy} means nothing", fix)


def _check_references(references: Iterable[str], path: Path, findings: Findings) -> None:
    for index, reference in enumerate(references):
        try:
            parse_image(reference)
        except ValueError as fault:
            summary, _, fix = str(fault).partition("; ")
            findings.error((*path, index), summary, fix)
            continue
        if "@" in reference:
            findings.error((*path, index), "a tag can't have a digest", f"write {reference.partition('@')[0]}")


def _check_push(spec: ImageSpec, path: Path, findings: Findings) -> None:
    own = references_of(spec)
    for index, reference in enumerate(spec.push):
        if reference and reference not in own:
            meant = nearest(reference, own)
            fix = f"did you mean '{meant}'?" if meant else "add it to tags, or remove it here"
            findings.error((*path, "push", index), f"{reference} is no reference of this image", fix)
    if spec.push and not own and spec.image is None:
        fix = "add tags: [REGISTRY/NAME:TAG]"
        findings.error((*path, "push"), "the image has no reference with a registry to push to", fix)
    if spec.push and not own and spec.image is not None:
        fix = "add tags that name another registry, or remove push"
        findings.error((*path, "push"), "an image can't be pushed to where it is pulled from", fix)


def references_of(spec: ImageSpec) -> tuple[str, ...]:
    """The references that an entry gives to its image."""
    return tuple(dict.fromkeys((*spec.tags, *(spec.build.tags if spec.build else ()))))


def _check_build(stack: Stack, spec: ImageSpec, path: Path, findings: Findings) -> None:
    build = spec.build
    assert build is not None
    for index, secret in enumerate(build.secrets):
        if secret.source in stack.secrets:
            continue
        meant = nearest(secret.source, stack.secrets)
        fix = f"did you mean '{meant}'?" if meant else "declare it under secrets:, or remove it here"
        findings.error((*path, "build", "secrets", index), f"there is no secret {secret.source!r}", fix)
    if spec.platform and build.platforms and spec.platform not in build.platforms:
        fix = f"add {spec.platform} to build.platforms, or remove platform"
        findings.error((*path, "platform"), f"{spec.platform} is not among the platforms that are built", fix)


def _check_container(stack: Stack, spec: ContainerSpec, path: Path, findings: Findings) -> None:
    if spec.pull_policy != "build" or spec.image is None:
        return
    source = stack.images.get(spec.image.from_ or "")
    if source is None or source.build is None:
        fix = "write image: {from: NAME} with an image that has build, or another policy"
        findings.error((*path, "pull_policy"), "the container's image is none that the stack builds", fix)
