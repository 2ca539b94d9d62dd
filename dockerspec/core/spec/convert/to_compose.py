"""dockerspec's own format -> a Compose file, as far as Compose has words for it.

Callers: `convert`. Limits: one file at a time; what Compose has no word for is left as a comment and warned about.
"""

from __future__ import annotations

import re

from dockerspec.core.spec.compose.loading import NAME_VARIABLE
from dockerspec.core.spec.compose.schema import NETWORK, SERVICE_KEYS, VOLUME
from dockerspec.core.spec.convert.common import Converted, Work, below, inline, quoted
from dockerspec.core.spec.convert.editor import Editor, Note, Pair
from dockerspec.core.spec.convert.layout import MERGE, Entry, Layout, Part, Shape
from dockerspec.core.spec.convert.scalars import Scalars
from dockerspec.core.spec.model import Stack
from dockerspec.core.spec.texts import TEXT_RULE
from dockerspec.core.spec.variables import Declaration

_SAME_SECTIONS = {"networks": frozenset(NETWORK.keys), "volumes": frozenset(VOLUME.keys)}
_ROLLOUT = {
    "order": "order",
    "parallelism": "parallelism",
    "delay": "delay",
    "on_failure": "failure_action",
    "max_failure_ratio": "max_failure_ratio",
}
_MOUNT_ONLY_OWN = {"volume": ("driver_config",), "tmpfs": ("options",)}
# How Compose takes back what a merged mapping says: it refuses keys without a value.
_TAKEN_BACK = {"mem_limit": "0", "mem_reservation": "0", "cpus": "0", "pids_limit": "0", "restart": '"no"'}
_NULLABLE = frozenset({"command", "entrypoint", "pid"})
_USE = r"\$\$|\$\{%s\}|\$%s(?![A-Za-z0-9_])"


def to_compose(layout: Layout, stack: Stack, declared: dict[str, Declaration], *, first: bool) -> Converted:
    """Convert one spec file.

    Args:
        layout: the file.
        stack: what it was loaded to, with its overlays.
        declared: the variables that the specs declare.
        first: whether it is the first file, which says the project's name.
    """
    work = Work(layout, Editor(layout))
    if layout.root.flow:
        work.refuse("", "the whole file is in brackets", "write its top level with one key a line", layout.root)
        return Converted("", tuple(work.faults))
    _Conversion(work, stack, declared, first=first).run()
    return Converted(work.editor.result(), tuple(work.faults), frozenset(work.left_out))


