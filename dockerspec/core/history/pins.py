"""A stack whose containers run certain images, whatever their tags have come to mean since. Pure. Caller: api."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dockerspec.core.desired.names import container_image, names_of
from dockerspec.core.history.entry import Pin
from dockerspec.core.spec.model import Stack


def run_references(stack: Stack) -> tuple[str, ...]:
    """The references that the stack's containers run, ordered."""
    names = names_of(stack)
    found = {container_image(spec, names) for spec in stack.containers.values() if spec.state != "absent"}
    return tuple(sorted(found - {""}))


def pinned(stack: Stack, targets: Mapping[str, str]) -> Stack:
    """The stack with its containers' images replaced.

    Nothing is built, tagged, pushed or pruned for it: the images are there already. One that is named by its ID is
    never asked of a registry; one that is named by a digest is pulled if it is missing.

    Args:
        stack: the stack.
        targets: by reference, an image ID or `name@sha256:...`.
    """
    names = names_of(stack)
    containers = {}
    for key, spec in stack.containers.items():
        target = targets.get(container_image(spec, names))
        if spec.image is None or target is None:
            containers[key] = spec
            continue
        image = spec.image.model_copy(update={"ref": target, "from_": None})
        policy = None if "@" in target else "never"
        containers[key] = spec.model_copy(update={"image": image, "pull_policy": policy})
    return stack.model_copy(update={"containers": containers, "images": {}})


def pull_reference(reference: str, pin: Pin) -> str:
    """The digest by which a registry gives a pinned image again, that of its own repository first; empty for none."""
    repository = _repository(reference)
    fitting = [item for item in pin.digests if _repository(item) == repository]
    return next(iter((*fitting, *pin.digests)), "")


def short(image: str) -> str:
    """An image ID as people write it."""
    return image.removeprefix("sha256:")[:12]


def _repository(reference: str) -> str:
    name = reference.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name


def missing_words(entry: int, day: str, gone: Iterable[tuple[str, Pin]]) -> str:
    """What to say where images of then are no longer to be had."""
    listed = "".join(f"\n  - {reference} ({short(pin.id)})" for reference, pin in gone)
    return (
        f"nothing was changed: images that run {entry} of {day} used are no longer on the host, and no registry digest "
        f"is known for them:{listed}\nFor the next time: `keep: N` under images keeps earlier images on the host, and "
        "an image that was pulled or pushed is pulled again by its digest"
    )
