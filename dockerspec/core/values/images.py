"""Image references: `nginx`, `registry:5000/team/app:1.4`, `app@sha256:...`.

Called by the spec model and wherever a reference is compared with what the engine calls the image.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from dockerspec.core.nearest import nearest
from dockerspec.core.values.shown import shown

DEFAULT_TAG = "latest"

_HUB = "docker.io"
_HUB_ALIASES = (_HUB, "index.docker.io")
_OFFICIAL = "library/"
_LONGEST_NAME = 255
_DOMAIN = (
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:]+\])"
    r"(?::[0-9]+)?"
)
_PATH = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}"
_EXAMPLE = "write one such as redis:7 or registry.example:5000/team/app:1.4"


@dataclass(frozen=True, slots=True)
class ImageRef:
    """A reference to an image, taken apart.

    Attributes:
        domain: the registry, `docker.io` where none is written; empty for an image's ID.
        path: the repository within the registry, `library/redis` for `redis`; empty for an image's ID.
        tag: the tag, or None where none is written.
        digest: the content digest or the image's ID, or None where none is written.
    """

    domain: str
    path: str
    tag: str | None = None
    digest: str | None = None

    # A spec has far fewer images than places that name one, and the engine's answers name them again.
    @classmethod
    @lru_cache(maxsize=512)
    def parse(cls, text: str) -> ImageRef:
        """Take a reference apart.

        Raises:
            ValueError: the text is no image reference.
        """
        if re.fullmatch(_DIGEST, text):
            return cls("", "", None, text)
        rest, at, digest = text.partition("@")
        if at and re.fullmatch(_DIGEST, digest) is None:
            raise ValueError(
                f"the digest in {shown(text)} is malformed; write sha256: and 64 hexadecimal digits after the @"
            )
        head, slash, last = rest.rpartition("/")
        name, colon, tag = last.partition(":")
        if colon and re.fullmatch(_TAG, tag) is None:
            raise ValueError(f"the tag {shown(tag)} is malformed; write letters, digits, _, . and - only")
        domain, path = _split_domain(f"{head}{slash}{name}")
        _check(text, domain, path)
        return cls(domain, path, tag if colon else None, digest if at else None)

    @property
    def name(self) -> str:
        """The full name without tag and digest: `docker.io/library/redis`."""
        return f"{self.domain}/{self.path}" if self.path else ""

    @property
    def familiar(self) -> str:
        """The reference as people and the engine write it: `redis:7` for `docker.io/library/redis:7`."""
        if not self.path:
            return self.digest or ""
        short = self.path.removeprefix(_OFFICIAL)
        # A short name is one only if it reads back as this image: `docker.io/a.b/c` can't lose its registry.
        name = short if _split_domain(short) == (self.domain, self.path) else self.name
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{name}{tag}{digest}"

    def with_default_tag(self) -> ImageRef:
        """The reference with the tag `latest` where it has neither tag nor digest."""
        if self.tag or self.digest:
            return self
        return ImageRef(self.domain, self.path, DEFAULT_TAG)

    def __str__(self) -> str:
        return self.familiar


def parse_image(value: object) -> str:
    """Let an image reference pass as it is written.

    Raises:
        ValueError: the value is no image reference.
    """
    if not isinstance(value, str) or not value:
        raise ValueError(f"{shown(value)} is no image reference; {_EXAMPLE}")
    ImageRef.parse(value)
    return value


def _split_domain(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    # The first part is a registry only if it can't be a repository's: the docker CLI's own rule.
    if not slash or not ("." in first or ":" in first or first == "localhost" or first != first.lower()):
        domain, path = _HUB, name
    else:
        domain, path = first, rest
    if domain in _HUB_ALIASES:
        domain = _HUB
        path = path if "/" in path else f"{_OFFICIAL}{path}"
    return domain, path


def _check(text: str, domain: str, path: str) -> None:
    if len(domain) + 1 + len(path) > _LONGEST_NAME:
        raise ValueError(f"the image's name {shown(text)} is longer than {_LONGEST_NAME} characters; shorten it")
    small = path.lower()
    if re.fullmatch(_DOMAIN, domain) is None or re.fullmatch(_PATH, small) is None:
        raise ValueError(f"{shown(text)} is no image reference; {_EXAMPLE}")
    if path != small:
        small = small.removeprefix(_OFFICIAL)
        raise ValueError(f"the image's name in {shown(text)} has capital letters; write {small}")


PULL_POLICIES = ("always", "missing", "never", "build", "daily", "weekly")
"""The pull policies that are one word; `every_DURATION` is the one that isn't."""

