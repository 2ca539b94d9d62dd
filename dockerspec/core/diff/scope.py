"""What a run leaves alone, and what it makes anew although nothing differs: `--exclude` and `--replace`, resolved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dockerspec.core.address import Address
from dockerspec.core.diagnostics import Diagnostic
from dockerspec.core.diff.change import ChangeKind
from dockerspec.core.diff.result import Finding

ASKED_FOR = "asked for with --replace"


@dataclass(frozen=True, slots=True)
class Scope:
    """Addresses that are treated in another way than the rest.

    Attributes:
        excluded: nothing is found at these.
        anew: these are made anew, if they are there.
    """

    excluded: frozenset[Address] = frozenset()
    anew: frozenset[Address] = frozenset()

    def split(self, findings: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
        """The findings of the run, and those that are left alone."""
        inside: list[Finding] = []
        outside: list[Finding] = []
        for item in findings:
            (outside if item.change.address in self.excluded else inside).append(item)
        return inside, outside

    def concerns(self, fault: Diagnostic, wanted: Iterable[Address]) -> bool:
        """Whether a fault is about an object of the run; one about a key counts as long as one replica does."""
        section, _, rest = fault.path.partition(".")
        key = rest.partition(".")[0]
        about = [item for item in wanted if f"{item.kind}s" == section and item.name == key]
        return not about or any(item not in self.excluded for item in about)

    def kind(self, address: Address, found: ChangeKind, cause: str) -> tuple[ChangeKind, str]:
        """What happens to an object that is there, and why, given what happens to it by itself."""
        if address not in self.anew or found is ChangeKind.REPLACE:
            return found, cause
        return ChangeKind.REPLACE, ASKED_FOR


NO_SCOPE = Scope()
