"""Spec texts -> Stack: the ordered phases, and what they found.

Callers: `runtime.files`. The order is data (`PHASES`), described in docs/phases.md and pinned to it by a test. A
phase works on what the phases before it left and adds to the faults; it does nothing where its input is missing, so
that one run reports as much as can be known.
Limits: reads nothing itself; `env_file`s and secrets come through the injected reader.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dockerspec.core.diagnostics import Diagnostic, Severity, Span, error, warning
from dockerspec.core.owner import project_owner
from dockerspec.core.placed import Content
from dockerspec.core.spec import document as documents
from dockerspec.core.spec import nodes
from dockerspec.core.spec.compose.project import NO_CHOICES, Choices, Project
from dockerspec.core.spec.document import Document
from dockerspec.core.spec.interpolate import Interpolator
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.source import STDIN_NAME, Reader, SourceFile, Variables
from dockerspec.errors import SpecError

if TYPE_CHECKING:
    from dockerspec.core.spec.model import Stack
    from dockerspec.core.spec.remnant import Remnant
    from dockerspec.core.spec.variables import Declaration

_MASK = "***"
COMPOSE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_OWN_WORDS = frozenset({"dockerspec", "stack", "containers", "images"})
_COMPOSE_WORDS = frozenset({"services", "include"})
_OWN_BUILD = re.compile(r"^images\.([^.]+)(\.build)?")
_OWN_CONTAINER = re.compile(r"^containers\.")


@dataclass(frozen=True, slots=True)
class Origin:
    """What a stack was made from, so that it can be told apart later what the spec said and what the run gave.

    Attributes:
        files: the spec texts.
        variables: the values that the run gave.
        reader: reads further files by absolute path.
        raw: reads those whose bytes count.
        values: the value of every variable, defaults of declared ones included.
        declared: the declared variables by name.
        choices: what the run said of a Compose project.
    """

    files: tuple[SourceFile, ...]
    variables: Variables
    reader: Reader
    raw: Reader
    values: Mapping[str, str]
    declared: Mapping[str, Declaration]
    choices: Choices = NO_CHOICES


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What came of loading.

    Attributes:
        stack: the spec, or None where there are errors.
        diagnostics: errors and warnings, in the order of the files.
        sensitive: values that must never be shown: secrets, and variables marked `sensitive`.
        secrets: the value of each declared secret that a container's variable or a build uses.
        contents: what the configs and secrets hold that containers get as files, by section and name.
        document: the merged spec with its places, or None where a file can't be read.
        files: the spec files' names as they were given.
        origin: what it was made from, or None where a file can't be read.
        place: where the first of them is, in short: its folder's name and its own. Empty for standard input.
        compose: the Compose project that the stack was made of, or None for a spec of dockerspec's own.
    """

    stack: Stack | None
    diagnostics: tuple[Diagnostic, ...] = ()
    sensitive: frozenset[str] = frozenset()
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    contents: Mapping[tuple[str, str], Content] = field(default_factory=dict, repr=False)
    document: Document | None = field(default=None, repr=False)
    files: tuple[str, ...] = ()
    origin: Origin | None = field(default=None, repr=False, compare=False)
    place: str = ""
    compose: Project | None = None

    def span_of(self, path: Path) -> Span | None:
        """Return where a spec path stands, or the nearest place above it."""
        return self.document.span(path) if self.document else None

    @property
    def owner(self) -> str:
        """What stands for the stack on the engine.

        Raises:
            SpecError: the spec has errors.
        """
        name = self.require().stack
        return project_owner(name) if self.compose is not None else name

    def require(self) -> Stack:
        """Return the stack.

        Raises:
            SpecError: the spec has errors.
        """
        if self.stack is None:
            raise SpecError(self.diagnostics)
        return self.stack


@dataclass(slots=True)
class Work:
    """What the phases hand on to each other in one load."""

    files: Sequence[SourceFile]
    variables: Variables
    reader: Reader
    raw: Reader
    choices: Choices = NO_CHOICES
    is_compose: bool = False
    compose: Project | None = None
    documents: list[tuple[SourceFile, Document]] = field(default_factory=list)
    is_whole: bool = True
    document: Document | None = None
    stack: Stack | None = None
    remnant: Remnant | None = None
    values: dict[str, str] = field(default_factory=dict)
    declared: Mapping[str, Declaration] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    sensitive: frozenset[str] = frozenset()
    secrets: dict[str, str] = field(default_factory=dict)
    contents: dict[tuple[str, str], Content] = field(default_factory=dict)
    misleading: set[Span] = field(default_factory=set)
    faults: list[Diagnostic] = field(default_factory=list)

    def span_of(self, path: Path) -> Span | None:
        """Return where a spec path stands."""
        return self.document.span(path) if self.document else None


