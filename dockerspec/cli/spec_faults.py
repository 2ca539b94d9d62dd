"""Loading a spec for a command that can also print JSON: faults then are a document too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dockerspec.cli.session import Session, SpecSource
from dockerspec.errors import SpecError

if TYPE_CHECKING:
    from dockerspec.core.spec.load import LoadResult


def load_or_print(session: Session, source: SpecSource, *, as_json: bool) -> LoadResult | None:
    """Load a sound spec, or print its faults as JSON and answer None.

    Raises:
        SpecError: the spec has errors, and JSON is not asked for.
    """
    try:
        return session.load_sound(source)
    except SpecError as fault:
        if not as_json:
            raise
        from dockerspec.render.json import diagnostics_json

        session.console.out(diagnostics_json(fault.diagnostics, mask=session.mask))
        return None
