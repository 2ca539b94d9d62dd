"""The short forms of Compose, each made into its long form.

Callers: `schema`. Limits: a short form is one scalar (or a list of them), and all parts of its long form have its
place.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from dockerspec.core import values
from dockerspec.core.spec.compose.collections import List, Map, Short, by
from dockerspec.core.spec.compose.notes import Notes
from dockerspec.core.spec.compose.scalars import Kind, as_text, kind_of
from dockerspec.core.spec.compose.shapes import Shape, plain_node, text_node
from dockerspec.core.spec.compose.words import split_words
from dockerspec.core.spec.nodes import Mapping, Node, Scalar, Sequence

_PROPAGATIONS = frozenset({"rprivate", "private", "rshared", "shared", "rslave", "slave"})
_DEFAULT_PERMISSIONS = "rwm"
_SHORTEST_WITH_OPTIONS = 3


def mapping(like: Node, fields: dict[str, Node]) -> Mapping:
    """Make a mapping whose keys and values stand at the place of a node."""
    # Keys only tell places, so that one scalar does for all.
    keys = dict.fromkeys(fields, text_node("", like))
    return Mapping(fields, keys, like.file, like.line, like.column)


def texts(like: Node, **fields: str) -> Mapping:
    """Make a mapping of texts at the place of a node."""
    return mapping(like, {name: text_node(text, like) for name, text in fields.items()})


def named(key: str) -> Short:
    """A short form that is the value of one key, as a build is its context."""

    def short(node: Node, notes: Notes) -> Node | None:
        if isinstance(node, Scalar) and kind_of(node) is Kind.TEXT:
            return mapping(node, {key: text_node(node.text, node)})
        notes.mistyped(node, "a text or a mapping", kind_of(node) if isinstance(node, Scalar) else None)
        return None

    return short


def ulimit(node: Node, notes: Notes) -> Node | None:
    """A number alone is both limits; it stays alone, as Compose prints it."""
    kind = kind_of(node) if isinstance(node, Scalar) else None
    if isinstance(node, Scalar) and (kind is Kind.INT or re.fullmatch(r"[+-]?[0-9]+", node.text)):
        number = int(as_text(node, Kind.INT)) if kind is Kind.INT else int(node.text)
        return plain_node(str(number), node)
    notes.mistyped(node, "a whole number", kind)
    return None


class Command(Shape):
    """A command: a list, or a line that is split as a shell would."""

    nullable = True
    null_wins = True

    def __init__(self) -> None:
        super().__init__(keep=True)

    def read(self, node: Node, notes: Notes) -> Node | None:
        """Read the words."""
        if isinstance(node, Scalar):
            kind = kind_of(node)
            if kind is not Kind.TEXT:
                notes.mistyped(node, "a text or a list", kind)
                return None
            try:
                words = split_words(node.text)
            except ValueError:
                summary = "a quote or bracket in the command is not closed"
                notes.error(node, summary, "close it, or write a list: [CMD, ARG]")
                return None
            return Sequence(tuple(text_node(word, node) for word in words), node.file, node.line, node.column)
        if isinstance(node, Mapping):
            notes.mistyped(node, "a text or a list")
            return None
        return List(_WORD).read(node, notes)


class _Word(Shape):
    def __init__(self) -> None:
        super().__init__(keep=True)

    def read(self, node: Node, notes: Notes) -> Node | None:
        kind = kind_of(node) if isinstance(node, Scalar) else None
        if not isinstance(node, Scalar) or kind is not Kind.TEXT:
            notes.mistyped(node, "a text", kind)
            return None
        return text_node(node.text, node)


_WORD = _Word()


class HealthTest(Shape):
    """A health check's command: a line for the shell, or a list that starts with CMD, CMD-SHELL or NONE."""

    def read(self, node: Node, notes: Notes) -> Node | None:
        """Read the words."""
        if isinstance(node, Scalar):
            kind = kind_of(node)
            if kind is not Kind.TEXT:
                notes.mistyped(node, "a text or a list", kind)
                return None
            words = () if not node.text else (text_node("CMD-SHELL", node), text_node(node.text, node))
            return Sequence(words, node.file, node.line, node.column)
        found = List(_WORD, keep=True).read(node, notes)
        if isinstance(found, Sequence) and found.items:
            first = found.items[0]
            if not isinstance(first, Scalar) or first.text not in ("CMD", "CMD-SHELL", "NONE"):
                fix = "write [CMD, pg_isready], or a plain text"
                notes.error(node, "the list must start with CMD, CMD-SHELL or NONE", fix)
                return None
        return found

    def finish(self, node: Node, _notes: Notes) -> Node | None:
        """Leave an empty list out."""
        return node if isinstance(node, Sequence) and node.items else None


