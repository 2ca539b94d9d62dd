"""The actions for images."""

from __future__ import annotations

from dockerspec.core.address import Kind
from dockerspec.core.diff.result import Finding
from dockerspec.core.plan.action import BuildImage, PullImage, TagImage
from dockerspec.core.plan.draft import Draft


def plan_image(finding: Finding, draft: Draft) -> None:
    """Pull, build and tag as the finding says."""
    image, change = finding.subject.image, finding.change
    assert image is not None
    paths = {field.path for field in change.fields}
    only_tags = bool(paths) and all(path.startswith("tags.") for path in paths)
    source = None
    if not only_tags:
        source = draft.add(_fetch(finding))
        draft.made[Kind.IMAGE, image.reference] = source
    for tag in image.tags:
        if not only_tags or f"tags.{tag}" in paths:
            action = TagImage(address=change.address, cause=change.cause, source=image.reference, reference=tag)
            draft.made[Kind.IMAGE, tag] = draft.add(action, (source,))


def _fetch(finding: Finding) -> PullImage | BuildImage:
    image, change = finding.subject.image, finding.change
    assert image is not None
    if image.build is None:
        return PullImage(address=change.address, cause=change.cause, reference=image.reference, platform=image.platform)
    build = image.build
    return BuildImage(
        address=change.address,
        cause=change.cause,
        reference=image.reference,
        context=build.context,
        dockerfile=build.dockerfile,
        inline=build.inline,
        options={**build.options, "labels": dict(build.labels)},
    )