@dataclass(frozen=True, slots=True)
class Phase:
    """One step: its name in docs/phases.md, and its function."""

    name: str
    run: Callable[[Work], None]


def _parse(work: Work) -> None:
    for source in work.files:
        document, found = documents.parse(source)
        work.faults += found
        if document is None:
            work.is_whole = False
        else:
            work.documents += [(source, each) for each in (document, *document.rest)]
    work.is_compose = any(map(_looks_like_compose, work.documents))
    if not work.is_compose:
        work.faults += [tag.unknown() for _, document in work.documents for tag in document.tags]
        work.faults += [_second(more) for _, document in work.documents for more in document.rest]


def _second(document: Document) -> Diagnostic:
    """Say that a spec of dockerspec's own is one document a file."""
    fix = "keep one document a file and give further files with -f"
    return error("", "a second YAML document starts here", fix, document.start)


def _looks_like_compose(file: tuple[SourceFile, Document]) -> bool:
    """A file with `services` or `include` is Compose's; so is one of Compose's names with no word of ours in it."""
    source, document = file
    keys = document.root.values.keys()
    if keys & _OWN_WORDS:
        return False
    return bool(keys & _COMPOSE_WORDS) or posixpath.basename(source.name) in COMPOSE_NAMES


def _compose(work: Work) -> None:
    if not work.is_compose or not work.is_whole:
        return
    from dockerspec.core.spec.compose.loading import load_project
    from dockerspec.core.spec.compose.stacks import stacked
    from dockerspec.core.spec.compose.trees import entries, text

    work.values = work.variables.merged()
    loaded = load_project(work.documents, work.values, work.reader, work.choices)
    work.faults += loaded.faults
    _unused_variables(work, loaded.used)
    if loaded.project is None or any(fault.severity is Severity.ERROR for fault in work.faults):
        return
    result = stacked(loaded.project)
    work.faults += result.faults
    work.compose = replace(
        loaded.project,
        files=tuple(posixpath.join(source.folder, posixpath.basename(source.name)) for source in work.files),
        env_files=work.choices.env_files,
    )
    # What only shows the project reads no further.
    declared = (text(node, "environment") for _, node in entries(loaded.project.tree, "secrets"))
    work.sensitive |= frozenset(value for name in declared if (value := work.values.get(name)))
    work.document = Document(result.tree)


def _declare(work: Work) -> None:
    if work.is_compose:
        return
    from dockerspec.core.spec.variables import Declarations

    declarations = Declarations()
    work.documents = [(source, declarations.take(document)) for source, document in work.documents]
    work.values = declarations.settle(work.variables.merged())
    work.sensitive = declarations.sensitive(work.values)
    work.declared = declarations.by_name
    work.broken = frozenset(declarations.broken)
    work.faults += declarations.faults


def _interpolate(work: Work) -> None:
    if work.is_compose:
        return
    interpolator = Interpolator(work.values, work.broken)
    work.documents = [(source, interpolator.document(document, source)) for source, document in work.documents]
    work.misleading = interpolator.failed
    work.faults += interpolator.faults
    _unused_variables(work, interpolator.used)


def _unused_variables(work: Work, used: set[str]) -> None:
    for name in work.variables.given:
        if name not in used and name not in work.declared:
            summary = f"the spec doesn't use the variable {name} given with --var"
            work.faults.append(warning("", summary, "check its name"))


def _merge(work: Work) -> None:
    if work.is_compose or not work.documents or not work.is_whole:
        return
    from dockerspec.core.spec.merge import merge

    document = work.documents[0][1]
    for _, overlay in work.documents[1:]:
        document = merge(document, overlay)
    work.document = document


def _name(work: Work) -> None:
    """A stack without a name takes that of its folder, as a Compose project does."""
    if work.document is None or "stack" in work.document.root.values:
        return
    root = work.document.root
    folder = posixpath.basename(work.files[0].folder)
    name = re.sub(r"[^a-z0-9_-]", "", folder.lower()).lstrip("_-")
    if not name:
        fix = "write 'stack: NAME' at the top of the spec"
        work.faults.append(error("stack", "the stack has no name and its folder gives none", fix, nodes.span_of(root)))
        name = "unnamed"
    scalar = nodes.Scalar(name, nodes.Style.QUOTED, *root[-3:])
    values, keys = {"stack": scalar, **root.values}, {"stack": scalar, **root.keys}
    work.document = Document(root._replace(values=values, keys=keys))


