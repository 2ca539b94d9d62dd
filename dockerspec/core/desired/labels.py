"""The labels that make new objects a stack's. A Compose project has its own (`compose`). Pure. Caller: build."""

from __future__ import annotations

from dockerspec.core.address import Address
from dockerspec.core.ownership import stack_labels


class OwnLabels:
    """What a stack of dockerspec's own puts on what it makes.

    Attributes:
        owner: what stands for the stack: its name.
        names_are_aliases: whether containers have their names among their aliases.
        spared: objects that the stack knows of and leaves alone.
    """

    names_are_aliases = False
    spared: frozenset[Address] = frozenset()

    def __init__(self, owner: str) -> None:
        self.owner = owner

    def container(self, key: str, replica: int) -> dict[str, str]:
        """Those of one replica of a container."""
        return stack_labels(self.owner, key, replica)

    def network(self, key: str) -> dict[str, str]:
        """Those of a network."""
        return stack_labels(self.owner, key)

    def volume(self, key: str) -> dict[str, str]:
        """Those of a volume."""
        return stack_labels(self.owner, key)

    def image(self, _key: str) -> dict[str, str]:
        """Those of an image that is built, beside what tells what it was built from."""
        return {}
