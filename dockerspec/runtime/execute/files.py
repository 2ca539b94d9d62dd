"""Files as the engine takes them: a tar archive. Callers: operations, hooks."""

from __future__ import annotations

import io
import tarfile

from dockerspec.core.placed import Batch
from dockerspec.core.plan import action as act
from dockerspec.runtime.execute.tools import Tools


def write_files(action: act.WriteFiles, tools: Tools) -> tuple[str, ...]:
    """Write a batch; what an earlier try wrote is written over."""
    write_batch(action.container, action.batch, tools)
    return ()


def write_batch(container: str, batch: Batch, tools: Tools) -> None:
    """Write files into a container that may not run yet; missing folders on the way are made by the engine.

    Raises:
        EngineError: the engine said no, or could not be asked.
    """
    tools.engine.put_archive(container, batch.folder, packed(batch, tools.clock.time()))


def packed(batch: Batch, now: float) -> bytes:
    """The archive.

    Folders are not in it: the engine would give them these owners and bits where they are there already.

    Args:
        batch: the files.
        now: the time that they are given, in seconds since the epoch.
    """
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for item in batch.files:
            data = item.text.encode("utf-8", "surrogateescape")
            entry = tarfile.TarInfo(item.path)
            entry.size, entry.mode, entry.mtime = len(data), item.mode, int(now)
            entry.uid, entry.gid = item.uid, item.gid
            archive.addfile(entry, io.BytesIO(data))
    return stream.getvalue()
