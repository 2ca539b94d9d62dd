"""Convert what was loaded into the other format, and make sure that it means the same there.

A value that the other format reads differently is written as what it comes to, and all is checked once more. What
still differs then is an error: no conversion changes the meaning silently.

Callers: the API. Limits: what was read must load without errors; variables keep their names, so the check holds for
the values of this run.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dockerspec.core.diagnostics import Diagnostic, Severity, Span, error
from dockerspec.core.spec import nodes
from dockerspec.core.spec.compose.loading import NAME_VARIABLE
from dockerspec.core.spec.compose.normal import project_name
from dockerspec.core.spec.compose.project import Project
from dockerspec.core.spec.convert.common import RESOLVE, Converted, Rewritten
from dockerspec.core.spec.convert.essence import differences, essence
from dockerspec.core.spec.convert.layout import Entry, Layout, Shape
from dockerspec.core.spec.convert.to_compose import to_compose
from dockerspec.core.spec.convert.to_own import to_own
from dockerspec.core.spec.load import LoadResult, Origin, load
from dockerspec.core.spec.nodes import Plain
from dockerspec.core.spec.source import SourceFile
from dockerspec.core.spec.template import TemplateFault, Usage, expand

_BOM = "\ufeff"
_OWN_NAME, _COMPOSE_NAME = "dockerspec", "compose"
# Written as they come to, their paths would no longer be relative.
_WITH_PATHS = frozenset({"volumes", "env_file", "build", "image"})
_KEY_DEPTH = 3


@dataclass(frozen=True, slots=True)
class _Wrong:
    """Where a conversion went wrong: the path in the words of what was converted, and the error."""

    path: tuple[str, ...]
    fault: Diagnostic


def convert(loaded: LoadResult) -> tuple[Converted, ...]:
    """Convert each file of a load; where there are errors, no text is to be used.

    Args:
        loaded: a Compose project, which becomes specs of dockerspec's own, or such a spec, which becomes Compose files.
    """
    if loaded.origin is None or loaded.stack is None:
        return (Converted("", loaded.diagnostics),)
    layouts, found = written(loaded, {})
    if _failed(found):
        return tuple(found)
    wrong = _wrong(found, loaded, layouts)
    if wrong and loaded.compose is not None:
        plain = _rewritten([item.path for item in wrong], layouts, loaded)
        layouts, found = written(loaded, plain)
        wrong = _wrong(found, loaded, layouts)
    if wrong:
        faults = tuple(dict.fromkeys(item.fault for item in wrong))
        found[0] = replace(found[0], diagnostics=(*found[0].diagnostics, *faults))
    return tuple(found)


def written(loaded: LoadResult, plain: Rewritten) -> tuple[list[Layout], list[Converted]]:
    """Convert each file of a load that has a stack, without looking at what comes of it.

    Args:
        loaded: the load.
        plain: values of a Compose file that are to be written as what they come to.
    """
    origin, stack = loaded.origin, loaded.stack
    assert origin is not None
    assert stack is not None
    layouts = [Layout(file.name, file.text.removeprefix(_BOM)) for file in origin.files]
    project = loaded.compose
    if project is not None:
        named = _named(layouts[0], project, origin)
        built = frozenset(name for name, spec in stack.containers.items() if spec.image and spec.image.from_)
        found = [
            to_own(layout, project, named, built, plain, first=number == 0) for number, layout in enumerate(layouts)
        ]
    else:
        declared = dict(origin.declared)
        found = [to_compose(layout, stack, declared, first=number == 0) for number, layout in enumerate(layouts)]
    return layouts, found


def _failed(found: Sequence[Converted]) -> bool:
    return any(fault.severity is Severity.ERROR for item in found for fault in item.diagnostics)


def _named(layout: Layout, project: Project, origin: Origin) -> str:
    """The project's name as the converted file gives it: with its variables, where they come to that name."""
    values = origin.variables.merged()
    part = layout.root.at("name")
    if origin.choices.name:
        return project.name
    if values.get(NAME_VARIABLE):
        return f"${{{NAME_VARIABLE}:-{project.name}}}"
    if part is not None:
        try:
            text = expand(part.text, values, Usage(), lenient=True)
        except TemplateFault:
            return project.name
        if text == project.name and project_name(text) == text:
            return part.text
    return project.name


