"""Compose files -> a resolved project: the phases in their order.

    read and expand     each file: values in, every key in its canonical form        layers, schema
    extend, include     what the file takes from others                              layers, including
    lay over            the files on top of each other                               layers, schema
    finish, default     empty things out, what is silent filled in                   schema, normal
    make absolute       paths, by the folder of their project                        folders
    choose              services by profiles                                         here
    name and imply      names, the default network, implied dependencies             normal
    check               what Compose checks between keys                             consistency
    resolve             env_file and label_file                                      environment

Callers: `load`. Limits: as for the whole of `core`: other files come through the reader.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping as Values
from dataclasses import dataclass

from dockerspec.core.diagnostics import Diagnostic, Severity, Span, error, warning
from dockerspec.core.spec import nodes
from dockerspec.core.spec.compose.collections import with_values
from dockerspec.core.spec.compose.consistency import check_objects, check_services
from dockerspec.core.spec.compose.environment import Environments
from dockerspec.core.spec.compose.folders import Folder
from dockerspec.core.spec.compose.including import Including
from dockerspec.core.spec.compose.layers import Layer, Layers, name_of, over
from dockerspec.core.spec.compose.normal import defaults, normal, project_name, reachable
from dockerspec.core.spec.compose.notes import Notes
from dockerspec.core.spec.compose.project import Choices, Project
from dockerspec.core.spec.compose.scalars import Kind, kind_of
from dockerspec.core.spec.compose.schema import TOP
from dockerspec.core.spec.compose.trees import at, entries, free, items, put
from dockerspec.core.spec.document import Document
from dockerspec.core.spec.nodes import Mapping, Scalar, is_null, span_of
from dockerspec.core.spec.source import Reader, SourceFile
from dockerspec.core.spec.template import TemplateFault, Usage, expand

_EVERY = "*"
NAME_VARIABLE = "COMPOSE_PROJECT_NAME"


@dataclass(slots=True)
class Loaded:
    """What came of a load.

    Attributes:
        project: the project, or None where there are errors.
        faults: errors and warnings.
        used: names of the variables that were looked up.
    """

    project: Project | None
    faults: list[Diagnostic]
    used: set[str]


def load_project(
    files: list[tuple[SourceFile, Document]], values: Values[str, str], reader: Reader, choices: Choices
) -> Loaded:
    """Load a project.

    Args:
        files: the Compose files, parsed; later ones lie over earlier ones.
        values: the variables of the run.
        reader: reads other files by their absolute path.
        choices: what the run says beside the files.
    """
    main = files[0][0]
    layers = Layers(reader, main)
    folder = Folder(choices.folder or main.folder, values.get("HOME", ""))
    name = _name(files, values, choices, folder, layers.faults)
    values = {**values, NAME_VARIABLE: name}
    parsed = [layers.expanded(source, document, folder, values) for source, document in files]
    chain = tuple(dict.fromkeys(posixpath.join(source.folder, posixpath.basename(source.name)) for source, _ in files))
    top = _Loading(layers).model(parsed, folder, values, chain)
    if top is None or _failed(layers.faults):
        return Loaded(None, layers.faults + layers.later, layers.used)
    project = _project(top, name, values, choices, folder, layers)
    layers.faults += layers.later
    return Loaded(None if _failed(layers.faults) else project, layers.faults, layers.used)


def _failed(faults: list[Diagnostic]) -> bool:
    return any(fault.severity is Severity.ERROR for fault in faults)


@dataclass(slots=True)
class _Loading:
    layers: Layers

    def files(
        self, sources: list[SourceFile], folder: Folder, values: Values[str, str], chain: tuple[str, ...]
    ) -> Mapping | None:
        """Load included files, as a project of their own."""
        found = [self.layers.layers(source, folder, values) for source in sources]
        return self.model([layer for each in found for layer in each], folder, values, chain) if all(found) else None

    def model(
        self, parsed: list[Layer], folder: Folder, values: Values[str, str], chain: tuple[str, ...]
    ) -> Mapping | None:
        """Lay files over each other and finish the result; paths are absolute afterwards."""
        layers, merged = self.layers, None
        for layer in parsed:
            _check_top(layer, layers.faults)
            top = layers.canonical(layer, values)
            top = Including(layers, layer, folder, values, chain, self.files).into(top)
            merged = top if merged is None else over(merged, layer, top)
        if merged is None:
            return None
        notes = Notes()
        finished = TOP.finish(merged, notes)
        assert isinstance(finished, Mapping)
        finished = defaults(finished, layers.faults)
        layers.faults += notes.settle(merged)
        check_objects(finished, notes)
        layers.later += notes.settle(finished)
        return folder.project(finished)


def _check_top(layer: Layer, faults: list[Diagnostic]) -> None:
    """Say that `version` is obsolete, and refuse a file without anything in it."""
    version = layer.root.keys.get("version")
    if version is not None and "version" in layer.root.values:
        summary = "the key is obsolete and means nothing"
        faults.append(warning("version", summary, "delete it", span_of(version)))


def _name(
    files: list[tuple[SourceFile, Document]],
    values: Values[str, str],
    choices: Choices,
    folder: Folder,
    faults: list[Diagnostic],
) -> str:
    """The project's name: of the run, else of the last file that has one, else of the folder."""
    given = choices.name or values.get(NAME_VARIABLE, "")
    if given:
        if project_name(given) != given:
            fix = "use small letters, digits, '_' and '-', and start with a letter or digit"
            faults.append(error("name", f"'{given}' is no project's name", fix))
        return given
    named = [scalar for _, document in files if (scalar := name_of(document.root))]
    if not named:
        name = project_name(posixpath.basename(folder.path))
        if not name:
            fix = "write 'name: NAME' at the top of the file"
            faults.append(
                error("name", "the project has no name and its folder gives none", fix, Span(files[0][0].name, 1, 1))
            )
        return name or "unnamed"
    scalar = named[-1]
    try:
        text = expand(scalar.text, values, Usage(), lenient=True)
    except TemplateFault:
        return "unnamed"  # reported when the file's values are put in
    name = project_name(text)
    if not name and kind_of(scalar) is Kind.TEXT:
        fix = "use small letters, digits, '_' and '-', and start with a letter or digit"
        faults.append(error("name", f"'{text}' leaves no project's name", fix, span_of(scalar)))
    return name or "unnamed"


