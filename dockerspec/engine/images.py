"""The image verbs: pull and build among them, whose progress comes as a stream. Callers: gateway."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO
from urllib.parse import quote

from dockerspec.engine.caller import Caller, filter_query
from dockerspec.engine.credentials import HUB, Credentials, registry_of
from dockerspec.engine.protocol import Filters, Json
from dockerspec.engine.transport import BUILD_SILENCE, SLOW_TIMEOUT, TRANSFER_SILENCE, Transport
from dockerspec.errors import EngineError, EngineLost, EngineTimeout, EngineUnreachable, NotFound

_NO_LOGIN = re.compile(r"denied|unauthorized|authentication required|no basic auth", re.IGNORECASE)
_NOT_THERE = re.compile(r"manifest unknown|not found|does not exist|no such image", re.IGNORECASE)
_NO_PLATFORM = re.compile(
    r"no matching manifest for|no match for platform|does not match the specified platform", re.IGNORECASE
)
_NO_REGISTRY = re.compile(
    r"no such host|connection refused|i/o timeout|Client\.Timeout|network is unreachable|TLS handshake", re.IGNORECASE
)
_PASSING = re.compile(
    r"connection refused|connection reset|broken pipe|i/o timeout|timeout exceeded|TLS handshake timeout|\bEOF\b"
    r"|short read|verification failed|failed size validation|temporary failure|server misbehaving"
    r"|(?:status|code)[^.\n]*?: 5\d\d|\b50[0234] |internal server error|bad gateway|service unavailable"
    r"|use of closed network connection|blob upload (?:unknown|invalid)|size mismatch|unexpected commit digest"
    r"|(?:downloading|layer) .*canceled",
    re.IGNORECASE,
)
"""What registries and networks say when they are only hindered for a while."""
_WANTS_TLS = re.compile(r"server gave HTTP response to HTTPS client", re.IGNORECASE)
_NOBODY = {"X-Registry-Auth": "e30="}
"""A login of nobody: Engine 20.10 refuses a push without the header."""


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

    def images(self, filters: Filters | None = None, *, every: bool = False) -> list[Json]:
        """All images with a tag, and those that lost it; with `every` also those that only others are built on."""
        return list(self._get("/images/json", {**filter_query(filters), "all": every}) or ())

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
            # What is in the way here is the registry's, and an answer that never comes is only a note in a plan.
            return self._get_once(f"/distribution/{_path(ref)}/json", headers=headers)
        except EngineError as fault:
            raise registry_fault("look up", ref, fault) from None

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
            with self._follow("POST", "/images/create", query, headers=headers, silence=TRANSFER_SILENCE) as stream:
                yield from _progress(stream, "POST /images/create")
        except EngineError as fault:
            raise registry_fault("pull", ref, fault) from None

    def push_image(self, ref: str) -> Iterator[Json]:
        """Give an image to the registry of a reference; it goes on as the progress messages are read.

        Args:
            ref: the reference; without a tag it means `latest`, not all tags.

        Raises:
            NotFound: the host has no such image.
            EngineError: the registry can't be reached, or refuses.
        """
        repository, tag = split_reference(ref)
        try:
            headers = self._credentials.for_reference(ref) or _NOBODY
            path = f"/images/{_path(repository)}/push"
            with self._follow("POST", path, {"tag": tag}, headers=headers, silence=TRANSFER_SILENCE) as stream:
                yield from _progress(stream, f"POST {path}")
        except EngineError as fault:
            raise registry_fault("push", ref, fault) from None

    def cli_builder(self) -> str:
        """The docker CLI's builder on this machine: `buildx`, `buildkit` in an old CLI, or empty for none."""
        from dockerspec.engine.builder import find_builder

        return find_builder(self._credentials.environ)

    def build_with_cli(
        self, context: BinaryIO, options: Mapping[str, Json], words: Sequence[str], secrets: Mapping[str, str]
    ) -> Iterator[Json]:
        """Build an image with the docker CLI's builder; it goes on as the progress messages are read.

        Args:
            context: a tar of the build context.
            options: `t`, `dockerfile` and `labels` as for `build_image`; the rest is in `words`.
            words: options of `docker build`.
            secrets: the values of the build's secrets, by the id that the Dockerfile calls them.

        Raises:
            EngineError: the build failed, or there is no such builder.
        """
        from dockerspec.engine.builder import build

        yield from build(
            context,
            endpoint=self._transport.endpoint,
            environ=self._credentials.environ,
            folder=self._credentials.folder,
            reference=str(options["t"]),
            dockerfile=str(options["dockerfile"]),
            remote=str(options.get("remote") or ""),
            labels=options.get("labels") or {},
            words=words,
            secrets=secrets,
        )

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
        with self._follow("POST", "/build", options, headers=headers, silence=BUILD_SILENCE, upload=context) as stream:
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


def registry_fault(what: str, ref: str, fault: EngineError) -> EngineError:
    """A fault in dealing with a registry, with the reference named and advice; one of the engine itself as it is."""
    if isinstance(fault, EngineLost | EngineUnreachable | EngineTimeout):
        return fault
    kind: type[EngineError] = type(fault)
    if _NOT_THERE.search(fault.message):
        kind = NotFound
    hint = _advice(what, ref, fault)
    passing = _is_passing(fault)
    if not hint and not passing:
        return fault
    message = f"can't {what} {ref}: {fault.message}"
    return kind(message, status=fault.status, call=fault.call, hint=hint, passing=passing)


def _is_passing(fault: EngineError) -> bool:
    """Whether a fault of a registry may be gone on the next try."""
    if isinstance(fault, NotFound):
        return False
    lasting = (_NO_LOGIN, _NOT_THERE, _NO_PLATFORM, _WANTS_TLS)
    return bool(_PASSING.search(fault.message)) and not any(item.search(fault.message) for item in lasting)


def _advice(what: str, ref: str, fault: EngineError) -> str:
    message = fault.message
    if _NO_PLATFORM.search(message):
        return "the image has no build for this platform; name another one with `platform:`, or another image"
    if _WANTS_TLS.search(message):
        return "the registry speaks plain HTTP: list it under insecure-registries in the engine's daemon.json"
    if _NO_LOGIN.search(message):
        registry = registry_of(ref)
        login = "docker login" if registry == HUB else f"docker login {registry}"
        if what == "push":
            return f"log in to {registry} with `{login}`, as a user who may push there"
        return f"check the image's name; if it is private, log in to {registry} with `{login}`"
    if _NO_REGISTRY.search(message):
        return (
            f"the engine can't reach the registry {registry_of(ref)}; check its name, the network, and the engine's "
            "proxy settings"
        )
    if _NOT_THERE.search(message):
        return f"the registry has no {ref}; check the name and the tag" if what != "push" else "build or tag it first"
    return fault.hint