_SECOND_NAMES = {"if_not_present": "missing"}
_SPANS = {"daily": 86_400, "weekly": 7 * 86_400}
_SPAN_UNITS = {"w": 7 * 86_400, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_EVERY = "every_"
_ARCHITECTURES = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "armhf": "arm/v7", "armel": "arm/v6"}
_ENGINE_ARCHITECTURES = frozenset(
    {"amd64", "arm64", "arm", "386", "ppc64le", "riscv64", "s390x", "mips64le", "loong64"}
)
# containerd, platforms.go: the letters of each part, and their number.
_PLATFORM = r"[a-z0-9_.-]+(?:\([^)]*\))?(?:/[a-z0-9_.-]+){0,2}"


def parse_pull_policy(value: object) -> str:
    """Read when an image is pulled: one of Compose's words, `if_not_present` read as `missing`.

    Raises:
        ValueError: the value is no policy, or its period makes no sense.
    """
    text = value.strip().lower() if isinstance(value, str) else ""
    text = _SECOND_NAMES.get(text, text)
    if text in PULL_POLICIES:
        return text
    if text.startswith((_EVERY, "every ")):
        span = text[len(_EVERY) :]
        if re.fullmatch(r"(?:[0-9]{1,6}[wdhms])+", span) is None or not _span_of(span):
            raise ValueError(
                f"the period in {shown(value)} is malformed; write numbers with w, d, h, m or s, such as every_12h"
            )
        return _EVERY + span
    if meant := nearest(text, PULL_POLICIES):
        raise ValueError(f"{shown(value)} isn't allowed here; did you mean '{meant}'?")
    raise ValueError(
        f"{shown(value)} is no pull policy; write always, missing, never, build, daily, weekly or every_12h"
    )


def pull_period(policy: str) -> int:
    """Seconds for which a pull counts as fresh under a policy; 0 for one that knows no period."""
    return _span_of(policy[len(_EVERY) :]) if policy.startswith(_EVERY) else _SPANS.get(policy, 0)


def _span_of(text: str) -> int:
    return sum(int(count) * _SPAN_UNITS[unit] for count, unit in re.findall(r"([0-9]+)([wdhms])", text))


def parse_platform(value: object) -> str:
    """Read a platform as `OS/ARCH[/VARIANT]`; one of the two alone will do, as it does for the engine.

    The names that kernels give to architectures become the engine's.

    Raises:
        ValueError: the value is no platform.
    """
    text = value.strip().lower() if isinstance(value, str) else ""
    if re.fullmatch(_PLATFORM, text) is None:
        raise ValueError(f"{shown(value)} is no platform; write OS/ARCH[/VARIANT], such as linux/arm64/v8")
    system, slash, rest = text.partition("/")
    if not slash and (system in _ARCHITECTURES or system in _ENGINE_ARCHITECTURES):
        system, rest = "linux", system
    architecture, _, variant = rest.partition("/")
    architecture = _ARCHITECTURES.get(architecture, architecture)
    text = "/".join(part for part in (system, architecture, variant) if part)
    # The engine knows one kind of each of these, and leaves its variant out.
    return {"linux/arm64/v8": "linux/arm64", "linux/amd64/v1": "linux/amd64"}.get(text, text)
