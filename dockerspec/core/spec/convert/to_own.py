"""A Compose file -> dockerspec's own format.

Callers: `convert`. Limits: one file at a time; what needs other files (`extends`, `include`, `label_file`) is refused
with a word on how to resolve it first.
"""

from __future__ import annotations

import re

from dockerspec.core.spec.compose.loading import NAME_VARIABLE
from dockerspec.core.spec.compose.project import Project
from dockerspec.core.spec.compose.trees import entries
from dockerspec.core.spec.convert.common import RESOLVE, Converted, Rewritten, Work, quoted
from dockerspec.core.spec.convert.editor import Editor, Note, Pair
from dockerspec.core.spec.convert.layout import MERGE, Entry, Layout, Part, Shape
from dockerspec.core.spec.convert.scalars import Scalars
from dockerspec.core.spec.convert.services import Services
from dockerspec.core.spec.texts import TEXT_RULE

_EXTERNAL_KEYS = frozenset({"name", "external"})
_HELD = {"secrets": frozenset({"file", "environment"}), "configs": frozenset({"file", "environment", "content"})}
"""The sections of what containers get as files, and the keys of their entries that have a counterpart."""
_VARIABLE = re.compile(r"\$\{?" + NAME_VARIABLE + r"\b")


def to_own(
    layout: Layout, project: Project, named: str, built: frozenset[str], plain: Rewritten, *, first: bool
) -> Converted:
    """Convert one Compose file.

    Args:
        layout: the file.
        project: what it was loaded to, with its overlays.
        named: the project's name as the new text is to give it, which may hold variables.
        built: services that any of the files builds.
        plain: values that are to be written as what they come to.
        first: whether it is the first file, which says the stack's name.
    """
    work = Work(layout, Editor(layout))
    if layout.documents > 1:
        work.refuse("", "the file has several YAML documents, which lie over each other", RESOLVE, layout.root)
    elif layout.root.flow:
        work.refuse("", "the whole file is in brackets", RESOLVE, layout.root)
    if work.faults:
        return Converted("", tuple(work.faults))
    _Conversion(work, project, named, Services(work, project, named, built, plain), first=first).run()
    return Converted(work.editor.result(), tuple(work.faults))


class _Conversion:
    def __init__(self, work: Work, project: Project, named: str, services: Services, *, first: bool) -> None:
        self._work = work
        self._editor = work.editor
        self._root = work.layout.root
        self._project = project
        self._named = named
        self._first = first
        self._scalars = Scalars(self._editor, to_own=True)
        self._services = services

    def run(self) -> None:
        for entry in self._root.entries:
            name = entry.key.text
            if name == "services":
                self._services.convert(entry)
            elif name in ("networks", "volumes"):
                self._objects(entry)
            elif name in _HELD:
                self._held(name, entry)
            elif name == "version":
                self._work.leave(entry, "version", "version is obsolete: Compose ignores it")
            elif name == "include":
                summary = "include has no counterpart in dockerspec's own format"
                self._work.refuse(name, summary, RESOLVE, entry.key)
            elif name == "models":
                self._work.leave(entry, name, "language models aren't run")
        self._name()

    # --- the top -----------------------------------------------------------------------------------------------------

    def _name(self) -> None:
        """`name` becomes `stack`; a file without one gets it, so that names don't hang on a folder."""
        entry = self._root.get("name")
        if entry is not None and not self._first:
            self._editor.rename(entry, "stack")
        elif entry is not None:
            self._editor.rename(entry, "stack")
            if entry.value.real.text != self._named:
                self._editor.replace(entry.value.start, entry.value.end, quoted(self._named))
        if not self._first:
            return
        lines: list[Pair | Note] = [] if entry is not None else [Pair("stack", f": {quoted(self._named)}")]
        named = entry.value.real if entry is not None else None
        if any(
            part.shape is Shape.SCALAR and part is not named and _VARIABLE.search(part.text)
            for part in self._work.layout.parts()
        ):
            lines.append(Pair("variables", f": {{{NAME_VARIABLE}: {quoted(self._project.name)}}}"))
        line_break = self._work.layout.line_break
        if lines and entry is not None:
            place = self._editor.entry_end(entry)
            self._editor.replace(place, place, line_break + self._editor.lines(lines, 0))
        elif lines:
            place = self._head()
            self._editor.replace(place, place, self._editor.lines(lines, 0) + line_break)

    def _head(self) -> int:
        """Where a first line goes: above the first key and the comment that belongs to it."""
        layout = self._work.layout
        place = layout.line_start(self._root.entries[0].key.start)
        for comment in reversed(layout.comments):
            if comment.alone and layout.line_end(comment.end) + len(layout.line_break) == place:
                place = layout.line_start(comment.start)
        return place

    def _objects(self, section: Entry) -> None:
        """Networks or volumes: those that nothing uses aren't made by Compose."""
        kind = section.key.text
        known = dict(entries(self._project.tree, kind))
        rule = TEXT_RULE.get(kind, {}).get("*")
        left = 0
        for entry in section.value.real.entries:
            name = entry.key.text
            if name not in known and not name.startswith("x-") and name != MERGE:
                summary = f"no service uses {'this network' if kind == 'networks' else 'this volume'}"
                self._work.leave(entry, f"{kind}.{name}", f"{summary}: Compose doesn't make it")
                left += 1
                continue
            self._external(entry.value.real)
            self._scalars.walk(entry.value, rule)
        if left and left == len(section.value.real.entries) and section.value.flow:
            self._editor.replace(section.value.start, section.value.end, "{}")

    def _external(self, body: Part) -> None:
        external = body.get("external")
        if external is None or external.value.real.text.lower() == "false":
            return
        old = external.value.real
        if old.shape is Shape.MAP:
            inner = old.get("name")
            pairs = [Pair("external", ": true")]
            if inner is not None:
                pairs.append(Pair("name", f": {self._editor.value(inner.value)}"))
            self._editor.swap(external, pairs)
        for entry in body.entries:
            if entry.key.text not in _EXTERNAL_KEYS and not entry.key.text.startswith(("x-", "<<")):
                self._editor.comment_out(entry)

    def _held(self, name: str, section: Entry) -> None:
        """Secrets or configs, without what only a swarm heeds; those that only a swarm has are left as comments."""
        for entry in section.value.real.entries:
            body = entry.value.real
            if body.shape is not Shape.MAP or not _HELD[name] & body.all_entries().keys():
                self._editor.comment_out(entry)
                continue
            for inner in body.entries:
                if inner.key.text not in _HELD[name] and not inner.key.text.startswith(("x-", "<<")):
                    path = f"{name}.{entry.key.text}.{inner.key.text}"
                    self._work.leave(inner, path, f"{inner.key.text} is a swarm's word")
            self._scalars.walk(entry.value, TEXT_RULE[name]["*"])
