"""Stack -> Stack: relative paths made absolute, `env_file`s read, values of the run and of secrets put in.

Callers: `load`, after the model has accepted the spec. Limits: reads only through the injected reader; secret values
never enter the stack, they are returned beside it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dockerspec.core.diagnostics import Diagnostic, Span, error
from dockerspec.core.placed import SECTIONS, Content
from dockerspec.core.spec.dotenv import DotenvFault, parse_dotenv
from dockerspec.core.spec.model import BindOptions, ContainerSpec, EnvFile, Hook, Mount, SecretRef, SecretSpec, Stack
from dockerspec.core.spec.model_files import is_mounted
from dockerspec.core.spec.paths import Path, format_path
from dockerspec.core.spec.source import FileFault, Reader

_REMOTE_STARTS = ("git@", "github.com/", "service:")


def is_elsewhere(context: str) -> bool:
    """Whether a build's context is the address of something, and no folder."""
    return "://" in context or context.startswith(_REMOTE_STARTS)


@dataclass(slots=True)
class Resolver:
    """Resolves one stack.

    Attributes:
        folder: what relative paths start from.
        values: the variables of the run.
        reader: reads a file by its absolute path.
        span_of: the place of a spec path.
        raw: reads one whose bytes count, as what a container is to get.
        secrets: the value of each secret that a container's variable or a build uses.
        contents: what the configs and secrets hold that containers get as files, by section and name.
        faults: what could not be resolved.
    """

    folder: str
    values: Mapping[str, str]
    reader: Reader
    span_of: Callable[[Path], Span | None]
    raw: Reader
    secrets: dict[str, str] = field(default_factory=dict)
    contents: dict[tuple[str, str], Content] = field(default_factory=dict)
    faults: list[Diagnostic] = field(default_factory=list)
    _files: dict[str, str | FileFault] = field(default_factory=dict)

    def stack(self, stack: Stack) -> Stack:
        """Return the stack with everything resolved."""
        changes: dict[str, Any] = {}
        images = {name: self._image(name, image) for name, image in stack.images.items()}
        if any(image is not stack.images[name] for name, image in images.items()):
            changes["images"] = images
        self._contents(stack)
        containers = {name: self._container(name, spec, stack) for name, spec in stack.containers.items()}
        if any(spec is not stack.containers[name] for name, spec in containers.items()):
            changes["containers"] = containers
        self._secrets(stack)
        return stack.model_copy(update=changes) if changes else stack

    def _image(self, name: str, image: Any) -> Any:
        build = image.build
        if build is None:
            return image
        path: Path = ("images", name, "build")
        changes: dict[str, Any] = {"context": self._local(build.context, (*path, "context"))}
        if None in build.args.values():
            run = {key: self.values.get(key) if value is None else value for key, value in build.args.items()}
            changes["args"] = {key: value for key, value in run.items() if value is not None}
        if build.additional_contexts:
            changes["additional_contexts"] = {
                key: self._local(value, (*path, "additional_contexts", key))
                for key, value in build.additional_contexts.items()
            }
        if build.ssh:
            changes["ssh"] = tuple(self._ssh(text, (*path, "ssh", number)) for number, text in enumerate(build.ssh))
        if all(value == getattr(build, key) for key, value in changes.items()):
            return image
        return image.model_copy(update={"build": build.model_copy(update=changes)})

    def _local(self, context: str, place: Path) -> str:
        """A folder's path made absolute; the address of something elsewhere as it is."""
        if is_elsewhere(context):
            return context
        return self._absolute(context, place)

    def _ssh(self, text: str, place: Path) -> str:
        name, equals, key = text.partition("=")
        return f"{name}={self._absolute(key, place)}" if equals else text

    def _container(self, name: str, spec: ContainerSpec, stack: Stack) -> ContainerSpec:
        changes: dict[str, Any] = {}
        if spec.env_file or None in spec.environment.values():
            changes["environment"] = self._environment(name, spec)
        for stage in ("pre_start", "post_start", "pre_stop"):
            hooks = tuple(map(self._hook, getattr(spec, stage)))
            if hooks != getattr(spec, stage):
                changes[stage] = hooks
        volumes = tuple(self._mount(name, number, mount) for number, mount in enumerate(spec.volumes))
        if any(new is not old for new, old in zip(volumes, spec.volumes, strict=True)):
            changes["volumes"] = volumes
        files = tuple(self._mounted_files(spec, stack))
        if files:
            changes["volumes"] = (*volumes, *files)
        return spec.model_copy(update=changes) if changes else spec

    def _hook(self, hook: Hook) -> Hook:
        """The hook with the variables that are to come from the run; those that the run doesn't have are left out."""
        if None not in hook.environment.values():
            return hook
        run = {name: self.values.get(name) if value is None else value for name, value in hook.environment.items()}
        known = {name: value for name, value in run.items() if value is not None}
        return hook.model_copy(update={"environment": known})

    def _mount(self, name: str, number: int, mount: Any) -> Any:
        if mount.type != "bind" or mount.source is None or mount.source.startswith("/"):
            return mount
        source = self._absolute(mount.source, ("containers", name, "volumes", number))
        return mount.model_copy(update={"source": source})

    def _mounted_files(self, spec: ContainerSpec, stack: Stack) -> Iterator[Mount]:
        """The read-only mounts of the configs and secrets that are files on the host, as Compose has them."""
        for section in SECTIONS:
            for grant in getattr(spec, section):
                declared = getattr(stack, section).get(grant.source)
                if declared is not None and is_mounted(declared.file or "", grant):
                    source = self._absolute(declared.file, (section, grant.source, "file"))
                    bind = BindOptions(create_host_path=False)
                    yield Mount(type="bind", source=source, target=grant.place(section), read_only=True, bind=bind)

    def _environment(self, name: str, spec: ContainerSpec) -> dict[str, str | SecretRef | None]:
        """Later files win over earlier ones, the spec's own `environment` over all files.

        What has no value takes that of the run. Without one there, a line of a file means nothing, as in Compose; but
        in `environment` it means that the container doesn't have the variable, whatever its image says.
        """
        files: dict[str, str | None] = {}
        for number, entry in enumerate(spec.env_file):
            files.update(self._env_file(entry, ("containers", name, "env_file", number)))
        given = {key: self.values.get(key) if value is None else value for key, value in files.items()}
        values: dict[str, str | SecretRef | None] = {key: value for key, value in given.items() if value is not None}
        for key, own in spec.environment.items():
            values[key] = self.values.get(key) if own is None else own
        return values

    def _env_file(self, entry: EnvFile, path: Path) -> dict[str, str | None]:
        text = self._read(entry.path, path)
        if isinstance(text, FileFault):
            if not text.missing or entry.required:
                fix = text.fix or "create it, or write {path: ..., required: false}"
                self._fault(path, f"the env_file {entry.path} {text.summary}", fix)
            return {}
        try:
            return parse_dotenv(text, self.values)
        except DotenvFault as fault:
            place = Span(entry.path, fault.line, 1)
            self.faults.append(error(format_path(path), fault.summary, fault.fix, place))
            return {}

    def _secrets(self, stack: Stack) -> None:
        used = {
            value.secret
            for spec in stack.containers.values()
            for value in (*spec.environment.values(), *_hook_values(spec))
            if isinstance(value, SecretRef)
        }
        builds = [image.build for image in stack.images.values() if image.build is not None]
        used.update(secret.source for build in builds for secret in build.secrets)
        for name, secret in stack.secrets.items():
            if name in used:
                self._secret(name, secret)

    def _contents(self, stack: Stack) -> None:
        """What the containers get as files; what is only mounted and can't be read is the engine's to judge."""
        for section in SECTIONS:
            declared = getattr(stack, section)
            grants = [grant for spec in stack.containers.values() for grant in getattr(spec, section)]
            for name in dict.fromkeys(grant.source for grant in grants):
                if name in declared:
                    own = [grant for grant in grants if grant.source == name]
                    mounted = all(is_mounted(declared[name].file or "", grant) for grant in own)
                    content = self._content(section, name, declared[name], optional=mounted)
                    if content is not None:
                        self.contents[section, name] = content

    def _content(self, section: str, name: str, declared: Any, *, optional: bool) -> Content | None:
        kind = section.removesuffix("s")
        if declared.file is not None:
            path: Path = (section, name, "file")
            absolute = self._absolute(declared.file, path)
            text = self.raw(absolute)
            if isinstance(text, str):
                return Content(text, absolute)
            if not optional:
                self._fault(path, f"the {kind}'s file {declared.file} {text.summary}", text.fix or "create it")
            return None
        if declared.environment is None:
            return Content(declared.content)
        value = self.values.get(declared.environment)
        if value is None:
            path = (section, name, "environment")
            fix = f"export {declared.environment} before the run"
            self._fault(path, f"the variable {declared.environment} of the {kind} isn't set", fix)
            return None
        return Content(value)

    def _secret(self, name: str, secret: SecretSpec) -> None:
        if secret.environment is not None:
            path: Path = ("secrets", name, "environment")
            value = self.values.get(secret.environment)
            if value is None:
                fix = f"export {secret.environment} before the run"
                self._fault(path, f"the variable {secret.environment} of the secret isn't set", fix)
                return
        else:
            path, shown = ("secrets", name, "file"), secret.file or ""
            text = self._read(shown, path)
            if isinstance(text, FileFault):
                self._fault(path, f"the secret's file {shown} {text.summary}", text.fix or "create it")
                return
            # Editors end a file with a line break that is no part of a password.
            value = text.removesuffix("\n").removesuffix("\r")
        if not value:
            self._fault(path, "the secret is empty", "give it a value")
            return
        self.secrets[name] = value

    def _read(self, path: str, place: Path) -> str | FileFault:
        absolute = self._absolute(path, place)
        if absolute not in self._files:
            self._files[absolute] = self.reader(absolute)
        return self._files[absolute]

    def _absolute(self, path: str, place: Path) -> str:
        """Resolve a path against the folder, `~` against the home folder of the run."""
        if path == "~" or path.startswith("~/"):
            home = self.values.get("HOME")
            if home is None:
                self._fault(place, f"'{path}' needs HOME, which isn't set", "write an absolute path")
                return path
            path = home + path[1:]
        return posixpath.normpath(posixpath.join(self.folder, path))

    def _fault(self, path: Path, summary: str, fix: str) -> None:
        self.faults.append(error(format_path(path), summary, fix, self.span_of(path)))


def _hook_values(spec: ContainerSpec) -> Iterator[object]:
    """The values of the variables of all hooks."""
    for hook in (*spec.pre_start, *spec.post_start, *spec.pre_stop):
        yield from hook.environment.values()
