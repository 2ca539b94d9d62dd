"""Engine addresses taken apart: what `DOCKER_HOST` and its kin may say, checked before anything is opened.

Callers: endpoint (to refuse a bad address where it was written) and dial (to connect). Pure text work: nothing here
touches a file or a socket.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from dockerspec.errors import EngineError

DEFAULT_SOCKET = "/var/run/docker.sock"
PLAIN_PORT = 2375
TLS_PORT = 2376

_EXAMPLES = "write unix:///var/run/docker.sock, tcp://HOST:2375, https://HOST:2376 (TLS) or ssh://USER@HOST instead"


@dataclass(frozen=True, slots=True)
class UnixTarget:
    """A socket file on this machine."""

    path: str


@dataclass(frozen=True, slots=True)
class TcpTarget:
    """A TCP port, with TLS or without.

    Attributes:
        host: name or address, an IPv6 address without its brackets.
        port: the port.
        prefix: the path below which a proxy serves the API: empty, or `/docker`.
        secure: TLS is asked for by the address itself (`https://`).
    """

    host: str
    port: int
    prefix: str = ""
    secure: bool = False


@dataclass(frozen=True, slots=True)
class SshTarget:
    """A Docker CLI on another machine, reached by the `ssh` program.

    Attributes:
        host: name or address, or an alias of the user's ssh configuration.
        user: the login, or an empty text for ssh's own default.
        port: the port, or None for ssh's own default.
        socket: the engine's socket over there, or an empty text for that CLI's default.
    """

    host: str
    user: str = ""
    port: int | None = None
    socket: str = ""


Target = UnixTarget | TcpTarget | SshTarget


def parse_target(url: str, *, tls: bool = False) -> Target:
    """Take an engine address apart.

    Args:
        url: the address, such as `unix:///var/run/docker.sock`; `HOST:PORT` without a scheme means TCP, as the CLI
            has it.
        tls: whether TLS is on, which decides the default port.

    Raises:
        EngineError: the address is of no kind that we can use; the hint says what to write.
    """
    text = url.strip()
    scheme, mark, rest = text.partition("://")
    if not mark:
        scheme, rest = "tcp", text
    match scheme.lower():
        # The second is how the docker SDK writes it into the contexts that it makes.
        case "unix" | "http+unix":
            return _unix(url, rest)
        case "tcp" | "http" | "https":
            return _tcp(url, scheme.lower(), rest, tls=tls)
        case "ssh":
            return _ssh(url, rest)
        case "npipe":
            raise _bad(url, "named pipes exist on Windows only")
        case "fd":
            raise _bad(url, "fd:// is for the daemon's own --host; a client can't connect to it")
        case _:
            raise _bad(url, f"{scheme}:// is no scheme that an engine listens on")


def _bad(url: str, reason: str) -> EngineError:
    """The error for an address that can't be used; a password in it is not repeated."""
    return EngineError(f"can't use the engine address {_without_password(url)!r}: {reason}", hint=_EXAMPLES)


def _without_password(url: str) -> str:
    head, mark, tail = url.rpartition("@")
    user, colon, _ = head.rpartition(":")
    if mark and colon and not user.endswith(("ssh", "tcp", "http", "https")):
        return f"{user}:...@{tail}"
    return url


def _unix(url: str, rest: str) -> UnixTarget:
    path = rest or DEFAULT_SOCKET
    if not path.startswith("/"):
        raise _bad(url, "the socket's path must be absolute (three slashes after unix:)")
    if len(path.encode()) > 107:
        raise _bad(url, "the socket's path is longer than the 107 bytes that the system allows")
    return UnixTarget(path)


def _split(url: str, scheme: str, rest: str) -> tuple[SplitResult, str, int | None]:
    """The parts of a network address, its host and its port."""
    try:
        parts = urlsplit(f"{scheme}://{rest}")
        host, port = parts.hostname or "", parts.port
    except ValueError as fault:
        raise _bad(url, f"host or port can't be read ({fault})") from None
    if not host or any(character.isspace() for character in host):
        raise _bad(url, "the host is missing or holds a blank")
    if parts.query or parts.fragment:
        raise _bad(url, "an engine address has no ? or # part")
    if parts.password is not None:
        raise _bad(url, "a password can't be given here")
    return parts, host, port


def _tcp(url: str, scheme: str, rest: str, *, tls: bool) -> TcpTarget:
    parts, host, port = _split(url, scheme, rest)
    if parts.username is not None:
        raise _bad(url, "a user name can't be given here")
    secure = scheme == "https"
    default = TLS_PORT if tls or secure else PLAIN_PORT
    return TcpTarget(host, port or default, parts.path.rstrip("/"), secure)


def _ssh(url: str, rest: str) -> SshTarget:
    parts, host, port = _split(url, "ssh", rest)
    user = unquote(parts.username or "")
    # ssh reads a leading dash as an option, which could run any command on this machine.
    if host.startswith("-") or user.startswith("-"):
        raise _bad(url, "a host or user name can't start with a dash")
    return SshTarget(host, user, port, "" if parts.path in ("", "/") else parts.path)
