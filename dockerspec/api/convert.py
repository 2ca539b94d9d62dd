"""Specs from one format into the other."""

from __future__ import annotations

from dockerspec.core.diagnostics import Severity, Span, error
from dockerspec.core.spec.convert.common import Converted
from dockerspec.core.spec.convert.convert import convert as convert_files
from dockerspec.core.spec.convert.resolved import resolved
from dockerspec.core.spec.load import LoadResult, load
from dockerspec.core.spec.source import SourceFile
from dockerspec.core.takein.page import write


def convert(loaded: LoadResult, *, resolve: bool = False) -> tuple[Converted, ...]:
    """Convert what was loaded: a Compose project into specs of dockerspec's own, such specs into Compose files.

    Comments, order, anchors and variables stay. Each file becomes one of its own. The texts are loaded and compared
    with what was read: where they would mean something else, there is an error with its place.

    Args:
        loaded: the load; one with errors gives them back.
        resolve: put a Compose project into one text first, with the values of its variables and with what it includes
            and extends; comments are lost then, and paths are absolute.

    Returns:
        The texts in the order of the files. They are of no use where any diagnostic is an error.
    """
    if not resolve or loaded.origin is None or loaded.stack is None:
        return convert_files(loaded)
    if loaded.compose is None:
        first = Span(loaded.files[0], 1, 1)
        return (Converted("", (error("", "only Compose files can be resolved", "convert without --resolve", first),)),)
    origin = loaded.origin
    source = SourceFile(f"{loaded.files[0]} (resolved)", write(resolved(loaded.compose)), origin.files[0].folder)
    whole = load([source], origin.variables, origin.reader, origin.choices)
    faults = tuple(fault for fault in whole.diagnostics if fault.severity is Severity.ERROR)
    return (Converted("", faults),) if faults else convert_files(whole)
