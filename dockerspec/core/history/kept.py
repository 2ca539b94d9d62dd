"""A spec in the form in which the history keeps it: one file, no secret value, good from any folder.

Overlays are merged, variables put in, paths made absolute. What may be secret is not kept, but stays open as `${NAME}`
with a `sensitive` declaration, so that whoever applies it again must give the value: variables marked `sensitive`,
variables and values whose name or form calls them secret (the names that plans hide), values that contain a secret.
Files of variables (`env_file`) are read again too: only digests of their values are kept, so short that none can be
told from them, by which a later run sees that they are what they were.

Callers: api. Pure. Limits: a value that the spec itself holds in clear, under a name that calls nothing secret, is kept
as any other.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from dockerspec.core.desired.inputs import veiled
from dockerspec.core.diff.change import HIDDEN
from dockerspec.core.diff.compare import hide
from dockerspec.core.history import page, paths
from dockerspec.core.history.tree import change, each, entries, items, quoted, section
from dockerspec.core.spec import nodes
from dockerspec.core.spec.dotenv import DotenvFault, parse_dotenv
from dockerspec.core.spec.load import LoadResult, Origin, document_of
from dockerspec.core.spec.model import Stack
from dockerspec.core.spec.nodes import Node, Scalar, Style
from dockerspec.core.spec.source import FileFault

SHORTEST_SECRET = 4
"""Shorter values occur by chance; the masks of the pages leave them alone too."""

_TELLING = 8
"""From so many characters on a value of a file of variables is masked wherever it occurs."""

_HOOKS = ("pre_start", "post_start", "pre_stop")
_BUILD = "/"
"""In the place of a container's key: the value is a build's."""
_URL_PASSWORD = re.compile(r"://[^/\s:@]*:[^/\s@]+@")
_NO_NAME = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Withheld:
    """A value that was written in the spec and is not kept.

    Attributes:
        container: the key of the container that has it in its environment or as a label; empty for a value elsewhere.
        variable: the environment variable, the label, or whatever key the value stood under.
        veil: a short digest of the value.
        builds: whether only builds need it.
    """

    container: str
    variable: str
    veil: str
    builds: bool = False


@dataclass(frozen=True, slots=True)
class KeptSpec:
    """A spec that can be applied again.

    Attributes:
        text: the spec.
        env_files: absolute paths of the files that gave values to its variables.
        withheld: values that the spec held, by the variable that stands for them now.
        files: per container with an `env_file`, a veil of its variables: of all under an empty name, and of each.
        salt: what the veils are made with.
    """

    text: str
    env_files: tuple[str, ...] = ()
    withheld: Mapping[str, Withheld] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    salt: str = ""

    @property
    def digest(self) -> str:
        """What tells this spec from another; the values that are not kept count only by their veils."""
        value = [self.text, {name: item.veil for name, item in self.withheld.items()}, dict(self.files)]
        return hashlib.sha256(json.dumps(value, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()


def keep(spec: LoadResult, salt: str) -> KeptSpec | str:
    """The form in which a spec is kept.

    Args:
        spec: a sound spec.
        salt: random text.

    Returns:
        The form, or the reason why it can't be kept without a secret value in it.
    """
    stack, origin = spec.require(), spec.origin
    if origin is None:
        return "it came from no file"
    if spec.compose is not None:
        return "it is a Compose file; only specs of dockerspec's own are kept"
    secret = {item for item in spec.sensitive if len(item) >= SHORTEST_SECRET}
    open_names = {name for name, value in origin.values.items() if _is_secret(origin, name, value, secret)}
    values = {name: page.mark(name) if name in open_names else value for name, value in origin.values.items()}
    document = document_of(origin, values)
    if document is None:
        return "its files can't be read"
    home = origin.values.get("HOME", "~")
    writer = _Writer(f"{stack.stack}/{salt}", values, set(origin.values))
    root = paths.absolute(document.root, origin.files[0].folder, home)
    root = writer.spec(section(root, "stack", lambda _node: quoted(stack.stack)))
    place = _clear_secret(root, secret)
    if place:
        return f"a secret value stands in clear in {place}"
    return KeptSpec(
        text=page.write(_declared(root, origin)),
        env_files=origin.variables.paths,
        withheld=writer.withheld,
        files={key: veils(found, key, salt) for key, found in file_values(stack, origin).items()},
        salt=salt,
    )


def _is_secret(origin: Origin, name: str, value: str, secret: set[str]) -> bool:
    declared = origin.declared.get(name)
    if not value:
        return False
    if declared is not None and declared.sensitive:
        return True
    return _looks_secret("environment", name, value) or any(item in value for item in secret)


def _looks_secret(top: str, name: str, value: str) -> bool:
    return hide(f"{top}.{name}", value) == HIDDEN or _URL_PASSWORD.search(value) is not None


def _declared(root: nodes.Mapping, origin: Origin) -> nodes.Mapping:
    """The spec with a declaration of every variable that is still open."""
    names = sorted({name for item in _scalars(root) for name in page.marked(item.text)})
    if not names:
        return root
    found: dict[str, Node] = {}
    for name in names:
        declared = origin.declared.get(name)
        kind = {"type": quoted(declared.type)} if declared is not None and declared.type != "string" else {}
        found[name] = entries({**kind, "sensitive": Scalar("true", Style.PLAIN, "", 1, 1)})
    values = {"variables": entries(found), **root.values}
    return root._replace(values=values)


def _scalars(node: Node) -> Iterable[Scalar]:
    if isinstance(node, Scalar):
        yield node
        return
    for item in node.values.values() if isinstance(node, nodes.Mapping) else node.items:
        yield from _scalars(item)


def _clear_secret(root: nodes.Mapping, secret: set[str]) -> str:
    """The section and object in which a secret value stands in clear; empty for none."""
    for top, objects in root.values.items():
        below = objects.values.items() if isinstance(objects, nodes.Mapping) else [("", objects)]
        for name, node in below:
            texts = [item.text for item in _scalars(node)] + [name]
            if any(value in text for value in secret for text in texts):
                return f"{top}.{name}" if name else top
    return ""


# --- what the spec itself holds ---------------------------------------------------------------------------------


@dataclass(slots=True)
class _Writer:
    """Takes out of a spec what may be secret in it, and puts in what it took from the run."""

    salt: str
    values: Mapping[str, str]
    taken: set[str]
    withheld: dict[str, Withheld] = field(default_factory=dict)

    def spec(self, root: nodes.Mapping) -> nodes.Mapping:
        root = section(root, "containers", lambda node: each(node, self._container))
        root = section(root, "images", lambda node: each(node, self._image))
        for key in ("networks", "volumes"):
            root = section(root, key, lambda node: each(node, self._resource))
        kept = {name: node for name, node in root.values.items() if not name.startswith("x-")}
        return root._replace(values=kept)

    def _container(self, key: str, node: Node) -> Node:
        node = change(node, "environment", lambda item: self._pairs(item, "environment", key, key, dropped=False))
        for stage in _HOOKS:
            node = change(node, stage, lambda found: items(found, lambda hook: self._hook(key, hook)))
        node = change(node, "labels", self._texts("labels", key, key))
        for top in ("annotations", "storage_opt"):
            node = change(node, top, self._texts(top, key))
        return change(node, "logging", lambda item: change(item, "options", self._texts("logging", key)))

    def _hook(self, key: str, node: Node) -> Node:
        return change(node, "environment", lambda item: self._pairs(item, "environment", key, "", dropped=True))

    def _image(self, key: str, node: Node) -> Node:
        return change(
            node,
            "build",
            lambda build: change(
                build, "args", lambda item: self._pairs(item, "environment", key, _BUILD, dropped=True)
            ),
        )

    def _resource(self, key: str, node: Node) -> Node:
        for top in ("labels", "driver_opts"):
            node = change(node, top, self._texts(top, key))
        return node

    def _texts(self, top: str, owner: str, container: str = "") -> Callable[[Node], Node]:
        return lambda item: self._pairs(item, top, owner, container, dropped=False, given=False)

    def _pairs(self, node: Node, top: str, owner: str, container: str, *, dropped: bool, given: bool = True) -> Node:
        """`KEY: VALUE` or `KEY=VALUE` entries; one without a value has taken it from the run, if `given`.

        Such a one is left out where the run had none, if `dropped`: a later run may have one. In a container it stays,
        since it takes the variable away from what the image gives.
        """
        if isinstance(node, nodes.Mapping):
            values: dict[str, Node] = {}
            for name, value in node.values.items():
                new = value
                if isinstance(value, Scalar):
                    if given and nodes.is_null(value):
                        if name not in self.values and dropped:
                            continue
                        new = quoted(self.values[name]) if name in self.values else value
                    else:
                        text = self._text(top, name, value.text, owner, container)
                        new = value if text == value.text else quoted(text)
                values[name] = new
            return node._replace(values=values)
        if not isinstance(node, nodes.Sequence):
            return node
        items: list[Node] = []
        for item in node.items:
            if isinstance(item, Scalar):
                name, equals, text = item.text.partition("=")
                if equals:
                    item = item._replace(text=f"{name}={self._text(top, name, text, owner, container)}")
                elif given and name in self.values:
                    item = quoted(f"{name}={self.values[name]}")
                elif given and dropped:
                    continue
            items.append(item)
        return node._replace(items=tuple(items))

    def _text(self, top: str, name: str, text: str, owner: str, container: str) -> str:
        """A value, or the mark of the variable that stands for it."""
        if not text or page.marked(text) or not _looks_secret(top, name, text):
            return text
        wish = _NO_NAME.sub("_", f"{owner}_{name}").strip("_").upper()
        wish = f"_{wish}" if wish[:1].isdigit() or not wish else wish
        variable, number = wish, 2
        while variable in self.taken:
            variable, number = f"{wish}_{number}", number + 1
        self.taken.add(variable)
        veil = veiled(text, f"{self.salt}/{variable}")
        builds = container == _BUILD
        self.withheld[variable] = Withheld("" if builds else container, name, veil, builds)
        return page.mark(variable)


def veil_of(kept: KeptSpec, stack: str, variable: str, value: str) -> str:
    """The veil that a value would have in a kept spec, to see whether it is the one that was withheld."""
    return veiled(value, f"{stack}/{kept.salt}/{variable}")


# --- files of variables -----------------------------------------------------------------------------------------


def file_values(stack: Stack, origin: Origin) -> dict[str, dict[str, str]]:
    """What the `env_file`s of each container say now; files that can't be read say nothing."""
    folder, home = origin.files[0].folder, origin.values.get("HOME", "~")
    found: dict[str, dict[str, str]] = {}
    for key, spec in stack.containers.items():
        for entry in spec.env_file:
            values = found.setdefault(key, {})
            text = origin.reader(paths.absolute_text(entry.path, folder, home))
            if isinstance(text, FileFault):
                continue
            try:
                read = parse_dotenv(text, origin.values)
            except DotenvFault:
                continue
            run = {name: origin.values.get(name) if value is None else value for name, value in read.items()}
            values.update({name: value for name, value in run.items() if value is not None})
    return found


