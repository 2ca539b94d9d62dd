"""What a plan for a stack needs beside the spec: the build contexts' files, what to ask the engine, the CLI's builder.

Caller: api. Nothing of builds is loaded for a stack that builds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dockerspec.core.desired.names import all_pushed_references, references, watched_references
from dockerspec.core.spec.model import Stack
from dockerspec.engine.protocol import Engine
from dockerspec.runtime.snapshot import Query

if TYPE_CHECKING:
    from dockerspec.core.desired.inputs import ContextFacts
    from dockerspec.core.marks import Mark


def read_contexts(stack: Stack) -> dict[str, ContextFacts]:
    """What the build contexts hold, by image key.

    Raises:
        SpecError: a context or its Dockerfile is missing, or can't be read.
    """
    builds = {key: spec.build for key, spec in stack.images.items() if spec.build is not None}
    if not builds:
        return {}
    from dockerspec.core.desired.inputs import is_remote
    from dockerspec.engine.context import read_context

    return {
        key: read_context(
            Path(build.context),
            build.dockerfile or "Dockerfile",
            inline=build.dockerfile_inline,
            extra=build.additional_contexts,
        )
        for key, build in builds.items()
        if not is_remote(build.context)
    }


def query_for(stack: Stack, owner: str, contexts: Mapping[str, ContextFacts], assumed: tuple[Mark, ...] = ()) -> Query:
    """What must be read of the engine and the registries.

    Args:
        stack: the spec.
        owner: what stands for it on the engine.
        contexts: what the build contexts hold.
        assumed: marks to be seen as if they were there already.
    """
    found = list(references(stack))
    if contexts:
        from dockerspec.core.desired.inputs import bases

        for key, facts in contexts.items():
            build = stack.images[key].build
            assert build is not None
            found += bases(facts.dockerfile, build.args, build.additional_contexts)
    return Query(
        stack=owner,
        references=tuple(found),
        registry=watched_references(stack),
        pushed=all_pushed_references(stack),
        spares=any(spec.keep is not None for spec in stack.images.values()),
        assumed=assumed,
    )


def cli_builder(engine: Engine, stack: Stack) -> str:
    """The docker CLI's builder on this machine, `buildx` or `buildkit`; looked for only if some build needs one."""
    builds = [spec.build for spec in stack.images.values() if spec.build is not None]
    if not builds:
        return ""
    from dockerspec.core.table.image import builder_of

    return engine.cli_builder() if any(builder_of(build)[0] for build in builds) else ""
