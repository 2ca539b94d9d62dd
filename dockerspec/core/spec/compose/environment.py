"""`env_file` and `label_file`: the files' values put under what the service says itself.

Callers: `loading`, once the paths are absolute and the services that take part are known. Limits: reads through the
injected reader only.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Values
from dataclasses import dataclass, field

from dockerspec.core.diagnostics import Diagnostic, Span, error
from dockerspec.core.spec.compose.shorts import mapping
from dockerspec.core.spec.compose.trees import entries, items, put, text, text_node
from dockerspec.core.spec.dotenv import DotenvFault, parse_dotenv
from dockerspec.core.spec.nodes import Mapping, Node, Scalar, is_null, span_of
from dockerspec.core.spec.source import FileFault, Reader

RAW = "raw"


@dataclass(slots=True)
class Environments:
    """Resolves the services of one project.

    Attributes:
        reader: reads a file by its absolute path.
        shown: how a path is named in faults.
        values: the variables of the run.
        faults: what was found.
    """

    reader: Reader
    shown: Callable[[str], str]
    values: Values[str, str]
    faults: list[Diagnostic] = field(default_factory=list)
    _texts: dict[str, str | FileFault] = field(default_factory=dict)

    def service(self, name: str, service: Mapping) -> Mapping:
        """Return the service with the values of its files; what it says itself wins."""
        if "env_file" in service.values:
            service = self._environment(name, service)
        if "label_file" in service.values:
            service = self._labels(name, service)
        return service

    def _environment(self, name: str, service: Mapping) -> Mapping:
        own = {key: node.text for key, node in entries(service, "environment") if isinstance(node, Scalar)}
        nulls = {key for key, node in entries(service, "environment") if is_null(node)}
        known = {**{key: value for key, value in own.items() if key not in nulls}, **self.values}
        found: dict[str, Node] = {}
        for number, entry in enumerate(items(service, "env_file")):
            where = f"services.{name}.env_file[{number}]"
            for key, value in self._file(text(entry, "path"), entry, where, known).items():
                found[key] = text_node(value, entry)
        found |= dict(entries(service, "environment"))
        return put(service, env_file=None, environment=mapping(service, found) if found else None)

    def _labels(self, name: str, service: Mapping) -> Mapping:
        found: dict[str, Node] = {}
        for number, entry in enumerate(items(service, "label_file")):
            path = entry.text if isinstance(entry, Scalar) else ""
            where = f"services.{name}.label_file[{number}]"
            for key, value in self._file(path, entry, where, dict(self.values)).items():
                found[key] = text_node(value, entry)
        found |= dict(entries(service, "labels"))
        return put(service, label_file=None, labels=mapping(service, found) if found else None)

    def _file(self, path: str, entry: Node, where: str, known: dict[str, str]) -> dict[str, str]:
        if path not in self._texts:
            self._texts[path] = self.reader(path)
        content = self._texts[path]
        shown = self.shown(path)
        if isinstance(content, FileFault):
            if content.missing and text(entry, "required") == "false":
                return {}
            kind = where.rpartition(".")[2].partition("[")[0]
            fix = content.fix or "create it" + (", or write {path: ..., required: false}" if kind == "env_file" else "")
            self.faults.append(error(where, f"the {kind} {shown} {content.summary}", fix, span_of(entry)))
            return {}
        form = text(entry, "format")
        if form not in ("", RAW):
            place = entry.values["format"] if isinstance(entry, Mapping) else entry
            self.faults.append(error(f"{where}.format", f"'{form}' is no format", f"write {RAW}", span_of(place)))
            return {}
        try:
            read = _raw(content, self.values) if form else parse_dotenv(content, known)
        except DotenvFault as fault:
            self.faults.append(error(where, fault.summary, fault.fix, Span(shown, fault.line, 1)))
            return {}
        full = {key: self.values.get(key) if value is None else value for key, value in read.items()}
        return {key: value for key, value in full.items() if value is not None}


def _raw(content: str, values: Values[str, str]) -> dict[str, str | None]:
    """Read lines as `docker run --env-file` does: all behind the first `=` is the value, quotes and all."""
    found: dict[str, str | None] = {}
    for number, line in enumerate(content.removeprefix("\ufeff").splitlines(), 1):
        entry = line.lstrip()
        if not entry or entry.startswith("#"):
            continue
        name, equals, value = entry.partition("=")
        if not name or any(character.isspace() for character in name):
            raise DotenvFault(number, f"'{name}' is no variable's name", "write NAME=value")
        found[name] = value if equals else values.get(name)
    return found