class Hosts(Shape):
    """Lines for the hosts file, printed as HOST=IP and sorted."""

    def read(self, node: Node, notes: Notes) -> Node | None:
        """Read a list of HOST:IP or HOST=IP, or a mapping of one or several addresses."""
        found: list[Node] = []
        if isinstance(node, Sequence):
            seen: set[str] = set()
            for item in node.items:
                self._line(item, notes, found, seen)
        elif isinstance(node, Mapping):
            for name, value in node.values.items():
                for item in value.items if isinstance(value, Sequence) else (value,):
                    if isinstance(item, Scalar) and kind_of(item) is Kind.TEXT:
                        found.append(text_node(f"{name}={item.text.strip('[]')}", item))
                    else:
                        notes.mistyped(item, "a text", kind_of(item) if isinstance(item, Scalar) else None)
        else:
            notes.mistyped(node, "a list or a mapping", kind_of(node))
            return None
        return Sequence(tuple(found), node.file, node.line, node.column)

    def _line(self, item: Node, notes: Notes, found: list[Node], seen: set[str]) -> None:
        if not isinstance(item, Scalar) or kind_of(item) is not Kind.TEXT:
            notes.mistyped(item, "a text", kind_of(item) if isinstance(item, Scalar) else None)
            return
        mark = "=" if "=" in item.text else ":"
        host, found_mark, address = item.text.partition(mark)
        if not found_mark:
            notes.error(item, f"{values.shown(item.text)} has no address", 'write "HOST=IP", such as "db=10.0.0.7"')
            return
        if item.text in seen:
            notes.error(item, f"'{item.text}' is listed twice", "delete one of the two")
            return
        seen.add(item.text)
        found.append(text_node(f"{host}={address.strip('[]')}", item))

    def merge(self, base: Node, over: Node) -> Node:
        """Append; a line that is there already is not doubled."""
        if not isinstance(base, Sequence) or not isinstance(over, Sequence):
            return over
        lines = {item.text: item for item in (*base.items, *over.items) if isinstance(item, Scalar)}
        return Sequence(tuple(lines.values()), base.file, base.line, base.column)

    def finish(self, node: Node, _notes: Notes) -> Node | None:
        """Sort, and leave an empty list out."""
        if not isinstance(node, Sequence) or not node.items:
            return None
        items = sorted(node.items, key=lambda item: item.text if isinstance(item, Scalar) else "")
        return Sequence(tuple(items), node.file, node.line, node.column)


def _port_key(node: Node) -> object:
    """Only the very same publication is one entry."""
    if not isinstance(node, Mapping):
        return id(node)
    parts = [node.values.get(name) for name in ("host_ip", "published", "target", "protocol")]
    host, published, target, protocol = (part.text if isinstance(part, Scalar) else "" for part in parts)
    return (host or "0.0.0.0", published, target, protocol or "tcp")


