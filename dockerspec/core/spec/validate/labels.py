"""Rule: the labels by which dockerspec knows its objects are not the spec's to set.

Called through `RULES`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dockerspec.core.spec.model import Stack
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.findings import Findings

_RESERVED = "dockerspec."


def check_labels(stack: Stack, findings: Findings) -> None:
    """Find labels that dockerspec writes itself."""
    for path, labels in _labels(stack):
        for label in labels:
            if label.startswith(_RESERVED):
                findings.error(
                    (*path, label),
                    f"labels that start with {_RESERVED} are set by dockerspec alone",
                    "remove it, or give it another name",
                )


def _labels(stack: Stack) -> Iterator[tuple[Path, Mapping[str, str]]]:
    for name, container in stack.containers.items():
        yield ("containers", name, "labels"), container.labels
    for name, network in stack.networks.items():
        yield ("networks", name, "labels"), network.labels
    for name, volume in stack.volumes.items():
        yield ("volumes", name, "labels"), volume.labels
    for name, image in stack.images.items():
        if image.build is not None:
            yield ("images", name, "build", "labels"), image.build.labels
