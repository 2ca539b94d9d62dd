"""The actions for images."""

from __future__ import annotations

from dockerspec.core.address import Kind
from dockerspec.core.diff.change import ChangeKind
from dockerspec.core.diff.images import SECRETS, canonical, changed_references, makes_anew, short_id
from dockerspec.core.diff.result import Finding
from dockerspec.core.plan.action import BuildImage, PullImage, PushImage, RemoveContainer, RemoveImage, TagImage
from dockerspec.core.plan.draft import Draft
from dockerspec.core.values import pull_period


def plan_image(finding: Finding, draft: Draft) -> None:
    """Pull, build, tag and push as the finding says."""
    image, change = finding.subject.image, finding.change
    assert image is not None
    anew = makes_anew(change)
    source = None
    if anew:
        source = draft.add(_fetch(finding))
        draft.made[Kind.IMAGE, image.reference] = source
    set_now = frozenset(image.tags) if anew else changed_references(change, "tags")
    for tag in image.tags:
        if tag in set_now:
            action = TagImage(address=change.address, cause=change.cause, source=image.reference, reference=tag)
            draft.made[Kind.IMAGE, tag] = draft.add(action, (source,))
    pushed = changed_references(change, "push")
    for reference in image.push:
        if reference in pushed:
            push = PushImage(address=change.address, cause="the registry lacks it", reference=reference)
            draft.add(push, (draft.made.get((Kind.IMAGE, reference)),))


def _fetch(finding: Finding) -> PullImage | BuildImage:
    image, change = finding.subject.image, finding.change
    assert image is not None
    if image.build is None:
        return PullImage(
            address=change.address,
            cause=change.cause,
            reference=image.reference,
            platform=image.platform,
            dated=bool(pull_period(image.pull_policy)) and "@" not in image.reference,
        )
    build = image.build
    # The builder keeps steps that read a secret whatever its value is by then, so that they must be run anew unless
    # the image there is known to be made with this one.
    known = change.kind is ChangeKind.UPDATE and any(field.old for field in change.fields if field.path == "build")
    other = any(field.path.startswith(f"build.{SECRETS}") for field in change.fields)
    anew = bool(build.secrets) and (other or not known)
    return BuildImage(
        address=change.address,
        cause=change.cause,
        reference=image.reference,
        context=build.context,
        dockerfile=build.dockerfile,
        inline=build.inline,
        options={**build.options, "labels": dict(build.labels)},
        bases=build.bases,
        builder=build.builder,
        words=(*build.words, "--no-cache") if anew and "--no-cache" not in build.words else build.words,
        secrets=build.secrets,
    )


def order_images(draft: Draft) -> None:
    """An image after the ones that it is built on, and pushes to one repository one after another.

    Registries mix up uploads of one layer to one repository that are under way at the same time ("digest invalid").
    """
    last: dict[str, str] = {}
    made = {canonical(name): key for (kind, name), key in draft.made.items() if kind is Kind.IMAGE}
    for key, action in draft.actions.items():
        if isinstance(action, BuildImage):
            for base in action.bases:
                source = made.get(canonical(base))
                draft.edge(source if source != key else None, key)
        elif isinstance(action, PushImage):
            repository = action.reference.rpartition(":")[0]
            draft.edge(last.get(repository), key)
            last[repository] = key


def plan_spares(finding: Finding, draft: Draft) -> None:
    """Remove earlier images, once whatever used them is gone and their names are on another."""
    change = finding.change
    for ident in finding.subject.spares:
        name = short_id(ident)
        action = RemoveImage(address=change.address, cause=f"{name} is no longer needed", image=ident, name=name)
        key = draft.add(action)
        for other, step in list(draft.actions.items()):
            if isinstance(step, RemoveContainer | TagImage | PullImage | BuildImage):
                draft.edge(other, key)
