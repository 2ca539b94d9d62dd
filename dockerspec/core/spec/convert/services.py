"""The services of a Compose file -> containers, and the images that they build.

Callers: `to_own`. Limits: the text of one file; a mapping that several services merge is translated once, in its place.
"""

from __future__ import annotations

from dockerspec.core.spec.compose.project import Project
from dockerspec.core.spec.convert.common import LEFT, RESOLVE, Rewritten, Work, below, in_brackets, quoted
from dockerspec.core.spec.convert.deploy import flat_keys, flatten
from dockerspec.core.spec.convert.editor import Note, Pair
from dockerspec.core.spec.convert.layout import MERGE, Entry, Part, Shape
from dockerspec.core.spec.convert.scalars import Scalars
from dockerspec.core.spec.texts import TEXT_RULE

_TOOL = frozenset({"attach", "develop", "pull_refresh_after"})
_REFUSED = {
    "extends": "extends has no counterpart in dockerspec's own format",
    "label_file": "label_file has no counterpart in dockerspec's own format",
    "models": "language models aren't run",
    "provider": "services that another program provides aren't run",
    "credential_spec": "credential specs of Windows aren't passed on",
    "use_api_socket": "the engine's socket isn't passed on by this key",
}
_RESOLVABLE = frozenset({"extends", "label_file"})
_PORT_KEYS = frozenset({"target", "published", "host_ip", "protocol"})
_CREATE = Pair("create_host_path", ": false")
_NULL = ": null"


