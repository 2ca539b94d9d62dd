"""The fake engine against real ones: files that are written into containers."""

from __future__ import annotations

from typing import Any

from dockerspec.core.placed import Batch, PlacedFile
from dockerspec.engine.gateway import Gateway
from dockerspec.engine.protocol import Engine
from dockerspec.errors import EngineError
from dockerspec.runtime.execute.files import packed
from dockerspec.testing import FakeEngine
from tests.engine.test_fake_is_honest import Names, Step, transcript

Json = Any

ARCHIVE = packed(Batch("/", (PlacedFile("configs.app", "made/deep/app", 7, 8, 0o440, "x"),)), 0)


def read_only(engine: Engine, names: Names) -> Json:
    """Where a container with a read-only root can be written to; older engines call the refusal their own fault."""
    host = {"ReadonlyRootfs": True, "Binds": [f"{names.extra}:/extra", f"{names.auto}:/auto:ro"]}
    engine.create_container(names.lost, names.body(HostConfig=host))
    taken = []
    for folder in ("/", "/extra", "/auto"):
        try:
            engine.put_archive(names.lost, folder, ARCHIVE)
        except EngineError as fault:
            taken.append(fault.message)
        else:
            taken.append("written")
    engine.remove_container(names.lost)
    engine.remove_volume(names.extra)
    engine.remove_volume(names.auto)
    return taken


SCRIPT: list[Step] = [
    ("create", lambda e, n: sorted(e.create_container(n.one, n.body()))),
    ("write a file", lambda e, n: e.put_archive(n.one, "/", ARCHIVE)),
    ("below a folder that is made with it", lambda e, n: e.put_archive(n.one, "/made/deep", ARCHIVE)),
    ("into a folder that is not there", lambda e, n: e.put_archive(n.one, "/nowhere", ARCHIVE)),
    ("into nothing", lambda e, n: e.put_archive(n.nowhere, "/", ARCHIVE)),
    ("write what is read-only", lambda e, n: read_only(e, n)),
    ("start", lambda e, n: e.start_container(n.one)),
    ("write into what runs", lambda e, n: e.put_archive(n.one, "/", ARCHIVE)),
    ("remove", lambda e, n: e.remove_container(n.one, force=True)),
]


def test_files_are_taken_and_refused_alike(gateway: Gateway, stack_name: str, busybox: str) -> None:
    engine = FakeEngine()
    engine.add_image(busybox, gateway.image(busybox)["Config"])
    expected = transcript(gateway, Names(stack_name, busybox, 1), SCRIPT)
    answered = transcript(engine, Names("fake", busybox, 1), SCRIPT)
    assert [(label, result) for label, _, result in answered] == [(label, result) for label, _, result in expected]
    if gateway.api_version >= (1, 48):  # older engines word some refusals otherwise
        assert answered == expected
