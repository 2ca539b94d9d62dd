"""Every way in which a call can fail, as an error of our tree with a hint.

Callers: dial, transport, stream, caller, images. Pure: takes what was seen (an OS error, a status and a body) and makes
the exception, which the caller raises. A message holds what the engine said, never what we sent: request bodies carry
the values of secrets.
"""

from __future__ import annotations

import errno
import json
import re
from typing import Final

from dockerspec.engine.endpoint import Endpoint
from dockerspec.engine.target import TcpTarget, UnixTarget, parse_target
from dockerspec.errors import (
    BadRequest,
    Conflict,
    EngineError,
    EngineForbidden,
    EngineLost,
    EngineTimeout,
    EngineTooOld,
    EngineUnreachable,
    NotFound,
    ServerError,
)

_LONGEST: Final = 2000
_TOO_OLD_CLIENT = re.compile(r"client version \S+ is too old\. Minimum supported API version is (?P<least>[\d.]+)")
_TOO_NEW_CLIENT = re.compile(r"client version \S+ is too new\. Maximum supported API version is (?P<most>[\d.]+)")
_NAME_IN_USE = re.compile(r"The container name \"/?(?P<name>[^\"]+)\" is already in use by container")

_PASSING: Final = re.compile(
    r"context (?:deadline exceeded|canceled)|code = (?:Unavailable|Canceled|DeadlineExceeded|Aborted)"
    r"|transport is closing|ttrpc: closed|error reading from server|connection reset by peer|broken pipe"
    r"|unexpected EOF|resource temporarily unavailable|device or resource busy|database (?:is locked|not open)"
    r"|store for object type [^:]*: open : no such file|containerd\.sock|shim (?:disconnected|exited)|shutting down"
    r"|not yet (?:ready|started)",
    re.IGNORECASE,
)
"""What the engine says when it is hindered: its containerd away, itself on the way down, something busy."""
_PASSING_ERRNO: Final = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ECONNRESET, errno.EPIPE, errno.EAGAIN)
_PASSING_SSH: Final = ("timed out", "connection refused", "connection reset", "connection closed", "broken pipe")


def unreachable(endpoint: Endpoint, fault: OSError) -> EngineError:
    """No connection came about."""
    where = f"{endpoint.url} (from {endpoint.source})"
    target = parse_target(endpoint.url, tls=endpoint.tls is not None)
    if isinstance(target, UnixTarget):
        return _no_socket(where, target.path, fault)
    if isinstance(fault, TimeoutError) or fault.errno == errno.ETIMEDOUT:
        return EngineUnreachable(
            f"the engine at {where} did not take the connection in time",
            hint="check the address, the network and any firewall between",
            passing=True,
        )
    if type(fault).__module__ == "ssl":
        return _tls_fault(where, fault)
    if isinstance(fault, ConnectionRefusedError):
        return EngineUnreachable(
            f"nothing listens at {where}",
            hint="check the port, and that the engine runs with --host tcp://...; or give another address with --host",
            passing=True,
        )
    if isinstance(fault, FileNotFoundError | PermissionError) or fault.errno == errno.EISDIR:
        return EngineUnreachable(
            f"can't read the TLS files for {where}: {fault.strerror}",
            hint="check DOCKER_CERT_PATH, which should hold ca.pem, cert.pem and key.pem",
        )
    host = target.host if isinstance(target, TcpTarget) else endpoint.url
    return EngineUnreachable(
        f"can't connect to the engine at {where}: {fault.strerror or fault}",
        hint=f"check that {host} is the right name and can be reached from here",
        passing=fault.errno in _PASSING_ERRNO,
    )


def _no_socket(where: str, path: str, fault: OSError) -> EngineError:
    if isinstance(fault, PermissionError):
        return EngineForbidden(
            f"this user may not use the engine at {where}",
            hint=f"join the group that owns {path} (`sudo usermod -aG docker $USER`, then log in again), or use sudo",
        )
    if isinstance(fault, FileNotFoundError | NotADirectoryError):
        return EngineUnreachable(
            f"there is no engine at {where}: no such socket",
            hint="start the engine (`sudo systemctl start docker`), or give its address with --host or DOCKER_HOST",
            passing=isinstance(fault, FileNotFoundError),
        )
    if isinstance(fault, ConnectionRefusedError):
        return EngineUnreachable(
            f"the engine at {where} is not running: its socket is there, but nothing listens on it",
            hint="start the engine (`sudo systemctl start docker`)",
            passing=True,
        )
    if isinstance(fault, TimeoutError | BlockingIOError):
        return EngineUnreachable(
            f"the engine at {where} takes no connections",
            hint="it may be overloaded or hanging; look at `journalctl -u docker`",
            passing=True,
        )
    return EngineUnreachable(
        f"can't connect to the engine at {where}: {fault.strerror or fault}",
        hint=f"check that {path} is the engine's socket",
        passing=fault.errno in _PASSING_ERRNO,
    )


