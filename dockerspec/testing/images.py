"""The fake's image verbs, and the registry that it pulls from. Caller: `FakeEngine`."""

# ruff: noqa: ARG002 - the signatures are the protocol's

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from dockerspec.engine.protocol import Filters
from dockerspec.errors import Conflict, EngineError, NotFound
from dockerspec.testing import shapes
from dockerspec.testing.objects import FakeStore, with_tag

Json = Any


class FakeImages(FakeStore):
    """`/images`, `/build` and `/distribution`.

    Attributes:
        registry: what can be pulled: the image's config by reference, tag included.
        build_lines: what a build prints.
    """

    def __init__(self) -> None:
        super().__init__()
        self.registry: dict[str, Json] = {}
        self.build_lines: list[str] = []

    def add_image(self, ref: str, config: Mapping[str, Json] | None = None) -> str:
        """Put an image on the host, as an import does.

        Args:
            ref: its tag, which is taken from the image that has it.
            config: what containers inherit; by default a command that sleeps.

        Returns:
            The image's ID.
        """
        with self._lock:
            ident = f"sha256:{self._new_id()}"
            self._untag(with_tag(ref))
            settings = {"Cmd": ["sleep", "1000"]} if config is None else config
            self._images[ident] = shapes.image(ident, [with_tag(ref)], settings, self._now())
            return ident

    def images(self, filters: Filters | None = None) -> list[Json]:
        """All images."""
        with self._call("images"):
            keys = ("Id", "RepoTags", "RepoDigests", "Size")
            return [{**{key: item[key] for key in keys}, "Labels": None} for item in self._images.values()]

    def image(self, ref: str) -> Json:
        """One image, by reference or ID."""
        with self._call("image", ref):
            return copy.deepcopy(self._image(ref))

    def distribution(self, ref: str) -> Json:
        """What the registry has for a reference."""
        with self._call("distribution", ref):
            if with_tag(ref) not in self.registry:
                raise NotFound(f"manifest for {with_tag(ref)} not found: manifest unknown", status=404)
            return {"Descriptor": {"digest": self._digest(ref)}, "Platforms": []}

    def tag_image(self, source: str, repository: str, tag: str) -> None:
        """Give an image one more tag."""
        with self._call("tag_image", source):
            image = self._image(source)
            self._untag(f"{repository}:{tag}")
            image["RepoTags"].append(f"{repository}:{tag}")

    def remove_image(self, ref: str, *, force: bool = False) -> list[Json]:
        """Take a tag off, and the image away with its last one."""
        with self._call("remove_image", ref):
            image = self._image(ref)
            last = len(image["RepoTags"]) <= 1
            users = [key for key, item in self._containers.items() if item["Image"] == image["Id"]]
            if last and users and not force:
                raise Conflict(
                    f'conflict: unable to remove repository reference "{ref}" (must force) - container '
                    f"{users[0][:12]} is using its referenced image {image['Id'][7:19]}",
                    status=409,
                )
            self._untag(with_tag(ref))
            if last and not users:
                del self._images[image["Id"]]
            return [{"Untagged": with_tag(ref)}, *([{"Deleted": image["Id"]}] if last and not users else [])]

    def pull_image(self, ref: str, *, platform: str = "") -> Iterator[Json]:
        """Fetch an image from the registry; it is there once all messages were read."""
        with self._call("pull_image", ref):
            full = with_tag(ref)
            if full not in self.registry:
                raise NotFound(f"manifest for {full} not found: manifest unknown", status=404)
        yield {"status": f"Pulling from {full.rpartition(':')[0]}", "id": full.rpartition(":")[2]}
        yield {"status": "Pull complete", "progressDetail": {}, "id": "layer"}
        with self._lock:
            ident = self.add_image(full, self.registry[full])
            self._images[ident]["RepoDigests"] = [f"{full.rpartition(':')[0]}@{self._digest(ref)}"]
        yield {"status": f"Status: Downloaded newer image for {full}"}

    def build_image(self, context: BinaryIO, options: Mapping[str, Json]) -> Iterator[Json]:
        """Make an image out of nothing; a line that begins with `error: ` lets the build fail."""
        tag = str(options.get("t") or "")
        with self._call("build_image", tag):
            context.read()
        for line in self.build_lines:
            if line.startswith("error: "):
                raise EngineError(line.removeprefix("error: "), call="POST /build")
            yield {"stream": f"{line}\n"}
        ident = self.add_image(tag, {"Cmd": ["sleep", "1000"], "Labels": dict(options.get("labels") or {})})
        yield {"aux": {"ID": ident}}

    def _untag(self, ref: str) -> None:
        for image in self._images.values():
            if ref in image["RepoTags"]:
                image["RepoTags"].remove(ref)

    def _digest(self, ref: str) -> str:
        """The registry's digest for a reference: another one for another config."""
        text = repr((with_tag(ref), self.registry[with_tag(ref)]))
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
