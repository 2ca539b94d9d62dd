"""The spec of an earlier run, made fit to be applied again: values given, files of variables compared, images pinned.

Caller: docker.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from dockerspec.core.diagnostics import Diagnostic
from dockerspec.core.facts import EngineFacts
from dockerspec.core.history.entry import Details, Entry, Fate, Pin
from dockerspec.core.history.kept import KeptSpec, changed_files, veil_of
from dockerspec.core.history.pins import missing_words, pinned, pull_reference, run_references
from dockerspec.core.ownership import owner_of
from dockerspec.core.spec.load import LoadResult
from dockerspec.core.table.process import pairs
from dockerspec.engine.protocol import Engine
from dockerspec.errors import NotFound, Refused
from dockerspec.runtime.files import load_text


def earlier_spec(
    engine: Engine,
    facts: EngineFacts,
    entry: Entry,
    details: Details,
    env_files: Sequence[str | os.PathLike[str]],
    variables: Mapping[str, str] | Sequence[str],
    accept_env_files: bool,
) -> LoadResult:
    """The spec of a run, ready for a plan; see `Docker.earlier_spec`."""
    kept = _usable(entry, details, facts)
    result = load_text(
        kept.text,
        f"run {entry.number}",
        variables,
        env_files or kept.env_files,
        lambda known: _found_again(engine, entry.stack, kept, known),
        named=bool(env_files),
    )
    result = replace(result, diagnostics=tuple(_explained(item, kept) for item in result.diagnostics))
    if result.stack is None or result.origin is None:
        return result
    changed = changed_files(kept, result.stack, result.origin)
    if changed and not accept_env_files:
        raise Refused(_file_words(entry, result, changed))
    return replace(result, stack=pinned(result.stack, _targets(engine, entry, details.images, result)))


def day_of(entry: Entry) -> str:
    """When a run began, in the time of this machine: `2026-11-24 13:30`."""
    return datetime.fromtimestamp(entry.began).astimezone().strftime("%Y-%m-%d %H:%M")


def _usable(entry: Entry, details: Details, facts: EngineFacts) -> KeptSpec:
    number = entry.number
    if entry.engine != facts.id:
        raise Refused(f"nothing was changed: run {number} was on another engine ({entry.endpoint})")
    if details.spec is None:
        raise Refused(f"nothing was changed: the spec of run {number} was not kept: {details.unkept}")
    if entry.fate is not Fate.DONE:
        raise Refused(
            f"nothing was changed: run {number} did not succeed ({entry.fate}), so that nobody knows which images go "
            "with its spec; `dockerspec history` lists those that did"
        )
    if entry.partial:
        raise Refused(f"nothing was changed: run {number} was about a part of the stack only; choose a whole one")
    return details.spec


def _found_again(engine: Engine, stack: str, kept: KeptSpec, known: Mapping[str, str]) -> dict[str, str]:
    """Values that the spec held and the history did not keep, where a container of the stack still has them."""
    # Nothing is built on the way back.
    found = {name: "" for name, item in kept.withheld.items() if item.builds}
    wanted = {name: item for name, item in kept.withheld.items() if item.container and name not in known}
    if not wanted:
        return found
    environments: dict[str, list[Mapping[str, str | None]]] = {}
    for item in engine.containers():
        owner = owner_of(item.get("Labels"))
        if owner is None or owner.stack != stack:
            continue
        try:
            config = engine.container(item["Id"]).get("Config") or {}
        except NotFound:
            continue
        environments.setdefault(owner.resource, []).append({**(config.get("Labels") or {}), **pairs(config.get("Env"))})
    for name, item in wanted.items():
        for values in environments.get(item.container, ()):
            value = values.get(item.variable)
            if value and veil_of(kept, stack, name, value) == item.veil:
                found[name] = value
    return found


def _explained(fault: Diagnostic, kept: KeptSpec) -> Diagnostic:
    """Why a variable that no spec file declares is asked for."""
    name = fault.path.removeprefix("variables.")
    item = kept.withheld.get(name)
    if name == fault.path or (item is None and "has no value" not in fault.summary):
        return fault
    what = f"{item.variable} of {item.container}" if item and item.container else name
    summary = f"the value of {what} may be secret, so the history did not keep it"
    return replace(fault, summary=summary, fix=f"give it: --var {name}=VALUE, or {name} in the environment")


def _file_words(entry: Entry, result: LoadResult, changed: Mapping[str, tuple[str, ...]]) -> str:
    lines = []
    for key, names in changed.items():
        files = ", ".join(item.path for item in result.require().containers[key].env_file)
        lines.append(f"\n  - {files} of {key}: {', '.join(names) or 'some value'}")
    return (
        f"nothing was changed: files of variables say something else than in run {entry.number} of {day_of(entry)}, "
        f"and the history keeps none of their values:{''.join(lines)}\nPut back what they said then, or take what they "
        "say now with --accept-env-files"
    )


def _targets(engine: Engine, entry: Entry, images: Mapping[str, Pin], result: LoadResult) -> dict[str, str]:
    """By reference, the image to run: its ID, or its digest where it has to be pulled again.

    Raises:
        Refused: one can't be had.
    """
    targets: dict[str, str] = {}
    gone: list[tuple[str, Pin]] = []
    for reference in run_references(result.require()):
        pin = images.get(reference)
        if pin is None:
            gone.append((reference, Pin("unknown")))
            continue
        try:
            targets[reference] = str(engine.image(pin.id)["Id"])
        except NotFound:
            again = pull_reference(reference, pin)
            if again:
                targets[reference] = again
            else:
                gone.append((reference, pin))
    if gone:
        raise Refused(missing_words(entry.number, day_of(entry), gone))
    return targets
