"""What a user asks for beside the spec. Callers: api, saved plans."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """The wishes that shape a plan. Objects are named by address (`container.web[2]`) or by name (`web`).

    Attributes:
        targets: only these and what they need are planned; empty for everything.
        excludes: these are left alone, and what would be done for nothing but them.
        replaces: these are made anew although nothing differs.
        delete_volumes: volumes, by key or engine name, whose data may be lost.
        allow: the consents that are given: see `core.plan.consent`.
    """

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    delete_volumes: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()

    @property
    def wishes(self) -> dict[str, tuple[str, ...]]:
        """The arguments of `Docker.plan`."""
        return {
            "targets": self.targets,
            "excludes": self.excludes,
            "replaces": self.replaces,
            "delete_volumes": self.delete_volumes,
            "allow": self.allow,
        }

    @property
    def to_destroy(self) -> dict[str, tuple[str, ...]]:
        """The arguments of `Docker.plan_destroy`: nothing is made anew there."""
        return {key: value for key, value in self.wishes.items() if key != "replaces"}

    @property
    def narrows(self) -> bool:
        """Whether a part of the stack is left out."""
        return bool(self.targets or self.excludes)


NOTHING_ASKED = Asked()
