"""The image verbs: pull and build among them, whose progress comes as a stream. Callers: gateway."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO
from urllib.parse import quote

from dockerspec.engine.caller import Caller, filter_query
from dockerspec.engine.credentials import Credentials
from dockerspec.engine.protocol import Filters, Json
from dockerspec.engine.transport import SLOW_TIMEOUT, Transport
from dockerspec.errors import EngineError, NotFound

_NO_LOGIN = re.compile(r"denied|unauthorized|authentication required|no basic auth", re.IGNORECASE)
_NOT_THERE = re.compile(r"manifest unknown|not found|does not exist|no such image", re.IGNORECASE)
_NO_PLATFORM = re.compile(
    r"no matching manifest for|no match for platform|does not match the specified platform", re.IGNORECASE
)
_NO_REGISTRY = re.compile(
    r"no such host|connection refused|i/o timeout|Client\.Timeout|network is unreachable|TLS handshake", re.IGNORECASE
)
_WANTS_TLS = re.compile(r"server gave HTTP response to HTTPS client", re.IGNORECASE)


class ImageVerbs(Caller):
    """`/images`, `/distribution` and `/build`."""

    def __init__(self, transport: Transport, url: str, credentials: Credentials) -> None:
        """Prepare.

        Args:
            transport: the connections to the engine.
            url: the engine's address, for messages.
            credentials: the registry logins, read when a call needs them.
        """
        super().__init__(transport, url)
        self._credentials = credentials

    def images(self, filters: Filters | None = None) -> list[Json]:
        """All images with a tag, and those that lost it."""
        return list(self._get("/images/json", filter_query(filters)) or ())

    def image(self, ref: str) -> Json:
        """One image in full."""
        return self._get(f"/images/{_path(ref)}/json")

    def distribution(self, ref: str) -> Json:
        """What the registry has under a reference now: `Descriptor.digest` and `Platforms`. Nothing is pulled.

        Raises:
            NotFound: the registry has no such image, or hides it from us.
        """
        try:
            headers = self._credentials.for_reference(ref)
            return self._get(f"/distribution/{_path(ref)}/json", headers=headers)
        except EngineError as fault:
            raise _registry_fault("look up", ref, fault) from None

    def tag_image(self, source: str, repository: str, tag: str) -> None:
        """Give an image a further name.

        Args:
            source: the image, by ID or reference.
            repository: the new name without its tag.
            tag: the tag.
        """
        self._post(f"/images/{_path(source)}/tag", {"repo": repository, "tag": tag})

    def remove_image(self, ref: str, *, force: bool = False) -> list[Json]:
        """Remove a tag, and the image with its last one; answers what was untagged and deleted.

        Args:
            ref: the image, by ID or reference.
            force: also if it has several tags, or stopped containers use it.
        """
        answer = self._ask("DELETE", f"/images/{_path(ref)}", {"force": force}, timeout=SLOW_TIMEOUT)
        return list(self._decoded(answer, f"DELETE /images/{ref}") or ())

    def pull_image(self, ref: str, *, platform: str = "") -> Iterator[Json]:
        """Fetch an image; the call is made, and goes on, as the progress messages are read.

        Args:
            ref: the reference; without tag and digest it means `latest`, not all tags.
            platform: `os/arch[/variant]`, or an empty text for the engine's own.

        Raises:
            NotFound: the registry has no such image or tag, or hides it.
            EngineError: the registry can't be reached, or refuses.
        """
        repository, tag = split_reference(ref)
        query = {"fromImage": repository, "tag": tag, "platform": platform}
        try:
            headers = self._credentials.for_reference(ref)
            with self._follow("POST", "/images/create", query, headers=headers, timeout=None) as stream:
                yield from _progress(stream, "POST /images/create")
        except EngineError as fault:
            raise _registry_fault("pull", ref, fault) from None

    def build_image(self, context: BinaryIO, options: Mapping[str, Json]) -> Iterator[Json]:
        """Build an image; the call is made, and goes on, as the progress messages are read.

        Args:
            context: a tar of the build context.
            options: the engine's query parameters, not yet encoded: `t`, `dockerfile`, `buildargs`, `labels`,
                `target` and so on.

        Raises:
            EngineError: a step of the build failed.
        """
        headers = {**self._credentials.for_build(), "Content-Type": "application/x-tar"}
        with self._follow("POST", "/build", options, headers=headers, timeout=None, upload=context) as stream:
            yield from _progress(stream, "POST /build")


def split_reference(ref: str) -> tuple[str, str]:
    """Repository, and tag or digest, of a reference; `latest` where it names neither."""
    name, at, digest = ref.partition("@")
    head, colon, tail = name.rpartition(":")
    repository, tag = (head, tail) if colon and "/" not in tail else (name, "latest")
    return repository, digest if at else tag


def _path(ref: str) -> str:
    """A reference as a path: its slashes are part of it."""
    return quote(ref, safe="/:@")


def _progress(stream: Iterable[Json], call: str) -> Iterator[Json]:
    """The messages of a stream, up to one that says that the work has failed."""
    for message in stream:
        if isinstance(message, dict) and (detail := message.get("errorDetail") or message.get("error")):
            text = detail.get("message") if isinstance(detail, dict) else detail
            raise EngineError(str(text or message.get("error")), call=call)
        yield message


def _registry_fault(what: str, ref: str, fault: EngineError) -> EngineError:
    """A fault in dealing with a registry, with the reference named and advice."""
    kind: type[EngineError] = type(fault)
    if _NOT_THERE.search(fault.message):
        kind = NotFound
    hint = _advice(ref, fault)
    if not hint:
        return fault
    return kind(f"can't {what} {ref}: {fault.message}", status=fault.status, call=fault.call, hint=hint)


def _advice(ref: str, fault: EngineError) -> str:
    message = fault.message
    if _NO_PLATFORM.search(message):
        return "the image has no build for this platform; name another one with `platform:`, or another image"
    if _WANTS_TLS.search(message):
        return "the registry speaks plain HTTP: list it under insecure-registries in the engine's daemon.json"
    if _NO_LOGIN.search(message):
        return "check the image's name; if it is private, log in to its registry with `docker login`"
    if _NO_REGISTRY.search(message):
        return "the engine can't reach the registry; check its name, the network, and the engine's proxy settings"
    if _NOT_THERE.search(message):
        return f"the registry has no {ref}; check the name and the tag"
    return fault.hint
