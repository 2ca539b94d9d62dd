"""What the phases find wrong, noted with the node at fault; paths are worked out only once there is something to say.

Callers: the shapes and the phases after them. Limits: keeping track of where a walk is would cost more than the walk
itself, so a path is looked up by the identity of its node in the tree that was walked.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dockerspec.core.diagnostics import Diagnostic, Severity, Span
from dockerspec.core.nearest import nearest
from dockerspec.core.spec.compose.scalars import Kind
from dockerspec.core.spec.nodes import Mapping, Node, Scalar, Sequence, span_of
from dockerspec.core.spec.paths import Path, format_path

_LIST_UP_TO = 12
_LONGEST = 60


@dataclass(slots=True)
class Notes:
    """The faults of one walk over one tree."""

    _found: list[tuple[Node, Severity, str, str]] = field(default_factory=list)

    def error(self, node: Node, summary: str, fix: str = "") -> None:
        """Note what is wrong with a node, or with the key that a scalar is."""
        self._found.append((node, Severity.ERROR, summary, fix))

    def warning(self, node: Node, summary: str, fix: str = "") -> None:
        """Note what works, though perhaps not as meant."""
        self._found.append((node, Severity.WARNING, summary, fix))

    def refuse(self, node: Node, problem: ValueError) -> None:
        """Note a grammar's complaint, `SUMMARY; FIX`."""
        summary, _, fix = str(problem).partition("; ")
        self.error(node, summary, fix)

    def unknown(self, key: Scalar, known: dict[str, object], *, passed_over: bool = False) -> None:
        """Note a key that means nothing here; a fault, unless Compose passes over it."""
        close = nearest(key.text.lower().replace("-", "_"), known)
        if key.text in _GONE and _GONE[key.text][0] in known:
            fix = _GONE[key.text][1]
        elif _MEANT.get(key.text) in known:
            fix = f"rename it to '{_MEANT[key.text]}:'"
        elif close:
            fix = f"did you mean '{close}'?"
        elif len(known) <= _LIST_UP_TO:
            fix = f"write {'one of ' if len(known) > 1 else ''}{', '.join(sorted(known))}"
        else:
            fix = "delete it, or start its name with 'x-'"
        note = self.warning if passed_over else self.error
        note(key, f"unknown key '{key.text}'", fix)

    def mistyped(self, node: Node, wanted: str, kind: Kind | None = None) -> None:
        """Note a value of a type that has no meaning here."""
        if not isinstance(node, Scalar):
            given = "a list" if isinstance(node, Sequence) else "a mapping"
            fix = _INSTEAD.get(wanted, "")
            if wanted == "a text" and isinstance(node, Mapping):
                # Most often the items of a list that ought to be a mapping.
                fix = "leave out the '- ' before it and its neighbours, or quote it if it is a text"
            self.error(node, f"{given} is given where {wanted} is wanted", fix)
            return
        if kind is Kind.NULL:
            self.error(node, f"there is no value where {wanted} is wanted", "give one, or delete the key")
            return
        text = node.text if len(node.text) <= _LONGEST else f"{node.text[:_LONGEST]}..."
        if kind in (Kind.INT, Kind.FLOAT, Kind.BOOL, Kind.DATE) and wanted == "a text":
            self.error(node, f"{text} is {kind.value}, but a text is wanted", f'write "{text}" in quotes')
            return
        fix = _INSTEAD.get(wanted, "")
        if wanted in _LISTS and text == node.text and text.isprintable():
            fix = f"write '- {text}' on a line below the key"
        self.error(node, f"'{text}' is given where {wanted} is wanted", fix)

    def settle(self, root: Node, start: Path = ()) -> list[Diagnostic]:
        """Return the diagnostics, with the paths that their nodes have in a tree."""
        if not self._found:
            return []
        paths: dict[int, Path] = {}
        _index(root, start, paths)
        diagnostics = [
            Diagnostic(severity, format_path(paths.get(id(node), ())), summary, fix, _place(node))
            for node, severity, summary, fix in self._found
        ]
        self._found = []
        return diagnostics


def _place(node: Node) -> Span:
    return span_of(node)


def _index(node: Node, path: Path, paths: dict[int, Path]) -> None:
    """Note the first path of each node and of each key below a node."""
    if id(node) in paths:
        return
    paths[id(node)] = path
    if isinstance(node, Mapping):
        for name, value in node.values.items():
            _index(value, (*path, name), paths)
            if name in node.keys:
                paths.setdefault(id(node.keys[name]), (*path, name))
    elif isinstance(node, Sequence):
        for number, item in enumerate(node.items):
            _index(item, (*path, number), paths)


_MEANT = {
    "env": "environment",
    "memory": "mem_limit",
    "cmd": "command",
    "mounts": "volumes",
    "containers": "services",
    "stack": "name",
    "net": "network_mode",
}
"""Words of other tools and of dockerspec's own specs."""

_GONE = {
    "volume_driver": ("volumes", "write 'driver:' below the volume's name in the volumes of the file"),
    "log_driver": ("logging", "write 'logging: {driver: json-file}'"),
    "log_opt": ("logging", "write 'logging: {options: {max-size: 10m}}'"),
    "dockerfile": ("build", "write 'build: {context: ., dockerfile: NAME}'"),
    "resources": ("deploy", "write it below 'deploy:'"),
    "replicas": ("deploy", "write 'deploy: {replicas: 2}', or 'scale: 2'"),
    "condition": ("depends_on", "write 'depends_on: {NAME: {condition: service_healthy}}'"),
}
"""Words of old files, and words at the wrong level: (the key beside which they are known, what to write instead)."""

_LISTS = frozenset({"a list", "a list or a mapping"})

_INSTEAD = {
    "a mapping or a list of KEY=VALUE": "write 'KEY: VALUE' lines below it",
    "a list or a mapping": "write '- ITEM' lines below it",
    "a text or a list": "write '- ITEM' lines below it",
    "a duration such as 30s": "write it with a unit: s, m or h",
    "a size such as 512m": "write it with a unit, as a text: b, k, m or g",
    "a mapping": "write 'KEY: VALUE' lines below it",
    "a list": "write '- ITEM' lines below it",
    "true or false": "write true or false",
    "a whole number": "write one such as 3",
    "a number": "write one such as 1.5",
}
