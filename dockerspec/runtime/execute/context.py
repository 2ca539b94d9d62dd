"""Make the archive that a build action needs.

Caller: walker, as the default of `execute`. The reading of folders is `dockerspec.engine.context`'s.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from dockerspec.core.plan.action import BuildImage


def pack_build(action: BuildImage) -> tuple[BinaryIO, str]:
    """Pack the context folder of a build.

    Returns:
        The archive, to be closed by the caller, and the Dockerfile's name in it.

    Raises:
        SpecError: the folder or the Dockerfile is missing, or a file can't be read.
    """
    # Most runs build nothing, and need not load the archive code.
    from dockerspec.engine.context import archived_dockerfile, pack_context

    folder = Path(action.context)
    archive = pack_context(folder, action.dockerfile, inline=action.inline)
    return archive, archived_dockerfile(folder, action.dockerfile, action.inline)