class Ports(List):
    """Published ports; a range onto a range is one entry each."""

    def __init__(self, long: Map) -> None:
        super().__init__(long, key=_port_key)

    def read_item(self, node: Node, notes: Notes) -> Iterable[Node]:
        """Read one port."""
        if not isinstance(node, Scalar):
            new = self.item.read(node, notes)
            return () if new is None else (new,)
        kind = kind_of(node)
        if kind not in (Kind.TEXT, Kind.INT):
            notes.mistyped(node, "a port such as 8080:80", kind)
            return ()
        text = as_text(node, kind)
        head, colon, tail = text.partition("/")
        if head.count(":") > 2 and not head.startswith("["):
            address, published, target = head.rsplit(":", 2)
            text = f"[{address}]:{published}:{target}{colon}{tail}"
        try:
            if text != text.strip():
                raise ValueError(f"{values.shown(text)} has blanks around it; delete them")
            # No host port, and port 0, are any free one.
            bare = re.sub(r"^(?:(.*:)?0)?:(?=[^:]+$)", r"\1:" if ":" in text.rpartition(":")[0] else "", text)
            forms = values.parse_port(bare)
            if bare != text and re.search(r"(?:^|:)0:", text):
                forms = [{**form, "published": "0"} for form in forms]
            return [self._long(node, form) for form in forms]
        except ValueError as problem:
            notes.refuse(node, problem)
            return ()

    def _long(self, node: Scalar, form: dict[str, object]) -> Mapping:
        fields: dict[str, Node] = {"mode": text_node("ingress", node), "target": plain_node(str(form["target"]), node)}
        for name in ("host_ip", "published", "protocol"):
            if form[name]:
                fields[name] = text_node(str(form[name]), node)
        return mapping(node, fields)


def mount(node: Node, notes: Notes) -> Node | None:
    """`SOURCE:TARGET:OPTIONS`, by Compose's rules: options that mean nothing to it are passed over."""
    if not isinstance(node, Scalar) or kind_of(node) is not Kind.TEXT:
        kind = kind_of(node) if isinstance(node, Scalar) else None
        notes.mistyped(node, "a text such as data:/var/lib/data, or a mapping", kind)
        return None
    text = node.text
    if not text:
        notes.error(node, "the mount is empty", 'write "data:/var/lib/data", "./conf:/etc/conf:ro" or "/cache"')
        return None
    if len(text) < _SHORTEST_WITH_OPTIONS:
        return texts(node, type="volume", target=posixpath.normpath(text))
    parts = _sections(text)
    if len(parts) > 3 or not all(parts):
        problem = "has an empty part" if not all(parts) else "has too many colons"
        notes.error(node, f"{values.shown(text)} {problem}", "write SOURCE:TARGET, or SOURCE:TARGET:OPTIONS")
        return None
    if len(parts) == 1:
        return mapping(
            node,
            {**texts(node, type="volume", target=posixpath.normpath(parts[0])).values, "volume": mapping(node, {})},
        )
    return _mount(node, parts[0], posixpath.normpath(parts[1]), parts[2].split(",") if len(parts) > 2 else [])


def _mount(node: Node, source: str, target: str, options: list[str]) -> Mapping:
    kind = "bind" if _is_path(source) else "volume"
    fields = dict(texts(node, type=kind, source=source, target=target).values)
    # What an option is about doesn't depend on the kind of the mount: volumes are relabelled for SELinux too.
    bind: dict[str, Node] = {}
    volume: dict[str, Node] = {}
    for option in options:
        if option in ("ro", "rw"):
            fields["read_only"] = plain_node("true" if option == "ro" else "false", node)
        elif option == "nocopy":
            volume["nocopy"] = plain_node("true", node)
        elif option in ("z", "Z"):
            bind["selinux"] = text_node(option, node)
        elif option in _PROPAGATIONS:
            bind["propagation"] = text_node(option, node)
    if kind == "bind":
        bind["create_host_path"] = plain_node("true", node)
    for name, inner in (("bind", bind), ("volume", volume)):
        if inner or name == kind:
            fields[name] = mapping(node, inner)
    return mapping(node, fields)


def _sections(text: str) -> list[str]:
    """Split at the colons that follow more than the letter of a drive."""
    parts = [""]
    for character in text:
        if character == ":" and not (len(parts[-1]) == 1 and parts[-1].isalpha()):
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _is_path(source: str) -> bool:
    return source[0] in "./~" or source.startswith("\\\\") or (source[0].isalpha() and source[1:2] == ":")


def device(node: Node, notes: Notes) -> Node | None:
    """`SOURCE[:TARGET[:PERMISSIONS]]`."""
    if not isinstance(node, Scalar) or kind_of(node) is not Kind.TEXT:
        notes.mistyped(node, "a text or a mapping", kind_of(node) if isinstance(node, Scalar) else None)
        return None
    parts = node.text.split(":")
    if len(parts) > 3:
        fix = "write {source: ..., target: ..., permissions: rwm}"
        notes.error(node, f"{values.shown(node.text)} has too many colons", fix)
        return None
    source, target, permissions = [*parts, "", ""][:3]
    return texts(node, source=source, target=target or source, permissions=permissions or _DEFAULT_PERMISSIONS)


