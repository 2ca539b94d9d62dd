"""Which images must be pulled, built, tagged, pushed, or removed since nobody needs them any more."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from dockerspec.core.desired.state import DesiredImage
from dockerspec.core.diagnostics import Diagnostic, error, warning
from dockerspec.core.diff.change import HIDDEN, Cause, ChangeKind, FieldChange, ObjectChange
from dockerspec.core.diff.result import Finding, Subject, main_cause
from dockerspec.core.diff.scope import ASKED_FOR, NO_SCOPE, Scope
from dockerspec.core.facts import ImageFacts
from dockerspec.core.live.state import LiveState
from dockerspec.core.ownership import BUILD_BASES, BUILD_DIGEST, BUILD_INPUTS, PROJECT
from dockerspec.core.values import ImageRef
from dockerspec.core.way import Way

NOT_HERE = "not on the host"
CONTENT = frozenset({"build", "platform", "digest"})
"""Paths of changes after which a reference means another image."""
SECRETS = "secrets."


def short_id(image_id: str) -> str:
    """An image ID as people write it."""
    return image_id.removeprefix("sha256:")[:12]


def makes_anew(change: ObjectChange) -> bool:
    """Whether a change pulls or builds the image."""
    return change.kind is ChangeKind.CREATE or any(field.path in CONTENT for field in change.fields)


def changed_references(change: ObjectChange, what: str) -> frozenset[str]:
    """The references that a change sets (`tags`) or pushes (`push`)."""
    return frozenset(
        field.path.removeprefix(f"{what}.") for field in change.fields if field.path.startswith(f"{what}.")
    )


def diff_images(
    desired: Iterable[DesiredImage], live: LiveState, faults: list[Diagnostic], scope: Scope = NO_SCOPE
) -> Iterator[Finding]:
    """A finding per image that is not as wanted."""
    images = list(desired)
    contents = {
        image.reference: _content(image, live.images.get(image.reference), live, faults, scope) for image in images
    }
    _rebuild_on_new_bases(images, contents)
    for image in images:
        change, facts = contents[image.reference], live.images.get(image.reference)
        more = [*_tags(image, facts, live, change), *_pushes(image, facts, live, change)]
        if change is not None and more:
            change = replace(change, fields=(*change.fields, *more))
        elif more:
            fields = tuple(more)
            change = ObjectChange(image.address, ChangeKind.UPDATE, _why(fields), image.reference, fields)
        if change is not None:
            yield Finding(change, Subject(image=image))


def _why(fields: tuple[FieldChange, ...]) -> str:
    if all(field.path.startswith("push.") for field in fields):
        return "the registry lacks it"
    return main_cause(tuple(field for field in fields if not field.path.startswith("push.")))


def _content(
    image: DesiredImage, facts: ImageFacts | None, live: LiveState, faults: list[Diagnostic], scope: Scope
) -> ObjectChange | None:
    """The change that makes the image's content right."""
    never = image.build is None and image.pull_policy == "never"
    if facts is None:
        if never:
            summary = f"image {image.reference} is not on the host, and its pull_policy is never"
            faults.append(error(image.path, summary, "load or build it first, or set pull_policy: missing"))
            return None
        return ObjectChange(image.address, ChangeKind.CREATE, NOT_HERE, image.reference)
    wrong = bool(image.platform) and not f"{facts.platform}/".startswith(f"{image.platform}/")
    if wrong and never:
        summary = f"{image.reference} is for {facts.platform}, {image.platform} is wanted, and its pull_policy is never"
        faults.append(error(image.path, summary, "load the right one, or set pull_policy: missing"))
        return None
    if image.build is not None and image.address in scope.anew:
        return _build_change(image, facts.labels.get(BUILD_DIGEST), ASKED_FOR, Cause.DIFFERS)
    if image.build is not None:
        return _rebuild(image, facts, live, faults)
    if wrong:
        field = FieldChange("platform", facts.platform, image.platform, Way.TAG, Cause.DIFFERS)
        return ObjectChange(image.address, ChangeKind.UPDATE, "another platform is wanted", image.reference, (field,))
    return _moved(image, facts, live)


def _rebuild(image: DesiredImage, facts: ImageFacts, live: LiveState, faults: list[Diagnostic]) -> ObjectChange | None:
    from dockerspec.core.desired.inputs import clause, differing

    assert image.build is not None
    built = facts.labels.get(BUILD_DIGEST)
    if built == image.build.digest:
        base = _other_base(facts, live)
        return _build_change(image, built, f"its base image {base} changed", Cause.IMAGE) if base else None
    if built is None and PROJECT in image.build.labels:
        # As Compose does: an image that is there is taken, whoever built or pulled it.
        summary = f"{image.reference} was not built by dockerspec: whether it is up to date can't be told"
        faults.append(warning(image.path, summary, f"`dockerspec apply --replace {image.address}` builds it anew"))
        return None
    if built is None:
        return _build_change(image, built, "the tag is on an image that was not built here", Cause.DRIFT)
    names = differing(facts.labels.get(BUILD_INPUTS, ""), image.build.inputs)
    change = _build_change(image, built, clause(names) or "its build inputs changed", Cause.EDIT)
    secrets = (name for name in names if name.startswith(SECRETS))
    more = (FieldChange(f"build.{name}", HIDDEN, HIDDEN, Way.TAG, Cause.EDIT) for name in secrets)
    return replace(change, fields=(*change.fields, *more))


def _build_change(image: DesiredImage, built: str | None, why: str, cause: Cause) -> ObjectChange:
    assert image.build is not None
    old, new = (built or "")[:12] or None, image.build.digest[:12]
    field = FieldChange("build", old, new if new != old else f"{new} (again)", Way.TAG, cause)
    return ObjectChange(image.address, ChangeKind.UPDATE, why, image.reference, (field,))


