"""What `import` says beside the spec, on standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dockerspec.cli.console import Console
from dockerspec.render.clean import Cleaner

if TYPE_CHECKING:
    from dockerspec.core.takein.importing import Imported


def report_written(console: Console, found: Imported, output: str) -> None:
    """What is left to do, what could not be said, and which secrets have to be provided."""
    clean = Cleaner(found.written.values.values())
    lines: list[str] = []
    if output:
        lines.append(f"Wrote {clean(output)}.")
    lines += [f"note: {clean(note)}" for note in found.written.notes]
    lines += [f"warning: a plan of this spec still differs: {clean(item)}" for item in found.left]
    if found.written.fills:
        lines.append("Secret values are not in the spec. Before the next plan, set them:")
        for fill in found.written.fills:
            lines.append(f'  export {fill.name}="$({fill.command})"  # {clean(fill.of)}')
    if found.foreign:
        lines.append(f"Next: `dockerspec adopt{f' -f {clean(output)}' if output else ''}` takes the objects over.")
    if lines:
        console.err("\n".join(lines) + "\n")