def gpus(node: Node, notes: Notes) -> Node | None:
    """`all` is one request for all of them."""
    if isinstance(node, Scalar) and node.text == "all":
        return Sequence((mapping(node, {"count": plain_node("-1", node)}),), node.file, node.line, node.column)
    notes.mistyped(node, "all or a list", kind_of(node) if isinstance(node, Scalar) else None)
    return None


class Gpus(List):
    """GPUs: `all`, or a list of requests."""

    def read(self, node: Node, notes: Notes) -> Node | None:
        """Read either form."""
        return super().read(node, notes) if isinstance(node, Sequence) else gpus(node, notes)


class DeviceCount(Shape):
    """A number of devices, or `all`, which is -1."""

    def read(self, node: Node, notes: Notes) -> Node | None:
        """Read the number."""
        kind = kind_of(node) if isinstance(node, Scalar) else None
        if isinstance(node, Scalar) and kind in (Kind.INT, Kind.TEXT):
            text = as_text(node, kind)
            if text == "all" or re.fullmatch(r"-?[0-9]+", text):
                return plain_node("-1" if text == "all" else str(int(text)), node)
        notes.mistyped(node, "a whole number or all", kind)
        return None


class Octal(Shape):
    """A file's permissions, printed as four octal digits."""

    def read(self, node: Node, notes: Notes) -> Node | None:
        """Read `0440`, `"0440"` or the number that the first is."""
        kind = kind_of(node) if isinstance(node, Scalar) else None
        if isinstance(node, Scalar):
            if kind is Kind.INT:
                return text_node(f"0{int(as_text(node, kind)):03o}", node)
            if kind is Kind.TEXT and re.fullmatch("[0-7]+", node.text):
                return text_node(f"0{int(node.text, 8):03o}", node)
        notes.mistyped(node, "permissions such as 0440", kind)
        return None


class Ssh(Shape):
    """Keys for a build: `default`, or ID=PATH, as a list or a mapping."""

    def read(self, node: Node, notes: Notes) -> Node | None:
        """Read either form into lines."""
        if isinstance(node, Scalar) and kind_of(node) is Kind.TEXT:
            node = Sequence((node,), node.file, node.line, node.column)
        found: list[Node] = []
        if isinstance(node, Mapping):
            for name, value in node.values.items():
                text = value.text if isinstance(value, Scalar) and value.text else ""
                found.append(text_node(f"{name}={text}" if text else name, value))
        elif isinstance(node, Sequence):
            read = List(_WORD, distinct=True).read(node, notes)
            found = list(read.items) if isinstance(read, Sequence) else []
        else:
            notes.mistyped(node, "a list or a mapping", kind_of(node))
            return None
        return Sequence(tuple(found), node.file, node.line, node.column)

    def merge(self, base: Node, over: Node) -> Node:
        """Append by ID."""
        if not isinstance(base, Sequence) or not isinstance(over, Sequence):
            return over
        lines = {item.text.partition("=")[0]: item for item in (*base.items, *over.items) if isinstance(item, Scalar)}
        return Sequence(tuple(lines.values()), base.file, base.line, base.column)

    def finish(self, node: Node, _notes: Notes) -> Node | None:
        """Leave an empty list out."""
        return node if isinstance(node, Sequence) and node.items else None


class Logging(Map):
    """Where output goes: the options of a driver mean nothing to another one."""

    def merge(self, base: Node, over: Node) -> Node:
        """Merge for the same driver; take the later for another one."""
        drivers = [
            node.values["driver"] for node in (base, over) if isinstance(node, Mapping) and "driver" in node.values
        ]
        texts_ = {driver.text for driver in drivers if isinstance(driver, Scalar)}
        return over if len(texts_) > 1 else super().merge(base, over)


def before_colon(node: Node) -> object:
    """The target of a tmpfs: what stands before its options."""
    return node.text.partition(":")[0] if isinstance(node, Scalar) else node


TARGET_OF = by("target", "source")