def _other_base(facts: ImageFacts, live: LiveState) -> str:
    """A base image that is another one now than when the image was built; empty for none.

    One that is not on the host tells nothing: it may have been removed since it is no longer needed.
    """
    try:
        recorded = json.loads(facts.labels.get(BUILD_BASES, "{}"))
    except ValueError:
        return ""
    for reference, ident in sorted(recorded.items() if isinstance(recorded, dict) else ()):
        base = live.images.get(reference)
        if base is not None and short_id(base.id) != ident:
            return str(reference)
    return ""


def _rebuild_on_new_bases(images: Iterable[DesiredImage], contents: dict[str, ObjectChange | None]) -> None:
    """What is built on an image that this run makes anew is built anew too."""
    built = {image.reference: image for image in images if image.build is not None}
    names = {canonical(tag): image.reference for image in images for tag in (image.reference, *image.tags)}
    grown = True
    while grown:
        grown = False
        for reference, image in built.items():
            assert image.build is not None
            sources = [(base, names.get(canonical(base), "")) for base in image.build.bases]
            fresh = [base for base, source in sources if source != reference and _is_new(contents.get(source))]
            if fresh and contents[reference] is None:
                why = f"its base image {fresh[0]} is made in this run"
                contents[reference] = _build_change(image, image.build.digest, why, Cause.IMAGE)
                grown = True


def _is_new(change: ObjectChange | None) -> bool:
    return change is not None and makes_anew(change)


def canonical(reference: str) -> str:
    """A reference in full, so that two spellings of one can be compared."""
    try:
        return str(ImageRef.parse(reference).with_default_tag())
    except ValueError:
        return reference


def _moved(image: DesiredImage, facts: ImageFacts, live: LiveState) -> ObjectChange | None:
    digest = live.registry.get(image.reference)
    if not digest or any(item.endswith(digest) for item in facts.digests):
        return None
    old = facts.digests[0].rpartition("@")[2] if facts.digests else facts.id
    field = FieldChange("digest", old, digest, Way.TAG, Cause.IMAGE)
    cause = "the registry has another image under this tag"
    return ObjectChange(image.address, ChangeKind.UPDATE, cause, image.reference, (field,))


def _tags(
    image: DesiredImage, facts: ImageFacts | None, live: LiveState, change: ObjectChange | None
) -> Iterator[FieldChange]:
    """The further tags to set on an image that is itself right; those of one that is made anew follow it anyway."""
    if facts is None or _is_new(change):
        return
    for tag in image.tags:
        other = live.images.get(tag)
        if other is None or other.id != facts.id:
            old = short_id(other.id) if other else None
            yield FieldChange(f"tags.{tag}", old, short_id(facts.id), Way.TAG, Cause.DIFFERS)


def _pushes(
    image: DesiredImage, facts: ImageFacts | None, live: LiveState, change: ObjectChange | None
) -> Iterator[FieldChange]:
    """The references that the registry lacks, or has for another image. One that can't be asked is left alone."""
    for reference in image.push:
        if _is_new(change) or facts is None:
            yield FieldChange(f"push.{reference}", None, "made in this run", Way.TAG, Cause.DIFFERS)
            continue
        digest = live.registry.get(reference)
        if digest is not None and not (digest and any(item.endswith(digest) for item in facts.digests)):
            yield FieldChange(f"push.{reference}", digest or None, short_id(facts.id), Way.TAG, Cause.DIFFERS)


# --- images that nobody needs any more --------------------------------------------------------------------------


def add_spares(
    findings: Iterable[Finding], desired: Iterable[DesiredImage], live: LiveState, stack: str, leaving: Collection[str]
) -> list[Finding]:
    """Add the removal of earlier images beyond those that an entry keeps.

    Never one that has a name, that a container uses, stopped ones included, or that another image is built on.

    Args:
        findings: what else differs.
        desired: the images of the stack.
        live: the engine.
        stack: the stack's name.
        leaving: IDs of containers that this run removes.
    """
    found = {item.change.address: item for item in findings}
    used = {item.image_id for item in live.others}
    used |= {item.image_id for item in live.containers if item.id not in leaving}
    for image in desired:
        if image.keep is None:
            continue
        finding = found.get(image.address)
        change = finding.change if finding else None
        surplus = _earlier(image, live, stack, _is_new(change))[image.keep :]
        spares = tuple(ident for ident in surplus if ident not in used)
        fields = tuple(
            FieldChange(f"keep.{short_id(ident)}", "unused", None, Way.TAG, Cause.DIFFERS) for ident in spares
        )
        if fields and change is None:
            why = f"more than {image.keep} earlier images"
            change = ObjectChange(image.address, ChangeKind.UPDATE, why, image.reference, fields)
        elif fields and change is not None:
            change = replace(change, fields=(*change.fields, *fields))
        if fields and change is not None:
            found[image.address] = Finding(change, Subject(image=image, spares=spares))
    return list(found.values())


def _earlier(image: DesiredImage, live: LiveState, stack: str, is_new: bool) -> list[str]:
    """The IDs of an entry's earlier images, the newest first; the present one among them if this run makes another."""
    current = live.images.get(image.reference)
    own = (image.reference, *image.tags)
    repositories = {reference.partition("@")[0].rpartition(":")[0] or reference for reference in own}
    earlier = []
    if is_new and current is not None and set(map(canonical, current.tags)) <= set(map(canonical, own)):
        earlier.append(current.id)
    for spare in live.spares:
        ours = spare.built == f"{stack}/{image.address.name}" if image.build else repositories & {*spare.repositories}
        if ours and not spare.needed and (current is None or spare.id != current.id):
            earlier.append(spare.id)
    return earlier