def _tls_fault(where: str, fault: OSError) -> EngineError:
    reason = str(getattr(fault, "verify_message", "") or getattr(fault, "reason", "") or fault)
    lowered = reason.lower()
    if "hostname mismatch" in lowered or "ip address mismatch" in lowered:
        hint = "connect by a name that the engine's certificate holds, or issue it one that holds this name"
    elif "expired" in lowered or "not yet valid" in lowered:
        hint = "renew the certificate, or set this machine's clock"
    elif "wrong_version_number" in lowered or "wrong version" in lowered or "record_layer" in lowered:
        hint = "the port speaks no TLS: use a tcp:// address with DOCKER_TLS_VERIFY unset, or the TLS port (2376)"
    elif "self" in lowered or "issuer" in lowered or "verify" in lowered:
        hint = "put the authority that signed the engine's certificate into ca.pem below DOCKER_CERT_PATH"
    else:
        hint = "check ca.pem, cert.pem and key.pem below DOCKER_CERT_PATH (or in the Docker context)"
    return EngineUnreachable(f"no TLS connection to the engine at {where}: {reason}", hint=hint)


def ssh_missing(host: str, fault: OSError) -> EngineError:
    """The `ssh` program could not be run."""
    return EngineUnreachable(
        f"can't run ssh to reach the engine on {host}: {fault.strerror or fault}",
        hint="install an OpenSSH client (`apt install openssh-client`), and see that it is in PATH",
    )


def ssh_failed(host: str, status: int, notes: str) -> EngineError:
    """The `ssh` program, or the Docker CLI at its other end, has failed."""
    said = _shorten("; ".join(line.strip() for line in notes.splitlines() if line.strip()))
    message = f"ssh to {host} failed" + (f": {said}" if said else f" with exit status {status}")
    lowered = said.lower()
    if "permission denied" in lowered and "docker" in lowered and "publickey" not in lowered:
        return EngineForbidden(message, hint=f"the user on {host} must be in the group docker there")
    if "permission denied" in lowered or "host key verification" in lowered:
        return EngineForbidden(
            message, hint=f"see that `ssh {host}` works without a question: a known host key, and a key or an agent"
        )
    if status == 127 or "not found" in lowered:
        return EngineUnreachable(message, hint=f"install the Docker CLI on {host}, in the PATH of a plain ssh command")
    passing = any(words in lowered for words in _PASSING_SSH)
    return EngineUnreachable(message, hint=f"see that `ssh {host} docker version` works", passing=passing)


def lost(url: str, call: str, reason: str = "") -> EngineError:
    """The connection broke while a call was under way."""
    detail = f": {reason}" if reason else ""
    hint = "see whether the engine is still running (`systemctl status docker`)"
    if not call.startswith(("GET", "HEAD")):
        hint = f"the call may or may not have been carried out, so plan again; {hint}"
    message = f"the connection to the engine at {url} broke during {call}{detail}"
    return EngineLost(message, call=call, hint=hint, passing=True)


def timed_out(url: str, call: str, seconds: float) -> EngineError:
    """No answer came in time."""
    return EngineTimeout(
        f"the engine at {url} did not answer {call} within {seconds:g} s",
        call=call,
        hint="it may be overloaded or hanging (`journalctl -u docker`); a change may still be carried out",
        passing=True,
    )


def fell_silent(url: str, call: str, seconds: float) -> EngineError:
    """A stream went on without a message for too long."""
    return EngineTimeout(
        f"the engine at {url} said nothing on {call} for {seconds:g} s",
        call=call,
        hint="it may be hanging, or what it waits for (`journalctl -u docker`)",
        passing=True,
    )


def no_engine(url: str, call: str, reason: str, *, passing: bool = False) -> EngineError:
    """Something answers, but it is no engine; `passing` if an answer that was cut off would look the same."""
    return ServerError(
        f"what answers at {url} does not speak the Docker Engine API: {reason}",
        call=call,
        hint="check the address and port; https:// addresses and DOCKER_TLS_VERIFY are for engines that speak TLS",
        passing=passing,
    )