def veils(values: Mapping[str, str], key: str, salt: str) -> dict[str, str]:
    """Veils of a container's variables: a slow one of all together, and one of two digits for each, to name it by."""
    whole = veiled(json.dumps(dict(sorted(values.items()))), f"{salt}/{key}")
    each_one = {
        name: hashlib.sha256(f"{salt}/{key}/{name}={value}".encode("utf-8", "surrogatepass")).hexdigest()[:2]
        for name, value in sorted(values.items())
    }
    return {"": whole, **each_one}


def changed_files(kept: KeptSpec, stack: Stack, origin: Origin) -> dict[str, tuple[str, ...]]:
    """Per container whose `env_file`s say something else than when the spec was kept: the variables, if they show."""
    now = file_values(stack, origin)
    changed: dict[str, tuple[str, ...]] = {}
    for key, before in kept.files.items():
        found = veils(now.get(key, {}), key, kept.salt)
        if found[""] != before.get(""):
            names = sorted({*found, *before} - {""})
            changed[key] = tuple(name for name in names if found.get(name) != before.get(name))
    return changed


def masks(spec: LoadResult) -> frozenset[str]:
    """What no document of the history may show: secrets, whatever may be one, and what files of variables hold.

    Short values of such files are let through: words like `true` and `info` occur everywhere.
    """
    origin, stack = spec.origin, spec.stack
    if origin is None or stack is None:
        return spec.sensitive
    found = set(spec.sensitive)
    named = {name for name in origin.values if any(name in file.text for file in origin.files)}
    found |= {origin.values[name] for name in named if _is_secret(origin, name, origin.values[name], set())}
    for values in file_values(stack, origin).values():
        found |= {value for value in values.values() if len(value) >= _TELLING}
    for container in stack.containers.values():
        pairs = container.environment.items()
        found |= {
            value for name, value in pairs if isinstance(value, str) and _looks_secret("environment", name, value)
        }
    return frozenset(found)