def _wrong(found: Sequence[Converted], loaded: LoadResult, layouts: Sequence[Layout]) -> list[_Wrong]:
    """Every difference between what was read and what was written."""
    origin = loaded.origin
    assert origin is not None
    assert loaded.stack is not None
    is_compose = loaded.compose is not None
    name = _OWN_NAME if is_compose else _COMPOSE_NAME
    files = [
        SourceFile(f"{name}.{number}.yaml" if number else f"{name}.yaml", item.text, file.folder)
        for number, (item, file) in enumerate(zip(found, origin.files, strict=True))
    ]
    other = load(files, origin.variables, origin.reader, replace(origin.choices, name=""), origin.raw)
    places = _Places(layouts, is_compose=is_compose)
    if other.stack is None:
        return [places.moved(fault) for fault in other.diagnostics if fault.severity is Severity.ERROR]
    left_out = frozenset(path for item in found for path in item.left_out)
    one = essence(loaded.stack, loaded.secrets, left_out)
    two = essence(other.stack, other.secrets, left_out)
    return [places.differs(path) for path in differences(one, two)]


class _Places:
    """Says what is wrong with a converted text in terms of what was converted."""

    def __init__(self, layouts: Sequence[Layout], *, is_compose: bool) -> None:
        self._layouts = layouts
        self._is_compose = is_compose
        self._fix = RESOLVE if is_compose else "write it in a form that Compose has"

    def moved(self, fault: Diagnostic) -> _Wrong:
        """A fault of the converted text at the place that it comes from."""
        steps = tuple(step for step in fault.path.replace("[", ".").replace("]", "").split(".") if step)
        path, span = self._source(steps)
        summary = f"the other format doesn't have this: {fault.summary}"
        return _Wrong(path, error(".".join(path), summary, self._fix, span))

    def differs(self, path: tuple[str, ...]) -> _Wrong:
        """A difference in meaning."""
        path, span = self._source(path)
        summary = "it would not mean the same in the other format"
        return _Wrong(path, error(".".join(path), summary, self._fix, span))

    def _source(self, steps: tuple[str, ...]) -> tuple[tuple[str, ...], Span]:
        """A path in the words of what was converted, and the nearest place of it."""
        words = {"containers": "services", "stack": "name"} if self._is_compose else {"services": "containers"}
        steps = tuple([words.get(step, step) if number == 0 else step for number, step in enumerate(steps)])
        best: tuple[int, Span] = (-1, Span(self._layouts[0].name, 1, 1))
        for layout in self._layouts:
            for length in range(len(steps), 0, -1):
                part = layout.root.at(*steps[:length])
                if part is not None and length > best[0]:
                    best = (length, layout.span(part))
                    break
        return steps, best[1]


def _rewritten(paths: Sequence[tuple[str, ...]], layouts: Sequence[Layout], loaded: LoadResult) -> Rewritten:
    """What the values of services come to whose form the other format reads differently.

    Only values without variables, of one file, that no other service shares: the others would say less than before.
    """
    found: dict[str, str | None] = {}
    if len(layouts) > 1 or loaded.document is None:
        return found
    layout = layouts[0]
    for path in paths:
        service = layout.root.at(*path[:2]) if path[0] == "services" and len(path) >= _KEY_DEPTH else None
        entry = service.get(path[2]) if service is not None else None
        if entry is None or path[2] in _WITH_PATHS or not _is_fixed(layout, entry):
            continue
        node = nodes.find(loaded.document.root, ("containers", *path[1:_KEY_DEPTH]))
        text = _inline(nodes.plain(node[0])) if node[2] else None
        found[".".join(path[:_KEY_DEPTH])] = text
    return found


def _is_fixed(layout: Layout, entry: Entry) -> bool:
    value = entry.value
    return value.shape is not Shape.ALIAS and "$" not in layout.text[value.start : value.end] and not value.anchor


def _inline(value: Plain) -> str:
    """A value in brackets, on one line."""
    return json.dumps(value, ensure_ascii=False).replace("$", "$$")
