"""Which images must be pulled, built or tagged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dockerspec.core.desired.state import DesiredImage
from dockerspec.core.diagnostics import Diagnostic, error
from dockerspec.core.diff.change import Cause, ChangeKind, FieldChange, ObjectChange
from dockerspec.core.diff.result import Finding, Subject, main_cause
from dockerspec.core.facts import ImageFacts
from dockerspec.core.live.state import LiveState
from dockerspec.core.ownership import BUILD_DIGEST
from dockerspec.core.way import Way

NOT_HERE = "not on the host"


def short_id(image_id: str) -> str:
    """An image ID as people write it."""
    return image_id.removeprefix("sha256:")[:12]


def diff_images(desired: Iterable[DesiredImage], live: LiveState, faults: list[Diagnostic]) -> Iterator[Finding]:
    """A finding per image that is not as wanted."""
    for image in desired:
        facts = live.images.get(image.reference)
        change = _content(image, facts, live, faults)
        if change is None and facts is not None:
            change = _tags(image, facts, live)
        if change is not None:
            yield Finding(change, Subject(image=image))


def _content(
    image: DesiredImage, facts: ImageFacts | None, live: LiveState, faults: list[Diagnostic]
) -> ObjectChange | None:
    """The change that makes the image's content right."""
    if facts is None:
        if image.build is None and image.pull_policy == "never":
            faults.append(
                error(
                    str(image.address),
                    f"image {image.reference} is not on the host, and its pull_policy is never",
                    "load or build it first, or set pull_policy: missing",
                )
            )
            return None
        return ObjectChange(image.address, ChangeKind.CREATE, NOT_HERE, image.reference)
    if image.build is not None:
        return _rebuild(image, facts)
    if image.platform and not f"{facts.platform}/".startswith(f"{image.platform}/"):
        field = FieldChange("platform", facts.platform, image.platform, Way.TAG, Cause.DIFFERS)
        return ObjectChange(image.address, ChangeKind.UPDATE, "another platform is wanted", image.reference, (field,))
    return _moved(image, facts, live)


def _rebuild(image: DesiredImage, facts: ImageFacts) -> ObjectChange | None:
    assert image.build is not None
    built = facts.labels.get(BUILD_DIGEST)
    if built == image.build.digest:
        return None
    cause = "the tag is on an image that was not built here" if built is None else "its build inputs changed"
    field = FieldChange("build", (built or "")[:12] or None, image.build.digest[:12], Way.TAG, Cause.EDIT)
    return ObjectChange(image.address, ChangeKind.UPDATE, cause, image.reference, (field,))


def _moved(image: DesiredImage, facts: ImageFacts, live: LiveState) -> ObjectChange | None:
    digest = live.registry.get(image.reference)
    if digest is None or any(item.endswith(digest) for item in facts.digests):
        return None
    old = facts.digests[0].rpartition("@")[2] if facts.digests else facts.id
    field = FieldChange("digest", old, digest, Way.TAG, Cause.IMAGE)
    cause = "the registry has another image under this tag"
    return ObjectChange(image.address, ChangeKind.UPDATE, cause, image.reference, (field,))


def _tags(image: DesiredImage, facts: ImageFacts, live: LiveState) -> ObjectChange | None:
    """The change that sets the further tags of an image that is itself right."""
    fields = []
    for tag in image.tags:
        other = live.images.get(tag)
        if other is None or other.id != facts.id:
            old = short_id(other.id) if other else None
            fields.append(FieldChange(f"tags.{tag}", old, short_id(facts.id), Way.TAG, Cause.DIFFERS))
    if not fields:
        return None
    changes = tuple(fields)
    return ObjectChange(image.address, ChangeKind.UPDATE, main_cause(changes), image.reference, changes)
