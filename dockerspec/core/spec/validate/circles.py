"""Rule: no container needs itself, by whatever detour.

Called through `RULES`.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from dockerspec.core.spec.model import ContainerSpec, Stack
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.findings import Findings
from dockerspec.core.spec.validate.references import named

# A spec with more circles than this has one cause, not as many.
_MOST = 20


def check_circles(stack: Stack, findings: Findings) -> None:
    """Find circles of dependencies and name all their members."""
    needs = {name: _needs(stack, spec) for name, spec in stack.containers.items()}
    for _ in range(_MOST):
        try:
            TopologicalSorter(needs).prepare()
        except CycleError as problem:
            # The library lists each member before the one that needs it; people read it the other way round.
            circle: list[str] = problem.args[1][::-1]
        else:
            return
        first = min(range(len(circle) - 1), key=circle.__getitem__)
        ring = circle[first:-1] + circle[:first]
        start, other = ring[0], ring[1 % len(ring)]
        text = " -> ".join([*ring, start])
        findings.error(
            ("containers", start, *needs[start][other]),
            f"the containers need each other in a circle: {text}",
            "remove one of these dependencies",
        )
        # Each round breaks one circle, so that the next one shows and the loop ends.
        del needs[start][other]


def _needs(stack: Stack, spec: ContainerSpec) -> dict[str, Path]:
    """What a container needs, each with the place that says so."""
    found: dict[str, Path] = {other: place for place, other in named(spec).items()}
    found.update({other: ("depends_on", other) for other in spec.depends_on})
    return {other: place for other, place in found.items() if other in stack.containers}
