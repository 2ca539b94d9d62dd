"""The fake's image verbs, and the registry that it pulls from. Caller: `FakeEngine`."""

# ruff: noqa: ARG002 - the signatures are the protocol's

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
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
        builder: the docker CLI's builder that the machine has.
    """

    def __init__(self) -> None:
        super().__init__()
        self.registry: dict[str, Json] = {}
        self.build_lines: list[str] = []
        self.builder = "buildx"

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

    def images(self, filters: Filters | None = None, *, every: bool = False) -> list[Json]:
        """All images."""
        with self._call("images"):
            return [
                {
                    **{key: item[key] for key in ("Id", "RepoTags", "RepoDigests", "Size")},
                    "ParentId": "",
                    "Created": int(datetime.fromisoformat(item["Created"]).timestamp()),
                    "Labels": item["Config"].get("Labels"),
                }
                for item in self._images.values()
            ]

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
            image["Metadata"]["LastTagTime"] = self._now()

    def remove_image(self, ref: str, *, force: bool = False) -> list[Json]:
        """Take a tag off, and the image away with its last one."""
        with self._call("remove_image", ref):
            image = self._image(ref)
            by_id = ref.startswith("sha256:")
            last = len(image["RepoTags"]) <= 1
            running = [
                key
                for key, item in self._containers.items()
                if item["Image"] == image["Id"] and item["State"]["Running"]
            ]
            if by_id and running:
                raise Conflict(
                    f"conflict: unable to delete {image['Id'][7:19]} (cannot be forced) - image is being used by "
                    f"running container {running[0][:12]}",
                    status=409,
                )
            if by_id and not last and not force:
                raise Conflict(
                    f"conflict: unable to delete {image['Id'][7:19]} (must be forced) - image is referenced in "
                    "multiple repositories",
                    status=409,
                )
            users = [key for key, item in self._containers.items() if item["Image"] == image["Id"]]
            if last and users and not force:
                raise Conflict(
                    f'conflict: unable to remove repository reference "{ref}" (must force) - container '
                    f"{users[0][:12]} is using its referenced image {image['Id'][7:19]}",
                    status=409,
                )
            names = list(image["RepoTags"]) if by_id else [with_tag(ref)]
            for name in names:
                self._untag(name)
            if last and not users:
                del self._images[image["Id"]]
            deleted = [{"Deleted": image["Id"]}] if last and not users else []
            return [*({"Untagged": name} for name in names), *deleted]

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

    def push_image(self, ref: str) -> Iterator[Json]:
        """Give an image to the registry; it is there once all messages were read."""
        full = with_tag(ref)
        with self._call("push_image", ref):
            image = next((item for item in self._images.values() if full in item["RepoTags"]), None)
        if image is None:
            name = full.rpartition(":")[0]
            raise NotFound(f"can't push {ref}: An image does not exist locally with the tag: {name}")
        repository, _, tag = full.rpartition(":")
        yield {"status": f"The push refers to repository [{repository}]"}
        yield {"status": "Pushed", "progressDetail": {}, "id": "layer"}
        with self._lock:
            self.registry[full] = image["Config"]
            image["RepoDigests"].append(f"{repository}@{self._digest(ref)}")
        yield {"status": f"{tag}: digest: {self._digest(ref)} size: 527"}

    def cli_builder(self) -> str:
        """The builder that `builder` says."""
        return self.builder

    def build_with_cli(
        self, context: BinaryIO, options: Mapping[str, Json], words: Sequence[str], secrets: Mapping[str, str]
    ) -> Iterator[Json]:
        """As `build_image`."""
        with self._call("build_with_cli", str(options.get("t") or "")):
            pass
        yield from self.build_image(context, options)

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