def too_old(version: str, least: str) -> EngineError:
    """The engine speaks no API version that we do."""
    return EngineTooOld(
        f"the engine speaks the API up to version {version} only; dockerspec needs {least} or newer",
        hint="upgrade the engine to 20.10 or newer",
    )


def refusal(status: int, body: bytes, call: str) -> EngineError:
    """The engine's answer is an error status.

    Args:
        status: the HTTP status, 400 or more.
        body: the answer's body: the engine's JSON with a `message`, plain text, or a proxy's page.
        call: the call, as `POST /containers/create`.
    """
    own = _own_words(body)
    message = own or _said(status, body)
    kind, hint = _judge(status, message)
    return kind(message, status=status, call=call, hint=hint, passing=_may_pass(status, own))


def _may_pass(status: int, own: str) -> bool:
    """Whether an error answer tells of a passing state.

    A 5xx that the engine gives in its own words is a verdict as a rule (a port that is taken is a 500), unless the
    words are those of a hindrance. One without is from a proxy, or from an engine that is just starting or stopping.
    """
    if status == 409:
        return "already in progress" in own
    if status in (408, 425, 429):
        return True
    return status in (500, 502, 503, 504) and (not own or bool(_PASSING.search(own)))


def _judge(status: int, message: str) -> tuple[type[EngineError], str]:
    if old := _TOO_OLD_CLIENT.search(message):
        return EngineError, f"the engine wants API {old['least']} or newer; upgrade dockerspec"
    if new := _TOO_NEW_CLIENT.search(message):
        return EngineTooOld, f"the engine speaks API {new['most']} at most; upgrade it"
    if "HTTP request to an HTTPS server" in message:
        return BadRequest, "the engine speaks TLS: write https:// in the address, or set DOCKER_TLS_VERIFY=1"
    if used := _NAME_IN_USE.search(message):
        return Conflict, f"remove or rename {used['name']}, or give the new container another container_name"
    if status == 403 and "active endpoints" in message:
        return Conflict, "containers are still connected to this network; disconnect or remove them first"
    return _by_status(status, message.lower())


def _by_status(status: int, lowered: str) -> tuple[type[EngineError], str]:
    match status:
        case 400:
            return BadRequest, _known_hint(lowered)
        case 401:
            return EngineForbidden, "log in to the registry with `docker login`"
        case 403:
            return EngineForbidden, "an authorization plugin or a proxy in front of the engine forbids this call"
        case 404:
            return NotFound, ""
        case 409:
            return Conflict, _known_hint(lowered)
        case 405 | 501:
            return ServerError, "a proxy in front of the engine, or an engine of another kind, lacks this call"
        case 407 | 502 | 503 | 504:
            return ServerError, "a proxy in front of the engine can't reach it, or the engine is just starting"
        case _:
            return ServerError, _known_hint(lowered)


_KNOWN: Final = (
    (
        ("port is already allocated", "address already in use"),
        "another container or program has the port; publish another one, or stop what uses it",
    ),
    (("no space left",), "the engine's disk is full; `docker system df` shows what takes the room"),
    (
        ("executable file not found", "no such file or directory: unknown"),
        "the image has no such program; check command and entrypoint",
    ),
    (("permission denied: unknown",), "the program is not executable; check command, entrypoint and the file's mode"),
    (("unauthorized", "authentication required"), "log in to the registry with `docker login`"),
    (
        ("volume is in use", "container is using", "is using its referenced image", "being used by"),
        "a container still uses it; remove that first",
    ),
    (("is paused",), "unpause it first (`docker unpause`)"),
)
"""Parts of messages, in lower case, and what helps against the fault."""


def _known_hint(lowered: str) -> str:
    """What helps against a fault that the engine words in a known way, whatever its status."""
    return next((hint for parts, hint in _KNOWN if any(part in lowered for part in parts)), "")


def _own_words(body: bytes) -> str:
    """The message in an error answer of the engine's own; empty for any other answer."""
    try:
        data = json.loads(body)
    except ValueError:
        return ""
    message = data.get("message") if isinstance(data, dict) else None
    return _shorten(message.strip()) if isinstance(message, str) else ""


def _said(status: int, body: bytes) -> str:
    """What an error answer says that is not the engine's own."""
    text = body.decode(errors="replace").strip()
    if text.startswith("<"):
        title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        page = f" ({' '.join(title[1].split())})" if title else ""
        return _shorten(f"a web page came back with status {status}{page}: a proxy answers in the engine's place")
    return _shorten(text) if text else f"the engine answered with status {status} and no message"


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " ..."