class _Conversion:
    def __init__(self, work: Work, stack: Stack, declared: dict[str, Declaration], *, first: bool) -> None:
        self._work = work
        self._editor = work.editor
        self._root = work.layout.root
        self._stack = stack
        self._declared = declared
        self._first = first
        self._scalars = Scalars(self._editor, to_own=False)
        self._done: set[int] = set()
        self._placed: set[str] = set()

    def run(self) -> None:
        self._variables()
        for entry in self._root.entries:
            name = entry.key.text
            if name == "containers" and _is_null(entry.value.real):
                self._editor.swap(entry, [Pair("services", ": {}")])
            elif _is_null(entry.value.real) and not name.startswith("x-"):
                self._editor.comment_out(entry)
            elif name == "stack":
                self._editor.rename(entry, "name")
                self._scalars.walk(entry.value, TEXT_RULE["stack"])
            elif name == "containers":
                self._containers(entry)
            elif name in _SAME_SECTIONS:
                self._objects(entry)
            elif name in ("secrets", "configs"):
                self._scalars.walk(entry.value, TEXT_RULE.get(name))
            elif name == "variables" and list(self._declared) == [NAME_VARIABLE]:
                self._editor.swap(entry, [])
            elif name in ("dockerspec", "variables"):
                self._editor.comment_out(entry)
        self._images()
        if self._first and self._root.get("stack") is None:
            place = self._work.layout.line_start(self._root.entries[0].key.start)
            self._editor.replace(place, place, f"name: {quoted(self._stack.stack)}{self._work.layout.line_break}")

    def _variables(self) -> None:
        """Put the defaults of declared variables where they are used: Compose has no section for them."""
        text = self._work.layout.text
        section = self._root.at("variables")
        for name, item in self._declared.items():
            if name == NAME_VARIABLE:
                continue  # Compose sets it itself
            body = item.default if item.default is not None else None
            if body is not None and re.search(r"[{}$\n]", body):
                if section is not None and section.get(name) is not None:
                    summary = "a default with braces, dollar signs or line breaks can't stand where it is used"
                    self._work.refuse(f"variables.{name}", summary, "give it in .env", section)
                continue
            form = f"${{{name}-{body}}}" if body is not None else f"${{{name}?{name} has no value}}"
            pattern = re.compile(_USE % (re.escape(name), re.escape(name)))
            for part in self._work.layout.parts():
                if part.shape is not Shape.SCALAR or "$" not in part.text or _within(part, section):
                    continue
                for found in pattern.finditer(text, part.content, part.end):
                    if found[0] != "$$":
                        self._editor.replace(found.start(), found.end(), form)

    def _objects(self, section: Entry) -> None:
        kind = section.key.text
        known = _SAME_SECTIONS[kind]
        for entry in section.value.real.entries:
            body = entry.value.real
            for inner in body.entries:
                key = inner.key.text
                if key not in known and not key.startswith("x-") and key != MERGE:
                    self._leave(inner, (kind, entry.key.text, key))
        self._scalars.walk(section.value, TEXT_RULE.get(kind))

    # --- containers --------------------------------------------------------------------------------------------------

    def _containers(self, section: Entry) -> None:
        self._editor.rename(section, "services")
        for entry in section.value.real.entries:
            name, body = entry.key.text, entry.value.real
            if name.startswith("x-") or name == MERGE or body.shape is not Shape.MAP:
                continue
            state = entry.value.at("state")
            if state is not None and state.text == "absent":
                summary = "Compose has no word for a container that is not wanted"
                self._work.leave(entry, f"containers.{name}", summary)
                self._work.left_out.add(("containers", name))
                continue
            self._body(name, body)

    def _body(self, name: str, body: Part) -> None:
        if id(body) in self._done:
            return
        self._done.add(id(body))
        for other in body.merged():
            self._body(name, other)
        for entry in body.entries:
            key = entry.key.text
            if not key.startswith("x-") and key != MERGE:
                self._key(name, entry, body)

    def _key(self, name: str, entry: Entry, body: Part) -> None:
        key = entry.key.text
        if _is_null(entry.value.real):
            self._taken_back(name, entry, body)
            return
        if key == "image":
            self._image(name, entry, body)
            return
        if key == "replicas":
            self._editor.rename(entry, "scale")
        elif key == "update":
            self._update(name, entry, body)
            return
        elif key not in SERVICE_KEYS:
            self._leave(entry, ("containers", name, key))
            return
        elif key == "environment":
            self._environment(name, entry)
        elif key == "depends_on":
            self._dependencies(entry)
        elif key == "volumes":
            for item in below(entry.value):
                if item.real.shape is Shape.MAP:
                    self._mount(name, item.real)
        self._scalars.walk(entry.value, TEXT_RULE["containers"]["*"].get(key), key)

    def _taken_back(self, name: str, entry: Entry, body: Part) -> None:
        """A key without a value counts as absent; in a mapping that merges another it takes that one's back."""
        key = entry.key.text
        if all(other.all_entries().get(key) is None for other in body.merged()) and key in _NULLABLE:
            return
        if all(other.all_entries().get(key) is None for other in body.merged()):
            self._editor.comment_out(entry)
        elif key in _TAKEN_BACK:
            self._editor.swap(entry, [Pair(key, f": {_TAKEN_BACK[key]}")])
        else:
            summary = f"Compose can't take back the {key} that a merged mapping gives"
            self._work.refuse(f"containers.{name}.{key}", summary, "leave it out of the merged mapping", entry.key)

    def _update(self, name: str, entry: Entry, body: Part) -> None:
        """`update` is Compose's `deploy.update_config`; how success is told is dockerspec's own."""
        kept = False
        for inner in entry.value.real.entries:
            key = inner.key.text
            if key in _ROLLOUT:
                self._editor.rename(inner, _ROLLOUT[key])
                kept = True
            elif not key.startswith("x-") and key != MERGE:
                self._leave(inner, ("containers", name, "update", key))
        if not kept or entry.value.shape is Shape.ALIAS:
            self._editor.comment_out(entry)
            self._work.left_out.add(("containers", name, "update"))
            return
        if body.flow or entry.value.real.flow:
            value = self._editor.value(entry.value)
            self._editor.swap(entry, [Pair("deploy", f": {{update_config: {value}}}")])
            return
        layout = self._work.layout
        column = layout.column(entry.key.start)
        moved = self._editor.moved(entry, "update_config")
        text = self._editor.lines([moved], column + 2)
        self._editor.swap(entry, [Pair("deploy", f":{layout.line_break}{text}", column)])

    def _dependencies(self, entry: Entry) -> None:
        """Compose refuses to name what isn't there, even where it isn't required."""
        for inner in entry.value.real.entries:
            if inner.key.text not in self._stack.containers:
                self._editor.comment_out(inner)

    def _environment(self, name: str, entry: Entry) -> None:
        """A value that is a secret of the run's environment is a variable to Compose."""
        for inner in entry.value.real.entries:
            secret = inner.value.at("secret") if inner.value.real.shape is Shape.MAP else None
            if secret is None:
                continue
            declared = self._stack.secrets.get(secret.text)
            if declared is not None and declared.environment:
                form = f'"${{{declared.environment}:?}}"'
                self._editor.replace(inner.value.start, inner.value.end, form)
                continue
            path = f"containers.{name}.environment.{inner.key.text}"
            summary = "Compose can't put a secret of a file into a variable"
            self._work.refuse(path, summary, "let the secret come from environment:", inner.key)

    def _mount(self, name: str, mount: Part) -> None:
        for section, keys in _MOUNT_ONLY_OWN.items():
            options = mount.get(section)
            entries = options.value.real.entries if options else []
            own = [inner for inner in entries if inner.key.text in keys]
            for inner in own:
                self._leave(inner, ("containers", name, "volumes", section, inner.key.text))
            if options is not None and own and len(own) == len(entries):
                self._editor.comment_out(options)
        kind, bind = mount.get("type"), mount.get("bind")
        if kind is None or kind.value.real.text != "bind" or bind is None:
            return
        if not bind.value.real.entries:
            self._editor.replace(bind.value.start, bind.value.end, " {create_host_path: true}")
        elif bind.value.real.get("create_host_path") is None:
            self._editor.add(bind.value.real, [Pair("create_host_path", ": true")])

    def _leave(self, entry: Entry, path: tuple[str, ...]) -> None:
        """Leave a key as a comment: Compose has no word for it."""
        self._work.left_out.add(path)
        self._work.leave(entry, ".".join(path), f"Compose has no word for {entry.key.text}")

    # --- images ------------------------------------------------------------------------------------------------------

    def _image(self, container: str, entry: Entry, body: Part) -> None:
        value = entry.value.real
        if value.shape is not Shape.MAP:
            self._scalars.walk(entry.value, TEXT_RULE["containers"]["*"]["image"])
            return
        ref, source = value.get("ref"), value.at("from")
        if ref is not None:
            self._editor.replace(entry.value.start, entry.value.end, self._editor.value(ref.value))
            return
        declared = self._root.at("images", source.text) if source is not None else None
        if source is None or declared is None:
            summary = "the image is described in another file"
            self._work.refuse("containers", summary, "bring both into one file", entry.key)
            return
        pieces = self._sources(container, source.text, declared, body)
        self._editor.swap(entry, [*self._comments(source.text, pieces), *pieces])

    def _comments(self, name: str, pieces: list[Pair | Note]) -> list[Note]:
        """The comments of an image that don't stand in what is made of it, for its first container."""
        section = self._root.get("images")
        if name in self._placed or section is None or (entry := section.value.real.get(name)) is None:
            return []
        self._placed.add(name)
        kept = "\n".join(piece.rest for piece in pieces if isinstance(piece, Pair))
        found = self._editor.comments_in(entry.key.start, self._editor.entry_end(entry))
        above = self._editor.comments_before(entry, section.key.end)
        return [*above, *(Note(text) for text in found if text not in kept)]

    def _sources(self, container: str, name: str, image: Part, body: Part) -> list[Pair | Note]:
        """What stands for `image: {from: NAME}`: the reference, and how to build it."""
        found = image.all_entries()
        build, tags = found.get("build"), below(found["tags"].value) if "tags" in found else []
        pieces: list[Pair | Note] = []
        named = self._root.at("stack")
        stack = named.text if named is not None else self._stack.stack
        if "image" in found:
            pieces.append(Pair("image", f": {self._editor.value(found['image'].value)}"))
        elif tags:
            self._scalars.walk(found["tags"].value, TEXT_RULE["images"]["*"]["tags"])
            if build is None or tags[0].text != f"{stack}-{container}":
                pieces.append(Pair("image", f": {self._editor.value(tags[0])}"))
            tags = tags[1:]
        else:
            pieces.append(Pair("image", f': "{stack}/{name}:latest"'))
        if build is not None:
            self._scalars.walk(build.value, TEXT_RULE["images"]["*"]["build"])
            pieces.append(self._build(build, tags, body))
        more = [key for key in ("platform", "pull_policy") if key in found and body.get(key) is None]
        return [*pieces, *(Pair(key, f": {self._editor.value(found[key].value)}") for key in more)]

    def _build(self, build: Entry, tags: list[Part], body: Part) -> Pair:
        """The build, with the further tags of the image."""
        if body.flow and not build.value.real.flow:
            return Pair("build", f": {inline(build.value, more={'tags': tags})}")
        listed = f"[{', '.join(self._editor.value(tag) for tag in tags)}]"
        value = build.value.real
        text = self._editor.value(build.value)
        if value.shape is Shape.SCALAR:
            tail = "" if build.owner.flow else self._work.layout.text[build.value.end : self._editor.entry_end(build)]
            return Pair("build", f": {{context: {text}, tags: {listed}}}{tail}" if tags else f": {text}{tail}")
        if value.flow or not tags:
            if tags and value.get("tags") is None:
                inner = text.rstrip().removesuffix("}")
                text = f"{inner}{', ' if value.entries else ''}tags: {listed}}}"
            return Pair("build", f": {text}") if value.flow or body.flow else self._editor.moved(build)
        moved = self._editor.moved(build)
        blank = " " * self._work.layout.column(value.entries[0].key.start)
        if value.get("tags") is not None:
            return moved
        return Pair("build", f"{moved.rest}{self._work.layout.line_break}{blank}tags: {listed}", moved.column)

    def _images(self) -> None:
        """The section is gone; what of it no container uses stays as a comment."""
        section = self._root.get("images")
        if section is None:
            return
        pieces: list[Pair | Note] = []
        for entry in section.value.real.entries:
            name = entry.key.text
            if name not in self._placed:
                self._work.tell(f"images.{name}", "no container uses this image", "", entry.key)
                self._work.left_out.add(("images", name))
                pieces.append(self._editor.left_out(entry, f"images.{name}"))
                continue
            for key in ("push", "keep"):
                if (inner := entry.value.real.get(key)) is not None:
                    path = ("images", name, key)
                    self._work.left_out.add(path)
                    self._work.tell(".".join(path), f"Compose has no word for {key}", "", inner.key)
                    pieces.append(self._editor.left_out(inner, ".".join(path)))
        self._editor.swap(section, pieces, moved=True)
        if not pieces:
            # The blank lines above would stand at the end, or twice.
            before = self._work.layout.text[: section.key.start]
            self._editor.replace(len(before.rstrip()), self._editor.entry_end(section), "")


def _is_null(part: Part) -> bool:
    return part.shape is Shape.SCALAR and not part.style and part.text in ("", "~", "null")


def _within(part: Part, section: Part | None) -> bool:
    return section is not None and section.start <= part.start < section.end