def _project(
    top: Mapping, name: str, values: Values[str, str], choices: Choices, folder: Folder, layers: Layers
) -> Project:
    """Choose the services, name everything, and check."""
    services = at(top, "services")
    declared = {key: node for key, node in entries(services) if isinstance(node, Mapping)}
    profiles = sorted(
        {item.text for node in declared.values() for item in items(node, "profiles") if isinstance(item, Scalar)}
    )
    active = {key: node for key, node in declared.items() if _takes_part(node, choices.profiles)}
    if isinstance(services, Mapping):
        top = put(top, services=with_values(services, dict(active)))
    top = normal(top, name, values)
    notes = Notes()
    check_services(top, active, frozenset(declared), notes)
    layers.faults += notes.settle(top)
    environments = Environments(layers.reader, layers.shown, values)
    services = at(top, "services")
    resolved: dict[str, nodes.Node] = {
        key: environments.service(key, node) for key, node in entries(services) if isinstance(node, Mapping)
    }
    layers.faults += environments.faults
    label_files = {
        key: tuple(item.text for item in items(node, "label_file") if isinstance(item, Scalar))
        for key, node in entries(services)
        if at(node, "label_file") is not None
    }
    if isinstance(services, Mapping):
        top = put(top, services=with_values(services, resolved))
    whole = top
    if not choices.unused:
        top = reachable(top)
    return Project(
        name,
        folder.path,
        (),
        top,
        (),
        tuple(profiles),
        tuple(active),
        tuple(key for key in declared if key not in active),
        _unused(whole, top),
        extensions={key: free(node) for key, node in layers.extensions.items()},
        label_files=label_files,
    )


def _unused(whole: Mapping, used: Mapping) -> tuple[tuple[str, str], ...]:
    return tuple(
        (section, name)
        for section in ("networks", "volumes")
        for name, _ in entries(whole, section)
        if at(used, section, name) is None
    )


def _takes_part(service: Mapping, profiles: tuple[str, ...]) -> bool:
    own = {item.text for item in items(service, "profiles") if isinstance(item, Scalar)}
    return not own or _EVERY in profiles or not own.isdisjoint(profiles)


__all__ = ["Loaded", "is_null", "load_project"]