class Services:
    """Translates the section `services`."""

    def __init__(self, work: Work, project: Project, named: str, built: frozenset[str], plain: Rewritten) -> None:
        self._work = work
        self._editor = work.editor
        self._project = project
        self._named = named
        self._built = built
        self._plain = plain
        self._scalars = Scalars(work.editor, to_own=True)
        self._done: set[int] = set()
        self._builds: set[int] = set()
        self._moved_builds: set[int] = set()
        self._images: list[tuple[str, list[Pair | Note]]] = []

    def convert(self, section: Entry) -> None:
        """Translate the section."""
        self._editor.rename(section, "containers")
        for entry in section.value.real.entries:
            name = entry.key.text
            if name.startswith("x-") or name == MERGE:
                continue
            if name in self._project.disabled:
                profiles = [item.real.text for item in below(entry.value.at("profiles"))]
                summary = f"none of its profiles is active ({', '.join(profiles)})"
                fix = f"convert with --profile {profiles[0]} to have it; {LEFT}"
                self._work.leave(entry, f"services.{name}", summary, fix)
            elif entry.value.real.shape is Shape.MAP:
                self._service(name, entry)
        self._write_images(section)

    def _service(self, name: str, entry: Entry) -> None:
        """One service: its build goes to the images, the rest is translated where it stands."""
        body, is_alias = entry.value.real, entry.value.shape is Shape.ALIAS
        inherited = self._silenced(body)
        build = entry.value.all_entries().get("build")
        has_build = build is not None and not build.value.is_silent
        image: list[Pair] = []
        if build is not None and has_build:
            image = [Pair("image", f": {{from: {name}}}")]
            inherited += self._build(name, entry, build)
        elif name in self._built:
            self._overlay_image(name, body)
        self._keys(f"services.{name}", body, is_service=not is_alias)
        if build is not None and has_build and build.owner is body and not is_alias:
            self._editor.swap(build, image, moved=True)
            self._editor.add(body, inherited)
        elif is_alias and (image or inherited):
            fields = ", ".join(f"{pair.key}{pair.rest}" for pair in (*image, *inherited))
            self._editor.replace(entry.value.start, entry.value.end, f"{{<<: *{entry.value.text}, {fields}}}")
        else:
            self._editor.add(body, image, behind=body.get(MERGE))
            self._editor.add(body, inherited)

    def _silenced(self, body: Part) -> list[Pair]:
        """Keys that the `deploy` of a merged mapping gives, and the service's own `deploy` takes back as a whole."""
        own = body.get("deploy")
        if own is None:
            return []
        mine = flat_keys(own.value)
        given: dict[str, None] = {}
        for other in body.merged():
            found = other.all_entries()
            if "deploy" in found:
                keys = flat_keys(found["deploy"].value)
                given.update(dict.fromkeys(key for key in keys if key != "restart" or key not in found))
        return [Pair(key, _NULL) for key in given if key not in mine and body.get(key) is None]

    # --- images ------------------------------------------------------------------------------------------------------

    def _build(self, name: str, entry: Entry, build: Entry) -> list[Pair]:
        """Write the image of a build; returns the keys that the service must take back."""
        body, found = entry.value.real, entry.value.all_entries()
        in_place = entry.value.shape is not Shape.ALIAS
        self._build_keys(name, build)
        pieces: list[Pair | Note] = [self._moved(build)]
        image = found.get("image")
        if image is None:
            pieces.append(Pair("tags", f": [{quoted(f'{self._named}-{name}')}]"))
        else:
            pieces.append(self._tags(image))
            if image.owner is body and in_place:
                self._editor.swap(image, [], moved=True)
        taken_back: list[Pair] = []
        for key in ("platform", "pull_policy"):
            other = found.get(key)
            if other is None:
                continue
            pieces.append(Pair(key, f": {self._editor.value(other.value.real)}"))
            if key == "platform":
                continue
            if other.owner is body and in_place:
                self._editor.swap(other, [])
            elif other.owner.get("build") is None:
                taken_back.append(Pair(key, _NULL))
        self._images.append((name, pieces))
        return taken_back

    def _build_keys(self, name: str, build: Entry) -> None:
        body = build.value.real
        if id(body) in self._builds:
            return
        self._builds.add(id(body))
        for secret in below(body.at("secrets")):
            for inner in secret.real.entries:
                if inner.key.text not in ("source", "target"):
                    path = f"services.{name}.build.secrets.{inner.key.text}"
                    self._work.leave(inner, path, f"a build gets no {inner.key.text} of a secret's")
        self._scalars.walk(body, TEXT_RULE["images"]["*"]["build"])

    def _moved(self, build: Entry) -> Pair:
        """The build as a pair; where its anchor stands already, an alias."""
        value = build.value
        if value.anchor and id(value) in self._moved_builds:
            return Pair("build", f": *{value.anchor}")
        self._moved_builds.add(id(value))
        if build.owner.flow:
            return Pair("build", f": {self._editor.value(value)}")
        return self._editor.moved(build)

    def _tags(self, image: Entry) -> Pair:
        """The tags of what a service builds: its `image`, with the comment behind that."""
        self._scalars.walk(image.value, TEXT_RULE["containers"]["*"]["image"])
        tail = "" if image.owner.flow else self._work.layout.text[image.value.end : self._editor.entry_end(image)]
        value = in_brackets(self._editor.value(image.value.real), image.value.real)
        return Pair("tags", f": [{value}]{tail}")

    def _overlay_image(self, name: str, body: Part) -> None:
        """The image of a service that another file builds is a tag."""
        image = body.get("image")
        if image is not None:
            self._images.append((name, [self._tags(image)]))
            self._editor.swap(image, [], moved=True)

    def _write_images(self, section: Entry) -> None:
        """The images come after the containers, so that every anchor that they name stands before them."""
        if not self._images:
            return
        layout, inner = self._work.layout, section.value.real
        step = 2
        if not inner.flow and inner.entries:
            step = max(layout.column(inner.entries[0].key.start), 1)
        lines = ["", "images:"]
        for name, pieces in self._images:
            lines += [f"{' ' * step}{name}:", self._editor.lines(pieces, 2 * step)]
        end = self._editor.section_end(section)
        self._editor.replace(end, end, layout.line_break + layout.line_break.join(lines))

    # --- keys --------------------------------------------------------------------------------------------------------

    def _keys(self, path: str, body: Part, *, is_service: bool = True) -> None:
        """Translate the keys of a service, and of what it merges, in their places."""
        if id(body) in self._done:
            return
        self._done.add(id(body))
        for other in body.merged():
            self._keys(path, other, is_service=self._is_service(other))
        for entry in body.entries:
            if not entry.key.text.startswith("x-") and entry.key.text != MERGE:
                self._key(path, entry, body, is_service=is_service)

    def _is_service(self, body: Part) -> bool:
        section = self._work.layout.root.at("services")
        return section is not None and any(entry.value is body for entry in section.entries)

    def _key(self, path: str, entry: Entry, body: Part, *, is_service: bool) -> None:
        key = entry.key.text
        where = f"{path}.{key}"
        if key in _REFUSED:
            self._work.refuse(where, _REFUSED[key], RESOLVE if key in _RESOLVABLE else "delete it", entry.key)
        elif key in _TOOL:
            self._work.leave(entry, where, f"{key} says nothing of the container, only of Compose's own commands")
        elif key == "profiles":
            if not below(entry.value):
                self._editor.comment_out(entry)
                return
            fix = f"take the container out where it isn't wanted; {LEFT}"
            self._work.leave(entry, where, "profiles have no counterpart: the container is always wanted", fix)
        elif key == "deploy":
            self._editor.swap(entry, flatten(self._work, path, entry, body, self._scalars))
        elif key == "build" or (key == "pull_policy" and not is_service and body.get("build") is not None):
            # The build of a mapping that services merge went to the image of each of them, and its pull policy with it.
            if not is_service:
                self._editor.swap(entry, [], moved=True)
        elif key == "scale":
            self._editor.rename(entry, "replicas")
        elif where in self._plain:
            self._rewrite(entry, self._plain[where])
        else:
            self._same(where, entry)

    def _rewrite(self, entry: Entry, text: str | None) -> None:
        """Write a value as what it comes to, since its form means something else in the other format."""
        if text is None:
            self._editor.comment_out(entry)
        else:
            self._editor.swap(entry, [Pair(self._editor.key(entry), f": {text}")])

    def _same(self, where: str, entry: Entry) -> None:
        """A key with the same name in both formats; what differs lies below."""
        key, value = entry.key.text, entry.value
        for item in below(value.real):
            if item.real.shape is not Shape.MAP:
                continue
            if key == "ports":
                self._port(where, item.real)
            elif key == "volumes":
                self._mount(item.real)
            elif key == "env_file" and (form := item.real.get("format")) is not None:
                self._work.refuse(f"{where}.format", "env files have one format only", RESOLVE, form.key)
            elif key == "devices":
                self._device(item.real)
        if key == "mem_limit" and value.real.text == "-1":
            self._editor.comment_out(entry)
        self._scalars.walk(value, TEXT_RULE["containers"]["*"].get(key))

    def _port(self, where: str, port: Part) -> None:
        for entry in port.entries:
            key = entry.key.text
            if key in _PORT_KEYS or key.startswith("x-") or key == MERGE:
                continue
            if entry.value.real.text == "ingress":
                self._editor.comment_out(entry)
                continue
            summary = f"{key} says nothing of the port on this host"
            self._work.leave(entry, f"{where}.{key}", summary)
        published = port.get("published")
        if published is not None and published.value.real.text == "0":
            self._editor.comment_out(published)

    def _mount(self, mount: Part) -> None:
        """With a section `bind`, Compose makes a missing folder only if told to, dockerspec unless told otherwise."""
        kind, bind = mount.get("type"), mount.get("bind")
        word = kind.value.real.text if kind else ""
        source = mount.get("source")
        if word == "tmpfs" and source is not None:
            self._editor.comment_out(source)
        if word != "bind" or bind is None or bind.value.is_silent:
            return
        told, selinux = bind.value.real.get("create_host_path"), bind.value.real.get("selinux")
        if selinux is not None and (told is None or told.value.real.text != "true"):
            self._editor.comment_out(selinux)  # Compose heeds it only with the other, and the load has said so
        if not bind.value.real.entries:
            self._editor.replace(bind.value.start, bind.value.end, " {create_host_path: false}")
        elif bind.value.real.get("create_host_path") is None:
            self._editor.add(bind.value.real, [_CREATE])

    def _device(self, device: Part) -> None:
        """The name of a CDI device says itself where it goes."""
        source = device.get("source")
        if source is None or source.value.real.text.startswith("/"):
            return
        for key in ("target", "permissions"):
            if (entry := device.get(key)) is not None:
                self._editor.comment_out(entry)