def _model(work: Work) -> None:
    if work.document is None or (work.is_compose and work.choices.only_shown):
        return
    # The model takes as long to load as a large file takes to read, so who only shows a project does without it.
    from pydantic import ValidationError

    from dockerspec.core.spec import faults
    from dockerspec.core.spec.model import Stack
    from dockerspec.core.spec.remnant import remnant

    data = work.document.plain()
    try:
        work.stack = Stack.model_validate(data)
    except ValidationError as problem:
        work.remnant = remnant(data, problem)
        found = faults.explain(problem, work.document, Stack)
        work.faults += [fault for fault in found if fault.span not in work.misleading]


def _resolve(work: Work) -> None:
    if work.stack is None:
        return
    from dockerspec.core.spec.resolve import Resolver

    resolver = Resolver(work.files[0].folder, work.values, work.reader, work.span_of, work.raw)
    work.stack = resolver.stack(work.stack)
    work.secrets = resolver.secrets
    work.contents = resolver.contents
    work.sensitive |= frozenset(resolver.secrets.values())
    held = (content.text for (section, _), content in resolver.contents.items() if section == "secrets")
    work.sensitive |= frozenset(filter(None, (text.strip("\r\n") for text in held)))
    work.faults += resolver.faults


def _validate(work: Work) -> None:
    if work.stack is None and work.remnant is None:
        return
    from dockerspec.core.spec.validate import validate

    if work.stack is not None:
        work.faults += validate(work.stack, work.span_of)
    elif work.remnant is not None:
        work.faults += work.remnant.believable(validate(work.remnant.stack, work.span_of))


PHASES: tuple[Phase, ...] = (
    Phase("parse", _parse),
    Phase("compose", _compose),
    Phase("declare", _declare),
    Phase("interpolate", _interpolate),
    Phase("merge", _merge),
    Phase("name", _name),
    Phase("model", _model),
    Phase("resolve", _resolve),
    Phase("validate", _validate),
)


def load(
    files: Sequence[SourceFile],
    variables: Variables,
    reader: Reader,
    choices: Choices = NO_CHOICES,
    raw: Reader | None = None,
) -> LoadResult:
    """Make a stack from spec texts.

    Args:
        files: at least one; later ones overlay earlier ones. Relative paths start from the folder of the first.
        variables: the values that the spec can use.
        reader: reads the `env_file`s and secret files by absolute path.
        choices: what the run says of a Compose project; a spec of dockerspec's own heeds none of it.
        raw: reads the files of configs and secrets, whatever they hold: bytes that are no UTF-8 become surrogates. By
            default `reader`.
    """
    work = Work(files, variables, reader, raw or reader, choices)
    for phase in PHASES:
        phase.run(work)
    if work.is_compose:
        work.faults = [in_compose_words(fault) for fault in work.faults]
    found = sorted({_masked(fault, work.sensitive) for fault in work.faults}, key=_order)
    failed = any(fault.severity is Severity.ERROR for fault in found)
    return LoadResult(
        stack=None if failed else work.stack,
        diagnostics=tuple(found),
        sensitive=work.sensitive,
        secrets=work.secrets,
        contents=work.contents,
        document=work.document,
        files=tuple(source.name for source in files),
        origin=Origin(tuple(files), variables, reader, work.raw, work.values, work.declared, choices),
        place=_place(files[0]),
        compose=work.compose,
    )


def in_compose_words(fault: Diagnostic) -> Diagnostic:
    """The fault with its path in the stack as the Compose file has it."""
    path = _OWN_BUILD.sub(r"services.\1.build", fault.path)
    path = _OWN_CONTAINER.sub("services.", path)
    return fault if path == fault.path else replace(fault, path=path)


def document_of(origin: Origin, values: Mapping[str, str]) -> Document | None:
    """The merged spec that an origin would come to with other values of its variables, before the model reads it."""
    work = Work(origin.files, Variables(values), origin.reader, origin.raw, origin.choices)
    for phase in PHASES:
        if phase.run is _model:
            break
        phase.run(work)
    return work.document


def _place(source: SourceFile) -> str:
    """Where a spec is, in short. Not the whole path: it says more of a machine than a label should."""
    if source.name == STDIN_NAME:
        return ""
    parts = (re.split(r"[/\\]", text)[-1] for text in (source.folder, source.name))
    return "/".join(filter(None, parts))


def _order(fault: Diagnostic) -> tuple[str, int, int, str, str, str]:
    return (*fault.sort_key, fault.fix)


def _masked(fault: Diagnostic, sensitive: frozenset[str]) -> Diagnostic:
    """Take secret values out of the sentences, which may quote what the user gave."""
    summary, fix = fault.summary, fault.fix
    for value in sorted(sensitive, key=len, reverse=True):
        summary, fix = summary.replace(value, _MASK), fix.replace(value, _MASK)
    return fault if (summary, fix) == (fault.summary, fault.fix) else replace(fault, summary=summary, fix=fix)
